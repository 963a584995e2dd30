#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "campaigns/campaign.hpp"
#include "campaigns/events.hpp"
#include "campaigns/register.hpp"

namespace campaigns {

// Who suppresses a number after a refusal, in the event.
inline constexpr std::string_view cool_off = "cool_off";

// Numbers that nobody may ring, again or for a while, over all campaigns. Known by key only, so
// that it outlives the person's data.
struct Suppression {
  struct Number {
    std::uint32_t version = 0;  // of the number's stream
    bool opted_out = false;     // the person said so
    bool suppressed = false;    // somebody or something else does
    bool cooling_off = false;   // and no operator: they refused
    std::int64_t until_ms = 0;  // of that; 0: for good
    // When whoever refused may be called again, whatever an operator said since; 0: nobody did.
    std::int64_t refused_until_ms = 0;
    std::uint32_t lists = 0;  // a bit for each source whose list has it (Source::place)
  };
  // Of one source of lists.
  struct Source {
    std::uint32_t version = 0;       // of its stream
    std::uint32_t place = 0;         // sources count from 0, as they come
    std::uint64_t held = 0;          // numbers that are on its list
    std::optional<Instant> as_of{};  // of the list that was loaded last; nothing: none was yet
    std::string list_digest{};
  };
  static constexpr std::size_t sources_max = 32;

  std::uint64_t position = 0;
  std::unordered_map<NumberKey, Number> numbers{};
  std::map<std::string, Source> sources{};

  void apply(const Fact& fact);
  void write(const CanonicalSink& sink) const;
  // Whether it must not be called now.
  bool suppressed(NumberKey key, Instant now) const;
  // Whether the person asked for it, whatever an operator did besides.
  bool opted_out(NumberKey key) const;
  // Whether it must not be called now because its owner said so, for good or for a while.
  bool said_by_person(NumberKey key, Instant now) const;
  // Whether there is one besides what the person said, over or not.
  bool suppressed_by_another(NumberKey key) const;
  // Whether it must not be called until then whatever the lists say later.
  bool holds_until(NumberKey key, Instant until) const;
  // Whether it is on the list of a source, and of which of them it is.
  bool listed(NumberKey key, const std::string& source) const;
  std::vector<std::string> lists_of(NumberKey key) const;
  // Whether that is because the person refused.
  bool cooling_off(NumberKey key) const;
  // When it may be called again; nothing for good, or where it may be called now.
  std::optional<Instant> until(NumberKey key, Instant now) const;

 private:
  Source& source_named(const std::string& name);
  void unlist(Number& number, Source& source);
};

// Whether nobody is called who has these numbers: one of them is suppressed by what the person
// said, or all of them are by whomever.
bool keeps_from_calling(const Suppression& suppression, const std::vector<NumberKey>& numbers,
                        Instant now);

// Why a number that is suppressed is not called, for a person.
std::string why_suppressed(const Suppression& suppression, NumberKey key);

// What a pause begins with that the program made because of a list, and ends by itself.
inline constexpr std::string_view list_not_fresh = "the suppression list ";

// Whether a campaign is paused for that.
bool waits_for_list(const CampaignEntry& entry);

// Until when a list counts that a campaign requires; nothing: none of its source was ever loaded.
std::optional<Instant> good_until(const Suppression& suppression, const RequiredList& required);
// Why nobody may be called on the strength of it, and what to do; nothing: it is fresh.
std::optional<std::string> why_not_fresh(const Suppression& suppression,
                                         const RequiredList& required, Instant now);
// Of all the lists of a campaign: why of the first that is not, and until when they all are, which
// is nothing where one is not or none is required.
std::optional<std::string> why_lists_not_fresh(const Suppression& suppression,
                                               const Campaign& campaign, Instant now);
// For whoever is about to submit it: where in the file, and why nobody would be called at that
// time.
std::vector<std::string> warnings_of_lists(const Suppression& suppression, const Campaign& campaign,
                                           Instant now);
std::optional<Instant> lists_good_until(const Suppression& suppression, const Campaign& campaign);

}  // namespace campaigns
