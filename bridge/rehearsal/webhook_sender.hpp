#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "bridge/http/client.hpp"
#include "bridge/rehearsal/carrier_options.hpp"
#include "bridge/rehearsal/counters.hpp"
#include "bridge/rehearsal/order.hpp"
#include "bridge/rehearsal/timetable.hpp"
#include "bridge/rehearsal/webhook_override.hpp"
#include "bridge/tls/client_context.hpp"

namespace bridge::rehearsal {

// What came of one webhook, after all its tries.
struct Fetched {
  http::Reply reply{};
  // The carrier's code for what went wrong (protocols.md 2.4): 11200 no usable answer, 11205 no
  // connection, 11210 a URL that cannot be, 11220 not secured, 11235 to 11237 the certificate (for
  // another name, expired, from nobody trusted). 0: answered with 1xx to 3xx.
  int error = 0;

  bool accepted() const {
    return reply.sent == http::Sent::answered && reply.response.status >= 200 &&
           reply.response.status <= 299;
  }
};

// Which webhook it is: of which call, and the how-many-eth of it. What chance does to it and its
// idempotency token follow from these.
struct WebhookName {
  std::string sid{};
  std::uint64_t ordinal = 0;
};

// Sends signed webhooks over HTTP or TLS, within the 15 seconds that the carrier waits, and again
// where its own rule or the URL's fragment says so (protocols.md 2.3, 3). The fragment is neither
// sent nor signed; every try of one webhook carries the same I-Twilio-Idempotency-Token.
class WebhookSender {
 public:
  using Done = std::function<void(const Fetched&)>;

  // All of them outlive the sender; `options` has its credentials filled in. Throws
  // std::runtime_error for a ca_file that cannot be used.
  WebhookSender(net::Loop& loop, net::Links& links, Timetable& timetable,
                const CarrierOptions& options, Counters& counters);
  // Callers that still wait hear nothing any more.
  ~WebhookSender();
  WebhookSender(const WebhookSender&) = delete;
  WebhookSender& operator=(const WebhookSender&) = delete;

  // `done` is called once, later.
  void send(const Callback& callback, const Fields& fields, const WebhookName& name, Done done);

  // A request waits for the wire although there is room: it is about to be written.
  bool about_to_write() const;
  // Whether an answer from this port is waited for.
  bool awaits(std::uint16_t port) const;
  // Programs come and go, each with a port of its own: those that nobody waits for make room. Not
  // to be called while one of them is telling something.
  void tidy();
  // Whom https and wss URLs trust; null: nobody.
  tls::ClientContext* trusted();

 private:
  struct Exchange;
  struct Target {
    std::uint16_t port = 0;
    std::unique_ptr<http::Client> client{};
  };

  void attempt(const std::shared_ptr<Exchange>& exchange);
  void answered(const std::shared_ptr<Exchange>& exchange, const http::Reply& reply);
  void finish(const std::shared_ptr<Exchange>& exchange, const Fetched& fetched);
  // Null: nobody to trust for https.
  http::Client* client_of(const Url& url, const WebhookOverride& rules);

  net::Loop& loop_;
  net::Links& links_;
  Timetable& timetable_;
  const CarrierOptions& options_;
  Counters& counters_;
  std::unique_ptr<tls::ClientContext> trusted_{};
  std::map<std::string, Target> targets_{};  // by scheme, host, port and times
  std::set<std::shared_ptr<Exchange>> open_{};
  bool ending_ = false;
};

}  // namespace bridge::rehearsal
