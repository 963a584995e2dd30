#include "campaigns/variants.hpp"

#include <cassert>
#include <cstdint>
#include <numeric>

#include "campaigns/dice.hpp"

namespace campaigns {

std::vector<std::string> variant_columns(const Campaign& campaign) {
  std::vector<std::string> columns;
  for (const Variant& variant : campaign.variants) {
    columns.push_back(variant.column);
    if (variant.has_words()) columns.push_back(text_column_of(variant));
  }
  return columns;
}

std::string text_column_of(const Variant& variant) {
  return variant.column + "_text";
}

const VariantValue& value_for(const Variant& variant, std::string_view number) {
  assert(!variant.values.empty());
  const auto all = std::accumulate(
      variant.values.begin(), variant.values.end(), std::uint64_t{0},
      [](std::uint64_t sum, const VariantValue& value) { return sum + value.share; });
  std::string drawn_by = variant.seed;
  drawn_by += '\n';
  drawn_by += number;
  // The shares are small beside 64 bits: none is preferred by a measurable part.
  std::uint64_t drawn = dice(0, drawn_by, 0) % all;
  for (const VariantValue& value : variant.values) {
    if (drawn < value.share) return value;
    drawn -= value.share;
  }
  return variant.values.back();
}

}  // namespace campaigns
