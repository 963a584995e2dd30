#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "bridge/http/server.hpp"
#include "bridge/net/loop.hpp"
#include "runner/control_access.hpp"
#include "runner/control_routes.hpp"

namespace runner {

class Live;

// The control interface of the running program: HTTP and JSON over a Unix socket beside the log,
// whose file mode is the permission, and where it was asked for over TCP of this machine, where a
// token is. Never on the public door. runner/openapi.json describes it; control_routes.hpp is its
// table, and each takes
//   POST /campaigns                {"file", "contacts_file" or "list", "skip_bad_rows", "encoding",
//                                   "accept_change", "countries"}
//   POST /campaigns/<id>/contacts  {"file", "contacts" or "list", "skip_bad_rows", "encoding"}
//   POST /campaigns/<id>/edit      {"file", "accept_change"}: without it only what would move
//   POST /campaigns/<id>/pause     {"reason"}, likewise /cancel; /resume
//   POST /cancel                   {"reason"}: every campaign
//   POST /calls/<attempt>/resolve  {"as", "reason"}
//   POST /numbers/<key>/suppress   {"reason", "until"}; <key>: as the log knows the number
//   POST /numbers/<key>/unsuppress {"reason"}
//   POST /suppress                 {"number", "region", "reason", "until"}, likewise /unsuppress
//   POST /forget                   {"number_key"}, or {"number", "region"}; without: whoever
//   expired
// 200 when it is durable, and nobody's key is left to destroy; 409 with
// {"problems":[{"where","what","cure"}]} when it was refused. While the disk is full the status
// says so at once; its "position" is the last event on disk.
class ControlServer {
 public:
  struct Options {
    std::filesystem::path socket{};
    std::optional<ControlTcp> tcp{};
    // Its clients live in real time. Where time jumps, a deadline would be due at once, and would
    // draw the rehearsal's time along: there they have none.
    bool real_time = false;
  };
  // `loop` and `live` outlive it. Throws std::system_error when a socket cannot be made.
  ControlServer(bridge::net::Loop& loop, Options options, Live& live);
  ~ControlServer();

  // Of TCP; 0 where nobody asked for it.
  std::uint16_t port() const { return tcp_ ? tcp_->port() : std::uint16_t{0}; }

 private:
  // Who waits for an answer, on which of the two.
  struct Asked {
    bridge::http::Server* server = nullptr;
    bridge::http::ExchangeId id = 0;
  };
  void take_over_tcp(Asked asked, const bridge::http::Request& request);
  void take(Asked asked, const bridge::http::Request& request);
  void answer(Asked asked, const ControlWay& way, const std::string& text);
  void submit(Asked asked, const std::string& text);
  void add(Asked asked, const std::string& campaign, const std::string& text);
  void edit(Asked asked, const std::string& campaign, const std::string& text);
  void order(Asked asked, const std::string& path, const std::string& text);
  void refuse(Asked asked, int status, const std::string& where, const std::string& what);
  void send(Asked asked, int status, std::string body, std::string_view type = "application/json");
  // Where the campaigns stand now, once that is durable.
  // `taken`: of the list that was just submitted, as JSON.
  void answer_status(Asked asked, const std::string& taken = {});

  Live& live_;
  Options options_;
  bridge::http::Server socket_;
  std::unique_ptr<bridge::http::Server> tcp_{};
};

}  // namespace runner
