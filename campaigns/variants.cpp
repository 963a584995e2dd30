#include "campaigns/variants.hpp"

#include <cassert>
#include <cstdint>
#include <numeric>

#include "campaigns/dice.hpp"

namespace campaigns {

std::vector<std::string> columns_of(const Variant& variant) {
  std::vector<std::string> columns{variant.column};
  if (variant.has_words()) columns.push_back(variant.column + "_text");
  return columns;
}

const VariantValue& value_for(const Variant& variant, std::uint64_t row) {
  assert(!variant.values.empty());
  const auto all = std::accumulate(
      variant.values.begin(), variant.values.end(), std::uint64_t{0},
      [](std::uint64_t sum, const VariantValue& value) { return sum + value.share; });
  // The shares are small beside 64 bits: none is preferred by a measurable part.
  std::uint64_t drawn = dice(0, variant.seed, row) % all;
  for (const VariantValue& value : variant.values) {
    if (drawn < value.share) return value;
    drawn -= value.share;
  }
  return variant.values.back();
}

}  // namespace campaigns
