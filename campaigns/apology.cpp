#include "campaigns/apology.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace campaigns {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> apologies{
    {{"de", "Entschuldigung, wir haben eine technische Störung. Auf Wiederhören."},
     {"el", "Συγγνώμη, έχουμε ένα τεχνικό πρόβλημα. Γεια σας."},
     {"en", "We are sorry, we have a technical problem. Goodbye."},
     {"es", "Lo sentimos, tenemos un problema técnico. Adiós."},
     {"fr", "Veuillez nous excuser, nous avons un problème technique. Au revoir."},
     {"it", "Ci scusiamo, abbiamo un problema tecnico. Arrivederci."},
     {"nl", "Excuses, we hebben een technisch probleem. Tot ziens."},
     {"pl", "Przepraszamy, mamy problem techniczny. Do widzenia."},
     {"pt", "Pedimos desculpa, temos um problema técnico. Adeus."},
     {"ro", "Ne cerem scuze, avem o problemă tehnică. La revedere."}}};

// The same without a goodbye.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> excuses{
    {{"de", "Entschuldigung, es gab eine technische Störung."},
     {"el", "Συγγνώμη, είχαμε ένα τεχνικό πρόβλημα."},
     {"en", "We are sorry, there was a technical problem."},
     {"es", "Lo sentimos, hemos tenido un problema técnico."},
     {"fr", "Veuillez nous excuser, nous avons eu un problème technique."},
     {"it", "Ci scusiamo, c'è stato un problema tecnico."},
     {"nl", "Excuses, er was een technisch probleem."},
     {"pl", "Przepraszamy, wystąpił problem techniczny."},
     {"pt", "Pedimos desculpa, tivemos um problema técnico."},
     {"ro", "Ne cerem scuze, am avut o problemă tehnică."}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> moments{
    {{"de", "Einen Moment, bitte."},
     {"en", "One moment, please."},
     {"es", "Un momento, por favor."},
     {"fr", "Un instant, s'il vous plaît."},
     {"it", "Un momento prego."}}};

// Every language of a campaign's texts, the campaign's own first.
std::vector<std::string> languages_of(const Campaign& campaign) {
  std::vector<std::string> languages{campaign.language};
  const auto add = [&](const Text& text) {
    for (const auto& [language, words] : text.by_language) {
      if (std::ranges::find(languages, language) == languages.end()) languages.push_back(language);
    }
  };
  add(campaign.greeting);
  add(campaign.goodbye);
  add(campaign.machine.message);
  add(campaign.screening);
  add(campaign.recording.announcement);
  for (const auto& question : campaign.questions) add(question.ask);
  return languages;
}

}  // namespace

std::string_view apology_in(std::string_view language) {
  const auto* const found =
      std::ranges::find(apologies, language.substr(0, language.find('-')),
                        &std::pair<std::string_view, std::string_view>::first);
  return found == apologies.end() ? std::string_view{} : found->second;
}

std::string_view excuse_in(std::string_view language) {
  const auto* const found =
      std::ranges::find(excuses, language.substr(0, language.find('-')),
                        &std::pair<std::string_view, std::string_view>::first);
  return found == excuses.end() ? std::string_view{} : found->second;
}

std::string_view moment_in(std::string_view language) {
  const auto* const found =
      std::ranges::find(moments, language.substr(0, language.find('-')),
                        &std::pair<std::string_view, std::string_view>::first);
  return found == moments.end() ? std::string_view{} : found->second;
}

FallbackPage fallback_page(const std::vector<Campaign>& campaigns) {
  FallbackPage page;
  std::vector<std::string> said;
  const auto say = [&](const std::string& language, const std::string& voice) {
    if (std::ranges::find(said, language) != said.end()) return;
    said.push_back(language);
    const auto words = apology_in(language);
    if (words.empty()) {
      page.unknown.push_back(language);
    } else {
      page.document.emplace_back(Say{std::string(words), language, voice});
    }
  };
  for (const auto& campaign : campaigns) {
    for (const auto& language : languages_of(campaign)) {
      const auto voice = campaign.voices.find(language);
      say(language, voice == campaign.voices.end() ? std::string() : voice->second);
    }
  }
  if (page.document.empty()) say("en-GB", "");
  page.document.emplace_back(Hangup{});
  return page;
}

}  // namespace campaigns
