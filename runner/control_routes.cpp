#include "runner/control_routes.hpp"

#include <algorithm>
#include <array>

#include "bridge/http/form.hpp"

namespace runner {

namespace {

using Question = ControlQuestion;

constexpr auto member_flag = ControlMember::Kind::flag;
constexpr auto member_number = ControlMember::Kind::number;
constexpr auto member_encoding = ControlMember::Kind::encoding;
constexpr auto member_list = ControlMember::Kind::list;
constexpr ControlMember reason_members[] = {{"reason"}};
constexpr ControlMember submit_members[] = {{"file"},
                                            {"contacts_file"},
                                            {"list"},
                                            {"skip_bad_rows", member_flag},
                                            {"encoding", member_encoding},
                                            {"accept_change", member_flag},
                                            {"countries", member_list}};
constexpr ControlMember add_members[] = {{"file"},
                                         {"contacts", member_list},
                                         {"list"},
                                         {"skip_bad_rows", member_flag},
                                         {"encoding", member_encoding}};
constexpr ControlMember edit_members[] = {{"file"}, {"accept_change", member_flag}};
constexpr ControlMember resolve_members[] = {{"as"}, {"reason"}};
constexpr ControlMember suppress_members[] = {{"reason"}, {"until"}};
constexpr ControlMember list_members[] = {{"on", member_list}, {"off", member_list}};
constexpr ControlMember loaded_members[] = {
    {"as_of"}, {"numbers", member_number}, {"digest"}, {"reason"}};
constexpr ControlMember forget_members[] = {{"number_key"}, {"number"}, {"region"}};
constexpr ControlMember suppress_number_members[] = {{"number"}, {"region"}, {"reason"}, {"until"}};
constexpr ControlMember unsuppress_number_members[] = {{"number"}, {"region"}, {"reason"}};

constexpr ControlRoute routes[] = {
    {"GET", "/healthz", Question::healthy, true, {}},
    {"GET", "/readyz", Question::ready, true, {}},
    {"GET", "/metrics", Question::metrics, false, {}},
    {"GET", "/status", Question::status, false, {}},
    {"POST", "/campaigns", Question::submit, false, submit_members},
    {"POST", "/campaigns/{campaign}/contacts", Question::add, false, add_members},
    {"POST", "/campaigns/{campaign}/edit", Question::edit, false, edit_members},
    {"POST", "/campaigns/{campaign}/pause", Question::order, false, reason_members},
    {"POST", "/campaigns/{campaign}/resume", Question::order, false, {}},
    {"POST", "/campaigns/{campaign}/cancel", Question::order, false, reason_members},
    {"POST", "/cancel", Question::order, false, reason_members},
    {"POST", "/calls/{attempt}/resolve", Question::order, false, resolve_members},
    {"POST", "/numbers/{key}/suppress", Question::order, false, suppress_members},
    {"POST", "/numbers/{key}/unsuppress", Question::order, false, reason_members},
    {"POST", "/lists/{source}/numbers", Question::order, false, list_members},
    {"POST", "/lists/{source}/loaded", Question::order, false, loaded_members},
    {"POST", "/forget", Question::order, false, forget_members},
    {"POST", "/suppress", Question::order, false, suppress_number_members},
    {"POST", "/unsuppress", Question::order, false, unsuppress_number_members},
};

bool fits_in_path(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool leads_to(std::string_view path, std::string_view target, std::string_view& parameter) {
  const auto open = path.find('{');
  if (open == std::string_view::npos) return path == target;
  const auto before = path.substr(0, open);
  const auto after = path.substr(path.find('}') + 1);
  if (!target.starts_with(before) || !target.ends_with(after) ||
      target.size() <= before.size() + after.size()) {
    return false;
  }
  const auto value = target.substr(before.size(), target.size() - before.size() - after.size());
  if (!std::all_of(value.begin(), value.end(), fits_in_path)) return false;
  parameter = value;
  return true;
}

}  // namespace

std::span<const ControlRoute> control_routes() {
  return routes;
}

ControlWay find_control_route(std::string_view method, std::string_view target) {
  const auto [path, query] = bridge::http::split_target(target);
  ControlWay way;
  way.path = path;
  way.query = query;
  for (const auto& route : routes) {
    if (!leads_to(route.path, path, way.parameter)) continue;
    if (route.takes(method)) return {&route, path, query, way.parameter, {}};
    way.allow.append(way.allow.empty() ? "" : ", ").append(route.method);
    if (route.takes("HEAD")) way.allow += ", HEAD";
  }
  return way;
}

}  // namespace runner
