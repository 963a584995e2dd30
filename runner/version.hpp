#pragma once

namespace runner {

inline constexpr const char* version = "0.1.0";

}  // namespace runner
