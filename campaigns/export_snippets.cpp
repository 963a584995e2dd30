// Programs that load an export with its types and labels: what analysts otherwise write by hand
// from the codebook, each time anew.
#include <cstdint>

#include "campaigns/export.hpp"
#include "campaigns/export_parts.hpp"
#include "campaigns/json_writer.hpp"

namespace campaigns {

namespace {

using exporting::Variable;

// How a snippet writes a string: JSON's form is one of Python's, and of R's but for \/ and \u of
// what it writes as it is.
std::string literal(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// R reads a program in the letters of its session, which may be those of ASCII alone: every other
// one is written by its number.
std::string literal_in_r(std::string_view text) {
  const auto utf8 = literal(text);
  std::string out;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto first = static_cast<unsigned char>(utf8[i++]);
    if (first < 0x80) {
      out += static_cast<char>(first);
      continue;
    }
    const unsigned bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    std::uint32_t number = first & (0xFFU >> (bytes + 1));
    for (unsigned k = 1; k < bytes; ++k) {
      number = number << 6U | (static_cast<unsigned char>(utf8[i++]) & 0x3FU);
    }
    const bool wide = number > 0xFFFF;
    out += wide ? "\\U" : "\\u";
    for (int shift = wide ? 28 : 12; shift >= 0; shift -= 4) {
      out += "0123456789abcdef"[number >> static_cast<unsigned>(shift) & 0xFU];
    }
  }
  return out;
}

bool whole_number(const Variable& variable) {
  return variable.type == "integer" || variable.type == "rating" || variable.type == "number";
}
bool categorical(const Variable& variable) {
  return !variable.codes.empty() && variable.type != "flag";
}

std::vector<std::string_view> files_of(const std::vector<Variable>& variables) {
  std::vector<std::string_view> files;
  for (const auto& variable : variables) {
    if (files.empty() || files.back() != variable.file) files.push_back(variable.file);
  }
  return files;
}

// "responses_wide.csv" is loaded as `responses_wide`.
std::string frame_of(std::string_view file) {
  return std::string(file.substr(0, file.find('.')));
}

std::string list_of(const std::vector<Variable>& variables, std::string_view file, const char* open,
                    const char* close, bool (*wanted)(const Variable&)) {
  std::string text = open;
  bool first = true;
  for (const auto& variable : variables) {
    if (variable.file != file || !wanted(variable)) continue;
    if (!first) text += ", ";
    first = false;
    text += literal(variable.name);
  }
  return text + close;
}

bool is_timestamp(const Variable& variable) {
  return variable.type == "timestamp";
}
bool is_date(const Variable& variable) {
  return variable.type == "date";
}
bool is_flag(const Variable& variable) {
  return variable.type == "flag";
}
bool is_decimal(const Variable& variable) {
  return variable.type == "decimal";
}

}  // namespace

void export_pandas(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                   const CanonicalSink& sink) {
  const auto& definition = *state.book.at(campaign).definition;
  const auto variables = exporting::variables_of(definition, settings);
  const auto delimiter = literal(std::string_view(&settings.style.delimiter, 1));
  sink(
      "\"\"\"Loads this export into pandas, with its types and labels:\n\n"
      "    from load_pandas import responses_wide, labels, questions\n\n"
      "Codes are categories in the order of the codebook; `labels[file][column]` says what they\n"
      "mean, `questions[file][column]` what was asked, and labelled(frame, file) puts the labels "
      "in\n"
      "their place. Moments are UTC, in columns *_local of the person's zone they are text.\n"
      "\"\"\"\n\nimport pathlib\n\nimport pandas as pd\n\n"
      "FOLDER = pathlib.Path(__file__).resolve().parent\n\nlabels = {\n");
  std::string text;
  for (const auto file : files_of(variables)) {
    text = "    " + literal(frame_of(file)) + ": {\n";
    for (const auto& variable : variables) {
      if (variable.file != file || !categorical(variable)) continue;
      text += "        " + literal(variable.name) + ": {\n";
      for (const auto& [code, label] : variable.codes) {
        text += "            " + literal(code) + ": " + literal(label) + ",\n";
      }
      text += "        },\n";
    }
    sink(text + "    },\n");
  }
  sink("}\n\nquestions = {\n");
  for (const auto file : files_of(variables)) {
    text = "    " + literal(frame_of(file)) + ": {\n";
    for (const auto& variable : variables) {
      if (variable.file != file) continue;
      text += "        " + literal(variable.name) + ": " + literal(variable.label) + ",\n";
    }
    sink(text + "    },\n");
  }
  sink(
      "}\n\n\ndef load(file, whole, decimals, moments, dates, flags):\n"
      "    frame = pd.read_csv(FOLDER / (file + \".csv\"), sep=" +
      delimiter +
      ", dtype=\"string\",\n"
      "                        keep_default_na=False, na_values=[\"\"], encoding=\"utf-8-sig\")\n"
      "    for column in whole:\n"
      "        frame[column] = pd.to_numeric(frame[column]).astype(\"Int64\")\n"
      "    for column in decimals:\n"
      "        frame[column] = pd.to_numeric(frame[column]).astype(\"Float64\")\n"
      "    for column in moments:\n"
      "        if not column.endswith(\"_local\"):\n"
      "            frame[column] = pd.to_datetime(frame[column], utc=True)\n"
      "    for column in dates:\n"
      "        frame[column] = pd.to_datetime(frame[column], format=\"%Y-%m-%d\")\n"
      "    for column in flags:\n"
      "        frame[column] = frame[column].map({\"0\": False, \"1\": True}).astype(\"boolean\")\n"
      "    for column, codes in labels[file].items():\n"
      "        frame[column] = frame[column].astype(pd.CategoricalDtype(list(codes)))\n"
      "    return frame\n\n\n"
      "def labelled(frame, file):\n"
      "    \"\"\"The frame with labels where the codes are.\"\"\"\n"
      "    frame = frame.copy()\n"
      "    for column, codes in labels[file].items():\n"
      "        names = list(codes.values())\n"
      "        frame[column] = frame[column].astype(\"string\").map(codes).astype(\n"
      "            pd.CategoricalDtype(list(dict.fromkeys(names))))\n"
      "    return frame\n\n\n");
  for (const auto file : files_of(variables)) {
    const auto list = [&](bool (*wanted)(const Variable&)) {
      return list_of(variables, file, "[", "]", wanted);
    };
    sink(frame_of(file) + " = load(\n    " + literal(frame_of(file)) + ",\n    " +
         list(&whole_number) + ",\n    " + list(&is_decimal) + ",\n    " + list(&is_timestamp) +
         ",\n    " + list(&is_date) + ",\n    " + list(&is_flag) + ",\n)\n");
  }
}

void export_r(const State& state, CampaignIndex campaign, const ExportSettings& settings,
              const CanonicalSink& sink) {
  const auto& definition = *state.book.at(campaign).definition;
  const auto variables = exporting::variables_of(definition, settings);
  const auto delimiter = literal(std::string_view(&settings.style.delimiter, 1));
  sink(
      "# Loads this export into R, with its types and labels. R alone is enough:\n"
      "#\n"
      "#   setwd(\"the folder of this file\"); source(\"load_R.R\")\n"
      "#\n"
      "# Codes become factors with their labels as levels, in the order of the codebook; what a\n"
      "# column is, or what was asked, is its attribute \"label\". Moments are UTC, in columns\n"
      "# *_local of the person's zone they are text.\n\n"
      "load_file <- function(file, whole, decimals, moments, dates, flags, codes, labels) {\n"
      "  frame <- read.csv(file, sep = " +
      delimiter +
      ", colClasses = \"character\", na.strings = \"\",\n"
      "                    encoding = \"UTF-8\", check.names = FALSE)\n"
      "  names(frame)[1] <- names(labels)[1]  # which a byte order mark may stand before\n"
      "  for (column in whole) frame[[column]] <- as.integer(frame[[column]])\n"
      "  for (column in decimals) frame[[column]] <- as.numeric(frame[[column]])\n"
      "  for (column in moments) {\n"
      "    if (grepl(\"_local$\", column)) next\n"
      "    text <- sub(\"Z$\", \"+0000\", frame[[column]])\n"
      "    text <- sub(\"([+-][0-9]{2}):([0-9]{2})$\", \"\\\\1\\\\2\", text)\n"
      "    frame[[column]] <- as.POSIXct(text, format = \"%Y-%m-%dT%H:%M:%OS%z\", tz = \"UTC\")\n"
      "  }\n"
      "  for (column in dates) frame[[column]] <- as.Date(frame[[column]])\n"
      "  for (column in flags) frame[[column]] <- frame[[column]] == \"1\"\n"
      "  for (column in names(codes)) {\n"
      "    frame[[column]] <- factor(frame[[column]], levels = names(codes[[column]]),\n"
      "                              labels = make.unique(unname(codes[[column]])))\n"
      "  }\n"
      "  for (column in names(labels)) attr(frame[[column]], \"label\") <- labels[[column]]\n"
      "  frame\n"
      "}\n");
  std::string text;
  for (const auto file : files_of(variables)) {
    const auto list = [&](bool (*wanted)(const Variable&)) {
      return list_of(variables, file, "c(", ")", wanted);
    };
    text = '\n' + frame_of(file) + " <- load_file(\n  " + literal(file) +
           ",\n  whole = " + list(&whole_number) + ",\n  decimals = " + list(&is_decimal) +
           ",\n  moments = " + list(&is_timestamp) + ",\n  dates = " + list(&is_date) +
           ",\n  flags = " + list(&is_flag) + ",\n  codes = list(";
    bool first = true;
    for (const auto& variable : variables) {
      if (variable.file != file || !categorical(variable)) continue;
      text += first ? "\n    " : ",\n    ";
      first = false;
      text += literal(variable.name) + " = c(";
      for (std::size_t i = 0; i < variable.codes.size(); ++i) {
        if (i > 0) text += ", ";
        text +=
            literal_in_r(variable.codes[i].first) + " = " + literal_in_r(variable.codes[i].second);
      }
      text += ')';
    }
    text += "),\n  labels = list(";
    first = true;
    for (const auto& variable : variables) {
      if (variable.file != file) continue;
      text += first ? "\n    " : ",\n    ";
      first = false;
      text += literal(variable.name) + " = " + literal_in_r(variable.label);
    }
    sink(text + "))\n");
  }
}

}  // namespace campaigns
