#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Yes and no as people say them.
namespace campaigns {

// The words with which somebody means the one or the other, as they are written; the first is
// what recognition should listen for.
struct YesNoWords {
  std::vector<std::string> yes{};
  std::vector<std::string> no{};
};

// Those of a language ("it", "en", "de", "fr", "es"); none for another one, of which at most the
// negations are known.
const YesNoWords& common_yes_no(std::string_view language);

//   nothing   no word of the kind
//   unclear   both, or a yes beside a word that may take it back: to be asked again
enum class SaidYesNo : std::uint8_t { nothing, unclear, yes, no };

// What speech comes to. A longer phrase counts instead of the words that it contains: "non va bene"
// is no "va bene", and "perché no" no "no". A yes beside a negation is none, and a no only where
// the two are a phrase that can mean nothing else: a wrong yes is worse than asking again.
// `heard` is folded speech; the campaign's `own` words count before those of the language ("it").
// With `own_alone` it is between two things that are neither yes nor no: only words of their own
// name them, and a negation makes either unclear.
SaidYesNo said_yes_no(std::string_view heard, std::string_view language, const YesNoWords& own,
                      bool own_alone = false);

}  // namespace campaigns
