#include "campaigns/campaign.hpp"

namespace campaigns {

const std::string& Text::in(const std::string& language, const std::string& fallback) const {
  static const std::string nothing;
  auto found = by_language.find(language);
  if (found == by_language.end()) found = by_language.find(fallback);
  return found == by_language.end() ? nothing : found->second;
}

}  // namespace campaigns
