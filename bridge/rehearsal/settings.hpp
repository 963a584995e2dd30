#pragma once

#include <span>
#include <string_view>

namespace bridge::rehearsal {

// One number that a person may set by name.
struct Setting {
  std::string_view name{};
  int* value = nullptr;
  int most = 1000;
};

// Reads "human=700, busy=50" into the numbers named. Throws std::invalid_argument that says what is
// wrong and which names there are; `what` says whose setting it is ("people").
void read_settings(std::string_view what, std::string_view text, std::span<const Setting> settings);

}  // namespace bridge::rehearsal
