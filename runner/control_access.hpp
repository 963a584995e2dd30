#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/http/message.hpp"
#include "runner/environment.hpp"

// Who may use the control interface over TCP. Over its Unix socket the file's mode says so.
namespace runner {

inline constexpr std::size_t control_token_bytes_min = 24;
inline constexpr std::size_t control_token_bytes_max = 512;

// Where it listens, and what whoever asks must show.
struct ControlTcp {
  std::string address{};  // of this machine alone: 127.0.0.0/8 or ::1
  std::uint16_t port = 0;
  std::string token{};
};

// "127.0.0.1:9090", "[::1]:9090", "localhost:9090" and the token: of the file, which nobody but its
// owner may read, or else CAMPANILE_CONTROL_TOKEN. Throws std::invalid_argument, saying what to do
// and nothing of the token.
ControlTcp read_control_tcp(const std::string& listen, const std::filesystem::path& token_file,
                            const Environment& environment);

// Whether a request shows the token: `Authorization: Bearer …` (RFC 6750).
bool shows_token(const bridge::http::Request& request, std::string_view token);

}  // namespace runner
