#include "tests/runner/dial_witness.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>

namespace simulation {

namespace {

// "2026-03-29", "08:59:59.999" and the day of the week, 0 for Monday.
struct WallClock {
  std::string date{};
  std::string time{};
  unsigned weekday = 0;
};

bool leap(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

WallClock clock_face(std::int64_t ms) {
  constexpr std::int64_t day_ms = 86'400'000;
  auto days = ms / day_ms;  // since 1970-01-01, a Thursday; nothing here is before it
  const auto rest = ms % day_ms;
  WallClock face;
  face.weekday = static_cast<unsigned>((days + 3) % 7);
  int year = 1970;
  while (days >= (leap(year) ? 366 : 365)) days -= leap(year++) ? 366 : 365;
  const std::array<int, 12> lengths = {31, leap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
                                       31};
  std::size_t month = 0;
  while (days >= lengths[month]) days -= lengths[month++];
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", year, static_cast<int>(month) + 1,
                static_cast<int>(days) + 1);
  face.date = text;
  std::snprintf(text, sizeof text, "%02d:%02d:%02d.%03d", static_cast<int>(rest / 3'600'000),
                static_cast<int>(rest / 60'000 % 60), static_cast<int>(rest / 1000 % 60),
                static_cast<int>(rest % 1000));
  face.time = text;
  return face;
}

std::int64_t ms_of(Instant at) {
  return at.time_since_epoch().count();
}

// Europe's summer begins and ends on the last Sunday of March and of October, at 01:00 UTC.
bool european_summer(std::int64_t ms) {
  const auto face = clock_face(ms);
  const auto month = face.date.substr(5, 2);
  if (month > "03" && month < "10") return true;
  if (month != "03" && month != "10") return false;
  const int day = std::stoi(face.date.substr(8));
  const int sunday_ago = face.weekday == 6 ? 0 : static_cast<int>(face.weekday) + 1;
  const int last_sunday = day - sunday_ago;
  const bool last = last_sunday + 7 > 31;
  const bool after = last && (sunday_ago > 0 || face.time >= "01:00:00.000");
  return month == "03" ? after : !after;
}

WallClock wall_clock(const std::string& zone, Instant at) {
  const auto ms = ms_of(at);
  const auto hours = [](int n) { return std::int64_t{n} * 3'600'000; };
  if (zone == "Europe/Rome") return clock_face(ms + hours(european_summer(ms) ? 2 : 1));
  if (zone == "Europe/London") return clock_face(ms + hours(european_summer(ms) ? 1 : 0));
  if (zone == "Asia/Kolkata") return clock_face(ms + hours(5) + 1'800'000);
  if (zone == "America/Sao_Paulo") return clock_face(ms - hours(3));
  throw std::logic_error("the witness has no clock of " + zone);
}

// The date so many days before a "2026-03-30".
std::string days_before(const std::string& date, int days) {
  using namespace std::chrono;
  const auto then = sys_days{year{std::stoi(date.substr(0, 4))} / std::stoi(date.substr(5, 2)) /
                             std::stoi(date.substr(8, 2))} -
                    std::chrono::days{days};
  return clock_face(duration_cast<milliseconds>(then.time_since_epoch()).count()).date;
}

std::string text_of(std::chrono::minutes time) {
  char text[20];
  std::snprintf(text, sizeof text, "%02d:%02d", static_cast<int>(time.count() / 60),
                static_cast<int>(time.count() % 60));
  return text;
}

bool may_ring(const campaigns::CallingHours& hours, const WallClock& now) {
  for (const auto& off : hours.dates_off) {
    char text[40];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(off.year()),
                  static_cast<unsigned>(off.month()), static_cast<unsigned>(off.day()));
    if (now.date == text) return false;
  }
  return std::any_of(hours.windows.begin(), hours.windows.end(), [&](const auto& window) {
    return (window.days >> now.weekday & 1) != 0 && now.time >= text_of(window.from) &&
           now.time < text_of(window.to);
  });
}

}  // namespace

void DialWitness::expect(const campaigns::Campaign& campaign) {
  lists_[campaign.id].campaign = &campaign;
}

void DialWitness::expect(const std::string& campaign, const std::string& number,
                         const std::string& zone) {
  lists_.at(campaign).zones[number] = zone;
}

const DialWitness::Expected& DialWitness::expected(const std::string& token) const {
  return lists_.at(token.substr(0, token.find('.')));
}

std::int64_t DialWitness::cost(const campaigns::Campaign& campaign,
                               const support::SimulatedCall& call) const {
  const auto begun_minutes = [](std::int64_t seconds) {
    std::int64_t minutes = 0;
    while (minutes * 60 < seconds) ++minutes;
    return minutes;
  };
  // Of a call that goes on nobody knows how long it will last, nor whether a human will be called.
  const auto longest = campaign.call_time.count();
  const auto of_human = campaign.humans().empty() ? 0
                        : !call.over()            ? longest
                                                  : call.human_seconds.value_or(0);
  const auto human = begun_minutes(of_human) * campaign.budget.transfer_per_minute_millionths;
  if (const auto price = carrier_.told_price(call.sid)) return *price + human;
  const auto seconds = call.over() ? call.seconds.value_or(0) : longest;
  return begun_minutes(seconds) * campaign.budget.per_minute_millionths + human;
}

std::int64_t DialWitness::spent(const std::string& campaign) const {
  std::int64_t sum = 0;
  const auto& definition = *lists_.at(campaign).campaign;
  for (const auto& call : carrier_.calls()) {
    if (call.token.substr(0, call.token.find('.')) == campaign) sum += cost(definition, call);
  }
  return sum;
}

std::string DialWitness::too_often(const campaigns::Campaign& campaign, const Orders& before,
                                   Instant at, const std::string& clock) const {
  const auto today = wall_clock(clock, at).date;
  const auto week_begins = days_before(today, 6);
  unsigned calls_today = 0;
  unsigned calls_of_week = 0;
  for (const auto& [then, token] : before) {
    // A call that was taken back before it rang is none; an order that never became one neither.
    const auto calls = carrier_.calls_of(token);
    const bool rang = std::any_of(calls.begin(), calls.end(), [](const auto* call) {
      return call->dialled.has_value() || !call->over();
    });
    if (rang && wall_clock(clock, then).date == today) ++calls_today;
    if (rang && wall_clock(clock, then).date >= week_begins) ++calls_of_week;
  }
  if (calls_today >= campaign.retries.daily_calls_per_number_max) {
    return "the number was called " + std::to_string(calls_today) + " times on " + today +
           ", as it is in " + clock;
  }
  const auto most = campaign.retries.weekly_calls_per_number_max;
  if (most > 0 && calls_of_week >= most) {
    return "the number was called " + std::to_string(calls_of_week) + " times since " +
           week_begins + ", as it was in " + clock;
  }
  return {};
}

std::string DialWitness::judge(const support::SimulatedCarrier::Order& order) {
  const auto& number = order.order.to;
  const auto& list = expected(order.token);
  const auto& campaign = *list.campaign;
  const auto zone = list.zones.find(number);
  if (zone == list.zones.end()) return "the number is not on the list";

  const auto& clock = campaign.hours.zone.empty() ? zone->second : campaign.hours.zone;
  const auto now = wall_clock(clock, order.at);
  if (!may_ring(campaign.hours, now)) {
    return "it is " + now.date + ' ' + now.time + " there, outside the hours";
  }

  for (const auto& required : campaign.suppression_lists) {
    if (!newest_list_ ||
        ms_of(order.at) - ms_of(*newest_list_) >= required.max_age.count() * 1000) {
      return "the suppression list is missing, or past its date";
    }
  }

  // By the campaign's clock, and by their own.
  auto wrong = too_often(campaign, orders_[number], order.at, clock);
  if (wrong.empty()) wrong = too_often(campaign, orders_[number], order.at, zone->second);
  orders_[number].emplace(order.at, order.token);
  if (!wrong.empty()) return wrong;

  if (campaign.budget.limit_millionths == 0) return {};
  const auto sum = spent(campaign.id) + cost(campaign, support::SimulatedCall{});
  if (sum > campaign.budget.limit_millionths) {
    return "with it " + std::to_string(sum) + " may be spent of " +
           std::to_string(campaign.budget.limit_millionths);
  }
  return {};
}

std::string DialWitness::judge_money() const {
  for (const auto& [id, list] : lists_) {
    const auto limit = list.campaign->budget.limit_millionths;
    if (limit == 0) continue;
    if (const auto sum = spent(id); sum > limit) {
      return id + " may cost " + std::to_string(sum) + " of " + std::to_string(limit);
    }
  }
  return {};
}

}  // namespace simulation
