// An authority and certificates that it signed, for tests that run whole programs:
//
//   make_certificates FOLDER NAME...
//
// writes FOLDER/ca.pem and, for each DNS name, FOLDER/NAME.pem and FOLDER/NAME.key. Each
// certificate is also good for localhost and 127.0.0.1.
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
  bool good = write(folder / "ca.pem", authority.certificate);
  for (int i = 2; i < count; ++i) {
    const std::string name = arguments[i];
    bridge::testing::Wanted wanted;
    wanted.common_name = name;
    wanted.dns = {name, "localhost"};
    const auto identity = bridge::testing::make_identity(wanted, &authority);
    good = good && write(folder / (name + ".pem"), identity.certificate) &&
           write(folder / (name + ".key"), identity.key);
  }
  return good ? 0 : 1;
}
