"""Numbers that an operator does not want called: at once, in all campaigns, also a number of nobody's,
while a program runs on the log and while none does."""

import collections

import world

PEOPLE = 12


class SuppressTest(world.Case):
    def setUp(self):
        super().setUp()
        self.log = self.path("L.db")
        self.file = world.write_campaign(self.folder, world.survey(), PEOPLE)

    def suppress(self, n, *more, expect=0):
        return self.campanile("suppress", world.number_of(n), *more, "--log", self.log,
                              expect=expect)

    def person(self, n):
        return world.last_json(self.campanile(
            "person", world.number_of(n), "--json", "--log", self.log).stdout)

    def called(self):
        return {event.contact() for event in world.events_of(self.log)
                if event.type == "CallRequested"}

    def test_who_is_suppressed_between_two_runs_is_called_by_none(self):
        self.campanile("run", self.file, "--log", self.log, "--limit", 2, expect=None)
        before = self.called()
        self.assertEqual(len(before), 2)
        told = self.suppress(7, "--reason", "lettera").stdout
        self.assertIn("is not called any more", told)
        self.assertIn("1 entry", told)
        self.assertIn("as before", self.suppress(7).stdout)
        self.assertIn("0 entries", self.suppress(500).stdout)
        self.suppress(8, "--until", "2099-01-01")
        self.assertTrue(self.person(7)["suppressed"])
        self.assertFalse(self.person(7)["opted_out"])
        self.assertIn("suppressed_until", self.person(8))
        self.assertFalse(self.person(9)["suppressed"])
        told = world.last_json(self.campanile("check", self.file, "--log", self.log,
                                              "--json").stdout)
        self.assertEqual(told["skipped"], {"suppressed": {"people": 2, "rows": [8, 9]}})
        self.assertIn("not called, suppressed: 2, rows 8, 9",
                      self.campanile("check", self.file, "--log", self.log).stdout)
        self.campanile("unsuppress", world.number_of(8), "--log", self.log, expect=2)
        self.campanile("unsuppress", world.number_of(8), "--reason", "errore", "--log", self.log)
        self.assertFalse(self.person(8)["suppressed"])
        self.suppress(8, "--until", "yesterday", expect=2)
        self.suppress(8, "--until", "2001-01-01", expect=None)

        self.campanile("run", self.file, "--log", self.log, expect=None)
        self.assertNotIn(("prova", 7), self.called())
        self.assertIn(("prova", 8), self.called())
        excluded = [event for event in world.events_of(self.log)
                    if event.type == "ContactExcluded" and event.contact() == ("prova", 7)]
        self.assertEqual([event.payload["gate"] for event in excluded], ["suppressed"])
        # The number itself stands nowhere: the log knows it by a keyed digest.
        for event in world.events_of(self.log):
            if event.type == "Suppressed":
                self.assertRegex(event.stream, r"^number/[0-9a-f]{16}$")
        self.assert_log_is_well(self.log)

    def test_who_is_suppressed_while_a_program_runs_is_not_called_by_it(self):
        server = self.start("serve", "--log", self.log)
        world.wait_until(lambda: "the public door listens" in server.err() + server.out() or
                         not server.running(), "the server serves")
        self.suppress(3, "--reason", "lettera")
        self.campanile("submit", self.file, "--log", self.log)
        world.wait_until(lambda: "CampaignCompleted" in self.campanile(
            "log", "--log", self.log, "--type", "CampaignCompleted").stdout, "it is over")
        server.interrupt()
        self.assertEqual(server.wait(), 0, server.err())
        self.assertNotIn(("prova", 3), self.called())
        self.assertEqual(len(self.called()), PEOPLE - 1)
        self.assert_log_is_well(self.log)


class RequiredListTest(world.Case):
    """A campaign that calls on the strength of a register's list, which must not be too old."""

    def setUp(self):
        super().setUp()
        self.log = self.path("L.db")

    def write(self, max_age, **members):
        return world.write_campaign(self.folder, world.survey(
            suppression_lists=[{"source": "rpo", "max_age": max_age}], **members), PEOPLE)

    def load(self, people, *more, source="rpo", expect=0):
        with open(self.path("list.csv"), "w", encoding="utf-8") as file:
            file.write("number\n" + "".join(
                (one if isinstance(one, str) else world.number_of(one)) + "\n" for one in people))
        return self.campanile("suppress", "--list", self.path("list.csv"), "--source", source,
                              "--log", self.log, *more, expect=expect)

    def run_it(self, file, *more, expect=None):
        return self.campanile("run", file, "--log", self.log, "--json", *more, expect=expect)

    def called(self):
        return {event.contact()[1] for event in world.events_of(self.log)
                if event.type == "CallRequested"}

    def status(self):
        return world.last_json(self.campanile("status", "--log", self.log, "--json").stdout)[
            "campaigns"][0]

    def test_nobody_is_called_before_the_list_is_there_nor_who_is_on_it(self):
        file = self.write("15d")
        told = self.run_it(file, expect=1)
        self.assertIn("warning: /suppression_lists/0: the suppression list \"rpo\" was never loaded",
                      told.stderr)
        self.assertIn("--source rpo", told.stderr)
        ended = world.last_json(told.stdout)["campaign"]
        self.assertEqual(ended["status"], "paused")
        self.assertIn("was never loaded", ended["reason"])
        self.assertEqual(ended["suppression_lists"], [{"source": "rpo"}])
        self.assertEqual(self.called(), set())
        self.assertIn("/suppression_lists/0",
                      self.campanile("check", file, "--log", self.log).stdout)
        self.assertIn("is paused: the suppression list", self.campanile(
            "explain", "--log", self.log, "--contact", "P-0005").stdout)
        told = self.load([3, 4], "--reason", "registro").stdout
        self.assertIn("2 numbers are on the suppression list rpo", told)
        self.assertIn("2 of them new, 0 taken off", told)
        self.assertNotIn("/suppression_lists/0",
                         self.campanile("check", file, "--log", self.log).stdout)
        self.assertEqual(self.status()["suppression_lists"][0]["numbers"], 2)
        self.assertIn("suppression list rpo: of", self.campanile(
            "status", "--log", self.log).stdout)
        # It goes on by itself.
        self.assertNotIn("warning", self.run_it(file).stderr)
        self.assertEqual(self.status()["status"], "completed")
        self.assertEqual(self.called(), set(range(1, PEOPLE + 1)) - {3, 4})
        self.assertIn("is on the suppression list", self.campanile(
            "explain", "--log", self.log, "--contact", "P-0003").stdout)
        # The next list replaces it.
        told = world.last_json(self.load([4, 5, 6], "--json").stdout)
        self.assertEqual((told["numbers"], told["added"], told["taken_off"], told["loaded"]),
                         (3, 2, 1, True))
        person = world.last_json(self.campanile(
            "person", world.number_of(3), "--json", "--log", self.log).stdout)
        self.assertEqual((person["suppressed"], person["suppression_lists"]), (False, []))
        person = world.last_json(self.campanile(
            "person", world.number_of(4), "--json", "--log", self.log).stdout)
        self.assertEqual((person["suppressed"], person["suppression_lists"]), (True, ["rpo"]))
        self.assert_log_is_well(self.log)

    def test_a_run_that_outlives_its_list_stops_and_goes_on_with_a_newer_one(self):
        file = self.write("1m", pacing={"calls_per_second": "0.05", "lines": 3},
                          retries={"attempts_max": 1})
        self.run_it(file, expect=1)
        loads = 0
        while self.status()["status"] == "paused":
            self.load([])
            loads += 1
            self.assertLess(loads, 40)
            self.run_it(file)
        self.assertGreater(loads, 2)
        self.assertEqual(self.called(), set(range(1, PEOPLE + 1)))
        as_of = None
        told = collections.Counter()
        for event in world.events_of(self.log):
            told[event.type] += 1
            if event.type == "SuppressionListLoaded":
                as_of = event.payload["as_of"]
            elif event.type == "CallRequested":
                self.assertLess(event.recorded_at, as_of + 60_000)
        self.assertEqual(told["CampaignPaused"], loads)
        self.assertEqual(told["CampaignResumed"], loads)
        self.assert_log_is_well(self.log)

    def test_a_program_that_serves_goes_on_by_itself(self):
        server = self.start("serve", "--log", self.log)
        world.wait_until(lambda: "the public door listens" in server.err() + server.out() or
                         not server.running(), "the server serves")
        told = self.campanile("submit", self.write("1d"), "--log", self.log)
        self.assertIn("warning: the suppression list \"rpo\" was never loaded", told.stderr)
        self.assertEqual(self.called(), set())
        self.load([3])
        world.wait_until(lambda: "CampaignCompleted" in self.campanile(
            "log", "--log", self.log, "--type", "CampaignCompleted").stdout, "it is over")
        # What is told while it runs is told to it.
        self.assertIn("0 of them new, 1 taken off", self.load([]).stdout)
        server.interrupt()
        self.assertEqual(server.wait(), 0, server.err())
        self.assertEqual(self.called(), set(range(1, PEOPLE + 1)) - {3})
        self.assert_log_is_well(self.log)

    def test_a_list_that_cannot_be_read_to_its_end_is_not_what_its_source_says(self):
        file = self.write("1d")
        self.run_it(file, expect=1)
        self.load([3, 4])
        told = self.load([5, "12"], expect=1)
        self.assertIn("row 3", told.stderr)
        self.assertIn("nothing was taken off", told.stderr)
        before = len(world.events_of(self.log))
        for more, what in (
                (("--as-of", "2099-01-01"), "still to come"),
                (("--as-of", "2026-01-02"), "newer list of this source"),
                (("--as-of", "yesterday"), "--as-of"),
                (("--until", "2099-01-01"), "--source")):
            self.assertIn(what, self.load([6], *more, expect=2).stderr)
        self.assertIn("name of a source", self.load([6], source="R P O", expect=2).stderr)
        self.campanile("suppress", world.number_of(6), "--source", "rpo", "--log", self.log,
                       expect=2)
        self.assertEqual(len(world.events_of(self.log)), before)
        told = world.last_json(self.load([5, "12"], "--skip-bad-rows", "--json").stdout)
        self.assertEqual((told["numbers"], told["taken_off"], told["loaded"], told["rejected"]),
                         (1, 2, True, 1))
        self.run_it(file)
        self.assertEqual(self.called(), set(range(1, PEOPLE + 1)) - {5})


if __name__ == "__main__":
    world.main()
