"""Numbers that an operator does not want called: at once, in all campaigns, also a number of nobody's,
while a program runs on the log and while none does."""

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


if __name__ == "__main__":
    world.main()
