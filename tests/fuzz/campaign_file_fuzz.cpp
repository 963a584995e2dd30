// A campaign file is written by hand. Either it is refused with reasons, or what `check` prints of
// it reads back as the same campaign.
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>

#include "campaigns/campaign_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto file = campaigns::parse_campaign_file(text);
  if (!file) {
    assert(!file.error().empty());
    for (const auto& problem : file.error()) assert(!problem.what.empty());
    return 0;
  }
  // The printed form leaves inline contacts out, and with them the file would lack its contacts.
  if (!file.value().inline_contacts.empty()) return 0;
  for (const bool pretty : {false, true}) {
    const auto again =
        campaigns::parse_campaign_file(campaigns::print_campaign(file.value().campaign, pretty));
    assert(again);
    assert(again.value().campaign == file.value().campaign);
  }
  (void)campaigns::template_uses(file.value().campaign);
  return 0;
}
