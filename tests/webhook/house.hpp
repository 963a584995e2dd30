#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "bridge/http/form.hpp"
#include "bridge/rehearsal/wire.hpp"
#include "campaigns/campaign_file.hpp"
#include "tests/support/fold.hpp"
#include "webhook/door.hpp"

// A door with a state behind it, and requests that are signed by somebody else's code.
namespace house {

using namespace campaigns;
using bridge::http::Fields;
using bridge::http::Request;
using bridge::http::Response;
using webhook::Door;
using webhook::Inbound;
using webhook::TurnedAway;

inline const std::string now_url = "https://now.example.test";
inline const std::string old_url = "https://old.example.test";
inline const std::string account = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
inline const std::string call_sid = "CAbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
inline const std::string other_sid = "CAcccccccccccccccccccccccccccccccc";
inline const std::string primary_token = "first-auth-token";
inline const std::string secondary_token = "second-auth-token";
inline const std::string number = "+393331234567";

// A token as the key file's would look; good ones end on "-ok".
inline std::string token_of(const AttemptId& attempt) {
  return attempt.text() + "-ok";
}
inline std::optional<AttemptId> read_token(std::string_view token) {
  if (!token.ends_with("-ok")) return {};
  return AttemptId::parse(token.substr(0, token.size() - 3));
}

inline const char* const visits = R"json({
  "id": "visite", "title": "Visite", "kind": "survey", "language": "it-IT",
  "voices": {"it-IT": "Polly.Bianca"},
  "contacts": {"file": "list.csv", "region": "IT", "zone": "Europe/Rome",
               "columns": {"number": "numero"}},
  "greeting": {"it-IT": "Buongiorno {{nome}}.", "en-GB": "Hello {{nome}}."},
  "questions": [
    {"id": "conferma", "type": "rating",
     "ask": {"it-IT": "Domanda conferma per {{nome}}?", "en-GB": "First question?"}},
    {"id": "voto", "type": "rating",
     "ask": {"it-IT": "Domanda voto per {{nome}}?", "en-GB": "Second question?"}}
  ],
  "goodbye": {"it-IT": "Grazie {{nome}}, arrivederci.", "en-GB": "Goodbye {{nome}}."},
  "calling_hours": {"windows": [{"days": ["mon-sun"], "from": "09:00", "to": "20:00"}]}
})json";

inline Campaign campaign_of(const std::string& text) {
  auto file = parse_campaign_file(text);
  if (!file.ok()) {
    for (const auto& problem : file.error()) BOOST_ERROR(problem.where << ": " << problem.what);
  }
  BOOST_REQUIRE(file.ok());
  return file.value().campaign;
}

inline Request post(const std::string& target, const Fields& fields, const std::string& public_url,
                    const std::string& auth_token = primary_token) {
  Request request;
  request.method = "POST";
  request.target = target;
  request.body = bridge::http::encode_form(fields);
  // Signed with the rehearsal's code, which is not the code that the door checks with.
  bridge::rehearsal::Fields signed_fields;
  for (const auto& field : fields) signed_fields.push_back({field.name, field.value});
  request.headers = {{"Host", "somewhere.else.test"},
                     {"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"},
                     {"X-Twilio-Signature", bridge::rehearsal::signature(
                                                auth_token, public_url + target, signed_fields)}};
  return request;
}

inline void set_header(Request& request, const std::string& name, const std::string& value) {
  for (auto& header : request.headers) {
    if (header.name == name) header.value = value;
  }
}
inline void drop_header(Request& request, const std::string& name) {
  std::erase_if(request.headers, [&](const auto& header) { return header.name == name; });
}

inline Fields call_fields(Fields extra = {}, const std::string& sid = call_sid) {
  Fields fields{{"CallSid", sid},
                {"AccountSid", account},
                {"From", number},
                {"To", "+390698765432"},
                {"ToCity", ""},
                {"CallStatus", "in-progress"},
                {"Direction", "outbound-api"}};
  for (auto& field : extra) {
    const auto same = std::ranges::find(fields, field.name, &bridge::http::Field::name);
    if (same == fields.end()) {
      fields.push_back(std::move(field));
    } else {
      same->value = std::move(field.value);
    }
  }
  return fields;
}

inline const char* const arthur = R"json({
  "id": "arthur", "kind": "callback", "mode": "agent", "language": "it-IT",
  "voices": {"it-IT": "alice"}, "contacts": [], "message": "Sono Arthur.",
  "agent": {"disclosure": "Parla un'intelligenza artificiale.", "instructions": "Sia gentile."}
})json";

// A run under `now_url`, a survey with three people; the first one's attempt was dialled in an
// earlier run under `old_url` and is open, the second's is over, the third was not called yet.
struct House {
  State state{};
  AttemptId open{"visite", 1, 1};
  AttemptId over{"visite", 2, 1};
  AttemptId fresh{"visite", 3, 1};
  Door door;

  House()
      : door(state,
             {.auth_tokens = {primary_token, secondary_token},
              .account_sid = account,
              .public_url = now_url,
              .message = {.text = "Ciao & benvenuti!", .language = "it-IT", .voice = "alice"},
              .agent = std::make_shared<Campaign>(campaign_of(arthur))},
             read_token, token_of,
             [](std::string_view sid) { return "stream-" + std::string(sid.substr(2, 4)); }) {
    support::start_run(state, old_url);
    support::submit(state, campaign_of(visits), {"nome"},
                    {{number, "", {"Ada <b>"}},
                     {"+393331234568", "en-GB", {"Bob"}},
                     {"+393331234569", "", {"Eva"}}});
    support::request_call(state, open, old_url);
    support::request_call(state, over, old_url);
    support::fold(state, Subject::contact("visite", 2), CallAccepted{1, other_sid});
    support::carry_out(state,
                       StatusReported{.attempt = over, .sid = other_sid, .status = "no-answer"});
    support::start_run(state, now_url);
  }

  // Read, decided, folded, answered: as the runner does it. The status of a refusal is the answer.
  Response send(const Request& request) {
    const auto read = door.read(request);
    if (const auto* refused = std::get_if<TurnedAway>(&read)) return door.turned_away(*refused);
    const auto& inbound = std::get<Inbound>(read);
    if (inbound.command && !support::carry_out(state, *inbound.command)) {
      return door.turned_away({404, "refused"});
    }
    return door.answer(inbound);
  }
  std::string digest() const {
    std::string text;
    for (const auto& projection : projections()) {
      projection.write(state, [&](std::string_view piece) { text += piece; });
    }
    return text;
  }
};

}  // namespace house
