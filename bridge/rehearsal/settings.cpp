#include "bridge/rehearsal/settings.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string>

#include "bridge/rehearsal/words.hpp"

namespace bridge::rehearsal {
namespace {}  // namespace

void read_settings(std::string_view what, std::string_view text,
                   std::span<const Setting> settings) {
  const auto refuse = [&](const std::string& why) {
    throw std::invalid_argument(std::string(what) + ": " + why);
  };
  while (!trimmed(text).empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view item = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      refuse("\"" + std::string(item) + "\" is not of the form name=number");
    }
    const std::string_view name = trimmed(item.substr(0, equals));
    const std::string_view digits = trimmed(item.substr(equals + 1));
    const auto setting = std::ranges::find(settings, name, &Setting::name);
    if (setting == settings.end()) {
      std::string names;
      for (const Setting& known : settings) {
        names += (names.empty() ? "" : ", ") + std::string(known.name);
      }
      refuse("\"" + std::string(name) + "\" is unknown; known are " + names);
    }
    int number = 0;
    const auto [stop, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || stop != digits.data() + digits.size() || number < 0 ||
        number > setting->most) {
      refuse(std::string(name) + " must be a whole number from 0 to " +
             std::to_string(setting->most) + ", not \"" + std::string(digits) + "\"");
    }
    *setting->value = number;
  }
}

}  // namespace bridge::rehearsal
