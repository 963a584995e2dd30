// What the program writes as JSON, read by a second library that has nothing in common with the
// ones the program reads it with: cJSON keeps numbers as doubles, ends strings at a NUL and nests
// at most 1,000 deep.
#include <cjson/cJSON.h>

#include <boost/test/unit_test.hpp>
#include <concepts>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "campaigns/contact_list.hpp"
#include "campaigns/encoding.hpp"
#include "campaigns/event_codec.hpp"
#include "campaigns/json_text.hpp"
#include "tests/campaigns/some_zones.hpp"

BOOST_AUTO_TEST_SUITE(cjson)

using namespace campaigns;

namespace {

using Json = std::unique_ptr<cJSON, void (*)(cJSON*)>;

// Nothing where cJSON takes it for broken, or where something follows it.
Json parse(const std::string& text) {
  const char* end = nullptr;
  Json json(cJSON_ParseWithLengthOpts(text.data(), text.size() + 1, &end, 1), cJSON_Delete);
  return json;
}

struct Hostile {
  const char* what = "";
  std::string text{};
  std::string read{};  // what must come back; the same text where it is empty
};

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

const std::string bad = "\xEF\xBF\xBD";  // U+FFFD

const std::vector<Hostile>& hostile() {
  static const std::vector<Hostile> texts{
      {"emoji", "Zoë 👩‍👩‍👧‍👦 🇮🇹 😀", ""},
      {"quotes", "\"O'Brien\" \\ \\\" \\u0041 / </script>", ""},
      {"controls", "\x01\x02\b\t\n\v\f\r\x1b\x1f\x7f", ""},
      {"separators", "\xE2\x80\xA8\xE2\x80\xA9\xEF\xBB\xBF", ""},
      {"noncharacters", "\xEF\xBF\xBE\xEF\xBF\xBF\xF4\x8F\xBF\xBF", ""},
      {"lone high surrogate", "a\xED\xA0\x80z", "a" + bad + bad + bad + "z"},
      {"lone low surrogate", "a\xED\xBF\xBFz", "a" + bad + bad + bad + "z"},
      {"surrogates in pairs", "\xED\xA0\xBD\xED\xB8\x80", bad + bad + bad + bad + bad + bad},
      {"escaped surrogate", "\\ud800", ""},
      {"NUL", std::string("a\0b", 3), "a" + bad + "b"},
      {"Windows-1252", "Caff\xE8 \x80 \x93", "Caff" + bad + " " + bad + " " + bad},
      {"overlong", "\xC0\xAF\xE0\x80\xAF", bad + bad + bad + bad + bad},
      {"beyond Unicode", "\xF4\x90\x80\x80", bad + bad + bad + bad},
      {"cut short", "è\xC3", "è" + bad},
      {"never in UTF-8", bytes({0xFE, 0xFF}), bad + bad},
      {"huge number", "123456789012345678901234567890.5e400", ""},
      {"like JSON", std::string(2000, '[') + "{\"a\":", ""},
      {"long", std::string(100000, 'x') + "\"è", ""},
  };
  return texts;
}

const std::string& expected(const Hostile& one) {
  return one.read.empty() ? one.text : one.read;
}

constexpr std::int64_t exact_max = std::int64_t{1} << 53;

// Puts one text into every string of an event, and the largest numbers that are allowed.
class Filler {
 public:
  explicit Filler(const std::string& text) : text_(text) {}
  template <typename T>
  void operator()(std::string_view, T& value) {
    fill(value);
  }
  template <typename T>
  void personal(std::string_view, T& value) {
    fill(value);
  }

 private:
  void fill(std::string& value) { value = text_; }
  void fill(std::vector<std::string>& values) { values = {text_, "", text_}; }
  void fill(RawJson& value) {
    value.text = "{\"deep\":";
    for (std::size_t i = 0; i < json_nesting_max; ++i) value.text += '[';
    value.text += "9007199254740992";
    for (std::size_t i = 0; i < json_nesting_max; ++i) value.text += ']';
    value.text += '}';
  }
  void fill(bool& value) { value = true; }
  void fill(Outcome& value) { value = Outcome::human_hung_up_at_once; }
  void fill(Place& value) { value = Place::exhausted; }
  void fill(Resolution& value) { value = Resolution::redial; }
  void fill(std::uint8_t& value) { value = 255; }
  void fill(std::int64_t& value) { value = even_ ? exact_max : -exact_max, even_ = !even_; }

  const std::string& text_;
  bool even_ = true;
};

// Holds every field against what cJSON found under its name.
class Comparer {
 public:
  Comparer(const cJSON* payload, const cJSON* personal, const Hostile& text, std::string_view type)
      : payload_(payload), personal_(personal), text_(text), type_(type) {}
  template <typename T>
  void operator()(std::string_view name, const T& value) {
    compare(payload_, name, value);
  }
  template <typename T>
  void personal(std::string_view name, const T& value) {
    compare(personal_, name, value);
  }

 private:
  const cJSON* member(const cJSON* object, std::string_view name) {
    const cJSON* found = cJSON_GetObjectItemCaseSensitive(object, std::string(name).c_str());
    BOOST_TEST_REQUIRE(found != nullptr, type_ << " lacks " << name << ": " << text_.what);
    return found;
  }
  void is_text(const cJSON* found) {
    BOOST_TEST_REQUIRE(cJSON_IsString(found), type_ << ": " << text_.what);
    BOOST_TEST((found->valuestring == expected(text_)), type_ << ": " << text_.what);
  }
  void compare(const cJSON* object, std::string_view name, const std::string&) {
    is_text(member(object, name));
  }
  void compare(const cJSON* object, std::string_view name, const std::vector<std::string>&) {
    const cJSON* array = member(object, name);
    BOOST_TEST_REQUIRE(cJSON_GetArraySize(array) == 3);
    is_text(cJSON_GetArrayItem(array, 0));
    BOOST_TEST(cJSON_GetArrayItem(array, 1)->valuestring == std::string());
    is_text(cJSON_GetArrayItem(array, 2));
  }
  void compare(const cJSON* object, std::string_view name, const RawJson&) {
    const cJSON* deep = cJSON_GetObjectItemCaseSensitive(member(object, name), "deep");
    std::size_t depth = 0;
    for (; cJSON_IsArray(deep); deep = deep->child) ++depth;
    BOOST_TEST(depth == json_nesting_max);
    BOOST_TEST(deep->valuedouble == static_cast<double>(exact_max));
  }
  template <std::integral T>
  void compare(const cJSON* object, std::string_view name, const T& value) {
    const cJSON* found = member(object, name);
    if constexpr (std::same_as<T, bool>) {
      BOOST_TEST(cJSON_IsTrue(found));
    } else {
      BOOST_TEST_REQUIRE(cJSON_IsNumber(found));
      BOOST_TEST(static_cast<std::int64_t>(found->valuedouble) == static_cast<std::int64_t>(value));
    }
  }
  void compare(const cJSON* object, std::string_view name, const Outcome& value) {
    BOOST_TEST(member(object, name)->valuestring == std::string(name_of(value)));
  }
  void compare(const cJSON* object, std::string_view name, const Place& value) {
    BOOST_TEST(member(object, name)->valuestring == std::string(name_of(value)));
  }
  void compare(const cJSON* object, std::string_view name, const Resolution& value) {
    BOOST_TEST(member(object, name)->valuestring == std::string(name_of(value)));
  }

  const cJSON* payload_;
  const cJSON* personal_;
  const Hostile& text_;
  std::string_view type_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_event_parses_to_the_values_that_were_written) {
  for (const Hostile& text : hostile()) {
    EventKinds::List::each([&]<typename E>() {
      E event{};
      Filler filler(text.text);
      E::fields(filler, event);
      const auto encoded = encode(Subject::runner(), event);
      const auto payload = parse(encoded.payload);
      BOOST_TEST_REQUIRE(payload.get(), E::type << ": " << text.what);
      const auto personal =
          encoded.personal.empty() ? Json(nullptr, cJSON_Delete) : parse(encoded.personal);
      BOOST_TEST_REQUIRE((encoded.personal.empty() || personal), E::type << ": " << text.what);
      Comparer comparer(payload.get(), personal.get(), text, E::type);
      E::fields(comparer, event);
    });
  }
}

// What two libraries read, they read alike; what ours could not read again would stop the log.
BOOST_AUTO_TEST_CASE(every_event_is_read_again_by_the_program_as_by_cjson) {
  EventDecoder decoder;
  for (const Hostile& text : hostile()) {
    EventKinds::List::each([&]<typename E>() {
      E event{};
      Filler filler(text.text);
      E::fields(filler, event);
      const auto encoded = encode(Subject::runner(), event);
      const auto decoded =
          decoder.decode(encoded.type, encoded.schema, encoded.personal, encoded.payload);
      BOOST_TEST_REQUIRE(decoded.ok(), E::type << ": " << text.what);
      const auto again = encode(Subject::runner(), decoded.value());
      BOOST_TEST(again.payload == encoded.payload);
      BOOST_TEST(again.personal == encoded.personal);
    });
  }
}

// The sentinel against a comparison that sees nothing: cJSON does refuse what is broken.
BOOST_AUTO_TEST_CASE(what_is_no_json_is_refused_by_it) {
  BOOST_TEST(!parse("{\"a\":1,}"));
  BOOST_TEST(!parse("{\"a\":1} x"));
  BOOST_TEST(!parse(std::string(1001, '[') + std::string(1001, ']')));
  BOOST_TEST(parse("{}").get() != nullptr);
}

// Whatever a person writes into a campaign file is either refused or read alike by both.
BOOST_AUTO_TEST_CASE(a_number_or_a_text_that_cjson_would_not_keep_is_refused_in_a_file) {
  const std::string deep = std::string(1001, '[') + std::string(1001, ']');
  for (const std::string& text :
       {std::string(R"({"a":9007199254740993})"), std::string(R"({"a":-9007199254740993})"),
        std::string(R"({"a":123456789012345678901234567890})"), std::string(R"({"a":"x\u0000y"})"),
        std::string(R"({"a\u0000":1})"), std::string(R"({"a":"\ud800"})"),
        std::string("{\"a\":\"\xED\xA0\x80\"}"), std::string("{\"a\":\"caff\xE8\"}"),
        std::string(R"({"a":1,"a":2})"), R"({"a":)" + deep + "}"}) {
    BOOST_TEST(!json_text_problems(text).empty(), text.substr(0, 60));
  }
  for (const std::string& text :
       {std::string(R"({"a":9007199254740992})"), std::string(R"({"a":"\ud83d\ude00"})"),
        std::string(R"({"a":"\u0001\u001f\"\\"})")}) {
    BOOST_TEST(json_text_problems(text).empty(), text);
    BOOST_TEST(parse(text).get() != nullptr, text);
  }
}

BOOST_AUTO_TEST_CASE(what_our_own_readers_keep_is_left_to_them) {
  for (const std::string& text :
       {std::string(R"({"a":18446744073709551615})"), std::string(R"({"a":-9223372036854775808})"),
        std::string(R"({"a":"x\u0000y"})")}) {
    BOOST_TEST(!json_text_problems(text).empty(), text);
    BOOST_TEST(json_text_problems(text, JsonReaders::ours).empty(), text);
  }
  for (const std::string& text :
       {std::string(R"({"a":18446744073709551616})"), std::string(R"({"a\u0000":1})"),
        std::string(R"({"a":1,"a":2})"), std::string(101, '['), std::string("{")}) {
    BOOST_TEST(!json_text_problems(text, JsonReaders::ours).empty(), text);
  }
}

// A name of any kind in a list: the row is refused, or what the log says of that person is to cJSON
// what it is to the campaign.
BOOST_AUTO_TEST_CASE(a_row_of_a_list_is_refused_or_parses_to_what_was_read) {
  Campaign campaign;
  campaign.kind = Kind::notification;
  campaign.contacts.file = "list.csv";
  campaign.contacts.region = "IT";
  campaign.contacts.number_column = "Telefono";
  campaign.greeting.by_language = {{"it-IT", "Ciao {{Nome}}"}};
  const ZoneRules rules = some_zones();
  std::size_t kept = 0;
  for (const Hostile& text : hostile()) {
    std::string cell;
    for (const char c : text.text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
    const std::string list = "Telefono,Nome\n+393471000001,\"" + cell + "\"\n";
    auto reader = ContactListReader::open_csv(campaign, rules, list);
    if (!reader.ok()) continue;
    ContactRow row;
    RejectedRow rejected;
    if (reader->next(row, rejected) != ContactListReader::Next::row) continue;
    ++kept;
    ContactEnrolled enrolled;
    enrolled.number = row.number;
    for (const auto value : row.values) enrolled.values.emplace_back(value);
    const auto json = parse(encode(Subject::contact("a", 1), enrolled).personal);
    BOOST_TEST_REQUIRE(json.get(), text.what);
    const cJSON* values = cJSON_GetObjectItemCaseSensitive(json.get(), "values");
    BOOST_TEST_REQUIRE(cJSON_GetArraySize(values) == static_cast<int>(enrolled.values.size()));
    for (std::size_t i = 0; i < enrolled.values.size(); ++i) {
      BOOST_TEST(
          (cJSON_GetArrayItem(values, static_cast<int>(i))->valuestring == enrolled.values[i]),
          text.what);
      BOOST_TEST(is_utf8(enrolled.values[i]), text.what);
    }
  }
  BOOST_TEST(kept >= 4U);  // a list that keeps nobody would show nothing
}

BOOST_AUTO_TEST_SUITE_END()
