#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "bridge/rehearsal/mind.hpp"
#include "bridge/rehearsal/session_rules.hpp"
#include "bridge/rehearsal/sound.hpp"
#include "bridge/rehearsal/voice_session.hpp"
#include "bridge/rehearsal/wire.hpp"
#include "bridge/rehearsal/words.hpp"

BOOST_AUTO_TEST_SUITE(rehearsal_voice)

using namespace std::chrono_literals;
using namespace bridge::rehearsal;
using bridge::net::Instant;
using nlohmann::json;

namespace {

const std::string survey =
    R"([{"id":"q1","type":"rating","ask":"Da uno a cinque, quanto è soddisfatto?","required":true,)"
    R"("least":1,"most":5,"answered":false},)"
    R"({"id":"q2","type":"yes_no","ask":"Il tecnico è stato puntuale?","required":true,)"
    R"("options":[{"code":"1","label":"Sì","words":["sì","certo"]},{"code":"2","label":"No"}],)"
    R"("answered":false},)"
    R"({"id":"q3","type":"choice","ask":"Come preferisce essere avvisato?","required":true,)"
    R"("options":[{"code":"sms","label":"Messaggio"},{"code":"tel","label":"Telefono",)"
    R"("words":["telefonata","chiamata"]}],"answered":false},)"
    R"({"id":"q4","type":"open","ask":"Vuole aggiungere qualcosa?","required":false,)"
    R"("answered":false}])";

const std::vector<std::string> all_tools{"record_answer", "end_call", "opt_out", "ask_callback",
                                         "request_human"};

std::string instructions_with(const std::string& opening, const std::string& questions = survey) {
  return "<instructions>\nSii gentile.\n</instructions>\n<rules>\nSegui <survey>.\n</rules>\n"
         "<person>\n{}\n</person>\n<survey>\n" +
         questions + "\n</survey>\n<opening>\n" + opening +
         "\n</opening>\n<goodbye>\nBuona giornata, arrivederci.\n</goodbye>";
}

Mind mind_with(const std::string& opening = "Buongiorno, sono Arthur. Posso farle una domanda?") {
  Mind mind;
  mind.instruct(instructions_with(opening), all_tools);
  return mind;
}

std::string said(const MindTurn& turn) {
  std::string text = turn.say;
  for (const MindTurn::Call& call : turn.calls) text += "[" + call.name + call.arguments + "]";
  return text;
}

std::string after(Mind& mind, const std::string& words) {
  mind.hear_words(words);
  return said(mind.speak({}));
}
std::string after_tool(Mind& mind, const std::string& tool, const std::string& output) {
  mind.hear_tool(tool, output);
  return said(mind.speak({}));
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A client of the voice model, whose time passes as it says.
struct Client {
  Instant now{1'000'000ms};
  VoiceSession session;
  std::vector<json> events{};
  std::size_t garbage = 0;
  std::map<std::string, std::string> sounds{};  // by item

  explicit Client(Faults faults = {}, std::chrono::seconds time_max = 3600s)
      : session({.model = "test-model",
                 .seed = 3,
                 .ordinal = 1,
                 .faults = faults,
                 .time_max = time_max},
                now) {
    collect();
  }

  void collect() {
    for (const std::string& each : session.take_messages()) {
      json event = json::parse(each, nullptr, false);
      if (event.is_discarded()) {
        ++garbage;
        continue;
      }
      BOOST_TEST(event.contains("event_id"));
      if (event["type"] == "response.output_audio.delta") {
        sounds[event["item_id"].get<std::string>()] +=
            read_base64(event["delta"].get<std::string>()).value();
      }
      events.push_back(std::move(event));
    }
  }
  void send(const json& event) {
    session.receive(event.dump(), now);
    collect();
  }
  void pass(std::chrono::milliseconds time) {
    const Instant until = now + time;
    while (const auto next = session.next()) {
      if (*next > until) break;
      now = std::max(now, *next);
      session.act(now);
      collect();
    }
    now = until;
  }
  // Sound of the person's, as it comes: 20 ms each.
  void speak(std::string sound) {
    sound.resize((sound.size() + 159) / 160 * 160, sound_of_silence);
    for (std::size_t at = 0; at < sound.size(); at += 160) {
      pass(20ms);
      send({{"type", "input_audio_buffer.append"}, {"audio", base64(sound.substr(at, 160))}});
    }
  }
  void say(const std::string& words) {
    speak(spoken(words, SpeakingVoice::low, 1) + std::string(8 * 700, sound_of_silence));
  }
  json session_json(const std::string& opening = "Buongiorno.") const {
    json tools = json::array();
    for (const std::string& name : all_tools) {
      tools.push_back({{"type", "function"},
                       {"name", name},
                       {"description", "x"},
                       {"parameters", {{"type", "object"}}}});
    }
    return {
        {"type", "realtime"},
        {"output_modalities", json::array({"audio"})},
        {"instructions", instructions_with(opening)},
        {"audio",
         {{"input",
           {{"format", {{"type", "audio/pcmu"}}},
            {"transcription", {{"model", "gpt-transcribe"}, {"languages", json::array({"it"})}}},
            {"noise_reduction", nullptr},
            {"turn_detection",
             {{"type", "server_vad"},
              {"threshold", 0.5},
              {"prefix_padding_ms", 300},
              {"silence_duration_ms", 500},
              {"create_response", true},
              {"interrupt_response", true}}}}},
          {"output", {{"format", {{"type", "audio/pcmu"}}}, {"voice", "marin"}, {"speed", 1.0}}}}},
        {"tools", tools},
        {"tool_choice", "auto"},
        {"max_output_tokens", "inf"}};
  }
  void update(const json& wanted) {
    send({{"type", "session.update"}, {"event_id", "su-1"}, {"session", wanted}});
  }
  void begin(const std::string& opening = "Buongiorno.") {
    update(session_json(opening));
    send({{"type", "response.create"}});
  }
  std::vector<json> all(const std::string& type) const {
    std::vector<json> found;
    for (const json& event : events) {
      if (event["type"] == type) found.push_back(event);
    }
    return found;
  }
  json last(const std::string& type) const {
    const auto found = all(type);
    return found.empty() ? json() : found.back();
  }
  std::string error_code() const {
    const json error = last("error");
    return error.is_null() ? "" : error["error"]["code"].get<std::string>();
  }
  std::size_t place(const std::string& type) const {
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (events[i]["type"] == type) return i;
    }
    return events.size();
  }
};

std::string heard(const std::string& sound) {
  std::string text;
  Ear().hear(sound, [&](const Ear::Heard& word) {
    if (!word.label) append_heard(text, word);
  });
  return text;
}

}  // namespace

// ---- words ----

BOOST_AUTO_TEST_CASE(words_are_understood_in_both_languages) {
  BOOST_TEST(plain_words("  È così, CITTÀ?") == " è così città ");
  BOOST_TEST((yes_or_no(plain_words("Sì, certo.")) == YesNo::yes));
  BOOST_TEST((yes_or_no(plain_words("No, certo che no")) == YesNo::no));
  BOOST_TEST((yes_or_no(plain_words("nonno simile")) == YesNo::neither));
  BOOST_TEST((numbers_in(plain_words("direi quattro, anzi 5")) == std::vector<std::int64_t>{4, 5}));
  BOOST_TEST((numbers_in(plain_words("forty")) == std::vector<std::int64_t>{40}));
  BOOST_TEST(wants_no_calls(plain_words("Non chiamatemi più!")));
  BOOST_TEST(wants_no_calls(plain_words("please don't call me again")));
  BOOST_TEST(wants_other_time(plain_words("Mi richiami domani")));
  BOOST_TEST(wants_human(plain_words("Vorrei parlare con una persona")));
  BOOST_TEST(is_italian("Buongiorno, come sta? La chiamo per il servizio."));
  BOOST_TEST(!is_italian("Hello, how are you? This is about the service."));
}

// ---- the mind ----

BOOST_AUTO_TEST_CASE(it_asks_every_question_and_says_goodbye) {
  Mind mind = mind_with();
  BOOST_TEST(said(mind.speak({})) == "Buongiorno, sono Arthur. Posso farle una domanda?");
  BOOST_TEST(after(mind, "Sì, dica.") == "Da uno a cinque, quanto è soddisfatto?");
  BOOST_TEST(after(mind, "Direi quattro.") ==
             R"([record_answer{"question":"q1","value":"4","words":"Direi quattro."}])");
  BOOST_TEST(after_tool(mind, "record_answer", R"({"ok":true,"next":"q2"})") ==
             "Grazie. Il tecnico è stato puntuale?");
  BOOST_TEST(after(mind, "no") == R"([record_answer{"question":"q2","value":"2","words":"no"}])");
  BOOST_TEST(after_tool(mind, "record_answer", R"({"ok":true,"next":"q3"})") ==
             "Grazie. Come preferisce essere avvisato? Le risposte possibili sono: Messaggio, "
             "Telefono.");
  BOOST_TEST(after(mind, "Una telefonata, grazie") ==
             R"([record_answer{"question":"q3","value":"tel","words":"Una telefonata, grazie"}])");
  BOOST_TEST(after_tool(mind, "record_answer", R"({"ok":true,"next":"q4"})") ==
             "Grazie. Vuole aggiungere qualcosa?");
  BOOST_TEST(after(mind, "Tutto bene.") ==
             R"([record_answer{"question":"q4","value":"","words":"Tutto bene."}])");
  BOOST_TEST(after_tool(mind, "record_answer", R"({"ok":true,"next":null})") ==
             R"(Grazie. Buona giornata, arrivederci.[end_call{"reason":"done"}])");
}

BOOST_AUTO_TEST_CASE(it_repeats_what_was_not_understood_and_gives_up_in_the_end) {
  Mind mind = mind_with("Buongiorno.");
  BOOST_TEST(said(mind.speak({})) == "Buongiorno. Da uno a cinque, quanto è soddisfatto?");
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(after(mind, "boh") ==
               "Mi scusi, non ho capito. Da uno a cinque, quanto è soddisfatto? Mi dica un numero "
               "da 1 a 5.");
  }
  BOOST_TEST(holds(after(mind, "boh"), R"([end_call{"reason":"other"}])"));
}

BOOST_AUTO_TEST_CASE(a_number_out_of_range_is_no_answer_and_a_key_is_one) {
  Mind mind = mind_with("Buongiorno.");
  mind.speak({});
  BOOST_TEST(holds(after(mind, "sette"), "non ho capito"));
  mind.hear_text(R"({"pressed_key":"3"})");
  BOOST_TEST(said(mind.speak({})) == R"([record_answer{"question":"q1","value":"3","words":"3"}])");
}

BOOST_AUTO_TEST_CASE(it_understands_dates_and_several_options) {
  Mind mind;
  mind.instruct(
      instructions_with(
          "Buongiorno.",
          R"([{"id":"when","type":"date","ask":"Che giorno le va bene?","earliest":"2026-11-01",)"
          R"("latest":"2027-01-31"},)"
          R"({"id":"how","type":"choice","several":true,"ask":"Come la avvisiamo?",)"
          R"("options":[{"code":"post","label":"Lettera"},{"code":"tel","label":"Telefono"}]}])"),
      all_tools);
  BOOST_TEST(said(mind.speak({})) == "Buongiorno. Che giorno le va bene?");
  // December is in one of the two years only, March in none.
  BOOST_TEST(
      after(mind, "Il 12 dicembre.") ==
      R"([record_answer{"question":"when","value":"2026-12-12","words":"Il 12 dicembre."}])");
  BOOST_TEST(holds(after_tool(mind, "record_answer", R"({"ok":false,"question":"when"})"),
                   "Mi dica la data con l'anno, dal 2026 al 2027."));
  BOOST_TEST(holds(after(mind, "Il 3 marzo 2027."), "non ho capito"));
  BOOST_TEST(
      after(mind, "Il primo gennaio") ==
      R"([record_answer{"question":"when","value":"2027-01-01","words":"Il primo gennaio"}])");
  BOOST_TEST(after_tool(mind, "record_answer", R"({"ok":true,"next":"how"})") ==
             "Grazie. Come la avvisiamo? Le risposte possibili sono: Lettera, Telefono. Può "
             "indicarne più di una.");
  BOOST_TEST(
      after(mind, "Telefono e lettera") ==
      R"([record_answer{"question":"how","value":"post tel","words":"Telefono e lettera"}])");
}

BOOST_AUTO_TEST_CASE(an_answer_that_was_refused_is_asked_for_again) {
  Mind mind = mind_with("Buongiorno.");
  mind.speak({});
  after(mind, "due");
  BOOST_TEST(holds(after_tool(mind, "record_answer", R"({"ok":false,"error":"x","question":"q1"})"),
                   "Mi dica un numero da 1 a 5."));
}

BOOST_AUTO_TEST_CASE(other_wishes_come_before_answers) {
  const auto wish = [](const std::string& words) {
    Mind mind = mind_with("Buongiorno.");
    mind.speak({});
    return after(mind, words);
  };
  BOOST_TEST(wish("Non chiamatemi più, due") == R"([opt_out{"words":"Non chiamatemi più, due"}])");
  BOOST_TEST(wish("mi richiami domani") ==
             R"([ask_callback{"when":"mi richiami domani","words":"mi richiami domani"}])");
  BOOST_TEST(wish("voglio parlare con una persona") == "[request_human{}]");
  BOOST_TEST(holds(wish("ha sbagliato numero"), R"({"reason":"wrong_number"})"));
  BOOST_TEST(holds(wish("non sono io"), R"({"reason":"wrong_person"})"));
  BOOST_TEST(holds(wish("questo è un ufficio"), R"({"reason":"business_number"})"));
  BOOST_TEST(holds(wish("non ci sento bene"), R"({"reason":"unable"})"));
  Mind mind = mind_with("Buongiorno.");
  mind.speak({});
  after(mind, "Non chiamatemi più");
  BOOST_TEST(after_tool(mind, "opt_out", R"({"ok":true})") ==
             "Va bene, non la chiameremo più. Buona giornata, arrivederci."
             R"([end_call{"reason":"refused"}])");
  // Also while the answer before it is being recorded.
  Mind other = mind_with("Buongiorno.");
  other.speak({});
  after(other, "due");
  other.hear_words("Non chiamatemi più");
  BOOST_TEST(holds(after_tool(other, "record_answer", R"({"ok":true,"next":"q2"})"), "[opt_out"));
}

BOOST_AUTO_TEST_CASE(a_day_that_is_named_is_worked_out_from_the_time_that_it_was_told) {
  const auto mind_at = [](const std::string& now) {
    Mind mind;
    mind.instruct("<now>\n" + now + "\n</now>\n" + instructions_with("Buongiorno.", survey),
                  all_tools);
    mind.speak({});
    return mind;
  };
  const auto wish = [&](const std::string& now, const std::string& words) {
    auto mind = mind_at(now);
    return after(mind, words);
  };
  BOOST_TEST(wish("Thursday 2026-03-05T17:10", "mi richiami domani") ==
             R"([ask_callback{"at":"2026-03-06T10:00","when":"mi richiami domani",)"
             R"("words":"mi richiami domani"}])");
  BOOST_TEST(holds(wish("Thursday 2026-12-31T17:10", "Mi richiami domani pomeriggio."),
                   R"("at":"2027-01-01T16:00")"));
  BOOST_TEST(!holds(wish("Thursday 2026-03-05T17:10", "mi richiami più tardi"), R"("at")"));
  BOOST_TEST(!holds(wish("early", "mi richiami domani"), R"("at")"));
  // A time that cannot be kept is left out, and a call that nobody makes is not promised.
  auto mind = mind_at("Friday 2026-03-06T17:10");
  after(mind, "mi richiami domani");
  BOOST_TEST(after_tool(mind, "ask_callback", R"({"ok":false,"error":"closed"})") ==
             R"([ask_callback{"when":"mi richiami domani","words":"mi richiami domani"}])");
  auto other = mind;
  BOOST_TEST(holds(after_tool(mind, "ask_callback", R"({"ok":true})"), "la richiameremo"));
  BOOST_TEST(holds(after_tool(other, "ask_callback", R"({"ok":true,"called_back":false})"),
                   "non possiamo richiamarla"));
}

BOOST_AUTO_TEST_CASE(who_will_not_or_cannot_answer_is_noted_where_the_question_allows_it) {
  std::string questions = survey;
  questions.replace(questions.find("\"answered\":false"), 16,
                    R"("accepts":["refused","dont_know"],"answered":false)");
  const auto told = [&](const std::string& of, const std::string& words) {
    Mind mind;
    mind.instruct(instructions_with("Buongiorno.", of), all_tools);
    mind.speak({});
    return after(mind, words);
  };
  BOOST_TEST(
      holds(told(questions, "Preferisco non rispondere."), R"("status":"refused","value":"")"));
  BOOST_TEST(holds(told(questions, "Non lo so."), R"("status":"dont_know","value":"")"));
  BOOST_TEST(holds(told(questions, "Non so, direi due."), R"("value":"2")"));
  BOOST_TEST(holds(told(survey, "Non lo so."), "non ho capito"));
}

BOOST_AUTO_TEST_CASE(who_does_not_want_to_talk_is_left_alone) {
  Mind mind = mind_with();
  mind.speak({});
  BOOST_TEST(holds(after(mind, "No, grazie."), R"([end_call{"reason":"refused"}])"));
}

BOOST_AUTO_TEST_CASE(it_goes_on_where_the_last_call_ended_and_uses_the_responses_own_opening) {
  std::string questions = survey;
  questions.replace(questions.find("\"answered\":false"), 16, "\"answered\":true");
  Mind mind;
  mind.instruct(instructions_with("Buongiorno.", questions), all_tools);
  BOOST_TEST(said(mind.speak("Di' prima questo:\n<opening>\nEccomi di nuovo.\n</opening>")) ==
             "Eccomi di nuovo. Il tecnico è stato puntuale?");
}

// ---- the session's rules ----

BOOST_AUTO_TEST_CASE(an_update_is_taken_whole_or_not_at_all) {
  const auto refused = [](const std::function<void(json&)>& spoil) {
    Client client;
    json wanted = client.session_json();
    spoil(wanted);
    client.update(wanted);
    BOOST_TEST(client.all("session.updated").empty());
    const json error = client.last("error");
    if (error.is_null()) return std::string("taken");
    BOOST_TEST(error["error"]["event_id"] == "su-1");
    // Nothing of it holds.
    client.update({{"type", "realtime"}});
    const json now = client.last("session.updated")["session"];
    BOOST_TEST(now["audio"]["input"]["format"]["type"] == "audio/pcm");
    BOOST_TEST(now["tools"].empty());
    const json param = error["error"]["param"];
    return error["error"]["code"].get<std::string>() + " " +
           (param.is_null() ? "" : param.get<std::string>());
  };
  BOOST_TEST(refused([](json& s) { s.erase("type"); }) ==
             "missing_required_parameter session.type");
  BOOST_TEST(refused([](json& s) { s["voice"] = "marin"; }) == "unknown_parameter session.voice");
  BOOST_TEST(refused([](json& s) { s["temperature"] = 0.8; }) ==
             "unknown_parameter session.temperature");
  BOOST_TEST(refused([](json& s) { s["audio"]["input"]["format"]["rate"] = 8000; }) ==
             "unknown_parameter session.audio.input.format.rate");
  BOOST_TEST(refused([](json& s) { s["audio"]["output"]["format"] = "g711_ulaw"; }) ==
             "invalid_type session.audio.output.format");
  BOOST_TEST(refused([](json& s) { s["audio"]["input"]["noise_reduction"] = "near_field"; }) ==
             "invalid_type session.audio.input.noise_reduction");
  BOOST_TEST(refused([](json& s) {
               s["audio"]["input"]["turn_detection"]["create_response"] = nullptr;
             }) == "invalid_type session.audio.input.turn_detection.create_response");
  BOOST_TEST(refused([](json& s) { s["audio"]["input"]["turn_detection"]["threshold"] = 2; }) ==
             "invalid_value session.audio.input.turn_detection.threshold");
  BOOST_TEST(refused([](json& s) { s["tools"][0].erase("type"); }) ==
             "missing_required_parameter session.tools[0].type");
  BOOST_TEST(refused([](json& s) { s["tools"][0]["function"] = s["tools"][0]["parameters"]; }) ==
             "unknown_parameter session.tools[0].function");
  BOOST_TEST(refused([](json& s) { s["tools"][1]["description"] = std::string(1025, 'x'); }) ==
             "string_above_max_length session.tools[1].description");
  BOOST_TEST(refused([](json& s) { s["model"] = "another"; }) == "invalid_value session.model");
  BOOST_TEST(refused([](json& s) {
               s["output_modalities"] = json::array({"audio", "text"});
             }) == "invalid_value session.output_modalities");
  BOOST_TEST(
      refused([](json& s) {
        s["audio"]["input"]["transcription"] = {{"model", "gpt-transcribe"}, {"language", "it-IT"}};
      }) == "invalid_value session.audio.input.transcription.language");
  BOOST_TEST(refused([](json& s) {
               s["audio"]["input"]["transcription"] = {{"model", "whisper-1"},
                                                       {"languages", json::array({"it"})}};
             }) == "unknown_parameter session.audio.input.transcription.languages");
  BOOST_TEST(refused([](json& s) { s["max_output_tokens"] = 5'000; }) ==
             "invalid_value session.max_output_tokens");
  BOOST_TEST(refused([](json& s) { s["audio"]["output"]["voice"] = "arthur"; }) ==
             "invalid_value session.audio.output.voice");
}

BOOST_AUTO_TEST_CASE(a_session_is_created_with_pcm_and_updated_to_what_was_wanted) {
  Client client;
  const json created = client.last("session.created")["session"];
  BOOST_TEST(created["audio"]["output"]["format"] ==
             json({{"type", "audio/pcm"}, {"rate", 24000}}));
  BOOST_TEST(created["expires_at"] == 1'000 + 3600);
  client.update(client.session_json());
  const json updated = client.last("session.updated")["session"];
  BOOST_TEST(updated["audio"]["output"]["format"] == json({{"type", "audio/pcmu"}}));
  BOOST_TEST(updated["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 500);
  // Other fields are kept, a format is not.
  client.update({{"type", "realtime"}, {"audio", {{"output", {{"voice", "cedar"}}}}}});
  const json again = client.last("session.updated")["session"];
  BOOST_TEST(again["audio"]["output"]["voice"] == "cedar");
  BOOST_TEST(again["audio"]["output"]["format"]["type"] == "audio/pcm");
  BOOST_TEST(again["audio"]["input"]["format"]["type"] == "audio/pcmu");
  BOOST_TEST(again["tools"].size() == all_tools.size());
}

BOOST_AUTO_TEST_CASE(events_that_are_none_are_errors_and_the_session_lives_on) {
  Client client;
  const auto code_after = [&](const std::string& text) {
    client.session.receive(text, client.now);
    client.collect();
    return client.error_code();
  };
  BOOST_TEST(code_after("{") == "invalid_event");
  BOOST_TEST(code_after("[1]") == "invalid_event");
  BOOST_TEST(code_after("{\"event_id\":\"x\"}") == "missing_required_parameter");
  BOOST_TEST(client.last("error")["error"]["event_id"] == "x");
  BOOST_TEST(code_after(R"({"type":"response.make"})") == "invalid_value");
  BOOST_TEST(code_after(R"({"type":"response.create","respond":{}})") == "unknown_parameter");
  BOOST_TEST(code_after(R"({"type":"response.create","response":{"modalities":["audio"]}})") ==
             "unknown_parameter");
  BOOST_TEST(code_after(R"({"type":"input_audio_buffer.append","audio":"&&"})") == "invalid_value");
  BOOST_TEST(code_after(R"({"type":"input_audio_buffer.commit"})") ==
             "input_audio_buffer_commit_empty");
  BOOST_TEST(code_after(R"({"type":"response.cancel"})") == "response_cancel_not_active");
  BOOST_TEST(
      code_after(R"({"type":"conversation.item.create","item":{"type":"message","role":"user",)"
                 R"("content":[{"type":"output_text","text":"x"}]}})") == "invalid_value");
  BOOST_TEST(code_after(R"({"type":"conversation.item.create","item":{"type":)"
                        R"("function_call_output","call_id":"no","output":"{}"}})") ==
             "invalid_tool_call_id");
  BOOST_TEST(code_after(R"({"type":"conversation.item.create","item":{"type":)"
                        R"("function_call_output","call_id":"no","output":{}}})") ==
             "invalid_type");
  BOOST_TEST(code_after(R"({"type":"conversation.item.truncate","item_id":"no",)"
                        R"("content_index":0,"audio_end_ms":1})") == "invalid_value");
  BOOST_TEST(client.session.ending().has_value() == false);
  client.update(client.session_json());
  BOOST_TEST(client.all("session.updated").size() == 1);
}

// ---- talking ----

BOOST_AUTO_TEST_CASE(it_speaks_when_it_is_asked_to_and_faster_than_real_time) {
  Client client;
  client.update(client.session_json());
  client.pass(10s);
  BOOST_TEST(client.all("response.created").empty());  // it never speaks on its own
  const Instant asked = client.now;
  client.send({{"type", "response.create"}});
  while (client.all("response.done").empty()) client.pass(50ms);
  const auto took = client.now - asked;
  BOOST_REQUIRE(client.sounds.size() == 1);
  const std::string& sound = client.sounds.begin()->second;
  BOOST_TEST(heard(sound) == "Buongiorno. Da uno a cinque, quanto è soddisfatto?");
  BOOST_TEST(took.count() * 2 < static_cast<long>(sound.size() / sound_bytes_per_ms));
  std::string transcript;
  for (const json& delta : client.all("response.output_audio_transcript.delta")) {
    transcript += delta["delta"].get<std::string>();
  }
  BOOST_TEST(transcript == heard(sound));
  const json done = client.last("response.done")["response"];
  BOOST_TEST(done["status"] == "completed");
  BOOST_TEST(done["output"][0]["content"][0]["transcript"] == transcript);
  BOOST_TEST(done["usage"]["output_token_details"]["audio_tokens"] ==
             sound.size() / sound_bytes_per_ms / 50);
  BOOST_TEST(client.place("response.created") < client.place("response.output_audio.delta"));
  BOOST_TEST(client.place("response.output_audio.done") < client.place("response.done"));
  BOOST_TEST(client.last("rate_limits.updated")["rate_limits"][0]["name"] == "tokens");
}

BOOST_AUTO_TEST_CASE(a_survey_is_held_by_sound_alone) {
  Client client;
  client.begin("Buongiorno. Posso farle una domanda?");
  client.pass(10s);
  const std::vector<std::string> answers{"Sì, dica.", "Direi quattro.", "Certo.", "Telefono.",
                                         "Va tutto bene."};
  const std::vector<std::string> nexts{"q2", "q3", "q4", ""};
  std::size_t recorded = 0;
  std::string values;
  for (const std::string& answer : answers) {
    client.say(answer);
    client.pass(10s);
    BOOST_TEST(client.last("conversation.item.input_audio_transcription.completed")["transcript"] ==
               answer);
    const auto calls = client.all("response.function_call_arguments.done");
    if (calls.size() == recorded) continue;
    ++recorded;
    const json arguments = json::parse(calls.back()["arguments"].get<std::string>());
    BOOST_TEST(calls.back()["name"] == "record_answer");
    values += arguments["value"].get<std::string>() + ";";
    const std::string next = nexts.at(recorded - 1);
    const json output = {{"ok", true}, {"next", next.empty() ? json(nullptr) : json(next)}};
    client.send({{"type", "conversation.item.create"},
                 {"item",
                  {{"type", "function_call_output"},
                   {"call_id", calls.back()["call_id"]},
                   {"output", output.dump()}}}});
    client.send({{"type", "response.create"}});
    client.pass(10s);
  }
  BOOST_TEST(values == "4;1;tel;;");
  BOOST_TEST(client.last("response.function_call_arguments.done")["name"] == "end_call");
  BOOST_TEST(client.all("error").empty());
  BOOST_TEST(client.session.counts().turns == 5);
  // Turns are told in order, and each before its text.
  BOOST_TEST(client.place("input_audio_buffer.speech_started") <
             client.place("input_audio_buffer.speech_stopped"));
  BOOST_TEST(client.place("input_audio_buffer.speech_stopped") <
             client.place("input_audio_buffer.committed"));
}

BOOST_AUTO_TEST_CASE(who_interrupts_is_listened_to) {
  Client client;
  client.begin("Buongiorno, sono Arthur e le parlo a lungo di tante cose che non le interessano.");
  client.pass(600ms);
  const std::size_t deltas = client.all("response.output_audio.delta").size();
  BOOST_TEST(deltas > 0);
  BOOST_TEST(client.all("response.done").empty());
  client.speak(spoken("Scusi?", SpeakingVoice::low, 1).substr(0, 8 * 120));
  BOOST_TEST(client.all("input_audio_buffer.speech_started").size() == 1);
  const json done = client.last("response.done")["response"];
  BOOST_TEST(done["status"] == "cancelled");
  BOOST_TEST(done["status_details"]["reason"] == "turn_detected");
  const json item = done["output"][0];
  BOOST_TEST(item["status"] == "incomplete");
  const auto id = item["id"].get<std::string>();
  const auto made = static_cast<std::int64_t>(client.sounds[id].size() / sound_bytes_per_ms);
  const auto truncate = [&](std::int64_t ms) {
    client.send({{"type", "conversation.item.truncate"},
                 {"item_id", id},
                 {"content_index", 0},
                 {"audio_end_ms", ms}});
  };
  truncate(made + 1);
  BOOST_TEST(client.error_code() == "invalid_value");
  BOOST_TEST(holds(client.last("error")["error"]["message"].get<std::string>(), "already shorter"));
  truncate(made);
  truncate(500);
  BOOST_TEST(client.all("conversation.item.truncated").size() == 2);
  BOOST_TEST(client.session.truncated().size() == 3);
  BOOST_TEST(client.session.truncated()[0].refused);
  BOOST_TEST(client.session.truncated()[2].heard_ms == 500);
  // Nothing of it comes any more.
  const std::size_t before = client.sounds[id].size();
  client.pass(5s);
  BOOST_TEST(client.sounds[id].size() == before);
}

BOOST_AUTO_TEST_CASE(without_interruption_it_answers_after_it_has_spoken) {
  Client client;
  json wanted = client.session_json();
  wanted["audio"]["input"]["turn_detection"]["interrupt_response"] = false;
  client.update(wanted);
  client.send({{"type", "response.create"}});
  client.pass(300ms);
  client.send({{"type", "response.create"}});
  BOOST_TEST(client.error_code() == "conversation_already_has_active_response");
  client.say("tre");
  client.pass(10s);
  BOOST_TEST(client.last("response.function_call_arguments.done")["arguments"] ==
             R"({"question":"q1","value":"3","words":"tre"})");
  BOOST_TEST(client.session.counts().interrupted == 0);
}

BOOST_AUTO_TEST_CASE(a_response_is_cancelled_on_command_and_a_voice_stays) {
  Client client;
  client.begin("Buongiorno, le parlo a lungo di tante cose.");
  client.pass(600ms);
  client.send({{"type", "response.cancel"}});
  BOOST_TEST(client.last("response.done")["response"]["status_details"]["reason"] ==
             "client_cancelled");
  json wanted = client.session_json();
  wanted["audio"]["output"]["voice"] = "ash";
  client.update(wanted);
  BOOST_TEST(client.error_code() == "cannot_update_voice");
}

BOOST_AUTO_TEST_CASE(a_session_ends_when_its_time_is_over) {
  Client client({}, 30s);
  client.pass(31s);
  BOOST_TEST(client.error_code() == "session_expired");
  BOOST_REQUIRE(client.session.ending().has_value());
  BOOST_TEST(client.session.ending()->code == 1001);
  client.begin();
  BOOST_TEST(client.all("session.updated").empty());
}

// ---- faults ----

BOOST_AUTO_TEST_CASE(a_refused_update_says_so_and_a_kept_format_does_not) {
  Client refusing(parse_faults("voice_update_refused=1000"));
  refusing.update(refusing.session_json());
  BOOST_TEST(refusing.error_code() == "unknown_parameter");
  BOOST_TEST(refusing.all("session.updated").empty());

  Client keeping(parse_faults("voice_keeps_pcm=1000"));
  keeping.begin();
  BOOST_TEST(keeping.last("session.updated")["session"]["audio"]["output"]["format"]["type"] ==
             "audio/pcm");
  keeping.pass(10s);
  BOOST_TEST(heard(keeping.sounds.begin()->second).empty());  // noise on a telephone

  Client slow(parse_faults("voice_slow=1000"));
  slow.begin();
  slow.pass(2s);
  BOOST_TEST(slow.all("session.updated").empty());
  slow.pass(8s);
  BOOST_TEST(slow.all("session.updated").size() == 1);
}

BOOST_AUTO_TEST_CASE(a_response_never_comes_or_fails_or_is_nonsense) {
  Client silent(parse_faults("voice_silent=1000"));
  silent.begin();
  silent.pass(60s);
  BOOST_TEST(silent.all("response.created").size() == 1);
  BOOST_TEST(silent.all("response.output_item.added").empty());
  BOOST_TEST(silent.all("response.done").empty());

  Client failing(parse_faults("voice_failed=1000"));
  failing.begin();
  failing.pass(5s);
  const json done = failing.last("response.done")["response"];
  BOOST_TEST(done["status"] == "failed");
  BOOST_TEST(done["status_details"]["error"]["type"] == "server_error");

  Client nonsense(parse_faults("voice_nonsense=1000"));
  nonsense.begin();
  BOOST_TEST(nonsense.garbage == 1);
}

BOOST_AUTO_TEST_CASE(a_session_stalls_within_what_a_person_says) {
  Client stalled(parse_faults("voice_stalled=1000"));
  stalled.begin();
  stalled.pass(10s);
  stalled.say("Direi tre.");
  stalled.pass(10s);
  BOOST_TEST(stalled.all("input_audio_buffer.speech_started").size() == 1);
  BOOST_TEST(stalled.all("input_audio_buffer.speech_stopped").empty());
  BOOST_TEST(!stalled.session.ending().has_value());
}

BOOST_AUTO_TEST_CASE(a_talk_breaks_or_is_closed_or_expires) {
  const auto ended = [](const std::string& fault) {
    Client client(parse_faults(fault + "=1000"));
    client.begin();
    client.pass(1s);
    BOOST_TEST(!client.session.ending().has_value());
    client.pass(45s);
    BOOST_REQUIRE(client.session.ending().has_value());
    return std::to_string(client.session.ending()->code) + client.error_code();
  };
  BOOST_TEST(ended("voice_dropped") == "0");
  BOOST_TEST(ended("voice_closed") == "1011");
  BOOST_TEST(ended("voice_expired") == "1001session_expired");
}

BOOST_AUTO_TEST_CASE(arguments_are_cut_off_and_texts_come_late_or_never) {
  const auto answered = [](const std::string& fault) {
    auto client = std::make_unique<Client>(parse_faults(fault + "=1000"));
    client->begin();
    client->pass(10s);
    client->say("Direi tre.");
    client->pass(2s);
    return client;
  };
  const auto cut = answered("voice_bad_arguments");
  const auto arguments =
      cut->last("response.function_call_arguments.done")["arguments"].get<std::string>();
  BOOST_TEST(json::parse(arguments, nullptr, false).is_discarded());

  const auto late = answered("voice_transcript_late");
  BOOST_TEST(late->all("response.function_call_arguments.done").size() == 1);
  BOOST_TEST(late->all("conversation.item.input_audio_transcription.completed").empty());
  late->pass(8s);
  BOOST_TEST(late->all("conversation.item.input_audio_transcription.completed").size() == 1);

  const auto failed = answered("voice_transcript_failed");
  BOOST_TEST(failed->all("conversation.item.input_audio_transcription.failed").size() == 1);
  BOOST_TEST(failed->all("conversation.item.input_audio_transcription.completed").empty());
}

BOOST_AUTO_TEST_SUITE_END()
