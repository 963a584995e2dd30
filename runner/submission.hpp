#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/campaign_file.hpp"
#include "campaigns/preflight.hpp"
#include "campaigns/result.hpp"
#include "campaigns/zone_rules.hpp"

namespace runner {

// A campaign file and its contacts as they were read from disk, with what tells them from others.
struct Submission {
  campaigns::CampaignFile file{};
  std::string contacts{};           // the list's bytes; of inline contacts their JSON, of a query
                                    // its rows as JSON Lines
  std::string definition{};         // print_campaign
  std::string definition_digest{};  // SHA-256, hex
  std::string contacts_digest{};
};

// A list in place of the one that a campaign file names.
struct OtherList {
  std::filesystem::path file{};       // absolute; empty: none
  std::optional<std::string> text{};  // or what it says: the format is the campaign's, else its own
};

// What --contacts says: a file, "-" for standard input, which is read to its end; empty: none.
campaigns::Result<OtherList> other_list(const std::string& given);

// What the command line says over the file.
struct SubmissionOverrides {
  bool skip_bad_rows = false;
  std::string encoding{};
  std::optional<std::vector<std::string>> countries{};
  OtherList list{};
};

// "IT,CH". Throws std::invalid_argument for what is no country.
std::vector<std::string> read_countries(const std::string& text);

// Reads a campaign file and the list it names, or the rows of its query. The problems name files,
// lines and JSON pointers.
campaigns::Result<Submission> load_submission(const std::filesystem::path& file,
                                              const SubmissionOverrides& overrides);

// Takes the days of the calendar that a campaign names, if it names one, into its dates off. The
// problems name the file and its lines.
campaigns::Problems take_calendar(campaigns::Campaign& campaign,
                                  const std::filesystem::path& campaign_file);

// All that is looked at before a campaign is enrolled, the numbers that people would be passed on
// to among it.
campaigns::Preflight check_submission(const Submission& submission,
                                      const campaigns::ZoneRules& rules, campaigns::Instant begin,
                                      std::uint32_t account_rate_thousandths);

// Whether a list may be enrolled after its check; else why not, for people. `real`: telephones
// ring.
std::optional<std::string> reason_not_to_enrol(const Submission& submission,
                                               const campaigns::Preflight& report, bool real);

// What was found in a list that was taken, for whoever submitted it, as JSON and as text: how many
// rows, what was left out of them, and the warnings, which the text is without. The text is made of
// the JSON; empty where that tells of no list.
std::string taken_json(const campaigns::Preflight& report);
std::string taken_text(const nlohmann::json& taken, const std::string& campaign);

// Appends rows as a JSON array.
void append_rejected(std::string& out, const std::vector<campaigns::RejectedRow>& rows);

// One row of a list.
struct ListedContact {
  std::string number{};  // E.164
  std::string language{};
  std::string zone{};
  std::vector<std::string> columns{};
  std::vector<std::string> values{};  // one for each column

  // Of a column; empty where there is none.
  std::string_view value(std::string_view column) const;
};

// The row that a person names, by its id or as "row:N". A problem when there is none or it cannot
// be used.
campaigns::Result<ListedContact> find_listed(const Submission& submission,
                                             const campaigns::ZoneRules& rules,
                                             const std::string& id);

// All of standard input, 1 GiB at most.
campaigns::Result<std::string> read_standard_input();

// A whole file; a problem when it cannot be read. Regular files only, 1 GiB at most.
campaigns::Result<std::string> read_file(const std::filesystem::path& file);

}  // namespace runner
