#include "campaigns/dice.hpp"

namespace campaigns {

namespace {

// The finaliser of SplitMix64: every bit of the input moves half of the output's.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

}  // namespace

std::uint64_t dice(std::uint64_t seed, std::string_view stream, std::uint64_t version) {
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a over the name
  for (const char c : stream) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return mix(mix(mix(seed) ^ hash) ^ version);
}

}  // namespace campaigns
