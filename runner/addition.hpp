#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/commands.hpp"
#include "campaigns/contact_list.hpp"
#include "campaigns/known_people.hpp"
#include "campaigns/result.hpp"
#include "campaigns/state.hpp"
#include "runner/log_keys.hpp"

// More people for a campaign that is in the log: a list that is read as the first one was.
namespace runner {

// What somebody wants to add, as they said it.
struct AdditionOrder {
  std::optional<std::string> bytes{};  // nothing: those of the file `name`
  std::string name{};  // of the file they are read from; empty: none, and problems name no file
  // By the file's name or, where there is none, by the bytes, unless it is known.
  campaigns::ListFormat format = campaigns::ListFormat::automatic;
  std::string encoding{};  // of CSV; empty: as the campaign says
  bool skip_bad_rows = false;
};

struct ReadAddition {
  std::vector<campaigns::EnrolRows::Row> rows{};
  // At most Preflight::rejected_shown_max; the numbers that were left out of a row among them.
  std::vector<campaigns::RejectedRow> rejected{};
  std::uint64_t rejected_count = 0;
  std::uint64_t numbers_left_out = 0;
  std::string digest{};  // SHA-256 of the list, hex
};

// What came of it.
struct AdditionReport {
  std::uint64_t added = 0;
  std::uint64_t known = 0;       // by number or by the list's id of them: they stay as they are
  std::uint64_t renumbered = 0;  // of these, whom the list has another number for
  std::uint64_t moved = 0;       // of the known, to another time zone
  std::uint64_t suppressed = 0;  // of those that were read, not called as things stand
  std::uint64_t rejected_count = 0;
  std::uint64_t numbers_left_out = 0;  // of people who are called at their others
  std::vector<campaigns::RejectedRow> rejected{};
};

// Reads a list by the rules of the campaign's own: its columns must be those that it was enrolled
// with, in any order. Takes seconds of a long one, or of a slow disk. Problems name the column or
// the row, never the cell; rows that cannot be used are one unless the order says otherwise.
campaigns::Result<ReadAddition> read_addition(const campaigns::Campaign& campaign,
                                              const std::vector<std::string>& columns,
                                              const campaigns::ZoneRules& rules,
                                              const LogKeys& keys, const AdditionOrder& order);

// A list on its way into a campaign, which may get other people meanwhile: a piece of work at a
// time, so that whoever runs calls can go on with them between two. Whom the campaign has already
// is looked for once, whatever the number of commands.
class Addition {
 public:
  static constexpr std::size_t rows_max = 1000;  // people whom one command adds
  // What one piece of work looks at: people of the campaign, then rows of the list.
  static constexpr std::size_t people_looked_at_max = 10'000;
  static constexpr std::size_t rows_looked_at_max = 5'000;

  // Of a campaign that was enrolled with these columns.
  Addition(const campaigns::Campaign& campaign, const std::vector<std::string>& columns,
           ReadAddition read);
  Addition(const Addition&) = delete;
  Addition& operator=(const Addition&) = delete;

  // A piece of work. True: `next` has the next command, or knows that there is none.
  bool prepare(const campaigns::State& state, campaigns::CampaignIndex index,
               campaigns::Instant now);
  // The commands that add it, in order, nothing when there are no more; adding it again adds
  // nobody. Each is prepared after the one before was carried out, or all of them before the first
  // is.
  std::optional<campaigns::AddContacts> next();
  // Likewise for those whom the rows that were looked at have in another time zone, before them.
  std::optional<campaigns::MovePeople> next_moves();

  std::size_t rows() const { return read_.rows.size(); }
  // Of the rows that were looked at and the moves that were handed out; without `added` and
  // `known`, which the campaign tells.
  const AdditionReport& report() const { return report_; }

 private:
  campaigns::AddContacts empty_command() const;

  std::string campaign_;
  ReadAddition read_;
  campaigns::PeopleSearch search_;
  AdditionReport report_{};
  campaigns::AddContacts command_{};                  // the next one, as far as it is made
  std::vector<campaigns::MovePeople::Move> moves_{};  // that were not handed out
  std::size_t row_ = 0;                               // the first that was not looked at
  std::size_t ahead_ =
      0;  // rows of commands that may not have been carried out when it last looked
};

std::string addition_json(const AdditionReport& report);
// Back again, of an answer of the running program; what it lacks is none.
AdditionReport read_addition_json(const std::string& json);
std::string addition_text(const AdditionReport& report, const std::string& campaign);

}  // namespace runner
