#pragma once

#include "campaigns/zone_rules.hpp"

// The clocks of a few zones over a few years, written down by rule and not taken from the machine.
inline campaigns::ZoneRules some_zones() {
  using namespace std::chrono;
  using campaigns::Instant;
  using campaigns::ZoneRules;
  ZoneRules rules;
  const auto steady = [&rules](const char* name, minutes offset) {
    rules.zones[name] = {{Instant::min(), offset}};
  };
  // Summer time of the European Union: last Sundays of March and October, 01:00 UTC.
  const auto european = [&rules](const char* name, minutes winter) {
    std::vector<ZoneRules::Transition> all{{Instant::min(), winter}};
    for (int y = 2024; y <= 2030; ++y) {
      const auto change = [y](month m) {
        return Instant{sys_days{year{y} / m / Sunday[last]}} + hours{1};
      };
      all.push_back({change(March), winter + hours{1}});
      all.push_back({change(October), winter});
    }
    rules.zones[name] = std::move(all);
  };
  european("Europe/Rome", hours{1});
  european("Europe/Zurich", hours{1});
  european("Europe/London", hours{0});
  european("Europe/Madrid", hours{1});
  european("Atlantic/Canary", hours{0});
  steady("America/Sao_Paulo", -hours{3});
  steady("Asia/Kolkata", hours{5} + minutes{30});
  steady("Asia/Kathmandu", hours{5} + minutes{45});
  // Summer is half an hour: from the first Sunday of October to that of April, at 02:00 of the
  // clock that goes until then.
  std::vector<ZoneRules::Transition> lord_howe{{Instant::min(), hours{11}}};
  for (int y = 2024; y <= 2030; ++y) {
    const auto before = [y](month m) { return Instant{sys_days{year{y} / m / Sunday[1]}}; };
    lord_howe.push_back({before(April) - hours{9}, hours{10} + minutes{30}});
    lord_howe.push_back({before(October) - hours{8} - minutes{30}, hours{11}});
  }
  rules.zones["Australia/Lord_Howe"] = std::move(lord_howe);
  steady("America/New_York", -hours{5});
  rules.country_zones = {{"IT", {"Europe/Rome"}},
                         {"CH", {"Europe/Zurich"}},
                         {"GB", {"Europe/London"}},
                         {"IN", {"Asia/Kolkata"}},
                         {"ES", {"Europe/Madrid", "Atlantic/Canary"}},
                         {"US", {"America/New_York", "America/Chicago"}}};
  rules.digest = "some";
  return rules;
}
