"""Logs of each released shape, as they were written then: they open, are well, and replay to the
state and the outcomes that they had. One that goes red says that logs of people's would be read
otherwise than they were written (tests/golden/make.py)."""

import collections
import csv
import json
import os
import shutil

import world

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")


class GoldenTest(world.Case):
    def test_every_released_shape_is_read_as_it_was_written(self):
        shapes = sorted(name for name in os.listdir(GOLDEN)
                        if os.path.isdir(os.path.join(GOLDEN, name)) and name.startswith("v"))
        self.assertEqual(shapes, ["v1", "v2"])
        for shape in shapes:
            with self.subTest(shape=shape):
                folder = self.path(shape)
                shutil.copytree(os.path.join(GOLDEN, shape), folder)
                for name in os.listdir(folder):
                    os.chmod(os.path.join(folder, name), 0o600)  # a repository keeps no such modes
                with open(os.path.join(folder, "replay.json"), encoding="utf-8") as file:
                    then = json.load(file)
                log = os.path.join(folder, "L.db")
                self.assertEqual(self.assert_log_is_well(log), then["replay"])
                until = self.campanile("replay", "--log", log, "--json", "--until",
                                       then["replay_until"]["position"])
                self.assertEqual(world.last_json(until.stdout), then["replay_until"])
                self.assertEqual(sorted({event.type for event in world.events_of(log)}),
                                 then["types"])

    def test_what_was_said_is_read_and_who_was_forgotten_stays_so(self):
        folder = self.path("v2")
        shutil.copytree(os.path.join(GOLDEN, "v2"), folder)
        for name in os.listdir(folder):
            os.chmod(os.path.join(folder, name), 0o600)
        log = os.path.join(folder, "L.db")
        talks = [event for event in world.events_of(log) if event.contact() and
                 event.contact()[0] == "arthur"]
        forgotten = {event.contact()[1] for event in talks if event.type == "ContactForgotten"}
        said = {event.contact()[1] for event in talks if event.type in ("AgentSaid", "CalleeSaid")}
        # Or this would show nothing.
        self.assertTrue(forgotten & said and said - forgotten)
        self.campanile("export", "--log", log, "--campaign", "arthur", "--transcripts",
                       self.path("said.csv"))
        words = collections.defaultdict(str)
        with open(self.path("said.csv"), encoding="utf-8", newline="") as text:
            for line in csv.DictReader(text):
                words[int(line["contact"])] += line["words"]
        for contact in said:
            self.assertEqual(bool(words[contact]), contact not in forgotten, contact)


if __name__ == "__main__":
    world.main()
