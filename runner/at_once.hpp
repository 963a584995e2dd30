#pragma once

#include <functional>
#include <span>

namespace runner {

// Does every piece of work, the first on the caller's thread and each other on one of its own where
// there are threads; returns when all are done. Throws what the first of them threw that threw.
void at_once(std::span<const std::function<void()>> work);

// How many pieces are worth doing at once on this machine; a few at most.
std::size_t pieces_at_once();

}  // namespace runner
