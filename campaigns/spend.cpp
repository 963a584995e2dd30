#include "campaigns/spend.hpp"

#include <algorithm>
#include <map>

#include "campaigns/campaign_words.hpp"
#include "campaigns/json_writer.hpp"

namespace campaigns {

namespace {

// At a price for a million of them that campaign files allow, five of these sums fit into one.
constexpr std::int64_t tokens_max = 1'000'000'000'000;

std::int64_t price_of(std::int64_t tokens, std::int64_t per_million) {
  constexpr std::int64_t million = 1'000'000;
  return tokens / million * per_million + (tokens % million * per_million + million - 1) / million;
}

ModelUsage usage_of(const StreamClosed& closed) {
  return {closed.input_tokens,        closed.output_tokens, closed.input_audio_tokens,
          closed.output_audio_tokens, closed.cached_tokens, closed.cached_audio_tokens};
}

}  // namespace

std::int64_t talk_cost(const ModelPrices& prices, const ModelUsage& usage, Milliseconds lasted) {
  const auto count = [](std::int64_t tokens) {
    return std::clamp<std::int64_t>(tokens, 0, tokens_max);
  };
  const auto in_audio = count(usage.input_audio_tokens);
  const auto in_text = count(count(usage.input_tokens) - in_audio);
  const auto out_audio = count(usage.output_audio_tokens);
  const auto out_text = count(count(usage.output_tokens) - out_audio);
  const auto cached = prices.cached ? count(usage.cached_tokens) : 0;
  const auto cached_audio = std::min({count(usage.cached_audio_tokens), cached, in_audio});
  const auto cached_text = std::min(cached - cached_audio, in_text);
  const auto minutes = (std::max<std::int64_t>(lasted.count(), 0) + 59'999) / 60'000;
  return price_of(in_audio - cached_audio, prices.input_audio) +
         price_of(in_text - cached_text, prices.input_text) +
         price_of(cached_audio + cached_text, prices.cached.value_or(0)) +
         price_of(out_audio, prices.output_audio) + price_of(out_text, prices.output_text) +
         minutes * prices.per_minute;
}

std::int64_t cost_of(const Campaign& campaign, std::int64_t seconds) {
  return (seconds + 59) / 60 * campaign.budget.per_minute_millionths;
}

std::int64_t reservation_for(const Campaign& campaign) {
  return cost_of(campaign, campaign.call_time.count()) + talk_reservation_for(campaign);
}

std::int64_t talk_reservation_for(const Campaign& campaign) {
  const auto& model = campaign.budget.model;
  return campaign.mode == Mode::agent && model ? model->per_call_max : 0;
}

std::optional<std::string> reason_to_pay_no_call(const Campaign& campaign) {
  const auto& budget = campaign.budget;
  const auto one = reservation_for(campaign);
  if (budget.limit_millionths == 0 || budget.limit_millionths >= one) return {};
  const auto money = [&](std::int64_t millionths) {
    return decimal_text(millionths, 6) + ' ' + budget.currency;
  };
  return "the budget of " + money(budget.limit_millionths) + " cannot pay one call: " + money(one) +
         " is set aside for each, as a call of \"call_time\" may cost";
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
    account.reserved += reserved->millionths + reserved->model;
    reservations[ref->packed()] = {reserved->millionths, reserved->model};
  } else if (holds_alternative<StreamOpened>(fact.event)) {
    const auto found = reservations.find(ref->packed());
    if (found != reservations.end()) found->second.talk = found->second.model;
  } else if (const auto* closed = get_if<StreamClosed>(&fact.event)) {
    const auto found = reservations.find(ref->packed());
    const auto& prices = book.at(ref->campaign).definition->budget.model;
    if (found == reservations.end() || !prices || closed->uncounted) return;
    found->second.talk = talk_cost(*prices, usage_of(*closed), Milliseconds{closed->lasted_ms});
  } else if (const auto* settled = get_if<SpendSettled>(&fact.event)) {
    const auto found = reservations.find(ref->packed());
    if (found != reservations.end()) {
      account.reserved -= found->second.sum();
      reservations.erase(found);
    }
    account.settled += settled->millionths + settled->model;
    account.model += settled->model;
    if (settled->model != 0) model_costs[{*ref, settled->attempt}] = settled->model;
    costs[{*ref, settled->attempt}] = settled->millionths;
  } else if (const auto* corrected = get_if<SpendCorrected>(&fact.event)) {
    auto& cost = costs[{*ref, corrected->attempt}];
    account.settled += corrected->millionths - cost;
    cost = corrected->millionths;
  }
}

std::optional<std::int64_t> Spend::carrier_cost_of_attempt(ContactRef contact,
                                                           std::uint8_t attempt) const {
  const auto found = costs.find({contact, attempt});
  return found == costs.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::int64_t> Spend::cost_of_attempt(ContactRef contact, std::uint8_t attempt) const {
  const auto carrier = carrier_cost_of_attempt(contact, attempt);
  const auto model = model_costs.find({contact, attempt});
  return carrier && model != model_costs.end() ? *carrier + model->second : carrier;
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
  // Where nothing is counted of a model, the text is what it was before there was any such thing.
  const auto of_model = [](JsonObject& object, std::string_view name, std::int64_t value) {
    if (value != 0) object.member(name, value);
  };
  line([&](JsonObject& o) { o.member("position", static_cast<std::int64_t>(position)); });
  for (std::size_t index = 0; index < campaigns.size(); ++index) {
    line([&](JsonObject& o) {
      o.member("campaign", book.at(static_cast<CampaignIndex>(index)).definition->id)
          .member("reserved", campaigns[index].reserved)
          .member("settled", campaigns[index].settled);
      of_model(o, "model", campaigns[index].model);
    });
  }
  const std::map<std::uint64_t, Reservation> sorted(reservations.begin(), reservations.end());
  for (const auto& [packed, reservation] : sorted) {
    const auto ref = ContactRef::unpack(packed);
    line([&, value = reservation](JsonObject& o) {
      o.member("campaign", book.at(ref.campaign).definition->id)
          .member("contact", ref.ordinal)
          .member("reserved", value.carrier);
      of_model(o, "model", value.model);
      of_model(o, "talk", value.talk);
    });
  }
  const auto attempts = [&](const Attempts& of, std::string_view name) {
    for (const auto& [attempt, millionths] : of) {
      const auto& [contact, number] = attempt;
      const auto id = AttemptId{book.at(contact.campaign).definition->id, contact.ordinal, number};
      line([&, value = millionths](JsonObject& o) {
        o.member("attempt", id.text()).member(name, value);
      });
    }
  };
  attempts(costs, "cost");
  attempts(model_costs, "model");
}

}  // namespace campaigns
