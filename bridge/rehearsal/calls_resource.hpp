#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bridge/http/server.hpp"
#include "bridge/rehearsal/call_engine.hpp"

namespace bridge::rehearsal {

// The REST resource /2010-04-01/Accounts/{AC}/Calls (protocols.md 1): create, fetch, list, update,
// delete, with the errors of section 1.7 and the faults that are asked for.
class CallsResource {
 public:
  // All of them outlive the resource; `options` has its credentials filled in.
  CallsResource(net::Loop& loop, http::Server& server, Timetable& timetable, CallEngine& engine,
                const CarrierOptions& options, Counters& counters)
      : loop_(loop),
        server_(server),
        timetable_(timetable),
        engine_(engine),
        options_(options),
        counters_(counters) {}

  // Answers a request to whatever path, now or later or, by a fault, never.
  void on_request(http::ExchangeId exchange, const http::Request& request);

 private:
  enum class Asker : unsigned char { stranger, account, standard_key };
  Asker asker_of(const http::Request& request) const;
  void on_order(http::ExchangeId exchange, const Fields& form);
  void answer_order(http::ExchangeId exchange, PostFault fault, const http::Response& created);
  http::Response fetch(const Call& call);
  http::Response list(const Fields& wish, std::string_view query);
  http::Response update(Call& call, const Fields& form);
  http::Response remove(Call& call);
  // What a fault makes of a question, or nothing.
  std::optional<http::Response> question_fault(const std::string& subject);
  bool is_listed(const Call& call) const;

  void answer(http::ExchangeId exchange, const std::string& subject, http::Response response);
  // With the headers that every answer carries. `subject`: what the request is about, a sid or a
  // number; the request's id follows from it, so that it is the same in every run.
  http::Response stamped(const std::string& subject, http::Response response);

  net::Loop& loop_;
  http::Server& server_;
  Timetable& timetable_;
  CallEngine& engine_;
  const CarrierOptions& options_;
  Counters& counters_;
  std::unordered_map<std::string, std::uint64_t> requests_{};   // by subject
  std::unordered_map<std::string, std::uint64_t> questions_{};  // likewise
};

}  // namespace bridge::rehearsal
