#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/campaign.hpp"

// Options that each person hears in an order of their own, so that none of them profits from its
// place. The order is drawn when the list is read and stands in a column of it: the talk, an agent
// and the results read it there.
namespace campaigns {

// The column that the list gains for a question that is shuffled.
std::string order_column_of(const Question& question);

// The codes in the order that falls to the person of a row of the list (ContactRow::row), with
// blanks between them: the same in every reading of it. Options that are `fixed` stay where they
// are. Never by the number: an order of many options would tell which it is.
std::string drawn_order(const Campaign& campaign, const Question& question, std::uint64_t row);

// The options in such an order; the ones that it does not name come last, as they stand in the
// file. They live as long as the question.
std::vector<const Option*> in_order(const Question& question, std::string_view order);

// What is said behind a question that is shuffled: each option, and its key where it is asked by
// key. In `language`, or the campaign's own where the file has no other.
std::string offer_of(const Question& question, std::string_view order, const std::string& language,
                     const std::string& campaign_language);

// How an option is offered in a language where the file does not say it: with {{label}} and
// {{key}}. Empty: we know no words for it.
std::string_view offer_phrase(std::string_view language, bool by_key);

}  // namespace campaigns
