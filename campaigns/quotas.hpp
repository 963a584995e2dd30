#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/call_script.hpp"
#include "campaigns/campaign.hpp"
#include "campaigns/register.hpp"
#include "campaigns/state.hpp"

// Quotas: of each kind of people so many completed surveys are wanted. Whoever completes the survey
// counts towards every quota that they belong to; once one is full, nobody who belongs to it is
// called or asked any further. Talks that were told goodbye by then still count.
namespace campaigns {

// The quotas that somebody with these answers belongs to, as indexes into Campaign::quotas.
std::vector<std::size_t> quotas_of(const Campaign& campaign,
                                   const std::vector<ScriptAnswer>& answers,
                                   const CampaignEntry& entry, const CallScript& script,
                                   ContactRef contact);

// The first full quota that somebody belongs to whatever they answer from here on. `next`: the
// question that would be asked; nothing: none is left.
std::optional<std::size_t> full_quota(const Campaign& campaign,
                                      const std::vector<ScriptAnswer>& answers,
                                      const CampaignEntry& entry, const CallScript& script,
                                      ContactRef contact, std::optional<std::uint8_t> next);

// Likewise, of somebody with the answers that they have given so far.
std::optional<std::size_t> full_quota(const State& state, ContactRef contact);

// Whether somebody whose row of the list has these cells can belong to it, by one answer or
// another.
bool may_belong(const Quota& quota, const std::function<std::string_view(std::string_view)>& cell);

// Why nobody of this quota is called any more, for a person.
std::string why_full(const CampaignEntry& entry, std::size_t quota);

// The end of somebody who waits for a call and belongs to a full quota.
Event let_go_by_quota(const CampaignEntry& entry, const DialContact& contact, std::size_t quota);

}  // namespace campaigns
