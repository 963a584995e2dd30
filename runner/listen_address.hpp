#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// Where the program listens, as people write it.
namespace runner {

// An address without the brackets of [::1]; for "localhost" 127.0.0.1. Anything else as it is.
std::string bare_address(const std::string& host);

// Whether nobody but this machine is there: ::1, or a literal of 127.0.0.0/8, written out so that
// no resolver has to be asked.
bool is_loopback(std::string_view address);

// The other way round: "127.0.0.1:8080", "[::1]:8080".
std::string written_address(const std::string& address, std::uint16_t port);

// "127.0.0.1:8080", "[::]:8080", "localhost:8080". Throws std::invalid_argument, which names the
// setting, for anything else: a name is not looked up.
std::pair<std::string, std::uint16_t> read_listen(const std::string& text,
                                                  const std::string& setting);

// What to tell of an address that the system does not give us.
std::string cannot_listen(const std::string& text, const std::string& setting,
                          std::error_code error);

}  // namespace runner
