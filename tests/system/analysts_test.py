"""An export in the hands of those whom it is for: pandas and R load it with the snippets that came
with it, LibreOffice opens it. Run by tests/full.sh analysts, which installs the three."""

import csv
import datetime
import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as xml

import data_package
import results_test
import world

PEOPLE = int(os.environ.get("PEOPLE", "300"))

PANDAS = r"""
import json, sys
import pandas as pd
sys.path.insert(0, ".")
import load_pandas
tables = {}
for name in ("responses_wide", "responses_long", "attempts", "dispositions"):
    frame = getattr(load_pandas, name)
    tables[name] = {
        "types": {column: str(kind) for column, kind in frame.dtypes.items()},
        "categories": {column: list(frame[column].cat.categories) for column in frame
                       if str(frame[column].dtype) == "category"},
        "rows": json.loads(frame.astype("string").to_json(orient="records", force_ascii=False)),
        "labelled": json.loads(load_pandas.labelled(frame, name).astype("string").to_json(
            orient="records", force_ascii=False)),
    }
tables["labels"] = load_pandas.labels
tables["questions"] = load_pandas.questions
json.dump(tables, sys.stdout)
"""

# What it prints and writes is UTF-8, whatever letters the session has.
R = r"""
source("load_R.R")
say <- function(...) writeLines(enc2utf8(paste(...)), useBytes = TRUE)
for (name in c("responses_wide", "responses_long", "attempts", "dispositions")) {
  frame <- get(name)
  kinds <- sapply(frame, function(column) class(column)[1])
  say("FILE", name, nrow(frame))
  for (column in names(frame)) {
    say("TYPE", column, kinds[[column]])
    say("LABEL", column, attr(frame[[column]], "label"))
    if (is.factor(frame[[column]])) {
      for (level in levels(frame[[column]])) say("LEVEL", column, level)
    }
  }
  cells <- lapply(frame, function(column) {
    text <- if (inherits(column, "POSIXct")) format(column, "%Y-%m-%dT%H:%M:%OS3Z", tz = "UTC")
            else as.character(column)
    ifelse(is.na(text), "", paste0("\"", gsub("\"", "\"\"", text, fixed = TRUE), "\""))
  })
  rows <- do.call(paste, c(unname(cells), sep = ","))
  back <- file(paste0(name, ".back"), "wb")
  writeLines(enc2utf8(c(paste(names(frame), collapse = ","), rows)), back, useBytes = TRUE)
  close(back)
}
"""


def table_of(folder, name, delimiter=","):
    return results_test.table_of(folder, name, delimiter)


def moment_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class AnalystsTest(world.Case):
    def setUp(self):
        super().setUp()
        file = results_test.write_people(self.folder, results_test.campaign_of_analysts(), PEOPLE)
        self.log = self.path("L.db")
        self.campanile("run", file, "--log", self.log, "--seed", 11)
        self.analysis = self.path("analysis")
        self.excel = self.path("excel")
        self.campanile("export", "--log", self.log, "--to", self.analysis)
        self.campanile("export", "--log", self.log, "--to", self.excel, "--profile", "excel")
        self.fields = {}
        with open(os.path.join(self.analysis, "datapackage.json"), encoding="utf-8") as package:
            for resource in json.load(package)["resources"]:
                self.fields[resource["name"]] = {field["name"]: field
                                                 for field in resource["schema"]["fields"]}

    def test_the_package_validates_in_both_profiles(self):
        for folder in (self.analysis, self.excel):
            tables = data_package.check(folder)
            self.assertEqual(len(tables["responses_wide"]), PEOPLE)

    def test_pandas_has_types_and_labels(self):
        for folder in (self.analysis, self.excel):
            done = subprocess.run(["/usr/bin/python3", "-B", "-c", PANDAS], cwd=folder,
                                  capture_output=True, text=True, timeout=300)
            self.assertEqual(done.returncode, 0, done.stderr)
            told = json.loads(done.stdout)
            kinds = {"integer": "Int64", "number": "Float64", "boolean": "boolean",
                     "object": "string", "string": "string", "date": "datetime64[ns]"}
            for name, fields in self.fields.items():
                table = told[name]
                rows = table_of(folder, name + ".csv")
                self.assertEqual(len(rows), len(table["rows"]))
                for column, field in fields.items():
                    kind = kinds.get(field["type"])
                    if "labels" in field:
                        kind = "category"
                        self.assertEqual(table["categories"][column], list(field["labels"]))
                        self.assertEqual(told["labels"][name][column], field["labels"])
                    if field["type"] == "datetime":
                        kind = "datetime64[ns, UTC]" if not column.endswith("_local") else "string"
                    self.assertEqual(table["types"][column], kind, column)
                    self.assertEqual(told["questions"][name][column], field["title"])
                    if field["type"] == "date":
                        self.assertTrue(any(row[column] for row in rows))
                        self.assertEqual([(row[column] or "")[:10] for row in table["rows"]],
                                         [row[column] for row in rows], column)
                    if field["type"] in ("string", "integer"):
                        self.assertEqual([row[column] or "" for row in table["rows"]]
                                         if kind != "category" else
                                         [row[column] or "" for row in table["rows"]],
                                         [row[column] for row in rows], column)
                    if "labels" in field:
                        self.assertEqual([row[column] or "" for row in table["labelled"]],
                                         [field["labels"].get(row[column], "") for row in rows])
                    # A cell that was empty is missing, and no other is.
                    self.assertEqual([row[column] is None for row in table["rows"]],
                                     [row[column] == "" for row in rows], column)

    def test_r_has_types_and_labels(self):
        # Also in a session that knows no accents.
        for folder, letters in ((self.analysis, "C.UTF-8"), (self.excel, "C.UTF-8"),
                                (self.analysis, "C"), (self.excel, "C")):
            done = subprocess.run(["Rscript", "--vanilla", "-e", R], cwd=folder,
                                  capture_output=True, encoding="utf-8", timeout=300,
                                  env=dict(os.environ, LC_ALL=letters))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotIn("Warning", done.stderr)
            types, labels, levels, name = {}, {}, {}, None
            for line in done.stdout.splitlines():
                word, _, rest = line.rstrip().partition(" ")
                column, _, value = rest.partition(" ")
                if word == "FILE":
                    name = column
                elif word == "TYPE":
                    types[name, column] = value
                elif word == "LABEL":
                    labels[name, column] = value
                elif word == "LEVEL":
                    levels.setdefault((name, column), []).append(value)
            kinds = {"integer": "integer", "number": "numeric", "boolean": "logical",
                     "object": "character", "string": "character", "date": "Date"}
            for name, fields in self.fields.items():
                rows = table_of(folder, name + ".csv")
                with open(os.path.join(folder, name + ".back"), encoding="utf-8",
                          newline="") as file:
                    back = list(csv.DictReader(file))
                self.assertEqual(len(back), len(rows))
                for column, field in fields.items():
                    where = (name, column)
                    self.assertEqual(labels[where], field["title"])
                    if "labels" in field:
                        self.assertEqual(types[where], "factor", where)
                        self.assertEqual(levels[where], list(field["labels"].values()))
                        self.assertEqual([row[column] for row in back],
                                         [field["labels"].get(row[column], "") for row in rows])
                        continue
                    if field["type"] == "datetime":
                        moment = not column.endswith("_local")
                        self.assertEqual(types[where], "POSIXct" if moment else "character", where)
                        if moment:
                            for got, row in zip(back, rows):
                                self.assertEqual(bool(got[column]), bool(row[column]), where)
                                if row[column]:
                                    # R cuts off what a fraction comes to.
                                    self.assertAlmostEqual(moment_of(got[column]),
                                                           moment_of(row[column]), delta=0.0015)
                            continue
                    else:
                        self.assertEqual(types[where], kinds[field["type"]], where)
                    if field["type"] in ("string", "integer", "object", "date"):
                        self.assertEqual([row[column] for row in back],
                                         [row[column].replace("\r\n", "\n") for row in rows], where)

    def cells_in_libreoffice(self, path, evaluate):
        """Each cell as LibreOffice has it: (its formula or None, its text). In a network of its own,
        which leads nowhere."""
        # Separator, quote, UTF-8, first line, all columns standard, English, quoted is text, no
        # special numbers, … and whether formulas are to be evaluated.
        options = "44,34,76,1,,1033,true,false,false,false,false,-1,%s" % evaluate
        out = self.path("office")
        shutil.rmtree(out, ignore_errors=True)
        done = subprocess.run(
            ["unshare", "--net", "soffice", "-env:UserInstallation=file://" + self.path("profile"),
             "--headless", "--infilter=CSV:" + options, "--convert-to", "fods", "--outdir", out,
             path], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        ns = {"table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
              "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
              "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0"}
        name = os.path.basename(path).replace(".csv", ".fods")
        sheet = xml.parse(os.path.join(out, name)).getroot().find(".//table:table", ns)
        rows = []
        for row in sheet.findall("table:table-row", ns):
            cells = []
            for cell in row.findall("table:table-cell", ns):
                times = int(cell.get("{%s}number-columns-repeated" % ns["table"], "1"))
                formula = cell.get("{%s}formula" % ns["table"])
                kind = cell.get("{%s}value-type" % ns["office"])
                value = cell.get("{%s}value" % ns["office"])
                text = "\n".join("".join(part.itertext()) for part in cell.findall("text:p", ns))
                cells.extend([(formula, kind, value, text)] * min(times, 1000))
            rows.append(cells)
        return rows

    def test_libreoffice_runs_nothing_and_changes_nothing(self):
        for name in ("responses_wide.csv", "responses_long.csv", "attempts.csv", "codebook.csv"):
            path = os.path.join(self.excel, name)
            with open(path, encoding="utf-8-sig", newline="") as file:
                wanted = list(csv.reader(file))
            rows = self.cells_in_libreoffice(path, "true")
            for got, row in zip(rows, wanted):
                got = got + [(None, None, None, "")] * (len(row) - len(got))
                for (formula, kind, value, text), cell in zip(got, row):
                    self.assertIsNone(formula, (name, cell))
                    if kind == "float":
                        # Only what is written as a number, and it is the same one.
                        self.assertEqual(value, cell)
                    else:
                        self.assertEqual(" ".join(text.split()), " ".join(cell.split()), name)
        # The same values in the profile that leaves them alone do run where somebody lets them:
        # the look above sees it when one does.
        rows = self.cells_in_libreoffice(os.path.join(self.analysis, "responses_wide.csv"), "true")
        self.assertTrue([cell for row in rows for cell in row if cell[0]])
        # Without, every accent is there in this one too.
        rows = self.cells_in_libreoffice(os.path.join(self.analysis, "responses_wide.csv"), "false")
        texts = {cell[3] for row in rows for cell in row}
        self.assertLessEqual({"Forlì", "perché", "\"Città\"; però, no"}, texts)


if __name__ == "__main__":
    world.main()
