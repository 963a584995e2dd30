#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "bridge/http/message.hpp"
#include "campaigns/result.hpp"

namespace runner {

// Why a program that may run on a log says nothing.
enum class Silence : std::uint8_t {
  nobody,      // none runs there
  forbidden,   // its socket is not for this user
  unanswered,  // it was asked, and what it was asked it may still do
};
std::string text_of(Silence silence, const std::filesystem::path& log);

// Asks the program that runs on a log, over its control socket; blocks until it answers, or for as
// long as `patience`.
campaigns::Result<bridge::http::Response, Silence> ask_running(
    const std::filesystem::path& log, const bridge::http::Request& request,
    std::chrono::milliseconds patience = std::chrono::minutes{2});

}  // namespace runner
