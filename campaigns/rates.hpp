#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

// The rates that survey researchers compare surveys by: AAPOR Standard Definitions, as in the
// outcomes-and-results sheet, section 5. Whole numbers all through: a rate is a fraction of counts,
// told in millionths, rounded half up.
namespace campaigns {

// I, P, R, NC, O, UH, UO, NE.
enum class CaseClass : std::uint8_t {
  complete,
  partial,
  refusal,  // and break-off
  non_contact,
  other,
  unknown_household,  // whether there is an eligible person is not known
  unknown_other,
  not_eligible,
};
inline constexpr std::size_t case_classes = 8;
std::string_view name_of(CaseClass one);  // "I" … "NE"

// By an AAPOR code such as "2.12". Codes that nobody has given a class count as O, where they weigh
// on every rate.
CaseClass class_of(std::string_view aapor);

struct CaseCounts {
  std::array<std::uint64_t, case_classes> of{};

  std::uint64_t& operator[](CaseClass one) { return of[static_cast<std::size_t>(one)]; }
  std::uint64_t operator[](CaseClass one) const { return of[static_cast<std::size_t>(one)]; }
  std::uint64_t all() const;
};

struct Rates {
  // Nothing where the denominator is zero.
  using Rate = std::optional<std::int64_t>;
  // The share of the cases of unknown eligibility that is taken for eligible, in millionths;
  // without any case of known eligibility it is 1.
  std::int64_t e = 0;
  std::array<Rate, 6> response{};     // RR1-RR6
  std::array<Rate, 4> cooperation{};  // COOP1-COOP4
  std::array<Rate, 3> refusal{};      // REF1-REF3
  std::array<Rate, 3> contact{};      // CON1-CON3
};

// `e` in millionths; nothing: (I+P+R+NC+O) / (I+P+R+NC+O+NE), computed exactly.
Rates rates_of(const CaseCounts& counts, std::optional<std::int64_t> e = {});

}  // namespace campaigns
