#include "eventstore/secret.hpp"

#include <string.h>
#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace eventstore {

Secret::~Secret() {
  wipe(bytes_.data(), bytes_.size());
}

Secret Secret::random() {
  Secret made;
  fill_with_random(made.data(), size);
  return made;
}

bool Secret::operator==(const Secret& other) const {
  unsigned differences = 0;
  for (std::size_t i = 0; i < size; ++i) {
    differences |= static_cast<unsigned>(bytes_[i] ^ other.bytes_[i]);
  }
  return differences == 0;
}

void fill_with_random(void* to, std::size_t size) {
  auto* at = static_cast<std::uint8_t*>(to);
  while (size > 0) {
    const ssize_t got = getrandom(at, size, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    at += got;
    size -= static_cast<std::size_t>(got);
  }
}

void wipe(void* memory, std::size_t size) {
  explicit_bzero(memory, size);
}

}  // namespace eventstore
