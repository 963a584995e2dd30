#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bridge/http/server.hpp"
#include "bridge/net/listener.hpp"
#include "bridge/net/stream.hpp"
#include "bridge/tls/client_context.hpp"
#include "bridge/tls/server_context.hpp"
#include "bridge/tls/tls_stream.hpp"
#include "tests/bridge/certificates.hpp"
#include "tests/bridge/loopback.hpp"

BOOST_AUTO_TEST_SUITE(moving)

// Connections that change hands: from the HTTP server to somebody else, and from one loop to
// another.
using namespace std::chrono_literals;
using namespace bridge::testing;
namespace http = bridge::http;
namespace net = bridge::net;
namespace tls = bridge::tls;

namespace {

// One end, and what it was told.
struct End {
  std::unique_ptr<net::ByteStream> stream{};
  std::string got{};
  bool open = false;
  int ended = 0;
  std::error_code error{};

  net::ByteStream::Events events() {
    return {.on_open = [this] { open = true; },
            .on_data = [this](std::string_view bytes) { got += bytes; },
            .on_end =
                [this](std::error_code with) {
                  ++ended;
                  error = with;
                },
            .on_drained = {}};
  }
};

// A client and a server in one loop, secured or not, and a second loop to go to.
struct Two : SteppedLoop {
  net::Loop elsewhere{clock};
  bool secure;
  Folder folder{};
  Identity authority = make_authority();
  Identity identity = make_identity({}, &authority);
  tls::ClientContext clients{{.ca_file = folder.write("ca.pem", authority.certificate)}};
  tls::ServerContext servers{{.certificate_file = folder.write("cert.pem", identity.certificate),
                              .key_file = folder.write("key.pem", identity.key)}};
  net::Links near_links{};
  net::Links far_links{};
  net::Links elsewhere_links{};
  End near{};
  End far{};
  std::unique_ptr<net::Listener> listener{};

  explicit Two(bool with_tls, std::string unix_path = {}) : secure(with_tls) {
    listener = std::make_unique<net::Listener>(
        loop, net::Endpoint{.address = "127.0.0.1", .port = 0, .unix_path = unix_path}, 0600U,
        net::Stream::Options{.links = &far_links}, [this](std::unique_ptr<net::Stream> stream) {
          far.stream = std::move(stream);
          if (secure) {
            far.stream = std::make_unique<tls::Stream>(loop, std::move(far.stream),
                                                       servers.accept(), tls::Stream::Options{});
          }
          far.open = !secure;
          far.stream->start(far.events());
        });
    auto events = near.events();
    if (secure) {
      events.on_open = [this] {
        near.stream = std::make_unique<tls::Stream>(
            loop, std::move(near.stream), clients.connect("localhost", 1), tls::Stream::Options{});
        near.stream->start(near.events());
      };
    }
    near.stream = net::Stream::connect(
        loop, {.address = "127.0.0.1", .port = listener->port(), .unix_path = unix_path},
        {.links = &near_links}, std::move(events));
    until([&] { return near.open && far.open; });
  }

  // Both loops turn.
  void until_both(const std::function<bool()>& done) {
    until([&] {
      elsewhere.turn();
      return done();
    });
  }

  void move(End& end) {
    auto parcel = end.stream->leave();
    BOOST_REQUIRE(parcel);
    BOOST_TEST(end.stream->closed());
    BOOST_TEST(!end.stream->leave());
    end.stream = parcel->arrive(elsewhere, &elsewhere_links);
    BOOST_REQUIRE(end.stream);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_stream_goes_on_in_another_loop) {
  for (const bool secure : {false, true}) {
    Two t(secure);
    BOOST_TEST(t.near.stream->write("before"));
    BOOST_TEST(t.far.stream->write("before"));
    t.until([&] { return t.far.got == "before" && t.near.got == "before"; });
    const std::uint32_t link = t.far.stream->link_id();
    t.move(t.far);
    BOOST_TEST(t.far.stream->link_id() == link);
    BOOST_TEST(t.near.stream->write(" meanwhile"));
    t.settle();
    t.elsewhere.turn();
    BOOST_TEST(t.far.got == "before");  // nothing is read before `start`
    t.far.stream->start(t.far.events());
    BOOST_TEST(t.far.stream->write(" after"));
    t.until_both([&] { return t.far.got == "before meanwhile" && t.near.got == "before after"; });
    BOOST_TEST(t.near.ended == 0);

    // The counts went along: both ends agree on every byte.
    BOOST_TEST(t.far_links.open().empty());
    const auto near = t.near_links.open().at(link);
    const auto moved = t.elsewhere_links.open().at(link);
    BOOST_TEST(near.sent == moved.consumed);
    BOOST_TEST(near.consumed == moved.sent);

    t.near.stream->close();
    t.until_both([&] { return t.far.ended == 1; });
    BOOST_TEST(!t.far.error);
    t.far.stream.reset();
  }
}

BOOST_AUTO_TEST_CASE(a_unix_socket_goes_as_well) {
  Two t(false, "/tmp/campanile-moving-" + std::to_string(::getpid()) + ".sock");
  t.move(t.near);
  t.near.stream->start(t.near.events());
  BOOST_TEST(t.far.stream->write("here"));
  t.until_both([&] { return t.near.got == "here"; });
  t.near.stream.reset();
}

// The receiver leaves inside its own callback, again and again, while a megabyte arrives, cut
// anywhere: through records of TLS, too.
BOOST_AUTO_TEST_CASE(no_byte_is_lost_or_doubled_by_leaving_in_the_midst) {
  for (const bool secure : {false, true}) {
    Two t(secure);
    std::string much;
    for (std::size_t i = 0; i < 1'000'000; ++i) much += static_cast<char>('a' + i * i % 23);
    std::unique_ptr<net::Parcel> parcel;
    int moves = 0;
    std::size_t at_last_move = 0;
    std::function<void()> begin = [&] {
      auto events = t.far.events();
      events.on_data = [&](std::string_view bytes) {
        t.far.got += bytes;
        if (t.far.got.size() < at_last_move + 30'000) return;
        at_last_move = t.far.got.size();
        parcel = t.far.stream->leave();
        BOOST_REQUIRE(parcel);
      };
      t.far.stream->start(std::move(events));
    };
    begin();
    BOOST_TEST(t.near.stream->write(much));
    t.until_both([&] {
      if (parcel) {
        t.far.stream = parcel->arrive(++moves % 2 != 0 ? t.elsewhere : t.loop, nullptr);
        parcel.reset();
        begin();
      }
      return t.far.got.size() == much.size();
    });
    BOOST_TEST((t.far.got == much));
    BOOST_TEST(moves >= 10);
    t.far.stream.reset();
  }
}

BOOST_AUTO_TEST_CASE(who_still_has_something_to_send_or_has_ended_stays) {
  for (const bool secure : {false, true}) {
    Two t(secure);
    t.far.stream->pause_reading();
    const std::string much(8'000'000, 'm');
    BOOST_TEST(t.near.stream->write(much));
    BOOST_TEST(t.near.stream->queued() > 0U);
    BOOST_TEST(!t.near.stream->leave());
    BOOST_TEST(!t.near.stream->closed());
    t.far.stream->resume_reading();
    t.until([&] { return t.far.got.size() == much.size(); });

    t.near.stream->finish();
    BOOST_TEST(!t.near.stream->leave());
    t.until([&] { return t.far.ended == 1; });
    BOOST_TEST(!t.far.stream->leave());
  }
}

BOOST_AUTO_TEST_CASE(a_parcel_that_nobody_opens_closes_the_stream) {
  for (const bool secure : {false, true}) {
    Two t(secure);
    t.far.stream->leave().reset();
    t.until([&] { return t.near.ended == 1; });
  }
}

// As the program does it: one thread has the door, another one the media.
BOOST_AUTO_TEST_CASE(a_stream_goes_to_another_thread) {
  for (const bool secure : {false, true}) {
    Two t(secure);
    std::unique_ptr<net::Parcel> parcel = t.far.stream->leave();
    BOOST_REQUIRE(parcel);
    std::thread thread([&parcel] {
      net::SystemClock clock;
      net::Loop loop(clock);
      auto stream = parcel->arrive(loop, nullptr);
      std::size_t got = 0;
      stream->start({.on_open = {},
                     .on_data =
                         [&](std::string_view bytes) {
                           got += bytes.size();
                           (void)stream->write(bytes);
                         },
                     .on_end = [&](std::error_code) { loop.stop(); },
                     .on_drained = {}});
      loop.run();
      stream.reset();
    });
    const std::string much(200'000, 'm');
    BOOST_TEST(t.near.stream->write(much));
    t.until([&] { return t.near.got == much; });
    t.near.stream->close();
    t.near.stream.reset();
    t.settle();
    thread.join();
  }
}

BOOST_AUTO_TEST_CASE(an_owner_who_comes_after_the_end_hears_of_it) {
  for (const bool secure : {false, true}) {
    Two t(secure);
    t.near.stream->close();
    t.until([&] { return t.far.ended == 1; });
    End second;
    t.far.stream->start(second.events());
    BOOST_TEST(second.ended == 0);
    t.until([&] { return second.ended == 1; });
    t.settle();
    BOOST_TEST(second.ended == 1);
    BOOST_TEST(t.far.ended == 1);
  }
}

// --- the HTTP server hands out a connection

namespace {

constexpr std::string_view upgrade =
    "GET /media HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

struct Door : Two {
  std::vector<http::ExchangeId> asked{};
  std::function<void(http::ExchangeId)> on_asked{};
  std::unique_ptr<http::Server> server{};
  End client{};

  explicit Door(bool with_tls, http::Limits limits = {}) : Two(with_tls) {
    server = std::make_unique<http::Server>(
        loop,
        http::Server::Options{
            .limits = limits, .tls = with_tls ? &servers : nullptr, .links = &far_links},
        [this](http::ExchangeId id, const http::Request&) {
          asked.push_back(id);
          if (on_asked) on_asked(id);
        });
    auto events = client.events();
    if (with_tls) {
      events.on_open = [this] {
        client.stream =
            std::make_unique<tls::Stream>(loop, std::move(client.stream),
                                          clients.connect("localhost", 1), tls::Stream::Options{});
        client.stream->start(client.events());
      };
    }
    client.stream = net::Stream::connect(loop, {.address = "127.0.0.1", .port = server->port()}, {},
                                         std::move(events));
    until([&] { return client.open; });
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_connection_is_handed_out_with_what_came_early) {
  for (const bool secure : {false, true}) {
    for (const bool at_once : {false, true}) {  // inside on_request, or later
      Door d(secure);
      std::optional<http::TakenOver> taken;
      if (at_once) d.on_asked = [&](http::ExchangeId id) { taken = d.server->take_over(id); };
      BOOST_TEST(d.client.stream->write(std::string(upgrade) + "early"));
      d.until([&] { return d.asked.size() == 1; });
      if (!at_once) {
        BOOST_TEST(d.client.stream->write(" bird"));
        d.settle();
        taken = d.server->take_over(d.asked.front());
      }
      BOOST_REQUIRE(taken);
      BOOST_TEST(taken->early == (at_once ? "early" : "early bird"));
      BOOST_TEST(d.server->connections() == 0U);
      BOOST_TEST(!d.server->take_over(d.asked.front()));
      d.server->answer(d.asked.front(), {});  // nobody's any more
      BOOST_TEST(d.client.stream->write("late"));
      d.settle();
      d.advance(60s);  // none of the server's times holds for it

      End end;
      end.stream = std::move(taken->stream);
      BOOST_TEST(end.stream->write("HTTP/1.1 101"));
      end.stream->start(end.events());
      d.until([&] { return end.got == "late" && d.client.got == "HTTP/1.1 101"; });
      d.client.stream->close();
      d.until([&] { return end.ended == 1; });
    }
  }
}

BOOST_AUTO_TEST_CASE(a_connection_that_was_handed_out_goes_on_in_another_loop) {
  for (const bool secure : {false, true}) {
    Door d(secure);
    End end;
    d.on_asked = [&](http::ExchangeId id) {
      auto taken = d.server->take_over(id);
      BOOST_REQUIRE(taken);
      BOOST_TEST(taken->stream->write("101"));
      auto parcel = taken->stream->leave();
      BOOST_REQUIRE(parcel);
      end.stream = parcel->arrive(d.elsewhere, nullptr);
      end.stream->start(end.events());
    };
    BOOST_TEST(d.client.stream->write(upgrade));
    d.until_both([&] { return d.client.got == "101"; });
    d.server.reset();
    BOOST_TEST(d.client.stream->write("on and on"));
    d.until_both([&] { return end.got == "on and on"; });
    end.stream.reset();
  }
}

BOOST_AUTO_TEST_CASE(who_wants_no_upgrade_answers_as_always) {
  Door d(false);
  BOOST_TEST(d.client.stream->write(std::string(upgrade) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  d.until([&] { return d.asked.size() == 1; });
  d.server->answer(d.asked.front(), {.status = 404, .headers = {}, .body = "no"});
  d.until([&] { return d.asked.size() == 2; });
  d.server->answer(d.asked.back(), {.status = 200, .headers = {}, .body = "yes"});
  d.until([&] { return d.client.got.ends_with("yes"); });
  BOOST_TEST(d.client.got.starts_with("HTTP/1.1 404"));
  BOOST_TEST(d.client.ended == 0);
}

BOOST_AUTO_TEST_CASE(a_connection_whose_client_has_left_is_not_handed_out) {
  Door d(false);
  BOOST_TEST(d.client.stream->write(upgrade));
  d.until([&] { return d.asked.size() == 1; });
  d.client.stream->close();
  d.until([&] { return d.server->connections() == 0; });
  BOOST_TEST(!d.server->take_over(d.asked.front()));
}

BOOST_AUTO_TEST_CASE(a_connection_that_was_handed_out_makes_room) {
  http::Limits limits;
  limits.connections_max = 1;
  Door d(false, limits);
  std::vector<http::TakenOver> taken;
  d.on_asked = [&](http::ExchangeId id) { taken.push_back(*d.server->take_over(id)); };
  BOOST_TEST(d.client.stream->write(upgrade));
  d.until([&] { return taken.size() == 1; });
  End next;
  next.stream = net::Stream::connect(d.loop, {.address = "127.0.0.1", .port = d.server->port()}, {},
                                     next.events());
  d.until([&] { return next.open; });
  BOOST_TEST(next.stream->write(upgrade));
  d.until([&] { return taken.size() == 2; });
}

BOOST_AUTO_TEST_SUITE_END()
