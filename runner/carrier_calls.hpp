#pragma once

#include "bridge/carrier/carrier.hpp"
#include "campaigns/audit.hpp"
#include "campaigns/commands.hpp"

// A call of the carrier's records as the core reads it.
namespace runner {

campaigns::CarrierCall core_call(const bridge::carrier::CallRecord& record);
campaigns::ListedCall listed_call(const bridge::carrier::CallRecord& record);

}  // namespace runner
