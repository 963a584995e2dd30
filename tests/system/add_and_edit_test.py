"""More people and another definition for a campaign that is in the log: while a program runs on it and
while none does."""

import datetime
import json
import os
import zoneinfo

import world

PEOPLE = 6


class AddAndEditTest(world.ServedCase):
    def setUp(self):
        super().setUp()
        self.campaign = world.survey()
        self.file = world.write_campaign(self.folder, self.campaign, PEOPLE)

    def list_of(self, rows, name="more.csv"):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write("number,id,name\n")  # in another order than the first list's
            for n in rows:
                file.write("%s,P-%04d,Persona %d\n" % (world.number_of(n), n, n))
        return self.path(name)

    def add(self, file, *more, expect=0):
        return self.campanile("add-contacts", "prova", file, "--log", self.log, *more,
                              expect=expect)

    def edit(self, *more, expect=0, **members):
        path = self.path("edited.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({**self.campaign, **members}, file)
        return self.campanile("edit", "prova", path, "--log", self.log, *more, expect=expect)

    def called(self):
        return {event.contact()[1] for event in world.events_of(self.log)
                if event.type == "CallRequested"}

    def test_people_are_added_while_it_runs_and_while_it_does_not_and_each_is_in_it_once(self):
        self.serve()
        self.campanile("submit", self.file, "--log", self.log)
        world.wait_until(lambda: self.status()["status"] == "completed", "it is over")
        # A completed campaign runs again for whoever is new.
        self.campanile("suppress", world.number_of(9), "--log", self.log)
        told = world.last_json(self.add(self.list_of([1, 2, 7, 8, 9, 8]), "--json").stdout)
        self.assertEqual((told["added"], told["known"], told["suppressed"]), (3, 3, 1))
        world.wait_until(lambda: self.status()["status"] == "completed" and
                         self.status()["contacts"] == 9, "they are called, too")
        self.assertIn("0 people were added, 6 were in it already",
                      self.add(self.list_of([1, 2, 7, 8, 9, 8])).stdout)
        self.stop()
        self.assertEqual(self.called(), {1, 2, 3, 4, 5, 6, 7, 8})  # 9 is suppressed

        # Nothing runs now.
        told = world.last_json(self.add(self.list_of([10, 11, 1]), "--json").stdout)
        self.assertEqual((told["added"], told["known"]), (2, 1))
        events = [event for event in world.events_of(self.log) if event.type == "ContactsAdded"]
        self.assertEqual([event.payload["added"] for event in events], [3, 2])
        before = len(world.events_of(self.log))
        self.add(self.list_of([10, 11, 1]))
        self.assertEqual(len(world.events_of(self.log)), before)
        # Somebody whose number changed is no new person, whoever runs.
        moved = self.path("moved.csv")
        with open(moved, "w", encoding="utf-8") as file:
            file.write("id,number,name\nP-0010,%s,Persona 10\n" % world.number_of(30))
        words = ("0 people were added, 1 was in it already\n  of these 1 has another number in the "
                 "list: the one that they were enrolled with stays\n")
        self.assertIn(words, self.add(moved).stdout)
        self.assertEqual(len(world.events_of(self.log)), before)
        self.serve()
        self.assertIn(words, self.add(moved).stdout)
        world.wait_until(lambda: self.status()["status"] == "completed", "they are called")
        self.stop()
        self.assertEqual(self.called(), {1, 2, 3, 4, 5, 6, 7, 8, 10, 11})
        self.assert_log_is_well(self.log)
        # The first list is still the campaign's own: the same command has nothing to do.
        self.campanile("run", self.file, "--log", self.log)

    def test_a_file_that_nobody_writes_is_refused_and_nobody_waits_for_it(self):
        self.serve()
        self.campanile("submit", self.file, "--log", self.log)
        pipe = self.path("pipe.csv")
        os.mkfifo(pipe)
        ask = world.Control(self.log).ask
        for target in ("/campaigns/prova/contacts", "/campaigns/prova/edit", "/campaigns"):
            answer = ask("POST", target, {"file": pipe}, timeout=20)
            self.assertIsNotNone(answer, target)
            self.assertEqual(answer[0], 409, answer)
            self.assertIn("no regular file", answer[1]["problems"][0]["what"])
        self.assertEqual(ask("GET", "/status", timeout=20)[0], 200)
        self.stop()
        self.add(pipe, expect=2)

    def test_a_bad_row_adds_nobody_unless_it_is_left_out(self):
        self.campanile("run", self.file, "--log", self.log, expect=None)
        path = self.list_of([7, 8])
        with open(path, "a", encoding="utf-8") as file:
            file.write("123,P-0009,Persona 9\n")
        for running in (False, True):
            if running:
                self.serve()
            refused = self.add(path, expect=2)
            self.assertIn("row 4", refused.stderr)
            self.assertIn("nobody was added", refused.stderr)
        told = world.last_json(self.add(path, "--skip-bad-rows", "--json").stdout)
        self.assertEqual((told["added"], told["rejected"]), (2, 1))
        self.assertEqual(told["rows"][0]["row"], 4)
        # Other columns, another campaign.
        with open(self.path("other.csv"), "w") as file:
            file.write("id,number,name,cognome\nx,%s,y,z\n" % world.number_of(20))
        self.assertIn("column cognome", self.add(self.path("other.csv"), expect=2).stderr)
        with open(self.path("other.csv"), "w") as file:
            file.write("id,number\nx,%s\n" % world.number_of(20))
        self.assertIn('no column "name"', self.add(self.path("other.csv"), expect=2).stderr)
        self.campanile("add-contacts", "nobody", path, "--log", self.log, expect=2)
        self.stop()
        self.assert_log_is_well(self.log)

    def test_a_changed_list_knows_people_by_its_own_id_too(self):
        def list_with(*rows):
            with open(self.path("people.csv"), "w", encoding="utf-8") as file:
                file.write("id,number,name\n")
                for n, number in rows:
                    file.write("P-%04d,%s,Persona %d\n" % (n, world.number_of(number), n))

        def numbers():
            return [event.contact()[1] for event in world.events_of(self.log)
                    if event.type == "ContactEnrolled"]

        self.campanile("run", self.file, "--log", self.log, expect=None)
        # Two have other numbers, one of them the second time; one is new; one is there no longer.
        list_with((1, 1), (2, 22), (3, 3), (4, 24), (5, 5), (7, 7))
        told = self.campanile("run", self.file, "--log", self.log, "--accept-change", "--json")
        words = ("2 people have another number in the list: the one that they were enrolled with "
                 "stays")
        self.assertIn("note: " + words, told.stderr)
        self.assertEqual(world.last_json(told.stdout)["campaign"]["renumbered"], 2)
        self.assertEqual(numbers(), [1, 2, 3, 4, 5, 6, 7])
        self.assertIn(words, self.campanile("status", "--log", self.log).stdout)
        self.assertNotIn("note", self.campanile("run", self.file, "--log", self.log).stderr)
        # And by a program that serves.
        list_with((1, 1), (2, 22), (3, 3), (4, 4), (5, 5), (7, 7), (8, 8))
        self.serve()
        told = self.campanile("submit", self.file, "--log", self.log, "--accept-change")
        self.assertIn("note: 1 person has another number", told.stderr)
        world.wait_until(lambda: self.status()["status"] == "completed", "they are called")
        self.assertEqual(self.status()["renumbered"], 1)
        self.stop()
        self.assertEqual(numbers(), [1, 2, 3, 4, 5, 6, 7, 8])
        # Two rows of one id are told of before anybody is called.
        list_with((1, 1), (2, 2), (1, 9))
        told = self.campanile("check", self.file).stdout
        self.assertIn('1 row has the id of another person, column "id": 4 (of row 2)', told)
        self.assert_log_is_well(self.log)

    def test_who_moves_is_called_by_the_clock_of_where_they_are(self):
        """Two at rest, one while it serves: by number, and by the list's id of them."""
        self.campaign["contacts"]["columns"]["zone"] = "zone"
        self.campaign["retries"] = {"attempts_max": 1}
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump(self.campaign, file)

        def list_with(name, *rows):
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write("id,number,name,zone\n")
                for n, number, zone in rows:
                    file.write("P-%04d,%s,Persona %d,%s\n" % (n, world.number_of(number), n, zone))
            return self.path(name)

        rome = "Europe/Rome"
        list_with("people.csv", *((n, n, rome) for n in range(1, 13)))
        self.campanile("run", self.file, "--log", self.log, "--limit", 1, expect=None)
        moved = list_with("moved.csv", (2, 2, "Asia/Kathmandu"), (3, 33, "America/New_York"),
                          (4, 4, rome), (1, 1, "Asia/Kathmandu"), (20, 20, rome))
        told = world.last_json(self.add(moved, "--json").stdout)
        self.assertEqual((told["added"], told["known"], told["moved"], told["renumbered"]),
                         (1, 4, 2, 1))
        self.assertNotIn("time zone", self.add(moved).stdout)
        # A changed list of the campaign's own says it, too.
        list_with("people.csv", (1, 1, rome), (5, 5, "Australia/Lord_Howe"), (20, 20, rome))
        self.campanile("run", self.file, "--log", self.log, "--accept-change", "--limit", 1,
                       expect=None)
        self.campanile("pause", "prova", "--log", self.log)
        self.serve()
        # Where a row does not say the zone, that of its number's country says nothing of them.
        moved = list_with("again.csv", (8, 8, "Asia/Kathmandu"), (2, 2, ""), (3, 33, ""))
        told = self.add(moved)
        self.assertIn("1 is in another time zone by the list", told.stdout)
        self.campanile("resume", "prova", "--log", self.log)
        world.wait_until(lambda: self.status()["status"] == "completed", "they are called")
        self.stop()
        zones = {n: rome for n in range(1, 14)}
        zones.update({2: "Asia/Kathmandu", 3: "America/New_York", 5: "Australia/Lord_Howe",
                      8: "Asia/Kathmandu"})
        events = world.events_of(self.log)
        self.assertEqual({event.contact()[1]: event.payload["zone"] for event in events
                          if event.type == "ContactMoved"},
                         {n: zone for n, zone in zones.items() if zone != rome})
        called = {}
        for event in events:
            if event.type == "CallRequested":
                at = datetime.datetime.fromtimestamp(event.payload["slot"] / 1000,
                                                     zoneinfo.ZoneInfo(zones[event.contact()[1]]))
                called[event.contact()[1]] = at
                self.assertTrue(9 <= at.hour < 20, (event.contact(), at))
                self.assertEqual(at.utcoffset().total_seconds(),
                                 event.payload["offset_minutes"] * 60)
        self.assertEqual(sorted(called), list(range(1, 14)))
        self.assert_log_is_well(self.log)

    def test_countries_of_the_command_line_stay_where_the_file_names_none(self):
        swiss = ["+4144668%04d" % (1800 + n) for n in range(3)]
        self.campaign["contacts"]["region"] = "IT"
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump(self.campaign, file)
        with open(self.path("people.csv"), "w", encoding="utf-8") as file:
            file.write("id,number,name\n")
            for n, number in enumerate([world.number_of(1)] + swiss):
                file.write("P-%04d,%s,Persona %d\n" % (n, number, n))
        self.campanile("run", self.file, "--log", self.log, "--countries", "IT,CH", "--limit", 1,
                       expect=1)
        for running in (False, True):
            if running:
                # Before anybody is called.
                self.campanile("pause", "prova", "--log", self.log)
                self.serve()
            words = "Arrivederci, anche dalla Svizzera." if running else "Arrivederci."
            told = self.edit(goodbye=words).stdout
            self.assertIn("/goodbye", told)
            self.assertNotIn("/countries", told)
            told = world.last_json(self.edit("--json", countries=["IT"]).stdout)
            self.assertEqual(told["other_country"], 3)
            self.assertIn("3 not any more: their numbers are of countries that are not called then",
                          self.edit(countries=["IT"]).stdout)
            self.edit("--accept-change", goodbye=words)
        self.campanile("resume", "prova", "--log", self.log)
        world.wait_until(lambda: self.status()["status"] == "completed", "it is over")
        self.stop()
        self.assertEqual(self.called(), {1, 2, 3, 4})
        self.assertEqual([e for e in world.events_of(self.log) if e.type == "ContactExcluded"], [])

    def test_a_change_is_shown_first_and_holds_when_it_is_accepted(self):
        # So many that they are not all called before the pause, however fast time jumps.
        world.write_campaign(self.folder, self.campaign, 2000)
        self.campanile("run", self.file, "--log", self.log, "--limit", 2, expect=None)
        before = len(world.events_of(self.log))
        pacing = {"calls_per_second": "1", "lines": 3}
        for running in (False, True):
            if running:
                self.serve()
                self.campanile("pause", "prova", "--log", self.log)
            told = self.edit(pacing=pacing, goodbye="Arrivederci.").stdout
            self.assertIn("/pacing/lines", told)
            self.assertIn("nothing was changed", told)
            # Answers that were given would be answers to nothing.
            refused = self.edit("--accept-change", questions=self.campaign["questions"][:1],
                                expect=2).stderr
            self.assertIn("a question that was asked stays", refused)
            self.edit("--accept-change", kind="notification", questions=[], expect=2)
            if not running:
                self.assertEqual(len(world.events_of(self.log)), before)
        told = world.last_json(self.edit("--accept-change", "--json", pacing=pacing,
                                         goodbye="Arrivederci.").stdout)
        self.assertTrue(told["accepted"])
        self.assertEqual(self.status()["lines"], 3)
        # At its rate of one a second instead of the account's: the same, for that is one too.
        self.assertEqual(told["takes_ms_after"], told["waiting"] * 1000)
        self.assertEqual(self.edit(pacing=pacing, goodbye="Arrivederci.").stdout,
                         "prova: the file says what the log holds already\n")
        self.campanile("resume", "prova", "--log", self.log)
        done = self.status()["done"]
        world.wait_until(lambda: self.status()["done"] > done + 10, "it goes on by it")
        self.stop()
        changed = [event for event in world.events_of(self.log) if event.type == "CampaignChanged"]
        self.assertEqual(len(changed), 1)
        self.assertNotIn("Persona", json.dumps(changed[0].payload))
        self.assert_log_is_well(self.log)
        self.assertTrue(os.path.exists(self.log))


if __name__ == "__main__":
    world.main()
