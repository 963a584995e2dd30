#include "campaigns/rates.hpp"

#include <numeric>

namespace campaigns {

namespace {

constexpr std::array<std::string_view, case_classes> class_names{"I", "P",  "R",  "NC",
                                                                 "O", "UH", "UO", "NE"};

// Counts are at most some 10^7, and e has a denominator of at most 10^7: every product fits into
// 128 bits with room to spare, as 10^7 * 10^7 * 10^6 * 2.
__extension__ using Wide = unsigned __int128;

Rates::Rate share(Wide part, Wide whole) {
  if (whole == 0) return {};
  return static_cast<std::int64_t>((part * 2'000'000 + whole) / (whole * 2));
}

}  // namespace

std::string_view name_of(CaseClass one) {
  return class_names[static_cast<std::size_t>(one)];
}

CaseClass class_of(std::string_view aapor) {
  const auto begins = [&](std::string_view with) { return aapor.substr(0, with.size()) == with; };
  if (begins("1.2")) return CaseClass::partial;
  if (begins("1.")) return CaseClass::complete;
  if (begins("2.1")) return CaseClass::refusal;
  if (begins("2.2")) return CaseClass::non_contact;
  // 3.90, whatever it was, stands with the households, as the sheet has it.
  if (begins("3.2")) return CaseClass::unknown_other;
  if (begins("3.")) return CaseClass::unknown_household;
  if (begins("4.")) return CaseClass::not_eligible;
  return CaseClass::other;
}

std::uint64_t CaseCounts::all() const {
  return std::accumulate(of.begin(), of.end(), std::uint64_t{0});
}

Rates rates_of(const CaseCounts& counts, std::optional<std::int64_t> e) {
  const Wide complete = counts[CaseClass::complete];
  const Wide partial = counts[CaseClass::partial];
  const Wide refusal = counts[CaseClass::refusal];
  const Wide non_contact = counts[CaseClass::non_contact];
  const Wide other = counts[CaseClass::other];
  const Wide unknown = counts[CaseClass::unknown_household] + counts[CaseClass::unknown_other];
  const Wide eligible = complete + partial + refusal + non_contact + other;
  Wide e_part = e ? static_cast<Wide>(*e) : eligible;
  Wide e_whole = e ? Wide{1'000'000} : eligible + counts[CaseClass::not_eligible];
  if (e_whole == 0) e_part = e_whole = 1;

  Rates rates;
  rates.e = *share(e_part, e_whole);
  // The three denominators, all times e_whole: with every unknown, with their eligible share,
  // without them.
  const std::array<Wide, 3> denominators{(eligible + unknown) * e_whole,
                                         eligible * e_whole + unknown * e_part, eligible * e_whole};
  for (std::size_t i = 0; i < 3; ++i) {
    rates.response[2 * i] = share(complete * e_whole, denominators[i]);
    rates.response[2 * i + 1] = share((complete + partial) * e_whole, denominators[i]);
    rates.refusal[i] = share(refusal * e_whole, denominators[i]);
    rates.contact[i] = share((complete + partial + refusal + other) * e_whole, denominators[i]);
  }
  rates.cooperation[0] = share(complete, complete + partial + refusal + other);
  rates.cooperation[1] = share(complete + partial, complete + partial + refusal + other);
  rates.cooperation[2] = share(complete, complete + partial + refusal);
  rates.cooperation[3] = share(complete + partial, complete + partial + refusal);
  return rates;
}

}  // namespace campaigns
