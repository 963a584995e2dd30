#include "campaigns/apology.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(apology)

using namespace campaigns;

namespace {

std::string words_of(const FallbackPage& page) {
  std::string text;
  for (const auto& verb : page.document) {
    if (const auto* say = std::get_if<Say>(&verb)) {
      text += say->language + '/' + say->voice + ": " + say->text + '\n';
    }
    if (std::holds_alternative<Hangup>(verb)) text += "hang up\n";
  }
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_language_of_the_campaigns_is_apologised_in_once) {
  auto one = some::survey();
  one.language = "it-IT";
  one.voices = {{"it-IT", "Polly.Bianca"}};
  one.greeting.by_language = {{"en-GB", "Hello {{name}}, this is about your visit."},
                              {"it-IT", "Buongiorno {{name}}."}};
  auto other = some::notification();
  other.language = "de-CH";
  other.greeting.by_language = {
      {"de-CH", "Guten Tag."}, {"it-IT", "Buongiorno."}, {"tlh", "nuqneH"}};
  const auto page = fallback_page({one, other});
  BOOST_TEST(words_of(page) ==
             "it-IT/Polly.Bianca: Ci scusiamo, abbiamo un problema tecnico. Arrivederci.\n"
             "en-GB/: We are sorry, we have a technical problem. Goodbye.\n"
             "de-CH/: Entschuldigung, wir haben eine technische Störung. Auf Wiederhören.\n"
             "hang up\n");
  BOOST_TEST((page.unknown == std::vector<std::string>{"tlh"}));
}

BOOST_AUTO_TEST_CASE(whoever_is_apologised_to_and_kept_is_told_no_goodbye) {
  for (const char* language : {"de", "el", "en", "es", "fr", "it", "nl", "pl", "pt", "ro"}) {
    const std::string excuse(excuse_in(language));
    BOOST_TEST(!excuse.empty(), language);
    BOOST_TEST(excuse.ends_with('.'), language);
    BOOST_TEST(std::ranges::count(excuse, '.') == 1, language);  // one sentence
    BOOST_TEST(!apology_in(language).empty(), language);
  }
  BOOST_TEST(excuse_in("de-CH") == "Entschuldigung, es gab eine technische Störung.");
  BOOST_TEST(excuse_in("tlh").empty());
}

BOOST_AUTO_TEST_CASE(without_a_language_that_is_known_it_is_english) {
  const std::string english =
      "en-GB/: We are sorry, we have a technical problem. Goodbye.\nhang up\n";
  BOOST_TEST(words_of(fallback_page({})) == english);
  auto campaign = some::notification();
  campaign.language = "tlh";
  campaign.greeting.by_language = {{"tlh", "nuqneH"}};
  BOOST_TEST(words_of(fallback_page({campaign})) == english);
}

BOOST_AUTO_TEST_SUITE_END()
