#include "runner/control_access.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

BOOST_AUTO_TEST_SUITE(control_access)

namespace {

const std::string secret = "0123456789abcdef0123456789abcdef";

struct TokenFile {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("control-token-" + std::to_string(::getpid()));
  explicit TokenFile(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
  }
  ~TokenFile() { std::filesystem::remove(path); }
};

// What is said of a wrong one; "taken" of a right one.
std::string refusal(const std::string& listen, const std::filesystem::path& file) {
  try {
    runner::read_control_tcp(listen, file, {});
    return "taken";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

bool shows(const std::string& header) {
  bridge::http::Request request;
  if (!header.empty()) request.headers.push_back({"Authorization", header});
  return runner::shows_token(request, secret);
}

}  // namespace

BOOST_AUTO_TEST_CASE(only_addresses_of_this_machine) {
  const TokenFile file(secret + "\n");
  const auto listen = [&](const std::string& text) {
    return runner::read_control_tcp(text, file.path, {});
  };
  BOOST_TEST(listen("127.0.0.1:9090").address == "127.0.0.1");
  BOOST_TEST(listen("127.0.0.1:9090").port == 9090);
  BOOST_TEST(listen("127.0.0.1:9090").token == secret);
  BOOST_TEST(listen("[::1]:9090").address == "::1");
  BOOST_TEST(listen("localhost:0").address == "127.0.0.1");
  BOOST_TEST(listen("127.8.9.10:1").address == "127.8.9.10");
  for (const auto* text :
       {"0.0.0.0:9090", "[::]:9090", "192.168.1.4:9090", ":9090", "127.0.0.1.example:9090",
        "127.1:9090", "127.0.0.999:1", "::ffff:10.0.0.1:9090", "example.org:9090"}) {
    BOOST_TEST(refusal(text, file.path).find("this machine alone") != std::string::npos, text);
  }
  BOOST_TEST(refusal("127.0.0.1", file.path) != "taken");
}

BOOST_AUTO_TEST_CASE(a_token_that_others_can_read_or_guess_is_none) {
  {
    const TokenFile file(secret, 0644);
    const auto told = refusal("127.0.0.1:1", file.path);
    BOOST_TEST(told.find("chmod 600") != std::string::npos);
    BOOST_TEST(told.find(secret) == std::string::npos);
  }
  {
    const TokenFile file(secret, 0640);
    BOOST_TEST(refusal("127.0.0.1:1", file.path).find("chmod 600") != std::string::npos);
  }
  for (const auto& text : {std::string("short"), std::string(), std::string(600, 'a'),
                           std::string("0123456789abcdef 0123456789abcdef"),
                           std::string("0123456789abcdef\x01"
                                       "0123456789abcdef")}) {
    const TokenFile file(text);
    const auto told = refusal("127.0.0.1:1", file.path);
    BOOST_TEST(told.find("openssl rand") != std::string::npos);
    if (text.size() > 4) BOOST_TEST(told.find(text) == std::string::npos);
  }
  BOOST_TEST(refusal("127.0.0.1:1", "/nowhere/at/all").find("cannot be read") != std::string::npos);
  ::setenv("CAMPANILE_CONTROL_TOKEN", secret.c_str(), 1);
  BOOST_TEST(refusal("127.0.0.1:1", {}) == "taken");
  ::unsetenv("CAMPANILE_CONTROL_TOKEN");
  BOOST_TEST(refusal("127.0.0.1:1", {}) != "taken");
}

BOOST_AUTO_TEST_CASE(the_whole_token_and_nothing_else) {
  BOOST_TEST(shows("Bearer " + secret));
  BOOST_TEST(shows("bearer " + secret));
  BOOST_TEST(shows("BEARER " + secret));
  for (const auto& header : {std::string(), secret, "Basic " + secret, "Bearer " + secret + "x",
                             "Bearer  " + secret, "Bearer " + secret.substr(1),
                             std::string("Bearer "), std::string("Bearer"), "Bearer x" + secret}) {
    BOOST_TEST(!shows(header), header);
  }
}

BOOST_AUTO_TEST_SUITE_END()
