"""The results as analysts get them: the data package holds what it says, the rates are those of a
calculation by hand from the raw attempts, and the results as of a moment are those that were there.

MOMENTS in the environment is how many moments are looked at (5)."""

import collections
import csv
import datetime
import json
import os
import re
import shutil

import data_package
import world

MOMENTS = int(os.environ.get("MOMENTS", "5"))
PEOPLE = 120


def campaign_of_analysts(**members):
    """A survey with an open question, columns that pass into the results and a budget."""
    campaign = world.survey(**members)
    campaign["questions"].append({"id": "perche", "type": "open", "by": ["speech"],
                                  "required": False, "ask": "Perché?"})
    campaign["questions"].append({"id": "giorno", "type": "date", "required": False,
                                  "earliest": "2025-01-01", "latest": "2027-12-31",
                                  "ask": "Che giorno, dal 2025 al 2027? "
                                         "Prema giorno, mese e anno."})
    campaign["results"] = {"columns": ["name", {"column": "sede", "personal": False}]}
    campaign["budget"] = {"limit": "1000", "per_minute": "0.0125", "currency": "EUR"}
    return campaign


# What a list holds that somebody typed: nothing of it may run, and nothing of it may change.
SEATS = ["Forlì", "=1+1", "+39 02 1234", "-5", "@SUM(A1)", "007", "1/2", "2026-01-02", "1E5",
         "\"Città\"; però, no", "-2+3", "=HYPERLINK(\"http://x\")", "perché", "01,50", "VERO"]


def write_people(folder, campaign, people):
    path = world.write_campaign(folder, campaign, people)
    with open(os.path.join(folder, "people.csv"), "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "number", "name", "sede"])
        for n in range(1, people + 1):
            rows.writerow(["%05d" % n, world.number_of(n), "Persona %d" % n,
                           SEATS[n % len(SEATS)]])
    return path


def table_of(folder, name, delimiter=","):
    with open(os.path.join(folder, name), encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


# AAPOR's classes of this program's outcomes, people on the list being known (1) or not (0): written
# down here once more, from the sheet.
CLASSES = {
    1: {"completed": "I", "partial": "P", "broken_off": "R", "refused": "R", "opted_out": "R",
        "callback_requested": "NC", "human_hung_up_at_once": "R", "machine_no_message": "NC",
        "machine_message_left": "NC", "busy": "NC", "no_answer": "NC", "network_error": "UH",
        "invalid_number": "NE", "fax_or_data": "NE", "canceled_by_us": "UH", "not_placed": "UH",
        "unconfirmed": "UH", "said_nothing": "NC", "not_eligible": "NE", "quota_full": "NE",
        "not_available": "NC", "language_barrier": "O", "unable": "O", "business_number": "NE",
        "screened": "UH",
        "": "UH"},
}
CLASSES[0] = dict(CLASSES[1], machine_no_message="UH", machine_message_left="UH", busy="UH",
                  no_answer="UH", said_nothing="UH")
# What says most of a case, from the least.
RANKS = ["", "not_placed", "canceled_by_us", "network_error", "unconfirmed", "no_answer", "busy",
         "said_nothing", "fax_or_data", "invalid_number", "machine_no_message", "machine_message_left",
         "screened", "human_hung_up_at_once", "not_available", "callback_requested",
         "language_barrier", "broken_off", "refused", "unable", "opted_out", "business_number",
         "quota_full", "partial", "completed", "not_eligible"]


def rates_by_hand(attempts, people, known):
    """From the outcomes of attempts alone."""
    of = collections.defaultdict(list)
    for row in attempts:
        of[row["contact"]].append(row["outcome"])
    classes = collections.Counter()
    for contact in range(1, people + 1):
        best = max(of.get(str(contact), [""]), key=RANKS.index)
        classes[CLASSES[known][best]] += 1
    i, p, r, nc, o, u, ne = (classes[name] for name in ("I", "P", "R", "NC", "O", "UH", "NE"))
    e = (i + p + r + nc + o) / (i + p + r + nc + o + ne)
    known_cases = i + p + r + nc + o
    bases = (known_cases + u, known_cases + e * u, known_cases)
    rates = {}
    for n, base in enumerate(bases):
        rates["RR%d" % (2 * n + 1)] = i / base
        rates["RR%d" % (2 * n + 2)] = (i + p) / base
        rates["REF%d" % (n + 1)] = r / base
        rates["CON%d" % (n + 1)] = (i + p + r + o) / base
    for n, (part, base) in enumerate(((i, i + p + r + o), (i + p, i + p + r + o),
                                      (i, i + p + r), (i + p, i + p + r))):
        rates["COOP%d" % (n + 1)] = part / base
    return classes, e, rates


class ResultsTest(world.Case):
    def run_campaign(self, people=PEOPLE, name="L.db", **members):
        file = write_people(self.folder, campaign_of_analysts(**members), people)
        self.log = self.path(name)
        self.campanile("run", file, "--log", self.log, "--seed", 5)

    def export(self, name, *more):
        self.campanile("export", "--log", self.log, "--to", self.path(name), *more)
        return self.path(name)

    def test_the_data_package_holds_what_it_says(self):
        self.run_campaign()
        for more in ([], ["--labels"], ["--profile", "excel", "--delimiter", ";", "--labels"]):
            folder = self.export("package", *more)
            tables = data_package.check(folder)
            self.assertEqual(len(tables["responses_wide"]), PEOPLE)
            self.assertTrue(any(row["perche"] for row in tables["responses_wide"]))
        # And the check is one: whatever is wrong in a file is found.
        with open(os.path.join(folder, "attempts.csv"), "r+", encoding="utf-8-sig") as file:
            content = file.read().replace(";\"completed\";", ";\"complted\";", 1)
            file.seek(0)
            file.write(content)
        with self.assertRaises(data_package.Broken):
            data_package.check(folder)

    def test_the_rates_are_those_of_a_calculation_by_hand(self):
        for eligibility in ("known", "unknown"):
            self.run_campaign(name=eligibility + ".db", eligibility=eligibility)
            folder = self.export("rates")
            with open(os.path.join(folder, "rates.json"), encoding="utf-8") as file:
                told = json.load(file)["recorded"]
            classes, e, rates = rates_by_hand(table_of(folder, "attempts.csv"), PEOPLE,
                                              eligibility == "known")
            self.assertGreater(len(classes), 2)
            self.assertEqual({name: n for name, n in told["classes"].items() if n}, dict(classes))
            self.assertEqual(sum(told["classes"].values()), PEOPLE)
            self.assertLessEqual(abs(told["e_millionths"] - e * 1e6), 0.5001)
            self.assertEqual(set(told["rates_millionths"]), set(rates))
            for name, rate in rates.items():
                self.assertLessEqual(abs(told["rates_millionths"][name] - rate * 1e6), 0.5001, name)

    def test_a_recoding_stands_beside_what_was_recorded(self):
        self.run_campaign()
        rules = self.path("rules.json")
        with open(rules, "w", encoding="utf-8") as file:
            json.dump({"title": "Chi riattacca non è stato raggiunto",
                       "outcomes": {"human_hung_up_at_once": "no_answer"}}, file)
        before = self.export("before")
        folder = self.export("recoded", "--recode", rules)
        with open(os.path.join(folder, "rates.json"), encoding="utf-8") as file:
            rates = json.load(file)
        with open(os.path.join(before, "rates.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["recorded"], rates["recorded"])
        hung_up = [row for row in table_of(folder, "responses_wide.csv")
                   if row["disposition"] == "human_hung_up_at_once"]
        self.assertTrue(hung_up)
        self.assertNotIn("human_hung_up_at_once", {row["disposition_recoded"] for row in hung_up})
        self.assertEqual(rates["recoded"]["classes"]["NC"] - rates["recorded"]["classes"]["NC"],
                         sum(row["aapor_recoded"].startswith("2.2") for row in hung_up))
        with open(os.path.join(folder, "recoding.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["title"], "Chi riattacca non è stato raggiunto")
        # Without the rules they are gone from the folder, and what is wrong in them is said.
        self.assertFalse(os.path.exists(os.path.join(self.export("recoded"), "recoding.json")))
        with open(rules, "w", encoding="utf-8") as file:
            file.write('{"outcomes": {"hung_up": "busy"}}')
        done = self.campanile("export", "rates", "--log", self.log, "--recode", rules, expect=2)
        self.assertIn("/outcomes/hung_up", done.stderr)

    def test_the_numbers_are_written_only_when_asked_for(self):
        self.run_campaign(people=12)
        folder = self.export("plain")
        number = world.number_of(1)[1:].encode()
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                self.assertNotIn(number, file.read(), name)
            self.assertEqual(os.stat(os.path.join(folder, name)).st_mode & 0o777, 0o600, name)
        rows = table_of(self.export("numbers", "--numbers"), "restricted_numbers.csv")
        self.assertEqual([row["number"] for row in rows],
                         [world.number_of(n) for n in range(1, 13)])

    def test_a_folder_holds_nothing_of_an_earlier_export(self):
        self.run_campaign(people=12)
        folder = self.export("again", "--numbers")
        self.campanile("forget", world.number_of(1), "--log", self.log)
        self.export("again")
        number = world.number_of(1)[1:].encode()
        for name, content in content_of(folder).items():
            self.assertNotIn(number, content, name)
        self.assertEqual(content_of(folder), content_of(self.export("fresh")))

    def test_the_head_is_there_only_if_it_is_true_of_every_file(self):
        self.run_campaign(people=12)
        rules = self.path("rules.json")
        with open(rules, "w", encoding="utf-8") as file:
            json.dump({"outcomes": {"human_hung_up_at_once": "no_answer"}}, file)
        folder = self.export("mixed", "--recode", rules, "--as-of", "20")
        before = content_of(folder)
        self.assertIn("recoding.json", before)
        done = self.campanile("export", "results", "--log", self.log, "--to", folder)
        self.assertIn("no head.json", done.stderr)
        after = content_of(folder)
        # The one that was named is new, the others are as they were, and nothing speaks for all.
        self.assertEqual({name for name in before if after.get(name) != before[name]},
                         {"responses_wide.csv", "head.json", "recoding.json"})
        self.assertEqual(set(before) - set(after), {"head.json", "recoding.json"})
        # All of them anew, or one alone, and it does.
        self.export("mixed")
        self.assertIn("head.json", content_of(folder))
        self.campanile("export", "results", "--log", self.log, "--to", self.path("alone"))
        for _ in range(2):
            self.assertEqual(set(content_of(self.path("alone"))),
                             {"responses_wide.csv", "head.json"})
            self.campanile("export", "results", "--log", self.log, "--to", self.path("alone"))

    def test_where_no_folder_can_be_is_said(self):
        self.run_campaign()
        for place, why in ((self.log, "is there and is no folder"), ("/proc/x", "cannot be made"),
                           (os.path.join(self.log, "x"), "cannot be made")):
            done = self.campanile("export", "--log", self.log, "--to", place, expect=2)
            self.assertIn("%s %s: name a folder with --to" % (place, why), done.stderr)

    def test_the_report_needs_nothing_from_elsewhere(self):
        self.run_campaign()
        for language, word in (("it", "Dalla lista alla fine"), ("en", "From the list to the end")):
            page = self.campanile("export", "report", "--log", self.log, "--language",
                                  language).stdout
            self.assertIn(word, page)
            self.assertIn('<html lang="%s">' % language, page)
            self.assertNotIn("<script", page)
            # Nothing is linked, loaded or imported: no address stands in it at all.
            self.assertIsNone(re.search(r"(?i)(\bsrc\s*=|href|url\(|@import|https?:)", page))
            self.assertIn("<svg", page)
            self.assertNotIn("Persona 1", page)

    def test_results_as_of_a_moment_are_those_that_were_there(self):
        file = write_people(self.folder, campaign_of_analysts(), 400)
        self.log = self.path("L.db")
        program = self.start("run", file, "--log", self.log, "--seed", 9)
        world.wait_until(lambda: os.path.exists(self.log), "there is a log")
        world.wait_for_event(self.log, "CallEnded")
        then = {}
        while program.running() and len(then) < MOMENTS:
            folder = self.path("then-%d" % len(then))
            done = self.campanile("export", "--log", self.log, "--to", folder, expect=None)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(os.path.join(folder, "head.json"), encoding="utf-8") as head:
                then[json.load(head)["position"]] = folder
        self.assertEqual(program.wait(), 0, program.err())
        self.assertGreaterEqual(len(then), MOMENTS, "the campaign was over too early")
        moments = {event.position: event.recorded_at for event in world.events_of(self.log)}
        by_moment = 0
        for position, folder in then.items():
            places = [str(position)]
            # A moment is as good where nothing else happened in the same millisecond.
            if moments.get(position + 1) != moments[position]:
                places.append(moment_text(moments[position]))
                by_moment += 1
            for place in places:
                again = self.path("again")
                shutil.rmtree(again, ignore_errors=True)
                self.export("again", "--as-of", place)
                self.assertEqual(content_of(again), content_of(folder), place)
        print("as of %d positions and %d moments" % (len(then), by_moment))


def moment_text(ms):
    at = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S") + ".%03dZ" % (ms % 1000)


def content_of(folder):
    content = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            content[name] = file.read()
    return content


if __name__ == "__main__":
    world.main()
