#include "bridge/net/resolver.hpp"

#include <dlfcn.h>
#include <netdb.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "bridge/net/clock.hpp"

namespace {

using namespace std::chrono_literals;

// In real time, on a busy machine.
constexpr auto patience = 60s;

// A name server that says nothing until it is let: asked for this name.
constexpr const char* silent_name = "silent.example.test";

struct NameServer {
  std::mutex mutex{};
  std::condition_variable changed{};
  bool silent = true;
  int asked = 0;
  int answered = 0;

  void wait_for_leave() {
    std::unique_lock lock(mutex);
    ++asked;
    changed.notify_all();
    changed.wait(lock, [this] { return !silent; });
    ++answered;
    changed.notify_all();
  }
  bool was_asked(int times) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, patience, [&] { return asked >= times; });
  }
  // Lets everybody go who waits, and is silent again.
  bool answers_all() {
    std::unique_lock lock(mutex);
    silent = false;
    changed.notify_all();
    const bool all = changed.wait_for(lock, patience, [this] { return answered == asked; });
    silent = true;
    asked = answered = 0;
    return all;
  }
};
// Outlives every thread.
NameServer& name_server() {
  static NameServer& one = *new NameServer;
  return one;
}

}  // namespace

// In place of the system's, which answers for all other names.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  if (name != nullptr && std::strcmp(name, silent_name) == 0) {
    name_server().wait_for_leave();
    return EAI_AGAIN;
  }
  using Real = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Real>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(name, service, hints, found);
}

BOOST_AUTO_TEST_SUITE(resolver)

using namespace bridge::net;
using Addresses = std::vector<std::string>;

namespace {

// The thread of a look-up ends after it has told: the places of the case before may be taken yet.
bool none_is_under_way() {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (Resolver::lookups() > 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(1ms);
  }
  return Resolver::lookups() == 0;
}

struct World {
  SystemClock clock{};
  Loop loop{clock};

  // Nothing: a failure.
  std::optional<Addresses> ask(const std::string& name) {
    std::optional<Addresses> addresses;
    Resolver asked(loop, name, [&](std::error_code error, Addresses found) {
      BOOST_TEST(found.empty() == static_cast<bool>(error));
      if (!error) addresses = std::move(found);
      loop.stop();
    });
    loop.run();
    return addresses;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_name_has_addresses_or_is_told_to_have_none) {
  World world;
  const auto found = world.ask("localhost");
  BOOST_TEST_REQUIRE(found.has_value());
  BOOST_TEST((found->front() == "127.0.0.1" || found->front() == "::1"));
  BOOST_TEST(!world.ask("no such name").has_value());
  BOOST_TEST(!world.ask(std::string(5'000, 'a')).has_value());
}

BOOST_AUTO_TEST_CASE(a_silent_name_server_holds_up_neither_other_names_nor_the_end) {
  const auto begin = std::chrono::steady_clock::now();
  {
    World world;
    std::vector<std::unique_ptr<Resolver>> silent;
    for (int i = 0; i < 16; ++i) {
      silent.push_back(std::make_unique<Resolver>(
          world.loop, silent_name, [](std::error_code, const Addresses&) { BOOST_ERROR("told"); }));
    }
    BOOST_TEST_REQUIRE(name_server().was_asked(16));
    BOOST_TEST(world.ask("localhost").has_value());
  }
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 30s));
  // What comes of them later is told to nobody.
  BOOST_TEST(name_server().answers_all());
}

BOOST_AUTO_TEST_CASE(there_are_so_many_look_ups_at_once_and_no_more) {
  BOOST_TEST_REQUIRE(none_is_under_way());
  World world;
  const auto all = static_cast<int>(Resolver::lookups_max);
  std::vector<std::unique_ptr<Resolver>> silent;
  int told = 0;
  for (std::size_t i = 0; i < Resolver::lookups_max; ++i) {
    silent.push_back(std::make_unique<Resolver>(world.loop, silent_name,
                                                [&](std::error_code error, const Addresses&) {
                                                  BOOST_TEST(static_cast<bool>(error));
                                                  ++told;
                                                }));
  }
  BOOST_TEST_REQUIRE(name_server().was_asked(all));
  BOOST_TEST(Resolver::lookups() == Resolver::lookups_max);
  BOOST_TEST(!world.ask("localhost").has_value());
  BOOST_TEST(told == 0);
  BOOST_TEST(name_server().answers_all());
  BOOST_TEST(none_is_under_way());
  BOOST_TEST(world.ask("localhost").has_value());
  BOOST_TEST(told == all);
}

BOOST_AUTO_TEST_SUITE_END()
