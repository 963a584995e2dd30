#include "bridge/http/writer.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <chrono>

#include "bridge/http/text.hpp"

namespace bridge::http {
namespace {

void append_number(std::string& out, std::size_t number) {
  std::array<char, 24> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  out.append(text.data(), end);
}

void append_two_digits(std::string& out, unsigned number) {
  out += static_cast<char>('0' + number / 10);
  out += static_cast<char>('0' + number % 10);
}

bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_alphanumeric(c) &&
        std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos)
      return false;
  }
  return !text.empty();
}

bool is_field_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  assert(is_token(name) && is_field_value(value));
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_headers(std::string& out, const std::vector<Header>& headers) {
  for (const Header& header : headers) {
    assert(!equal_without_case(header.name, "content-length") &&
           !equal_without_case(header.name, "connection") &&
           !equal_without_case(header.name, "transfer-encoding") && "said by the writer");
    append_header(out, header.name, header.value);
  }
}

// The same for all that is answered within a second.
void append_date(std::string& out, net::Instant at) {
  thread_local net::Instant second{};
  thread_local std::string text;
  const auto now = std::chrono::floor<std::chrono::seconds>(at);
  if (text.empty() || now != second) {
    second = now;
    text = http_date(now);
  }
  append_header(out, "Date", text);
}

void append_request_head(std::string& out, const Request& request, std::string_view host) {
  assert(is_token(request.method));
  assert(!request.target.empty() &&
         request.target.find_first_of(std::string_view(" \r\n\0", 4)) == std::string::npos);
  out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  if (request.header("Host").empty()) append_header(out, "Host", host);
  append_headers(out, request.headers);
}

}  // namespace

void write_response(std::string& out, const Response& response, const ResponseFraming& framing) {
  assert(response.status >= 100 && response.status <= 599);
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(response.status));
  out.append(" ").append(reason_phrase(response.status)).append("\r\n");
  append_headers(out, response.headers);
  append_date(out, framing.date);
  // RFC 9110 8.6: no length where there cannot be a body.
  const bool may_have_body =
      response.status >= 200 && response.status != 204 && response.status != 304;
  assert(may_have_body || response.body.empty());
  if (may_have_body) {
    out += "Content-Length: ";
    append_number(out, response.body.size());
    out += "\r\n";
  }
  if (!framing.keep_alive) {
    out += "Connection: close\r\n";
  } else if (framing.version_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  if (!framing.answers_head) out += response.body;
}

void write_upgrade_request(std::string& out, const Request& request, std::string_view host) {
  assert(request.body.empty());
  append_request_head(out, request, host);
  out += "Connection: Upgrade\r\n\r\n";
}

void write_switching_response(std::string& out, const Response& response) {
  assert(response.status == 101 && response.body.empty());
  out.append("HTTP/1.1 101 ").append(reason_phrase(101)).append("\r\n");
  append_headers(out, response.headers);
  out += "Connection: Upgrade\r\n\r\n";
}

void write_request(std::string& out, const Request& request, std::string_view host) {
  append_request_head(out, request, host);
  // RFC 9110 8.6: a length of 0 is said where the method means to bring something.
  const bool brings_body = request.method == "POST" || request.method == "PUT" ||
                           request.method == "PATCH" || !request.body.empty();
  if (brings_body) {
    out += "Content-Length: ";
    append_number(out, request.body.size());
    out += "\r\n";
  }
  out += "Connection: keep-alive\r\n\r\n";
  out += request.body;
}

std::string http_date(net::Instant at) {
  using namespace std::chrono;
  constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = floor<std::chrono::days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(floor<seconds>(at - day));
  std::string text;
  text.append(days[weekday(day).c_encoding()]).append(", ");
  append_two_digits(text, static_cast<unsigned>(date.day()));
  text.append(" ").append(months[static_cast<unsigned>(date.month()) - 1]).append(" ");
  const auto year_number = static_cast<unsigned>(static_cast<int>(date.year()));
  append_two_digits(text, year_number / 100 % 100);
  append_two_digits(text, year_number % 100);
  text += ' ';
  append_two_digits(text, static_cast<unsigned>(time.hours().count()));
  text += ':';
  append_two_digits(text, static_cast<unsigned>(time.minutes().count()));
  text += ':';
  append_two_digits(text, static_cast<unsigned>(time.seconds().count()));
  text += " GMT";
  return text;
}

}  // namespace bridge::http
