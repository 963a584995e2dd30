#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "campaigns/event_codec.hpp"
#include "campaigns/state.hpp"
#include "eventstore/event_store.hpp"
#include "eventstore/record.hpp"

// Between the log's rows and the core's facts.
namespace runner {

// Reads rows of the log as facts and folds them. Throws eventstore::LogFailed for an event that
// this program does not understand, with its position.
class Folder {
 public:
  void fold(campaigns::State& state, const eventstore::RecordedEvent& recorded);
  campaigns::Fact fact(const eventstore::RecordedEvent& recorded);

 private:
  campaigns::EventDecoder decoder_{};
};

// `state` knows whose key seals what is personal: the contact's, by its place.
eventstore::NewEvent row_of(const campaigns::State& state, const campaigns::Fact& fact);

// The key of a person of whom this fact says that they are forgotten, if it could still open what
// `state` holds of them; asked before the fact is folded.
std::optional<std::uint64_t> key_to_destroy(const campaigns::State& state,
                                            const campaigns::Fact& fact);

// SHA-256 of each projection's canonical text, and of all of them.
struct StateDigest {
  struct One {
    std::string name{};
    std::string hex{};
  };
  std::vector<One> projections{};
  std::string state{};
  std::string outcome{};
};
StateDigest digest_of(const campaigns::State& state);

}  // namespace runner
