#include <mbedtls/sha1.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <mutex>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "eventstore/sha256.hpp"

// Whether files give a telephone number away by a digest of it: whoever has a file can hash every
// number there is. Hashes `COUNT` Italian mobile numbers from `FIRST` on, as +39…, 39… and 3…, with
// SHA-1 and SHA-256, and compares the first 8 bytes of each with what stands at every byte of every
// file: raw, as hex digits and as base64. Exit code 0 without a match, 1 with one, 2 for bad usage.
//   usage: number_range FIRST COUNT FILE...      all of them: 3000000000 1000000000
namespace {

constexpr std::size_t threads = 2;
constexpr std::size_t matches_told_max = 20;

enum class Coding { raw, hex, base64 };

constexpr std::array<std::string_view, 3> coding_names = {"raw", "as hex digits", "as base64"};

// Eight bytes as they stand in a file, or as they are meant there; the first is the highest.
struct Window {
  std::uint64_t bytes = 0;
  std::size_t file = 0;
  std::size_t offset = 0;
  Coding coding = Coding::raw;
};

int hex_digit(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Of both alphabets, the one for URLs too.
int base64_digit(unsigned char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

std::optional<std::uint64_t> read_raw(std::string_view text) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(text[i]);
  return value;
}

std::optional<std::uint64_t> read_hex(std::string_view text) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    const int digit = hex_digit(static_cast<unsigned char>(text[i]));
    if (digit < 0) return {};
    value = value << 4 | static_cast<std::uint64_t>(digit);
  }
  return value;
}

// Ten digits and the first four bits of the eleventh.
std::optional<std::uint64_t> read_base64(std::string_view text) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 11; ++i) {
    const int digit = base64_digit(static_cast<unsigned char>(text[i]));
    if (digit < 0) return {};
    value = i < 10 ? value << 6 | static_cast<std::uint64_t>(digit)
                   : value << 4 | static_cast<std::uint64_t>(digit >> 2);
  }
  return value;
}

struct Reading {
  Coding coding{};
  std::size_t length = 0;
  std::optional<std::uint64_t> (*read)(std::string_view) = nullptr;
};

constexpr std::array<Reading, 3> readings = {
    {{Coding::raw, 8, read_raw}, {Coding::hex, 16, read_hex}, {Coding::base64, 11, read_base64}}};

// What stands in the files, made to be asked for billions of digests that are not there.
class Haystack {
 public:
  void add(std::string_view content) {
    for (std::size_t at = 0; at < content.size(); ++at) {
      for (const auto& reading : readings) {
        if (at + reading.length > content.size()) continue;
        const auto value = reading.read(content.substr(at, reading.length));
        if (value) windows_.push_back({*value, files_, at, reading.coding});
      }
    }
    bytes_ += content.size();
    ++files_;
  }

  // Once, after the last file. A bit for each value of the highest bits, 32 for each window, lets
  // about one digest in 32 pass.
  void close() {
    std::sort(windows_.begin(), windows_.end(),
              [](const Window& a, const Window& b) { return a.bytes < b.bytes; });
    while ((std::uint64_t{1} << bits_) < 32 * windows_.size()) ++bits_;
    seen_.assign((std::size_t{1} << bits_) / 64, 0);
    for (const auto& window : windows_) {
      const auto high = window.bytes >> (64 - bits_);
      seen_[high / 64] |= std::uint64_t{1} << (high % 64);
    }
  }

  // Null where no file holds it.
  const Window* find(std::uint64_t bytes) const {
    const auto high = bytes >> (64 - bits_);
    if ((seen_[high / 64] >> (high % 64) & 1) == 0) return nullptr;
    const auto found =
        std::lower_bound(windows_.begin(), windows_.end(), bytes,
                         [](const Window& one, std::uint64_t value) { return one.bytes < value; });
    return found != windows_.end() && found->bytes == bytes ? &*found : nullptr;
  }

  std::size_t windows() const { return windows_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::vector<Window> windows_{};
  std::vector<std::uint64_t> seen_{};
  unsigned bits_ = 16;
  std::size_t files_ = 0;
  std::size_t bytes_ = 0;
};

// The first 8 bytes. Of texts that fit into one block, which is all that is hashed here.
std::uint64_t sha1_begin(std::string_view text) {
  assert(text.size() < 32);
  std::array<unsigned char, 64> block{};
  std::memcpy(block.data(), text.data(), text.size());
  block[text.size()] = 0x80;
  block[63] = static_cast<unsigned char>(8 * text.size());
  mbedtls_sha1_context context{};
  context.state[0] = 0x67452301;
  context.state[1] = 0xefcdab89;
  context.state[2] = 0x98badcfe;
  context.state[3] = 0x10325476;
  context.state[4] = 0xc3d2e1f0;
  [[maybe_unused]] const int failed = mbedtls_internal_sha1_process(&context, block.data());
  assert(failed == 0);
  return std::uint64_t{context.state[0]} << 32 | context.state[1];
}

std::uint64_t sha256_begin(std::string_view text) {
  eventstore::Sha256 sha;
  sha.add(text.data(), text.size());
  const auto hash = sha.finish();
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | hash[i];
  return value;
}

struct Matches {
  std::mutex mutex{};
  std::size_t count = 0;

  // Not the number, which may be somebody's.
  void tell(const Window& window, const char* digest, std::string_view form, char** files) {
    const std::lock_guard guard(mutex);
    if (++count > matches_told_max) return;
    std::printf("%s at byte %zu: the %s of a number written as %.*s…, %s\n", files[window.file],
                window.offset, digest, static_cast<int>(form.size()), form.data(),
                coding_names[static_cast<std::size_t>(window.coding)].data());
  }
};

void search(const Haystack& haystack, std::uint64_t first, std::uint64_t count, char** files,
            Matches& matches) {
  std::string text = "+39" + std::to_string(first);
  for (std::uint64_t done = 0; done < count; ++done) {
    for (const std::size_t skipped : {0U, 1U, 3U}) {
      const auto number = std::string_view(text).substr(skipped);
      const auto form = number.substr(0, skipped == 0 ? 3 : skipped == 1 ? 2 : 1);
      if (const auto* found = haystack.find(sha256_begin(number))) {
        matches.tell(*found, "SHA-256", form, files);
      }
      if (const auto* found = haystack.find(sha1_begin(number))) {
        matches.tell(*found, "SHA-1", form, files);
      }
    }
    auto digit = text.size() - 1;
    for (; text[digit] == '9'; --digit) text[digit] = '0';
    ++text[digit];
  }
}

std::uint64_t read_count(const char* text) {
  char* end = nullptr;
  const auto value = std::strtoull(text, &end, 10);
  if (end == text || *end != '\0') throw std::runtime_error(std::string("no number: ") + text);
  return value;
}

std::string content_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(std::string("cannot be read: ") + path);
  std::ostringstream content;
  if (file.peek() != std::ifstream::traits_type::eof()) content << file.rdbuf();
  if (!content) throw std::runtime_error(std::string("cannot be read: ") + path);
  return content.str();
}

int run(int argc, char** argv) {
  if (argc < 4) throw std::runtime_error("usage: number_range FIRST COUNT FILE...");
  const auto first = read_count(argv[1]);
  const auto count = read_count(argv[2]);
  // Numbers of ten digits that begin with a 3, so that none grows longer on the way.
  if (first < 3'000'000'000 || count == 0 || count > 4'000'000'000 - first) {
    throw std::runtime_error("the numbers are those from 3000000000 to 3999999999");
  }
  const auto began = std::chrono::steady_clock::now();
  char** files = argv + 3;
  Haystack haystack;
  for (int i = 3; i < argc; ++i) haystack.add(content_of(argv[i]));
  haystack.close();

  Matches matches;
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < threads; ++i) {
    const auto from = count * i / threads;
    const auto to = count * (i + 1) / threads;
    workers.emplace_back(
        [&, from, to] { search(haystack, first + from, to - from, files, matches); });
  }
  for (auto& worker : workers) worker.join();

  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%llu numbers, %llu digests against %zu windows of %zu bytes: %zu matches, %.1f s\n",
              static_cast<unsigned long long>(count), static_cast<unsigned long long>(6 * count),
              haystack.windows(), haystack.bytes(), matches.count, took.count());
  return matches.count == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "number_range: %s\n", error.what());
    return 2;
  }
}
