#pragma once

#include <string>
#include <string_view>

#include "bridge/http/message.hpp"
#include "bridge/net/clock.hpp"

// Values to the bytes of HTTP/1.1. The length and the connection's fate are said here, so a message
// that brings such a header itself is a mistake of the program, as is a CR, LF or NUL in a name or
// value: both abort.
namespace bridge::http {

struct ResponseFraming {
  bool keep_alive = true;
  bool answers_head = false;  // the length is told, the body is not sent
  bool version_1_0 = false;   // the client does not keep a connection by itself
  net::Instant date{};
};

// Appends to `out`, so that one string can be used again and again.
void write_response(std::string& out, const Response& response, const ResponseFraming& framing);

// `host` is used unless the request brings a Host header. Asks to keep the connection.
void write_request(std::string& out, const Request& request, std::string_view host);

// The same for an exchange that leaves HTTP (RFC 9110 7.8): `Connection: Upgrade`, no body. The
// message itself says to what.
void write_upgrade_request(std::string& out, const Request& request, std::string_view host);
void write_switching_response(std::string& out, const Response& response);

// RFC 9110 5.6.7, as in "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(net::Instant at);

}  // namespace bridge::http
