"""A write or a sync of the log fails in the real program, once or from then on. The program must end
within a second, with 3 and a sentence; nothing may be told to anybody after the failure; and the next
start must know all that was acknowledged.

The carrier, in a process of its own, keeps the truth.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time

import kill_test
import world

SECONDS_MAX = world.PACE
CALLS = ("fdatasync", "pwrite")
HOW = ("once", "ever")


class Failing:
    def __init__(self, shim):
        self.shim = os.path.abspath(shim)
        self.problems = []
        self.failed = 0
        self.never_reached = 0
        self.slowest = 0.0

    def problem(self, what, text):
        self.problems.append(text)
        print("PROBLEM: %s: %s" % (what, text), flush=True)

    def run(self, call, number, how):
        what = "%s %d fails %s" % (call, number, how)
        folder = tempfile.mkdtemp(prefix="campanile-io-")
        carrier = None
        try:
            carrier = world.Carrier(folder)
            self.one(what, folder, carrier, call, number, how)
        finally:
            if carrier:
                carrier.kill()
            shutil.rmtree(folder, ignore_errors=True)

    def one(self, what, folder, carrier, call, number, how):
        log = os.path.join(folder, "L.db")
        file = world.write_campaign(folder, world.survey(), 60)
        told = os.path.join(folder, "failed")

        def start(name, **more):
            return world.Program(folder, "run", file, "--log", log, "--carrier", carrier.choice,
                                 "--calls-per-second", 5, "--json", name=name,
                                 env=world.environment(**more))

        program = start("failing", LD_PRELOAD=self.shim, FAIL_NOTE=told,
                        FAIL_AT="%s:L.db:%d:%s" % (call, number, how))
        try:
            world.wait_until(lambda: os.path.exists(told) or not program.running(),
                             "the disk fails or the campaign ends")
            if not os.path.exists(told):
                self.never_reached += 1
                return
            begun = time.monotonic()
            code = program.wait(10)
            seconds = time.monotonic() - begun
        finally:
            program.kill()
        self.failed += 1
        self.slowest = max(self.slowest, seconds)
        if code != 3:
            self.problem(what, "the program ended with %s" % code)
        if seconds > SECONDS_MAX:
            self.problem(what, "it took %.2f s to end" % seconds)
        if "L.db" not in program.err():
            self.problem(what, "it does not say what failed")
        # What was acknowledged before is in the log, also when nobody has recovered it yet.
        if os.path.exists(log):
            known = kill_test.Log(log)
            _, lost = kill_test.acknowledged_and_lost(known, carrier.truth())
            if lost:
                self.problem(what, "acknowledged and lost: %s" % lost[:3])
        again = start("again")
        try:
            if again.wait(60) != 0:
                self.problem(what, "the next start ended with %s: %s" %
                             (again.process.returncode, again.err()))
                return
        finally:
            again.kill()
        world.chain_of(log)
        known, truth = kill_test.Log(log), carrier.truth()
        _, lost = kill_test.acknowledged_and_lost(known, truth)
        if lost:
            self.problem(what, "acknowledged and lost after the next start: %s" % lost[:3])
        for attempt, sids in kill_test.calls_by_attempt(truth).items():
            if len(sids) > 1:
                self.problem(what, "called twice for one attempt: %s" % (attempt,))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary")
    parser.add_argument("shim")
    parser.add_argument("--failures", type=int, default=12)
    parser.add_argument("--number-max", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    world.binary = os.path.abspath(options.binary)
    dice = random.Random(options.seed)
    failing = Failing(options.shim)
    for i in range(options.failures):
        # Every kind of failure in turn; early ones more often, where a log begins.
        number = max(1, round(options.number_max ** dice.random()))
        failing.run(CALLS[i % 2], number, HOW[i // 2 % 2])
    print("%d failures met, the slowest end took %.2f s; %d came after the campaign's end" %
          (failing.failed, failing.slowest, failing.never_reached))
    if failing.failed < options.failures // 3:
        failing.problem("all", "hardly anything failed")
    return 1 if failing.problems else 0


if __name__ == "__main__":
    sys.exit(main())
