#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "campaigns/events.hpp"
#include "campaigns/result.hpp"

// Events as they stand in the log.
namespace campaigns {

// What the log keeps of a fact besides its position and its hash.
struct EncodedEvent {
  std::string stream{};
  std::string type{};
  std::uint16_t schema = 1;
  std::string personal{};  // JSON object, or empty where the event names nobody
  std::string payload{};   // JSON object
};

EncodedEvent encode(const Subject& subject, const Event& event);

// Reads events. Keeps its parser's memory from one to the next; one per thread.
class EventDecoder {
 public:
  EventDecoder();
  ~EventDecoder();
  // Upcasts what older versions wrote. Refuses unknown types and shapes (a newer program wrote
  // them) and JSON that is none; the text quotes nothing of the payload.
  Result<Event, Refusal> decode(std::string_view type, std::uint16_t schema,
                                std::string_view personal, std::string_view payload);
  // The same in its place, without a copy; after a refusal `event` is any.
  std::optional<Refusal> decode_to(Event& event, std::string_view type, std::uint16_t schema,
                                   std::string_view personal, std::string_view payload);

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace campaigns
