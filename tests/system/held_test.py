"""Calls of which it is not known whether they were placed: who is held, why, and what a person decides
on them, while a program runs on the log and while none does."""

import world

PEOPLE = 4
# Every order is answered 500 and not carried out: with `hold` each of them waits for a person.
LOST = ("--faults", "post_failed=1000")


class HeldTest(world.Case):
    def setUp(self):
        super().setUp()
        self.log = self.path("L.db")
        self.file = world.write_campaign(self.folder, world.survey(in_doubt="hold"), PEOPLE)

    def held(self, expect=1):
        done = self.campanile("held", "--json", "--log", self.log, expect=expect)
        return world.last_json(done.stdout)["held"]

    def resolve(self, attempt, decision, expect=0, reason="visto sulla console"):
        return self.campanile("resolve", attempt, decision, "--reason", reason, "--log", self.log,
                              expect=expect)

    def types(self):
        return [event.type for event in world.events_of(self.log)]

    def test_who_is_held_is_told_and_settled_where_no_program_runs(self):
        self.campanile("run", self.file, "--log", self.log, *LOST, expect=1)
        held = self.held()
        self.assertEqual([call["attempt"] for call in held],
                         ["prova.%d.1" % n for n in range(1, PEOPLE + 1)])
        for call in held:
            self.assertGreaterEqual(call["lookups"], 2)
            self.assertEqual(call["listed"], 0)
            self.assertGreater(call["held_since"], call["requested_at"])
            self.assertTrue(call["doubt"] and call["reason"])
            self.assertNotIn("number", call)
        told = self.campanile("held", "--log", self.log, expect=1).stdout
        self.assertIn("campanile resolve prova.1.1 --not-placed", told)
        personal = self.campanile("held", "--personal", "--log", self.log, expect=1).stdout
        self.assertIn(world.number_of(1), personal)
        self.assertIn("P-0001", personal)

        self.assertIn("counts", self.resolve("prova.1.1", "--placed").stdout)
        # The campaign was complete: for a call that was never made, or is made again, it runs once more.
        self.assertIn("running", self.resolve("prova.2.1", "--not-placed").stdout)
        self.assertEqual([call["attempt"] for call in self.held()], ["prova.3.1", "prova.4.1"])
        before = len(self.types())
        # Twice the same is once, and another decision is refused.
        self.assertIn("before", self.resolve("prova.1.1", "--placed").stdout)
        self.assertIn("settled as placed", self.resolve("prova.1.1", "--redial", expect=2).stderr)
        self.assertEqual(len(self.types()), before)

        self.resolve("prova.3.1", "--redial")
        self.resolve("prova.4.1", "--redial")
        self.assertEqual(self.held(expect=0), [])
        self.assertIn("nobody is held", self.campanile("held", "--log", self.log).stdout)
        self.campanile("run", self.file, "--log", self.log, expect=0)
        types = self.types()
        self.assertEqual(types.count("CallResolved"), 4)
        self.assertEqual(types.count("CampaignReopened"), 1)
        again = {event.attempt()[:2] for event in world.events_of(self.log)
                 if event.type == "CallRequested" and event.attempt()[2] == 2}
        self.assertEqual(again, {("prova", 2), ("prova", 3), ("prova", 4)})
        self.assert_log_is_well(self.log)
        self.assertIn("a person wants it made again: visto sulla console", self.campanile(
            "explain", "--log", self.log, "--contact", "prova/3").stdout)

    def test_who_is_held_is_settled_through_the_program_that_runs(self):
        server = self.start("serve", "--log", self.log, *LOST)
        world.wait_until(lambda: "the public door listens" in server.err() + server.out() or
                         not server.running(), "the server serves")
        self.campanile("submit", self.file, "--log", self.log)
        world.wait_until(lambda: len(self.held(expect=None)) == PEOPLE, "all are held")
        self.resolve("prova.1.1", "--placed")
        self.resolve("prova.2.1", "--not-placed")
        # Whoever was never called is called, and that call is lost as the first one was.
        world.wait_until(lambda: [call["attempt"] for call in self.held()] ==
                         ["prova.2.2", "prova.3.1", "prova.4.1"], "the next call is held")
        self.assertIn("before", self.resolve("prova.2.1", "--not-placed").stdout)
        self.assertIn("settled", self.resolve("prova.2.1", "--placed", expect=2).stderr)
        # A call that is made again is lost again, and held again.
        self.resolve("prova.3.1", "--redial")
        world.wait_until(lambda: "prova.3.2" in [call["attempt"] for call in self.held()],
                         "the second call is held")
        self.assertTrue(server.running())
        server.interrupt()
        self.assertEqual(server.wait(), 0, server.err())
        self.assertEqual(self.types().count("CallResolved"), 3)
        self.assert_log_is_well(self.log)

    def test_what_cannot_be_settled_is_refused_with_what_to_do(self):
        self.campanile("run", self.file, "--log", self.log, expect=None)
        self.assertEqual(self.held(expect=0), [])
        self.assertIn("it came out as", self.resolve("prova.1.1", "--placed", expect=2).stderr)
        self.assertIn("no such attempt", self.resolve("prova.99.1", "--placed", expect=2).stderr)
        self.assertIn("no campaign", self.resolve("altra.1.1", "--placed", expect=2).stderr)
        self.assertIn("campanile held", self.resolve("prova.1", "--placed", expect=2).stderr)
        self.campanile("resolve", "prova.1.1", "--reason", "x", "--log", self.log, expect=2)
        self.campanile("resolve", "prova.1.1", "--placed", "--redial", "--reason", "x", "--log",
                       self.log, expect=2)
        self.campanile("resolve", "prova.1.1", "--placed", "--log", self.log, expect=2)
        self.campanile("held", "--log", self.path("none.db"), expect=3)


if __name__ == "__main__":
    world.main()
