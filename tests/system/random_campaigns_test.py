"""Campaigns that nobody would think of, valid by the schema: made by chance from a seed, run on a
carrier that keeps its own record, and held against a second reading of the calling rules, which
shares no code with the program's: Python's own calendar and zones, and the campaign file.

CAMPAIGNS says how many (25), CAMPANILE_FIRST_SEED which is the first. A seed that was red is red
again.
"""

import collections
import csv
import datetime
import fractions
import io
import json
import os
import random
import re
import types
import zoneinfo

import world
from world import Route

CAMPAIGNS = int(os.environ.get("CAMPAIGNS", "25"))
FIRST_SEED = int(os.environ.get("CAMPANILE_FIRST_SEED", "1"))

# Whole hours, half hours and a quarter; both hemispheres; and clocks that never change.
ZONES = ("Europe/Rome", "Europe/London", "America/New_York", "America/St_Johns", "Asia/Kolkata",
         "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "Asia/Tokyo",
         "America/Los_Angeles", "Pacific/Kiritimati", "Africa/Casablanca")
# Days on which a clock changes somewhere, and one on which none does. Two days before each.
STARTS = ("2026-03-06", "2026-03-27", "2026-04-03", "2026-09-25", "2026-10-02", "2026-10-23",
          "2026-10-30", "2026-01-05", "2026-12-30")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CONCLUSIVE = {"completed", "refused", "opted_out", "invalid_number", "not_eligible", "quota_full",
              "unable", "business_number"}
# Nobody was talked to: whoever has another number is called there next.
NOBODY = {"busy", "no_answer", "network_error", "machine_no_message", "machine_message_left",
          "said_nothing", "invalid_number", "fax_or_data", "not_available", "screened"}
DEAD = {"invalid_number", "fax_or_data"}
# Whose calls were in doubt or taken back is looked at by tests of their own.
UNCERTAIN = {"canceled_by_us", "not_placed", "unconfirmed", ""}


# --- made by chance

def minutes_text(minutes):
    return "%02d:%02d" % divmod(minutes, 60)


def some_days(chance):
    if chance.random() < 0.5:
        first, last = sorted(chance.sample(range(7), 2))
        return ["%s-%s" % (DAYS[first], DAYS[last])]
    return sorted(chance.sample(DAYS, chance.randint(1, 4)), key=DAYS.index)


def some_hours(chance, start):
    """One to three openings that do not overlap, on days of their own or the same."""
    edges = sorted(chance.sample(range(0, 24 * 60 + 1, 5), 2 * chance.randint(1, 3)))
    days = some_days(chance)
    windows = [{"days": days, "from": minutes_text(first), "to": minutes_text(last)}
               for first, last in zip(edges[::2], edges[1::2])]
    hours = {"windows": windows}
    if chance.random() < 0.3:
        hours["holidays"] = sorted(chance.sample(("IT", "FR", "US"), chance.randint(1, 2)))
        if chance.random() < 0.5:
            first, last = sorted(chance.sample(range(0, 24 * 60 + 1, 5), 2))
            windows.append({"days": ["eves"], "from": minutes_text(first),
                            "to": minutes_text(last)})
    elif chance.random() < 0.2:
        hours = {"preset": chance.choice(("IT", "FR", "US-FL"))}
    if chance.random() < 0.4:
        hours["dates_off"] = sorted({(start + datetime.timedelta(days=chance.randint(0, 9)))
                                     .date().isoformat() for _ in range(chance.randint(1, 4))})
    if chance.random() < 0.3:
        hours["zone"] = chance.choice(ZONES)
    return hours


def some_duration(chance):
    return chance.choice(("%ds" % chance.randint(1, 90), "%dm" % chance.randint(1, 90),
                          "%dh" % chance.randint(1, 30), "1d", "%dh%dm" % (
                              chance.randint(1, 5), chance.randint(1, 59))))


def some_delay(chance):
    return "never" if chance.random() < 0.15 else some_duration(chance)


def some_question(chance, number, earlier):
    question = {"id": "q%d" % number, "ask": "Domanda %d per {{name}}?" % number}
    kind = chance.choice(("choice", "yes_no", "rating", "number", "open", "date", "several"))
    question["type"] = "choice" if kind == "several" else kind
    if kind in ("choice", "several"):
        question["options"] = [
            {"code": "o%d" % n, "key": str(n), "label": "Opzione %d" % n,
             "words": ["opzione %s" % "uno due tre quattro".split()[n - 1]]}
            for n in range(1, chance.randint(2, 4) + 1)]
        question["ask"] += " Prema un tasto da 1 a %d." % len(question["options"])
    if kind == "several":
        question["several"] = True
        question["ask"] += " Può premerne più di uno."
    if kind in ("rating", "number"):
        least = chance.randint(0, 3)
        question["least"], question["most"] = least, min(least + chance.randint(1, 6), 8)
    if kind == "date":
        question["earliest"], question["latest"] = "2026-01-01", "2027-12-31"
        question["ask"] += " Che giorno? Prema giorno, mese e anno, nel 2026 o nel 2027."
    if kind == "open":
        question["by"] = ["speech"]
    for name in ("silence_max", "invalid_max"):
        if chance.random() < 0.3:
            question[name] = chance.randint(0, 3)
    if chance.random() < 0.3:
        question["required"] = False
    if earlier and chance.random() < 0.4:
        question["ask_if"] = some_condition(chance, earlier, 2)
    return question


def some_condition(chance, earlier, depth):
    if depth and chance.random() < 0.4:
        kind = chance.choice(("all", "any", "not"))
        if kind == "not":
            return {"not": some_condition(chance, earlier, depth - 1)}
        return {kind: [some_condition(chance, earlier, depth - 1)
                       for _ in range(chance.randint(1, 3))]}
    question = chance.choice(earlier)
    if "options" in question:
        codes = [option["code"] for option in question["options"]]
        return {"question": question["id"], "is": chance.sample(codes, chance.randint(1, 2))}
    if question["type"] in ("rating", "number"):
        first = chance.randint(question["least"], question["most"])
        return {"question": question["id"], "between": [first, question["most"]]}
    answered = {"question": question["id"], "answered": True}
    return answered if chance.random() < 0.5 else {"not": answered}


def some_campaign(chance, start):
    kind = chance.choice(("survey", "survey", "notification", "callback"))
    campaign = {
        "id": "caso-%d" % chance.randint(1, 999),
        "kind": kind,
        "language": "it-IT",
        "caller_ids": ["+39022052%04d" % (7877 + n) for n in range(chance.randint(1, 3))],
        "contacts": {"file": "people.csv", "region": "IT",
                     "columns": {"number": "number", "id": "id", "zone": "zone"}},
        "calling_hours": some_hours(chance, start),
        "pacing": {"calls_per_second": chance.choice(("0.05", "0.25", "0.5", "1", "2.5", "10")),
                   "lines": chance.choice((1, 1, 2, 3, 7, 30)),
                   "stop_at_failures": {"share": "0"}},
        "retries": {"attempts_max": chance.randint(1, 5),
                    "daily_calls_per_number_max": chance.randint(1, 4)},
        "in_doubt": "redial",
    }
    for outcome in ("partial", "broken_off", "callback_requested", "human_hung_up_at_once",
                    "said_nothing", "machine_no_message", "machine_message_left", "busy",
                    "no_answer", "network_error"):
        campaign["retries"][outcome] = some_delay(chance)
    if chance.random() < 0.3:
        campaign["pacing"]["ramp_up"] = {"over": "%dm" % chance.randint(1, 20)}
    if chance.random() < 0.5:
        campaign["answering_machine"] = {"action": chance.choice(("hang_up", "ignore"))}
    if chance.random() < 0.3:
        campaign["retries"]["weekly_calls_per_number_max"] = chance.randint(1, 5)
    if campaign["calling_hours"].get("preset") == "FR":
        # The fifth call would come a month later, where the almanac ends.
        campaign["retries"]["attempts_max"] = min(campaign["retries"]["attempts_max"], 4)
    if chance.random() < 0.2:
        campaign["retries"]["rolling_cap"] = {"calls": chance.randint(1, 4),
                                              "within": chance.choice(("90m", "20h", "3d"))}
    if chance.random() < 0.3:
        campaign["ring_time"] = "%ds" % chance.randint(5, 40)
    if kind == "survey":
        campaign["greeting"] = "Buongiorno {{name}}. Per non essere più chiamato prema 9."
        campaign["opt_out"] = {"key": "9", "goodbye": "Non la chiameremo più."}
        questions = []
        for number in range(1, chance.randint(1, 6) + 1):
            questions.append(some_question(chance, number, questions))
        campaign["questions"] = questions
        campaign["goodbye"] = "Grazie."
        if chance.random() < 0.4:
            campaign["partial"] = {"answers": chance.randint(1, len(questions))}
        if chance.random() < 0.4:
            campaign["replies"] = {name: True for name in ("refused", "dont_know")}
            for question in [questions[0], chance.choice(questions)]:
                question["replies"] = ["refused", "dont_know"]
        if chance.random() < 0.5:
            campaign["quota_full"] = "Abbiamo già abbastanza risposte."
            campaign["quotas"] = [some_quota(chance, number, questions)
                                  for number in range(chance.randint(1, 3))]
    else:
        campaign["message"] = "Messaggio per {{name}}."
    if chance.random() < 0.3:
        campaign["suppression_lists"] = [
            {"source": source, "max_age": chance.choice(("2h", "6h", "1d", "3d"))}
            for source in chance.sample(("rpo", "own", "third"), chance.randint(1, 2))]
    return campaign


def some_quota(chance, number, questions):
    """Of everybody, of some zones, or of whoever chose some options of a question."""
    quota = {"name": "quota_%d" % number, "completes": chance.randint(1, 4)}
    choices = [question for question in questions if "options" in question
               and not question.get("several")]
    kind = chance.choice(("all", "zones", "answer"))
    if kind == "zones":
        quota["if"] = {"column": "zone", "is": chance.sample(ZONES, len(ZONES) // 2)}
    elif kind == "answer" and choices:
        question = chance.choice(choices)
        quota["if"] = {"question": question["id"], "is": chance.sample(
            [option["code"] for option in question["options"]], 1)}
    return quota


def some_span(chance, start, zone):
    """When one person may be called, both ends on their own clock; None: no such end."""
    local = start.astimezone(zoneinfo.ZoneInfo(zone)).replace(tzinfo=None, second=0)
    first = local + datetime.timedelta(minutes=chance.randint(-600, 4000))
    last = first + datetime.timedelta(minutes=chance.randint(60, 5000))
    return (first if chance.random() < 0.4 else None, last if chance.random() < 0.5 else None)


def cells_of(chance, first, last):
    """The same as the cells of a list: the first moment in one, the last in two."""
    written = chance.choice(("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:00", "%d/%m/%Y %H:%M",
                             "%d.%m.%y %H.%M"))
    day = chance.choice(("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"))
    return (first.strftime(written) if first else "", last.strftime(day) if last else "",
            last.strftime("%H:%M") if last else "")


def some_people(chance):
    people = ["%s=%d" % (name, chance.randint(0, 9)) for name in
              ("no_answer", "busy", "machine", "failed", "fax", "speech", "wrong_key", "silence",
               "hang_up", "opt_out", "declines")]
    people += ["human=%d" % chance.randint(1, 20), "right_key=%d" % chance.randint(10, 60),
               "hang_up_at_once=%d" % chance.randint(0, 200)]
    return ",".join(people)


def some_faults(chance):
    if chance.random() < 0.5:
        return []
    names = ("callback_lost", "callback_late", "callback_doubled", "callback_reordered",
             "post_failed", "post_failed_accepted", "post_dropped", "post_refused")
    return ["--faults", ",".join("%s=%d" % (name, chance.randint(1, 200))
                                 for name in chance.sample(names, chance.randint(1, 3)))]


# --- the rules once more

def duration_ms(text):
    units = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000}
    return sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+)([dhms])", text))


PRESETS = {
    "IT": {"holidays": ["IT"], "windows": [
        {"days": ["mon-fri"], "from": "09:00", "to": "20:00"},
        {"days": ["sat"], "from": "10:00", "to": "19:00"},
        {"days": ["eves"], "from": "10:00", "to": "19:00"}]},
    "FR": {"holidays": ["FR"], "windows": [
        {"days": ["mon-fri"], "from": "10:00", "to": "13:00"},
        {"days": ["mon-fri"], "from": "14:00", "to": "20:00"}]},
    "US-FL": {"windows": [{"days": ["mon-sun"], "from": "08:00", "to": "20:00"}]},
}
ROLLING_CAPS = {"FR": {"calls": 4, "within": "30d"}, "US-FL": {"calls": 3, "within": "24h"}}
# Of the weeks in which the campaigns run (STARTS): an almanac, as the countries print it.
HOLIDAYS = {
    "IT": "2026-01-01 2026-01-06 2026-04-05 2026-04-06 2026-04-25 2026-10-04 2026-11-01 "
          "2027-01-01 2027-01-06",
    "FR": "2026-01-01 2026-04-06 2026-11-01 2026-11-11 2027-01-01",
    "US": "2026-01-01 2026-01-19 2026-10-12 2026-11-11 2026-11-26 2027-01-01 2027-01-18",
}


def days_of(window):
    for each in window.get("days", ["mon-fri"]):
        if each == "eves":
            yield "eve"
            continue
        first, _, last = each.partition("-")
        first = DAYS.index(first)
        yield from range(first, DAYS.index(last) + 1 if last else first + 1)


class Rules:
    def __init__(self, campaign, zones, spans, moves=None, since=None):
        self.campaign = campaign
        self.zones = zones  # by number
        self.moves = moves or {}  # by number: when they moved, and where to, in order
        self.spans = spans  # by number: the first and the last moment, on their clock
        self.since = since or {}  # by number: the day from which consent is there
        hours = campaign["calling_hours"]
        self.hours = {**hours, **PRESETS[hours["preset"]]} if "preset" in hours else hours

    def clock(self, number, ms):
        zone = self.hours.get("zone")
        return self.local(zone, ms) if zone else self.own_clock(number, ms)

    def own_clock(self, number, ms):
        zone = self.zones[number]
        for at_ms, there in self.moves.get(number, []):
            if at_ms <= ms:
                zone = there
        return self.local(zone, ms)

    @staticmethod
    def local(zone, ms):
        return datetime.datetime.fromtimestamp(ms / 1000, zoneinfo.ZoneInfo(zone))

    def open_at(self, number, ms):
        now = self.clock(number, ms)
        if self.day_off(now.date()):
            return False
        minute = "%02d:%02d" % (now.hour, now.minute)
        kinds = {kind for window in self.hours["windows"] for kind in days_of(window)}
        eve = self.day_off(now.date() + datetime.timedelta(days=1))
        kind = now.weekday()
        if eve and "eve" in kinds and kind in kinds:
            kind = "eve"
        return any(kind in days_of(window) and window["from"] <= minute < window["to"]
                   for window in self.hours["windows"])

    def day_off(self, date):
        return date.isoformat() in self.hours.get("dates_off", []) or any(
            date.isoformat() in HOLIDAYS[country].split()
            for country in self.hours.get("holidays", []))

    def in_their_time(self, number, ms):
        zone = zoneinfo.ZoneInfo(self.zones[number])
        first, last = (edge and edge.replace(tzinfo=zone).timestamp() * 1000
                       for edge in self.spans[number])
        return (first is None or ms >= first) and (last is None or ms < last)

    def consent_by(self, number, ms):
        since = self.since.get(number)
        return since is None or since <= self.own_clock(number, ms).date()

    def delay_ms(self, outcome):
        """Until the next call after such an outcome; None: there is to be none."""
        text = self.campaign["retries"].get(outcome)
        return None if text in (None, "never") else duration_ms(text)


def order_complaints(numbers, theirs, rows):
    """What is wrong with the numbers at which these calls reached for one person, in order."""
    wrong = []
    dead = set()
    for call, row, after in zip(theirs, rows, theirs[1:]):
        at = numbers.index(call["to"])
        if row["number_order"] not in ("", str(at + 1)) or (
                row["number_order"] == "" and len(numbers) > 1):
            wrong.append("called at number %d, told as %r" % (at + 1, row["number_order"]))
        if row["outcome"] in DEAD:
            dead.add(call["to"])
        if row["outcome"] == "invalid_number" and row["carrier_status"] == "failed":
            before = [other["carrier_status"] for earlier, other in zip(theirs, rows)
                      if earlier["to"] == call["to"] and
                      earlier["accepted_at_ms"] < call["accepted_at_ms"]]
            if before[-1:] != ["failed"]:
                wrong.append("number %d taken for dead after one failure" % (at + 1))
        behind = [number for number in numbers[at + 1:] + numbers[:at] if number not in dead]
        wanted = behind[0] if row["outcome"] in NOBODY and behind else call["to"]
        if after["to"] != wanted:
            wrong.append("called at number %d after %s at number %d" % (
                numbers.index(after["to"]) + 1, row["outcome"], at + 1))
    return wrong


def complaints(campaign, zones, spans, calls, attempts, numbers=None, late_ms=0, moves=None,
               since=None):
    """What is wrong with these calls of the carrier's, in words. `attempts` are the rows of
    attempts.csv by (contact, attempt); `numbers` are those of each contact that has several,
    `moves` when each number's person moved, and where to, and `since` from which day on there is
    consent, where it is required. An order may leave so much later than the campaign's slot."""
    rules = Rules(campaign, zones, spans, moves, since)
    wrong = []
    calls = sorted(calls, key=lambda call: call["accepted_at_ms"])
    for call in calls:
        if not rules.open_at(call["to"], call["accepted_at_ms"]):
            wrong.append("called at %s" % rules.clock(call["to"], call["accepted_at_ms"]))
        if not rules.in_their_time(call["to"], call["accepted_at_ms"]):
            wrong.append("called at %d, out of their own time" % call["accepted_at_ms"])
        if not rules.consent_by(call["to"], call["accepted_at_ms"]):
            wrong.append("called at %d, before their consent" % call["accepted_at_ms"])

    # No stretch of time has more calls than the rate lets begin in it, and one besides, at instants
    # of whole milliseconds.
    rate = fractions.Fraction(campaign["pacing"]["calls_per_second"])
    times = [call["accepted_at_ms"] for call in calls]
    for first in range(len(times)):
        for last in range(first + 1, min(len(times), first + 40)):
            if last - first > rate * (times[last] - times[first] + 1 + late_ms) / 1000:
                wrong.append("%d calls within %d ms" % (last - first + 1,
                                                        times[last] - times[first]))
                break

    edges = sorted([(call["ended_at_ms"], -1) for call in calls] +
                   [(call["accepted_at_ms"], 1) for call in calls])
    open_now = 0
    for at_ms, step in edges:
        open_now += step
        if open_now > campaign["pacing"]["lines"]:
            wrong.append("%d calls at once at %d" % (open_now, at_ms))

    people = collections.defaultdict(list)
    for call in calls:
        people[Route(call["url"]).attempt[1]].append(call)
    wrong += day_complaints(campaign, calls, rules.clock, numbers or {})
    wrong += ["by their own clock " + each for each in day_complaints(
        campaign, calls, rules.own_clock, numbers or {})]

    cap = campaign["retries"].get("rolling_cap", ROLLING_CAPS.get(
        campaign.get("calling_hours", {}).get("preset")))
    if cap:
        called = collections.defaultdict(list)
        for call in calls:
            called[call["to"]].append(call["accepted_at_ms"])
        for at in map(sorted, called.values()):
            for first, beyond in zip(at, at[cap["calls"]:]):
                # An order leaves within five seconds of its slot.
                if beyond - first + 5000 + late_ms < duration_ms(cap["within"]):
                    wrong.append("more than %d calls to one number within %s" % (
                        cap["calls"], cap["within"]))

    for contact, theirs in people.items():
        several = (numbers or {}).get(contact, [])
        rows = [attempts[Route(call["url"]).attempt[1:]] for call in theirs]
        counted = [row for row in rows if row["outcome"] not in UNCERTAIN]
        if len(counted) > campaign["retries"]["attempts_max"]:
            wrong.append("%d attempts on one person" % len(counted))
        if several:
            wrong += order_complaints(several, theirs, rows)
        for before, row, after in zip(theirs, rows, theirs[1:]):
            if after["accepted_at_ms"] < before["ended_at_ms"]:
                wrong.append("two calls at once to one person")
            if row["outcome"] in DEAD and before["to"] != after["to"]:
                continue
            if row["outcome"] in CONCLUSIVE:
                wrong.append("called again after %s" % row["outcome"])
            elif row["outcome"] not in UNCERTAIN:
                delay = rules.delay_ms(row["outcome"])
                gap = after["accepted_at_ms"] - before["ended_at_ms"]
                if delay is None:
                    wrong.append("called again after %s, never" % row["outcome"])
                elif gap < delay:
                    wrong.append("called again %d ms after %s" % (gap, row["outcome"]))
    return wrong


def consent_complaints(rules, numbers, events):
    """Who was let go for want of consent, and had given it."""
    return ["%s let go at %d, with their consent" % (event.stream, event.recorded_at)
            for event in events
            if event.type == "ContactExcluded" and event.payload["gate"] == "no_consent" and
            rules.consent_by(numbers[int(event.stream.rpartition("/")[2])][0], event.recorded_at)]


def day_complaints(campaign, calls, clock, numbers):
    """Days and weeks of that clock, which shows something at each number, with too many calls."""
    wrong = []
    days = collections.Counter((call["to"], clock(call["to"], call["accepted_at_ms"]).date())
                               for call in calls)
    weekly = campaign["retries"].get("weekly_calls_per_number_max", 0)
    for several in numbers.values():
        for day in {day for number, day in days if number in several}:
            count = sum(days[number, day] for number in several)
            if count > campaign["retries"]["daily_calls_per_number_max"]:
                wrong.append("%d calls to one person on %s" % (count, day))
    for (number, day), count in days.items():
        if count > campaign["retries"]["daily_calls_per_number_max"]:
            wrong.append("%d calls to one number on %s" % (count, day))
        week = sum(days[number, day - datetime.timedelta(days=back)] for back in range(7))
        if weekly and week > weekly:
            wrong.append("%d calls to one number in the week to %s" % (week, day))
    return wrong


def quota_complaints(campaign, zones, results, events):
    """What the events do, one after the other, for people of a quota that was full by then. `zones`
    and `results`, rows of the wide file, are by contact."""
    wrong = []
    completes = collections.Counter()
    answered = collections.defaultdict(set)  # questions, by contact

    def belongs(contact, quota):
        test = quota.get("if")
        if test is None:
            return True
        if "column" in test:
            return zones[contact] in test["is"]
        question = test["question"]
        return question in answered[contact] and results[contact][question] in test["is"]

    for event in events:
        contact = event.contact() and event.contact()[1]
        if contact is None:
            continue
        theirs = [quota for quota in campaign.get("quotas", []) if belongs(contact, quota)]
        full = [quota["name"] for quota in theirs if completes[quota["name"]] >= quota["completes"]]
        if event.type == "AnswerGiven":
            answered[contact].add(event.payload["question"])
        elif event.type == "AttemptClosed" and event.payload["outcome"] == "completed":
            completes.update(quota["name"] for quota in theirs)
        elif event.type == "CallRequested" and full:
            wrong.append("called for a full %s at event %d" % (full[0], event.position))
        elif event.type == "PromptServed" and event.payload["prompt"] == "question" and full and (
                "again" not in event.payload):
            wrong.append("asked for a full %s at event %d" % (full[0], event.position))
        elif event.type == "PromptServed" and event.payload["prompt"] == "quota_full" and not full:
            wrong.append("sent away by no full quota at event %d" % event.position)
    # Who was told goodbye when the last place was taken is counted, too.
    for quota in campaign.get("quotas", []):
        most = quota["completes"] + campaign["pacing"]["lines"]
        if completes[quota["name"]] > most:
            wrong.append("%d for %s" % (completes[quota["name"]], quota["name"]))
    return wrong


def list_complaints(campaign, loads, calls):
    """What is wrong with these calls, by the suppression lists that were loaded: when, of when, and
    with which numbers."""
    wrong = []
    for call in calls:
        at_ms = call["accepted_at_ms"]
        for required in campaign.get("suppression_lists", []):
            before = [load for load in loads
                      if load["source"] == required["source"] and load["at_ms"] <= at_ms]
            if not before:
                wrong.append("called without the list %s" % required["source"])
                continue
            newest = max(before, key=lambda load: load["at_ms"])
            age = at_ms - newest["as_of_ms"]
            if age >= duration_ms(required["max_age"]):
                wrong.append("called on a list %d ms old" % age)
            if call["to"] in newest["numbers"]:
                wrong.append("called though on the list %s" % required["source"])
    return wrong


class RandomCampaignsTest(world.Case):
    LOADS_MAX = 300

    def load_lists(self, chance, campaign, folder, log, numbers, loads):
        """A newer list of each source that the campaign requires, of some moment before now, with all
        the numbers of some people."""
        now_ms = world.events_of(log)[-1].recorded_at
        for required in campaign["suppression_lists"]:
            old = int(duration_ms(required["max_age"]) * chance.choice((0, 0, 0.3, 0.8)))
            as_of_ms = max([now_ms - old] + [load["as_of_ms"] for load in loads
                                             if load["source"] == required["source"]])
            people = chance.sample(sorted(numbers), chance.randint(0, len(numbers) // 5))
            listed = {number for one in people for number in numbers[one]}
            file = os.path.join(folder, "list.csv")
            with open(file, "w", encoding="utf-8") as out:
                out.write("number\n" + "".join("%s\n" % number for number in sorted(listed)))
            as_of = datetime.datetime.fromtimestamp(as_of_ms / 1000, datetime.timezone.utc)
            self.campanile("suppress", "--list", file, "--source", required["source"], "--as-of",
                           as_of.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (as_of_ms % 1000),
                           "--log", log)
            loads.append({"source": required["source"], "at_ms": now_ms, "as_of_ms": as_of_ms,
                          "numbers": listed})

    def move_people(self, chance, campaign, folder, log, numbers, moves):
        """Some people are in another zone by a further list; one of them may have moved before."""
        now_ms = world.events_of(log)[-1].recorded_at
        file = os.path.join(folder, "moved.csv")
        with open(file, "w", encoding="utf-8") as out:
            out.write("id,number,second,third,name,zone,from,day,time,since\n")
            for n in chance.sample(sorted(numbers), chance.randint(1, len(numbers) // 2)):
                zone = chance.choice(ZONES)
                cells = (numbers[n] + ["", ""])[:3]
                out.write("P-%04d,%s,%s,%s,Persona %d,%s,,,,\n" % (n, *cells, n, zone))
                for number in numbers[n]:
                    moves.setdefault(number, []).append((now_ms, zone))
        self.campanile("add-contacts", campaign["id"], file, "--log", log)

    def run_one(self, seed):
        """What is wrong with the campaign of this seed, and how many calls it came to and suppression
        lists it took."""
        chance = random.Random(seed)
        start = (datetime.datetime.fromisoformat(chance.choice(STARTS)).replace(
            tzinfo=datetime.timezone.utc) + datetime.timedelta(minutes=chance.randint(0, 4000)))
        campaign = some_campaign(chance, start)
        folder = self.path(str(seed))
        os.mkdir(folder)
        file = os.path.join(folder, "campaign.json")
        zones = {}
        spans = {}
        numbers = {}
        several = chance.random() < 0.4
        if several:
            campaign["contacts"]["columns"]["number"] = ["number", "second", "third"]
        limited = chance.random() < 0.5
        if limited:
            campaign["contacts"]["columns"].update(not_before="from", not_after=["day", "time"])
        # Dice of their own: the campaigns of the seeds stay what they were.
        grounds = random.Random("consent %d" % seed)
        since = {}
        consented = grounds.random() < 0.3
        if consented:
            campaign["contacts"]["columns"]["consent_date"] = "since"
            campaign["consent"] = {"basis": "consent", "source": "modulo web",
                                   "date": start.strftime("%Y-01-01"), "required": True}
        with open(os.path.join(folder, "people.csv"), "w", encoding="utf-8") as out:
            out.write("id,number,second,third,name,zone,from,day,time,since\n")
            for n in range(1, chance.randint(3, 25) + 1):
                zone = chance.choice(ZONES)
                span = some_span(chance, start, zone) if limited else (None, None)
                has = [several and chance.random() < 0.6 for _ in range(2)]
                cells = [world.number_of(n)] + [
                    world.number_of(1000 * place + n) if there else ""
                    for place, there in enumerate(has, 1)]
                numbers[n] = [cell for cell in cells if cell]
                for number in numbers[n]:
                    zones[number], spans[number] = zone, span
                day = None
                if consented and grounds.random() < 0.7:
                    day = start.date() + datetime.timedelta(days=grounds.randint(-3, 3))
                    since.update((number, day) for number in numbers[n])
                written = grounds.choice(("%Y-%m-%d", "%d/%m/%Y"))
                out.write("P-%04d,%s,%s,%s,Persona %d,%s,%s,%s,%s,%s\n" % (
                    n, *cells, n, zone, *cells_of(chance, *span),
                    day.strftime(written) if day else ""))

        self.write_possible(file, campaign)
        log = os.path.join(folder, "L.db")
        phones = world.Carrier(folder, "--start", start.strftime("%Y-%m-%dT%H:%M:%SZ"), "--seed",
                               seed, "--people", some_people(chance), *some_faults(chance))
        loads = []
        moves = {}
        try:
            if chance.random() < 0.3:
                self.campanile("run", file, "--log", log, "--carrier", phones.choice,
                               "--calls-per-second", 20, "--limit",
                               chance.randint(1, len(numbers)), expect=None)
                self.move_people(chance, campaign, folder, log, numbers, moves)
            for _ in range(self.LOADS_MAX):
                run = self.campanile("run", file, "--log", log, "--carrier", phones.choice,
                                     "--json", "--calls-per-second", 20, expect=None)
                standing = world.last_json(run.stdout)["campaign"]
                if not standing["reason"].startswith("the suppression list "):
                    self.assertEqual(run.returncode, 0, run.stderr)
                    break
                self.load_lists(chance, campaign, folder, log, numbers, loads)
                if chance.random() < 0.3:
                    self.move_people(chance, campaign, folder, log, numbers, moves)
            calls = phones.truth()["calls"]
        finally:
            phones.kill()
        self.campanile("verify", "--log", log)
        rows = csv.DictReader(io.StringIO(
            self.campanile("export", "attempts", "--log", log).stdout, newline=""))
        attempts = {(int(row["contact"]), int(row["attempt"])): row for row in rows}
        # The first order of each further run waits for the account's slot after the last one's.
        wrong = complaints(campaign, zones, spans, calls, attempts, numbers,
                           late_ms=51 if loads or moves else 0, moves=moves, since=since)
        wrong += consent_complaints(Rules(campaign, zones, spans, moves, since), numbers,
                                    world.events_of(log))
        wrong += list_complaints(campaign, loads, calls)
        if any(call["ended_at_ms"] == 0 for call in calls):
            wrong.append("a call never ended")
        results = csv.DictReader(io.StringIO(
            self.campanile("export", "results", "--log", log).stdout, newline=""))
        results = {int(row["contact"]): row for row in results}
        wrong += quota_complaints(campaign, {
            contact: zones[theirs[0]] for contact, theirs in numbers.items()}, results,
            world.events_of(log))
        places = collections.Counter(row["place"] for row in results.values())
        if sum(places.values()) != len(numbers) or places["open"]:
            wrong.append("cases: %s" % dict(places))
        return wrong, len(calls), len(loads)

    def write_possible(self, file, campaign):
        """Writes the campaign file without the conditions that can never hold, of which `check` has
        to say so, of those behind another one when that is mended; it has nothing else to say."""
        for _ in range(1 + len(campaign.get("questions", []))):
            with open(file, "w", encoding="utf-8") as out:
                json.dump(campaign, out, ensure_ascii=False, indent=1)
            told = self.campanile("check", file, expect=None)
            if told.returncode == 0:
                return
            impossible = re.findall(r"/questions/(\d+)/ask_if: can never hold", told.stderr)
            self.assertEqual(len(impossible), told.stderr.count("campaign.json: "), told.stderr)
            for index in impossible:
                del campaign["questions"][int(index)]["ask_if"]
        self.fail(told.stderr)

    def test_no_call_breaks_a_rule(self):
        """Hours, dates and their own limits by each person's clock, rate, lines, delays and caps."""
        total = lists = 0
        for seed in range(FIRST_SEED, FIRST_SEED + CAMPAIGNS):
            with self.subTest(seed=seed):
                wrong, calls, loads = self.run_one(seed)
                total += calls
                lists += loads
                self.assertEqual(wrong, [])
        print("%d campaigns, %d calls, %d suppression lists" % (CAMPAIGNS, total, lists),
              flush=True)

    def test_the_second_reading_sees_what_is_wrong(self):
        """Calls that break each rule, one at a time."""
        campaign = {"calling_hours": {"windows": [{"days": ["mon-fri"], "from": "09:00",
                                                   "to": "12:30"}],
                                      "dates_off": ["2026-01-06"]},
                    "pacing": {"calls_per_second": "0.5", "lines": 2},
                    "retries": {"attempts_max": 2, "daily_calls_per_number_max": 2,
                                "weekly_calls_per_number_max": 2,
                                "busy": "10m", "no_answer": "never"}}
        zones = {"a": "Asia/Kolkata", "b": "Europe/Rome", "c": "Europe/Rome"}
        nine = datetime.datetime(2026, 1, 5, 9)
        spans = {"a": (None, None), "b": (None, None),
                 "c": (nine + datetime.timedelta(seconds=2), nine + datetime.timedelta(minutes=9))}
        monday = 1_767_600_000_000  # 5 January 2026, 08:00 UTC: 09:00 in Rome, 13:30 in Kolkata

        def call(to, attempt, at_s, ended_s, outcome="busy"):
            contact = "abc".index(to) + 1
            return ({"to": to, "accepted_at_ms": monday + at_s * 1000,
                     "ended_at_ms": monday + ended_s * 1000,
                     "url": "/voice/caso.%d.%d.%s" % (contact, attempt, "0" * 32)},
                    ((contact, attempt), {"outcome": outcome}))

        def said(*made):
            return complaints(campaign, zones, spans, [one for one, _ in made],
                              dict(row for _, row in made))

        fine = [call("b", 1, 0, 30), call("c", 1, 2, 40), call("b", 2, 630, 700)]
        self.assertEqual(said(*fine), [])
        for made, what in (
                ([call("a", 1, 0, 9)], "called at 2026-01-05 13:30"),
                ([call("b", 1, -1, 9)], "called at 2026-01-05 08:59"),
                ([call("b", 1, 86_400, 86_409)], "called at 2026-01-06"),
                ([call("c", 1, 1, 9)], "out of their own time"),
                ([call("c", 1, 540, 549)], "out of their own time"),
                ([call("b", 1, 0, 30), call("c", 1, 1, 40)], "2 calls within 1000 ms"),
                ([call("b", 1, 0, 30), call("c", 1, 2, 40), call("b", 2, 4, 50)],
                 "3 calls at once"),
                ([call("b", 1, 0, 30), call("b", 2, 629, 700)], "called again 599000 ms after"),
                ([call("b", 1, 0, 30, "no_answer"), call("b", 2, 630, 700)], "never"),
                ([call("b", 1, 0, 30, "completed"), call("b", 2, 630, 700)],
                 "again after completed"),
                ([call("b", n, 900 * n, 900 * n + 9) for n in (1, 2, 3)],
                 "3 calls to one number on"),
                ([call("b", n, 86_400 * day, 86_400 * day + 9) for n, day in
                  ((1, 0), (2, 2), (3, 4))], "3 calls to one number in the week to 2026-01-09"),
                ([call("b", n, 900 * n, 900 * n + 9) for n in (1, 2, 3)],
                 "3 attempts on one person")):
            self.assertTrue(any(what in each for each in said(*made)), (what, said(*made)))
        numbers = {2: ["b", "c"]}

        def at(number, attempt, at_s, outcome):
            made, row = call("b", attempt, at_s, at_s + 9, outcome)
            row[1]["carrier_status"] = "busy"
            row[1]["number_order"] = str("bc".index(number) + 1)
            return ({**made, "to": number}, row)

        second = [at("b", 1, 0, "invalid_number"), at("c", 2, 10, "busy")]
        for made, what in (
                (second, None),
                ([at("b", 1, 10, "busy"), at("b", 2, 700, "busy")],
                 "called at number 1 after busy at number 1"),
                (second + [at("b", 3, 700, "busy")],
                 "called at number 1 after busy at number 2"),
                ([at("b", 1, 10, "partial"), at("c", 2, 700, "busy")],
                 "called at number 2 after partial at number 1")):
            wrong = complaints({**campaign, "retries": {**campaign["retries"], "partial": "1m",
                                                        "attempts_max": 3,
                                                        "daily_calls_per_number_max": 3,
                                                        "weekly_calls_per_number_max": 9}},
                               zones, dict.fromkeys("bc", (None, None)),
                               [one for one, _ in made], dict(row for _, row in made), numbers)
            self.assertEqual(wrong, [what] if what else [])
        called, row = call("b", 1, 0, 30)
        for day, wrong in ((5, []), (6, ["called at %d, before their consent" % monday])):
            since = {"b": datetime.date(2026, 1, day)}
            self.assertEqual(complaints(campaign, zones, spans, [called], dict([row]), since=since),
                             wrong)
            gone = types.SimpleNamespace(type="ContactExcluded", payload={"gate": "no_consent"},
                                         stream="contact/caso/2", recorded_at=monday)
            self.assertEqual(
                bool(consent_complaints(Rules(campaign, zones, spans, since=since), {2: ["b"]},
                                        [gone])), not wrong)
        campaign["retries"]["rolling_cap"] = {"calls": 2, "within": "90m"}
        beyond = "more than 2 calls to one number within 90m"
        for last_s, wrong in ((5300, True), (5400, False)):
            made = [call("b", n, at, at + 9) for n, at in ((1, 0), (2, 1000), (3, last_s))]
            self.assertEqual(beyond in said(*made), wrong)
        del campaign["retries"]["rolling_cap"]
        # Seven on Monday evening in Rome is half past eleven in Kolkata, and nine is Tuesday there.
        campaign["calling_hours"] = {"windows": [{"days": ["mon-sun"], "from": "00:00",
                                                  "to": "24:00"}], "zone": "Europe/Rome"}
        campaign["retries"]["daily_calls_per_number_max"] = 1
        for first_s, last_s, wrong in (
                (36_000, 43_200, ["2 calls to one number on 2026-01-05"]),
                (43_200, 57_600, ["by their own clock 2 calls to one number on 2026-01-06"]),
                (36_000, 57_600, [])):
            self.assertEqual(said(call("a", 1, first_s, first_s + 9),
                                  call("a", 2, last_s, last_s + 9)), wrong)
        # It was Tuesday already in Kolkata, as it is in Rome when they are called there.
        campaign["calling_hours"] = {"windows": campaign["calling_hours"]["windows"]}
        for at_s, wrong in ((54_000, "2 calls to one number on 2026-01-06"), (140_400, None)):
            made = [call("a", 1, 46_800, 46_809), call("a", 2, at_s + 3_600, at_s + 3_609)]
            found = complaints(campaign, zones, spans, [one for one, _ in made],
                               dict(row for _, row in made), moves={"a": [(monday + 50_000_000,
                                                                           "Europe/Rome")]})
            self.assertEqual(found[:1], [wrong] if wrong else [])
        a_week_later = [call("b", n, 86_400 * day, 86_400 * day + 9) for n, day in
                        ((1, 0), (2, 2), (3, 7))]
        self.assertFalse(any("in the week" in each for each in said(*a_week_later)))

    def test_the_second_reading_sees_a_list_past_its_date(self):
        campaign = {"suppression_lists": [{"source": "rpo", "max_age": "2h"},
                                          {"source": "own", "max_age": "1d"}]}
        hour = 3_600_000

        def load(source, at_ms, as_of_ms, *numbers):
            return {"source": source, "at_ms": at_ms, "as_of_ms": as_of_ms,
                    "numbers": set(numbers)}

        loads = [load("rpo", 0, 0, "b"), load("own", 0, 0), load("rpo", hour, hour // 2, "c")]
        for at_ms, to, what in (
                (hour // 2, "a", []), (hour // 2, "c", []), (hour // 2, "b",
                                                             ["called though on the list rpo"]),
                (hour, "b", []), (hour, "c", ["called though on the list rpo"]),
                (5 * hour // 2 - 1, "a", []), (5 * hour // 2, "a",
                                               ["called on a list 7200000 ms old"]),
                (-1, "a", ["called without the list rpo", "called without the list own"])):
            self.assertEqual(list_complaints(campaign, loads, [
                {"accepted_at_ms": at_ms, "to": to}]), what, (at_ms, to))
        self.assertEqual(list_complaints({}, [], [{"accepted_at_ms": 0, "to": "a"}]), [])

    def test_the_second_reading_sees_a_full_quota(self):
        campaign = {"pacing": {"lines": 1}, "quotas": [
            {"name": "rome", "completes": 1, "if": {"column": "zone", "is": ["Europe/Rome"]}},
            {"name": "yes", "completes": 2, "if": {"question": "q1", "is": ["yes"]}}]}
        zones = {1: "Europe/Rome", 2: "Europe/Rome", 3: "Asia/Tokyo", 4: "Asia/Tokyo"}
        results = {contact: {"q1": "yes"} for contact in zones}

        def event(position, contact, kind, **payload):
            return world.Event((position, "contact/caso/%d" % contact, 1, kind, 0,
                                json.dumps(payload)))

        def said(*events):
            return quota_complaints(campaign, zones, results, events)

        done = [event(1, 1, "AnswerGiven", question="q1"),
                event(2, 1, "AttemptClosed", outcome="completed"),
                event(3, 3, "AnswerGiven", question="q1")]
        more = done + [event(4, 3, "AttemptClosed", outcome="completed"),
                       event(5, 4, "AnswerGiven", question="q1")]
        asked = {"kind": "PromptServed", "prompt": "question", "question": "q2"}
        away = {"kind": "PromptServed", "prompt": "quota_full"}
        for events, last, what in (
                (done, event(6, 2, "CallRequested"), "called for a full rome at event 6"),
                (done, event(6, 4, "CallRequested"), None),
                (done, event(6, 3, **asked), None),
                (done, event(6, 4, **away), "sent away by no full quota at event 6"),
                (more, event(6, 4, **asked), "asked for a full yes at event 6"),
                (more, event(6, 4, again="silence", **asked), None),
                (more, event(6, 4, **away), None)):
            self.assertEqual(said(*events, last), [what] if what else [], (last.type, what))


if __name__ == "__main__":
    world.main()
