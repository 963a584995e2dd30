#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// Yes and no as people say them.
namespace campaigns {

// The words with which somebody means the one or the other, as they are written.
struct YesNoWords {
  std::vector<std::string> yes{};
  std::vector<std::string> no{};
};

// Those of a language ("it", "en", "de", "fr", "es"), the first of each the plainest; none for
// another one, of which at most the negations are known.
const YesNoWords& common_yes_no(std::string_view language);

// What recognition should listen for, of the one as of the other; nothing in another language.
const std::vector<std::string>& yes_no_hints(std::string_view language);

//   nothing   no word of the kind
//   unclear   both, or a yes beside a word that may take it back: to be asked again
enum class SaidYesNo : std::uint8_t { nothing, unclear, yes, no };

// What speech comes to. A longer phrase counts instead of the words that it contains: "non va bene"
// is no "va bene", and "perché no" no "no". A yes beside a negation is none, and a no only where
// the two are a phrase that can mean nothing else; words that are also something else count only
// where they can be an answer ("si" by itself, "ja" at the beginning or the end). A wrong yes is
// worse than asking again. The campaign's `own` words count before those of the language ("it").
SaidYesNo said_yes_no(std::string_view speech, std::string_view language, const YesNoWords& own);

// Which of several things somebody names.
struct SaidNames {
  std::set<std::size_t> named{};
  // A negation stands in one clause with a name; where none is said, in the last clause.
  bool denied = false;
};
// By their names. A longer one counts instead of those that it contains ("rosso scuro" is no
// "rosso").
SaidNames said_names(std::string_view speech, std::string_view language,
                     const std::vector<std::vector<std::string>>& names);

}  // namespace campaigns
