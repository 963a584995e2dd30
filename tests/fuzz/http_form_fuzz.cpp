// The body of a webhook is read before its signature can be checked. What decodes must survive
// being encoded and decoded again.
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>

#include "bridge/http/form.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto fields = bridge::http::decode_form(text);
  if (fields) {
    assert(fields->size() <= bridge::http::fields_max);
    assert(bridge::http::decode_form(bridge::http::encode_form(*fields)) == fields);
  }
  const auto decoded = bridge::http::percent_decode(text);
  if (decoded) {
    assert(bridge::http::percent_decode(bridge::http::percent_encode(*decoded)) == decoded);
  }
  const auto target = bridge::http::split_target(text);
  assert(target.path.size() + target.query.size() <= text.size());
  return 0;
}
