"""Logs of each released shape, as they were written then: they open, are well, and replay to the
state and the outcomes that they had. One that goes red says that logs of people's would be read
otherwise than they were written (tests/golden/make.py)."""

import json
import os
import shutil

import world

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")


class GoldenTest(world.Case):
    def test_every_released_shape_is_read_as_it_was_written(self):
        shapes = sorted(name for name in os.listdir(GOLDEN)
                        if os.path.isdir(os.path.join(GOLDEN, name)) and name.startswith("v"))
        self.assertTrue(shapes)
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


if __name__ == "__main__":
    world.main()
