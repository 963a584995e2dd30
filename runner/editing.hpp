#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "campaigns/campaign_file.hpp"
#include "campaigns/commands.hpp"
#include "campaigns/edit.hpp"
#include "campaigns/result.hpp"

// A campaign file that somebody changed while its campaign runs.
namespace runner {

struct Edit {
  campaigns::Campaign next{};
  campaigns::EditCampaign command{};
  // JSON pointers of what is another in the definition, never the texts.
  std::vector<std::string> changes{};
  // What would be refused, did the campaign not have it already.
  std::vector<std::string> warnings{};
};

// Reads the file, and the calendar that it names. Needs nothing of the log: what takes its time can
// be done beside it.
campaigns::Result<campaigns::CampaignFile> read_edited(const std::filesystem::path& file);

// What was read as another definition of the campaign. What the command line had said over the
// first one (countries, encoding, bad rows) stays where the file says nothing else, and a region of
// its contacts says nothing of countries; people inside the file are not looked at. A problem where
// it is refused.
campaigns::Result<Edit> make_edit(const campaigns::State& state, const std::string& campaign,
                                  const std::filesystem::path& file, campaigns::CampaignFile read);

std::string edit_json(const Edit& edit, const campaigns::EditPreview& preview, bool accepted);
// The same for people, from the JSON.
std::string edit_text(const std::string& campaign, const std::string& json);

}  // namespace runner
