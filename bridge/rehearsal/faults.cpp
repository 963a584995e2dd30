#include "bridge/rehearsal/faults.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "bridge/rehearsal/dice.hpp"
#include "bridge/rehearsal/settings.hpp"

namespace bridge::rehearsal {

namespace {

struct Described {
  std::string_view name{};
  int Faults::*value = nullptr;
  std::string_view meaning{};
  int most = 1000;
};

constexpr std::array described{
    Described{"callback_lost", &Faults::callback_lost, "a status callback is never sent"},
    Described{"callback_late", &Faults::callback_late, "comes one to five minutes late"},
    Described{"callback_doubled", &Faults::callback_doubled, "is sent two to five times"},
    Described{"callback_reordered", &Faults::callback_reordered,
              "comes some seconds late, so that the next may overtake it"},
    Described{"webhook_unknown_fields", &Faults::webhook_unknown_fields,
              "a webhook carries fields nobody has heard of"},
    Described{"webhook_odd_encoding", &Faults::webhook_odd_encoding,
              "a webhook's form is encoded in another way"},
    Described{"post_refused", &Faults::post_refused, "an order gets 429, and is not done"},
    Described{"post_refused_later", &Faults::post_refused_later,
              "the same, with Retry-After: retry_after_s"},
    Described{"post_failed", &Faults::post_failed, "gets 500, and is not done"},
    Described{"post_failed_accepted", &Faults::post_failed_accepted, "gets 500, and is done"},
    Described{"post_dropped", &Faults::post_dropped, "is done, and its connection closed"},
    Described{"post_reset", &Faults::post_reset, "is done, and its connection reset"},
    Described{"post_unanswered", &Faults::post_unanswered, "is done, and never answered"},
    Described{"post_delayed", &Faults::post_delayed, "is done, and answered after post_delay_s"},
    Described{"post_split", &Faults::post_split, "is done, and answered in two halves"},
    Described{"post_truncated", &Faults::post_truncated,
              "is done, and its answer ends in the middle"},
    Described{"get_refused", &Faults::get_refused, "a look-up or list gets 429"},
    Described{"get_failed", &Faults::get_failed, "a look-up or list gets 500"},
    Described{"stream_refused", &Faults::stream_refused, "a media stream is never opened"},
    Described{"stream_odd_chunks", &Faults::stream_odd_chunks,
              "media comes in pieces of 5 to 400 ms"},
    Described{"stream_gaps", &Faults::stream_gaps, "pieces of its media are missing"},
    Described{"stream_doubled", &Faults::stream_doubled, "pieces of its media come twice"},
    Described{"stream_unknown", &Faults::stream_unknown, "it holds messages nobody has heard of"},
    Described{"stream_no_stop", &Faults::stream_no_stop, "it ends without a stop message"},
    Described{"stream_broken", &Faults::stream_broken, "its connection breaks within the talk"},
    Described{"voice_unavailable", &Faults::voice_unavailable, "the voice model answers 503"},
    Described{"voice_limited", &Faults::voice_limited, "the same with 429"},
    Described{"voice_refused_late", &Faults::voice_refused_late,
              "it tells of a wrong key or model only after the upgrade"},
    Described{"voice_update_refused", &Faults::voice_update_refused,
              "it refuses the session that is wanted"},
    Described{"voice_keeps_pcm", &Faults::voice_keeps_pcm, "it keeps its audio in PCM"},
    Described{"voice_slow", &Faults::voice_slow, "it begins after some seconds"},
    Described{"voice_deaf", &Faults::voice_deaf,
              "it takes the session, and then says nothing more"},
    Described{"voice_hard_of_hearing", &Faults::voice_hard_of_hearing,
              "it speaks, and never notices that a person does"},
    Described{"voice_silent", &Faults::voice_silent, "one of its responses never comes"},
    Described{"voice_failed", &Faults::voice_failed, "one of its responses fails"},
    Described{"voice_dropped", &Faults::voice_dropped, "its connection breaks within the talk"},
    Described{"voice_closed", &Faults::voice_closed, "it closes with 1011 within the talk"},
    Described{"voice_expired", &Faults::voice_expired, "its session expires within the talk"},
    Described{"voice_nonsense", &Faults::voice_nonsense, "one of its messages is no JSON"},
    Described{"voice_bad_arguments", &Faults::voice_bad_arguments,
              "a tool call's arguments are cut off"},
    Described{"voice_stalled", &Faults::voice_stalled,
              "it never notices that a person has ended, and hears no more"},
    Described{"voice_transcript_late", &Faults::voice_transcript_late,
              "what a person said is written down late"},
    Described{"voice_transcript_failed", &Faults::voice_transcript_failed,
              "what a person said is not written down"},
    Described{"post_delay_s", &Faults::post_delay_s, "seconds (default 25)", 3600},
    Described{"post_latency_ms", &Faults::post_latency_ms,
              "milliseconds that each order waits for its answer (default 0)", 60'000},
    Described{"stream_way_ms", &Faults::stream_way_ms,
              "milliseconds that each message of a media stream is on its way (default 0)", 10'000},
    Described{"stream_jitter_ms", &Faults::stream_jitter_ms,
              "and up to so many more, drawn for each (default 0)", 10'000},
    Described{"retry_after_s", &Faults::retry_after_s, "seconds (default 5)", 3600},
    Described{"list_lag_s", &Faults::list_lag_s,
              "seconds until a new call shows in the list (default 0)", 3600},
};

}  // namespace

Faults parse_faults(std::string_view text, Faults faults) {
  std::vector<Setting> settings;
  settings.reserve(std::size(described));
  for (const Described& each : described) {
    settings.push_back({each.name, &(faults.*each.value), each.most});
  }
  read_settings("faults", text, settings);
  return faults;
}

std::string faults_help() {
  std::string out;
  for (const Described& each : described) {
    constexpr std::size_t column = 26;
    out.append("  ").append(each.name);
    out.append(column - std::min(column - 1, each.name.size()), ' ');
    out.append(each.meaning).append("\n");
  }
  return out;
}

PostFault post_fault(const Faults& faults, std::uint64_t seed, std::string_view to,
                     std::uint64_t ordinal) {
  Dice dice(seed, to, ordinal, "post");
  int left = dice.between(0, 999);
  const auto strikes = [&](int chance) {
    left -= chance;
    return left < 0;
  };
  if (strikes(faults.post_refused)) return PostFault::refused;
  if (strikes(faults.post_failed)) return PostFault::failed;
  if (strikes(faults.post_failed_accepted)) return PostFault::failed_accepted;
  if (strikes(faults.post_dropped)) return PostFault::dropped;
  if (strikes(faults.post_unanswered)) return PostFault::unanswered;
  if (strikes(faults.post_delayed)) return PostFault::delayed;
  if (strikes(faults.post_refused_later)) return PostFault::refused_later;
  if (strikes(faults.post_reset)) return PostFault::reset;
  if (strikes(faults.post_split)) return PostFault::split;
  if (strikes(faults.post_truncated)) return PostFault::truncated;
  return PostFault::none;
}

GetFault get_fault(const Faults& faults, std::uint64_t seed, std::string_view subject,
                   std::uint64_t ordinal) {
  Dice dice(seed, subject, ordinal, "get");
  if (dice.per_mille(faults.get_refused)) return GetFault::refused;
  if (dice.per_mille(faults.get_failed)) return GetFault::failed;
  return GetFault::none;
}

StreamFaults stream_faults(const Faults& faults, std::uint64_t seed, std::string_view sid,
                           std::uint64_t ordinal) {
  Dice dice(seed, sid, ordinal, "stream");
  StreamFaults fault;
  fault.refused = dice.per_mille(faults.stream_refused);
  fault.odd_chunks = dice.per_mille(faults.stream_odd_chunks);
  fault.gaps = dice.per_mille(faults.stream_gaps);
  fault.doubled = dice.per_mille(faults.stream_doubled);
  fault.unknown = dice.per_mille(faults.stream_unknown);
  fault.no_stop = dice.per_mille(faults.stream_no_stop);
  const bool breaks = dice.per_mille(faults.stream_broken);
  const int after = dice.between(1, 40);
  if (breaks) fault.broken_after = std::chrono::seconds(after);
  fault.way = std::chrono::milliseconds(faults.stream_way_ms);
  fault.jitter_max = std::chrono::milliseconds(faults.stream_jitter_ms);
  return fault;
}

CallbackFault callback_fault(const Faults& faults, std::uint64_t seed, std::string_view sid,
                             std::uint64_t sequence_number) {
  Dice dice(seed, sid, sequence_number, "callback");
  CallbackFault fault;
  fault.lost = dice.per_mille(faults.callback_lost);
  const bool late = dice.per_mille(faults.callback_late);
  const bool doubled = dice.per_mille(faults.callback_doubled);
  const bool reordered = dice.per_mille(faults.callback_reordered);
  if (late) {
    fault.late = std::chrono::minutes(dice.between(1, 5));
  } else if (reordered) {
    fault.late = std::chrono::seconds(dice.between(4, 15));
  }
  if (doubled) fault.copies = dice.between(2, 5);
  return fault;
}

}  // namespace bridge::rehearsal
