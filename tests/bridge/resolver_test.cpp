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

#include "bridge/net/clock.hpp"

namespace {

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
  void wait_until_asked(int times) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return asked >= times; });
  }
  // Lets everybody go who waits, and is silent again.
  void answer_all() {
    std::unique_lock lock(mutex);
    silent = false;
    changed.notify_all();
    changed.wait(lock, [this] { return answered == asked; });
    silent = true;
    asked = answered = 0;
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

using namespace std::chrono_literals;
using namespace bridge::net;
using Addresses = std::vector<std::string>;

namespace {

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
    name_server().wait_until_asked(16);
    BOOST_TEST(world.ask("localhost").has_value());
  }
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 30s));
  // What comes of them later is told to nobody.
  name_server().answer_all();
}

BOOST_AUTO_TEST_CASE(there_are_so_many_look_ups_at_once_and_no_more) {
  World world;
  std::vector<std::unique_ptr<Resolver>> silent;
  int told = 0;
  for (std::size_t i = 0; i < Resolver::lookups_max; ++i) {
    silent.push_back(std::make_unique<Resolver>(world.loop, silent_name,
                                                [&](std::error_code error, const Addresses&) {
                                                  BOOST_TEST(static_cast<bool>(error));
                                                  ++told;
                                                }));
  }
  name_server().wait_until_asked(static_cast<int>(Resolver::lookups_max));
  BOOST_TEST(!world.ask("localhost").has_value());
  BOOST_TEST(told == 0);
  name_server().answer_all();
  // The threads tell one after the other, then end.
  bool again = false;
  const auto all = static_cast<int>(Resolver::lookups_max);
  const auto patience = std::chrono::steady_clock::now() + 60s;
  while ((!again || told < all) && std::chrono::steady_clock::now() < patience) {
    again = world.ask("localhost").has_value() || again;
  }
  BOOST_TEST(again);
  BOOST_TEST(told == all);
}

BOOST_AUTO_TEST_SUITE_END()
