#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/call_span.hpp"
#include "campaigns/campaign.hpp"
#include "campaigns/result.hpp"
#include "campaigns/zone_rules.hpp"

// The list of people to call, read row by row from text that somebody else read from a file.
namespace campaigns {

// What a list is. A source that leaves it to us: by the ending of its file's name (.json; .jsonl or
// .ndjson; else CSV), JSON Lines for the rows of a query, a JSON array where it names neither.
ListFormat format_of(const ContactSource& source);
// Of a list that has no name, as it comes from a pipe: by its first character.
ListFormat format_of(std::string_view bytes);

// One row that cannot be used, or one number of a row. Never the cell's content.
struct RejectedRow {
  std::uint64_t row = 0;
  std::string column{};  // empty: the row as a whole
  std::string reason{};  // for a program: "not_a_number", "too_many_fields" …
  std::string what{};    // for a person, with the cure
};

// One usable row. The views hold until the reader is asked for the next row.
struct ContactRow {
  std::uint64_t row = 0;  // line of the file where the record starts; the header of CSV is 1.
                          // In a JSON array and in the rows of a query: 1 for the first
  std::string number{};   // E.164
  std::vector<std::string> others{};    // the person's further numbers, in the order of trying
  std::vector<RejectedRow> left_out{};  // numbers of the row that cannot be used
  std::string country{};                // "IT"
  std::string language{};
  std::string zone{};
  bool zone_said = false;  // by the row; else the country's or the campaign's stands for it
  CallSpan span{};
  std::uint8_t priority = 0;               // 1 to priority_max; 0: none
  std::vector<std::string_view> values{};  // one for each of `columns()`, UTF-8, no NUL
};

// Reads a whole list. A file as a whole that cannot be read (no header, no number column, an
// encoding that does not fit) is a Problem; single rows are rejected one by one. Of somebody with
// several numbers, those that cannot be used are left out where bad rows are skipped and one is
// left; else they reject the row.
class ContactListReader {
 public:
  // `bytes` (the list) must outlive the reader, and so must the campaign and the rules. Duplicates
  // are not looked for here. In the format that the campaign's source has:
  static Result<ContactListReader> open(const Campaign& campaign, const ZoneRules& rules,
                                        std::string_view bytes);
  static Result<ContactListReader> open_csv(const Campaign& campaign, const ZoneRules& rules,
                                            std::string_view bytes);
  // One JSON array of objects, whose members are the columns.
  static Result<ContactListReader> open_array(const Campaign& campaign, const ZoneRules& rules,
                                              std::string_view bytes);
  // JSON Lines: such an object on each line, blank lines passed over. A line that cannot be read is
  // rejected like a row.
  static Result<ContactListReader> open_lines(const Campaign& campaign, const ZoneRules& rules,
                                              std::string_view bytes);
  ContactListReader(ContactListReader&&) noexcept;
  ContactListReader& operator=(ContactListReader&&) noexcept;
  ~ContactListReader();

  // Names of the columns: they are the template variables. In the file's order; of JSON every
  // member that somebody has, in the order of their first appearance. Behind them those that chance
  // fills in (variants.hpp, option_order.hpp).
  const std::vector<std::string>& columns() const;
  // What was recognised, for the report: "windows-1252", ';' (NUL where it is JSON).
  const std::string& encoding() const;
  char delimiter() const;

  // Of one line of JSON Lines, at most.
  static constexpr std::size_t line_bytes_max = std::size_t{4} << 20U;

  enum class Next : std::uint8_t { row, rejected, end };
  // Reads the next record into `row` or `rejected`.
  Next next(ContactRow& row, RejectedRow& rejected);

 private:
  struct Block;
  explicit ContactListReader(std::unique_ptr<Block> block);
  static Result<ContactListReader> opened(const Campaign& campaign, const ZoneRules& rules,
                                          std::string_view bytes,
                                          Problems (Block::*open)(std::string_view));
  std::unique_ptr<Block> block_;
};

}  // namespace campaigns
