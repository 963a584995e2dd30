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

std::int64_t begun_minutes(std::int64_t seconds) {
  return (seconds + 59) / 60;
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
  return begun_minutes(seconds) * campaign.budget.per_minute_millionths;
}

std::int64_t transfer_cost_of(const Campaign& campaign, std::int64_t seconds) {
  return begun_minutes(seconds) * campaign.budget.transfer_per_minute_millionths;
}

std::int64_t reservation_for(const Campaign& campaign) {
  return cost_of(campaign, campaign.call_time.count()) + talk_reservation_for(campaign) +
         transfer_reservation_for(campaign);
}

std::int64_t transfer_reservation_for(const Campaign& campaign) {
  return campaign.humans().empty() ? 0 : transfer_cost_of(campaign, campaign.call_time.count());
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

void Spend::apply(const Fact& fact, const std::optional<ContactRef>& ref, const Register& book) {
  position = fact.position;
  if (holds_alternative<CampaignSubmitted>(fact.event)) {
    campaigns.emplace_back();
    return;
  }
  if (!ref) return;
  auto& account = campaigns[ref->campaign];
  if (const auto* reserved = get_if<SpendReserved>(&fact.event)) {
    account.reserved += reserved->millionths + reserved->model + reserved->transfer;
    reservations[ref->packed()] = {
        .carrier = reserved->millionths, .model = reserved->model, .transfer = reserved->transfer};
  } else if (holds_alternative<StreamOpened>(fact.event)) {
    const auto found = reservations.find(ref->packed());
    if (found != reservations.end()) found->second.talk = found->second.model;
  } else if (const auto* closed = get_if<StreamClosed>(&fact.event)) {
    const auto found = reservations.find(ref->packed());
    const auto& prices = book.at(ref->campaign).definition->budget.model;
    if (found == reservations.end() || !prices || closed->uncounted) return;
    found->second.talk = talk_cost(*prices, usage_of(*closed), Milliseconds{closed->lasted_ms});
  } else if (const auto* asked = get_if<TransferRequested>(&fact.event)) {
    const auto found = reservations.find(ref->packed());
    if (found != reservations.end()) found->second.passed_on |= asked->listed;
  } else if (const auto* ended = get_if<TransferEnded>(&fact.event)) {
    note_transfer(*ref, ended->status, ended->seconds);
  } else if (const auto* leg = get_if<TransferProgressed>(&fact.event)) {
    // Of several humans one is talked to; that the others were not says nothing of that one.
    if (leg->seconds > 0) note_transfer(*ref, leg->status, leg->seconds);
  } else if (const auto* settled = get_if<SpendSettled>(&fact.event)) {
    const auto found = reservations.find(ref->packed());
    if (found != reservations.end()) {
      const auto& reservation = found->second;
      if (settled->transfer != 0 || (reservation.passed_on && reservation.transfer != 0)) {
        transfers[{*ref, settled->attempt}] = {settled->transfer, !reservation.transfer_seconds};
      }
      account.reserved -= reservation.sum();
      reservations.erase(found);
    }
    account.settled += settled->millionths + settled->model + settled->transfer;
    account.model += settled->model;
    if (settled->model != 0) model_costs[{*ref, settled->attempt}] = settled->model;
    costs[{*ref, settled->attempt}] = settled->millionths;
  } else if (const auto* corrected = get_if<SpendCorrected>(&fact.event)) {
    auto& cost = costs[{*ref, corrected->attempt}];
    account.settled += corrected->millionths - cost;
    cost = corrected->millionths;
    const auto transfer = transfers.find({*ref, corrected->attempt});
    if (transfer != transfers.end() && transfer->second.cost != corrected->transfer) {
      account.settled += corrected->transfer - transfer->second.cost;
      transfer->second = {corrected->transfer, false};
    }
  }
}

// One that was not answered took no time; one that was and lasted none was not told how long.
void Spend::note_transfer(ContactRef contact, std::string_view status, std::int64_t seconds) {
  const auto found = reservations.find(contact.packed());
  const bool answered = status == "completed" || status == "answered";
  if (found == reservations.end() || (answered && seconds == 0)) return;
  auto& told = found->second.transfer_seconds;
  told = std::max(told.value_or(0), seconds);
}

std::optional<Spend::Transfer> Spend::transfer_of_attempt(ContactRef contact,
                                                          std::uint8_t attempt) const {
  const auto found = transfers.find({contact, attempt});
  return found == transfers.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::int64_t> Spend::carrier_cost_of_attempt(ContactRef contact,
                                                           std::uint8_t attempt) const {
  const auto found = costs.find({contact, attempt});
  return found == costs.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::int64_t> Spend::cost_of_attempt(ContactRef contact, std::uint8_t attempt) const {
  auto all = carrier_cost_of_attempt(contact, attempt);
  if (!all) return all;
  const auto model = model_costs.find({contact, attempt});
  if (model != model_costs.end()) *all += model->second;
  if (const auto transfer = transfer_of_attempt(contact, attempt)) *all += transfer->cost;
  return all;
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
  // Where nothing is counted of a model or of a transfer, the text is what it was before there was
  // any such thing.
  const auto if_any = [](JsonObject& object, std::string_view name, std::int64_t value) {
    if (value != 0) object.member(name, value);
  };
  line([&](JsonObject& o) { o.member("position", static_cast<std::int64_t>(position)); });
  for (std::size_t index = 0; index < campaigns.size(); ++index) {
    line([&](JsonObject& o) {
      o.member("campaign", book.at(static_cast<CampaignIndex>(index)).definition->id)
          .member("reserved", campaigns[index].reserved)
          .member("settled", campaigns[index].settled);
      if_any(o, "model", campaigns[index].model);
    });
  }
  const std::map<std::uint64_t, Reservation> sorted(reservations.begin(), reservations.end());
  for (const auto& [packed, reservation] : sorted) {
    const auto ref = ContactRef::unpack(packed);
    line([&, value = reservation](JsonObject& o) {
      o.member("campaign", book.at(ref.campaign).definition->id)
          .member("contact", ref.ordinal)
          .member("reserved", value.carrier);
      if_any(o, "model", value.model);
      if_any(o, "talk", value.talk);
      if_any(o, "transfer", value.transfer);
      // Where nobody counts it, that somebody was passed on changes nothing.
      const auto& budget = book.at(ref.campaign).definition->budget;
      if (value.transfer == 0 && budget.transfer_per_minute_millionths == 0) return;
      if (value.passed_on) o.flag("passed_on", true);
      if (value.transfer_seconds) o.member("transfer_seconds", *value.transfer_seconds);
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
  for (const auto& [attempt, transfer] : transfers) {
    const auto& [contact, number] = attempt;
    const auto id = AttemptId{book.at(contact.campaign).definition->id, contact.ordinal, number};
    line([&, transfer = transfer](JsonObject& o) {
      o.member("attempt", id.text()).member("transfer", transfer.cost);
      if (transfer.reckoned) o.flag("reckoned", true);
    });
  }
}

}  // namespace campaigns
