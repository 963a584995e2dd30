#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "campaigns/result.hpp"

namespace campaigns {

// Above this an integer is not the same to every reader: JavaScript's are doubles.
inline constexpr std::int64_t exact_integer_max = std::int64_t{1} << 53;

// How deep objects and arrays may lie in one another.
inline constexpr std::size_t json_nesting_max = 100;

// Who is to read a JSON text.
enum class JsonReaders : unsigned char {
  all,
  // Ours alone, which keep NUL in strings and integers of 64 bits. For a text with a list of people
  // in it: of a value that cannot be used its row is told.
  ours,
};

// What is wrong with a JSON text that a person wrote, before anybody looks at what it says: syntax
// (with line and column; nothing else is reported then), members given twice, which most readers
// pass over in silence, NUL in strings, integers that not every reader keeps exact (above 2^53),
// nesting. None: any JSON library reads it, and all read the same.
Problems json_text_problems(std::string_view text, JsonReaders readers = JsonReaders::all);

// `pointer` with one more step (RFC 6901).
std::string json_pointer(std::string_view pointer, std::string_view step);
std::string json_pointer(std::string_view pointer, std::size_t index);

}  // namespace campaigns
