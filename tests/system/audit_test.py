"""The audit: the log held against the carrier's own list of calls."""

import base64
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

    def order(self, number):
        """A call that somebody places beside the program."""
        account = self.far_end.account_sid
        request = urllib.request.Request(
            "http://127.0.0.1:%d/2010-04-01/Accounts/%s/Calls.json" % (self.far_end.port, account),
            urllib.parse.urlencode({"To": number, "From": CALLER,
                                    "Twiml": "<Response><Hangup/></Response>"}).encode())
        credentials = "%s:%s" % (account, self.far_end.auth_token)
        request.add_header("Authorization",
                           "Basic " + base64.b64encode(credentials.encode()).decode())
        with urllib.request.urlopen(request, timeout=world.PATIENCE_S) as answer:
            return json.load(answer)["sid"]

    def test_a_campaign_agrees_with_the_carrier(self):
        told = self.audit(0)
        self.assertEqual(told["differences"], [])
        self.assertGreaterEqual(told["calls"], 12)
        self.assertEqual(self.audit(0, "--day", "2026-01-04")["calls"], 0)

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
