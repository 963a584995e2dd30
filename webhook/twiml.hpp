#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "campaigns/survey.hpp"

// The only place that writes the carrier's markup (protocols.md 4). Verbs are typed and every text
// is data: whatever a column or a campaign's text holds, it comes out as text.
namespace webhook {

// The carrier reads no longer document (11750).
inline constexpr std::size_t twiml_bytes_max = 64 * 1024;
// One Say holds at most so many characters, and so many bytes once it is URL-encoded (13521);
// protocols.md 4.2. A longer text becomes several, cut after a sentence, else after a blank.
inline constexpr std::size_t say_characters_max = 3000;
inline constexpr std::size_t say_encoded_bytes_max = 4500;
// Of one Gather (protocols.md 4.4). The second is ours, so that texts keep their room.
inline constexpr std::size_t hint_characters_max = 100;
inline constexpr std::size_t hints_max = 500;
inline constexpr std::size_t hints_bytes_max = 8192;
// A longer language or voice is none and is left out.
inline constexpr std::size_t name_bytes_max = 128;

// The document of a call. A question's answer goes to `answer_url` + "/<question>/<turn>". The same
// input gives the same bytes. Of texts that do not fit into one document the end is left out, never
// a verb.
std::string write_twiml(const campaigns::CallDocument& document, std::string_view answer_url);

// What connects a call with a voice agent (design.md 7, protocols.md 4.7): a word to the person,
// then the call's sound to a WebSocket until we close it, then the end.
struct StreamDocument {
  campaigns::Say greeting{};
  std::string url{};  // wss://…, without a query, which the carrier drops
  // Told to whoever takes the stream. A value that is too long is cut.
  std::vector<std::pair<std::string, std::string>> parameters{};
};
// Name and value of a Parameter together (protocols.md 4.7).
inline constexpr std::size_t parameter_bytes_max = 499;
std::string write_stream_twiml(const StreamDocument& document);

}  // namespace webhook
