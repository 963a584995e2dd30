"""The disk that the log lies on fills up: while a campaign runs, before it starts, and while its log
is being made. Every test has a file system of 4 MiB of its own, in a mount namespace of its own.

The carrier, in a process of its own whose files lie elsewhere, keeps the truth.
"""

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import kill_test
import world

PAGE = 4096
INSIDE = "CAMPANILE_TEST_HAS_MOUNTS_OF_ITS_OWN"


def go_into_a_namespace_of_ours():
    """Starts this test again where it may mount something that nobody else sees."""
    if INSIDE in os.environ:
        return True
    for way in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
        try:
            probe = subprocess.run([*way, "sh", "-c", "mount -t tmpfs -o size=1m none /mnt"],
                                   capture_output=True)
        except FileNotFoundError:
            return False
        if probe.returncode == 0:
            os.environ[INSIDE] = "yes"
            os.execvp(way[0], [*way, sys.executable, "-B", *sys.argv])
    return False


class FullDiskTest(world.Case):
    def setUp(self):
        super().setUp()
        self.disk = self.path("disk")
        os.mkdir(self.disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", self.disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.disk], check=True)
        self.log = os.path.join(self.disk, "L.db")
        self.filler = os.path.join(self.disk, "filler")

    def fill(self, leave_pages=0):
        """Takes all space but so many pages."""
        with open(self.filler, "ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(PAGE))
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOSPC)
            file.truncate(max(0, file.tell() // PAGE - leave_pages) * PAGE)

    def take_all_space(self):
        """Until the program cannot write either; the position where it stands then."""
        still_since, position = time.monotonic(), 0
        while time.monotonic() < still_since + 1.5:
            self.fill()
            now_at = self.status()["position"]
            if now_at != position:
                still_since, position = time.monotonic(), now_at
            time.sleep(0.05)
        return position

    def give_space_back(self):
        os.remove(self.filler)

    def log_files(self):
        return sorted(name for name in os.listdir(self.disk) if name != "filler")

    def status(self):
        answer = world.Control(self.log).ask("GET", "/status", timeout=20)
        return answer and answer[1]

    def start_campaign(self, people, *more, name="program"):
        file = world.write_campaign(self.folder, world.survey(
            id="kill", pacing={"calls_per_second": "20", "lines": 20}), people)
        return self.start("run", file, "--log", self.log, "--carrier", self.phones.choice,
                          "--calls-per-second", 20, "--json", *more, name=name)

    def compare(self):
        """The carrier's truth with the log as it lies there; how much was acknowledged."""
        # First the truth: what the log says may grow meanwhile.
        truth = self.phones.truth()
        world.chain_of(self.log)
        log = kill_test.Log(self.log)
        known, lost = kill_test.acknowledged_and_lost(log, truth)
        self.assertEqual(lost, [])
        for attempt, sids in kill_test.calls_by_attempt(truth).items():
            self.assertTrue(log.has(attempt, "CallRequested"), "a call without an intent")
            self.assertEqual(len(sids), 1, "called twice for one attempt")
        return known

    def test_a_disk_that_fills_up_again_and_again_stops_dialling_and_loses_nothing(self):
        self.phones = self.carrier()
        program = self.start_campaign(400)
        position = 0
        for round_ in range(5):
            world.wait_until(lambda: (self.status() or {"position": 0})["position"] >
                             position + 500 or not program.running(), "the campaign goes on")
            self.assertTrue(program.running(), program.err())
            self.fill()
            status = world.wait_until(lambda: (lambda s: s and s["disk_full"] and s)(self.status()),
                                      "the program sees that the disk is full")
            self.assertTrue(status["running"])
            # What it has given up of its own goes to others: nothing can be written any more.
            position = self.take_all_space()
            calls = len(self.phones.truth()["calls"])
            self.compare()
            self.assertEqual(len(world.events_of(self.log)), position)
            self.assertIn("disk is full", self.campanile("status", "--log", self.log).stdout)
            # What an operator orders cannot be noted: nobody says that it was.
            if round_ == 2:
                answer = world.Control(self.log).ask("POST", "/campaigns/kill/pause", {}, timeout=3)
                self.assertTrue(answer is None or answer[0] == 503, answer)
            status = self.status()
            self.assertTrue(status["disk_full"])
            self.assertEqual(status["position"], position)
            self.assertEqual(len(self.phones.truth()["calls"]), calls)
            self.give_space_back()
            world.wait_until(lambda: not self.status()["disk_full"], "it sees that there is space")
            if round_ == 2:
                # Whether the order that was given up came through is not known, and does no harm.
                world.Control(self.log).ask("POST", "/campaigns/kill/resume", {})
        self.assertEqual(program.wait(60), 0, program.err())
        self.assertGreater(self.compare(), 1000)
        told = world.last_json(program.out())
        self.assertEqual(told["campaign"]["status"], "completed")
        self.assertEqual(told["campaign"]["done"] + told["campaign"]["exhausted"] +
                         told["campaign"]["excluded"], 400)
        self.assertEqual(self.assert_log_is_well(self.log)["state_digest"], told["state_digest"])
        types = [event.type for event in world.events_of(self.log)]
        self.assertEqual(types.count("RunnerStarted"), 1)
        self.assertEqual(types.count("CallInDoubt"), 0)
        self.assertNotIn("disk is full", self.campanile("status", "--log", self.log).stdout)

    def test_killed_on_a_full_disk_it_goes_on_where_it_was(self):
        self.phones = self.carrier()
        program = self.start_campaign(150)
        world.wait_until(lambda: (self.status() or {"position": 0})["position"] > 800, "it runs")
        self.fill()
        world.wait_until(lambda: self.status()["disk_full"], "the disk is full")
        program.kill()
        self.compare()
        before = world.chain_of(self.log)
        self.give_space_back()
        again = self.start_campaign(150, name="again")
        self.assertEqual(again.wait(), 0, again.err())
        self.assertEqual(world.chain_of(self.log)[:len(before)], before)
        self.compare()
        self.assert_log_is_well(self.log)

    def end(self, program):
        """Asks it to stop, once more where calls are up; it is to say that it did not write all."""
        program.process.send_signal(signal.SIGTERM)
        time.sleep(2)
        asked_again = program.running()
        if asked_again:
            program.process.send_signal(signal.SIGTERM)
        self.assertEqual(program.wait(20 * world.PACE), 3, program.err())
        self.assertIn("disk is full: stopped all the same", program.err())
        return asked_again

    def test_on_a_full_disk_it_ends_when_it_is_told_to(self):
        self.phones = self.carrier()
        program = self.start_campaign(300)
        world.wait_until(lambda: (self.status() or {"position": 0})["position"] > 500, "it runs")
        self.fill()
        world.wait_until(lambda: self.status()["disk_full"], "the disk is full")
        self.take_all_space()
        self.end(program)
        # Not a word of what was not written.
        self.assertNotIn("interrupted", program.out())
        self.compare()
        before = world.chain_of(self.log)
        self.give_space_back()
        again = self.start_campaign(300, name="again")
        self.assertEqual(again.wait(), 0, again.err())
        self.assertEqual(world.chain_of(self.log)[:len(before)], before)
        self.compare()
        self.assert_log_is_well(self.log)

    def test_on_a_full_disk_it_ends_at_once_where_no_call_is_up(self):
        self.phones = self.carrier()
        program = self.start("serve", "--log", self.log, "--carrier", self.phones.choice)
        world.wait_until(self.status, "it serves")
        numbers = iter(range(1, 10_000))

        def suppress():
            return world.Control(self.log).ask("POST", "/numbers/%016x/suppress" % next(numbers),
                                               {"reason": "lettera"}, timeout=3)
        # What it gives up of its own is taken as well.
        world.wait_until(lambda: self.fill() or suppress() is None, "nothing can be written")
        self.assertFalse(self.end(program))
        self.give_space_back()
        self.assert_log_is_well(self.log)

    def test_it_ends_where_all_is_written_but_that_it_ends(self):
        """The reserve was enough for the last words, and somebody else has taken what was left."""
        self.phones = self.carrier()
        program = self.start("serve", "--log", self.log, "--carrier", self.phones.choice)
        world.wait_until(self.status, "it serves")
        numbers = iter(range(1, 10_000))

        def suppress(number, seconds=3):
            return world.Control(self.log).ask("POST", "/numbers/%016x/suppress" % number,
                                               {"reason": "lettera"}, timeout=seconds)
        last = 0

        def is_stuck():
            nonlocal last
            self.fill()
            last = next(numbers)
            return suppress(last) is None
        world.wait_until(is_stuck, "nothing can be written")
        # Page by page, until that one is written; whoever says it again hears when.
        while suppress(last, 2) is None:
            os.truncate(self.filler, os.path.getsize(self.filler) - PAGE)
        self.fill()
        self.assertTrue(self.status()["disk_full"])
        program.process.send_signal(signal.SIGTERM)
        # Nor is what it gives up of its own left to it.
        world.wait_until(lambda: self.fill() or not program.running(), "it ends")
        self.assertEqual(program.wait(), 3, program.err())
        self.assertIn("disk is full: stopped all the same", program.err())
        chain = world.chain_of(self.log)
        self.give_space_back()
        self.serve_once_more()
        self.assertEqual(world.chain_of(self.log)[:len(chain)], chain)
        types = [event.type for event in world.events_of(self.log)]
        self.assertEqual(types.count("RunnerStarted"), 2)
        self.assertEqual(types.count("Suppressed"), last)
        self.assert_log_is_well(self.log)

    def serve_once_more(self):
        again = self.start("serve", "--log", self.log, "--carrier", self.phones.choice, name="again")
        world.wait_until(self.status, "it serves again")
        again.interrupt()
        self.assertEqual(again.wait(), 0, again.err())

    def test_an_order_where_nothing_runs_is_not_waited_for_without_end(self):
        file = world.write_campaign(self.folder, world.survey(id="kill"), 3)
        self.campanile("run", file, "--log", self.log)
        listed = self.path("listed.csv")
        with open(listed, "w") as numbers:
            numbers.write("number\n")
            for n in range(2000):
                numbers.write(world.number_of(n) + "\n")
        before = world.chain_of(self.log)
        order = ("suppress", "--list", listed, "--log", self.log)
        # Enough to begin, and not for all of it.
        self.fill(leave_pages=64)
        done = self.campanile(*order, expect=3, timeout=60)
        self.assertIn("the disk is full", done.stderr)
        self.assertEqual(world.chain_of(self.log)[:len(before)], before)
        self.give_space_back()
        self.campanile(*order)
        types = [event.type for event in world.events_of(self.log)]
        self.assertEqual(types.count("Suppressed"), 2000)
        self.assert_log_is_well(self.log)

    def assert_refused_or_goes_on(self, program, people, before):
        """A start with little space either says why not and leaves everything as it was, or waits
        for space as a program does that runs. True: refused."""
        world.wait_until(lambda: not program.running() or self.status(), "it starts or refuses")
        if program.running() or program.process.returncode == 0:
            self.give_space_back()
            self.assertEqual(program.wait(), 0, program.err())
            return False
        self.assertEqual(program.process.returncode, 3, program.out() + program.err())
        self.assertRegex(program.err(), r"(?i)no space|disk.*full|full.*disk")
        self.assertIn("L.db", program.err())
        if not before and "L.db" in self.log_files():
            # It was made whole, and only then there was too little to run it.
            self.give_space_back()
            again = self.start_campaign(people, name="again%d" % time.monotonic_ns())
            self.assertEqual(again.wait(), 0, again.err())
            return True
        self.assertEqual(self.log_files(), sorted(before))
        self.give_space_back()
        return True

    def test_a_log_that_there_is_no_space_for_is_not_made_by_half(self):
        self.phones = self.carrier()
        refused = 0
        for pages in [*range(0, 40, 2), *range(40, 200, 20)]:
            self.fill(leave_pages=pages)
            with self.subTest(pages=pages):
                program = self.start_campaign(2, name="with%d" % pages)
                refused += self.assert_refused_or_goes_on(program, 2, [])
                if self.log_files():
                    self.assert_log_is_well(self.log)
            program.kill()
            for name in self.log_files():
                os.remove(os.path.join(self.disk, name))
            if os.path.exists(self.filler):
                self.give_space_back()
        self.assertGreater(refused, 3)

    def test_a_log_on_a_full_disk_is_left_as_it_is_until_there_is_space(self):
        self.phones = self.carrier()
        program = self.start_campaign(30)
        world.wait_until(lambda: (self.status() or {"position": 0})["position"] > 150, "it runs")
        program.kill()
        kept = self.path("kept")
        shutil.copytree(self.disk, kept, ignore=lambda _, names: [n for n in names
                                                                  if n.endswith(".sock")])
        before = world.chain_of(self.log)
        for pages in (0, 1, 2, 4, 8, 9, 10, 12, 16, 20, 30):
            # Written anew into the same files: others would be a copy of the log.
            for name in set(self.log_files()) - set(os.listdir(kept)):
                os.remove(os.path.join(self.disk, name))
            for name in os.listdir(kept):
                shutil.copyfile(os.path.join(kept, name), os.path.join(self.disk, name))
            self.fill(leave_pages=pages)
            files = self.log_files()
            with self.subTest(pages=pages):
                program = self.start_campaign(30, "--limit", 1, name="with%d" % pages)
                world.wait_until(lambda: not program.running() or self.status(), "it starts")
                if program.running() or program.process.returncode == 1:
                    # It waits for space, or there was enough for one person.
                    self.give_space_back()
                    program.wait()
                else:
                    self.assertEqual(program.process.returncode, 3, program.err())
                    self.assertRegex(program.err(), r"(?i)no space|disk.*full|full.*disk")
                    left = set(self.log_files()) - set(files)
                    self.assertFalse(left - {"L.db-shm", "L.db-wal"}, left)
                    self.assertEqual(len(world.chain_of(self.log)), len(before))
                self.assertEqual(world.chain_of(self.log)[:len(before)], before)
            program.kill()
            if os.path.exists(self.filler):
                self.give_space_back()
        program = self.start_campaign(30, name="at-last")
        # The carrier remembers calls that the log does not, which was put back: on a slow machine
        # one may stay for a person to decide on.
        self.assertIn(program.wait(), (0, 1), program.err())
        self.assertEqual(world.last_json(program.out())["campaign"]["status"], "completed")
        self.assert_log_is_well(self.log)


if __name__ == "__main__":
    if not go_into_a_namespace_of_ours():
        print("SKIPPED: this machine does not let a test mount a file system of its own "
              "(unshare --mount, also with --user)")
        sys.exit(77)
    world.main()
