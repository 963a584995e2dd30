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

// Name and value of a Parameter together (protocols.md 4.7).
inline constexpr std::size_t parameter_bytes_max = 499;

// Where a document's verbs lead.
struct DocumentUrls {
  std::string answer{};  // followed by "/<question>/<turn>"
  // Of a media stream (protocols.md 4.7): wss://…, without a query, which the carrier drops.
  std::string media_stream{};
  std::string stream_status{};
  std::string after_stream{};
  std::string after_transfer{};
  // Followed by "/<number>", which counts the humans from 1, and `sent_again`.
  std::string transfer_status{};
  // Told to whoever takes the stream. A value that is too long is cut.
  std::vector<std::pair<std::string, std::string>> parameters{};
};

// The document of a call. The same input gives the same bytes. Of texts that do not fit into one
// document the end is left out, never a verb.
std::string write_twiml(const campaigns::CallDocument& document, const DocumentUrls& urls);

}  // namespace webhook
