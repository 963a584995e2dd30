#pragma once

#include <sys/random.h>

#include <cstddef>
#include <stdexcept>
#include <string>

// What every use of mbedTLS by the tests begins with. Its errors are thrown: a test that cannot
// make a certificate has nothing to say.
namespace bridge::testing {

inline void must(int status) {
  if (status < 0) throw std::runtime_error("mbedTLS: " + std::to_string(status));
}

// The system's, in the form that mbedTLS asks for.
inline int random_bytes(void*, unsigned char* into, std::size_t size) {
  return ::getrandom(into, size, 0) == static_cast<ssize_t>(size) ? 0 : -1;
}

}  // namespace bridge::testing
