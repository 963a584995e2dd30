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

// One usable row. The views hold until the reader is asked for the next row.
struct ContactRow {
  std::uint64_t row = 0;  // line of the file where the record starts; the header is 1.
                          // Inline contacts: 1 for the first
  std::string number{};   // E.164
  std::string country{};  // "IT"
  std::string language{};
  std::string zone{};
  CallSpan span{};
  std::vector<std::string_view> values{};  // one for each of `columns()`, UTF-8, no NUL
};

// One row that cannot be used. Never the cell's content.
struct RejectedRow {
  std::uint64_t row = 0;
  std::string column{};  // empty: the row as a whole
  std::string reason{};  // for a program: "not_a_number", "too_many_fields" …
  std::string what{};    // for a person, with the cure
};

// Reads a whole list. A file as a whole that cannot be read (no header, no number column, an
// encoding that does not fit) is a Problem; single rows are rejected one by one.
class ContactListReader {
 public:
  // `bytes` (the file) or `inline_contacts` (a JSON array, as text) must outlive the reader, and so
  // must the campaign and the rules. Duplicates are not looked for here.
  static Result<ContactListReader> open_csv(const Campaign& campaign, const ZoneRules& rules,
                                            std::string_view bytes);
  static Result<ContactListReader> open_inline(const Campaign& campaign, const ZoneRules& rules,
                                               std::string_view inline_contacts);
  ContactListReader(ContactListReader&&) noexcept;
  ContactListReader& operator=(ContactListReader&&) noexcept;
  ~ContactListReader();

  // Names of the columns, in the file's order: they are the template variables.
  const std::vector<std::string>& columns() const;
  // What was recognised, for the report: "windows-1252", ';'.
  const std::string& encoding() const;
  char delimiter() const;

  enum class Next : std::uint8_t { row, rejected, end };
  // Reads the next record into `row` or `rejected`.
  Next next(ContactRow& row, RejectedRow& rejected);

 private:
  struct Block;
  explicit ContactListReader(std::unique_ptr<Block> block);
  std::unique_ptr<Block> block_;
};

}  // namespace campaigns
