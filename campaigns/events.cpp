#include "campaigns/events.hpp"

namespace campaigns {

template class OneOf<EventKinds>;

Fact::Fact() = default;
Fact::Fact(const Fact&) = default;
Fact::Fact(Fact&&) noexcept = default;
Fact& Fact::operator=(const Fact&) = default;
Fact& Fact::operator=(Fact&&) noexcept = default;
Fact::~Fact() = default;

std::string_view type_of(const Event& event) {
  return visit([](const auto& e) { return std::decay_t<decltype(e)>::type; }, event);
}

}  // namespace campaigns
