#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <variant>

namespace campaigns {

// What a OneOf may hold.
template <typename F, typename... Rest>
struct KindList {
  using First = F;
  static constexpr std::size_t count = 1 + sizeof...(Rest);
  static constexpr std::size_t bytes = std::max({sizeof(First), sizeof(Rest)...});
  static constexpr std::size_t alignment = std::max({alignof(First), alignof(Rest)...});
  static_assert(count <= UINT8_MAX);
  static_assert(std::is_nothrow_move_constructible_v<First> &&
                (std::is_nothrow_move_constructible_v<Rest> && ...));

  // `count` where it is none of them.
  template <typename Kind>
  static consteval std::size_t index_of() {
    const bool same[] = {std::is_same_v<Kind, First>, std::is_same_v<Kind, Rest>...};
    return static_cast<std::size_t>(std::find(same, same + count, true) - same);
  }
  // visitor.operator()<Kind>() for each, in order.
  template <typename Visitor>
  static void each(Visitor&& visitor) {
    visitor.template operator()<First>();
    (visitor.template operator()<Rest>(), ...);
  }
};

// A value of exactly one of many kinds, read as a std::variant is: get_if<Kind>(&one),
// get<Kind>(one), holds_alternative<Kind>(one), visit(f, one). A variant of some sixty kinds spells
// them all out in the name of each function that touches it, a hundred thousand times in a build,
// which cost a third of its time; this one is named by `Kinds`, a type with a member List, and what
// it does with its content is compiled once, where the explicit instantiation stands.
template <typename Kinds>
class OneOf {
 public:
  template <typename Kind>
  static constexpr bool lists = Kinds::List::template index_of<Kind>() < Kinds::List::count;

  OneOf() noexcept;  // of the first kind
  template <typename Kind>
  // NOLINTNEXTLINE(bugprone-forwarding-reference-overload): no list has OneOf itself
  requires(lists<std::remove_cvref_t<Kind>>) OneOf(Kind&& value)
      : index_(index_of<std::remove_cvref_t<Kind>>) {
    ::new (static_cast<void*>(room_)) std::remove_cvref_t<Kind>(std::forward<Kind>(value));
  }
  OneOf(const OneOf& other);
  OneOf(OneOf&& other) noexcept;
  OneOf& operator=(const OneOf& other);
  OneOf& operator=(OneOf&& other) noexcept;
  ~OneOf();

  // A new one of this kind in place of the content.
  template <typename Kind>
  requires(lists<Kind>) Kind& emplace() {
    static_assert(std::is_nothrow_default_constructible_v<Kind>);
    destroy_content();
    index_ = index_of<Kind>;
    return *::new (static_cast<void*>(room_)) Kind();
  }

  // f(content), which returns the same type for each kind.
  template <typename F>
  friend decltype(auto) visit(F&& f, const OneOf& one) {
    return dispatch(typename Kinds::List{}, f, one);
  }
  template <typename F>
  friend decltype(auto) visit(F&& f, OneOf& one) {
    return dispatch(typename Kinds::List{}, f, one);
  }

  template <typename Kind>
  requires(lists<Kind>) bool holds() const { return index_ == index_of<Kind>; }
  // Counted from 0, in the order of the list.
  std::size_t index() const { return index_; }
  // The content, of which the caller knows the kind.
  template <typename Kind>
  const Kind& as() const {
    return *std::launder(reinterpret_cast<const Kind*>(room_));
  }
  template <typename Kind>
  Kind& as() {
    return *std::launder(reinterpret_cast<Kind*>(room_));
  }

 private:
  template <typename Kind>
  static constexpr auto index_of =
      static_cast<std::uint8_t>(Kinds::List::template index_of<Kind>());

  template <typename Returned, typename Kind, typename F, typename One>
  static Returned call(F& f, One& one) {
    return f(one.template as<Kind>());
  }
  template <typename F, typename One, typename First, typename... Rest>
  static decltype(auto) dispatch(KindList<First, Rest...>, F& f, One& one) {
    using Returned = decltype(f(one.template as<First>()));
    using Call = Returned (*)(F&, One&);
    static constexpr Call calls[] = {&call<Returned, First, F, One>,
                                     &call<Returned, Rest, F, One>...};
    return calls[one.index_](f, one);
  }

  void destroy_content();

  alignas(Kinds::List::alignment) std::byte room_[Kinds::List::bytes];
  std::uint8_t index_ = 0;
};

template <typename Kind, typename Kinds>
bool holds_alternative(const OneOf<Kinds>& one) {
  return one.template holds<Kind>();
}
template <typename Kind, typename Kinds>
const Kind* get_if(const OneOf<Kinds>* one) {
  return one && one->template holds<Kind>() ? &one->template as<Kind>() : nullptr;
}
template <typename Kind, typename Kinds>
Kind* get_if(OneOf<Kinds>* one) {
  return one && one->template holds<Kind>() ? &one->template as<Kind>() : nullptr;
}
// Throws std::bad_variant_access where it is another kind.
template <typename Kind, typename Kinds>
const Kind& get(const OneOf<Kinds>& one) {
  if (!one.template holds<Kind>()) throw std::bad_variant_access();
  return one.template as<Kind>();
}
template <typename Kind, typename Kinds>
Kind& get(OneOf<Kinds>& one) {
  if (!one.template holds<Kind>()) throw std::bad_variant_access();
  return one.template as<Kind>();
}

// --- compiled once per list

template <typename Kinds>
OneOf<Kinds>::OneOf() noexcept {
  ::new (static_cast<void*>(room_)) typename Kinds::List::First();
}
template <typename Kinds>
OneOf<Kinds>::OneOf(const OneOf& other) : index_(other.index_) {
  visit([this]<typename Kind>(
            const Kind& content) { ::new (static_cast<void*>(room_)) Kind(content); },
        other);
}
template <typename Kinds>
OneOf<Kinds>::OneOf(OneOf&& other) noexcept : index_(other.index_) {
  visit([this]<typename Kind>(
            Kind& content) { ::new (static_cast<void*>(room_)) Kind(std::move(content)); },
        other);
}
template <typename Kinds>
OneOf<Kinds>& OneOf<Kinds>::operator=(const OneOf& other) {
  if (this != &other) *this = OneOf(other);
  return *this;
}
template <typename Kinds>
OneOf<Kinds>& OneOf<Kinds>::operator=(OneOf&& other) noexcept {
  if (this == &other) return *this;
  std::destroy_at(this);
  return *std::construct_at(this, std::move(other));
}
template <typename Kinds>
OneOf<Kinds>::~OneOf() {
  destroy_content();
}
template <typename Kinds>
void OneOf<Kinds>::destroy_content() {
  visit([](auto& content) { std::destroy_at(&content); }, *this);
}

}  // namespace campaigns
