#include "campaigns/option_order.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "campaigns/dice.hpp"
#include "campaigns/templates.hpp"

namespace campaigns {

namespace {

struct OfferPhrase {
  std::string_view language;
  std::string_view by_key;
};

constexpr std::array<OfferPhrase, 5> offer_phrases{{
    {"it", "Per {{label}}, prema {{key}}."},
    {"en", "For {{label}}, press {{key}}."},
    {"fr", "Pour {{label}}, tapez {{key}}."},
    {"de", "Für {{label}} drücken Sie die {{key}}."},
    {"es", "Para {{label}}, pulse {{key}}."},
}};

}  // namespace

std::string order_column_of(const Question& question) {
  return question.id + "_order";
}

std::string drawn_order(const Campaign& campaign, const Question& question, std::uint64_t row) {
  std::vector<std::size_t> places;  // of the options that move
  for (std::size_t i = 0; i < question.options.size(); ++i) {
    if (!question.options[i].fixed) places.push_back(i);
  }
  auto moved = places;
  const auto seed = campaign.id + '/' + order_column_of(question);
  for (std::size_t left = moved.size(); left > 1; --left) {
    std::swap(moved[left - 1], moved[dice(left, seed, row) % left]);
  }
  std::vector<const Option*> options;
  for (const Option& option : question.options) options.push_back(&option);
  for (std::size_t i = 0; i < places.size(); ++i) {
    options[places[i]] = &question.options[moved[i]];
  }
  std::string order;
  for (const Option* option : options) order += (order.empty() ? "" : " ") + option->code;
  return order;
}

std::vector<const Option*> in_order(const Question& question, std::string_view order) {
  std::vector<const Option*> options;
  while (!order.empty()) {
    const auto code = order.substr(0, order.find(' '));
    order.remove_prefix(std::min(code.size() + 1, order.size()));
    const auto option = std::find_if(question.options.begin(), question.options.end(),
                                     [&](const Option& one) { return one.code == code; });
    if (option != question.options.end()) options.push_back(&*option);
  }
  for (const Option& option : question.options) {
    if (std::find(options.begin(), options.end(), &option) == options.end()) {
      options.push_back(&option);
    }
  }
  return options;
}

std::string offer_of(const Question& question, std::string_view order, const std::string& language,
                     const std::string& campaign_language) {
  // Their own words in the language, ours in it, and only then another language's.
  const auto own = question.offer.by_language.find(language);
  std::string_view phrase = own != question.offer.by_language.end()
                                ? std::string_view(own->second)
                                : offer_phrase(language, question.by_key);
  if (phrase.empty()) phrase = question.offer.in(language, campaign_language);
  std::string said;
  for (const Option* option : in_order(question, order)) {
    if (!said.empty()) said += ' ';
    const std::string key(1, option->key);
    said += render_template(phrase, [&](std::string_view place) {
      return place == "key" ? std::string_view(key)
                            : std::string_view(option->label.in(language, campaign_language));
    });
  }
  return said;
}

std::string_view offer_phrase(std::string_view language, bool by_key) {
  if (!by_key) return "{{label}}.";
  const auto primary = language.substr(0, language.find('-'));
  for (const OfferPhrase& phrase : offer_phrases) {
    if (phrase.language == primary) return phrase.by_key;
  }
  return {};
}

}  // namespace campaigns
