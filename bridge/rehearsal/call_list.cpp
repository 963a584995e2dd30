#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include "bridge/rehearsal/call_book.hpp"

// The list of calls: filters, pages and what stands around them.
namespace bridge::rehearsal {
namespace {

constexpr std::size_t page_size_default = 50;
constexpr std::size_t page_size_max = 1'000;

std::optional<std::size_t> number_of(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return number;
}

using Day = std::chrono::sys_days;

// "2026-08-04", also with a time behind it, which does not count: the list knows days only.
std::optional<Day> day_of(std::string_view text) {
  constexpr std::size_t day_bytes = 10;
  if (text.size() > day_bytes && text[day_bytes] != 'T') return {};
  text = text.substr(0, day_bytes);
  if (text.size() != day_bytes || text[4] != '-' || text[7] != '-') return {};
  const auto year = number_of(text.substr(0, 4));
  const auto month = number_of(text.substr(5, 2));
  const auto day = number_of(text.substr(8, 2));
  if (!year || !month || !day) return {};
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return {};
  return Day(date);
}

// "StartTime", "StartTime<" and "StartTime>" of one instant: on that day, before it, from it on.
struct Days {
  std::optional<Day> on{};
  std::optional<Day> before{};
  std::optional<Day> from{};

  bool take(std::string_view sign, std::string_view text) {
    const auto day = day_of(text);
    if (!day) return false;
    (sign == "<" ? before : sign == ">" ? from : on) = day;
    return true;
  }
  // A call that has no such instant is in no range of days.
  bool holds(const std::optional<net::Instant>& instant) const {
    if (!on && !before && !from) return true;
    if (!instant) return false;
    const Day day = std::chrono::floor<std::chrono::days>(*instant);
    return (!on || day == *on) && (!before || day < *before) && (!from || day >= *from);
  }
};

struct Wish {
  std::string_view to{};
  std::string_view from{};
  std::string_view status{};
  std::string_view parent{};
  Days started{};
  Days ended{};
  std::size_t page_size = page_size_default;
  std::size_t page = 0;
  std::string_view token{};
};

const ApiError bad_page{.code = 20006, .message = "The page is not valid"};

std::variant<Wish, ApiError> read_wish(const Fields& fields) {
  const auto bad_date = [](const Field& field) {
    return ApiError{.code = 20001, .message = field.name + " must be a date as 2026-08-04"};
  };
  Wish wish;
  for (const Field& field : fields) {
    const std::string_view name = field.name;
    constexpr std::string_view start = "StartTime";
    constexpr std::string_view end = "EndTime";
    if (name == "To") {
      wish.to = field.value;
    } else if (name == "From") {
      wish.from = field.value;
    } else if (name == "Status") {
      wish.status = field.value;
    } else if (name == "ParentCallSid") {
      wish.parent = field.value;
    } else if (name == "PageToken") {
      wish.token = field.value;
    } else if (name.starts_with(start)) {
      if (!wish.started.take(name.substr(start.size()), field.value)) return bad_date(field);
    } else if (name.starts_with(end)) {
      if (!wish.ended.take(name.substr(end.size()), field.value)) return bad_date(field);
    } else if (name == "PageSize") {
      const auto size = number_of(field.value);
      if (!size || *size == 0 || *size > page_size_max) {
        return ApiError{.code = 20007, .message = "Page size must be from 1 to 1000"};
      }
      wish.page_size = *size;
    } else if (name == "Page") {
      const auto page = number_of(field.value);
      if (!page) return bad_page;
      wish.page = *page;
    }
  }
  return wish;
}

std::vector<const Call*> chosen_calls(const CallBook& book, const Wish& wish,
                                      net::Instant listed_until) {
  auto calls = wish.to.empty() ? book.newest_first() : book.to(wish.to);
  // Calls placed by the REST interface have no parent.
  if (!wish.parent.empty()) calls.clear();
  std::erase_if(calls, [&](const Call* call) {
    return call->deleted || call->accepted_at > listed_until ||
           (!wish.from.empty() && call->order.from != wish.from) ||
           (!wish.status.empty() && resource_name(call->status) != wish.status) ||
           !wish.started.holds(call->initiated_at) || !wish.ended.holds(call->ended_at);
  });
  return calls;
}

// Where the page begins: after the call that a token "PA…" names, or so that it ends before the one
// that "PB…" names. Nothing: there is no such call.
std::optional<std::size_t> first_of(const std::vector<const Call*>& calls, const Wish& wish) {
  if (wish.token.empty()) return std::min(wish.page * wish.page_size, calls.size());
  const bool after = wish.token.starts_with("PA");
  if (!after && !wish.token.starts_with("PB")) return {};
  const auto named = std::ranges::find(
      calls, wish.token.substr(2), [](const Call* call) -> std::string_view { return call->sid; });
  if (named == calls.end()) return {};
  const auto at = static_cast<std::size_t>(named - calls.begin());
  return after ? at + 1 : at - std::min(at, wish.page_size);
}

}  // namespace

std::variant<std::string, ApiError> list_calls(const CallBook& book, const Fields& wish_fields,
                                               std::string_view query, std::string_view account_sid,
                                               net::Instant now, net::Instant listed_until) {
  const auto read = read_wish(wish_fields);
  if (const auto* bad = std::get_if<ApiError>(&read)) return *bad;
  const Wish& wish = std::get<Wish>(read);
  const auto calls = chosen_calls(book, wish, listed_until);
  const auto first = first_of(calls, wish);
  if (!first) return bad_page;
  const std::size_t end = std::min(*first + wish.page_size, calls.size());

  std::string body = "{\"calls\":[";
  for (std::size_t i = *first; i < end; ++i) {
    if (i > *first) body += ',';
    append_call_json(body, *calls[i], account_sid, now);
  }
  body += "],\"page\":" + std::to_string(wish.page) +
          ",\"page_size\":" + std::to_string(wish.page_size) +
          ",\"start\":" + std::to_string(*first) +
          ",\"end\":" + std::to_string(end == *first ? end : end - 1);
  const std::string path = "/2010-04-01/Accounts/" + std::string(account_sid) + "/Calls.json";
  const auto append_uri = [&](std::string_view name, std::size_t page, const std::string& token) {
    Fields parameters;
    for (const Field& field : wish_fields) {
      if (field.name == "Page" || field.name == "PageToken" || field.name == "PageSize") continue;
      parameters.push_back(field);
    }
    parameters.push_back({"PageSize", std::to_string(wish.page_size)});
    parameters.push_back({"Page", std::to_string(page)});
    if (!token.empty()) parameters.push_back({"PageToken", token});
    body.append(",\"").append(name).append("\":");
    append_json_string(body, path + "?" + write_form(parameters));
  };
  body += ",\"uri\":";
  append_json_string(body, query.empty() ? path : path + "?" + std::string(query));
  append_uri("first_page_uri", 0, {});
  if (end < calls.size()) {
    append_uri("next_page_uri", wish.page + 1, "PA" + calls[end - 1]->sid);
  } else {
    body += ",\"next_page_uri\":null";
  }
  if (*first > 0 && *first < calls.size()) {
    append_uri("previous_page_uri", wish.page - std::min<std::size_t>(wish.page, 1),
               "PB" + calls[*first]->sid);
  } else {
    body += ",\"previous_page_uri\":null";
  }
  body += '}';
  return body;
}

}  // namespace bridge::rehearsal
