#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/http/message.hpp"
#include "bridge/net/clock.hpp"
#include "campaigns/ids.hpp"

// What went over the wires between the carrier and us, for whoever has to find out why a call went
// as it did: every request with what was answered, a JSON line each. Beside the log and no part of
// it: nothing is computed from it, it may be deleted at any time, and it holds nobody's data and no
// secret, so that forgetting somebody has nothing to do here. Numbers keep their last two digits,
// tokens are left out, of what is said or keyed only the length is kept. Headers are not.
namespace runner {

// "+*78"; empty stays empty.
std::string masked_number(std::string_view number);
// A URL, or the path of one, without the tokens of ours in it and without its query.
std::string masked_url(std::string_view url);
// The fields of a form or a query, "Name=value Name=value", those that are empty left out. What is
// not known to be harmless becomes its length.
std::string masked_form(std::string_view form);
// A document: its verbs and attributes as they are, its texts as their length.
std::string masked_twiml(std::string_view twiml);
// What the REST interface says of a call, of a list or of an error.
std::string masked_json(std::string_view json);

class WireLog {
 public:
  struct Options {
    std::filesystem::path log{};  // of the events: the wires' stands beside it
    // At most twice that is kept: what is full becomes the last one.
    std::size_t file_bytes_max = std::size_t{32} << 20U;
  };
  using ReadToken = std::function<std::optional<campaigns::AttemptId>(std::string_view token)>;

  WireLog(Options options, ReadToken read_token);
  ~WireLog();
  WireLog(const WireLog&) = delete;
  WireLog& operator=(const WireLog&) = delete;

  // A request of the carrier to our door, and what it was answered.
  void webhook(bridge::net::Instant at, bridge::net::Instant answered,
               const bridge::http::Request& request, const bridge::http::Response& response);
  // A request of ours to the carrier. `why` not empty: there was no answer.
  void rest(bridge::net::Instant at, bridge::net::Instant answered,
            const bridge::http::Request& request, const bridge::http::Response& response,
            const std::string& why);
  // Called with each line once it is written.
  std::function<void(const std::string&)> on_line{};
  // Lines that the disk did not take.
  std::uint64_t lost() const { return lost_; }

 private:
  void write(const std::string& line);
  void open();

  Options options_;
  ReadToken read_token_;
  int file_ = -1;
  std::size_t bytes_ = 0;
  std::uint64_t lost_ = 0;
};

// The files of a log's wires that are there, the oldest first.
std::vector<std::filesystem::path> wire_files_of(const std::filesystem::path& log);

// One line for a person.
std::string wire_text(std::string_view line);

}  // namespace runner
