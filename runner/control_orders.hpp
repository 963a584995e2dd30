#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "campaigns/commands.hpp"
#include "campaigns/result.hpp"

// How an operator's command is said over the control socket: a target and a JSON body. Written by
// the commands, read by the program that runs.
namespace runner {

struct ControlOrder {
  std::string target{};
  std::string body{};
};

// "/campaigns/<id>/<verb>", for whatever somebody takes for an id: what is none goes over the wire
// in one piece, and is found nowhere.
std::string campaign_target(std::string_view campaign, std::string_view verb);

// Commands of an operator only; any other is a bug.
ControlOrder control_order(const campaigns::Command& command);

// The same order with the key by which the log knows a number in place of the number itself, as its
// body has it for /suppress, /unsuppress and /forget: {"number": "+39…"}, or without the country
// code with a "region". Other orders stay as they are. `key_of` takes E.164. Refused with
// "bad_order", which does not quote the number.
campaigns::Result<ControlOrder, campaigns::Refusal> by_number_key(
    ControlOrder order, const std::function<campaigns::NumberKey(const std::string&)>& key_of);

// Nothing for a target that names no order. Refused with "bad_order" where the body does not fit.
std::optional<campaigns::Result<campaigns::Command, campaigns::Refusal>> read_control_order(
    std::string_view target, std::string_view body);

}  // namespace runner
