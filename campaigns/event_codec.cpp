#include "campaigns/event_codec.hpp"

#include <simdjson.h>

#include <concepts>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "campaigns/json_writer.hpp"

namespace campaigns {

namespace {

// Writes the fields that differ from their default into two objects.
class FieldWriter {
 public:
  template <typename T>
  void operator()(std::string_view name, const T& value) {
    write(payload_, name, value);
  }
  template <typename T>
  void personal(std::string_view name, const T& value) {
    write(personal_, name, value);
  }
  std::string take_payload() {
    if (payload_.empty()) return "{}";
    payload_ += '}';
    return std::move(payload_);
  }
  std::string take_personal() {
    if (!personal_.empty()) personal_ += '}';
    return std::move(personal_);
  }

 private:
  static void name_to(std::string& out, std::string_view name) {
    out += out.empty() ? '{' : ',';
    append_json_string(out, name);
    out += ':';
  }
  template <std::integral T>
  static void write(std::string& out, std::string_view name, T value) {
    if (value == T{}) return;
    name_to(out, name);
    if constexpr (std::same_as<T, bool>) {
      out += "true";
    } else {
      append_json_number(out, static_cast<std::int64_t>(value));
    }
  }
  static void write(std::string& out, std::string_view name, const std::string& value) {
    if (value.empty()) return;
    name_to(out, name);
    append_json_string(out, value);
  }
  static void write(std::string& out, std::string_view name, const RawJson& value) {
    if (value.text.empty()) return;
    name_to(out, name);
    out += value.text;
  }
  static void write(std::string& out, std::string_view name,
                    const std::vector<std::string>& values) {
    if (values.empty()) return;
    name_to(out, name);
    char before = '[';
    for (const auto& value : values) {
      out += before;
      append_json_string(out, value);
      before = ',';
    }
    out += ']';
  }
  static void write(std::string& out, std::string_view name, Outcome value) {
    if (value == Outcome::none) return;
    name_to(out, name);
    append_json_string(out, name_of(value));
  }
  static void write(std::string& out, std::string_view name, Place value) {
    if (value == Place::open) return;
    name_to(out, name);
    append_json_string(out, name_of(value));
  }
  static void write(std::string& out, std::string_view name, Resolution value) {
    if (value == Resolution::none) return;
    name_to(out, name);
    append_json_string(out, name_of(value));
  }

  std::string payload_{};
  std::string personal_{};
};

// Reads fields by name; what is absent keeps its default. The first misfit is kept.
//
// The members of an object mostly stand as FieldWriter writes them, in the order of the fields, so
// that one look is enough for each. Where some are left over in the end, all are to be searched
// for.
class FieldReader {
 public:
  FieldReader(simdjson::dom::object payload, simdjson::dom::object personal, bool has_personal)
      : payload_{payload, payload.begin()} {
    if (has_personal) personal_.emplace(Members{personal, personal.begin()});
  }

  template <typename T>
  void operator()(std::string_view name, T& value) {
    read(payload_, name, value);
  }
  template <typename T>
  void personal(std::string_view name, T& value) {
    if (personal_) read(*personal_, name, value);
  }
  bool has_left_over() const {
    return payload_.next != payload_.all.end() ||
           (personal_ && personal_->next != personal_->all.end());
  }
  void search_from_now_on() { searches_ = true; }
  const std::string& misfit() const { return misfit_; }

 private:
  struct Members {
    simdjson::dom::object all;
    simdjson::dom::object::iterator next;
  };

  template <typename T>
  void read(Members& members, std::string_view name, T& value) {
    simdjson::dom::element element;
    if (searches_) {
      const auto error = members.all.at_key(name).get(element);
      if (error == simdjson::NO_SUCH_FIELD) return;
    } else {
      if (members.next == members.all.end() || members.next.key() != name) return;
      element = members.next.value();
      ++members.next;
    }
    if (!take(element, value) && misfit_.empty()) misfit_ = name;
  }
  static bool take(simdjson::dom::element element, bool& value) {
    return element.get(value) == simdjson::SUCCESS;
  }
  template <std::integral T>
  static bool take(simdjson::dom::element element, T& value) {
    std::int64_t number = 0;
    if (element.get(number)) return false;
    if (!std::in_range<T>(number)) return false;
    value = static_cast<T>(number);
    return true;
  }
  static bool take(simdjson::dom::element element, std::string& value) {
    std::string_view text;
    if (element.get(text)) return false;
    value = text;
    return true;
  }
  static bool take(simdjson::dom::element element, RawJson& value) {
    value.text = simdjson::minify(element);
    return true;
  }
  static bool take(simdjson::dom::element element, std::vector<std::string>& values) {
    simdjson::dom::array array;
    if (element.get(array)) return false;
    values.clear();
    values.reserve(array.size());
    for (const auto part : array) {
      std::string_view text;
      if (part.get(text)) return false;
      values.emplace_back(text);
    }
    return true;
  }
  static bool take(simdjson::dom::element element, Outcome& value) {
    std::string_view text;
    if (element.get(text)) return false;
    const auto outcome = outcome_named(text);
    if (!outcome) return false;
    value = *outcome;
    return true;
  }
  static bool take(simdjson::dom::element element, Place& value) {
    std::string_view text;
    if (element.get(text)) return false;
    const auto place = place_named(text);
    if (!place) return false;
    value = *place;
    return true;
  }
  static bool take(simdjson::dom::element element, Resolution& value) {
    std::string_view text;
    if (element.get(text)) return false;
    const auto resolution = resolution_named(text);
    if (!resolution) return false;
    value = *resolution;
    return true;
  }

  Members payload_;
  std::optional<Members> personal_{};
  bool searches_ = false;
  std::string misfit_{};
};

template <typename E>
void read_as(FieldReader& reader, Event& to) {
  auto& event = to.emplace<E>();
  E::fields(reader, event);
  if (!reader.has_left_over()) return;
  reader.search_from_now_on();
  event = {};
  E::fields(reader, event);
}

using ReadFunction = void (*)(FieldReader&, Event&);

// The names of some sixty types differ in their length, their ends and their middle.
struct TypeHash {
  std::size_t operator()(std::string_view type) const {
    if (type.empty()) return 0;
    const auto letter = [&](std::size_t i) {
      return std::size_t{static_cast<unsigned char>(type[i])};
    };
    return type.size() + (letter(0) << 5) + (letter(type.size() / 2) << 11) +
           (letter(type.size() - 1) << 17);
  }
};

using ReadFunctions = std::unordered_map<std::string_view, ReadFunction, TypeHash>;

ReadFunctions read_functions() {
  ReadFunctions functions;
  EventKinds::List::each([&]<typename E>() { functions.emplace(E::type, &read_as<E>); });
  return functions;
}

}  // namespace

EncodedEvent encode(const Subject& subject, const Event& event) {
  EncodedEvent encoded;
  encoded.stream = subject.stream();
  visit(
      [&](const auto& e) {
        using E = std::decay_t<decltype(e)>;
        FieldWriter writer;
        E::fields(writer, e);
        encoded.type = E::type;
        encoded.payload = writer.take_payload();
        encoded.personal = writer.take_personal();
      },
      event);
  return encoded;
}

struct EventDecoder::Block {
  simdjson::dom::parser payload_parser{};
  simdjson::dom::parser personal_parser{};
  ReadFunctions functions = read_functions();
};

EventDecoder::EventDecoder() : block_(std::make_unique<Block>()) {}
EventDecoder::~EventDecoder() = default;

Result<Event, Refusal> EventDecoder::decode(std::string_view type, std::uint16_t schema,
                                            std::string_view personal, std::string_view payload) {
  Event event;
  if (auto refusal = decode_to(event, type, schema, personal, payload)) return *std::move(refusal);
  return event;
}

std::optional<Refusal> EventDecoder::decode_to(Event& event, std::string_view type,
                                               std::uint16_t schema, std::string_view personal,
                                               std::string_view payload) {
  const auto found = block_->functions.find(type);
  if (found == block_->functions.end() || schema != 1) {
    return Refusal{"unknown_event", "event type " + std::string(type) + ", shape " +
                                        std::to_string(schema) +
                                        ", is not known to this program: use a newer one"};
  }
  simdjson::dom::object payload_object;
  if (block_->payload_parser.parse(payload.data(), payload.size()).get(payload_object)) {
    return Refusal{"bad_payload", "the payload of a " + std::string(type) + " is no JSON object"};
  }
  simdjson::dom::object personal_object;
  if (!personal.empty() &&
      block_->personal_parser.parse(personal.data(), personal.size()).get(personal_object)) {
    return Refusal{"bad_payload",
                   "the personal part of a " + std::string(type) + " is no JSON object"};
  }
  FieldReader reader(payload_object, personal_object, !personal.empty());
  found->second(reader, event);
  if (!reader.misfit().empty()) {
    return Refusal{"bad_payload", "member " + reader.misfit() + " of a " + std::string(type) +
                                      " has a type or value that does not fit"};
  }
  return {};
}

}  // namespace campaigns
