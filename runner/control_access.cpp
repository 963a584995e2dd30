#include "runner/control_access.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "campaigns/words.hpp"
#include "runner/crypto.hpp"
#include "runner/listen_address.hpp"
#include "runner/live.hpp"

namespace runner {

namespace {

std::string token_of_file(const std::filesystem::path& path) {
  struct stat status {};
  std::ifstream file(path);
  if (!file || stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw std::invalid_argument("--control-token-file " + path.string() + ": cannot be read");
  }
  if ((status.st_mode & 077) != 0) {
    throw std::invalid_argument("--control-token-file: others can read " + path.string() +
                                "; run: chmod 600 " + path.string());
  }
  std::string line;
  std::getline(file, line);
  return std::string(campaigns::trimmed(line));
}

}  // namespace

ControlTcp read_control_tcp(const std::string& listen, const std::filesystem::path& token_file,
                            const Environment& environment) {
  ControlTcp tcp;
  std::tie(tcp.address, tcp.port) = split_address(listen);
  tcp.address = bare_address(tcp.address);
  if (!is_loopback(tcp.address)) {
    throw std::invalid_argument(
        "--control listens on this machine alone (127.0.0.1:PORT): for others put a proxy with TLS "
        "before it");
  }
  tcp.token =
      token_file.empty() ? environment.get("CAMPANILE_CONTROL_TOKEN") : token_of_file(token_file);
  const bool plain =
      std::all_of(tcp.token.begin(), tcp.token.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (tcp.token.size() < control_token_bytes_min || tcp.token.size() > control_token_bytes_max ||
      !plain) {
    throw std::invalid_argument(
        "--control wants a token of " + std::to_string(control_token_bytes_min) + " to " +
        std::to_string(control_token_bytes_max) +
        " plain characters: make one with `openssl rand -hex 32` and set CAMPANILE_CONTROL_TOKEN, "
        "or name its file with --control-token-file");
  }
  return tcp;
}

bool shows_token(const bridge::http::Request& request, std::string_view token) {
  constexpr std::string_view scheme = "bearer ";
  const auto shown = request.header("Authorization");
  const bool bearer =
      shown.size() > scheme.size() &&
      std::equal(scheme.begin(), scheme.end(), shown.begin(), [](char expected, char given) {
        return expected == given || (expected >= 'a' && expected == given + ('a' - 'A'));
      });
  return same_secret(bearer ? shown.substr(scheme.size()) : std::string_view(), token) && bearer;
}

}  // namespace runner
