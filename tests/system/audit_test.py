"""The audit: the log held against the carrier's own list of calls."""

import base64
import calendar
import json
import sqlite3
import urllib.parse
import urllib.request

import world

CALLER = "+390220527877"


class AuditTest(world.Case):
    def setUp(self):
        super().setUp()
        self.log = self.path("L.db")
        self.far_end = self.carrier("--people", "human=900,busy=50,no_answer=50,machine=0,failed=0")
        file = world.write_campaign(self.folder, world.survey(), 12)
        self.campanile("run", file, "--log", self.log, "--carrier", self.far_end.choice,
                       "--calls-per-second", 5)

    def audit(self, expect, *more):
        done = self.campanile("audit", "--log", self.log, "--carrier", self.far_end.choice,
                              "--json", *more, expect=expect)
        self.assertNotIn(CALLER, done.stdout)
        return json.loads(done.stdout)

    def ask(self, far_end, query="", form=None):
        """The carrier's resource of calls, asked beside the program."""
        account = far_end.account_sid
        request = urllib.request.Request(
            "http://127.0.0.1:%d/2010-04-01/Accounts/%s/Calls.json%s" %
            (far_end.port, account, query),
            None if form is None else urllib.parse.urlencode(form).encode())
        credentials = "%s:%s" % (account, far_end.auth_token)
        request.add_header("Authorization",
                           "Basic " + base64.b64encode(credentials.encode()).decode())
        with urllib.request.urlopen(request, timeout=world.PATIENCE_S) as answer:
            return json.load(answer)

    def order(self, number):
        """A call that somebody places beside the program."""
        return self.ask(self.far_end, form={"To": number, "From": CALLER,
                                            "Twiml": "<Response><Hangup/></Response>"})["sid"]

    def list_of(self, far_end, day):
        """The calls that began on that day."""
        return {call["sid"] for call in
                self.ask(far_end, "?StartTime=%s&PageSize=1000" % day)["calls"]}

    def test_a_campaign_agrees_with_the_carrier(self):
        told = self.audit(0)
        self.assertEqual(told["differences"], [])
        self.assertGreaterEqual(told["calls"], 12)
        self.assertEqual(self.audit(0, "--day", "2026-01-04")["calls"], 0)

    def test_calls_on_both_sides_of_midnight_are_found_by_both_days(self):
        far_end = self.carrier("--start", "2026-01-05T23:59:50Z", "--people",
                               "human=900,busy=50,no_answer=50,machine=0,failed=0", name="night")
        log = self.path("N.db")
        file = world.write_campaign(self.folder, world.survey(
            calling_hours=world.ALWAYS, pacing={"calls_per_second": "5", "lines": 100}), 100)
        self.campanile("run", file, "--log", log, "--carrier", far_end.choice,
                       "--calls-per-second", 5)
        midnight = calendar.timegm((2026, 1, 6, 0, 0, 0)) * 1000
        tomorrow = self.list_of(far_end, "2026-01-06")
        asked = {event.attempt(): event.recorded_at for event in world.events_of(log)
                 if event.type == "CallRequested"}
        across = [event for event in world.events_of(log) if event.type == "CallAccepted" and
                  asked[event.attempt()] < midnight and event.payload["sid"] in tomorrow]
        self.assertTrue(across, "no call was asked for before midnight and begun after it")
        for day in ("2026-01-05", "2026-01-06"):
            done = self.campanile("audit", "--log", log, "--carrier", far_end.choice, "--json",
                                  "--day", day, expect=0)
            self.assertEqual(json.loads(done.stdout)["differences"], [])

    def test_a_call_that_the_log_does_not_know_is_named(self):
        sid = self.order(world.number_of(3))
        differences = self.audit(1)["differences"]
        self.assertEqual([(d["kind"], d["sid"]) for d in differences], [("unknown_call", sid)])

    def test_a_call_that_the_carrier_does_not_know_is_named(self):
        # Another carrier, with the same seed, that nobody has called with.
        self.far_end.kill()
        self.far_end = self.carrier(name="another")
        attempts = len([event for event in world.events_of(self.log)
                        if event.type == "CallAccepted"])
        differences = self.audit(1)["differences"]
        self.assertEqual({d["kind"] for d in differences}, {"missing_call"})
        self.assertEqual(len(differences), attempts)

    def test_whose_list_it_is(self):
        said = self.campanile("audit", "--log", self.log, expect=2)
        self.assertIn("--carrier", said.stderr)
        said = self.campanile("audit", "--log", self.log, "--carrier", self.far_end.choice,
                              "--day", "yesterday", expect=2)
        self.assertIn("--day", said.stderr)
        with sqlite3.connect("file:%s?mode=ro" % self.log, uri=True) as database:
            before = database.execute("SELECT max(position) FROM event").fetchone()
        self.audit(0)
        with sqlite3.connect("file:%s?mode=ro" % self.log, uri=True) as database:
            self.assertEqual(database.execute("SELECT max(position) FROM event").fetchone(), before)


if __name__ == "__main__":
    world.main()
