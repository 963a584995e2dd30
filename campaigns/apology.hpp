#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "campaigns/campaign.hpp"
#include "campaigns/survey.hpp"

// What is said when we cannot say what we wanted to, or not yet.
namespace campaigns {

// A short apology in this language (BCP-47, "it-IT"; its first part decides); empty: none is known.
std::string_view apology_in(std::string_view language);

// One behind which the call goes on; empty: none is known in this language.
std::string_view excuse_in(std::string_view language);

// "Just a moment", said before a voice agent is connected; empty: not known in this language.
std::string_view moment_in(std::string_view language);

// A document that may lie anywhere and be told to anybody: an apology in each language that these
// campaigns speak, in their order and with their voices, then the end. Holds no template and
// nothing of a person. Of no campaign: in English. `unknown`: languages without an apology here,
// which are left out.
struct FallbackPage {
  CallDocument document{};
  std::vector<std::string> unknown{};
};
FallbackPage fallback_page(const std::vector<Campaign>& campaigns);

}  // namespace campaigns
