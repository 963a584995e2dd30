#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// Certificates that are made while a test runs, good ones and each kind of bad.
namespace bridge::testing {

struct Wanted {
  enum class Key : unsigned char { p256, p192, rsa_2048, rsa_1024 };
  enum class Hash : unsigned char { sha256, sha1, md5 };
  enum class Purpose : unsigned char { server, client, unsaid };

  std::string common_name = "localhost";
  std::vector<std::string> dns{"localhost"};
  std::vector<std::string> addresses{std::string("\x7f\0\0\x01", 4)};  // 4 or 16 bytes each
  int days_from = -1;                                                  // from today
  int days_to = 30;
  Key key = Key::p256;
  Hash hash = Hash::sha256;
  bool authority = false;
  std::optional<int> path_length_max{};  // of an authority
  Purpose purpose = Purpose::server;
  std::optional<unsigned> key_usage{};  // as mbedTLS numbers them; none: it says nothing
  bool strange_critical_extension = false;
};

struct Identity {
  std::string name{};
  std::string certificate{};  // PEM
  std::string key{};          // PEM
};

// Signed by `issuer`, or by itself.
Identity make_identity(const Wanted& wanted, const Identity* issuer = nullptr);

// An authority and the like, with the usual choices.
Identity make_authority(const std::string& name = "Test authority");

// A folder of its own that goes with its owner.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  // Writes a file that its owner alone may read; the path.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_{};
};

}  // namespace bridge::testing
