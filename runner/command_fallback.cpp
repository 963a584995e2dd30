#include <memory>

#include "campaigns/apology.hpp"
#include "runner/commands.hpp"
#include "runner/output.hpp"
#include "runner/submission.hpp"
#include "webhook/twiml.hpp"

namespace runner {

namespace {

// The campaign files alone: their lists may be elsewhere, and nothing of them is said.
int write_page(const std::vector<std::string>& files) {
  std::vector<campaigns::Campaign> read;
  for (const auto& file : files) {
    auto text = read_file(file);
    if (!text) {
      complain_of(text.error());
      return exit_bad_input;
    }
    auto campaign = campaigns::parse_campaign_file(text.value());
    if (!campaign) {
      auto problems = campaign.error();
      for (auto& problem : problems) problem.where = file + ": " + problem.where;
      complain_of(problems);
      return exit_bad_input;
    }
    read.push_back(std::move(campaign.value().campaign));
  }
  const auto page = campaigns::fallback_page(read);
  for (const auto& language : page.unknown) {
    complain("no apology is known in " + language + ": add one to the page by hand");
  }
  print_answer(webhook::write_twiml(page.document, {}) + '\n');
  return exit_done;
}

}  // namespace

void add_fallback(CLI::App& app, Chosen& chosen) {
  const auto files = std::make_shared<std::vector<std::string>>();
  auto* command = app.add_subcommand(
      "fallback-page", "Write the page for FALLBACK_URL: an apology in the campaigns' languages");
  command->add_option("file", *files, "Campaign files");
  command->callback([files, &chosen] { chosen = [files] { return write_page(*files); }; });
}

}  // namespace runner
