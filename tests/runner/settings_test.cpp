// How the settings are read that people write by hand, before anything is begun with them.
#include <unistd.h>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>

#include "bridge/carrier/base_url.hpp"
#include "bridge/net/loop.hpp"
#include "runner/descriptors.hpp"
#include "runner/doctor.hpp"
#include "runner/environment.hpp"
#include "runner/listen_address.hpp"
#include "runner/live.hpp"
#include "runner/outward_url.hpp"

BOOST_AUTO_TEST_SUITE(settings)

namespace {

// Asked for, each of them would break the request in two or be cut.
const std::string strange_bytes(" \n\r\t\0\x7f\x80#", 8);

template <class Read>
std::string refusal_of(Read read) {
  try {
    read();
    return {};
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_url_with_what_cannot_be_asked_for_is_refused_and_not_told) {
  BOOST_TEST(runner::read_outward_url("https://hooks.example/a%20b?c=d", "HOOK").path ==
             "/a%20b?c=d");
  BOOST_TEST(runner::read_voice_address("https://host/v1/").path == "/v1/realtime");
  BOOST_TEST(bridge::carrier::read_base_url("http://host:80/").host == "host");
  for (const char byte : strange_bytes) {
    const std::string in(1, byte);
    for (const auto& url :
         {"https://hooks.example/a" + in + "b", "https://hooks.example/secret" + in,
          "https://hooks" + in + ".example/", in + "https://hooks.example/"}) {
      const auto told = refusal_of([&] { runner::read_outward_url(url, "HOOK"); });
      BOOST_TEST(told.starts_with("HOOK "));
      BOOST_TEST(told.find("%20") != std::string::npos);
      BOOST_TEST(told.find("secret") == std::string::npos);
    }
    BOOST_TEST(refusal_of([&] { runner::read_voice_address("https://host/v" + in + "1"); }) != "");
    BOOST_TEST(refusal_of([&] { runner::read_voice_address("https://ho" + in + "st/v1"); }) != "");
    BOOST_TEST(refusal_of([&] { bridge::carrier::read_base_url("https://ho" + in + "st"); }) != "");
    BOOST_TEST(refusal_of([&] { bridge::carrier::read_base_url("https://host/" + in); }) != "");
  }
}

BOOST_AUTO_TEST_CASE(the_doctor_asks_for_every_country_that_may_be_called) {
  campaigns::Campaign campaign;
  BOOST_TEST(runner::countries_of(campaign).empty());
  campaign.contacts.region = "IT";
  BOOST_TEST((runner::countries_of(campaign) == std::set<std::string>{"IT"}));
  campaign.countries = {"FR", "CH", "FR"};
  BOOST_TEST((runner::countries_of(campaign) == std::set<std::string>{"CH", "FR"}));
}

BOOST_AUTO_TEST_CASE(what_stands_around_a_setting_is_no_part_of_it) {
  const auto folder = std::filesystem::temp_directory_path();
  const auto file = folder / ("settings-" + std::to_string(::getpid()));
  std::ofstream(file) << "CAMPANILE_TEST_QUOTED=\" in quotes\\n\"\nCAMPANILE_TEST_EMPTY=\"  \"\n";
  const auto environment = runner::Environment::read(file);
  std::filesystem::remove(file);
  BOOST_TEST(environment.get("CAMPANILE_TEST_QUOTED") == "in quotes");
  BOOST_TEST(environment.get("CAMPANILE_TEST_EMPTY") == "");
  ::setenv("CAMPANILE_TEST", " \tof the world\r\n", 1);
  BOOST_TEST(environment.get("CAMPANILE_TEST") == "of the world");
  ::unsetenv("CAMPANILE_TEST");
}

BOOST_AUTO_TEST_CASE(where_to_listen_is_an_address_of_this_machine) {
  using At = std::pair<std::string, std::uint16_t>;
  const auto at = [](const std::string& text) { return runner::read_listen(text, "--listen"); };
  BOOST_TEST((at("127.0.0.1:8080") == At("127.0.0.1", 8080)));
  BOOST_TEST((at("0.0.0.0:0") == At("0.0.0.0", 0)));
  BOOST_TEST((at("localhost:8080") == At("127.0.0.1", 8080)));
  BOOST_TEST((at("[::]:8080") == At("::", 8080)));
  BOOST_TEST((at("[::1]:65535") == At("::1", 65535)));
  for (const std::string text : {"door.example:8080", ":8080", "*:8080", "[::1:8080",
                                 "[localhost]:1", "127.0.0:80", "256.0.0.1:80", " 127.0.0.1:80"}) {
    const auto told = refusal_of([&] { at(text); });
    BOOST_TEST(told.starts_with("--listen "), text);
    BOOST_TEST(told.find("127.0.0.1:8080") != std::string::npos, text);
  }
  for (const std::string text : {"nowhere", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "1:x"}) {
    BOOST_TEST(refusal_of([&] { at(text); }) != "", text);
  }
  BOOST_TEST(runner::written_address("::1", 80) == "[::1]:80");
  BOOST_TEST(runner::written_address("127.0.0.1", 80) == "127.0.0.1:80");
  const auto taken = runner::cannot_listen("127.0.0.1:80", "--listen",
                                           std::make_error_code(std::errc::address_in_use));
  for (const auto* word : {"127.0.0.1:80", "another program", "--listen"}) {
    BOOST_TEST(taken.find(word) != std::string::npos, word);
  }
}

BOOST_AUTO_TEST_CASE(a_secret_is_sent_where_nobody_on_the_way_reads_it) {
  const auto in_clear = [](const char* url) {
    return runner::goes_in_clear(bridge::carrier::read_base_url(url));
  };
  for (const auto* url :
       {"https://api.twilio.com", "https://10.0.0.5:8443", "http://127.0.0.1:9999",
        "http://127.8.0.1", "http://localhost:9999", "http://[::1]:9999"}) {
    BOOST_TEST(!in_clear(url), url);
  }
  for (const auto* url : {"http://api.twilio.com", "http://10.0.0.5:9999", "http://128.0.0.1",
                          "http://127.0.0.1.example"}) {
    BOOST_TEST(in_clear(url), url);
  }
}

BOOST_AUTO_TEST_CASE(strangers_leave_descriptors_to_orders_and_the_log) {
  const runner::DescriptorShares wanted{1024, 2000};
  const auto enough = runner::descriptors_for(wanted);
  const auto whole = runner::fitting(wanted, enough);
  BOOST_TEST(whole.connections_max == 1024U);
  BOOST_TEST(whole.streams_max == 2000U);
  for (std::size_t limit = 400; limit < enough; limit += 7) {
    const auto shares = runner::fitting(wanted, limit);
    BOOST_TEST(runner::descriptors_for(shares) <= limit);
    BOOST_TEST(shares.connections_max >= 16U);
    BOOST_TEST(shares.connections_max <= 1024U);
    BOOST_TEST(shares.streams_max >= 1U);
  }
  const auto usual = runner::fitting(wanted, 1024);
  BOOST_TEST(usual.connections_max == 176U);
  BOOST_TEST(usual.streams_max == 264U);
  // What lingers on each loop counts nowhere else.
  auto many_loops = wanted;
  many_loops.loops = 4;
  BOOST_TEST(runner::descriptors_for(many_loops) == enough + 3 * bridge::net::Loop::lingering_max);
  BOOST_TEST(runner::descriptors_for(runner::fitting(many_loops, 1024)) <= 1024U);
  const auto least = runner::fitting(wanted, 64);
  BOOST_TEST(least.connections_max == 16U);
  BOOST_TEST(least.streams_max == 1U);
}

// Each of them may be looked up in two lists.
BOOST_AUTO_TEST_CASE(whoever_asks_for_many_caller_ids_has_time_for_each) {
  using namespace std::chrono_literals;
  BOOST_TEST((runner::asking_time_max(1) == 22s));
  BOOST_TEST((runner::asking_time_max(30) == 80s));
  // No longer than whoever submitted them waits.
  BOOST_TEST((runner::asking_time_max(100) < 2min));
}

BOOST_AUTO_TEST_SUITE_END()
