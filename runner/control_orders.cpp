#include "runner/control_orders.hpp"

#include <cassert>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "bridge/http/form.hpp"
#include "campaigns/phone_number.hpp"

namespace runner {

using campaigns::Command;
using campaigns::Refusal;
using campaigns::Result;
using nlohmann::json;

namespace {

std::vector<std::string> key_texts(const std::vector<campaigns::NumberKey>& keys) {
  std::vector<std::string> texts;
  texts.reserve(keys.size());
  for (const auto key : keys) texts.push_back(campaigns::number_key_text(key));
  return texts;
}

// Nothing where the member is something else than an array of keys; empty where there is none.
std::optional<std::vector<campaigns::NumberKey>> read_keys(const json& members, const char* name) {
  std::vector<campaigns::NumberKey> keys;
  if (!members.is_object() || !members.contains(name)) return keys;
  if (!members[name].is_array()) return {};
  for (const auto& text : members[name]) {
    const auto key = text.is_string() ? campaigns::parse_number_key(text.get<std::string>())
                                      : std::optional<campaigns::NumberKey>();
    if (!key) return {};
    keys.push_back(*key);
  }
  return keys;
}

struct Writer {
  ControlOrder operator()(const campaigns::PauseCampaign& c) const {
    return {campaign_target(c.campaign, "pause"), json{{"reason", c.reason}}.dump()};
  }
  ControlOrder operator()(const campaigns::ResumeCampaign& c) const {
    return {campaign_target(c.campaign, "resume"), "{}"};
  }
  ControlOrder operator()(const campaigns::CancelCampaign& c) const {
    return {campaign_target(c.campaign, "cancel"), json{{"reason", c.reason}}.dump()};
  }
  ControlOrder operator()(const campaigns::CancelAll& c) const {
    return {"/cancel", json{{"reason", c.reason}}.dump()};
  }
  ControlOrder operator()(const campaigns::ResolveCall& c) const {
    return {"/calls/" + c.attempt.text() + "/resolve",
            json{{"as", name_of(c.as)}, {"reason", c.reason}}.dump()};
  }
  ControlOrder operator()(const campaigns::SuppressNumber& c) const {
    json body{{"reason", c.reason}};
    if (c.until) body["until"] = campaigns::rfc3339_utc(*c.until);
    return {"/numbers/" + campaigns::number_key_text(c.key) + "/suppress", body.dump()};
  }
  ControlOrder operator()(const campaigns::UnsuppressNumber& c) const {
    return {"/numbers/" + campaigns::number_key_text(c.key) + "/unsuppress",
            json{{"reason", c.reason}}.dump()};
  }
  ControlOrder operator()(const campaigns::ListNumbers& c) const {
    return {"/lists/" + c.source + "/numbers",
            json{{"on", key_texts(c.on)}, {"off", key_texts(c.off)}}.dump()};
  }
  ControlOrder operator()(const campaigns::LoadSuppressionList& c) const {
    json body{{"numbers", c.numbers}, {"digest", c.list_digest}, {"reason", c.reason}};
    if (c.as_of) body["as_of"] = campaigns::rfc3339_utc(*c.as_of);
    return {"/lists/" + c.source + "/loaded", body.dump()};
  }
  ControlOrder operator()(const campaigns::ForgetNumber& c) const {
    return {"/forget", json{{"number_key", campaigns::number_key_text(c.key)}}.dump()};
  }
  ControlOrder operator()(const campaigns::ForgetExpired&) const { return {"/forget", "{}"}; }
  template <typename Other>
  ControlOrder operator()(const Other&) const {
    assert(false && "no order of an operator");
    return {};
  }
};

// "/campaigns/<name>/<verb>", for this prefix; an empty verb: it is none.
std::pair<std::string, std::string> name_and_verb(std::string_view target,
                                                  std::string_view prefix) {
  const auto slash = target.rfind('/');
  if (target.substr(0, prefix.size()) != prefix || slash < prefix.size()) return {};
  return {std::string(target.substr(prefix.size(), slash - prefix.size())),
          std::string(target.substr(slash + 1))};
}

Refusal bad_order(std::string what) {
  return {"bad_order", std::move(what)};
}

}  // namespace

std::string campaign_target(std::string_view campaign, std::string_view verb) {
  return "/campaigns/" + bridge::http::percent_encode(campaign) + '/' + std::string(verb);
}

ControlOrder control_order(const Command& command) {
  return visit(Writer{}, command);
}

Result<ControlOrder, Refusal> by_number_key(
    ControlOrder order, const std::function<campaigns::NumberKey(const std::string&)>& key_of) {
  const bool forget = order.target == "/forget";
  if (!forget && order.target != "/suppress" && order.target != "/unsuppress") return order;
  auto members = json::parse(order.body.empty() ? "{}" : order.body, nullptr, false);
  if (!members.is_object()) return bad_order("the body is no JSON object");
  const auto take = [&](const char* name) {
    const auto text = members.contains(name) && members[name].is_string()
                          ? members[name].get<std::string>()
                          : std::string();
    members.erase(name);
    return text;
  };
  if (!members.contains("number")) {
    // Or whoever lost the number on the way would have everybody forgotten whose time is over.
    if (members.contains("region")) {
      return bad_order("\"region\" is the country of a \"number\", which is missing");
    }
    if (forget) return order;
    return bad_order("\"number\" is missing");
  }
  if (members.contains("number_key")) {
    return bad_order("\"number\" and \"number_key\" are two words for one thing: give one");
  }
  const auto region = take("region");
  if (!region.empty() && !campaigns::is_phone_region(region)) {
    return bad_order("\"region\" is no country: give its two capital letters, as IT");
  }
  const auto number = campaigns::parse_phone_number(take("number"), region);
  if (!number) {
    return bad_order(
        number.error().code == "no_country_code"
            ? "\"number\" has no country code: write it with one, as +39…, or name the "
              "country with \"region\""
            : "\"number\" cannot be read: " + number.error().text);
  }
  const auto key = campaigns::number_key_text(key_of(number->e164));
  if (forget) {
    members["number_key"] = key;
  } else {
    order.target = "/numbers/" + key + order.target;
  }
  order.body = members.dump();
  return order;
}

std::optional<Result<Command, Refusal>> read_control_order(std::string_view target,
                                                           std::string_view body) {
  using Read = Result<Command, Refusal>;
  const auto members = json::parse(body.empty() ? "{}" : body, nullptr, false);
  const auto text = [&](const char* name) {
    if (!members.is_object()) return std::string();
    const auto found = members.find(name);
    return found != members.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  std::optional<Read> read;
  if (target == "/cancel") {
    read = Read(Command(campaigns::CancelAll{text("reason")}));
  } else if (target == "/forget") {
    if (!members.contains("number_key")) {
      read = Read(Command(campaigns::ForgetExpired{}));
    } else if (const auto key = campaigns::parse_number_key(text("number_key"))) {
      read = Read(Command(campaigns::ForgetNumber{*key}));
    } else {
      read = Read(bad_order("\"number_key\" is no number's key"));
    }
  } else if (const auto [id, resolve] = name_and_verb(target, "/calls/"); resolve == "resolve") {
    const auto attempt = campaigns::AttemptId::parse(id);
    const auto as = campaigns::resolution_named(text("as"));
    if (!attempt) {
      read = Read(bad_order("no attempt is called that"));
    } else if (!as) {
      read = Read(bad_order("\"as\" is none of placed, not_placed, redial"));
    } else {
      read = Read(Command(campaigns::ResolveCall{*attempt, *as, text("reason")}));
    }
  } else if (const auto [number, how] = name_and_verb(target, "/numbers/");
             how == "suppress" || how == "unsuppress") {
    const auto key = campaigns::parse_number_key(number);
    const auto until = campaigns::parse_rfc3339(text("until"));
    if (!key) {
      read = Read(bad_order("no number's key"));
    } else if (how == "unsuppress") {
      read = Read(Command(campaigns::UnsuppressNumber{*key, text("reason")}));
    } else if (members.contains("until") && !until) {
      read = Read(bad_order("\"until\" is no moment"));
    } else {
      read = Read(Command(campaigns::SuppressNumber{*key, text("reason"), until}));
    }
  } else if (const auto [source, step] = name_and_verb(target, "/lists/"); step == "numbers") {
    auto on = read_keys(members, "on");
    auto off = read_keys(members, "off");
    read = on && off ? Read(Command(campaigns::ListNumbers{source, *on, *off}))
                     : Read(bad_order("\"on\" and \"off\" are arrays of numbers' keys"));
  } else if (step == "loaded") {
    const auto as_of = campaigns::parse_rfc3339(text("as_of"));
    if (members.contains("as_of") && !as_of) {
      read = Read(bad_order("\"as_of\" is no moment"));
    } else if (!members.contains("numbers") || !members["numbers"].is_number_unsigned()) {
      read = Read(bad_order("\"numbers\" is not how many are on the list"));
    } else {
      read = Read(Command(campaigns::LoadSuppressionList{
          source, as_of, members["numbers"].get<std::uint64_t>(), text("digest"), text("reason")}));
    }
  } else if (const auto [campaign, verb] = name_and_verb(target, "/campaigns/"); !verb.empty()) {
    if (verb == "pause") read = Read(Command(campaigns::PauseCampaign{campaign, text("reason")}));
    if (verb == "resume") read = Read(Command(campaigns::ResumeCampaign{campaign}));
    if (verb == "cancel") read = Read(Command(campaigns::CancelCampaign{campaign, text("reason")}));
  }
  if (read && !members.is_object()) return Read(bad_order("the body is no JSON object"));
  return read;
}

}  // namespace runner
