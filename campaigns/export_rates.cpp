#include "campaigns/export.hpp"
#include "campaigns/export_parts.hpp"
#include "campaigns/json_writer.hpp"

namespace campaigns {

namespace exporting {

const std::vector<Column>& disposition_columns() {
  static const std::vector<Column> columns = {
      {"version", "code", "", "recorded, or recoded by other rules"},
      {"level", "code", "", "what is counted: places of cases, cases, or attempts"},
      {"name", "text", "",
       "the place, disposition or outcome; empty: no attempt has counted; outside_frame: "
       "suppressed before the first call, and in no rate"},
      {"aapor", "text", "", "AAPOR code; places have none"},
      {"aapor_class", "code", "", "AAPOR class of the code"},
      {"count", "integer", "", "how many"},
  };
  return columns;
}

}  // namespace exporting

namespace {

using exporting::Tally;

void dispositions(CsvWriter& csv, std::string_view version, const Tally& tally, bool rehearsal) {
  const auto row = [&](std::string_view level, std::string_view name, std::string_view aapor,
                       std::uint64_t count) {
    csv.field(version).field(level).field(name).field(aapor);
    csv.field(aapor.empty() ? std::string_view() : name_of(class_of(aapor)));
    csv.number(static_cast<std::int64_t>(count)).flag(rehearsal).end_row();
  };
  for (std::size_t i = 0; i < tally.places.size(); ++i) {
    row("place", name_of(static_cast<Place>(i)), {}, tally.places[i]);
  }
  const auto all = [&](std::string_view level, const auto& counted) {
    for (const auto& [what, count] : counted) {
      const auto& [outcome, aapor] = what;
      row(level, outcome == Outcome::none ? std::string_view() : name_of(outcome), aapor, count);
    }
  };
  all("case", tally.cases);
  if (tally.outside_frame > 0) row("case", "outside_frame", {}, tally.outside_frame);
  all("attempt", tally.attempts);
}

template <std::size_t n>
void rates(JsonObject& object, const std::string& name, const std::array<Rates::Rate, n>& values) {
  for (std::size_t i = 0; i < n; ++i) {
    const auto member = name + std::to_string(i + 1);
    if (values[i]) {
      object.member(member, *values[i]);
    } else {
      object.raw(member, "null");
    }
  }
}

void version_of(JsonObject& object, const Tally& tally, bool known,
                std::optional<std::int64_t> eligible_share) {
  const auto cases = tally.classes.all();
  const auto number = [](std::uint64_t n) { return static_cast<std::int64_t>(n); };
  object.member("eligibility", known ? "known" : "unknown")
      .member("cases", number(cases))
      .member("outside_frame", number(tally.outside_frame))
      .member("never_attempted", number(tally.never_attempted))
      .member("unconfirmed", number(tally.unconfirmed))
      .member("unconfirmed_millionths",
              cases == 0 ? 0 : number(tally.unconfirmed * 1'000'000 / cases));
  JsonObject classes(object.open("classes"));
  for (std::size_t i = 0; i < case_classes; ++i) {
    const auto one = static_cast<CaseClass>(i);
    classes.member(name_of(one), number(tally.classes[one]));
  }
  classes.close();
  const auto all = rates_of(tally.classes, eligible_share);
  object.member("e_millionths", all.e)
      .member("e_from", eligible_share ? "given" : "(I+P+R+NC+O)/(I+P+R+NC+O+NE)");
  JsonObject values(object.open("rates_millionths"));
  rates(values, "RR", all.response);
  rates(values, "COOP", all.cooperation);
  rates(values, "REF", all.refusal);
  rates(values, "CON", all.contact);
  values.close();
}

}  // namespace

void export_dispositions(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                         const CanonicalSink& sink) {
  CsvWriter csv(sink, settings.style);
  for (const auto& column : exporting::disposition_columns()) csv.field(column.name);
  csv.field(exporting::rehearsal_column.name).end_row();
  const bool rehearsal = exporting::is_rehearsal(state);
  dispositions(csv, "recorded", exporting::tally_of(state, campaign, nullptr, settings.frame),
               rehearsal);
  if (settings.recoding) {
    dispositions(csv, "recoded",
                 exporting::tally_of(state, campaign, settings.recoding, settings.frame),
                 rehearsal);
  }
}

void export_rates(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                  const CanonicalSink& sink) {
  const auto& definition = *state.book.at(campaign).definition;
  std::string text;
  JsonObject object(text);
  object.member("campaign", definition.id)
      .flag("rehearsal", exporting::is_rehearsal(state))
      .member("as_of", rfc3339_utc(settings.as_of));
  {
    JsonObject recorded(object.open("recorded"));
    version_of(recorded, exporting::tally_of(state, campaign, nullptr, settings.frame),
               definition.known_eligible, settings.eligible_share);
    recorded.close();
  }
  if (const auto* recoding = settings.recoding) {
    JsonObject recoded(object.open("recoded"));
    recoded.member("title", recoding->title);
    version_of(recoded, exporting::tally_of(state, campaign, recoding, settings.frame),
               recoding->known_eligible.value_or(definition.known_eligible),
               settings.eligible_share);
    recoded.close();
  }
  object.close();
  text += '\n';
  sink(text);
}

}  // namespace campaigns
