"""A second program on a log that somebody runs already: started at random moments, also while the
first one is just starting or stands still, by every way that leads to the file. It ends within a
second with 3, says who holds the log, and rings nobody.

    second_runner_test.py CAMPANILE [--starts N] [--seed S]

Each of the two has a carrier of its own, so that it is known who was rung by whom. A copy is another
file: nobody holds it, and it is refused because its witness saw another one.
"""

import argparse
import collections
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import world

WAYS = ("path", "relative path", "hard link", "symbolic link", "link to the folder",
        "bind mount", "copy")
MOMENTS = ("while it runs", "while it starts", "while it stands still", "while it recovers")

# The second one reads a small log, and the machine may be busy with other tests.
SECONDS_MAX = world.PACE
SLOW_MAX = 0.05


class Races:
    def __init__(self, folder, starts, seed):
        self.folder, self.starts = folder, starts
        self.dice = random.Random(seed)
        self.problems = []
        self.seconds = []
        self.seen = collections.Counter()
        self.here = os.path.join(folder, "here")
        os.mkdir(self.here)
        self.log = os.path.join(self.here, "L.db")
        self.file = world.write_campaign(folder, world.survey(id="first"), 3000)
        self.first_phones = world.Carrier(folder, name="first-carrier")
        self.second_phones = world.Carrier(folder, name="second-carrier")
        self.first = None
        self.number = 0

    def problem(self, text):
        self.problems.append(text)
        print("PROBLEM: " + text, flush=True)

    def start_first(self):
        self.number += 1
        self.first = world.Program(self.folder, "run", self.file, "--log", self.log, "--carrier",
                                   self.first_phones.choice, "--calls-per-second", 5, "--json",
                                   name="first%d" % self.number)

    def wait_until_it_runs(self):
        control = world.Control(self.log)
        world.wait_until(lambda: control.ask("GET", "/status") or not self.first.running(),
                         "the first one runs")

    def first_has_the_lock(self):
        try:
            with open(self.log + ".lock") as file:
                return "pid %d\n" % self.first.process.pid in file.read()
        except FileNotFoundError:
            return not self.first.running()

    def way_to_the_log(self, way, folder):
        """(path, working directory) of the log, for the second one."""
        if way == "path":
            return self.log, None
        if way == "relative path":
            return os.path.relpath(self.log, folder), folder
        path = os.path.join(folder, "other.db")
        if way == "hard link":
            os.link(self.log, path)
        elif way == "symbolic link":
            os.symlink(self.log, path)
        elif way == "link to the folder":
            os.symlink(self.here, os.path.join(folder, "there"))
            path = os.path.join(folder, "there", "L.db")
        elif way == "bind mount":
            there = os.path.join(folder, "there")
            os.mkdir(there)
            if subprocess.run(["mount", "--bind", self.here, there],
                              capture_output=True).returncode != 0:
                return None, None
            path = os.path.join(there, "L.db")
        else:
            # All files of the set, while nobody writes them.
            still = self.first.running()
            if still:
                self.first.process.send_signal(signal.SIGSTOP)
            for name in os.listdir(self.here):
                if name.startswith("L.db") and not name.endswith((".sock", ".lock", "-shm")):
                    shutil.copy2(os.path.join(self.here, name), folder)
            if still:
                self.first.process.send_signal(signal.SIGCONT)
            path = os.path.join(folder, "L.db")
        return path, None

    def race(self, way, moment):
        if self.first and not self.first.running():
            if self.first.process.returncode != 0:
                self.problem("the first one ended with %d: %s" %
                             (self.first.process.returncode, self.first.err()[-500:]))
            # The campaign is over: another log, and the two carriers go on.
            self.finish()
            self.first = None
            for name in os.listdir(self.here):
                os.remove(os.path.join(self.here, name))
        if moment == "while it recovers" and self.first:
            self.first.kill()
            self.first = None
        if not self.first:
            self.start_first()
            if moment not in ("while it starts", "while it recovers"):
                self.wait_until_it_runs()
            else:
                world.wait_until(self.first_has_the_lock, "the first one has the log")
        elif moment == "while it starts":
            moment = "while it runs"
        time.sleep(self.dice.random() * 0.3)
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            path, where = self.way_to_the_log(way, folder)
            if path is None:
                self.seen["bind mount not permitted"] += 1
                return
            if moment == "while it stands still":
                self.first.process.send_signal(signal.SIGSTOP)
            try:
                self.second(way, moment, path, where)
            finally:
                if moment == "while it stands still":
                    self.first.process.send_signal(signal.SIGCONT)
                if way == "bind mount":
                    subprocess.run(["umount", "--lazy", os.path.dirname(path)], check=True)

    def second(self, way, moment, path, where):
        command = self.dice.choice((("serve",), ("run", self.file)))
        before = len(self.second_phones.truth()["calls"])
        program = world.Program(self.folder, *command, "--log", path, "--carrier",
                                self.second_phones.choice, "--json", name="second", cwd=where)
        began = time.monotonic()
        try:
            code = program.wait(20)
        except subprocess.TimeoutExpired:
            program.kill()
            self.problem("the second one runs: by %s, %s" % (way, moment))
            return
        took = time.monotonic() - began
        if not self.first.running() and self.first.process.returncode == 3:
            # It came later to the lock: then it is the second one.
            self.problem("the second one was quicker: by %s, %s" % (way, moment))
            return
        self.seconds.append(took)
        self.seen[way] += 1
        self.seen[moment] += 1
        told = program.err()
        if code != 3:
            self.problem("exit code %d: by %s, %s, `%s`: %s" %
                         (code, way, moment, command[0], told[-300:]))
        if way == "copy":
            if "--accept-head" not in told:
                self.problem("a copy is refused without the choice: " + told[-300:])
        elif "is held by" not in told and not (way == "hard link" and "second name" in told):
            self.problem("it does not say why: by %s, %s: %s" %
                         (way, moment, told[-300:]))
        rung = len(self.second_phones.truth()["calls"]) - before
        if rung:
            self.problem("the second one rang %d people: by %s, %s" % (rung, way, moment))

    def finish(self):
        done = world.campanile("verify", "--log", self.log)
        if done.returncode != 0:
            self.problem("verify: " + done.stdout + done.stderr)
        world.chain_of(self.log)

    def run(self):
        for number in range(self.starts):
            way = WAYS[number % len(WAYS)]
            moment = self.dice.choice(MOMENTS)
            self.race(way, moment)
            if self.problems:
                break
        self.first.kill()
        if not self.problems:
            self.finish()

    def close(self):
        for each in (self.first, self.first_phones, self.second_phones):
            if each:
                each.kill()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("campanile")
    arguments.add_argument("--starts", type=int, default=28)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    world.binary = os.path.abspath(options.campanile)
    # Bind mounts that nobody else sees, where that is permitted.
    if "CAMPANILE_TEST_HAS_MOUNTS_OF_ITS_OWN" not in os.environ:
        os.environ["CAMPANILE_TEST_HAS_MOUNTS_OF_ITS_OWN"] = "yes"
        for way in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
            if shutil.which(way[0]) and subprocess.run(
                    [*way, "mount", "--bind", "/", "/mnt"], capture_output=True).returncode == 0:
                os.execvp(way[0], [*way, sys.executable, "-B", *sys.argv])
    with tempfile.TemporaryDirectory(prefix="campanile-second-") as folder:
        races = Races(folder, options.starts, options.seed)
        try:
            races.run()
        finally:
            races.close()
    for what, count in races.seen.items():
        print("%-28s %4d" % (what, count))
    slow = [each for each in races.seconds if each > SECONDS_MAX]
    print("%d starts of a second one, the slowest took %.2f s to end" %
          (len(races.seconds), max(races.seconds, default=0)))
    if len(slow) > SLOW_MAX * len(races.seconds):
        races.problem("%d took longer than %d s" % (len(slow), SECONDS_MAX))
    print("%d problems" % len(races.problems))
    sys.exit(1 if races.problems else 0)


if __name__ == "__main__":
    main()
