#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "bridge/http/message.hpp"

namespace runner {

// Asks the program that runs on a log, over its control socket; blocks until it answers, or for as
// long as `patience`. Nothing: no program runs there, or none that answers.
std::optional<bridge::http::Response> ask_running(
    const std::filesystem::path& log, const bridge::http::Request& request,
    std::chrono::milliseconds patience = std::chrono::minutes{2});

}  // namespace runner
