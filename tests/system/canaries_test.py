"""Nothing that the program says to its operator names a person, quotes one or gives a secret away.

world.py looks at the output of every program that any test of this folder starts. Here: that the
look sees what it must, every command once on a log full of people, and the output of the suites of
the other folders that run the program's parts.

    canaries_test.py CAMPANILE [SUITES_PROGRAM...]
"""

import os
import re
import subprocess
import sys
import unittest

import canaries
import world

SUITES = []
TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


class CanariesTest(world.Case):
    def setUp(self):
        super().setUp()
        self.file = world.write_campaign(self.folder, world.survey(), 12)
        self.log = self.path("L.db")

    def test_they_are_heard_in_every_way_of_writing_them(self):
        number = world.number_of(7)
        for text in (number, "to=%s." % number[1:], number[3:], "0039 " + number[3:],
                     "+39 347 100 0007", "+39%s%s" % (number[3:6], number[6:]), "Persona 7",
                     "hello Persona%207!", "row P-0007", "/call-status/prova.7.1." + "ab" * 16,
                     "Costantini", "+393270000374", "3270000374", "A-02601"):
            self.assertTrue(canaries.found_in(text), text)
        for text in ("position 3471000", "a3471000007f", "1767603471000123", "person", "Persona",
                     "sha256 " + "ab" * 32, "P-1"):
            self.assertEqual(canaries.found_in(text), [], text)
        # The positive control: where personal data is asked for, it is there, and heard.
        world.campanile("run", self.file, "--log", self.log, "--calls-per-second", 5)
        told = world.campanile("export", "results", "--log", self.log).stdout
        self.assertTrue(canaries.found_in(told))
        with self.assertRaises(canaries.Sang):
            canaries.listen(("status", "--log", self.log), told)

    def test_no_command_names_anybody_unless_it_is_asked_for_that(self):
        number = world.number_of(3)
        self.campanile("check", self.file)
        self.campanile("run", self.file, "--log", self.log, "--calls-per-second", 5, "--limit", 6,
                       expect=1)
        # An open attempt: somebody is in doubt or held.
        phones = self.carrier("--seed", 1)
        for command in (("status",), ("status", "--json"), ("verify",), ("replay",),
                        ("replay", "--json"), ("log",), ("held",), ("audit",), ("doctor",),
                        ("explain", "prova", "3"),
                        ("explain", "--campaign", "prova", "--contact", "prova/3"),
                        ("explain", "--campaign", "prova", "--contact", "row:4", "--json"),
                        ("pause", "prova"), ("backup", self.path("copy"))):
            # Not every command has every shape; whatever it answers is listened to.
            self.campanile(*command, "--log", self.log, expect=None)
        # What is wrong about a person's row, number or id is told without it.
        for command in (("suppress", number), ("forget", number), ("call", number),
                        ("explain", number), ("resolve", number)):
            done = subprocess.run([world.binary, *command, "--log", self.log], text=True,
                                  capture_output=True, env=world.environment(),
                                  stdin=subprocess.DEVNULL, timeout=world.PATIENCE_S)
            told = (done.stdout + done.stderr).replace(number, "")
            self.assertEqual(canaries.found_in(told), [], command)
        del phones

    def test_no_bad_row_is_quoted(self):
        rows = ("id,number,name\nP-0001,+39347100000x,Persona 1\nP-0002,34710000,Persona 2\n"
                "P-0003,+393471000003,Persona 3,+393471000004\nP-0001,+393471000003,Persona 1\n"
                "\"P-0004,+393471000004,Persona 4\n")
        with open(self.path("people.csv"), "w") as people:
            people.write(rows)
        for command in (("check", self.file), ("run", self.file, "--log", self.log),
                        ("run", self.file, "--log", self.log, "--skip-bad-rows")):
            self.campanile(*command, expect=None)


def numbers_and_names_in(folder):
    """Numbers in the sources of the suites, which they give to the parts of the program."""
    numbers = set()
    for root, _, names in os.walk(folder):
        for name in names:
            if name.endswith((".cpp", ".hpp", ".csv", ".json")):
                with open(os.path.join(root, name), encoding="utf-8", errors="replace") as file:
                    numbers.update(re.findall(r"\+\d{9,14}\b", file.read()))
    return numbers


class SuitesTest(unittest.TestCase):
    # Organisations' own numbers, which are no person's.
    CALLER_IDS = {"+390200000000", "+390220527877"}

    def test_the_parts_of_the_program_name_nobody_in_any_suite(self):
        numbers = numbers_and_names_in(TESTS) - self.CALLER_IDS
        self.assertGreater(len(numbers), 10)
        for program in SUITES:
            # What Boost says of its checks is the suite's, not the program's.
            done = subprocess.run([program, "--log_level=nothing", "--report_level=no"],
                                  capture_output=True, timeout=540, env=dict(os.environ))
            told = (done.stdout + done.stderr).decode("utf-8", "replace")
            with self.subTest(os.path.basename(program)):
                self.assertEqual(done.returncode, 0)
                for number in numbers:
                    self.assertNotIn(number, told)
                self.assertEqual(canaries.found_in(told), [])


if __name__ == "__main__":
    SUITES = [os.path.abspath(each) for each in sys.argv[2:] if os.path.exists(each)]
    del sys.argv[2:]
    world.main()
