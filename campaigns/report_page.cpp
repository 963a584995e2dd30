#include "campaigns/report_page.hpp"

#include <algorithm>

namespace campaigns::page {

namespace {

template <typename... Parts>
void add(std::string& out, const Parts&... parts) {
  ((out += parts), ...);
}

// One design for screen and paper. Colours hold 4.5:1 against their ground where they carry text;
// what a bar says stands in words beside it.
constexpr std::string_view style = R"(
:root{--ink:#1d2a2e;--soft:#5b6b70;--line:#dbe3e4;--ground:#f4f7f7;--card:#fff;--main:#0f766e;
--good:#0f766e;--fair:#2f7fb8;--poor:#b45309;--quiet:#93a4a8;color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{max-width:60rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
header h1{font-size:2rem;line-height:1.2;margin:0 0 .35rem;letter-spacing:-.01em}
header p{margin:0;color:var(--soft)}
.kind{text-transform:uppercase;letter-spacing:.08em;font-size:.75rem;font-weight:600;
color:var(--main);margin-bottom:.5rem}
.rehearsal{margin:1.25rem 0 0;padding:.7rem 1rem;border-left:.3rem solid var(--poor);
background:#fdf3e7;color:#7a3a06;border-radius:.25rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.5rem,1fr));gap:.7rem;
margin:1.75rem 0 0;padding:0;list-style:none}
.tiles li{background:var(--card);border:1px solid var(--line);border-radius:.6rem;
padding:.8rem .7rem .8rem .8rem}
.tiles b{display:block;white-space:nowrap;font-size:1.25rem;line-height:1.2;font-weight:650;
font-variant-numeric:tabular-nums}
.tiles span{color:var(--soft);font-size:.85rem}
section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;
padding:1.4rem 1.5rem 1.5rem;margin-top:1.25rem}
h2{font-size:1.15rem;margin:0 0 .25rem}
h3{font-size:1rem;margin:1.6rem 0 .2rem}
h3:first-of-type{margin-top:1rem}
section>p,.note{color:var(--soft);font-size:.88rem;margin:.1rem 0 .9rem}
svg{display:block;width:100%;height:auto}
svg text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
fill:var(--ink)}
svg .soft{fill:var(--soft)}
svg .strong{font-weight:650}
.main{fill:var(--main)}.good{fill:var(--good)}.fair{fill:var(--fair)}.poor{fill:var(--poor)}
.quiet{fill:var(--quiet)}.track{fill:#edf1f1}.slope{fill:#d3e7e4}.grid{stroke:var(--line)}
table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left;color:var(--soft);font-size:.88rem;padding:0 0 .5rem}
th{font-weight:500;text-align:left}
td,th{padding:.28rem .5rem .28rem 0;vertical-align:middle}
.bars th{width:36%}.bars th small{color:var(--soft);margin-left:.4rem;white-space:nowrap}
.bars td.n,.plain td,.plain thead th+th{text-align:right;white-space:nowrap;
font-variant-numeric:tabular-nums}
.bars td.n{width:4.5rem}.bars td.n+td.n{width:5rem;color:var(--soft);padding-right:0}
.bars svg{height:.85rem}
.plain.formula td:nth-child(2),.plain.formula th:nth-child(2){text-align:left}
.plain tbody tr{border-top:1px solid var(--line)}
.plain thead th{color:var(--soft);font-size:.82rem}
.plain code{font-size:.82rem;color:var(--soft)}
.legend{display:flex;gap:1.2rem;font-size:.85rem;color:var(--soft);margin:.2rem 0 .6rem;
padding:0;list-style:none}
.legend svg{display:inline-block;width:.8rem;height:.8rem;vertical-align:-.05rem;
margin-right:.35rem}
details{margin-top:.8rem;font-size:.88rem}summary{cursor:pointer;color:var(--soft)}
details table{margin-top:.4rem;max-width:32rem}
footer{color:var(--soft);font-size:.82rem;margin-top:1.5rem}
footer code{overflow-wrap:anywhere}
@media (max-width:38rem){main{padding:1.25rem .75rem 3rem}section{padding:1rem}
.bars th{width:42%}}
@media print{body{background:#fff;font-size:12px}main{max-width:none;padding:0}
section,.tiles li{border-color:#c9d3d4;break-inside:avoid}section.long{break-inside:auto}
tr{break-inside:avoid}h3{break-after:avoid}details:not([open]){display:none}}
)";

std::string text_of(std::uint64_t value) {
  return std::to_string(value);
}

// Hundredths of a unit as SVG writes them: "12.05".
std::string coordinate(std::uint64_t hundredths) {
  const auto rest = hundredths % 100;
  return text_of(hundredths / 100) + '.' + (rest < 10 ? "0" : "") + text_of(rest);
}

std::string grouped(std::uint64_t value, char separator) {
  auto digits = text_of(value);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<std::size_t>(i), 1, separator);
  }
  return digits;
}

std::uint64_t scaled(std::uint64_t value, std::uint64_t whole, std::uint64_t to) {
  return whole == 0 ? 0 : value * to / whole;
}

// The next of 1, 2, 5, 10, 20 … that four steps of it reach over the most.
std::uint64_t step_for(std::uint64_t most) {
  std::uint64_t power = 1;
  for (;; power *= 10) {
    for (const std::uint64_t factor : {1U, 2U, 5U}) {
      if (factor * power * 4 >= most) return factor * power;
    }
  }
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string number(std::int64_t value, Language language) {
  const char separator = language == Language::italian ? '.' : ',';
  return (value < 0 ? "-" : "") +
         grouped(static_cast<std::uint64_t>(value < 0 ? -value : value), separator);
}

std::string tenths(std::int64_t value, Language language) {
  const auto size = value < 0 ? -value : value;
  return (value < 0 ? "-" : "") + number(size / 10, language) +
         (language == Language::italian ? ',' : '.') + std::to_string(size % 10);
}

std::string money(std::int64_t millionths, std::string_view currency, Language language) {
  const auto cents = (millionths + 5'000) / 10'000;
  const auto rest = std::to_string(cents % 100);
  return number(cents / 100, language) + (language == Language::italian ? ',' : '.') +
         (rest.size() < 2 ? "0" : "") + rest + ' ' + std::string(currency);
}

std::string percent(std::int64_t part, std::int64_t whole, Language language) {
  if (whole == 0) return "–";
  return tenths((part * 2000 + whole) / (whole * 2), language) + " %";
}

std::string percent_of_millionths(std::int64_t millionths, Language language) {
  return percent(millionths, 1'000'000, language);
}

std::string head(std::string_view title, Language language) {
  std::string out = "<!DOCTYPE html>\n<html lang=\"";
  out += language == Language::italian ? "it" : "en";
  out +=
      "\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      // Nothing may be fetched, whatever somebody wrote into a question.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'\">\n<title>";
  out += escaped(title);
  out += "</title>\n<style>";
  out += style;
  out += "</style>\n</head>\n<body>\n<main>\n";
  return out;
}

std::string foot() {
  return "</main>\n</body>\n</html>\n";
}

std::string bars(std::string_view caption, const std::vector<Bar>& rows, std::uint64_t whole,
                 Language language) {
  std::string out = "<table class=\"bars\"><caption>" + escaped(caption) + "</caption>\n<tbody>\n";
  for (const auto& row : rows) {
    out += "<tr><th scope=\"row\">" + escaped(row.label);
    if (!row.detail.empty()) out += "<small>" + escaped(row.detail) + "</small>";
    out +=
        "</th><td><svg viewBox=\"0 0 400 14\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
        "<rect class=\"track\" width=\"400\" height=\"14\" rx=\"3\"/><rect class=\"";
    out += row.colour;
    out +=
        "\" width=\"" + coordinate(scaled(row.value, whole, 40'000)) +
        "\" height=\"14\" rx=\"3\"/></svg></td><td class=\"n\">" +
        number(static_cast<std::int64_t>(row.value), language) + "</td><td class=\"n\">" +
        percent(static_cast<std::int64_t>(row.value), static_cast<std::int64_t>(whole), language) +
        "</td></tr>\n";
  }
  return out + "</tbody></table>\n";
}

std::string funnel(std::string_view title, const std::vector<Stage>& stages, Language language) {
  constexpr std::uint64_t bar = 34;
  constexpr std::uint64_t slope = 16;
  constexpr std::uint64_t left = 21'000;   // where the widest bar begins, in hundredths
  constexpr std::uint64_t width = 38'000;  // and how wide it is
  const auto most = stages.empty() ? 1 : std::max<std::uint64_t>(stages.front().value, 1);
  const auto height = stages.size() * (bar + slope) - (stages.empty() ? 0 : slope);
  std::string out = "<svg viewBox=\"0 0 720 " + text_of(height) + "\" role=\"img\" aria-label=\"" +
                    escaped(title) + ": ";
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (i > 0) out += ", ";
    out += escaped(stages[i].label) + ' ' +
           number(static_cast<std::int64_t>(stages[i].value), language);
  }
  out += "\">\n";
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const auto& stage = stages[i];
    const auto y = i * (bar + slope);
    const auto wide = std::max<std::uint64_t>(scaled(stage.value, most, width), 60);
    const auto x = left + (width - wide) / 2;
    if (i + 1 < stages.size()) {
      const auto next = std::max<std::uint64_t>(scaled(stages[i + 1].value, most, width), 60);
      const auto next_x = left + (width - next) / 2;
      const auto top = text_of(y + bar);
      const auto bottom = text_of(y + bar + slope);
      add(out, "<polygon class=\"slope\" points=\"", coordinate(x), ',', top, ' ',
          coordinate(x + wide), ',', top, ' ', coordinate(next_x + next), ',', bottom, ' ',
          coordinate(next_x), ',', bottom, "\"/>\n");
    }
    const auto middle = text_of(y + bar / 2 + 5);
    add(out, "<rect class=\"main\" x=\"", coordinate(x), "\" y=\"", text_of(y), "\" width=\"",
        coordinate(wide), "\" height=\"", text_of(bar), "\" rx=\"3\"/>\n<text x=\"0\" y=\"", middle,
        "\">", escaped(stage.label), "</text>\n<text x=\"610\" y=\"", middle,
        "\"><tspan class=\"strong\">", number(static_cast<std::int64_t>(stage.value), language),
        "</tspan><tspan class=\"soft\" dx=\"8\">",
        percent(static_cast<std::int64_t>(stage.value), static_cast<std::int64_t>(most), language),
        "</tspan></text>\n");
  }
  return out + "</svg>\n";
}

std::string pillars(std::string_view title, std::string_view lower_name,
                    std::string_view upper_name, std::string_view label_name,
                    const std::vector<Pillar>& all, Language language) {
  constexpr std::uint64_t plot = 180;
  constexpr std::uint64_t top = 14;
  constexpr std::uint64_t left = 44;
  constexpr std::uint64_t right = 720;
  std::uint64_t most = 1;
  for (const auto& one : all) most = std::max(most, one.lower + one.upper);
  const auto step = step_for(most);
  const auto ceiling = step * ((most + step - 1) / step);
  const auto slot = all.empty() ? 1 : (right - left) * 100 / all.size();
  const auto bottom = top + plot;

  std::string out =
      "<ul class=\"legend\" aria-hidden=\"true\"><li><svg viewBox=\"0 0 10 10\"><rect "
      "class=\"main\" width=\"10\" height=\"10\" rx=\"2\"/></svg>" +
      escaped(lower_name) +
      "</li><li><svg viewBox=\"0 0 10 10\"><rect class=\"quiet\" width=\"10\" "
      "height=\"10\" rx=\"2\"/></svg>" +
      escaped(upper_name) + "</li></ul>\n<svg viewBox=\"0 0 720 " + text_of(bottom + 24) +
      "\" role=\"img\" aria-label=\"" + escaped(title) + "\">\n";
  for (std::uint64_t at = 0; at <= ceiling; at += step) {
    const auto y = text_of(bottom - scaled(at, ceiling, plot));
    add(out, "<line class=\"grid\" x1=\"", text_of(left), "\" x2=\"", text_of(right), "\" y1=\"", y,
        "\" y2=\"", y, "\"/><text class=\"soft\" text-anchor=\"end\" x=\"", text_of(left - 8),
        "\" y=\"", y, "\" dy=\"4\">", number(static_cast<std::int64_t>(at), language), "</text>\n");
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& one = all[i];
    const auto wide = std::min<std::uint64_t>(slot * 3 / 4, 7'200);
    const auto x = left * 100 + i * slot + (slot - wide) / 2;
    const auto low = scaled(one.lower, ceiling, plot * 100);
    const auto high = scaled(one.upper, ceiling, plot * 100);
    const auto column = [&](const char* colour, std::uint64_t from, std::uint64_t tall) {
      if (tall == 0) return;
      out += std::string("<rect class=\"") + colour + "\" x=\"" + coordinate(x) + "\" y=\"" +
             coordinate(bottom * 100 - from - tall) + "\" width=\"" + coordinate(wide) +
             "\" height=\"" + coordinate(tall) + "\" rx=\"1.5\"/>";
    };
    column("main", 0, low);
    column("quiet", low, high);
    out += "<text class=\"soft\" text-anchor=\"middle\" x=\"" + coordinate(x + wide / 2) +
           "\" y=\"" + text_of(bottom + 17) + "\">" + escaped(one.label) + "</text>\n";
  }
  out += "</svg>\n<details><summary>" +
         std::string(language == Language::italian ? "I numeri" : "The numbers") +
         "</summary><table class=\"plain\"><thead><tr><th scope=\"col\">" + escaped(label_name) +
         "</th><th scope=\"col\">" + escaped(lower_name) + "</th><th scope=\"col\">" +
         escaped(upper_name) + "</th></tr></thead><tbody>\n";
  for (const auto& one : all) {
    if (one.lower + one.upper == 0) continue;
    out += "<tr><th scope=\"row\">" + escaped(one.label) + "</th><td>" +
           number(static_cast<std::int64_t>(one.lower), language) + "</td><td>" +
           number(static_cast<std::int64_t>(one.upper), language) + "</td></tr>\n";
  }
  return out + "</tbody></table></details>\n";
}

}  // namespace campaigns::page
