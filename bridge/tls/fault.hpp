#pragma once

#include <system_error>

namespace bridge::tls {

// Why a connection was not secured, or no longer is, in the terms of somebody who has to mend it.
// Carries nothing of what the peer sent.
enum class Fault {
  certificate_expired = 1,
  certificate_not_yet_valid,
  wrong_name,
  self_signed,
  unknown_issuer,
  issuer_expired,
  weak_key,
  weak_signature,
  wrong_usage,
  revoked,
  bad_certificate,  // cannot be read, or fails in a way that has no name of its own
  no_certificate,
  unusable_host,  // no name or address that a certificate could be checked against
  old_protocol,
  no_common_cipher,
  not_tls,
  renegotiation,
  bad_record,     // changed on the way, too long, or out of place
  bad_handshake,  // a message that is malformed or breaks the protocol
  too_much,       // more bytes than a handshake has
  timed_out,
  too_many,     // other handshakes wait for their turn already
  ended_early,  // the peer closed within the handshake
  truncated,    // the peer closed after it, without saying so: the last bytes may be missing
  out_of_memory,
};

// A fatal alert of the peer has its number (RFC 5246, section 7.2) on top of this.
inline constexpr int first_alert = 1'000;
std::error_code alert(int number);

const std::error_category& fault_category();
std::error_code make_error_code(Fault fault);

}  // namespace bridge::tls

template <>
struct std::is_error_code_enum<bridge::tls::Fault> : std::true_type {};
