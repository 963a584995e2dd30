#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

// What the control interface can be asked, once for the server that answers and for the test that
// holds runner/openapi.json against it.
namespace runner {

enum class ControlQuestion : unsigned char {
  healthy,  // does it turn at all
  ready,    // would calls be begun
  metrics,  // for Prometheus
  status,   // where the campaigns stand
  submit,   // a campaign file
  add,      // people to a campaign
  edit,     // a campaign by its changed file
  order,    // one of control_orders.hpp
};

// The body of an order, at most: it may hold a list. Over TCP for whoever shows the token; for
// others it is the HTTP server's own limit.
inline constexpr std::size_t control_order_bytes_max = std::size_t{4} << 20U;

struct ControlMember {
  enum class Kind : unsigned char { text, flag, list, number, encoding };
  std::string_view name{};
  Kind kind = Kind::text;
};

struct ControlRoute {
  std::string_view method{};
  // As OpenAPI writes it: "/campaigns/{campaign}/pause". A parameter holds one or more of
  // [A-Za-z0-9._-].
  std::string_view path{};
  ControlQuestion question = ControlQuestion::order;
  // Over TCP without a token, too: whoever restarts the program has none. Tells nothing of anybody.
  bool open = false;
  // Of the JSON object that is its body. Others are refused, and what is of another kind: it is
  // never taken for missing.
  std::span<const ControlMember> members{};

  // Whoever may GET may ask for the head of it (RFC 9110 9.3.2): the HTTP server leaves the body
  // out.
  constexpr bool takes(std::string_view asked) const {
    return asked == method || (asked == "HEAD" && method == "GET");
  }
};

std::span<const ControlRoute> control_routes();

// Where a request leads. The views are into its target.
struct ControlWay {
  const ControlRoute* route = nullptr;
  std::string_view path{};
  std::string_view query{};      // of which no route knows a word
  std::string_view parameter{};  // of the path, if it has one
  // No route, but another method has one there: those that have, as `Allow` names them.
  std::string allow{};
};

ControlWay find_control_route(std::string_view method, std::string_view target);

}  // namespace runner
