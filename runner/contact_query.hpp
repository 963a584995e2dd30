#pragma once

#include <filesystem>
#include <string>

#include "campaigns/campaign.hpp"
#include "campaigns/result.hpp"

namespace runner {

// The people that a campaign's query asks for, as JSON Lines for the reader of lists: one object a
// row, in the order of the answer, with every column in each; NULL as null, integers and reals as
// numbers, text byte by byte. The same answer gives the same bytes. 1 GiB of them at most.
// `campaign` is the file that the query stands in; the problems name the member of it that is at
// fault.
campaigns::Result<std::string> ask_for_contacts(const campaigns::ContactQuery& query,
                                                const std::filesystem::path& campaign);

}  // namespace runner
