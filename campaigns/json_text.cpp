#include "campaigns/json_text.hpp"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>

namespace campaigns {

namespace {

using nlohmann::json;

constexpr std::size_t text_problems_max = 100;

// Follows the parser through the text and keeps where it is.
class Inspector final : public nlohmann::json_sax<json> {
 public:
  Inspector(std::string_view text, JsonReaders readers) : text_(text), readers_(readers) {}

  Problems take() { return std::move(problems_); }

  bool null() override { return value(); }
  bool boolean(bool /*unused*/) override { return value(); }
  bool number_integer(number_integer_t number) override {
    if (readers_ == JsonReaders::all && number < -exact_integer_max) too_large();
    return value();
  }
  bool number_unsigned(number_unsigned_t number) override {
    const auto exact_max = static_cast<number_unsigned_t>(exact_integer_max);
    if (readers_ == JsonReaders::all && number > exact_max) too_large();
    return value();
  }
  bool number_float(number_float_t /*unused*/, const string_t& token) override {
    // The parser turns integers beyond 64 bits into floating point.
    if (token.find_first_of(".eE") == std::string::npos) too_large();
    return value();
  }
  bool string(string_t& text) override {
    if (readers_ == JsonReaders::all && text.find('\0') != std::string::npos) {
      problem(here(), "the text contains NUL (\\u0000)");
    }
    return value();
  }
  bool binary(binary_t& /*unused*/) override { return value(); }
  bool start_object(std::size_t /*unused*/) override { return enter(false); }
  bool start_array(std::size_t /*unused*/) override { return enter(true); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool key(string_t& name) override {
    Level& level = levels_.back();
    level.name = name;
    if (!level.names.insert(name).second) {
      problem(here(), "this member is given twice", "keep one of them");
    }
    if (name.find('\0') != std::string::npos) {
      problem(here(), "the member's name contains NUL (\\u0000)");
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*unused*/,
                   const nlohmann::detail::exception& error) override {
    problems_.clear();
    const std::string_view read = text_.substr(0, position == 0 ? 0 : position - 1);
    const auto line = std::count(read.begin(), read.end(), '\n') + 1;
    const auto start = read.rfind('\n');
    const auto rest = start == std::string_view::npos ? read : read.substr(start + 1);
    const auto column = std::count_if(rest.begin(), rest.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    });
    problem("line " + std::to_string(line) + ", column " + std::to_string(column + 1),
            "not valid JSON: " + told(error.what()));
    return false;
  }

 private:
  struct Level {
    bool array = false;
    std::size_t index = 0;
    std::string name{};
    std::set<std::string> names{};
  };

  // The library's sentence without its own prefix and without what it had just read, which may be
  // somebody's number.
  static std::string told(std::string what) {
    if (const auto at = what.find("column "); at != std::string::npos) {
      if (const auto colon = what.find(": ", at); colon != std::string::npos) {
        what.erase(0, colon + 2);
      }
    }
    if (const auto last = what.find("; last read: '"); last != std::string::npos) {
      const auto next = what.rfind("'; expected ");
      if (next != std::string::npos && next > last) {
        what.erase(last, next + 1 - last);
      } else {
        what.erase(last);
      }
    }
    return what;
  }

  bool enter(bool array) {
    if (levels_.size() >= json_nesting_max) {
      problem(here(), "nested deeper than " + std::to_string(json_nesting_max));
      return false;
    }
    levels_.push_back(Level{.array = array});
    return true;
  }

  bool leave() {
    levels_.pop_back();
    return value();
  }

  // A value is complete: the next one of an array has the next index.
  bool value() {
    if (!levels_.empty() && levels_.back().array) ++levels_.back().index;
    return true;
  }

  std::string here() const {
    std::string pointer;
    for (const Level& level : levels_) {
      pointer =
          level.array ? json_pointer(pointer, level.index) : json_pointer(pointer, level.name);
    }
    return pointer;
  }

  void too_large() { problem(here(), "the number is larger than 2^53 and would not stay exact"); }

  void problem(std::string where, std::string what, std::string cure = {}) {
    if (problems_.size() >= text_problems_max) return;
    problems_.push_back({std::move(where), std::move(what), std::move(cure)});
  }

  std::string_view text_;
  JsonReaders readers_;
  std::vector<Level> levels_{};
  Problems problems_{};
};

}  // namespace

Problems json_text_problems(std::string_view text, JsonReaders readers) {
  Inspector inspector(text, readers);
  json::sax_parse(text.begin(), text.end(), &inspector);
  return inspector.take();
}

std::string json_pointer(std::string_view pointer, std::string_view step) {
  std::string out(pointer);
  out += '/';
  for (const char c : step) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string json_pointer(std::string_view pointer, std::size_t index) {
  return std::string(pointer) + '/' + std::to_string(index);
}

}  // namespace campaigns
