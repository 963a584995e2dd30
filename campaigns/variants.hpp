#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "campaigns/campaign.hpp"

// A/B tests: which value of a variant falls to whom. Every person has it in a column of the list,
// as if it had come with it: texts, conditions, an agent and the results read it like any other.
namespace campaigns {

// The columns that a list gains, in this order: for each variant its own, and `text_column_of` it
// where its values have words.
std::vector<std::string> variant_columns(const Campaign& campaign);
std::string text_column_of(const Variant& variant);

// Whose turn it is, by the number alone: the same person has the same value in every run, wherever
// in the list they stand and however often they are added; and of two variants neither tells
// anything about the other. `number`: E.164.
const VariantValue& value_for(const Variant& variant, std::string_view number);

}  // namespace campaigns
