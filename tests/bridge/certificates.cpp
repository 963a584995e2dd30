#include "tests/bridge/certificates.hpp"

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509_crt.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include "tests/bridge/mbed.hpp"

namespace bridge::testing {
namespace {

struct Key {
  Key() { mbedtls_pk_init(&pk); }
  ~Key() { mbedtls_pk_free(&pk); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  void generate(Wanted::Key kind) {
    const bool rsa = kind == Wanted::Key::rsa_2048 || kind == Wanted::Key::rsa_1024;
    must(mbedtls_pk_setup(&pk, mbedtls_pk_info_from_type(rsa ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY)));
    if (rsa) {
      must(mbedtls_rsa_gen_key(static_cast<mbedtls_rsa_context*>(pk.pk_ctx), random_bytes, nullptr,
                               kind == Wanted::Key::rsa_2048 ? 2048U : 1024U, 65'537));
    } else {
      must(mbedtls_ecp_gen_key(
          kind == Wanted::Key::p256 ? MBEDTLS_ECP_DP_SECP256R1 : MBEDTLS_ECP_DP_SECP192R1,
          static_cast<mbedtls_ecp_keypair*>(pk.pk_ctx), random_bytes, nullptr));
    }
  }
  void parse(const std::string& pem) {
    must(mbedtls_pk_parse_key(&pk, reinterpret_cast<const unsigned char*>(pem.c_str()),
                              pem.size() + 1, nullptr, 0));
  }
  std::string pem() {
    std::array<unsigned char, 8192> text{};
    must(mbedtls_pk_write_key_pem(&pk, text.data(), text.size()));
    return reinterpret_cast<const char*>(text.data());
  }

  mbedtls_pk_context pk{};
};

std::string day(int from_today) {
  using namespace std::chrono;
  const year_month_day date{floor<days>(system_clock::now()) + days{from_today}};
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d%02u%02u000000", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text.data();
}

// DER: one element that is shorter than 128 bytes.
std::string element(unsigned char tag, const std::string& content) {
  return std::string{static_cast<char>(tag), static_cast<char>(content.size())} + content;
}

void extend(mbedtls_x509write_cert& certificate, std::string_view oid, const std::string& der,
            bool critical = false) {
  must(mbedtls_x509write_crt_set_extension(&certificate, oid.data(), oid.size(), critical ? 1 : 0,
                                           reinterpret_cast<const unsigned char*>(der.data()),
                                           der.size()));
}

mbedtls_md_type_t md_of(Wanted::Hash hash) {
  switch (hash) {
    case Wanted::Hash::sha1:
      return MBEDTLS_MD_SHA1;
    case Wanted::Hash::md5:
      return MBEDTLS_MD_MD5;
    case Wanted::Hash::sha256:
      break;
  }
  return MBEDTLS_MD_SHA256;
}

}  // namespace

Identity make_identity(const Wanted& wanted, const Identity* issuer) {
  Key own;
  own.generate(wanted.key);
  Key signer;
  if (issuer != nullptr) signer.parse(issuer->key);
  Identity made{.name = "CN=" + wanted.common_name, .certificate = {}, .key = own.pem()};

  mbedtls_x509write_cert certificate;
  mbedtls_x509write_crt_init(&certificate);
  mbedtls_mpi serial;
  mbedtls_mpi_init(&serial);
  must(mbedtls_mpi_fill_random(&serial, 8, random_bytes, nullptr));
  must(mbedtls_x509write_crt_set_serial(&certificate, &serial));
  mbedtls_mpi_free(&serial);
  mbedtls_x509write_crt_set_version(&certificate, MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(&certificate, md_of(wanted.hash));
  mbedtls_x509write_crt_set_subject_key(&certificate, &own.pk);
  mbedtls_x509write_crt_set_issuer_key(&certificate, issuer != nullptr ? &signer.pk : &own.pk);
  must(mbedtls_x509write_crt_set_subject_name(&certificate, made.name.c_str()));
  must(mbedtls_x509write_crt_set_issuer_name(
      &certificate, issuer != nullptr ? issuer->name.c_str() : made.name.c_str()));
  must(mbedtls_x509write_crt_set_validity(&certificate, day(wanted.days_from).c_str(),
                                          day(wanted.days_to).c_str()));
  must(mbedtls_x509write_crt_set_basic_constraints(&certificate, wanted.authority ? 1 : 0,
                                                   wanted.path_length_max.value_or(-1)));
  if (wanted.key_usage) {
    must(mbedtls_x509write_crt_set_key_usage(&certificate, *wanted.key_usage));
  }

  constexpr std::string_view subject_alt_name("\x55\x1D\x11", 3);
  constexpr std::string_view extended_key_usage("\x55\x1D\x25", 3);
  const std::string purposes("\x2B\x06\x01\x05\x05\x07\x03", 7);
  std::string names;
  for (const std::string& dns : wanted.dns) names += element(0x82, dns);
  for (const std::string& address : wanted.addresses) names += element(0x87, address);
  if (!names.empty()) extend(certificate, subject_alt_name, element(0x30, names));
  if (wanted.purpose == Wanted::Purpose::server) {
    extend(certificate, extended_key_usage, element(0x30, element(0x06, purposes + '\x01')));
  } else if (wanted.purpose == Wanted::Purpose::client) {
    extend(certificate, extended_key_usage, element(0x30, element(0x06, purposes + '\x02')));
  }
  if (wanted.strange_critical_extension) {
    extend(certificate, std::string_view("\x55\x1D\x63", 3), element(0x04, "strange"), true);
  }

  std::array<unsigned char, 8192> text{};
  must(mbedtls_x509write_crt_pem(&certificate, text.data(), text.size(), random_bytes, nullptr));
  mbedtls_x509write_crt_free(&certificate);
  made.certificate = reinterpret_cast<const char*>(text.data());
  return made;
}

Identity make_authority(const std::string& name) {
  return make_identity({.common_name = name,
                        .dns = {},
                        .addresses = {},
                        .authority = true,
                        .purpose = Wanted::Purpose::unsaid});
}

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "campanile-tls-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::write(const std::string& name, const std::string& text) const {
  const std::filesystem::path path = path_ / name;
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  std::filesystem::permissions(path, std::filesystem::perms{0600});
  return path.string();
}

}  // namespace bridge::testing
