#include "runner/wire_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>

#include "bridge/http/form.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/time.hpp"
#include "webhook/routes.hpp"

namespace runner {

namespace {

template <std::size_t n>
bool is_one_of(std::string_view name, const std::array<std::string_view, n>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// protocols.md 1.2, 1.5, 1.6, 2: what says nothing of a person.
constexpr std::array<std::string_view, 48> kept_fields{"AccountSid",
                                                       "AnsweredBy",
                                                       "ApiVersion",
                                                       "AsyncAmd",
                                                       "CallDuration",
                                                       "CallSid",
                                                       "CallStatus",
                                                       "CallbackSource",
                                                       "Confidence",
                                                       "DialBridged",
                                                       "DialCallDuration",
                                                       "DialCallSid",
                                                       "DialCallStatus",
                                                       "Direction",
                                                       "Duration",
                                                       "ErrorCode",
                                                       "FallbackMethod",
                                                       "MachineDetection",
                                                       "MachineDetectionDuration",
                                                       "MachineDetectionSilenceTimeout",
                                                       "MachineDetectionSpeechEndThreshold",
                                                       "MachineDetectionSpeechThreshold",
                                                       "MachineDetectionTimeout",
                                                       "Method",
                                                       "Page",
                                                       "PageSize",
                                                       "ParentCallSid",
                                                       "Record",
                                                       "RecordingChannels",
                                                       "RecordingDuration",
                                                       "RecordingSid",
                                                       "RecordingSource",
                                                       "RecordingStatus",
                                                       "RecordingStatusCallbackEvent",
                                                       "RecordingStatusCallbackMethod",
                                                       "SequenceNumber",
                                                       "SipResponseCode",
                                                       "StartTime",
                                                       "Status",
                                                       "StatusCallbackEvent",
                                                       "StatusCallbackMethod",
                                                       "StreamEvent",
                                                       "StreamSid",
                                                       "TimeLimit",
                                                       "Timeout",
                                                       "Timestamp",
                                                       "Trim",
                                                       "AsyncAmdStatusCallbackMethod"};
constexpr std::array<std::string_view, 6> number_fields{"To",     "From",          "Caller",
                                                        "Called", "ForwardedFrom", "CallerId"};
constexpr std::array<std::string_view, 9> url_fields{
    "Url",          "StatusCallback",         "FallbackUrl", "RecordingStatusCallback",
    "RecordingUrl", "AsyncAmdStatusCallback", "ErrorUrl",    "action",
    "url"};
constexpr std::array<std::string_view, 18> kept_attributes{
    "voice",   "language", "length",    "timeout",     "numDigits", "input",
    "method",  "loop",     "track",     "finishOnKey", "bargeIn",   "actionOnEmptyResult",
    "version", "encoding", "maxLength", "timeLimit",   "playBeep",  "speechTimeout"};
constexpr std::array<std::string_view, 13> kept_members{
    "sid",        "status",     "direction", "duration",     "answered_by", "queue_time", "price",
    "price_unit", "start_time", "end_time",  "date_created", "code",        "page"};

std::string length_of(std::string_view text) {
  return '(' + std::to_string(text.size()) + (text.size() == 1 ? " byte)" : " bytes)");
}

// Nothing that moves a terminal or ends a line: what comes may be anybody's.
bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string masked_field(std::string_view name, std::string_view value) {
  if (!is_printable(value)) return length_of(value);
  if (is_one_of(name, kept_fields)) return std::string(value.substr(0, 200));
  if (is_one_of(name, number_fields)) return masked_number(value);
  if (is_one_of(name, url_fields)) return masked_url(value);
  return length_of(value);
}

// The token in one of our URLs; empty: there is none.
std::string_view token_in(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    url.remove_prefix(std::min(url.find('/', scheme + 3), url.size()));
  }
  const auto route = webhook::route_of(url.substr(0, url.find_first_of("?#")));
  return route ? route->token : std::string_view{};
}

std::filesystem::path wire_file_of(std::filesystem::path log) {
  log += ".wire";
  return log;
}
std::filesystem::path last_wire_file_of(std::filesystem::path log) {
  log += ".wire.1";
  return log;
}

}  // namespace

std::string masked_number(std::string_view number) {
  if (number.size() < 6) return number.empty() ? "" : "*";
  return "+*" + std::string(number.substr(number.size() - 2));
}

std::string masked_url(std::string_view url) {
  // A fragment is the carrier's business, and always the same.
  std::string out(url.substr(0, url.find_first_of("?#")));
  if (const auto token = token_in(out); !token.empty()) {
    const auto at = static_cast<std::size_t>(token.data() - out.data());
    out.replace(at, token.size(), "*");
  }
  if (url.substr(0, url.find('#')).find('?') != std::string_view::npos) out += "?*";
  return out;
}

std::string masked_form(std::string_view form) {
  const auto fields = bridge::http::decode_form(form);
  if (!fields) return length_of(form) + " that are no form";
  std::string out;
  for (const auto& field : *fields) {
    if (field.value.empty()) continue;
    if (!out.empty()) out += ' ';
    // A name is whatever somebody wrote: a form that nobody signed may come too.
    const bool known = is_one_of(field.name, kept_fields) || is_one_of(field.name, number_fields) ||
                       is_one_of(field.name, url_fields);
    const bool plain = known || (field.name.size() <= 40 && is_printable(field.name) &&
                                 field.name.find_first_of("0123456789+ ") == std::string::npos);
    out += (plain ? field.name : "*") + '=' + masked_field(field.name, field.value);
  }
  return out;
}

std::string masked_twiml(std::string_view twiml) {
  std::string out;
  while (!twiml.empty()) {
    const auto open = std::min(twiml.find('<'), twiml.size());
    const auto text = twiml.substr(0, open);
    if (text.find_first_not_of(" \t\r\n") != std::string_view::npos) out += length_of(text);
    twiml.remove_prefix(open);
    if (twiml.empty()) break;
    auto tag = twiml.substr(0, twiml.find('>') + 1);
    if (tag.empty()) return out + length_of(twiml);
    twiml.remove_prefix(tag.size());
    while (!tag.empty()) {
      const auto equals = tag.find("=\"");
      if (equals == std::string_view::npos) {
        out += tag;
        break;
      }
      const auto end = tag.find('"', equals + 2);
      if (end == std::string_view::npos) return out + length_of(tag);
      const auto begin = tag.find_last_of(" \t\r\n", equals) + 1;
      const auto name = tag.substr(begin, equals - begin);
      const auto value = tag.substr(equals + 2, end - equals - 2);
      out += tag.substr(0, equals + 2);
      out += is_one_of(name, kept_attributes) ? std::string(value)
             : is_one_of(name, url_fields)    ? masked_url(value)
                                              : length_of(value);
      out += '"';
      tag.remove_prefix(end + 1);
    }
  }
  return out;
}

std::string masked_json(std::string_view object) {
  const auto value = nlohmann::json::parse(object.begin(), object.end(), nullptr, false);
  if (!value.is_object()) return object.empty() ? "" : length_of(object);
  std::string out;
  const auto add = [&](std::string_view name, const std::string& text) {
    out += (out.empty() ? "" : " ") + std::string(name) + '=' + text;
  };
  for (const auto name : kept_members) {
    const auto member = value.find(name);
    if (member == value.end()) continue;
    if (member->is_string()) {
      add(name, member->get<std::string>().substr(0, 100));
    } else if (member->is_number_integer()) {
      add(name, std::to_string(member->get<std::int64_t>()));
    }
  }
  if (const auto calls = value.find("calls"); calls != value.end() && calls->is_array()) {
    add("calls", std::to_string(calls->size()));
  }
  return out;
}

WireLog::WireLog(Options options, ReadToken read_token)
    : options_(std::move(options)), read_token_(std::move(read_token)) {
  open();
}

WireLog::~WireLog() {
  if (file_ >= 0) ::close(file_);
}

void WireLog::open() {
  const auto path = wire_file_of(options_.log);
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  struct stat now {};
  bytes_ = file_ >= 0 && ::fstat(file_, &now) == 0 ? static_cast<std::size_t>(now.st_size) : 0;
}

void WireLog::write(const std::string& line) {
  if (bytes_ + line.size() > options_.file_bytes_max && bytes_ > 0) {
    if (file_ >= 0) ::close(file_);
    std::error_code ignored;
    std::filesystem::rename(wire_file_of(options_.log), last_wire_file_of(options_.log), ignored);
    open();
  }
  // A disk that is full must not hold up a call: then the line is missing.
  const auto written = file_ < 0 ? -1 : ::write(file_, line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size())) ++lost_;
  if (written > 0) bytes_ += static_cast<std::size_t>(written);
  if (on_line) on_line(line);
}

void WireLog::webhook(bridge::net::Instant at, bridge::net::Instant answered,
                      const bridge::http::Request& request,
                      const bridge::http::Response& response) {
  const auto target = bridge::http::split_target(request.target);
  const bool get = request.method == "GET";
  const std::string_view form = get ? target.query : std::string_view(request.body);
  std::string sid;
  if (const auto fields = bridge::http::decode_form(form)) {
    sid = std::string(bridge::http::field(*fields, "CallSid")).substr(0, 34);
    if (!is_printable(sid)) sid.clear();
  }
  const auto token = token_in(target.path);
  const auto attempt = token.empty() ? std::nullopt : read_token_(token);
  std::string line;
  campaigns::JsonObject object(line);
  object.member("at", campaigns::rfc3339_utc(at))
      .member("wire", "webhook")
      .member("attempt", attempt ? attempt->text() : "")
      .member("sid", sid)
      .member("request", request.method.substr(0, 10) + ' ' + masked_url(target.path))
      .member("fields", masked_form(form))
      .member("status", response.status)
      .member("answer", masked_twiml(response.body))
      .member("took_ms", (answered - at).count());
  object.close();
  write(line + '\n');
}

void WireLog::rest(bridge::net::Instant at, bridge::net::Instant answered,
                   const bridge::http::Request& request, const bridge::http::Response& response,
                   const std::string& why) {
  const auto target = bridge::http::split_target(request.target);
  const bool get = request.method == "GET";
  const std::string_view form = get ? target.query : std::string_view(request.body);
  std::optional<campaigns::AttemptId> attempt;
  if (const auto fields = bridge::http::decode_form(form)) {
    const auto token = token_in(bridge::http::field(*fields, "Url"));
    if (!token.empty()) attempt = read_token_(token);
  }
  // …/Calls/CA….json, or the sid that the answer gave.
  std::string sid;
  constexpr std::string_view calls = "/Calls/";
  if (const auto found = target.path.find(calls); found != std::string_view::npos) {
    sid = target.path.substr(found + calls.size(), 34);
  } else if (!get) {
    const auto body = nlohmann::json::parse(response.body, nullptr, false);
    if (body.is_object())
      sid = body.value("sid", nlohmann::json("")).is_string() ? body.value("sid", "") : "";
  }
  constexpr std::string_view accounts = "/Accounts/";
  const auto account = target.path.find(accounts);
  auto path = account == std::string_view::npos ? target.path
                                                : target.path.substr(account + accounts.size());
  path.remove_prefix(std::min(path.find('/'), path.size()));
  std::string line;
  campaigns::JsonObject object(line);
  object.member("at", campaigns::rfc3339_utc(at))
      .member("wire", "rest")
      .member("attempt", attempt ? attempt->text() : "")
      .member("sid", sid)
      .member("request", request.method + ' ' + std::string(path))
      .member("fields", masked_form(form));
  if (why.empty()) {
    object.member("status", response.status)
        .member("answer", masked_json(response.body))
        .member("request_id", std::string(response.header("Twilio-Request-Id")).substr(0, 34));
  } else {
    object.member("why", why);
  }
  object.member("took_ms", (answered - at).count());
  object.close();
  write(line + '\n');
}

std::vector<std::filesystem::path> wire_files_of(const std::filesystem::path& log) {
  std::vector<std::filesystem::path> files;
  for (auto path : {last_wire_file_of(log), wire_file_of(log)}) {
    if (std::filesystem::exists(path)) files.push_back(std::move(path));
  }
  return files;
}

std::string wire_text(std::string_view line) {
  const auto value = nlohmann::json::parse(line.begin(), line.end(), nullptr, false);
  if (!value.is_object()) return {};
  const auto text = [&](const char* name) { return value.value(name, std::string()); };
  const bool ours = text("wire") == "rest";
  const auto whose = text("attempt").empty() ? text("sid") : text("attempt");
  std::string out =
      text("at") + ' ' + (whose.empty() ? "-" : whose) + (ours ? " > " : " < ") + text("request");
  if (const auto fields = text("fields"); !fields.empty()) out += ' ' + fields;
  out += ours ? "\n    < " : "\n    > ";
  out += value.contains("why") ? text("why") : std::to_string(value.value("status", 0));
  if (const auto answer = text("answer"); !answer.empty()) out += ' ' + answer;
  return out + " (" + std::to_string(value.value("took_ms", std::int64_t{0})) + " ms)\n";
}

}  // namespace runner
