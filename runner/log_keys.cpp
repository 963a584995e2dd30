#include "runner/log_keys.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "runner/crypto.hpp"

namespace runner {

namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what) {
  throw std::runtime_error(file.string() + ": " + what);
}

std::string mac_of(const std::string& key, std::string_view attempt) {
  return hex(hmac_sha256(key, "token:" + std::string(attempt))).substr(0, 32);
}

}  // namespace

LogKeys LogKeys::for_rehearsal(std::uint64_t seed) {
  const auto digest = sha256("campanile rehearsal " + std::to_string(seed));
  return LogKeys(std::string(digest.begin(), digest.end()));
}

LogKeys LogKeys::make() {
  return LogKeys(random_key());
}

std::filesystem::path LogKeys::file_of(const std::filesystem::path& log) {
  return log.string() + ".key";
}

LogKeys LogKeys::load(const std::filesystem::path& log) {
  const auto file = file_of(log);
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    refuse(file, std::string("cannot read the log's key file (") + std::strerror(errno) +
                     "); it belongs to the log and was made with it: bring both from one backup");
  }
  char text[80];
  const auto got = read(fd, text, sizeof text);
  close(fd);
  std::string key;
  if (got == 65 && text[64] == '\n') {
    for (int i = 0; i < 64; i += 2) {
      const auto digit = [&](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        refuse(file, "this is no key file of a log");
      };
      key += static_cast<char>(digit(text[i]) << 4 | digit(text[i + 1]));
    }
  }
  if (key.size() != 32) refuse(file, "this is no key file of a log");
  return LogKeys(std::move(key));
}

void LogKeys::save(const std::filesystem::path& log) const {
  const auto file = file_of(log);
  const auto text = hex(reinterpret_cast<const std::uint8_t*>(key_.data()), key_.size()) + '\n';
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) refuse(file, std::string("cannot write the key file: ") + std::strerror(errno));
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  close(fd);
  if (!written) refuse(file, "cannot write the key file: the disk may be full");
}

campaigns::NumberKey LogKeys::number_key(std::string_view e164) const {
  const auto digest = hmac_sha256(key_, "number:" + std::string(e164));
  campaigns::NumberKey key = 0;
  for (std::size_t i = 0; i < 8; ++i) key = key << 8 | digest[i];
  return key;
}

std::string LogKeys::token(const campaigns::AttemptId& attempt) const {
  const auto id = attempt.text();
  return id + '.' + mac_of(key_, id);
}

std::optional<campaigns::AttemptId> LogKeys::read_token(std::string_view token) const {
  const auto dot = token.rfind('.');
  if (dot == std::string_view::npos || token.size() - dot - 1 != 32) return {};
  const auto attempt = campaigns::AttemptId::parse(token.substr(0, dot));
  if (!attempt) return {};
  const auto wanted = mac_of(key_, token.substr(0, dot));
  const auto given = token.substr(dot + 1);
  unsigned difference = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    difference |= static_cast<unsigned>(wanted[i] ^ given[i]);
  }
  if (difference != 0) return {};
  return attempt;
}

}  // namespace runner
