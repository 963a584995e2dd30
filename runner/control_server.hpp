#pragma once

#include <filesystem>

#include "bridge/http/server.hpp"
#include "bridge/net/loop.hpp"

namespace runner {

class Live;

// The control interface of the running program: HTTP and JSON over a Unix socket beside the log,
// whose file mode is the permission. Never on the public door.
//   GET  /status
//   POST /campaigns                {"file", "skip_bad_rows", "encoding", "accept_change",
//   "countries"} POST /campaigns/<id>/pause     {"reason"} POST /campaigns/<id>/resume POST
//   /campaigns/<id>/cancel    {"reason"} POST /cancel                   {"reason"}: every campaign
//   POST /calls/<attempt>/resolve  {"as", "reason"}
//   POST /numbers/<key>/suppress   {"reason", "until"}; <key>: as the log knows the number
//   POST /numbers/<key>/unsuppress {"reason"}
//   POST /forget                   {"number_key"}; without one: whoever has expired
// 200 when it is durable, and nobody's key is left to destroy; 409 with
// {"problems":[{"where","what","cure"}]} when it was refused. While the disk is full the status
// says so at once; its "position" is the last event on disk.
class ControlServer {
 public:
  // `loop` and `live` outlive it. Throws std::system_error when the socket cannot be made.
  ControlServer(bridge::net::Loop& loop, const std::filesystem::path& socket, Live& live);
  ~ControlServer();

 private:
  void take(bridge::http::ExchangeId id, const bridge::http::Request& request);
  void answer(bridge::http::ExchangeId id, int status, std::string body);
  // Where the campaigns stand now, once that is durable.
  void answer_status(bridge::http::ExchangeId id);

  Live& live_;
  std::filesystem::path socket_;
  bridge::http::Server server_;
};

}  // namespace runner
