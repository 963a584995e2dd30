#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/campaign.hpp"
#include "campaigns/result.hpp"

namespace campaigns {

// A campaign file that was read: what it says, and its inline contacts if it has any.
struct CampaignFile {
  Campaign campaign{};
  std::string inline_contacts{};  // JSON array as text; empty: none
  // Whether it says itself which countries may be called; where it does not, they follow from the
  // region of its contacts.
  bool names_countries = false;
  // Numbers that people would be passed on to, and that nobody may be called at. A campaign that
  // was taken with them before this was asked goes on with them; another one is refused.
  Problems barred{};
};

// Reads a campaign file (JSON, campaign.schema.json). Finds every error at once: JSON pointer,
// what, and the nearest known name for an unknown member. Also accepts what `print_campaign`
// prints.
// `log`: a definition that was accepted once, perhaps by a version that looked less closely; what
// was found since to be wrong with campaigns that run is not held against it.
enum class ReadFrom : std::uint8_t { file, log };
Result<CampaignFile> parse_campaign_file(std::string_view text, ReadFrom from = ReadFrom::file);

// The campaign as canonical JSON (sorted members, no floats, every default written out), without
// the inline contacts. Reading it back gives an equal Campaign. `check` shows it, CampaignSubmitted
// keeps it. `pretty`: two spaces of indentation.
std::string print_campaign(const Campaign& campaign, bool pretty = false);

// The names that a template of the campaign uses ({{name}}), with the JSON pointer of the text.
struct TemplateUse {
  std::string where{};
  std::string name{};
  friend bool operator==(const TemplateUse&, const TemplateUse&) = default;
};
std::vector<TemplateUse> template_uses(const Campaign& campaign);
// Likewise the columns that its conditions test, with the pointer of the condition.
std::vector<TemplateUse> tested_columns(const Campaign& campaign);

// Shows every text of the campaign that is said to people, with its JSON pointer; empty ones too.
void for_each_text(const Campaign& campaign,
                   const std::function<void(const std::string& where, const Text& text)>& visit);

// The nearest of `known` to `given`, empty if nothing is near.
std::string nearest_name(std::string_view given, const std::vector<std::string>& known);

}  // namespace campaigns
