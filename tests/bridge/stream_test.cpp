#include "bridge/net/stream.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bridge/net/listener.hpp"
#include "bridge/net/resolver.hpp"
#include "tests/bridge/loopback.hpp"
#include "tests/bridge/raw_peer.hpp"

BOOST_AUTO_TEST_SUITE(stream)

using namespace std::chrono_literals;
using namespace bridge::net;
using bridge::testing::RawPeer;
using bridge::testing::SteppedLoop;

namespace {

// A listener and one connection to it, both ends in the same loop.
struct Pair : SteppedLoop {
  Links near_links{};
  Links far_links{};
  std::unique_ptr<Stream> far{};
  std::unique_ptr<Listener> listener{};
  std::unique_ptr<Stream> near{};
  std::string near_got{};
  std::string far_got{};
  bool opened = false;
  bool near_ended = false;
  bool far_ended = false;
  std::error_code near_error{};
  std::string unix_path{};

  explicit Pair(std::string path = {}, std::size_t queue_max = 1 << 20) : unix_path(path) {
    listener = std::make_unique<Listener>(
        loop, Endpoint{.address = "127.0.0.1", .port = 0, .unix_path = path}, 0600U,
        Stream::Options{.write_queue_bytes_max = queue_max, .links = &far_links},
        [this](std::unique_ptr<Stream> stream) {
          far = std::move(stream);
          far->start({.on_open = {},
                      .on_data = [this](std::string_view bytes) { far_got += bytes; },
                      .on_end = [this](std::error_code) { far_ended = true; },
                      .on_drained = {}});
        });
    near =
        Stream::connect(loop, {.address = "127.0.0.1", .port = listener->port(), .unix_path = path},
                        {.write_queue_bytes_max = queue_max, .links = &near_links},
                        {.on_open = [this] { opened = true; },
                         .on_data = [this](std::string_view bytes) { near_got += bytes; },
                         .on_end =
                             [this](std::error_code error) {
                               near_ended = true;
                               near_error = error;
                             },
                         .on_drained = {}});
  }

  void open() {
    until([&] { return opened && far; });
  }
};

std::string socket_path() {
  return "/tmp/campanile-stream-" + std::to_string(::getpid()) + ".sock";
}

}  // namespace

BOOST_AUTO_TEST_CASE(bytes_go_both_ways_over_tcp) {
  Pair p;
  p.open();
  BOOST_TEST(p.near->write("to the far end"));
  BOOST_TEST(p.far->write("to the near end"));
  p.until([&] { return p.far_got == "to the far end" && p.near_got == "to the near end"; });
}

BOOST_AUTO_TEST_CASE(bytes_go_both_ways_over_a_unix_socket_with_the_mode_asked_for) {
  Pair p(socket_path());
  p.open();
  struct stat file {};
  BOOST_REQUIRE(::lstat(p.unix_path.c_str(), &file) == 0);
  BOOST_TEST((file.st_mode & 0777U) == 0600U);
  BOOST_TEST(p.near->write("a"));
  BOOST_TEST(p.far->write("b"));
  p.until([&] { return p.far_got == "a" && p.near_got == "b"; });
  BOOST_TEST(p.near_links.open().empty());
  p.listener.reset();
  BOOST_TEST(::lstat(p.unix_path.c_str(), &file) != 0);
}

// An address has room for 107 bytes, a path for 4095.
BOOST_AUTO_TEST_CASE(a_unix_socket_may_stand_in_a_folder_with_a_long_path) {
  const std::filesystem::path base = "/tmp/campanile-stream-" + std::to_string(::getpid());
  const auto folder = base / std::string(150, 'a') / std::string(150, 'b');
  std::filesystem::create_directories(folder);
  {
    Pair p((folder / "s.sock").string());
    p.open();
    struct stat file {};
    BOOST_REQUIRE(::lstat(p.unix_path.c_str(), &file) == 0);
    BOOST_TEST((file.st_mode & 0777U) == 0600U);
    BOOST_TEST(p.near->write("a"));
    p.until([&] { return p.far_got == "a"; });
    p.listener.reset();
    BOOST_TEST(::lstat(p.unix_path.c_str(), &file) != 0);
  }
  std::filesystem::remove_all(base);
}

BOOST_AUTO_TEST_CASE(an_old_socket_is_replaced_and_another_file_is_not) {
  const std::string path = socket_path();
  SteppedLoop s;
  const auto nothing = [](std::unique_ptr<Stream>) {};
  auto first = std::make_unique<Listener>(s.loop, Endpoint{.unix_path = path}, 0600U,
                                          Stream::Options{}, nothing);
  const auto second = std::make_unique<Listener>(s.loop, Endpoint{.unix_path = path}, 0600U,
                                                 Stream::Options{}, nothing);
  first.reset();
  struct stat file {};
  BOOST_TEST(::lstat(path.c_str(), &file) == 0);

  const std::string other = path + ".txt";
  std::ofstream(other) << "mine";
  BOOST_CHECK_THROW(
      Listener(s.loop, Endpoint{.unix_path = other}, 0600U, Stream::Options{}, nothing),
      std::system_error);
  BOOST_TEST(::unlink(other.c_str()) == 0);
}

BOOST_AUTO_TEST_CASE(a_port_that_is_taken_or_an_address_that_is_none_throws) {
  SteppedLoop s;
  const auto nothing = [](std::unique_ptr<Stream>) {};
  const Listener taken(s.loop, {.address = "127.0.0.1"}, 0, {}, nothing);
  BOOST_CHECK_THROW(
      Listener(s.loop, {.address = "127.0.0.1", .port = taken.port()}, 0, {}, nothing),
      std::system_error);
  BOOST_CHECK_THROW(Listener(s.loop, {.address = "nowhere"}, 0, {}, nothing), std::system_error);
}

BOOST_AUTO_TEST_CASE(a_refused_connect_ends_with_an_error_after_connect_has_returned) {
  SteppedLoop s;
  std::uint16_t port = 0;
  {
    const Listener gone(s.loop, {.address = "127.0.0.1"}, 0, {}, [](std::unique_ptr<Stream>) {});
    port = gone.port();
  }
  Links links;
  for (const Endpoint& to :
       {Endpoint{.address = "127.0.0.1", .port = port},
        Endpoint{.address = "no address", .port = port}, Endpoint{.unix_path = "/nowhere/at/all"},
        Endpoint{.unix_path = std::string(200, 'a')}}) {
    std::error_code error{};
    const auto stream = Stream::connect(s.loop, to, {.links = &links},
                                        {.on_open = [] { BOOST_ERROR("open"); },
                                         .on_data = {},
                                         .on_end = [&](std::error_code why) { error = why; },
                                         .on_drained = {}});
    BOOST_TEST(!error);
    BOOST_TEST(links.connecting() == (to.unix_path.empty() ? 1 : 0));
    s.until([&] { return static_cast<bool>(error); });
    BOOST_TEST(links.connecting() == 0);
  }
}

BOOST_AUTO_TEST_CASE(both_ends_count_the_same_link_and_the_same_bytes) {
  Pair p;
  BOOST_TEST(p.near_links.connecting() == 1);
  p.open();
  BOOST_TEST(p.near_links.connecting() == 0);
  BOOST_TEST(p.near->link_id() == p.far->link_id());
  BOOST_TEST((p.near->link_id() & 0xffffU) == p.listener->port());
  // More than the system takes at once, so that the queue is counted too.
  const std::string much(700'000, 'm');
  BOOST_TEST(p.near->write(much));
  BOOST_TEST(p.near_links.open().at(p.near->link_id()).sent == much.size());
  BOOST_TEST(p.far->write("little"));
  p.until([&] { return p.far_got.size() == much.size() && p.near_got.size() == 6; });
  const LinkCount near = p.near_links.open().at(p.near->link_id());
  const LinkCount far = p.far_links.open().at(p.far->link_id());
  BOOST_TEST(near.sent == far.consumed);
  BOOST_TEST(far.sent == near.consumed);

  auto changes = p.near_links.take_changes();
  BOOST_REQUIRE(changes.counts.size() == 1U);
  BOOST_TEST(changes.counts.front().sent == much.size());
  BOOST_TEST(p.near_links.take_changes().empty());
  const std::uint32_t id = p.near->link_id();
  p.near->close();
  changes = p.near_links.take_changes();
  BOOST_TEST(changes.counts.empty());
  BOOST_REQUIRE(changes.gone.size() == 1U);
  BOOST_TEST(changes.gone.front() == id);
  p.until([&] { return p.far_ended; });
}

BOOST_AUTO_TEST_CASE(a_queue_that_is_full_takes_nothing_more) {
  Pair p({}, 1000);
  p.open();
  const std::string much(8'000'000, 'm');
  BOOST_TEST(p.near->write(much));  // nothing waited: taken whole
  BOOST_TEST(p.near->queued() > 0U);
  BOOST_TEST(!p.near->write("more"));
  BOOST_TEST(p.near_links.open().at(p.near->link_id()).sent == much.size());
  p.until([&] { return p.far_got.size() == much.size(); });
  BOOST_TEST(p.near->queued() == 0U);
  BOOST_TEST(p.near->write("more"));
  p.until([&] { return p.far_got.size() == much.size() + 4; });
}

BOOST_AUTO_TEST_CASE(finish_sends_what_is_queued_and_still_reads) {
  Pair p;
  p.open();
  const std::string much(3'000'000, 'm');
  BOOST_TEST(p.near->write(much));
  BOOST_TEST(p.near->write("end"));
  p.near->finish();
  p.until([&] { return p.far_ended; });
  BOOST_TEST(p.far_got.size() == much.size() + 3);
  BOOST_TEST(p.far->closed() == false);
}

BOOST_AUTO_TEST_CASE(a_stream_may_die_inside_its_own_callback_with_writes_pending) {
  Pair p;
  p.open();
  const std::string much(3'000'000, 'm');
  BOOST_TEST(p.near->write(much));
  bool died = false;
  auto other = Stream::connect(p.loop, {.address = "127.0.0.1", .port = p.listener->port()}, {},
                               {.on_open = {}, .on_data = {}, .on_end = {}, .on_drained = {}});
  p.far.reset();
  std::unique_ptr<Stream> third;
  third = Stream::connect(p.loop, {.address = "127.0.0.1", .port = p.listener->port()}, {},
                          {.on_open =
                               [&third, &died, marker = std::string(100, 'x')] {
                                 third.reset();
                                 died = marker.size() == 100;
                               },
                           .on_data = {},
                           .on_end = {},
                           .on_drained = {}});
  p.until([&] { return died; });
  other.reset();
}

BOOST_AUTO_TEST_CASE(a_reset_is_an_error_and_comes_once) {
  Pair p;
  p.open();
  p.far->pause_reading();
  BOOST_TEST(p.near->write("unread"));
  p.settle();
  p.far->close();  // with unread bytes: the system sends a reset
  p.until([&] { return p.near_ended; });
  BOOST_TEST(static_cast<bool>(p.near_error));
  BOOST_TEST(!p.near->write("more"));
}

// --- lingering

namespace {

// A server whose clients are bare sockets, and what it does when they say their first word.
struct Parting : SteppedLoop {
  std::string unix_path{};
  Stream::Options options{};
  std::function<void(Stream&)> on_word = [](Stream& stream) {
    BOOST_TEST(stream.write("last words"));
    stream.finish();
    stream.linger();
  };
  std::unique_ptr<Listener> listener{};
  std::vector<std::unique_ptr<Stream>> streams{};
  std::chrono::steady_clock::time_point began{};  // of the last peer

  explicit Parting(std::string path = {}, Links* links = nullptr)
      : unix_path(std::move(path)), options{.write_queue_bytes_max = 1 << 24, .links = links} {
    listener = std::make_unique<Listener>(
        loop, Endpoint{.address = "127.0.0.1", .port = 0, .unix_path = unix_path}, 0600U, options,
        [this](std::unique_ptr<Stream> stream) {
          Stream& made = *streams.emplace_back(std::move(stream));
          made.start({.on_open = {},
                      .on_data =
                          [this, &made](std::string_view) {
                            on_word(made);
                            BOOST_TEST(made.closed());
                          },
                      .on_end = {},
                      .on_drained = {}});
        });
  }

  std::unique_ptr<RawPeer> peer() {
    began = std::chrono::steady_clock::now();
    return unix_path.empty() ? std::make_unique<RawPeer>(listener->port())
                             : std::make_unique<RawPeer>(unix_path);
  }
  // One to whom the last words were said, and who has not read them.
  std::unique_ptr<RawPeer> left() {
    auto made = peer();
    const std::size_t before = streams.size();
    BOOST_TEST(made->write("a") == 1U);
    until([&] { return streams.size() > before && streams.back()->closed(); });
    return made;
  }
  std::string read_to_end(RawPeer& from) {
    std::string got;
    until([&] {
      got += from.read();
      return from.ended() || from.broken();
    });
    return got;
  }
  // Whether one more byte, and what the system answers, makes it break.
  bool is_cut(RawPeer& peer) {
    for (int i = 0; i < 3 && !peer.broken(); ++i) {
      (void)peer.write("b");
      settle();
    }
    return peer.broken();
  }
  // Whether the last peer's second cannot be over. On a machine that is held up it may be, and then
  // a stream that lingers no more is none to wonder at.
  bool in_time() const { return std::chrono::steady_clock::now() - began < 900ms; }
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_last_words_reach_a_peer_that_goes_on_sending) {
  for (const std::string& path : {std::string{}, socket_path()}) {
    Parting p(path);
    // Somebody may have paused it, which does not matter any more.
    p.on_word = [say = p.on_word](Stream& stream) {
      stream.pause_reading();
      say(stream);
    };
    const std::string part(16 * 1024, 'p');
    int in_time = 0;
    for (int round = 0; round < 20; ++round) {
      const auto peer = p.peer();
      std::size_t sent = 0;
      p.until([&] {
        sent += peer->write(part);
        return sent > 2'000'000 || peer->broken();
      });
      if (!p.in_time()) continue;
      ++in_time;
      BOOST_TEST(!peer->broken());
      BOOST_TEST(p.read_to_end(*peer) == "last words");
      BOOST_TEST(peer->ended());
      BOOST_TEST(!peer->broken());
    }
    BOOST_WARN_MESSAGE(in_time > 0, "this machine was too slow to look at anything");
  }
}

BOOST_AUTO_TEST_CASE(nobody_lingers_longer_than_a_second_of_real_time) {
  Parting p;
  const auto peer = p.left();
  BOOST_TEST(p.read_to_end(*peer) == "last words");
  BOOST_TEST((!p.is_cut(*peer) || !p.in_time()));
  BOOST_TEST(!p.loop.next_timer().has_value());  // simulated time has nothing to wait for
  p.advance(1h);
  BOOST_TEST((!p.is_cut(*peer) || !p.in_time()));
  const auto began = p.began;
  std::this_thread::sleep_for(50ms);
  const auto second = p.left();
  p.until([&] {
    std::this_thread::sleep_for(10ms);
    return p.is_cut(*peer);
  });
  const auto took = std::chrono::steady_clock::now() - began;
  BOOST_TEST((took > 800ms));
  // The one timer goes on for those that came later.
  p.until([&] {
    std::this_thread::sleep_for(10ms);
    return p.is_cut(*second);
  });
}

BOOST_AUTO_TEST_CASE(nobody_lingers_behind_the_peers_own_end) {
  const auto descriptors = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  Parting p;
  p.settle();
  const auto before = descriptors();
  auto peer = p.left();
  p.settle();
  BOOST_TEST((descriptors() == before + 2 || !p.in_time()));
  BOOST_TEST(p.read_to_end(*peer) == "last words");
  peer.reset();
  p.settle();
  BOOST_TEST(descriptors() == before);
}

// A Unix socket holds little, so that what is under way does not count for much.
BOOST_AUTO_TEST_CASE(a_flood_is_cut_before_its_time) {
  Parting p(socket_path());
  const auto peer = p.left();
  const std::string part(64 * 1024, 'p');
  std::size_t sent = 0;
  p.until([&] {
    sent += peer->write(part);
    return peer->broken();
  });
  BOOST_TEST((sent > std::size_t{4} << 20U || !p.in_time()));
  BOOST_TEST(sent < std::size_t{6} << 20U);
}

BOOST_AUTO_TEST_CASE(of_too_many_that_linger_the_oldest_is_cut) {
  Parting p;
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (std::size_t i = 0; i <= Loop::lingering_max; ++i) peers.push_back(p.left());
  BOOST_TEST(p.is_cut(*peers.front()));
  BOOST_TEST((!p.is_cut(*peers.back()) || !p.in_time()));
}

BOOST_AUTO_TEST_CASE(a_loop_may_end_while_a_stream_lingers) {
  auto p = std::make_unique<Parting>();
  const auto first = p->left();
  const auto second = p->left();
  BOOST_TEST(p->read_to_end(*first) == "last words");
  const auto began = std::chrono::steady_clock::now();
  p.reset();
  BOOST_TEST((std::chrono::steady_clock::now() - began < 800ms));
  BOOST_TEST(second->read() == "last words");
  BOOST_TEST(second->ended());
}

BOOST_AUTO_TEST_CASE(one_that_lingers_counts_no_more) {
  auto links = std::make_unique<Links>();
  Parting p({}, links.get());
  const auto peer = p.left();
  BOOST_TEST(links->open().empty());
  BOOST_TEST(links->take_changes().gone.size() == 1U);
  links.reset();
  BOOST_TEST(peer->write("more") == 4U);
  p.settle();
  BOOST_TEST(p.read_to_end(*peer) == "last words");
}

BOOST_AUTO_TEST_CASE(a_little_that_is_queued_still_goes_out_and_much_does_not) {
  for (const bool much : {false, true}) {
    Parting p;
    std::size_t said = 0;
    p.on_word = [&](Stream& stream) {
      const std::string part(much ? 8'000'000 : 8'000, 'p');
      while (stream.queued() == 0) {
        BOOST_REQUIRE(stream.write(part));
        said += part.size();
      }
      stream.finish();
      stream.linger();
    };
    const auto peer = p.left();
    const std::string got = p.read_to_end(*peer);
    if (much) {
      BOOST_TEST(got.size() < said);
    } else {
      BOOST_TEST((got.size() == said || !p.in_time()));
      BOOST_TEST((!p.is_cut(*peer) || !p.in_time()));
    }
  }
}

BOOST_AUTO_TEST_CASE(only_a_finished_stream_lingers_and_only_when_it_is_asked_to) {
  const std::vector<std::function<void(Stream&)>> ways{
      [](Stream& stream) { stream.linger(); },
      [](Stream& stream) {
        stream.finish();
        stream.close();
      },
      [](Stream& stream) {
        stream.finish();
        stream.reset();
      },
  };
  for (const auto& way : ways) {
    Parting p;
    p.on_word = way;
    const auto peer = p.left();
    BOOST_TEST(p.is_cut(*peer));
  }
}

BOOST_AUTO_TEST_CASE(a_name_is_resolved_and_a_destroyed_resolver_is_silent) {
  SteppedLoop s;
  std::vector<std::string> found;
  bool heard = false;
  Resolver resolver(s.loop, "localhost", [&](std::error_code, std::vector<std::string> addresses) {
    heard = true;
    found = std::move(addresses);
  });
  s.until([&] { return heard; });
  for (const std::string& address : found) BOOST_TEST(is_literal_address(address));
  {
    const Resolver dropped(s.loop, "localhost", [](std::error_code, std::vector<std::string>) {
      BOOST_ERROR("not silent");
    });
  }
  bool refused = false;
  Resolver too_long(
      s.loop, std::string(3000, 'a'),
      [&](std::error_code error, std::vector<std::string>) { refused = static_cast<bool>(error); });
  s.until([&] { return refused; });
}

BOOST_AUTO_TEST_SUITE_END()
