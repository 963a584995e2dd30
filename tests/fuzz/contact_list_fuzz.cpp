// A contact list comes from anybody's spreadsheet. Reading it must end, and every row that comes
// out must be one that can be stored, dialled and read aloud.
#include <algorithm>
#include <cassert>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string>

#include "campaigns/campaign.hpp"
#include "campaigns/contact_list.hpp"
#include "campaigns/zone_rules.hpp"

namespace {

using campaigns::ContactListReader;

campaigns::ZoneRules two_countries() {
  campaigns::ZoneRules rules;
  rules.zones["Europe/Rome"] = {{campaigns::Instant::min(), std::chrono::minutes{60}}};
  rules.zones["America/New_York"] = {{campaigns::Instant::min(), std::chrono::minutes{-300}}};
  rules.country_zones["IT"] = {"Europe/Rome"};
  return rules;
}

campaigns::Campaign telephone_survey() {
  campaigns::Campaign campaign;
  campaign.contacts.region = "IT";
  campaign.contacts.number_column = "Telefono";
  campaign.contacts.language_column = "Lingua";
  campaign.contacts.zone_column = "Fuso";
  return campaign;
}

bool is_e164(const std::string& number) {
  return number.size() >= 4 && number.size() <= 16 && number[0] == '+' &&
         std::all_of(number.begin() + 1, number.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

// `before_first`: one less than the first row that can be.
void read_to_the_end(campaigns::Result<ContactListReader> opened, const campaigns::ZoneRules& rules,
                     std::size_t size, std::uint64_t before_first) {
  if (!opened) {
    assert(!opened.error().empty());
    return;
  }
  ContactListReader& reader = opened.value();
  campaigns::ContactRow row;
  campaigns::RejectedRow rejected;
  std::uint64_t last_row = before_first;
  // Not more records than bytes: a reader that stands still would not end.
  for (std::size_t records = 0; records <= size; ++records) {
    const auto next = reader.next(row, rejected);
    if (next == ContactListReader::Next::end) return;
    const bool usable = next == ContactListReader::Next::row;
    const std::uint64_t at = usable ? row.row : rejected.row;
    assert(at > last_row);
    last_row = at;
    if (usable) {
      assert(is_e164(row.number));
      assert(row.values.size() == reader.columns().size());
      assert(rules.knows(row.zone));
      for (const auto value : row.values) assert(value.find('\0') == std::string_view::npos);
    } else {
      assert(!rejected.reason.empty() && !rejected.what.empty());
    }
  }
  assert(false && "the reader does not end");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const campaigns::ZoneRules rules = two_countries();
  static const campaigns::Campaign campaign = telephone_survey();
  const std::string bytes(data, data + size);
  switch (campaigns::format_of(bytes)) {
    case campaigns::ListFormat::json:
      read_to_the_end(ContactListReader::open_array(campaign, rules, bytes), rules, size, 0);
      break;
    case campaigns::ListFormat::jsonl:
      read_to_the_end(ContactListReader::open_lines(campaign, rules, bytes), rules, size, 0);
      break;
    case campaigns::ListFormat::automatic:
    case campaigns::ListFormat::csv:
      break;
  }
  read_to_the_end(ContactListReader::open_csv(campaign, rules, bytes), rules, size, 1);
  return 0;
}
