#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "campaigns/csv_writer.hpp"
#include "campaigns/ids.hpp"
#include "campaigns/register.hpp"
#include "campaigns/state.hpp"

namespace campaigns {

// What was said in the talks with voice agents, gathered from the log: the state does not keep it.
// Quotes people, so it is written for whoever asks for it and needs it.
class Transcripts {
 public:
  // Each fact in the order of the log.
  void see(const Fact& fact);
  bool empty() const { return lines_.empty(); }

  // One row for each utterance of a campaign, by contact, attempt and position. RFC 4180, UTF-8,
  // like the files of an export. Of whoever is forgotten `state` decides: their words are gone.
  void write(const State& state, CampaignIndex campaign, const CanonicalSink& sink,
             CsvStyle style = {}) const;

 private:
  struct Line {
    std::string campaign{};
    std::uint32_t contact = 0;
    std::uint8_t attempt = 0;
    bool by_agent = false;
    bool cut = false;
    std::int64_t position = 0;
    std::int64_t at_ms = 0;
    std::int64_t heard_ms = 0;
    std::string words{};
  };
  std::vector<Line> lines_{};
};

}  // namespace campaigns
