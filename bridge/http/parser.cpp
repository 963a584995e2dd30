#include "bridge/http/parser.hpp"

#include <llhttp.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include "bridge/http/text.hpp"

namespace bridge::http {
namespace {

constexpr std::size_t headers_expected = 16;
constexpr int interim_responses_max = 8;
constexpr std::size_t blank_bytes_max = 4;     // CRLF before a first line, as RFC 9112 2.2 allows
constexpr std::uint64_t first_line_extra = 2;  // its CRLF

bool is_capital(char c) {
  return c >= 'A' && c <= 'Z';
}

bool is_host_character(char c) {
  return is_alphanumeric(c) || std::string_view(".-_~%:[]").find(c) != std::string_view::npos;
}

}  // namespace

struct Parser::Block {
  llhttp_t llhttp{};
  Options options{};
  State state = State::idle;
  int verdict = 0;

  // Where in the head the raw bytes are. llhttp neither counts nor tells line ends and folds apart.
  bool in_first_line = true;
  bool version_seen = false;
  bool in_trailers = false;
  char last_byte = 0;
  std::string first_line{};
  std::size_t blank_bytes = 0;
  std::size_t line_bytes = 0;
  std::size_t header_bytes = 0;
  std::size_t header_lines = 0;
  std::size_t trailer_bytes = 0;

  bool name_open = false;  // the last header's name is still being read
  bool keep_alive = false;
  bool expects_continue = false;
  bool version_1_0 = false;
  bool no_body = false;
  std::size_t body_max = 0;  // of the message whose head was read
  int interim_responses = 0;

  Request request{};
  Response response{};

  std::vector<Header>& headers() { return is_request() ? request.headers : response.headers; }
  std::string& body() { return is_request() ? request.body : response.body; }
  bool is_request() const { return options.mode == Mode::request; }

  // The next message begins. llhttp keeps nothing of the last one.
  void begin() {
    llhttp_reset(&llhttp);
    state = State::idle;
    in_first_line = true;
    version_seen = in_trailers = name_open = false;
    first_line.clear();
    blank_bytes = line_bytes = header_bytes = header_lines = trailer_bytes = 0;
    keep_alive = expects_continue = false;
    request = {};
    response = {};
  }

  void refuse(int status) {
    state = State::refused;
    verdict = status;
  }

  // For callbacks: llhttp stops with an error, and `execute` finds the verdict.
  int stop(int status) {
    verdict = status;
    return -1;
  }
  int stop_in_data(int status) {
    verdict = status;
    return HPE_USER;
  }

  std::size_t feed(std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && state != State::complete && state != State::refused) {
      const std::string_view rest = bytes.substr(used);
      if (state == State::idle) {
        used += skip_blank(rest);
      } else if (state == State::head) {
        used += feed_head(rest);
      } else {
        used += execute(rest);
      }
    }
    return used;
  }

  std::size_t skip_blank(std::string_view bytes) {
    const char c = bytes.front();
    const bool line_feed_due = blank_bytes % 2 == 1;
    if (c != '\r' && c != '\n' && !line_feed_due) {
      state = State::head;
      if (headers().capacity() == 0) headers().reserve(headers_expected);
      return 0;
    }
    if (c != (line_feed_due ? '\n' : '\r') || ++blank_bytes > blank_bytes_max) refuse(400);
    return 1;
  }

  // Looks at the raw lines, gives llhttp what is in order, and refuses at the first byte that is
  // not; but what llhttp refuses before that byte comes first.
  std::size_t feed_head(std::string_view bytes) {
    std::size_t at = 0;
    int objection = 0;
    bool head_ends = false;
    while (at < bytes.size() && objection == 0 && !head_ends) {
      if (!in_first_line && line_bytes == 0 && (bytes[at] == ' ' || bytes[at] == '\t')) {
        objection = 400;  // obs-fold
        break;
      }
      const std::size_t line_feed = bytes.find('\n', at);
      const bool whole = line_feed != std::string_view::npos;
      const std::size_t end = whole ? line_feed + 1 : bytes.size();
      const std::size_t room = in_first_line
                                   ? options.first_line_bytes_max + first_line_extra - line_bytes
                                   : options.header_bytes_max - header_bytes;
      if (end - at > room) {
        at += room;
        objection = in_first_line ? 414 : 431;
        break;
      }
      line_bytes += end - at;
      if (!in_first_line) header_bytes += end - at;
      if (whole) {
        const char before = line_feed > 0 ? bytes[line_feed - 1] : last_byte;
        const bool empty = line_bytes == 2;
        if (before != '\r' || line_bytes < 2) {
          at = line_feed;  // llhttp would take it for an end
          objection = 400;
          break;
        }
        if (in_first_line) {
          at = end;
          break;  // llhttp first: has the line a version?
        } else if (empty) {
          head_ends = true;
        } else if (++header_lines > options.headers_max) {
          objection = 431;
        }
        line_bytes = 0;
      }
      at = end;
    }
    const bool line_ended = in_first_line && at > 0 && bytes[at - 1] == '\n' && objection == 0;
    if (at > 0) {
      last_byte = bytes[at - 1];
      if (in_first_line) first_line.append(bytes.substr(0, at));
      const std::size_t used = execute(bytes.substr(0, at));
      if (state != State::head) return used;
    }
    if (objection != 0) {
      refuse(objection);
    } else if (line_ended) {
      in_first_line = false;
      line_bytes = 0;
      if (!version_seen) {
        refuse(505);  // HTTP/0.9
      } else if (is_request() && !first_line_is_exact()) {
        refuse(400);
      }
    } else if (head_ends) {
      refuse(400);  // llhttp saw no end where there is one
    }
    return at;
  }

  // llhttp takes several blanks for one, and RTSP and ICE for HTTP.
  bool first_line_is_exact() const {
    const auto method = static_cast<llhttp_method_t>(llhttp.method);
    const std::string_view name = llhttp_method_name(method);
    const std::string_view line = first_line;
    const std::size_t target_at = name.size() + 1;
    const std::size_t version_at = target_at + request.target.size() + 1;
    constexpr std::string_view version = "HTTP/1.";
    return line.size() == version_at + version.size() + 1 + first_line_extra &&
           line.starts_with(name) && line[name.size()] == ' ' &&
           line.substr(target_at, request.target.size()) == request.target &&
           line[version_at - 1] == ' ' && line.substr(version_at, version.size()) == version;
  }

  std::size_t execute(std::string_view bytes) {
    const llhttp_errno_t error = llhttp_execute(&llhttp, bytes.data(), bytes.size());
    if (error == HPE_OK) return bytes.size();
    const char* stopped_at = llhttp_get_error_pos(&llhttp);
    const std::size_t used =
        stopped_at == nullptr ? bytes.size() : static_cast<std::size_t>(stopped_at - bytes.data());
    if (error == HPE_PAUSED && state == State::complete) {
      if (is_interim()) begin_after_interim();
      return used;
    }
    if (verdict != 0) {
      refuse(verdict);
    } else {
      refuse(status_of(error, used < bytes.size() ? bytes[used] : '\0'));
    }
    return bytes.size();
  }

  int status_of(llhttp_errno_t error, char at) const {
    if (error == HPE_INVALID_VERSION && !version_seen) return 505;
    // A method that is not known, or no HTTP at all?
    const bool begins_well = !first_line.empty() && is_capital(first_line.front());
    if (error == HPE_INVALID_METHOD && begins_well && (is_capital(at) || at == ' ')) return 501;
    return 400;
  }

  bool is_interim() const {
    return !is_request() && response.status / 100 == 1 &&
           !(options.switching && response.status == 101);
  }

  void begin_after_interim() {
    // Nobody asked for another protocol.
    if (response.status == 101 || ++interim_responses > interim_responses_max) {
      refuse(400);
    } else {
      begin();
    }
  }

  int version_complete() {
    version_seen = true;
    const int major = llhttp_get_http_major(&llhttp);
    const int minor = llhttp_get_http_minor(&llhttp);
    if (major != 1 || (minor != 0 && minor != 1)) return stop(505);
    version_1_0 = minor == 0;
    return 0;
  }

  int url_complete() {
    if (llhttp_get_method(&llhttp) == HTTP_CONNECT) return stop(501);
    const std::string& target = request.target;
    const bool visible = std::all_of(target.begin(), target.end(),
                                     [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
    if (target.empty() || target.front() != '/' || !visible) return stop(400);
    return 0;
  }

  int header_field(std::string_view part) {
    if (in_trailers) return is_request() ? stop_in_data(400) : trailer(part);
    if (!name_open) {
      headers().emplace_back();
      name_open = true;
    }
    headers().back().name.append(part);
    return 0;
  }

  int header_value(std::string_view part) {
    if (in_trailers) return trailer(part);
    headers().back().value.append(part);
    return 0;
  }

  // RFC 9112 5: blanks behind a value are not of it.
  int trim_value() {
    if (in_trailers) return 0;
    std::string& value = headers().back().value;
    value.resize(value.find_last_not_of(" \t") + 1);
    return 0;
  }

  // As for a byte that llhttp refuses: of what stands before that it tells only where the bytes
  // were cut.
  int trailer(std::string_view part) {
    trailer_bytes += part.size();
    return trailer_bytes > options.header_bytes_max ? stop_in_data(400) : 0;
  }

  int headers_complete() {
    if (in_trailers) return 0;
    int hosts = 0;
    int codings = 0;
    for (const Header& header : headers()) {
      if (header.name.empty()) return stop(400);
      if (equal_without_case(header.name, "host")) {
        ++hosts;
        if (header.value.empty() ||
            !std::all_of(header.value.begin(), header.value.end(), is_host_character)) {
          if (is_request()) return stop(400);
        }
      } else if (equal_without_case(header.name, "transfer-encoding")) {
        ++codings;
        if (!equal_without_case(header.value, "chunked")) return stop(501);
      } else if (equal_without_case(header.name, "expect")) {
        expects_continue = equal_without_case(header.value, "100-continue");
      }
    }
    if (codings > 1 || (codings == 1 && version_1_0)) return stop(400);
    const bool chunked = codings == 1;
    const bool bodiless = !is_request() && no_body;
    body_max = options.body_bytes_max;
    if (is_request() && options.body_bytes_max_of) body_max = options.body_bytes_max_of(request);
    if (!chunked && !bodiless && llhttp.content_length > body_max) return stop(413);
    if (is_request()) {
      if (hosts > 1 || (hosts == 0 && !version_1_0)) return stop(400);
      const auto method = static_cast<llhttp_method_t>(llhttp_get_method(&llhttp));
      if ((method == HTTP_GET || method == HTTP_HEAD) && (chunked || llhttp.content_length > 0)) {
        return stop(400);
      }
      request.method = llhttp_method_name(method);
      request.version_1_0 = version_1_0;
    } else {
      response.status = llhttp_get_status_code(&llhttp);
      if (response.status < 100 || response.status > 599) return stop(400);
    }
    state = State::body;
    in_trailers = true;  // headers from here on would be trailers
    if (!chunked && !bodiless) body().reserve(llhttp.content_length);
    return bodiless ? 1 : 0;
  }

  int chunk_header() { return llhttp.content_length > body_max - body().size() ? stop(413) : 0; }

  int body_part(std::string_view part) {
    if (part.size() > body_max - body().size()) return stop_in_data(413);
    body().append(part);
    return 0;
  }

  int message_complete() {
    state = State::complete;
    // Later llhttp no longer knows. Never true for a response that ends with its connection.
    keep_alive = llhttp_should_keep_alive(&llhttp) != 0;
    return HPE_PAUSED;
  }

  static Block& of(llhttp_t* parser) { return *static_cast<Block*>(parser->data); }
  static const llhttp_settings_t& settings();
};

const llhttp_settings_t& Parser::Block::settings() {
  static const llhttp_settings_t all = [] {
    llhttp_settings_t s{};
    llhttp_settings_init(&s);
    s.on_url = [](llhttp_t* p, const char* at, std::size_t size) noexcept {
      of(p).request.target.append(at, size);
      return 0;
    };
    s.on_url_complete = [](llhttp_t* p) noexcept { return of(p).url_complete(); };
    s.on_version_complete = [](llhttp_t* p) noexcept { return of(p).version_complete(); };
    s.on_header_field = [](llhttp_t* p, const char* at, std::size_t size) noexcept {
      return of(p).header_field({at, size});
    };
    s.on_header_field_complete = [](llhttp_t* p) noexcept {
      of(p).name_open = false;
      return 0;
    };
    s.on_header_value_complete = [](llhttp_t* p) noexcept { return of(p).trim_value(); };
    s.on_header_value = [](llhttp_t* p, const char* at, std::size_t size) noexcept {
      return of(p).header_value({at, size});
    };
    // Extensions of chunks are read differently by different programs, and mean nothing to ours.
    s.on_chunk_extension_name = [](llhttp_t* p, const char*, std::size_t) noexcept {
      return of(p).stop_in_data(400);
    };
    s.on_headers_complete = [](llhttp_t* p) noexcept { return of(p).headers_complete(); };
    s.on_chunk_header = [](llhttp_t* p) noexcept { return of(p).chunk_header(); };
    s.on_body = [](llhttp_t* p, const char* at, std::size_t size) noexcept {
      return of(p).body_part({at, size});
    };
    s.on_message_complete = [](llhttp_t* p) noexcept { return of(p).message_complete(); };
    return s;
  }();
  return all;
}

Parser::Parser(const Options& options) : block_(std::make_unique<Block>()) {
  block_->options = options;
  const llhttp_type_t type = options.mode == Mode::request ? HTTP_REQUEST : HTTP_RESPONSE;
  llhttp_init(&block_->llhttp, type, &Block::settings());
  block_->llhttp.data = block_.get();
}

Parser::~Parser() = default;

std::size_t Parser::feed(std::string_view bytes) {
  assert(state() != State::complete && state() != State::refused);
  return block_->feed(bytes);
}

void Parser::finish() {
  Block& b = *block_;
  if (b.state == State::complete || b.state == State::refused) return;
  if (b.state == State::idle && b.blank_bytes == 0) return;
  if (b.state == State::body) llhttp_finish(&b.llhttp);  // calls back if the end completes it
  if (b.state != State::complete) b.refuse(400);
}

Parser::State Parser::state() const {
  return block_->state;
}
int Parser::refusal() const {
  return block_->verdict;
}
bool Parser::keep_alive() const {
  return block_->keep_alive;
}
bool Parser::is_head() const {
  return block_->first_line.starts_with("HEAD ");
}
bool Parser::expects_continue() const {
  return block_->expects_continue;
}
bool Parser::version_1_0() const {
  return block_->version_1_0;
}

Request Parser::take_request() {
  assert(state() == State::complete);
  Request request = std::move(block_->request);
  block_->begin();
  return request;
}

Response Parser::take_response() {
  assert(state() == State::complete);
  Response response = std::move(block_->response);
  block_->interim_responses = 0;
  block_->begin();
  return response;
}

void Parser::expect_no_body(bool yes) {
  block_->no_body = yes;
}

}  // namespace bridge::http
