"""How fast people are rung, by the carrier's own clock: no ten seconds have more calls than the account
may begin in them, and while people wait hardly one that it may begin is left out, through restarts.

    rate_test.py CAMPANILE [--rate N] [--minutes M] [--restarts N] [--seed S]

Once with time that jumps, where the carrier's clock shows what was intended to the millisecond, once so
with a carrier that takes half a second for each answer, and once at a multiple of real time, where the
wire and the machine have a say.
"""

import argparse
import os
import random
import sys
import tempfile
import time

import world

WINDOW_MS = 10_000
USED_LEAST = 0.98

# Nobody answers, and after few seconds the line is free again.
NOBODY = "human=0,machine=0,busy=0,failed=0,fax=0,no_answer=1000"


class Run:
    def __init__(self, folder, rate, people, seed, *carrier):
        self.folder, self.rate, self.people = folder, rate, people
        self.carrier = world.Carrier(folder, "--seed", seed, "--people", NOBODY, *carrier)
        self.file = world.write_campaign(folder, world.survey(
            calling_hours=world.ALWAYS, ring_time="10s",
            pacing={"calls_per_second": str(rate), "lines": 30 * rate, "stop_at_failures": {"share": "0"}},
            retries={"attempts_max": 1}), people)
        self.log = os.path.join(folder, "L.db")
        self.starts = 0
        # One door: calls that are under way when it is killed tell the next one how they end.
        self.port = world.free_port()

    def start(self):
        self.starts += 1
        return world.Program(self.folder, "run", self.file, "--log", self.log, "--carrier",
                             self.carrier.choice, "--listen", "127.0.0.1:%d" % self.port,
                             "--calls-per-second", self.rate, "--json")

    def fresh(self):
        """How many were never rung; nothing before all are enrolled."""
        answer = world.Control(self.log).ask("GET", "/status")
        campaigns = answer[1]["campaigns"] if answer else []
        return campaigns[0]["fresh"] if campaigns and campaigns[0]["status"] == "running" else None

    def play(self, restarts, dice):
        """To the end, killed whenever so many people more have been rung."""
        left = sorted(dice.sample(range(self.people // 20, self.people * 19 // 20), restarts),
                      reverse=True)
        for until in left:
            program = self.start()
            while program.running():
                fresh = self.fresh()
                if fresh is not None and fresh <= until:
                    break
                time.sleep(0.01)
            program.kill()
            if program.process.returncode != -9:
                sys.exit("it was over before it was killed: %s" % program.err())
        program = self.start()
        code = program.wait(1800)
        if code not in (0, 1):
            sys.exit("exit code %d\n%s" % (code, program.err()))

    def judge(self, name, over, used_least):
        """`over`: how many calls a window may have that waited on the wire for others to catch up."""
        truth = self.carrier.truth()["calls"]
        at = sorted(call["accepted_at_ms"] for call in truth)
        limit = WINDOW_MS * self.rate // 1000
        # The fullest window that begins with a call.
        fullest, end = 0, 0
        for begin, first in enumerate(at):
            while end < len(at) and at[end] < first + WINDOW_MS:
                end += 1
            fullest = max(fullest, end - begin)
        # Whoever was in doubt when it was killed comes again after the quarantine, when nobody waits
        # any more: the first so many of the list were waiting all the time.
        waiting = at[:self.people * 95 // 100]
        seconds = (waiting[-1] - waiting[0]) / 1000
        used = (len(waiting) - 1) / (seconds * self.rate)
        print("%s: %d calls, %d restarts, %.0f s by the carrier's clock: at most %d in 10 s of %d "
              "allowed, %.2f %% used" % (name, len(at), self.starts - 1, seconds, fullest, limit,
                                         100 * used))
        if fullest > limit + over:
            sys.exit("above the limit")
        if used < used_least:
            sys.exit("slower than it may be")
        if len({call["to"] for call in truth}) != self.people:
            sys.exit("somebody was not rung")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("campanile")
    arguments.add_argument("--rate", type=int, default=30)
    arguments.add_argument("--minutes", type=float, default=1)
    arguments.add_argument("--restarts", type=int, default=3)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--speed", type=float, default=1)
    options = arguments.parse_args()
    world.binary = os.path.abspath(options.campanile)
    dice = random.Random(options.seed)
    people = int(options.rate * 60 * options.minutes)
    # How much is used at real time's speed hangs on whatever else the machine does.
    for name, carrier, count, restarts, over, used in (
            ("time jumps", [], people, options.restarts, 0, USED_LEAST),
            ("answers half a second late", ["--faults", "post_latency_ms=500"],
             min(people, 20 * options.rate), 0, 0, USED_LEAST),
            ("%g times real time" % options.speed, ["--speed", options.speed],
             min(people, 15 * options.rate), 0, max(1, options.rate // 10), 0)):
        with tempfile.TemporaryDirectory(prefix="campanile-rate-") as folder:
            run = Run(folder, options.rate, count, options.seed, *carrier)
            try:
                run.play(restarts, dice)
                run.judge(name, over, used)
            finally:
                run.carrier.kill()


if __name__ == "__main__":
    main()
