"""What people say of other systems that call, a test for each complaint: none of it is true here.

The numbers are those of outcomes-and-results.md, section 7. What the program says is held against
what it did not make itself: the list, the campaign file, the carrier's own record of every call.
"""

import collections
import csv
import datetime
import functools
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import zoneinfo

import world
from world import Route

MINUTE_MS = 60_000
MONDAY_MS = 1_767_603_600_000  # 5 January 2026, 10:00 in Rome

# People of whom everybody answers, listens and presses keys.
HUMANS = "human=1,no_answer=0,busy=0,machine=0,failed=0,fax=0,hang_up=0,hang_up_at_once=0"
KEYS = {"colore": {"1": "rosso", "2": "blu"}, "torna": {"1": "yes", "2": "no"},
        "voto": {key: key for key in "12345"}}
REQUIRED = set(KEYS)


# --- campaigns that came to their end

class Finished:
    """A campaign that came to its end on a carrier of its own."""

    def __init__(self, campaign, log, truth):
        self.campaign = campaign
        self.log = log
        self.truth = truth
        self.calls = {Route(call["url"]).attempt[1:]: call for call in truth["calls"]}
        assert len(self.calls) == len(truth["calls"]), "two calls for one attempt"

    @functools.cached_property
    def events(self):
        return world.events_of(self.log)

    @functools.cached_property
    def folder(self):
        return export(self.log)

    def table(self, name):
        return table_of(self.folder, name)

    @functools.cached_property
    def attempts(self):
        """The rows of attempts.csv by (contact, attempt)."""
        return {(int(row["contact"]), int(row["attempt"])): row for row in self.table("attempts")}

    def pairs(self):
        """Each attempt that was called, with the next one: (before, after), keys of `calls`."""
        return [((contact, attempt), (contact, attempt + 1)) for contact, attempt in self.calls
                if (contact, attempt + 1) in self.calls]

    def delay_ms(self, attempt):
        """How long after it the campaign file has its person called again."""
        rule = {"busy": "busy", "no-answer": "no_answer", "failed": "network_error"}.get(
            self.calls[attempt]["status"], self.attempts[attempt]["outcome"])
        return duration_ms(self.campaign["retries"][rule])


def finished(campaign, people, carrier=(), run=(), rows=None):
    """Runs a campaign to its end. The folder lives as long as the tests of this file."""
    folder = scratch()
    file = write(folder, campaign, people, rows)
    log = os.path.join(folder, "L.db")
    phones = world.Carrier(folder, *carrier)
    try:
        done = world.campanile("run", file, "--log", log, "--carrier", phones.choice,
                               "--calls-per-second", 20, "--json", *run)
        assert done.returncode == 0, done.stdout + done.stderr
        return Finished(campaign, log, phones.truth())
    finally:
        phones.kill()


def scratch():
    folder = tempfile.mkdtemp(prefix="campanile-test-")
    unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    return folder


def write(folder, campaign, people, rows=None, name="campaign.json"):
    path = world.write_campaign(folder, campaign, people, name)
    if rows is not None:
        with open(os.path.join(folder, campaign["contacts"]["file"]), "w", encoding="utf-8",
                  newline="") as file:
            csv.writer(file).writerows(rows)
    return path


def export(log, *more):
    folder = scratch()
    done = world.campanile("export", "--log", log, "--to", folder, *more)
    assert done.returncode == 0, done.stderr
    return folder


def text_of(folder, name):
    with open(os.path.join(folder, name + ".csv"), encoding="utf-8", newline="") as file:
        return file.read()


def table_of(folder, name):
    return list(csv.DictReader(io.StringIO(text_of(folder, name), newline="")))


def milliseconds_of(text):
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1000)


def local(ms, zone):
    return datetime.datetime.fromtimestamp(ms / 1000, zoneinfo.ZoneInfo(zone))


def duration_ms(text):
    units = {"d": 24 * 60 * MINUTE_MS, "h": 60 * MINUTE_MS, "m": MINUTE_MS, "s": 1000}
    return sum(int(n) * units[unit] for n, unit in re.findall(r"(\d+)([dhms])", text))


def by_person(calls):
    """Calls by who was called, each in the order of attempts."""
    people = collections.defaultdict(list)
    for (contact, _), call in sorted(calls.items()):
        people[contact].append(call)
    return people


def most_at_once(calls):
    steps = sorted([(call["accepted_at_ms"], 1) for call in calls] +
                   [(call["ended_at_ms"], -1) for call in calls])
    most = now = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most


RETRIES = {"attempts_max": 3, "busy": "15m", "no_answer": "40m", "network_error": "10m",
           "machine_no_message": "1h", "broken_off": "20m", "human_hung_up_at_once": "2h"}


@functools.cache
def ordinary():
    """People of every sort, two caller ids, and lines for all: nobody waits but for the rules."""
    campaign = world.survey(
        caller_ids=["+390220527877", "+390220527878"], retries=RETRIES,
        pacing={"calls_per_second": "5", "lines": 100},
        results={"columns": ["name"]})
    return finished(campaign, 50, ("--seed", 3, "--people",
                                   "human=500,no_answer=200,busy=150,machine=100,failed=50,"
                                   "hang_up=90,silence=80,hang_up_at_once=100"))


@functools.cache
def unanswered_orders():
    """The carrier places every call and never says so properly."""
    return finished(world.survey(retries=RETRIES), 30, (
        "--seed", 4, "--faults", "post_dropped=200,post_unanswered=200,post_failed_accepted=200,"
        "post_reset=200,post_truncated=200"))


@functools.cache
def silent_carrier():
    """Not one status callback comes."""
    return finished(world.survey(retries=RETRIES), 20, ("--seed", 5, "--faults",
                                                        "callback_lost=1000"))


@functools.cache
def refused_orders():
    """One caller id, four lines, and a carrier that has no room for every third order."""
    campaign = world.survey(
        retries={"attempts_max": 2, "no_answer": "30m", "unplaced": {"max": 50, "delay": "1m"}},
        pacing={"calls_per_second": "20", "lines": 4, "stop_at_failures": {"share": "0"}})
    return finished(campaign, 24, ("--seed", 6, "--people",
                                   HUMANS + ",human=1,no_answer=2,right_key=1,silence=0",
                                   "--faults", "post_refused=330"))


# With a half hour, and with a morning that is the night of Rome.
ZONES = ("Europe/Rome", "America/New_York", "Asia/Kolkata", "Asia/Tokyo")


@functools.cache
def many_zones():
    """Begun when it is half past midnight in Rome, and open nowhere."""
    campaign = world.survey(
        retries=dict(RETRIES, no_answer="5h", busy="5h", network_error="5h"),
        calling_hours={"windows": [{"days": ["mon-sun"], "from": "09:00", "to": "18:00"}]},
        pacing={"calls_per_second": "5", "lines": 50})
    campaign["contacts"]["columns"]["zone"] = "zone"
    rows = [["id", "number", "name", "zone"]]
    for n in range(1, 25):
        # Who has none of their own gets the list's.
        zone = ZONES[n % len(ZONES)] if n > 4 else ""
        rows.append(["P-%04d" % n, world.number_of(n), "Persona %d" % n, zone])
    return finished(campaign, 0, ("--seed", 7, "--start", "2026-01-05T23:30:00Z", "--people",
                                  "human=300,no_answer=600,busy=100,machine=0,failed=0,fax=0"),
                    rows=rows)


def zone_of(contact):
    return ZONES[contact % len(ZONES)] if contact > 4 else "Europe/Rome"


def agent_survey(**members):
    return world.survey(
        mode="agent", greeting="Buongiorno.",
        agent={"disclosure": "Le parla un'intelligenza artificiale.", "opening": "Ho tre domande.",
               "time_max": "40s", "silence_max": "10s"}, **members)


@functools.cache
def mute_people():
    """Who answers an agent and says next to nothing."""
    return finished(agent_survey(retries={"attempts_max": 1}), 4, (
        "--seed", 8, "--people", HUMANS + ",silence=1,right_key=0,speech=0,wrong_key=0,opt_out=0"))


@functools.cache
def answering_machines():
    return finished(agent_survey(retries={"attempts_max": 1}), 6, (
        "--seed", 9, "--people", "human=0,no_answer=0,busy=0,machine=1,failed=0,fax=0"))


class ComplaintsTest(world.Case):
    def serve(self, log, *more, name="serve"):
        server = self.start("serve", "--log", log, *more, name=name)
        world.wait_until(lambda: "the public door listens" in server.err() + server.out() or
                         not server.running(), "it serves")
        self.assertTrue(server.running(), server.err())
        return server

    def test_01_a_create_timed_out_and_the_call_was_placed_all_the_same(self):
        """The order got no answer, the telephone rang, and nobody knew the call's id."""
        run = unanswered_orders()
        in_doubt = {e.attempt()[1:] for e in run.events if e.type == "CallInDoubt"}
        self.assertGreater(len(in_doubt), 10)
        for attempt in in_doubt:
            call, row = run.calls[attempt], run.attempts[attempt]
            self.assertEqual((row["call_sid"], row["carrier_status"]),
                             (call["sid"], call["status"]))
        # And whoever was talked to has answered the survey, as if nothing had been.
        self.assertTrue(any(run.attempts[attempt]["outcome"] == "completed"
                            for attempt in in_doubt))

    def test_02_an_order_sent_again_placed_a_second_call_that_had_to_be_paid(self):
        """What was in doubt was ordered again, and both calls were billed."""
        run = unanswered_orders()
        self.assertEqual(run.truth["counters"]["orders_faulted"], run.truth["counters"]["orders"])
        # Each attempt was one order and is one call; no number had two calls at once.
        requested = [e.attempt()[1:] for e in run.events if e.type == "CallRequested"]
        self.assertEqual(sorted(requested), sorted(run.calls))
        self.assertEqual(run.truth["counters"]["orders"], len(run.calls))
        for calls in by_person(run.calls).values():
            self.assertEqual(len({call["to"] for call in calls}), 1)
            for one, following in zip(calls, calls[1:]):
                self.assertLessEqual(one["ended_at_ms"], following["accepted_at_ms"])
        # What is billed is what the analyst sees.
        billed = sum(call["duration_s"] for call in run.calls.values())
        self.assertGreater(billed, 0)
        self.assertEqual(sum(int(row["seconds"] or 0) for row in run.attempts.values()), billed)

    def test_03_a_call_was_in_progress_for_five_days(self):
        """The final webhook never came, and the call never ended for the program."""
        run = silent_carrier()
        self.assertEqual(run.truth["counters"]["callbacks_delivered"], 0)
        ended_at = {e.attempt()[1:]: e.recorded_at for e in run.events if e.type == "CallEnded"}
        self.assertEqual(set(ended_at), set(run.calls))
        for attempt, call in run.calls.items():
            row = run.attempts[attempt]
            self.assertEqual((row["carrier_status"], int(row["seconds"])),
                             (call["status"], call["duration_s"]))
            self.assertLessEqual(ended_at[attempt] - call["ended_at_ms"], 3 * MINUTE_MS)

        # It ends as well where the carrier, when it is asked, knows nothing of it.
        phones = world.HandCarrier(MONDAY_MS)
        self.addCleanup(phones.close)
        log = self.path("L.db")
        self.serve(log, "--carrier", phones.choice)
        file = write(self.folder, world.survey(call_time="10m", retries={"attempts_max": 1}), 1)
        self.campanile("submit", file, "--log", log)
        world.wait_for_event(log, "CallAccepted")
        call = world.HandCall(phones, 1)
        self.assertEqual(call.report("in-progress"), 204)
        self.assertEqual(call.ask(AnsweredBy="human")[0], 200)
        # Not while its telephone may be in somebody's hand, and soon after.
        over_ms = MONDAY_MS + 10 * MINUTE_MS
        ended = []
        while not ended and phones.now_ms < over_ms + 20 * MINUTE_MS:
            phones.move_clock(MINUTE_MS)
            ended = [e for e in world.events_of(log) if e.type == "CallEnded"]
        self.assertEqual(len(ended), 1)
        self.assertGreater(ended[0].recorded_at, over_ms)
        (row,) = table_of(export(log), "attempts")
        self.assertEqual(row["outcome"], "network_error")
        (person,) = table_of(export(log), "responses_wide")
        self.assertEqual(person["place"], "exhausted")

    def test_04_a_limit_of_one_retry_gave_three(self):
        """Busy, no answer and voicemail had a budget each."""
        rules = dict(RETRIES, attempts_max=2, busy="5m", no_answer="5m", network_error="5m",
                     machine_no_message="5m")
        run = finished(world.survey(retries=rules), 20, (
            "--seed", 10, "--people", "human=0,no_answer=1,busy=1,machine=1,failed=1,fax=0"))
        people = by_person(run.calls)
        self.assertEqual(len(people), 20)
        mixed = 0
        for contact, calls in people.items():
            dead = run.attempts[contact, 1]["outcome"] == "invalid_number"
            self.assertEqual(len(calls), 1 if dead else 2)
            mixed += len({call["status"] for call in calls}) == 2
        # Else each rule alone would have been enough.
        self.assertGreater(mixed, 5)

    def test_05_a_retry_came_at_another_interval_and_from_another_number(self):
        """And its second part failed: a retry was not what the first attempt had been."""
        run = ordinary()
        self.assertGreater(len(run.pairs()), 20)
        shown = set()
        for before, after in run.pairs():
            due = run.calls[before]["ended_at_ms"] + run.delay_ms(before)
            late = run.calls[after]["accepted_at_ms"] - due
            self.assertTrue(0 <= late <= 5_000, (before, late))
            self.assertEqual(run.calls[after]["from"], run.calls[before]["from"])
            shown.add(run.calls[after]["from"])
        self.assertEqual(shown, set(run.campaign["caller_ids"]))
        # Whoever is reached by a retry is asked all that is left, to the end.
        later = [attempt for attempt, row in run.attempts.items()
                 if attempt[1] > 1 and row["outcome"] == "completed"]
        self.assertGreater(len(later), 5)
        for contact, attempt in later:
            answered = {e.payload["question"] for e in run.events if e.type == "AnswerGiven"
                        and e.contact()[1] == contact and e.payload["attempt"] <= attempt}
            self.assertEqual(answered, REQUIRED)

    def test_06_a_retry_came_earlier_than_the_delay_set(self):
        """The delay was counted from somewhere before the end of the attempt."""
        for run in (ordinary(), silent_carrier(), many_zones()):
            self.assertGreater(len(run.pairs()), 5)
            for before, after in run.pairs():
                ended = run.calls[before]["ended_at_ms"]
                delay = run.delay_ms(before)
                self.assertGreaterEqual(run.calls[after]["accepted_at_ms"], ended + delay, before)
                row = run.attempts[before]
                self.assertEqual(milliseconds_of(row["retry_due_utc"]) -
                                 milliseconds_of(row["ended_at_utc"]), delay)

    def test_07_attempts_counted_that_never_rang(self):
        """Counted when they were queued: people were dropped who had not been rung once."""
        run = refused_orders()
        rows = run.table("attempts")
        refused = [row for row in rows if row["refusal_code"]]
        self.assertGreater(len(refused), 10)
        self.assertEqual({row["counts"] for row in refused}, {"0"})
        self.assertTrue(not any(row["ringing_at_utc"] or row["call_sid"] for row in refused))
        counted = {(int(row["contact"]), int(row["attempt"])) for row in rows
                   if row["counts"] == "1"}
        self.assertEqual(counted, set(run.calls))
        for row in run.table("responses_wide"):
            calls = by_person(run.calls)[int(row["contact"])]
            # Nobody is given up before their telephone has rung as often as the file says.
            answered = any(call["answered_at_ms"] for call in calls)
            self.assertEqual(len(calls) if not answered else 2, 2, row)
            self.assertEqual(int(row["attempts"]), len(calls))

    def test_08_an_attempt_vanished_from_the_file_of_interactions(self):
        """Its callback was lost, and so was the attempt."""
        run = silent_carrier()
        self.assertEqual(set(run.attempts), set(run.calls))
        self.assertEqual(run.truth["counters"]["callbacks_lost"],
                         run.truth["counters"]["callbacks_due"])
        requested = {e.attempt()[1:]: e for e in run.events if e.type == "CallRequested"}
        accepted = {e.attempt()[1:]: e for e in run.events if e.type == "CallAccepted"}
        for attempt, call in run.calls.items():
            # The intent stands in the log before the carrier has heard of it.
            self.assertLess(requested[attempt].position, accepted[attempt].position)
            self.assertLessEqual(requested[attempt].recorded_at, call["accepted_at_ms"])
        causes = {e.payload["cause"] for e in run.events if e.type == "CallEnded"}
        self.assertEqual(causes, {"looked_up"})

    def test_09_everybody_writes_a_cron_job_around_it(self):
        """There was no schedule and no policy of retries."""
        run = many_zones()
        # One process, started once, at night, that calls over days and retries by the file alone.
        self.assertEqual(sum(e.type == "RunnerStarted" for e in run.events), 1)
        days = collections.Counter(local(call["accepted_at_ms"], "Europe/Rome").date()
                                   for call in run.calls.values())
        self.assertGreaterEqual(len(days), 2)
        self.assertGreater(len(run.pairs()), 10)
        for row in run.table("responses_wide"):
            calls = by_person(run.calls)[int(row["contact"])]
            self.assertIn(row["place"], ("done", "exhausted"))
            if row["place"] == "exhausted":
                self.assertEqual(len(calls), run.campaign["retries"]["attempts_max"])

    def test_10_people_were_rung_at_night(self):
        """Schedulers made at home are easy to write so."""
        run = many_zones()
        for (contact, _), call in run.calls.items():
            at = local(call["accepted_at_ms"], zone_of(contact))
            self.assertTrue(9 <= at.hour < 18, at)
        # It was night for a start, and retries fell due in the night: they waited for the morning.
        at_night = [(before, after) for before, after in run.pairs()
                    if not 9 <= local(run.calls[before]["ended_at_ms"] + run.delay_ms(before),
                                      zone_of(before[0])).hour < 18]
        self.assertGreater(len(at_night), 3)
        for before, after in at_night:
            at = local(run.calls[after]["accepted_at_ms"], zone_of(after[0]))
            self.assertEqual((at.hour, at.minute), (9, 0))

    def test_11_staff_closed_the_campaigns_by_hand_at_nine_in_the_evening(self):
        """What was enforced was enforced in UTC."""
        run = many_zones()
        self.assertEqual([e.type for e in run.events if e.type == "CampaignPaused"], [])
        outside = [call for call in run.calls.values()
                   if not 9 <= local(call["accepted_at_ms"], "UTC").hour < 18]
        # Kept by the clock where each person is: by that of Greenwich these would be wrong.
        self.assertGreater(len(outside), 5)
        # The stated fallback, for whoever has no zone of their own.
        zones = {int(row["contact"]): row["zone"] for row in run.table("responses_wide")}
        self.assertEqual(zones, {n: zone_of(n) for n in range(1, 25)})

    def test_12_there_is_one_time_zone_for_everybody(self):
        """A zone for each contact was asked for and not made."""
        run = many_zones()
        first = {contact: calls[0]["accepted_at_ms"]
                 for contact, calls in by_person(run.calls).items()}
        opened = {}
        for contact, at_ms in first.items():
            at = local(at_ms, zone_of(contact))
            self.assertLess((at - at.replace(hour=9, minute=0, second=0, microsecond=0)),
                            datetime.timedelta(minutes=5), at)
            opened.setdefault(zone_of(contact), at_ms)
        # Four mornings, at four moments.
        self.assertEqual(len({at_ms // (10 * MINUTE_MS) for at_ms in opened.values()}), len(ZONES))
        for row in run.table("attempts"):
            offset = datetime.datetime.fromisoformat(row["requested_at_local"]).utcoffset()
            at = local(milliseconds_of(row["requested_at_utc"]), zone_of(int(row["contact"])))
            self.assertEqual(offset, at.utcoffset())

    def test_13_somebody_who_had_been_taken_off_was_called(self):
        """They were eligible when they were queued, and nobody looked again."""
        phones = world.HandCarrier(MONDAY_MS)
        self.addCleanup(phones.close)
        log = self.path("L.db")
        file = write(self.folder, world.survey(retries={"attempts_max": 3, "busy": "30m"}), 2)
        program = self.start("run", file, "--log", log, "--carrier", phones.choice)
        world.wait_for_event(log, "CallAccepted")
        phones.wait_until_quiet()
        phones.move_clock(2_000)
        world.wait_until(lambda: len(phones.orders) == 2, "both are called")
        phones.wait_until_quiet()
        for number in (1, 2):
            call = world.HandCall(phones, number)
            self.assertEqual(call.report("initiated"), 204)
            self.assertEqual(call.report("busy", SipResponseCode="486"), 204)
        phones.wait_until_quiet()
        # Both wait for their retry, planned already.
        phones.move_clock(29 * MINUTE_MS)
        self.campanile("suppress", world.number_of(1), "--log", log, "--reason", "lettera")
        phones.move_clock(2 * MINUTE_MS)
        phones.move_clock(2 * MINUTE_MS)
        # The order has left when the program is quiet; it may still have to be taken.
        world.wait_until(lambda: len(phones.orders) > 2, "the other one is called")
        self.assertEqual([order["To"] for order in phones.orders[2:]], [world.number_of(2)])
        self.assertTrue(program.running())
        told = self.campanile("explain", "--log", log, "--contact", "P-0001").stdout
        self.assertRegex(told.splitlines()[-1], r"next: nothing")
        self.assertIn("suppressed", told)

    def suppress_list(self, log, name, numbers, *more, expect=0):
        """A list of somebody's, with columns of its own, becomes a source of suppression."""
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write("date;telefono;note\n" +
                       "".join("2026-01-02;%s;x\n" % number for number in numbers))
        return self.campanile("suppress", "--list", self.path(name), "--column", "telefono",
                              "--region", "IT", "--reason", name, "--log", log, *more,
                              expect=expect)

    def test_14_one_list_of_those_who_must_not_be_called_and_another_for_those_who_say_so(self):
        """Several lists for a campaign were wanted, and one place for new opt-outs."""
        log = self.path("L.db")
        campaign = world.survey(retries={"attempts_max": 1})
        campaign["questions"][0]["ask"] += " Per non essere più chiamato prema 9."
        people = ("--people", HUMANS + ",right_key=1,speech=0,wrong_key=0,silence=0,opt_out=1000")
        file = write(self.folder, campaign, 12)
        command = ("run", file, "--log", log, "--calls-per-second", 20, "--seed", 18, *people)
        number = world.number_of
        # While a program runs on the log; the same list again says nothing new.
        server = self.serve(log, "--seed", 18, *people)
        self.suppress_list(log, "posta.csv", [number(8)])
        again = world.last_json(self.suppress_list(log, "posta.csv", [number(8)], "--json").stdout)
        self.assertEqual((again["numbers"], again["added"], again["as_before"]), (1, 0, 1))
        server.interrupt()
        self.assertEqual(server.wait(), 0, server.err())
        # And while none does, with a campaign under way.
        self.campanile(*command, "--limit", 1, expect=1)
        self.suppress_list(log, "clienti.csv", [number(2), number(3)])
        # A register's, which holds for a while and does not shorten what the other said.
        told = self.suppress_list(log, "registro.csv", [number(3)[3:], number(4)[3:]],
                                  "--until", "2026-01-05 15:00").stdout
        self.assertIn("1 number is not called any more", told)
        self.assertIn("1 was suppressed for as long already", told)
        self.suppress_list(log, "presto.csv", [number(5), number(2)], "--until", "2026-01-05 09:30")
        # A row that cannot be read is told, and the others hold.
        bad = self.suppress_list(log, "guasta.csv", [number(6), "12", number(7)], expect=1)
        self.assertIn("row 3", bad.stderr)
        self.assertNotIn(number(6)[3:], bad.stdout + bad.stderr)

        self.campanile(*command)
        self.campanile("run", write(self.folder, dict(campaign, id="altra"), 12), "--log", log,
                       "--calls-per-second", 20, "--seed", 18, *people)
        called = collections.defaultdict(set)
        for event in world.events_of(log):
            if event.type == "CallRequested":
                called[event.contact()[0]].add(event.contact()[1])
        # 2, 3, 6, 7 and 8 by lists, for good; the others have all said so in a call, which holds
        # for the next campaign as a list does.
        self.assertEqual(called, {"prova": {1, 4, 5, 9, 10, 11, 12}})
        first = {event.contact()[1]: event.recorded_at for event in world.events_of(log)
                 if event.type == "CallRequested"}
        self.assertGreaterEqual(first[4], milliseconds_of("2026-01-05T15:00:00+01:00"))
        self.assertGreaterEqual(first[5], milliseconds_of("2026-01-05T09:30:00+01:00"))
        self.assertLess(first[9], milliseconds_of("2026-01-05T09:30:00+01:00"))
        # Each source stands in the log with its name.
        self.assertEqual({event.payload["reason"] for event in world.events_of(log)
                          if event.type == "Suppressed"},
                         {"posta.csv", "clienti.csv", "registro.csv", "presto.csv", "guasta.csv"})
        self.assert_log_is_well(log)

    def test_15_a_label_of_their_own_made_the_do_not_call_miss(self):
        """The step that suppresses knew only the usual disposition of whoever asks for it."""
        campaign = world.survey(retries={"attempts_max": 2, "broken_off": "10m"})
        campaign["questions"][0]["ask"] += " Per non essere più chiamato prema 9."
        run = finished(campaign, 8, ("--seed", 11, "--people",
                                     HUMANS + ",right_key=1,speech=0,wrong_key=0,silence=0,"
                                     "opt_out=1000"))
        pressed = {call["to"] for call in run.calls.values()
                   if any(word["said"] == "9" for word in call["acknowledged"])}
        self.assertEqual(len(pressed), 8)
        # The analyst calls it something else, of another class.
        rules = self.path("rules.json")
        with open(rules, "w", encoding="utf-8") as file:
            json.dump({"title": "Altra etichetta", "outcomes": {"opted_out": "completed"}}, file)
        folder = export(run.log, "--recode", rules)
        with open(os.path.join(folder, "rates.json"), encoding="utf-8") as file:
            rates = json.load(file)
        self.assertEqual(rates["recorded"]["classes"]["I"], 0)
        self.assertEqual(rates["recoded"]["classes"]["I"], 8)
        # The opt-out is an event of its own that no label touches, and holds for other campaigns.
        out = [e for e in run.events if e.type == "OptedOut"]
        self.assertEqual(len({e.stream for e in out}), 8)
        self.assertTrue(all(e.stream.startswith("number/") for e in out))
        other = write(self.folder, world.survey(id="altra"), 9)
        self.campanile("run", other, "--log", run.log, "--calls-per-second", 20, "--seed", 11)
        called = {e.contact() for e in world.events_of(run.log)
                  if e.type == "CallRequested" and e.contact()[0] == "altra"}
        self.assertEqual(called, {("altra", 9)})

    def test_16_the_stamp_of_the_outcome_was_wrong_every_time(self):
        """How the call ended was taken for what it achieved."""
        run = ordinary()
        ended = collections.defaultdict(set)
        for attempt, row in run.attempts.items():
            self.assertEqual(row["carrier_status"], run.calls[attempt]["status"])
            ended[row["carrier_status"]].add(row["outcome"])
        # One end of the call, several things that came of it.
        self.assertGreaterEqual(len(ended["completed"]), 4, ended)
        complete = 0
        for (contact, attempt), row in run.attempts.items():
            valid = valid_answers(run, contact, attempt)
            self.assertEqual(row["outcome"] == "completed",
                             row["carrier_status"] == "completed" and valid == REQUIRED and
                             not row["answered_by"].startswith("machine"), (contact, attempt))
            complete += row["outcome"] == "completed"
        self.assertGreater(complete, 20)
        # An agent that says goodbye has not completed a survey by that.
        for row in mute_people().table("attempts"):
            self.assertEqual(row["carrier_status"], "completed")
            self.assertEqual(row["hung_up_by"], "program")
            self.assertNotEqual(row["outcome"], "completed")

    def test_17_a_third_of_those_who_answer_are_machines(self):
        """Voicemail looks like a person in signalling; assistants screen the calls of the rest."""
        run = answering_machines()
        for attempt, call in run.calls.items():
            # For the carrier it is an answered and completed call.
            self.assertTrue(call["answered_at_ms"])
            self.assertEqual(call["status"], "completed")
            self.assertEqual(run.attempts[attempt]["outcome"], "machine_no_message")
        # The agent has talked to none of them, and none counts as a person.
        self.assertEqual(run.truth["voice"]["sessions"], 0)
        self.assertEqual({row["disposition"] for row in run.table("responses_wide")},
                         {"machine_no_message"})
        # Whoever would have an agent talk to machines is told so before.
        for action, warned in (("hang_up", False), ("ignore", True)):
            file = write(self.folder, agent_survey(answering_machine={"action": action}), 1)
            warnings = json.loads(self.campanile("check", file, "--json").stdout)["warnings"]
            self.assertEqual(any("answering machines" in text for text in warnings), warned)

        screened = finished(world.survey(screening="Qui Prova, per un sondaggio.",
                                         retries={"attempts_max": 1}), 6,
                            ("--seed", 12, "--people", HUMANS + ",silence=0,screening=1000"))
        told = collections.Counter(e.attempt()[1:] for e in screened.events
                                   if e.type == "CallScreened")
        self.assertEqual(set(told), set(screened.calls))
        long = {(row["session_id"], row["question_id"]): row["response"]
                for row in screened.table("responses_long")}
        for (contact, attempt), call in screened.calls.items():
            asked = [word["said"] for word in call["acknowledged"] if "/colore/" in word["what"]]
            self.assertGreater(len(asked[0].split()), 5)  # the assistant's question
            answer = long["prova.%d.%d" % (contact, attempt), "colore"]
            self.assertEqual(KEYS["colore"].get(asked[-1], answer), answer)
            self.assertNotEqual(asked[-1], asked[0])

    def test_18_busy_and_no_answer_are_not_called_again(self):
        """And then there was an argument about which failures should be."""
        people = ("--people", "human=0,no_answer=1,busy=1,machine=0,failed=1,fax=0")
        # What the manual promises to whoever says nothing.
        usual = {"attempts_max": 3, "busy": "15m", "no_answer": "2h", "network_error": "30m"}
        campaign = world.survey(pacing={"calls_per_second": "5", "lines": 20,
                                        "stop_at_failures": {"share": "0"}})
        del campaign["retries"]
        run = finished(campaign, 12, ("--seed", 13, *people))
        run.campaign = dict(campaign, retries=usual)
        for before, after in run.pairs():
            late = (run.calls[after]["accepted_at_ms"] - run.calls[before]["ended_at_ms"] -
                    run.delay_ms(before))
            self.assertTrue(0 <= late <= 5_000, (before, late))
        for contact, calls in by_person(run.calls).items():
            last = run.attempts[contact, len(calls)]["outcome"]
            self.assertTrue(len(calls) == 3 or last == "invalid_number", (contact, last))
        followed = {run.calls[before]["status"] for before, _ in run.pairs()}
        self.assertEqual(followed, {"busy", "no-answer", "failed"})

        # And each of them otherwise, where the file says so.
        other = finished(dict(campaign, retries={"busy": "never", "no_answer": "20m"}), 12,
                         ("--seed", 13, *people))
        followed = {other.calls[before]["status"] for before, _ in other.pairs()}
        self.assertEqual(followed, {"no-answer", "failed"})
        for before, after in other.pairs():
            if other.calls[before]["status"] == "no-answer":
                late = (other.calls[after]["accepted_at_ms"] - other.calls[before]["ended_at_ms"] -
                        20 * MINUTE_MS)
                self.assertTrue(0 <= late <= 5_000, (before, late))

    def test_19_one_call_at_once_for_each_caller_id_and_a_busy_batch_failed_the_campaign(self):
        """Waiting for a line was an error."""
        run = refused_orders()
        self.assertEqual({call["from"] for call in run.calls.values()}, set(
            run.campaign["caller_ids"]))
        self.assertEqual(len(run.campaign["caller_ids"]), 1)
        self.assertEqual(most_at_once(run.calls.values()), 4)
        # Most of them waited for a line, a third was sent away by the carrier, and all were called.
        self.assertEqual(len(by_person(run.calls)), 24)
        self.assertGreater(run.truth["counters"]["orders_faulted"], 10)
        steps = [e.type for e in run.events if e.type.startswith("Campaign")]
        self.assertEqual(steps, ["CampaignSubmitted", "CampaignStarted", "CampaignCompleted"])
        self.assertLessEqual({row["place"] for row in run.table("responses_wide")},
                             {"done", "exhausted"})

    def test_20_mute_calls_never_end(self):
        """Who had put the telephone aside was listened to for ever; the agent did not hang up."""
        run = mute_people()
        limits = run.campaign["agent"]
        for attempt, call in run.calls.items():
            (stream,) = call["streams"]
            talked_ms = stream["ended_at_ms"] - stream["began_at_ms"]
            # With ten seconds for a last sentence.
            self.assertLessEqual(talked_ms, duration_ms(limits["time_max"]) + 10_000)
            self.assertEqual(run.attempts[attempt]["hung_up_by"], "program")
        self.assertIn("silence", {row["agent_ended"] for row in run.attempts.values()})

        # Nor where it is the model that falls silent.
        silent = finished(agent_survey(retries={"attempts_max": 1}), 3,
                          ("--seed", 14, "--people", HUMANS, "--faults", "voice_silent=1000"))
        for attempt, call in silent.calls.items():
            self.assertLessEqual(call["duration_s"], 60)
            self.assertNotEqual(silent.attempts[attempt]["agent_failure"], "")

        # By keys it is the same: each question is asked so often, and a call lasts so long.
        for limit, longest in (("10m", 240), ("30s", 30)):
            keyed = finished(world.survey(retries={"attempts_max": 1}, call_time=limit), 3, (
                "--seed", 15, "--people", HUMANS + ",silence=1,right_key=0,speech=0,wrong_key=0,"
                "opt_out=0"))
            for call in keyed.calls.values():
                self.assertTrue(20 < call["duration_s"] <= longest, call["duration_s"])

    def test_21_the_number_of_the_attempt_is_not_in_the_file(self):
        """Analysts chart response by retry, and check the protocol by it."""
        run = ordinary()
        rows = run.table("attempts")
        numbers = collections.defaultdict(list)
        for row in rows:
            numbers[int(row["contact"])].append(int(row["attempt"]))
        people = by_person(run.calls)
        self.assertEqual(numbers, {contact: list(range(1, len(calls) + 1))
                                   for contact, calls in people.items()})
        # The chart, from the file and from what really happened.
        chart = collections.Counter(int(row["attempt"]) for row in rows if row["answered_at_utc"])
        self.assertEqual(chart, collections.Counter(
            attempt for (_, attempt), call in run.calls.items() if call["answered_at_ms"]))
        self.assertEqual(set(chart), {1, 2, 3})
        for row in run.table("responses_wide"):
            self.assertEqual(int(row["attempts"]), len(people[int(row["contact"])]))

    def test_22_days_go_by_in_merging_how_it_was_answered_into_the_answers(self):
        """The mode of each answer stood in another file."""
        run = ordinary()
        # The last call in which each of them was asked anything.
        last = {contact: attempt for (contact, attempt), call in sorted(run.calls.items())
                if any("/survey-answer/" in word["what"] for word in call["acknowledged"])}
        kinds = {}  # how somebody really answered: (contact, question)
        attempt_of = {}
        for row in run.table("responses_long"):
            if not row["response"]:
                continue
            _, contact, attempt = row["session_id"].split(".")
            call = run.calls[int(contact), int(attempt)]
            said = [word["said"] for word in call["acknowledged"]
                    if "/%s/" % row["question_id"] in word["what"]][-1]
            kind = "key" if re.fullmatch(r"[0-9]+", said) else "speech"
            self.assertEqual(json.loads(row["response_metadata"])["source"], kind)
            if kind == "key":
                self.assertEqual(row["response"], KEYS[row["question_id"]][said])
            kinds[int(contact), row["question_id"]] = kind
            attempt_of[int(contact), row["question_id"]] = int(attempt)
        seen = collections.Counter()
        for row in run.table("responses_wide"):
            contact = int(row["contact"])
            for question in KEYS:
                kind = kinds.get((contact, question), "")
                if kind and attempt_of[contact, question] < last[contact]:
                    kind = "resumed"
                self.assertEqual(row[question + "__source"], kind, (contact, question))
                seen[kind] += 1
        self.assertEqual(set(seen), {"key", "speech", "resumed", ""})

    def test_23_in_what_zone_is_this_and_when_was_it_complete(self):
        """Analysts wanted the survey's own time, and a day by which to pay for taking part."""
        run = many_zones()
        looked_at = 0
        for name in ("responses_wide", "attempts"):
            for row in run.table(name):
                for column, text in row.items():
                    if not column.endswith("_local") or not text:
                        continue
                    ms = milliseconds_of(row[column.replace("_local", "_utc")])
                    at = local(ms, zone_of(int(row["contact"]))).replace(microsecond=0)
                    self.assertEqual(text, at.isoformat(), column)
                    looked_at += 1
        self.assertGreater(looked_at, 100)
        for row in run.table("responses_long"):
            self.assertRegex(row["timestamp"], r"[+-]\d\d:\d\d$")
        complete = 0
        for row in run.table("responses_wide"):
            if row["disposition"] != "completed":
                self.assertEqual(row["completed_at_local"] + row["completed_at_utc"], "")
                continue
            complete += 1
            ended = by_person(run.calls)[int(row["contact"])][-1]["ended_at_ms"]
            self.assertLessEqual(abs(milliseconds_of(row["completed_at_local"]) - ended), 1_000)
        self.assertGreater(complete, 3)

    CELLS = ("Forlì", "0012", "", "=1+1", "perché", "1E5", "+39 02 12", "però; \"no\"")

    def test_24_accents_break_zeros_vanish_blanks_become_zero_and_labels_get_lost(self):
        """In the spreadsheet, in SPSS, in Stata."""
        campaign = world.survey(results={"columns": [{"column": "sede", "personal": False}]},
                                retries={"attempts_max": 1})
        campaign["questions"].append(
            {"id": "canali", "type": "choice", "several": True, "required": False,
             "ask": "Quali? TV, prema 1. Radio, prema 2.", "silence_max": 0, "invalid_max": 0,
             "options": [{"code": "tv", "key": "1", "label": "Televisione"},
                         {"code": "radio", "key": "2", "label": "Radio"}]})
        rows = [["id", "number", "name", "sede"]]
        for n in range(1, 25):
            rows.append(["%05d" % n, world.number_of(n), "Persona %d" % n,
                         self.CELLS[n % len(self.CELLS)]])
        run = finished(campaign, 0, ("--seed", 16, "--people",
                                     "human=700,no_answer=300,machine=0,silence=250,hang_up=60"),
                       rows=rows)
        with open(os.path.join(run.folder, "responses_wide.csv"), "rb") as file:
            self.assertFalse(file.read().startswith(b"\xef\xbb\xbf"))
        wide = run.table("responses_wide")
        self.assertEqual([[row["contact_id"], row["sede"]] for row in wide],
                         [[row[0], row[3]] for row in rows[1:]])
        seen = collections.Counter()
        for row in wide:
            # One code in a cell, a blank where there is none, and beside it why.
            for question, codes in KEYS.items():
                answered = row[question + "__status"] == "answered"
                self.assertIn(row[question], codes.values() if answered else [""])
                seen[row[question + "__status"]] += 1
            parts = (row["canali__tv"], row["canali__radio"])
            if row["canali__status"] == "answered":
                self.assertEqual([code for code, part in zip(("tv", "radio"), parts)
                                  if part == "1"], row["canali"].split())
                self.assertLessEqual(set(parts), {"0", "1"})
                seen["several"] += 1
            else:
                self.assertEqual(parts + (row["canali"],), ("", "", ""))
                seen["blank"] += 1
        self.assertTrue({"answered", "several", "blank", "not_reached"} <= set(seen), seen)
        book = {row["variable"]: row for row in run.table("codebook")
                if row["file"] == "responses_wide.csv"}
        self.assertEqual(json.loads(book["colore"]["values"]), {"rosso": "Rosso", "blu": "Blu"})
        self.assertLessEqual(set(seen) - {"several", "blank"},
                             set(json.loads(book["voto__status"]["values"])))

        folder = export(run.log, "--profile", "excel", "--labels")
        text = text_of(folder, "responses_wide")
        self.assertTrue(text.startswith("\ufeff"))
        for cell in ('"00001"', '"0012"', '"Forlì"', '"1E5"', "\"'=1+1\""):
            self.assertIn("," + cell + ",", text)
        labelled = list(csv.DictReader(io.StringIO(text[1:], newline="")))
        self.assertEqual([row["colore"] for row in labelled], [row["colore"] for row in wide])
        for row in labelled:
            self.assertEqual(row["colore__label"], row["colore"].capitalize())
        self.assertNotIn("colore__label", wide[0])
        book = {row["variable"]: row for row in csv.DictReader(
            io.StringIO(text_of(folder, "codebook")[1:], newline=""))
            if row["file"] == "responses_wide.csv"}
        self.assertEqual((book["sede"]["escaped"], book["colore"]["escaped"]), ("1", "0"))

    def test_25_nobody_says_before_how_many_will_be_left_out_and_why(self):
        """And whoever has no zone gets the operator's."""
        campaign = world.survey(countries=["IT", "US"])
        campaign["contacts"] = {"file": "people.csv", "columns": {
            "number": "number", "id": "id", "zone": "zone"}}
        rows = [["id", "number", "name", "zone"],
                ["1", world.number_of(1), "A", ""],  # of a country with one zone
                ["2", world.number_of(1), "B", "Europe/Rome"],
                ["3", "", "C", ""],
                ["4", "telefono", "D", ""],
                ["5", "+12125550123", "E", ""],  # of a country with several
                ["6", "+12125550124", "F", "America/New_York"],
                ["7", "+12125550125", "G", "America/Nowhere"],
                ["8", "+447911123456", "H", ""]]
        file = write(self.folder, campaign, 0, rows)
        told = set()
        for zone in ("Europe/Rome", "Asia/Tokyo", "America/Los_Angeles"):
            done = subprocess.run([world.binary, "check", file, "--skip-bad-rows", "--json"],
                                  env=world.environment(TZ=zone), capture_output=True, text=True,
                                  timeout=world.PATIENCE_S)
            self.assertEqual(done.returncode, 0, done.stderr)
            told.add(done.stdout)
        self.assertEqual(len(told), 1, "it depends on where the operator is")
        report = json.loads(told.pop())
        self.assertEqual((report["rows"], report["usable"], report["refused"],
                          report["duplicates"]), (8, 3, 5, 1))
        self.assertEqual({row["row"]: row["reason"] for row in report["rejected"]},
                         {4: "empty_number", 5: "letters", 6: "no_zone", 8: "unknown_zone",
                          9: "country"})
        self.assertEqual(report["by_zone"], {"Europe/Rome": 2, "America/New_York": 1})
        # A price that is named: two people, a minute each or every attempt to its limit.
        priced = dict(campaign, budget={"limit": "100", "per_minute": "0.02", "currency": "EUR"},
                      call_time="90s", retries={"attempts_max": 3})
        report = json.loads(self.campanile("check", write(self.folder, priced, 1, rows),
                                           "--skip-bad-rows", "--json").stdout)
        self.assertEqual((report["least_cost"], report["most_cost"], report["currency"]),
                         ("0.04", "0.24", "EUR"))
        # It is what then happens.
        run = finished(campaign, 0, ("--seed", 17, "--people", HUMANS), ("--skip-bad-rows",), rows)
        self.assertEqual({call["to"] for call in run.calls.values()},
                         {world.number_of(1), "+12125550124"})
        refused = self.campanile("check", file, expect=2)
        self.assertIn("5 rows cannot be used", refused.stderr)
        # And how many of them a log has among those who must not be called.
        again = ("check", file, "--skip-bad-rows", "--log", run.log)
        self.assertIn("suppressed, not called: 0\n", self.campanile(*again).stdout)
        for number in ("+12125550124", world.number_of(77)):
            self.campanile("suppress", number, "--log", run.log)
        self.assertIn("suppressed, not called: 1\n", self.campanile(*again).stdout)
        self.assertEqual(json.loads(self.campanile(*again, "--json").stdout)["suppressed"], 1)


def valid_answers(run, contact, attempt):
    """The questions that a person had answered when that attempt ended, by the carrier's record."""
    valid = set()
    for number in range(1, attempt + 1):
        for word in run.calls.get((contact, number), {"acknowledged": []})["acknowledged"]:
            route = word["what"].startswith("http") and Route(word["what"])
            if not route or not route.question:
                continue
            said = word["said"]
            if said in KEYS[route.question] or said and not re.fullmatch(r"[0-9*#]+", said):
                valid.add(route.question)
    return valid


if __name__ == "__main__":
    world.main()
