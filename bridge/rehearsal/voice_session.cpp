#include "bridge/rehearsal/voice_session.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "bridge/rehearsal/dice.hpp"
#include "bridge/rehearsal/mind.hpp"
#include "bridge/rehearsal/session_rules.hpp"
#include "bridge/rehearsal/sound.hpp"
#include "bridge/rehearsal/wire.hpp"
#include "bridge/rehearsal/words.hpp"

namespace bridge::rehearsal {
namespace {

using net::Instant;
using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Speech comes so fast: a second of it in each quarter of one.
constexpr milliseconds piece_time{250};
constexpr std::size_t piece_bytes = 1'000 * sound_bytes_per_ms;
constexpr std::size_t append_bytes_max = std::size_t{15} * 1024 * 1024;
constexpr std::size_t least_commit_bytes = 100 * sound_bytes_per_ms;
constexpr std::size_t items_max = 10'000;  // of one conversation
constexpr std::int64_t tokens_a_minute = 40'000;

// What mu-law sounds like at 24 kHz and 16 bits: each sample three times.
std::string as_pcm(std::string_view sound) {
  std::string pcm;
  pcm.reserve(sound.size() * 6);
  for (const char code : sound) {
    const auto sample = static_cast<unsigned>(linear_of(static_cast<unsigned char>(code)));
    for (int copy = 0; copy < 3; ++copy) {
      pcm += static_cast<char>(sample & 0xffU);
      pcm += static_cast<char>((sample >> 8U) & 0xffU);
    }
  }
  return pcm;
}

std::string text_in(const json& content) {
  std::string text;
  for (const json& part : content) text += part.value("text", std::string());
  return text;
}

// The end of a piece of at most `most` bytes that does not cut a letter.
std::size_t whole_letters(std::string_view text, std::size_t most) {
  if (most >= text.size()) return text.size();
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80) --most;
  return most;
}

}  // namespace

struct VoiceSession::Response {
  std::string id{};
  std::uint64_t number = 0;
  std::string instructions{};
  MindTurn turn{};
  json output = json::array();  // whole items
  // The message under way; empty id: none.
  std::string item{};
  std::string previous{};
  std::string sound{};
  std::size_t sent = 0;  // bytes of it
  std::size_t told = 0;  // bytes of the text
  std::size_t sound_ms = 0;
  int output_index = 0;
  bool as_text = false;
};

struct VoiceSession::Block {
  struct Item {
    bool assistant = false;
    std::size_t sound_bytes = 0;  // made so far
  };

  json session{};
  Mind mind{};
  Dice dice;
  std::uint64_t ids = 0;
  std::string event_id{};  // the client's, of the event that is being read
  std::string conversation{};

  // What chance has in store, once the session is known.
  bool faults_drawn = false;
  std::uint64_t key = 0;
  bool update_refused = false;
  bool keeps_pcm = false;
  milliseconds slow{0};
  bool deaf = false;
  bool hard_of_hearing = false;

  // Hearing.
  SpeechDetector detector{{}};
  std::uint64_t detector_base_ms = 0;  // heard by the detectors before this one
  bool detects = true;
  bool understands = false;  // the input is mu-law
  std::size_t prefix_ms = 300;
  bool creates = true;
  bool interrupts = true;
  Ear ear{};
  std::string words{};
  std::size_t uncommitted_bytes = 0;
  std::string user_item{};
  std::uint64_t turn_began_ms = 0;
  bool stalled = false;  // it hears no more

  std::string last_item{};
  std::unordered_map<std::string, Item> items{};
  std::unordered_map<std::string, std::string> calls{};  // call_id to name, unanswered

  std::unique_ptr<Response> response{};
  bool owes_answer = false;  // to a turn that ended while it spoke
  bool has_spoken = false;
  SpeakingVoice voice = SpeakingVoice::high;
  std::int64_t context_tokens = 0;
  std::int64_t heard_tokens = 0;

  Block(std::uint64_t seed, std::uint64_t ordinal) : dice(seed, "session", ordinal, "voice") {}
};

VoiceSession::VoiceSession(Options options, Instant now)
    : options_(std::move(options)),
      block_(std::make_unique<Block>(options_.seed, options_.ordinal)) {
  const Instant over = now + options_.time_max;
  const auto expires_at = std::chrono::floor<seconds>(over).time_since_epoch().count();
  block_->session = new_session(new_id("sess_"), options_.model, expires_at);
  block_->conversation = new_id("conv_");
  emit("session.created", {{"session", block_->session}});
  plan(over, [this](Instant) {
    emit("error", {{"error",
                    {{"type", "invalid_request_error"},
                     {"code", "session_expired"},
                     {"message", "Your session hit the maximum duration of 60 minutes."},
                     {"param", nullptr},
                     {"event_id", nullptr}}}});
    ending_ = Ending{.code = 1001, .reason = "session_expired"};
  });
}

VoiceSession::~VoiceSession() = default;

void VoiceSession::plan(Instant when, std::function<void(Instant)> what) {
  plans_.emplace(std::pair{when, ++planned_}, std::move(what));
}

void VoiceSession::act(Instant now) {
  while (!ending_ && !plans_.empty() && plans_.begin()->first.first <= now) {
    const auto due = plans_.extract(plans_.begin());
    due.mapped()(now);
  }
}

std::optional<Instant> VoiceSession::next() const {
  if (ending_ || plans_.empty()) return {};
  return plans_.begin()->first.first;
}

std::vector<std::string> VoiceSession::take_messages() {
  return std::exchange(messages_, {});
}

std::string VoiceSession::new_id(const char* prefix) {
  const std::string name = std::string(prefix) + std::to_string(options_.ordinal);
  return prefix + hex_from(options_.seed, name, ++block_->ids, 20);
}

void VoiceSession::emit(const char* type, json event) {
  if (ending_) return;
  event["type"] = type;
  event["event_id"] = new_id("event_");
  messages_.push_back(event.dump(-1, ' ', false, json::error_handler_t::replace));
}

void VoiceSession::refuse(const std::string& code, const std::string& message,
                          const std::string& param) {
  ++counts_.errors;
  json error = {{"type", "invalid_request_error"}, {"code", code}, {"message", message}};
  error["param"] = param.empty() ? json(nullptr) : json(param);
  error["event_id"] = block_->event_id.empty() ? json(nullptr) : json(block_->event_id);
  emit("error", {{"error", std::move(error)}});
}

void VoiceSession::receive(std::string_view message, Instant now) {
  Block& b = *block_;
  if (ending_ || b.deaf) return;
  b.event_id.clear();
  const json event = json::parse(message, nullptr, false);
  if (event.is_object()) {
    if (const auto id = event.find("event_id"); id != event.end() && id->is_string()) {
      b.event_id = id->get<std::string>();
    }
  }
  if (const auto refusal = check_event(event)) {
    return refuse(refusal->code, refusal->message, refusal->param);
  }
  const auto& type = event["type"].get_ref<const std::string&>();
  if (type == "input_audio_buffer.append") return on_append(event, now);
  if (type == "session.update") return on_update(event, now);
  if (type == "response.create") return on_create(event, now);
  if (type == "response.cancel") return on_cancel(event, now);
  if (type == "conversation.item.create") return on_item(event);
  if (type == "conversation.item.truncate") return on_truncate(event, now);
  if (type == "input_audio_buffer.commit") return on_commit(now);
  if (type == "input_audio_buffer.clear") {
    b.words.clear();
    b.uncommitted_bytes = 0;
    return emit("input_audio_buffer.cleared", json::object());
  }
  const auto id = event["item_id"].get<std::string>();
  if (!b.items.contains(id)) {
    return refuse("invalid_value", "Item with item_id not found: " + id, "item_id");
  }
  if (type == "conversation.item.delete") {
    b.items.erase(id);
    return emit("conversation.item.deleted", {{"item_id", id}});
  }
  emit("conversation.item.retrieved", {{"item", {{"id", id}, {"object", "realtime.item"}}}});
}

// ---- the session ----

void VoiceSession::draw_faults(Instant now) {
  Block& b = *block_;
  if (b.faults_drawn) return;
  b.faults_drawn = true;
  const Faults& faults = options_.faults;
  const auto& instructions = b.session["instructions"].get_ref<const std::string&>();
  // A session has no name that the next run would give it again, but for what it is about, and
  // when.
  b.key = static_cast<std::uint64_t>(now.time_since_epoch().count());
  b.dice = Dice(options_.seed, instructions, b.key, "voice");
  b.update_refused = b.dice.per_mille(faults.voice_update_refused);
  b.keeps_pcm = b.dice.per_mille(faults.voice_keeps_pcm);
  const bool slow = b.dice.per_mille(faults.voice_slow);
  const bool dropped = b.dice.per_mille(faults.voice_dropped);
  const bool closed = b.dice.per_mille(faults.voice_closed);
  const bool expired = b.dice.per_mille(faults.voice_expired);
  if (slow) b.slow = seconds(b.dice.between(3, 9));
  // With dice of its own, so that what else chance has in store stays what it was.
  Dice ears(options_.seed, instructions, b.key, "ears");
  b.deaf = ears.per_mille(faults.voice_deaf);
  b.hard_of_hearing = ears.per_mille(faults.voice_hard_of_hearing);
  const Instant then = now + seconds(b.dice.between(2, 40));
  if (dropped) {
    plan(then, [this](Instant) { ending_ = Ending{}; });
  } else if (closed) {
    plan(then,
         [this](Instant) { ending_ = Ending{.code = 1011, .reason = "keepalive ping timeout"}; });
  } else if (expired) {
    plan(then, [this](Instant) {
      refuse("session_expired", "Your session hit the maximum duration of 60 minutes.", "");
      ending_ = Ending{.code = 1001, .reason = "session_expired"};
    });
  }
}

void VoiceSession::on_update(const json& event, Instant now) {
  Block& b = *block_;
  const json before = b.session;
  if (const auto refusal = update_session(b.session, event["session"], b.has_spoken)) {
    return refuse(refusal->code, refusal->message, refusal->param);
  }
  draw_faults(now);
  if (b.update_refused) {
    b.session = before;
    return refuse("unknown_parameter", "Unknown parameter: 'session.audio'.", "session.audio");
  }
  json& input = b.session["audio"]["input"];
  json& output = b.session["audio"]["output"];
  if (b.keeps_pcm) {
    input["format"] = before["audio"]["input"]["format"];
    output["format"] = before["audio"]["output"]["format"];
  }
  b.understands = input["format"]["type"] == "audio/pcmu";
  const json& detection = input["turn_detection"];
  b.detects = !detection.is_null();
  if (b.detects) {
    b.creates = detection["create_response"].get<bool>();
    b.interrupts = detection["interrupt_response"].get<bool>();
    b.prefix_ms = detection.value("prefix_padding_ms", std::size_t{300});
    SpeechDetector::Options options;
    options.threshold = detection.value("threshold", 0.5);
    options.silence_ms = detection.value("silence_duration_ms", std::size_t{500});
    b.detector_base_ms += b.detector.heard_ms();
    b.detector = SpeechDetector(options);
  }
  const json& voice = output["voice"];
  constexpr std::array low_voices{"ash", "ballad", "cedar", "echo", "verse"};
  const bool is_low =
      std::ranges::any_of(low_voices, [&](const char* name) { return voice == name; });
  b.voice = is_low ? SpeakingVoice::low : SpeakingVoice::high;

  const auto& instructions = b.session["instructions"].get_ref<const std::string&>();
  std::vector<std::string> tools;
  for (const json& tool : b.session["tools"]) tools.push_back(tool["name"].get<std::string>());
  b.mind.instruct(instructions, std::move(tools));
  std::string language;
  if (const json& transcription = input["transcription"]; transcription.is_object()) {
    language = transcription.value("language", std::string());
    const auto languages = transcription.find("languages");
    if (languages != transcription.end() && !languages->empty()) {
      language = languages->front().get<std::string>();
    }
  }
  b.mind.speak_italian(language.empty() ? is_italian(instructions) : language.starts_with("it"));

  if (b.slow.count() == 0) return emit("session.updated", {{"session", b.session}});
  plan(now + std::exchange(b.slow, milliseconds(0)), [this](Instant) {
    emit("session.updated", {{"session", block_->session}});
  });
}

// ---- hearing ----

void VoiceSession::on_append(const json& event, Instant now) {
  const auto& coded = event["audio"].get_ref<const std::string&>();
  if (coded.size() > append_bytes_max) {
    return refuse("string_above_max_length", "The audio is longer than 15 MiB.", "audio");
  }
  const auto sound = read_base64(coded);
  if (!sound) return refuse("invalid_value", "Invalid audio: not base64.", "audio");
  listen(*sound, now);
}

void VoiceSession::listen(std::string_view sound, Instant now) {
  Block& b = *block_;
  b.uncommitted_bytes += sound.size();
  if (!b.understands || b.hard_of_hearing) return;  // as noise is not understood
  while (!sound.empty() && !b.stalled) {
    const std::string_view before = sound;
    SpeechDetector::Told told;
    if (b.detects) {
      told = b.detector.hear(sound);
    } else {
      sound = {};
    }
    b.ear.hear(before.substr(0, before.size() - sound.size()), [&b](const Ear::Heard& word) {
      if (!word.label) append_heard(b.words, word);
    });
    if (told.change == SpeechDetector::Change::none) continue;
    const std::uint64_t at_ms = b.detector_base_ms + told.at_ms;
    if (told.change == SpeechDetector::Change::started) {
      begin_turn(at_ms, now);
    } else {
      emit("input_audio_buffer.speech_stopped",
           {{"audio_end_ms", at_ms}, {"item_id", b.user_item}});
      commit(now, b.creates);
    }
  }
}

void VoiceSession::begin_turn(std::uint64_t at_ms, Instant now) {
  Block& b = *block_;
  b.turn_began_ms = at_ms > b.prefix_ms ? at_ms - b.prefix_ms : 0;
  b.user_item = new_id("item_");
  emit("input_audio_buffer.speech_started",
       {{"audio_start_ms", b.turn_began_ms}, {"item_id", b.user_item}});
  b.owes_answer = false;
  // With dice of its own, so that what else chance has in store stays what it was.
  Dice dice(options_.seed, "turn", b.key, "stalled", counts_.turns);
  b.stalled = dice.per_mille(options_.faults.voice_stalled);
  if (b.response && b.interrupts) {
    ++counts_.interrupted;
    interrupt("turn_detected", now);
  }
}

void VoiceSession::on_commit(Instant now) {
  if (block_->uncommitted_bytes < least_commit_bytes) {
    return refuse("input_audio_buffer_commit_empty",
                  "Error committing input audio buffer: buffer too small.", "");
  }
  commit(now, false);
}

// The person's turn is over.
void VoiceSession::commit(Instant now, bool answer) {
  Block& b = *block_;
  const std::string item = b.user_item.empty() ? new_id("item_") : std::exchange(b.user_item, {});
  const std::string words = std::exchange(b.words, {});
  const std::size_t ms = std::exchange(b.uncommitted_bytes, 0) / sound_bytes_per_ms;
  b.heard_tokens += static_cast<std::int64_t>(ms / 100);
  ++counts_.turns;
  const json previous = b.last_item.empty() ? json(nullptr) : json(b.last_item);
  b.last_item = item;
  if (b.items.size() < items_max) b.items[item] = {};
  emit("input_audio_buffer.committed", {{"previous_item_id", previous}, {"item_id", item}});
  const json added = {
      {"id", item},
      {"object", "realtime.item"},
      {"type", "message"},
      {"status", "completed"},
      {"role", "user"},
      {"content", json::array({{{"type", "input_audio"}, {"transcript", nullptr}}})}};
  emit("conversation.item.added", {{"previous_item_id", previous}, {"item", added}});
  emit("conversation.item.done", {{"previous_item_id", previous}, {"item", added}});
  write_down(item, words, ms, now);
  b.mind.hear_words(words);
  if (!answer) return;
  if (b.response) {
    b.owes_answer = true;
  } else {
    begin_response({}, now);
  }
}

// Another model writes down what was said, and takes its time.
void VoiceSession::write_down(const std::string& item, const std::string& words, std::size_t ms,
                              Instant now) {
  Block& b = *block_;
  if (b.session["audio"]["input"]["transcription"].is_null()) return;
  const bool failed = b.dice.per_mille(options_.faults.voice_transcript_failed);
  const bool late = b.dice.per_mille(options_.faults.voice_transcript_late);
  const milliseconds after =
      late ? seconds(b.dice.between(3, 8)) : piece_time * b.dice.between(1, 3);
  plan(now + after, [this, item, words, ms, failed](Instant) {
    const json index = 0;
    if (failed) {
      return emit("conversation.item.input_audio_transcription.failed",
                  {{"item_id", item},
                   {"content_index", index},
                   {"error",
                    {{"type", "transcription_error"},
                     {"code", "audio_unintelligible"},
                     {"message", "The audio could not be transcribed."},
                     {"param", nullptr}}}});
    }
    emit("conversation.item.input_audio_transcription.delta",
         {{"item_id", item}, {"content_index", index}, {"delta", words}});
    emit("conversation.item.input_audio_transcription.completed",
         {{"item_id", item},
          {"content_index", index},
          {"transcript", words},
          {"usage", {{"type", "duration"}, {"seconds", static_cast<double>(ms) / 1'000}}}});
  });
}

// ---- items of the client's ----

void VoiceSession::on_item(const json& event) {
  Block& b = *block_;
  json item = event["item"];
  if (b.items.size() >= items_max) {
    return refuse("invalid_value", "The conversation has too many items.", "item");
  }
  if (!item.contains("id")) item["id"] = new_id("item_");
  const auto id = item["id"].is_string() ? item["id"].get<std::string>() : std::string();
  if (id.empty() || b.items.contains(id)) {
    return refuse("invalid_value", "The item's id is taken or none.", "item.id");
  }
  if (item["type"] == "function_call_output") {
    const auto found = b.calls.find(item["call_id"].get<std::string>());
    if (found == b.calls.end()) {
      return refuse("invalid_tool_call_id", "Tool call ID not found in conversation.",
                    "item.call_id");
    }
    b.mind.hear_tool(found->second, item["output"].get_ref<const std::string&>());
    b.calls.erase(found);
  } else if (item["role"] == "user") {
    b.mind.hear_text(text_in(item["content"]));
  }
  b.items[id] = {};
  item["object"] = "realtime.item";
  item["status"] = "completed";
  b.context_tokens += static_cast<std::int64_t>(item.dump().size() / 4);
  const json previous = b.last_item.empty() ? json(nullptr) : json(b.last_item);
  b.last_item = id;
  emit("conversation.item.added", {{"previous_item_id", previous}, {"item", item}});
  emit("conversation.item.done", {{"previous_item_id", previous}, {"item", item}});
}

void VoiceSession::on_truncate(const json& event, Instant now) {
  Block& b = *block_;
  const auto id = event["item_id"].get<std::string>();
  const auto heard = event["audio_end_ms"].get<std::int64_t>();
  const auto found = b.items.find(id);
  if (found == b.items.end()) {
    return refuse("invalid_value", "Item with item_id not found: " + id, "item_id");
  }
  if (!found->second.assistant) {
    return refuse("invalid_value", "Only assistant audio can be truncated.", "item_id");
  }
  if (event["content_index"] != 0) {
    return refuse("invalid_value", "There is no such content.", "content_index");
  }
  const auto made = static_cast<std::int64_t>(found->second.sound_bytes / sound_bytes_per_ms);
  truncated_.push_back({.at = now, .item = id, .heard_ms = heard, .refused = heard > made});
  if (heard > made) {
    return refuse("invalid_value",
                  "Audio content of " + std::to_string(made) + "ms is already shorter than " +
                      std::to_string(heard) + "ms",
                  "audio_end_ms");
  }
  if (heard < made) b.mind.note_cut();
  emit("conversation.item.truncated",
       {{"item_id", id}, {"content_index", 0}, {"audio_end_ms", heard}});
}

// ---- responses ----

void VoiceSession::on_create(const json& event, Instant now) {
  std::string instructions;
  if (const auto response = event.find("response"); response != event.end()) {
    if (const auto refusal = check_response(*response)) {
      return refuse(refusal->code, refusal->message, refusal->param);
    }
    instructions = response->value("instructions", std::string());
  }
  if (block_->response) {
    return refuse(
        "conversation_already_has_active_response",
        "Conversation already has an active response in progress: " + block_->response->id +
            ". Wait until the response is finished before creating"
            " a new one.",
        "");
  }
  begin_response(instructions, now);
}

void VoiceSession::on_cancel(const json& event, Instant now) {
  const auto wanted = event.value("response_id", std::string());
  if (!block_->response || (!wanted.empty() && wanted != block_->response->id)) {
    return refuse("response_cancel_not_active", "Cancellation failed: no active response found.",
                  "");
  }
  interrupt("client_cancelled", now);
}

void VoiceSession::begin_response(const std::string& instructions, Instant now) {
  Block& b = *block_;
  draw_faults(now);
  b.owes_answer = false;
  b.response = std::make_unique<Response>();
  Response& response = *b.response;
  response.id = new_id("resp_");
  response.number = ++counts_.responses;
  const Faults& faults = options_.faults;
  const bool silent = b.dice.per_mille(faults.voice_silent);
  const bool fails = b.dice.per_mille(faults.voice_failed);
  const bool nonsense = b.dice.per_mille(faults.voice_nonsense);
  const int thinking = b.dice.between(1, 2);
  emit("response.created", {{"response",
                             {{"object", "realtime.response"},
                              {"id", response.id},
                              {"status", "in_progress"},
                              {"status_details", nullptr},
                              {"conversation_id", b.conversation},
                              {"output", json::array()},
                              {"usage", nullptr},
                              {"metadata", nullptr}}}});
  if (nonsense) messages_.emplace_back("{\"type\":\"response.output_audio.delta\",\"delta\":");
  if (silent) return;
  response.instructions = instructions;
  plan(now + piece_time * thinking, [this, id = response.id, fails](Instant then) {
    if (!block_->response || block_->response->id != id) return;
    if (!fails) return begin_output(then);
    end_response("failed",
                 {{"type", "failed"},
                  {"error",
                   {{"type", "server_error"},
                    {"code", nullptr},
                    {"message", "The server had an error while processing your request."}}}},
                 then);
  });
}

void VoiceSession::begin_output(Instant now) {
  Block& b = *block_;
  Response& response = *b.response;
  // Not before: what is interrupted while it is thought of was never thought.
  response.turn = b.mind.speak(response.instructions);
  response.as_text = b.session["output_modalities"] == json::array({"text"});
  if (response.turn.say.empty()) {
    send_calls();
    return end_response("completed", nullptr, now);
  }
  response.item = new_id("item_");
  response.previous = std::exchange(b.last_item, response.item);
  b.items[response.item] = {.assistant = true, .sound_bytes = 0};
  if (!response.as_text) {
    b.has_spoken = true;
    response.sound = spoken(response.turn.say, b.voice, options_.seed, response.item);
  }
  const json item = {{"id", response.item}, {"object", "realtime.item"},
                     {"type", "message"},   {"status", "in_progress"},
                     {"role", "assistant"}, {"content", json::array()}};
  const json previous = response.previous.empty() ? json(nullptr) : json(response.previous);
  emit("response.output_item.added",
       {{"response_id", response.id}, {"output_index", 0}, {"item", item}});
  emit("conversation.item.added", {{"previous_item_id", previous}, {"item", item}});
  json part = {{"type", response.as_text ? "text" : "audio"}};
  part[response.as_text ? "text" : "transcript"] = "";
  emit("response.content_part.added", {{"response_id", response.id},
                                       {"item_id", response.item},
                                       {"output_index", 0},
                                       {"content_index", 0},
                                       {"part", part}});
  stream(now);
}

// Sends sound, and the text that goes with it, up to so many bytes.
void VoiceSession::send_sound(std::size_t bytes_max) {
  Block& b = *block_;
  Response& response = *b.response;
  const bool pcm = b.session["audio"]["output"]["format"]["type"] != "audio/pcmu";
  json event = {{"response_id", response.id},
                {"item_id", response.item},
                {"output_index", 0},
                {"content_index", 0}};
  const std::size_t end = std::min(response.sent + bytes_max, response.sound.size());
  const auto& text = response.turn.say;
  const std::size_t text_end = response.sound.empty()
                                   ? text.size()
                                   : whole_letters(text, text.size() * end / response.sound.size());
  if (text_end > response.told) {
    event["delta"] = text.substr(response.told, text_end - response.told);
    response.told = text_end;
    emit(response.as_text ? "response.output_text.delta" : "response.output_audio_transcript.delta",
         event);
  }
  while (response.sent < end) {
    const auto most = static_cast<std::size_t>(b.dice.between(400, 4'000));
    const std::size_t size = std::min(most, end - response.sent);
    const std::string_view piece = std::string_view(response.sound).substr(response.sent, size);
    event["delta"] = base64(pcm ? as_pcm(piece) : std::string(piece));
    response.sent += size;
    emit("response.output_audio.delta", event);
  }
  b.items[response.item].sound_bytes = response.sent;
}

void VoiceSession::stream(Instant now) {
  Response& response = *block_->response;
  send_sound(piece_bytes);
  if (response.sent < response.sound.size()) {
    plan(now + piece_time, [this, id = response.id](Instant then) {
      if (block_->response && block_->response->id == id) stream(then);
    });
    return;
  }
  end_message("completed");
  send_calls();
  end_response("completed", nullptr, now);
}

// Ends the message under way, said whole or not.
void VoiceSession::end_message(const char* status) {
  Response& response = *block_->response;
  if (response.item.empty()) return;
  response.sound_ms = response.sent / sound_bytes_per_ms;
  const std::string text = response.turn.say.substr(0, response.told);
  json event = {{"response_id", response.id},
                {"item_id", response.item},
                {"output_index", 0},
                {"content_index", 0}};
  json part = {{"type", response.as_text ? "text" : "audio"}};
  part[response.as_text ? "text" : "transcript"] = text;
  if (response.as_text) {
    json whole = event;
    whole["text"] = text;
    emit("response.output_text.done", whole);
  } else {
    emit("response.output_audio.done", event);
    json whole = event;
    whole["transcript"] = text;
    emit("response.output_audio_transcript.done", whole);
  }
  event["part"] = part;
  emit("response.content_part.done", event);
  json content = {{"type", response.as_text ? "output_text" : "output_audio"}};
  content[response.as_text ? "text" : "transcript"] = text;
  const json item = {{"id", response.item}, {"object", "realtime.item"},
                     {"type", "message"},   {"status", status},
                     {"role", "assistant"}, {"content", json::array({content})}};
  const json previous = response.previous.empty() ? json(nullptr) : json(response.previous);
  emit("conversation.item.done", {{"previous_item_id", previous}, {"item", item}});
  emit("response.output_item.done",
       {{"response_id", response.id}, {"output_index", 0}, {"item", item}});
  response.output.push_back(item);
  response.item.clear();
  response.output_index = 1;
}

void VoiceSession::send_calls() {
  Block& b = *block_;
  Response& response = *b.response;
  if (b.session["tool_choice"] == "none") return;
  for (MindTurn::Call& call : response.turn.calls) {
    if (b.dice.per_mille(options_.faults.voice_bad_arguments)) {
      call.arguments.resize(call.arguments.size() / 2);
    }
    ++counts_.tool_calls;
    const std::string id = new_id("item_");
    const std::string call_id = new_id("call_");
    const std::string previous = std::exchange(b.last_item, id);
    b.items[id] = {};
    b.calls[call_id] = call.name;
    json item = {{"id", id},
                 {"object", "realtime.item"},
                 {"type", "function_call"},
                 {"status", "in_progress"},
                 {"name", call.name},
                 {"call_id", call_id},
                 {"arguments", ""}};
    emit("response.output_item.added",
         {{"response_id", response.id}, {"output_index", response.output_index}, {"item", item}});
    emit("conversation.item.added",
         {{"previous_item_id", previous.empty() ? json(nullptr) : json(previous)}, {"item", item}});
    json event = {{"response_id", response.id},
                  {"item_id", id},
                  {"output_index", response.output_index},
                  {"call_id", call_id}};
    const std::size_t half = whole_letters(call.arguments, call.arguments.size() / 2);
    event["delta"] = call.arguments.substr(0, half);
    emit("response.function_call_arguments.delta", event);
    event["delta"] = call.arguments.substr(half);
    emit("response.function_call_arguments.delta", event);
    event.erase("delta");
    event["name"] = call.name;
    event["arguments"] = call.arguments;
    emit("response.function_call_arguments.done", event);
    item["status"] = "completed";
    item["arguments"] = call.arguments;
    emit("conversation.item.done",
         {{"previous_item_id", previous.empty() ? json(nullptr) : json(previous)}, {"item", item}});
    emit("response.output_item.done",
         {{"response_id", response.id}, {"output_index", response.output_index}, {"item", item}});
    response.output.push_back(std::move(item));
    ++response.output_index;
  }
}

json VoiceSession::usage_of(const Response& response) const {
  const Block& b = *block_;
  const auto read_tokens =
      b.context_tokens +
      static_cast<std::int64_t>(b.session["instructions"].get_ref<const std::string&>().size() / 4);
  const auto cached = response.number > 1 ? read_tokens / 64 * 64 : 0;
  const auto said_tokens = static_cast<std::int64_t>(response.told / 4);
  const auto audio_out = static_cast<std::int64_t>(response.sound_ms / 50);
  const auto in = read_tokens + b.heard_tokens;
  const auto out = said_tokens + audio_out;
  return {{"total_tokens", in + out},
          {"input_tokens", in},
          {"output_tokens", out},
          {"input_token_details",
           {{"text_tokens", read_tokens},
            {"audio_tokens", b.heard_tokens},
            {"image_tokens", 0},
            {"cached_tokens", cached},
            {"cached_tokens_details", {{"text_tokens", cached}, {"audio_tokens", 0}}}}},
          {"output_token_details", {{"text_tokens", said_tokens}, {"audio_tokens", audio_out}}}};
}

void VoiceSession::end_response(const char* status, json details, Instant now) {
  Block& b = *block_;
  const std::unique_ptr<Response> response = std::move(b.response);
  const json usage = usage_of(*response);
  b.context_tokens += usage["output_tokens"].get<std::int64_t>();
  emit("response.done", {{"response",
                          {{"object", "realtime.response"},
                           {"id", response->id},
                           {"status", status},
                           {"status_details", std::move(details)},
                           {"conversation_id", b.conversation},
                           {"output_modalities", b.session["output_modalities"]},
                           {"max_output_tokens", b.session["max_output_tokens"]},
                           {"metadata", nullptr},
                           {"audio", {{"output", b.session["audio"]["output"]}}},
                           {"output", response->output},
                           {"usage", usage}}}});
  const auto used = usage["total_tokens"].get<std::int64_t>();
  emit("rate_limits.updated",
       {{"rate_limits",
         json::array({{{"name", "tokens"},
                       {"limit", tokens_a_minute},
                       {"remaining", std::max<std::int64_t>(tokens_a_minute - used, 0)},
                       {"reset_seconds", 0.75}}})}});
  if (b.owes_answer) begin_response({}, now);
}

// The response under way ends here. What the network still holds of it comes all the same.
void VoiceSession::interrupt(const char* reason, Instant now) {
  Block& b = *block_;
  Response& response = *b.response;
  const bool detected = std::string_view(reason) == "turn_detected";
  if (!response.item.empty()) {
    if (detected) send_sound(static_cast<std::size_t>(b.dice.between(0, 3'000)));
    end_message("incomplete");
  }
  if (response.told > 0) b.mind.note_cut();
  end_response("cancelled", {{"type", "cancelled"}, {"reason", reason}}, now);
}

}  // namespace bridge::rehearsal
