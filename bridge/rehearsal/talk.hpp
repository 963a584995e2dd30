#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/rehearsal/people.hpp"
#include "bridge/rehearsal/twiml.hpp"
#include "bridge/rehearsal/wire.hpp"

namespace bridge::rehearsal {

// A call that a dial places to somebody, and how it goes; times are from the moment the document
// came.
struct Leg {
  Dialled to{};
  std::string sid{};  // given by the carrier
  std::chrono::seconds begins{0};
  std::optional<std::chrono::seconds> rings{};
  std::optional<std::chrono::seconds> answers{};
  std::chrono::seconds ends{0};
  std::string_view status{};  // at its end; a literal
  std::chrono::seconds talked{0};
};

// What comes of a document: the one thing that leaves the call, and when.
struct Act {
  enum class Kind : unsigned char {
    request,  // the carrier asks `url` for the next document
    stream,   // the sound of the call goes elsewhere, until that ends: Connect with a Stream
    person_hangs_up,
    document_hangs_up,  // Hangup, or no verb is left
  };
  Kind kind = Kind::document_hangs_up;
  std::chrono::seconds after{0};  // from the moment the document came
  std::string url{};              // absolute, unless the document had no URL
  bool by_get = false;
  Fields fields{};       // Digits, SpeechResult, Confidence, DialCallStatus …
  std::size_t verb = 0;  // of a stream: its place in the document
  // The carrier has a name for what came of it, and adds it: a recording, a leg that was dialled.
  // With `person_hangs_up` `url` is told of it all the same, and what it answers is nothing to
  // anybody.
  bool recorded = false;
  bool dialled = false;
  std::vector<Leg> legs{};      // of its dials
  std::size_t talked_with = 0;  // which of them is told of as the dial's own
  std::chrono::seconds recorded_time{0};
  std::string recorded_url{};  // told when the recording is there; empty: nobody
  bool recorded_by_get = false;
};

// One answered call between a person and a program: performs documents. Pure: waits are numbers in
// its acts, and what the person does follows from seed, number and call.
class Talk {
 public:
  Talk(const People& people, std::uint64_t seed, std::string to, std::uint64_t ordinal);

  const Person& person() const { return person_; }
  // Runs a document to the first thing that leaves the call. `url` is where it came from; empty for
  // a document that came inside a request.
  Act perform(const Document& document, const std::string& url);
  // The same document goes on at a later verb, when a stream has ended.
  Act go_on(const Document& document, const std::string& url, std::size_t verb);
  // Time passed outside of documents: before the first one, or in a stream.
  void wait(std::chrono::seconds time) { elapsed_ += time; }

 private:
  struct Heard {
    bool ended = false;  // an act came of it, else the next verb follows
    Act act{};
  };
  Heard gather(const Verb& verb, const std::string& heard_before, const std::string& url,
               std::chrono::seconds began);
  Heard record(const Verb& verb, const std::string& url, std::chrono::seconds began);
  Heard dial(const Verb& verb, const std::string& url, std::chrono::seconds began);
  void remember_offer(std::string_view said);
  Act done(Act act);

  People people_;
  std::uint64_t seed_;
  std::string to_;
  std::uint64_t ordinal_;
  Person person_;
  std::uint64_t turn_ = 0;  // questions so far
  char opt_out_ = '\0';     // the key that was offered last to people who want no calls
  std::uint64_t documents_ = 0;
  std::chrono::seconds elapsed_{0};  // since the call was answered
};

}  // namespace bridge::rehearsal
