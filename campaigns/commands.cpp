#include "campaigns/commands.hpp"

namespace campaigns {

template class OneOf<CommandKinds>;

}  // namespace campaigns
