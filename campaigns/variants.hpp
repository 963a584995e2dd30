#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "campaigns/campaign.hpp"

// A/B tests: which value of a variant falls to whom. Every person has it in a column of the list,
// as if it had come with it: texts, conditions, an agent and the results read it like any other.
namespace campaigns {

// The columns that a list gains by a variant: its own, and one for the words where it has words.
std::vector<std::string> columns_of(const Variant& variant);

// What falls to the person of a row of the list (ContactRow::row): the same in every reading of it,
// and of two variants neither tells anything about the other. Never by the number: enough draws
// would tell which it is.
const VariantValue& value_for(const Variant& variant, std::uint64_t row);

}  // namespace campaigns
