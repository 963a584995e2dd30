#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Writing JSON without a tree: events, digests and answers are built by appending.
namespace campaigns {

// Appends `text` in quotes, escaped. It should be UTF-8 without NUL; a NUL and each byte that is
// not UTF-8 become U+FFFD, because half of the readers of JSON take neither.
void append_json_string(std::string& out, std::string_view text);
void append_json_number(std::string& out, std::int64_t number);

// Appends one object member after another, with the commas: {"a":1,"b":"x"}.
class JsonObject {
 public:
  // `out` must outlive the writer.
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;
  void close() { out_ += '}'; }

  JsonObject& member(std::string_view name, std::string_view value);
  JsonObject& member(std::string_view name, const char* value) {
    return member(name, std::string_view(value));
  }
  JsonObject& member(std::string_view name, std::int64_t value);
  JsonObject& member(std::string_view name, const std::vector<std::string>& values);
  JsonObject& flag(std::string_view name, bool value);
  // `json` is a whole JSON value.
  JsonObject& raw(std::string_view name, std::string_view json);
  // Appends the name and leaves the value to the caller.
  std::string& open(std::string_view name);

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace campaigns
