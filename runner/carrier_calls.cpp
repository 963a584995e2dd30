#include "runner/carrier_calls.hpp"

namespace runner {

campaigns::CarrierCall core_call(const bridge::carrier::CallRecord& record) {
  campaigns::CarrierCall call;
  call.sid = record.sid;
  call.status = record.status;
  call.direction = record.direction;
  call.parent = record.parent;
  call.answered_by = record.answered_by;
  call.created = record.date_created;
  call.dialled = record.start_time.has_value();  // null until then: protocols.md 1.3
  call.ended = record.end_time;
  if (record.duration) call.seconds = record.duration->count();
  call.cost_millionths = record.cost_millionths;
  call.price_unit = record.price_unit;
  return call;
}

campaigns::ListedCall listed_call(const bridge::carrier::CallRecord& record) {
  return {core_call(record), record.to, record.from};
}

}  // namespace runner
