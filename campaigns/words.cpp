#include "campaigns/words.hpp"

namespace campaigns {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string in_quotes(std::string_view name) {
  return '"' + std::string(name) + '"';
}

std::string because(std::string_view reason) {
  return reason.empty() ? std::string() : ": " + std::string(reason);
}

}  // namespace campaigns
