#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "bridge/http/message.hpp"

namespace runner {

// Asks the program that runs on a log, over its control socket; blocks until it answers, at most
// two minutes. Nothing: no program runs there.
std::optional<bridge::http::Response> ask_running(const std::filesystem::path& log,
                                                  bridge::http::Request request);

}  // namespace runner
