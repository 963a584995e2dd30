#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The pieces of a report that a person reads: one HTML file without a script, a font or a picture
// from elsewhere, that prints as it looks. Pictures are SVG within it; each has its numbers beside
// it or in a table, for those who do not see it.
namespace campaigns::page {

enum class Language : std::uint8_t { english, italian };

// As element content and in attributes.
std::string escaped(std::string_view text);

// 12,345 or 12.345.
std::string number(std::int64_t value, Language language);
// "45.6 %" or "45,6 %", rounded half up; a dash where there is no whole.
std::string percent(std::int64_t part, std::int64_t whole, Language language);
// Millionths as "45.6 %".
std::string percent_of_millionths(std::int64_t millionths, Language language);
// Tenths as "4.2".
std::string tenths(std::int64_t value, Language language);

// Millionths of a currency in its hundredths: "4.38 EUR".
std::string money(std::int64_t millionths, std::string_view currency, Language language);

// Everything up to and behind the content.
std::string head(std::string_view title, Language language);
std::string foot();

// A row of bars: what it is, how much, and of how much.
struct Bar {
  std::string label{};
  std::string detail{};  // small, behind the label; may be empty
  std::uint64_t value = 0;
  std::string_view colour{};  // a class: "good" "fair" "poor" "quiet" "main"
};
// A table whose middle column is drawn; shares are of `whole`.
std::string bars(std::string_view caption, const std::vector<Bar>& rows, std::uint64_t whole,
                 Language language);

// A stage of a funnel; each is a part of the one before.
struct Stage {
  std::string label{};
  std::uint64_t value = 0;
};
std::string funnel(std::string_view title, const std::vector<Stage>& stages, Language language);

// Columns side by side, each in two parts, one upon the other.
struct Pillar {
  std::string label{};
  std::uint64_t lower = 0;
  std::uint64_t upper = 0;
};
std::string pillars(std::string_view title, std::string_view lower_name,
                    std::string_view upper_name, std::string_view label_name,
                    const std::vector<Pillar>& all, Language language);

}  // namespace campaigns::page
