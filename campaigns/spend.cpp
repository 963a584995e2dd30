#include "campaigns/spend.hpp"

#include <map>

#include "campaigns/json_writer.hpp"

namespace campaigns {

std::int64_t cost_of(const Campaign& campaign, std::int64_t seconds) {
  return (seconds + 59) / 60 * campaign.budget.per_minute_millionths;
}

std::int64_t reservation_for(const Campaign& campaign) {
  return cost_of(campaign, campaign.call_time.count());
}

void Spend::apply(const Fact& fact, const Register& book) {
  position = fact.position;
  if (holds_alternative<CampaignSubmitted>(fact.event)) {
    campaigns.emplace_back();
    return;
  }
  const auto ref = book.contact_of(fact.subject);
  if (!ref) return;
  auto& account = campaigns[ref->campaign];
  if (const auto* reserved = get_if<SpendReserved>(&fact.event)) {
    account.reserved += reserved->millionths;
    reservations[ref->packed()] = reserved->millionths;
  } else if (const auto* settled = get_if<SpendSettled>(&fact.event)) {
    const auto found = reservations.find(ref->packed());
    if (found != reservations.end()) {
      account.reserved -= found->second;
      reservations.erase(found);
    }
    account.settled += settled->millionths;
    costs[{*ref, settled->attempt}] = settled->millionths;
  } else if (const auto* corrected = get_if<SpendCorrected>(&fact.event)) {
    auto& cost = costs[{*ref, corrected->attempt}];
    account.settled += corrected->millionths - cost;
    cost = corrected->millionths;
  }
}

const std::int64_t* Spend::cost_of_attempt(ContactRef contact, std::uint8_t attempt) const {
  const auto found = costs.find({contact, attempt});
  return found == costs.end() ? nullptr : &found->second;
}

void Spend::write(const CanonicalSink& sink, const Register& book) const {
  std::string text;
  const auto line = [&](const auto& fill) {
    text.clear();
    JsonObject object(text);
    fill(object);
    object.close();
    text += '\n';
    sink(text);
  };
  line([&](JsonObject& o) { o.member("position", static_cast<std::int64_t>(position)); });
  for (std::size_t index = 0; index < campaigns.size(); ++index) {
    line([&](JsonObject& o) {
      o.member("campaign", book.at(static_cast<CampaignIndex>(index)).definition->id)
          .member("reserved", campaigns[index].reserved)
          .member("settled", campaigns[index].settled);
    });
  }
  const std::map<std::uint64_t, std::int64_t> sorted(reservations.begin(), reservations.end());
  for (const auto& [packed, millionths] : sorted) {
    const auto ref = ContactRef::unpack(packed);
    line([&, value = millionths](JsonObject& o) {
      o.member("campaign", book.at(ref.campaign).definition->id)
          .member("contact", ref.ordinal)
          .member("reserved", value);
    });
  }
  for (const auto& [attempt, millionths] : costs) {
    const auto& [contact, number] = attempt;
    const auto id = AttemptId{book.at(contact.campaign).definition->id, contact.ordinal, number};
    line([&, value = millionths](JsonObject& o) {
      o.member("attempt", id.text()).member("cost", value);
    });
  }
}

}  // namespace campaigns
