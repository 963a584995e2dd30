#include "campaigns/event_codec.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/support/given.hpp"

BOOST_AUTO_TEST_SUITE(event_codec)

using namespace campaigns;

namespace {

constexpr std::int64_t exact_max = std::int64_t{1} << 53;

// Fills every field with something that is not its default, in a fixed order.
class Filler {
 public:
  template <typename T>
  void operator()(std::string_view name, T& value) {
    fill(name, value);
  }
  template <typename T>
  void personal(std::string_view name, T& value) {
    fill("personal " + std::string(name), value);
  }

 private:
  void fill(std::string_view name, std::string& value) {
    value = std::string(name) + " è \"q\" \\ \n\t\x01 😀";
  }
  void fill(std::string_view, RawJson& value) {
    value.text = R"({"a":[1,-2,true,null],"è":"\u0001\"\\\n😀","z":{}})";
  }
  void fill(std::string_view name, std::vector<std::string>& values) {
    values = {std::string(name), "", "due,\"tre\""};
  }
  void fill(std::string_view, bool& value) { value = true; }
  void fill(std::string_view, Outcome& value) { value = Outcome::human_hung_up_at_once; }
  void fill(std::string_view, Place& value) { value = Place::exhausted; }
  void fill(std::string_view, Resolution& value) { value = Resolution::redial; }
  void fill(std::string_view, std::uint8_t& value) { value = 255; }
  void fill(std::string_view, std::int64_t& value) { value = exact_max - ++count_; }

  std::int64_t count_ = 0;
};

// Says whether any field has its default value, so that a new field type cannot slip through.
class Defaults {
 public:
  template <typename T>
  void operator()(std::string_view, const T& value) {
    found |= value == T{};
  }
  template <typename T>
  void personal(std::string_view, const T& value) {
    found |= value == T{};
  }
  bool found = false;
};

// Every field as "name=value".
struct Texts {
  void operator()(std::string_view name, const std::string& value) { add(name, value); }
  void operator()(std::string_view name, const RawJson& value) { add(name, value.text); }
  void operator()(std::string_view name, const std::vector<std::string>& values) {
    for (const auto& value : values) add(name, value);
  }
  void operator()(std::string_view name, Outcome value) { add(name, name_of(value)); }
  void operator()(std::string_view name, Place value) { add(name, name_of(value)); }
  void operator()(std::string_view name, Resolution value) { add(name, name_of(value)); }
  template <std::integral T>
  void operator()(std::string_view name, T value) {
    add(name, std::to_string(value));
  }
  template <typename T>
  void personal(std::string_view name, const T& value) {
    (*this)(name, value);
  }
  void add(std::string_view name, std::string_view value) {
    all.push_back(std::string(name) + '=' + std::string(value));
  }
  std::vector<std::string> all{};
};

template <typename E>
std::vector<std::string> field_texts(const E& event) {
  Texts texts;
  E::fields(texts, event);
  return texts.all;
}

const std::filesystem::path golden_file =
    std::filesystem::path(CAMPANILE_SOURCE_DIR) / "tests/campaigns/golden/events.jsonl";

}  // namespace

BOOST_AUTO_TEST_CASE(every_event_comes_back_with_every_field) {
  EventDecoder decoder;
  EventKinds::List::each([&]<typename E>() {
    E event{};
    Filler filler;
    E::fields(filler, event);
    Defaults defaults;
    E::fields(defaults, event);
    BOOST_TEST(!defaults.found, E::type);
    const auto encoded = encode(Subject::runner(), event);
    BOOST_TEST(encoded.type == E::type);
    auto decoded = decoder.decode(encoded.type, encoded.schema, encoded.personal, encoded.payload);
    BOOST_TEST_REQUIRE(decoded.ok(), E::type);
    const auto* back = get_if<E>(&decoded.value());
    BOOST_TEST_REQUIRE(back != nullptr, E::type);
    BOOST_TEST(field_texts(*back) == field_texts(event), boost::test_tools::per_element());
    // And once more the same bytes.
    const auto again = encode(Subject::runner(), decoded.value());
    BOOST_TEST(again.payload == encoded.payload);
    BOOST_TEST(again.personal == encoded.personal);
  });
}

// Another program may write them in another order, and add some that are not known.
BOOST_AUTO_TEST_CASE(members_are_read_in_whatever_order_they_come) {
  const auto reversed = [](const std::string& text) {
    if (text.empty()) return text;
    const auto members = nlohmann::ordered_json::parse(text);
    nlohmann::ordered_json turned = {{"unknown", 1}};
    for (auto member = members.rbegin(); member != members.rend(); ++member) {
      turned[member.key()] = member.value();
    }
    return turned.dump();
  };
  EventDecoder decoder;
  EventKinds::List::each([&]<typename E>() {
    E event{};
    Filler filler;
    E::fields(filler, event);
    const auto encoded = encode(Subject::runner(), event);
    const auto decoded = decoder.decode(encoded.type, encoded.schema, reversed(encoded.personal),
                                        reversed(encoded.payload));
    BOOST_TEST_REQUIRE(decoded.ok(), E::type);
    const auto again = encode(Subject::runner(), decoded.value());
    BOOST_TEST(again.payload == encoded.payload);
    BOOST_TEST(again.personal == encoded.personal);
  });
}

BOOST_AUTO_TEST_CASE(an_event_with_nothing_in_it_is_an_empty_object) {
  EventDecoder decoder;
  EventKinds::List::each([&]<typename E>() {
    E event{};
    if constexpr (std::is_same_v<E, RunnerStarted>) return;  // its rate has a default of its own
    const auto encoded = encode(Subject::runner(), event);
    BOOST_TEST(encoded.payload == "{}", E::type);
    BOOST_TEST(encoded.personal == "", E::type);
    BOOST_TEST(decoder.decode(encoded.type, 1, "", "{}").ok(), E::type);
  });
}

// Names are frozen once released: a line that changes here breaks logs that exist.
BOOST_AUTO_TEST_CASE(the_text_of_every_event_is_the_one_that_was_released) {
  std::string lines;
  EventKinds::List::each([&]<typename E>() {
    E event{};
    Filler filler;
    E::fields(filler, event);
    const auto encoded = encode(Subject::runner(), event);
    lines += R"({"type":")" + encoded.type + R"(","payload":)" + encoded.payload;
    if (!encoded.personal.empty()) lines += R"(,"personal":)" + encoded.personal;
    lines += "}\n";
  });
  // For whoever adds an event: what the file would be now.
  std::ofstream(std::filesystem::path(CAMPANILE_BINARY_DIR) / "events.jsonl", std::ios::binary)
      << lines;
  std::ifstream then(golden_file, std::ios::binary);
  std::istringstream now(lines);
  for (std::string a, b;;) {
    const bool more_now = static_cast<bool>(std::getline(now, a));
    const bool more_then = static_cast<bool>(std::getline(then, b));
    BOOST_TEST_REQUIRE(more_now == more_then, "another number of events");
    if (!more_now) break;
    BOOST_TEST(a == b);
  }
}

BOOST_AUTO_TEST_CASE(what_names_or_quotes_a_person_is_not_in_the_payload) {
  std::set<std::string> with_personal;
  EventKinds::List::each([&]<typename E>() {
    E event{};
    Filler filler;
    E::fields(filler, event);
    const auto encoded = encode(Subject::runner(), event);
    BOOST_TEST(encoded.payload.find("personal ") == std::string::npos, E::type);
    if (!encoded.personal.empty()) with_personal.insert(encoded.type);
  });
  const std::set<std::string> expected = {"AgentSaid",     "AnswerDeclined", "AnswerGiven",
                                          "AnswerInvalid", "CalleeSaid",     "CallRequested",
                                          "CallScreened",  "CallbackAsked",  "ContactEnrolled",
                                          "PersonAsked",   "ToolCalled"};
  BOOST_TEST(with_personal == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(no_event_has_a_floating_point_number) {
  EventKinds::List::each([&]<typename E>() {
    E event{};
    Filler filler;
    E::fields(filler, event);
    const auto payload = encode(Subject::runner(), event).payload;
    bool in_string = false;
    for (std::size_t i = 0; i < payload.size(); ++i) {
      if (in_string && payload[i] == '\\') {
        ++i;
      } else if (payload[i] == '"') {
        in_string = !in_string;
      } else if (!in_string) {
        BOOST_TEST(payload[i] != '.', E::type);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused_and_not_quoted) {
  EventDecoder decoder;
  const auto code = [&](std::string_view type, std::string_view personal, std::string_view payload,
                        std::uint16_t schema = 1) {
    const auto decoded = decoder.decode(type, schema, personal, payload);
    if (decoded.ok()) return std::string("ok");
    BOOST_TEST(decoded.error().text.find("secret") == std::string::npos);
    return decoded.error().code;
  };
  BOOST_TEST(code("CallAccepted", "", R"({"attempt":1,"sid":"CA"})") == "ok");
  BOOST_TEST(code("CallAccepted", "", R"({"attempt":1,"sid":"CA"})", 2) == "unknown_event");
  BOOST_TEST(code("CallAnnounced", "", "{}") == "unknown_event");
  BOOST_TEST(code("CallAccepted", "", R"({"attempt":256})") == "bad_payload");
  BOOST_TEST(code("CallAccepted", "", R"({"attempt":-1})") == "bad_payload");
  BOOST_TEST(code("CallAccepted", "", R"({"attempt":"secret"})") == "bad_payload");
  BOOST_TEST(code("CallAccepted", "", R"({"attempt":1.5})") == "bad_payload");
  BOOST_TEST(code("CallAccepted", "", R"(["secret"])") == "bad_payload");
  BOOST_TEST(code("CallAccepted", "", R"({"sid":"secret)") == "bad_payload");
  BOOST_TEST(code("AttemptClosed", "", R"({"outcome":"secret"})") == "bad_payload");
  BOOST_TEST(code("CallResolved", "", R"({"as":"secret"})") == "bad_payload");
  BOOST_TEST(code("ContactEnrolled", R"({"number":3})", "{}") == "bad_payload");
  BOOST_TEST(code("ContactEnrolled", R"({"values":["a",3]})", "{}") == "bad_payload");
  BOOST_TEST(code("ContactEnrolled", "secret", "{}") == "bad_payload");
}

BOOST_AUTO_TEST_CASE(a_wish_that_was_noted_before_times_were_is_one_without) {
  EventDecoder decoder;
  const auto decoded = decoder.decode("CallbackAsked", 1, R"({"when":"domani","words":"dopo"})",
                                      R"({"attempt":1,"position":2,"due":5})");
  BOOST_TEST_REQUIRE(decoded.ok());
  const auto* asked = get_if<CallbackAsked>(&decoded.value());
  BOOST_TEST_REQUIRE(asked != nullptr);
  BOOST_TEST(asked->due == 5);
  BOOST_TEST(asked->offset_change == 0);
  BOOST_TEST(!asked->withdrawn);
}

BOOST_AUTO_TEST_CASE(a_member_that_is_not_known_does_no_harm) {
  EventDecoder decoder;
  BOOST_TEST(decoder.decode("CallRinging", 1, "", R"({"attempt":3,"colour":"red"})").ok());
}

BOOST_AUTO_TEST_SUITE_END()
