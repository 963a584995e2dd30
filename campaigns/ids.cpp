#include "campaigns/ids.hpp"

#include <charconv>

namespace campaigns {

namespace {

// Digits only, no sign, no leading zero, not zero.
template <typename Number>
std::optional<Number> parse_ordinal(std::string_view text) {
  if (text.empty() || text.front() < '1' || text.front() > '9') return {};
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return number;
}

}  // namespace

bool valid_campaign_id(std::string_view id) {
  if (id.empty() || id.size() > 63 || id.front() == '-') return false;
  for (const char c : id) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  }
  return true;
}

std::string AttemptId::text() const {
  return campaign + '.' + std::to_string(contact) + '.' + std::to_string(attempt);
}

std::optional<AttemptId> AttemptId::parse(std::string_view text) {
  const auto first = text.find('.');
  if (first == std::string_view::npos) return {};
  const auto second = text.find('.', first + 1);
  if (second == std::string_view::npos) return {};
  const auto id = text.substr(0, first);
  const auto contact = parse_ordinal<std::uint32_t>(text.substr(first + 1, second - first - 1));
  const auto attempt = parse_ordinal<std::uint8_t>(text.substr(second + 1));
  if (!valid_campaign_id(id) || !contact || !attempt) return {};
  return AttemptId{std::string(id), *contact, *attempt};
}

std::string number_key_text(NumberKey key) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; key >>= 4) text[i] = digits[key & 15];
  return text;
}

std::optional<NumberKey> parse_number_key(std::string_view text) {
  if (text.size() != 16) return {};
  NumberKey key = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      key = key << 4 | static_cast<NumberKey>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      key = key << 4 | static_cast<NumberKey>(c - 'a' + 10);
    } else {
      return {};
    }
  }
  return key;
}

std::string Subject::stream() const {
  switch (kind) {
    case Kind::runner:
      return "runner";
    case Kind::campaign:
      return "campaign/" + name;
    case Kind::contact:
      return "contact/" + name + '/' + std::to_string(ordinal);
    case Kind::number:
      return "number/" + name;
    case Kind::call:
      return "call/" + name;
    case Kind::list:
      return "list/" + name;
  }
  return {};
}

std::optional<Subject> Subject::parse(std::string_view stream) {
  if (stream == "runner") return runner();
  const auto slash = stream.find('/');
  if (slash == std::string_view::npos) return {};
  const auto head = stream.substr(0, slash);
  const auto rest = stream.substr(slash + 1);
  if (head == "contact") {
    const auto second = rest.find('/');
    if (second == std::string_view::npos) return {};
    const auto ordinal = parse_ordinal<std::uint32_t>(rest.substr(second + 1));
    if (!ordinal) return {};
    return contact(std::string(rest.substr(0, second)), *ordinal);
  }
  if (rest.empty()) return {};
  if (head == "campaign") return campaign(std::string(rest));
  if (head == "number") return Subject{Kind::number, std::string(rest), 0};
  if (head == "call") return call(std::string(rest));
  if (head == "list") return list(std::string(rest));
  return {};
}

}  // namespace campaigns
