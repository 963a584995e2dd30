#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "campaigns/ids.hpp"
#include "campaigns/state.hpp"
#include "runner/environment.hpp"
#include "runner/log_keys.hpp"

// What the log holds of one person, and how it comes to hold nothing any more.
namespace runner {

// Everybody with this number, in the order of campaigns and lists.
std::vector<campaigns::ContactRef> contacts_with(const campaigns::State& state,
                                                 campaigns::NumberKey key);

// All that is held, names and words included; a line each, or one JSON object.
std::string person_text(const campaigns::State& state, campaigns::NumberKey key);
std::string person_json(const campaigns::State& state, campaigns::NumberKey key);

// What a log knows numbers by. Throws as KeyStore does.
LogKeys log_keys_of(const std::filesystem::path& log, const Environment& environment);
// The key under which it knows this one.
campaigns::NumberKey number_key_in(const std::filesystem::path& log, const Environment& environment,
                                   const std::string& e164);

}  // namespace runner
