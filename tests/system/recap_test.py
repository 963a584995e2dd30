"""The morning after: what `status --since` tells of a night, `cancel --all`, and which countries are
called."""

import os

import world

PEOPLE = 10


class RecapTest(world.Case):
    def setUp(self):
        super().setUp()
        self.log = self.path("L.db")
        self.file = world.write_campaign(self.folder, world.survey(
            budget={"limit": "100", "per_minute": "0.02", "currency": "EUR"}), PEOPLE)

    def since(self, moment, *more):
        return self.campanile("status", "--log", self.log, "--since", moment, *more).stdout

    def test_a_campaign_is_told_in_words_and_as_json(self):
        self.campanile("run", self.file, "--log", self.log, expect=None)
        told = self.since("2026-01-01")
        self.assertIn("carrier rehearsal", told)
        self.assertIn("prova, completed", told)
        self.assertIn("called: %d people in " % PEOPLE, told)
        self.assertIn("held: nobody", told)
        self.assertIn("money: ", told)
        self.assertIn("nobody is left to call", told)
        json = world.last_json(self.since("2026-01-01", "--json"))
        campaign, = json["campaigns"]
        self.assertEqual(campaign["people_called"], PEOPLE)
        self.assertEqual(campaign["calls"], sum(
            event.type in ("CallAccepted", "CallAdopted") for event in world.events_of(self.log)))
        self.assertGreater(campaign["spent_millionths"], 0)
        self.assertEqual(campaign["spent_millionths"], campaign["spent_in_all_millionths"])
        # The day after, nothing has happened.
        later = world.last_json(self.since("2026-12-25 18:00", "--json"))["campaigns"][0]
        self.assertEqual((later["people_called"], later["changes"], later["spent_millionths"]),
                         (0, [], 0))
        self.campanile("status", "--log", self.log, "--since", "gestern", expect=2)
        self.campanile("status", "--log", self.path("none.db"), "--since", "18:00", expect=3)

    def test_everything_is_cancelled_where_no_program_runs_and_where_one_does(self):
        self.campanile("run", self.file, "--log", self.log, "--limit", 2, expect=None)
        told = self.campanile("cancel", "--all", "--reason", "basta", "--log", self.log).stdout
        self.assertIn("cancelled (basta)", told)
        before = len(world.events_of(self.log))
        self.campanile("cancel", "--all", "--log", self.log)
        self.assertEqual(len(world.events_of(self.log)), before)
        self.campanile("cancel", "--log", self.log, expect=2)
        self.campanile("cancel", "prova", "--all", "--log", self.log, expect=2)

        other = self.path("other.db")
        server = self.start("serve", "--log", other, "--speed", 1)
        world.wait_until(lambda: "the public door listens" in server.err() + server.out() or
                         not server.running(), "the server serves")
        self.campanile("submit", self.file, "--log", other)
        self.campanile("cancel", "--all", "--reason", "basta", "--log", other)
        standing = world.last_json(
            self.campanile("status", "--json", "--log", other).stdout)["campaigns"][0]
        self.assertEqual(standing["status"], "cancelled")
        server.interrupt()
        self.assertEqual(server.wait(), 0, server.err())

    def test_only_the_countries_that_are_named_are_called(self):
        with open(os.path.join(self.folder, "people.csv"), "a", encoding="utf-8") as rows:
            rows.write("P-9999,+41446681800,Persona 9999\n")
        # The country of the list's region, unless others are named.
        told = self.campanile("check", self.file, expect=None)
        self.assertIn("a country that is not to be called", told.stdout + told.stderr)
        self.campanile("run", self.file, "--log", self.log, expect=2)
        self.assertFalse(os.path.exists(self.log))
        self.campanile("check", self.file, "--countries", "IT,CH")
        self.campanile("check", self.file, "--countries", "Italia", expect=2)
        self.campanile("run", self.file, "--countries", "IT,CH", "--log", self.log, expect=None)
        self.assertEqual(world.last_json(self.campanile(
            "status", "--json", "--log", self.log).stdout)["campaigns"][0]["contacts"], PEOPLE + 1)


if __name__ == "__main__":
    world.main()
