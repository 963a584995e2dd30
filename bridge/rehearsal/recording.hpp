#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace bridge::rehearsal {

// What both sides of a call heard, as a WAV file of mu-law in two channels: the person on the left,
// what was played to them on the right. A call that breaks off leaves a file that plays as far as
// it goes.
class Recording {
 public:
  // Does nothing when the file cannot be made; `good` says so.
  explicit Recording(const std::string& path);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  bool good() const { return file_.good(); }
  // The same stretch of time of both, of equal length.
  void add(std::string_view person, std::string_view agent);

 private:
  void write_header();

  std::ofstream file_;
  std::uint32_t bytes_ = 0;
};

}  // namespace bridge::rehearsal
