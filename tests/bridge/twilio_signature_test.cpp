#include "bridge/carrier/twilio_signature.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bridge/rehearsal/wire.hpp"

BOOST_AUTO_TEST_SUITE(twilio_signature)

using namespace bridge::carrier;
using bridge::http::Fields;

namespace {

const std::vector<std::string> tokens{"12345"};
const std::string url = "https://mycompany.com/myapp.php?foo=1&bar=2";
const Fields fields{{"CallSid", "CA1234567890ABCDE"},
                    {"Caller", "+14158675309"},
                    {"Digits", "1234"},
                    {"From", "+14158675309"},
                    {"To", "+18005551212"}};
const std::string signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";

nlohmann::json vectors() {
  std::ifstream file(CAMPANILE_SOURCE_DIR "/tests/bridge/data/twilio-signature-vectors.json");
  return nlohmann::json::parse(file);
}

Fields fields_of(const nlohmann::json& vector) {
  Fields read;
  if (!vector.contains("params")) return read;
  for (const auto& [name, value] : vector["params"].items()) {
    if (value.is_array()) {
      for (const auto& each : value) read.push_back({name, each});
    } else {
      read.push_back({name, value});
    }
  }
  return read;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_published_vector_holds) {
  const auto all = vectors();
  BOOST_TEST(all.size() >= 19U);
  for (const auto& vector : all) {
    BOOST_TEST_CONTEXT(vector["name"]) {
      const std::string token = vector["authToken"];
      const std::string at = vector["url"];
      const std::string expected = vector["expected"];
      const Fields read = fields_of(vector);
      BOOST_TEST(sign(token, at, read) == expected);
      BOOST_TEST(verify(std::vector{token}, at, read, expected));
      if (vector.contains("body")) {
        const std::string body = vector["body"];
        BOOST_TEST(verify_body(std::vector{token}, at, body, expected));
        BOOST_TEST(!verify_body(std::vector{token}, at, body + " ", expected));
      }
    }
  }
  BOOST_TEST_MESSAGE(all.size() << " published signature vectors");
}

BOOST_AUTO_TEST_CASE(the_rehearsal_signs_the_same_with_code_of_its_own) {
  for (const auto& vector : vectors()) {
    bridge::rehearsal::Fields read;
    for (const auto& field : fields_of(vector)) read.push_back({field.name, field.value});
    BOOST_TEST(bridge::rehearsal::signature(std::string(vector["authToken"]),
                                            std::string(vector["url"]),
                                            read) == std::string(vector["expected"]));
  }
}

BOOST_AUTO_TEST_CASE(the_order_of_the_form_does_not_matter) {
  BOOST_TEST(verify(tokens, url, Fields(fields.rbegin(), fields.rend()), signature));
}

BOOST_AUTO_TEST_CASE(anything_changed_is_refused) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    Fields changed = fields;
    changed[i].value += "0";
    BOOST_TEST(!verify(tokens, url, changed, signature));
    changed = fields;
    changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
    BOOST_TEST(!verify(tokens, url, changed, signature));
  }
  BOOST_TEST(!verify(tokens, url + "&baz=3", fields, signature));
  BOOST_TEST(!verify(tokens, "http" + url.substr(5), fields, signature));
  BOOST_TEST(!verify(std::vector<std::string>{"12346"}, url, fields, signature));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    std::string changed = signature;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    BOOST_TEST(!verify(tokens, url, fields, changed));
  }
  BOOST_TEST(!verify(tokens, url, fields, ""));
  BOOST_TEST(!verify(tokens, url, fields, signature + "="));
  BOOST_TEST(!verify(std::span<const std::string>{}, url, fields, signature));
}

BOOST_AUTO_TEST_CASE(a_token_that_nobody_set_opens_nothing) {
  const std::vector<std::string> none{""};
  BOOST_TEST(!verify(none, url, fields, sign("", url, fields)));
}

BOOST_AUTO_TEST_CASE(any_of_several_tokens_will_do) {
  BOOST_TEST(verify(std::vector<std::string>{"other", "12345"}, url, fields, signature));
}

BOOST_AUTO_TEST_CASE(the_port_may_be_there_or_not) {
  const std::string with = "https://mycompany.com:443/myapp.php?foo=1&bar=2";
  BOOST_TEST(verify(tokens, url, fields, sign("12345", with, fields)));
  BOOST_TEST(verify(tokens, with, fields, signature));
  BOOST_TEST(verify(tokens, "https://mycompany.com:1234/myapp.php?foo=1&bar=2", fields, signature));
  const std::string plain = "http://[::1]:8080/a";
  BOOST_TEST(verify(tokens, plain, fields, sign("12345", plain, fields)));
  BOOST_TEST(verify(tokens, plain, fields, sign("12345", "http://[::1]/a", fields)));
  // Somebody else's port is none of the forms.
  BOOST_TEST(!verify(tokens, url, fields,
                     sign("12345", "https://mycompany.com:444/myapp.php?foo=1&bar=2", fields)));
}

BOOST_AUTO_TEST_CASE(userinfo_may_be_left_out) {
  BOOST_TEST(
      verify(tokens, "https://user:pass@mycompany.com/myapp.php?foo=1&bar=2", fields, signature));
}

BOOST_AUTO_TEST_CASE(the_fragment_is_not_signed) {
  BOOST_TEST(verify(tokens, url + "#rc=3&rp=all", fields, signature));
  BOOST_TEST(sign("12345", url + "#rc=3", fields) == signature);
}

BOOST_AUTO_TEST_CASE(a_query_that_was_encoded_anew_is_recognised) {
  BOOST_TEST(verify(tokens, url + "&Body=It's+amazing", fields, "TfZzewPq8wqrGlMfyAud8+/IvJ0="));
}

BOOST_AUTO_TEST_CASE(an_upgrade_may_be_signed_as_https_and_with_a_slash) {
  const std::string socket = "wss://voice.example.test/media";
  for (const std::string form :
       {"wss://voice.example.test/media", "wss://voice.example.test/media/",
        "https://voice.example.test/media", "https://voice.example.test/media/",
        "wss://voice.example.test:443/media", "https://voice.example.test:443/media/"}) {
    BOOST_TEST(verify(tokens, socket, {}, sign("12345", form, {})));
  }
  BOOST_TEST(!verify(tokens, socket, {}, sign("12345", "wss://voice.example.test/other", {})));
  // A webhook is nothing but what it is.
  BOOST_TEST(!verify(tokens, url, fields, sign("12345", url + "/", fields)));
}

BOOST_AUTO_TEST_CASE(a_body_needs_its_digest_in_the_url) {
  const std::string body = "{}";
  BOOST_TEST(!verify_body(tokens, url, body, sign("12345", url, {})));
  const std::string hidden =
      url + "&x=bodySHA256=44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
  BOOST_TEST(!verify_body(tokens, hidden, body, sign("12345", hidden, {})));
}

BOOST_AUTO_TEST_SUITE_END()
