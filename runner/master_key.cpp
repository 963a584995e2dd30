#include "runner/master_key.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "runner/crypto.hpp"

namespace runner {

namespace {

constexpr const char* variable = "CAMPANILE_MASTER_KEY";

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what) {
  throw std::runtime_error(file.string() + ": " + what);
}

std::optional<eventstore::Secret> parse(std::string_view hex_digits) {
  if (hex_digits.size() != 2 * eventstore::Secret::size) return {};
  eventstore::Secret key;
  for (std::size_t i = 0; i < hex_digits.size(); ++i) {
    const char c = hex_digits[i];
    int digit = 0;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      digit = c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = c - 'A' + 10;
    } else {
      return {};
    }
    key.data()[i / 2] = static_cast<std::uint8_t>(key.data()[i / 2] << 4 | digit);
  }
  return key;
}

std::optional<eventstore::Secret> from_environment(const Environment& environment) {
  auto text = environment.get(variable);
  if (text.empty()) return {};
  auto key = parse(text);
  eventstore::wipe(text.data(), text.size());
  if (!key) {
    throw std::runtime_error(std::string(variable) +
                             " is no key: it has 64 hexadecimal digits, as `openssl rand -hex 32` "
                             "prints them");
  }
  return key;
}

}  // namespace

std::filesystem::path master_key_file_of(const std::filesystem::path& log) {
  return log.string() + ".key";
}

eventstore::Secret find_master_key(const std::filesystem::path& log,
                                   const Environment& environment) {
  std::error_code unresolved;
  auto beside = std::filesystem::canonical(log, unresolved);
  if (unresolved) beside = log;
  const auto file = master_key_file_of(beside);
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const int error = errno;
    if (const auto key = from_environment(environment)) return *key;
    refuse(file, std::string("cannot read the log's master key (") + std::strerror(error) +
                     "), and " + variable +
                     " is not set. Bring the file from where the log was made, or set the variable "
                     "to the key that it was made with");
  }
  char text[80];
  const auto got = read(fd, text, sizeof text);
  close(fd);
  const bool whole = got == 65 && text[64] == '\n';
  const auto key = whole ? parse({text, 64}) : std::nullopt;
  eventstore::wipe(text, sizeof text);
  if (!key)
    refuse(file, "this is no key file of a log: it holds 64 hexadecimal digits and a line end");
  return *key;
}

MasterKey make_master_key(const std::filesystem::path& log, const Environment& environment) {
  if (const auto key = from_environment(environment)) return {*key, false};
  const auto key = eventstore::Secret::random();
  const auto file = master_key_file_of(log);
  auto text = hex(key.data(), eventstore::Secret::size) + '\n';
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) return {find_master_key(log, environment), false};
  if (fd < 0) refuse(file, std::string("cannot write the key file: ") + std::strerror(errno));
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  close(fd);
  eventstore::wipe(text.data(), text.size());
  if (!written) {
    unlink(file.c_str());
    refuse(file, "cannot write the key file: the disk may be full");
  }
  return {key, true};
}

}  // namespace runner
