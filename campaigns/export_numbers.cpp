#include "campaigns/export.hpp"
#include "campaigns/export_parts.hpp"

namespace campaigns {

namespace exporting {

const std::vector<Column>& number_columns() {
  static const std::vector<Column> columns = {
      {"contact", "integer", "", "ordinal of the contact in the campaign, from 1"},
      {"contact_id", "text", "",
       "the list's own id, else row.N of the list (row.N.ORDINAL where a list that was added has "
       "the row again); without ids the ordinal",
       true, true},
      {"number", "text", "", "telephone number; empty: the person was forgotten", true},
      {"number_order", "integer", "", "of several numbers of a person: which, from 1; else empty"},
  };
  return columns;
}

}  // namespace exporting

void export_numbers(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                    const CanonicalSink& sink) {
  using namespace exporting;
  const auto& people = state.queue.campaigns[campaign];
  CsvWriter csv(sink, settings.style);
  for (const auto& column : number_columns()) csv.field(column.name);
  csv.field(rehearsal_column.name).end_row();
  const ContactIds ids(state, campaign);
  const auto write = [&](std::uint32_t ordinal, std::uint64_t number, std::size_t place) {
    csv.number(ordinal).free(ids.of(ordinal));
    csv.field(number == 0 ? std::string() : '+' + std::to_string(number));
    if (place == 0) {
      csv.empty();
    } else {
      csv.number(static_cast<std::int64_t>(place));
    }
    csv.flag(is_rehearsal(state)).end_row();
  };
  for (std::uint32_t ordinal = 1; ordinal <= people.contacts.size(); ++ordinal) {
    const auto* several = people.several_of(ordinal);
    if (several == nullptr) {
      write(ordinal, people.contact(ordinal).number, 0);
      continue;
    }
    for (std::size_t i = 0; i < several->all.size(); ++i) {
      write(ordinal, several->all[i].number, i + 1);
    }
  }
}

}  // namespace campaigns
