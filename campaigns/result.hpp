#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace campaigns {

// One thing that is wrong with what a person gave us: shown to that person.
struct Problem {
  std::string where{};  // a JSON pointer, or "row 12, column Telefono"
  std::string what{};   // what is wrong; never the cell's content
  std::string cure{};   // what to do; may be empty

  friend bool operator==(const Problem&, const Problem&) = default;
};

using Problems = std::vector<Problem>;

// Why a command was not carried out. `code` is for programs, `text` for people.
struct Refusal {
  std::string code{};
  std::string text{};

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

// A value, or everything that speaks against it.
template <typename T, typename E = Problems>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : content_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return content_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    assert(ok());
    return std::get<0>(content_);
  }
  const T& value() const& {
    assert(ok());
    return std::get<0>(content_);
  }
  T&& value() && {
    assert(ok());
    return std::move(std::get<0>(content_));
  }
  const E& error() const {
    assert(!ok());
    return std::get<1>(content_);
  }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, E> content_;
};

}  // namespace campaigns
