#include "bridge/tls/fault.hpp"

#include <string>

namespace bridge::tls {
namespace {

std::string sentence(Fault fault) {
  switch (fault) {
    case Fault::certificate_expired:
      return "the peer's certificate has expired";
    case Fault::certificate_not_yet_valid:
      return "the peer's certificate is not valid yet (is this machine's clock right?)";
    case Fault::wrong_name:
      return "the peer's certificate is for another name";
    case Fault::self_signed:
      return "the peer's certificate is signed by itself and not among the trusted authorities";
    case Fault::unknown_issuer:
      return "the peer's certificate leads to no trusted authority (a missing intermediate "
             "certificate looks the same)";
    case Fault::issuer_expired:
      return "a certificate between the peer's and the authority is expired or not valid yet";
    case Fault::weak_key:
      return "a certificate of the peer has too weak a key (RSA needs 2048 bits, else P-256 or "
             "P-384)";
    case Fault::weak_signature:
      return "a certificate of the peer is signed with too weak a hash (SHA-256 is the least)";
    case Fault::wrong_usage:
      return "the peer's certificate is not made for a server (extendedKeyUsage serverAuth, "
             "keyUsage digitalSignature)";
    case Fault::revoked:
      return "a certificate of the peer was revoked";
    case Fault::bad_certificate:
      return "the peer's certificate cannot be used";
    case Fault::no_certificate:
      return "the peer showed no certificate";
    case Fault::unusable_host:
      return "that host is neither a name nor an address that a certificate can be checked against";
    case Fault::old_protocol:
      return "the peer speaks no TLS 1.2";
    case Fault::no_common_cipher:
      return "the peer offers no cipher suite with ECDHE and AES-GCM or ChaCha20-Poly1305";
    case Fault::not_tls:
      return "what the peer sent is not TLS (plain HTTP, perhaps)";
    case Fault::renegotiation:
      return "the peer wanted to negotiate a second time";
    case Fault::bad_record:
      return "a TLS record was damaged or out of place";
    case Fault::bad_handshake:
      return "the peer broke the rules of the TLS handshake";
    case Fault::too_much:
      return "the peer sent too much before the handshake was done";
    case Fault::timed_out:
      return "the TLS handshake took too long";
    case Fault::too_many:
      return "too many TLS handshakes wait already";
    case Fault::ended_early:
      return "the peer ended the connection within the TLS handshake";
    case Fault::truncated:
      return "the connection ended without TLS's closing word, so something may be missing";
    case Fault::out_of_memory:
      return "no memory for TLS";
  }
  return "unknown";
}

std::string alert_name(int number) {
  switch (number) {
    case 10:
      return "unexpected_message";
    case 20:
      return "bad_record_mac";
    case 22:
      return "record_overflow";
    case 40:
      return "handshake_failure: often no cipher suite in common";
    case 42:
      return "bad_certificate";
    case 43:
      return "unsupported_certificate";
    case 44:
      return "certificate_revoked";
    case 45:
      return "certificate_expired";
    case 46:
      return "certificate_unknown";
    case 47:
      return "illegal_parameter";
    case 48:
      return "unknown_ca";
    case 49:
      return "access_denied";
    case 50:
      return "decode_error";
    case 51:
      return "decrypt_error";
    case 70:
      return "protocol_version: it wants another version than TLS 1.2";
    case 71:
      return "insufficient_security";
    case 80:
      return "internal_error";
    case 86:
      return "inappropriate_fallback";
    case 109:
      return "missing_extension";
    case 110:
      return "unsupported_extension";
    case 112:
      return "unrecognized_name";
    case 116:
      return "certificate_required";
    case 120:
      return "no_application_protocol";
    default:
      return "no name known";
  }
}

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "tls"; }
  std::string message(int value) const override {
    if (value < first_alert) return sentence(static_cast<Fault>(value));
    const int number = value - first_alert;
    return "the peer refused with TLS alert " + std::to_string(number) + " (" + alert_name(number) +
           ")";
  }
};

}  // namespace

const std::error_category& fault_category() {
  static const Category category;
  return category;
}

std::error_code make_error_code(Fault fault) {
  return {static_cast<int>(fault), fault_category()};
}

std::error_code alert(int number) {
  return {first_alert + number, fault_category()};
}

}  // namespace bridge::tls
