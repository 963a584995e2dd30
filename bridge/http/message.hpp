#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bridge::http {

struct Header {
  std::string name{};
  std::string value{};
};

struct Request {
  std::string method{};
  // Path and query as they stand on the wire, percent-encoding untouched.
  std::string target{};
  std::vector<Header> headers{};
  std::string body{};
  bool version_1_0 = false;

  // Value of the first header of this name, compared without case; empty where there is none.
  std::string_view header(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::vector<Header> headers{};
  std::string body{};

  std::string_view header(std::string_view name) const;
};

// The reason phrase of a status code, "Unknown" for one that has none here.
std::string_view reason_phrase(int status);

}  // namespace bridge::http
