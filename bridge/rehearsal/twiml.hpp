#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// TwiML as the far end reads it (protocols.md 4): the verbs of a rehearsal, with their defaults
// filled in. Reading knows neither the call nor the person.
namespace bridge::rehearsal {

constexpr std::size_t document_bytes_max = 64 * 1024;

// Somebody whom a dial calls, and whom it tells how that goes.
struct Dialled {
  std::string number{};
  std::string status_url{};  // empty: nobody
  bool status_by_get = false;
  std::string status_events = "completed";  // with blanks between them
};

struct Verb {
  enum class Kind : unsigned char {
    say,
    play,
    pause,
    gather,
    record,
    dial,
    connect,
    redirect,
    hangup
  };
  Kind kind = Kind::hangup;
  std::chrono::seconds time{0};  // how long a say, play or pause takes, loops included
  std::string text{};            // what is said; where a redirect or a stream leads
  std::string language{};
  bool by_get = false;  // method of a redirect or of an action

  // Of a gather and a record: empty, the document's own URL; of a connect and a dial: empty, none.
  std::string action{};

  // Of a connect; `text` is the stream's URL.
  std::vector<std::pair<std::string, std::string>> parameters{};
  std::string name{};
  std::string status_url{};
  bool status_by_get = false;

  // Of a gather.
  std::vector<Verb> prompts{};
  std::string hints{};
  std::string finish_on_key = "#";
  bool takes_keys = true;
  bool takes_speech = false;
  bool action_on_empty_result = false;
  bool barge_in = true;
  int digits_max = 0;  // 0: any number
  std::chrono::seconds timeout{5};
  std::chrono::seconds speech_timeout{5};

  // Of a record and a dial, which also use `timeout`; of a record `finish_on_key` too.
  std::chrono::seconds time_max{3600};  // of what is recorded, or of the two talking
  bool beep = true;
  std::string recorded{};  // told when the recording is there; empty: nobody
  bool recorded_by_get = false;
  std::vector<Dialled> dialled{};  // all at once
};

struct Document {
  std::vector<Verb> verbs{};
};

// The carrier's error code (protocols.md 2.1, 4.1): 12100 not XML, 12200 not what TwiML allows,
// 11750 too long, 13xxx a verb that cannot be done, 319xx a stream that cannot be.
struct BadTwiml {
  int code = 0;
};

std::variant<Document, BadTwiml> read_twiml(std::string_view xml);

// How long a voice takes for a text, in whole seconds.
std::chrono::seconds speaking_time(std::string_view text);

}  // namespace bridge::rehearsal
