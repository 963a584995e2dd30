// An authority and certificates that it signed, for tests that run whole programs:
//
//   make_certificates FOLDER [KIND:]NAME...
//
// writes FOLDER/ca.pem and, for each DNS name, FOLDER/NAME.pem and FOLDER/NAME.key. Each
// certificate is also good for localhost and 127.0.0.1. With a KIND of fault the files are
// FOLDER/KIND-NAME.pem and .key:
//
//   expired, early    over since yesterday; good from tomorrow
//   ending            good for ten more days
//   only              good for that name alone
//   stranger          signed by an authority that nobody knows
//   weak              a key of RSA with 1,024 bits
//   client            for clients, not for servers
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/bridge/certificates.hpp"

namespace {

bool write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return file.good();
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "usage: make_certificates FOLDER NAME...\n");
    return 2;
  }
  const std::filesystem::path folder(arguments[1]);
  const auto authority = bridge::testing::make_authority();
  const auto stranger = bridge::testing::make_authority("Another authority");
  bool good = write(folder / "ca.pem", authority.certificate);
  for (int i = 2; i < count; ++i) {
    std::string name = arguments[i];
    bridge::testing::Wanted wanted;
    std::string kind;
    if (const auto colon = name.find(':'); colon != std::string::npos) {
      kind = name.substr(0, colon);
      name.erase(0, colon + 1);
    }
    wanted.common_name = name;
    wanted.dns = {name, "localhost"};
    if (kind == "expired") {
      wanted.days_from = -30;
      wanted.days_to = -1;
    } else if (kind == "ending") {
      wanted.days_to = 10;
    } else if (kind == "early") {
      wanted.days_from = 1;
    } else if (kind == "only") {
      wanted.dns = {name};
      wanted.addresses.clear();
    } else if (kind == "weak") {
      wanted.key = bridge::testing::Wanted::Key::rsa_1024;
    } else if (kind == "client") {
      wanted.purpose = bridge::testing::Wanted::Purpose::client;
    } else if (!kind.empty() && kind != "stranger") {
      std::fprintf(stderr, "make_certificates: no kind %s\n", kind.c_str());
      return 2;
    }
    const auto identity =
        bridge::testing::make_identity(wanted, kind == "stranger" ? &stranger : &authority);
    if (!kind.empty()) name.insert(0, kind + '-');
    good = good && write(folder / (name + ".pem"), identity.certificate) &&
           write(folder / (name + ".key"), identity.key);
  }
  return good ? 0 : 1;
}
