#include "runner/contact_query.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "campaigns/words.hpp"
#include "eventstore/foreign_query.hpp"

namespace runner {

using campaigns::Problems;

namespace {

constexpr std::size_t rendered_bytes_max = std::size_t{1} << 30;

// As JSON, but what is no UTF-8 stays what it is: whoever reads the row is to see it.
void append_cell_text(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_cell_number(std::string& out, auto number) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

// False: it has no place in a list.
bool append_cell(std::string& out, const eventstore::ForeignValue& value) {
  if (std::holds_alternative<std::monostate>(value)) {
    out += "null";
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    append_cell_number(out, *integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    if (!std::isfinite(*real)) return false;
    append_cell_number(out, *real);
  } else if (const auto* text = std::get_if<std::string_view>(&value)) {
    append_cell_text(out, *text);
  } else {
    return false;
  }
  return true;
}

}  // namespace

campaigns::Result<std::string> ask_for_contacts(const campaigns::ContactQuery& query,
                                                const std::filesystem::path& campaign) {
  const std::string where = campaign.string() + ": /contacts/query";
  std::string lines;
  std::uint64_t rows = 0;
  std::optional<campaigns::Problem> wrong;
  const auto database = campaign.parent_path() / query.database;
  const auto fault = eventstore::ask_foreign(
      database, query.sql,
      [&](const std::vector<std::string>& columns, std::span<const eventstore::ForeignValue> row) {
        ++rows;
        lines += '{';
        for (std::size_t i = 0; i < row.size(); ++i) {
          if (i != 0) lines += ',';
          append_cell_text(lines, columns[i]);
          lines += ':';
          if (append_cell(lines, row[i])) continue;
          const bool blob = std::holds_alternative<eventstore::Blob>(row[i]);
          wrong = {where + "/sql",
                   "row " + std::to_string(rows) + ", column " + campaigns::in_quotes(columns[i]) +
                       (blob ? " holds a blob" : " holds a number that is not finite"),
                   blob ? "leave the column out, or write CAST(… AS TEXT)" : "leave it out"};
          return false;
        }
        lines += "}\n";
        if (lines.size() <= rendered_bytes_max) return true;
        wrong = {where + "/sql", "the answer is larger than 1 GiB",
                 "ask for fewer columns or people"};
        return false;
      });
  if (fault) {
    const bool of_file = fault->in == eventstore::QueryFault::In::database;
    return Problems{{where + (of_file ? "/database (" + database.string() + ')' : "/sql"),
                     fault->what, fault->cure}};
  }
  if (wrong) return Problems{*wrong};
  return lines;
}

}  // namespace runner
