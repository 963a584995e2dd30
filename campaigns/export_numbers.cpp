#include "campaigns/export.hpp"
#include "campaigns/export_parts.hpp"

namespace campaigns {

namespace exporting {

const std::vector<Column>& number_columns() {
  static const std::vector<Column> columns = {
      {"contact", "integer", "", "ordinal of the contact in the campaign, from 1"},
      {"contact_id", "text", "", "the list's own id, else the ordinal", true, true},
      {"number", "text", "", "telephone number; empty: the person was forgotten", true},
  };
  return columns;
}

}  // namespace exporting

void export_numbers(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                    const CanonicalSink& sink) {
  using namespace exporting;
  const auto& contacts = state.queue.campaigns[campaign].contacts;
  CsvWriter csv(sink, settings.style);
  for (const auto& column : number_columns()) csv.field(column.name);
  csv.field(rehearsal_column.name).end_row();
  for (std::uint32_t ordinal = 1; ordinal <= contacts.size(); ++ordinal) {
    const auto number = contacts[ordinal - 1].number;
    csv.number(ordinal).free(contact_id(state, {campaign, ordinal}));
    csv.field(number == 0 ? std::string() : '+' + std::to_string(number));
    csv.flag(is_rehearsal(state)).end_row();
  }
}

}  // namespace campaigns
