"""Orders whose fate cannot be read from their answer: the carrier drops the connection after it has placed
the call, resets it, answers 500 with the call placed or without, answers after 25 seconds or never, in two
halves, or with half an answer. Every order meets one of these, through the real client, and the program
is killed between them, again and again, before the answer or after it.

    ambiguous_test.py CAMPANILE CRASH_SHIM [--creates N] [--kills N] [--people N] [--seed S]

A person is called once at most, so a number with two accepted calls is one too many. The carrier shows a
call in its list after up to LIST_LAG_S, which is less than the quarantine (reliability.md 2.2). At the end
every attempt is one that the carrier accepted or that was adopted, proven not placed and redialled, held,
or was never sent, as the carrier's own truth has it; and so it is where every proof leads to a person who
decides ("in_doubt": "hold").
"""

import argparse
import collections
import os
import random
import sys
import tempfile
import time

import kill_test
import world

FAULTS = ("post_dropped=160,post_failed=140,post_failed_accepted=140,post_delayed=140,post_reset=140,"
          "post_split=100,post_truncated=100,post_unanswered=80,get_failed=50,callback_lost=200,"
          "callback_doubled=100,callback_late=100,list_lag_s=%d")
LIST_LAG_S = 100

# Where a kill comes: as the order leaves, has left, or is answered; and while its answer is noted.
# The count is of what happens with every order; every so many orders the others happen.
KILLS = (("write:/Calls.json HTTP:before:%d", 1), ("write:/Calls.json HTTP:after:%d", 1),
         ("write:/Calls.json HTTP:after:%d:5", 1), ("read:HTTP/1.1 201:after:%d", 3),
         ("read:HTTP/1.1 201:after:%d>event:CallAccepted:before:1>commit::before:1", 3),
         ("event:CallRequested:before:%d>commit::before:1:25", 1),
         ("read:HTTP/1.1 500:after:%d", 4), ("event:CallInDoubt:before:%d", 2),
         ("event:CallInDoubt:before:%d>commit::after:1", 2),
         ("event:CallNotPlaced:before:%d", 10), ("write:GET /2010:after:%d", 1))

ENDS = {"CallAccepted": "accepted", "CallAdopted": "adopted", "CallNotPlaced": "proven not placed",
        "CallHeld": "held", "CallNotSent": "never sent"}


class Campaign(kill_test.Round):
    def __init__(self, folder, shim, seed, in_doubt, people):
        super().__init__(folder, shim, seed, people, FAULTS % LIST_LAG_S)
        self.file = world.write_campaign(folder, world.survey(
            id="kill", in_doubt=in_doubt, retries={"attempts_max": 1, "unplaced": {"delay": "1m"}},
            pacing={"calls_per_second": "5", "lines": 40, "stop_at_failures": {"share": "0"}}), people)
        self.in_doubt = in_doubt

    def run(self, plan=""):
        """Until it is killed (true) or over; over with somebody held is over, too."""
        if os.path.exists(self.note):
            os.remove(self.note)
        more = {"LD_PRELOAD": self.shim, "CRASH_AT": plan, "CRASH_NOTE": self.note} if plan else {}
        program = self.start(**more)
        code = program.wait(600)
        if code not in (-9, 0, 1):
            raise AssertionError("exit code %d; plan %r\n%s" % (code, plan, program.err()[-2000:]))
        if code >= 0:
            self.told = world.last_json(program.out())
        return code == -9

    def judge(self):
        """What became of each attempt, by its last word in the log, held against the truth."""
        log, truth = kill_test.Log(self.log), self.carrier.truth()
        by_number = collections.Counter(call["to"] for call in truth["calls"])
        twice = sum(count > 1 for count in by_number.values())
        if twice:
            self.problem("%d numbers have two accepted calls" % twice)
        try:
            calls = kill_test.calls_by_attempt(truth)
        except AssertionError:
            self.problem("the carrier has a call that says nothing of its attempt")
            return truth["counters"]["orders"], len(truth["calls"]), collections.Counter()
        fates, redialled = collections.Counter(), 0
        requested = {a for a in log.by_attempt if log.has(a, "CallRequested")}
        for attempt in requested:
            ends = [e.type for e in log.by_attempt[attempt] if e.type in ENDS]
            if not ends:
                self.problem("%s has no end" % (attempt,))
                continue
            fate = ENDS[ends[-1]]
            fates[fate] += 1
            if fate in ("proven not placed", "never sent") and attempt in calls:
                self.problem("%s is %s, and the carrier has its call" % (attempt, fate))
            if fate in ("accepted", "adopted") and attempt not in calls:
                self.problem("%s is %s, and the carrier has no call" % (attempt, fate))
            if fate == "proven not placed":
                redialled += (*attempt[:2], attempt[2] + 1) in requested
        for attempt in calls:
            if attempt not in requested:
                self.problem("a call without an intent: %s" % (attempt,))
        standing = self.told["campaign"]
        if standing["done"] + standing["exhausted"] + standing["held"] + standing["excluded"] != \
                self.people or standing["status"] != "completed":
            self.problem("not everybody is in one final place: %s" % standing)
        if standing["held"] != fates["held"] or self.in_doubt == "hold" and fates["proven not placed"]:
            self.problem("held are %s, of the attempts %s" % (standing["held"], dict(fates)))
        if world.campanile("verify", "--log", self.log).returncode != 0:
            self.problem("the log is not well")
        fates["redialled after proof"] = redialled
        return truth["counters"]["orders"], len(truth["calls"]), fates


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("campanile")
    arguments.add_argument("shim")
    arguments.add_argument("--creates", type=int, default=1000)
    arguments.add_argument("--kills", type=int, default=60)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--people", type=int, default=400, help="of one campaign")
    options = arguments.parse_args()
    world.binary = os.path.abspath(options.campanile)
    shim = os.path.abspath(options.shim)
    dice = random.Random(options.seed)
    people = options.people
    began = time.monotonic()
    orders = calls = kills = number = 0
    fates = collections.Counter()
    while orders < options.creates or kills < options.kills or number < 2:
        with tempfile.TemporaryDirectory(prefix="campanile-ambiguous-") as folder:
            campaign = Campaign(folder, shim, options.seed + number,
                                "hold" if number % 2 else "redial", people)
            number += 1
            try:
                # The kills that are left, spread over the orders that are left.
                left = max(options.creates - orders, people)
                share = -(-max(0, options.kills - kills) * people // left)
                for _ in range(share):
                    plan, every = dice.choice(KILLS)
                    apart = max(1, people // share // every)
                    if not campaign.run(plan % dice.randint(1, apart)):
                        break
                    kills += 1
                while campaign.told is None:
                    campaign.run()
                more = campaign.judge()
            finally:
                campaign.carrier.kill()
            orders += more[0]
            calls += more[1]
            fates.update(more[2])
            if campaign.problems:
                sys.exit("%d problems in the campaign of seed %d" %
                         (len(campaign.problems), options.seed + number - 1))
    print("%d ambiguous orders, %d kills in %d campaigns: %d calls, no number with two (%.0f s)" %
          (orders, kills, number, calls, time.monotonic() - began))
    print(", ".join("%d %s" % (count, fate) for fate, count in sorted(fates.items())))
    for fate in ("adopted", "held", "redialled after proof"):
        if not fates[fate]:
            sys.exit("none was " + fate)


if __name__ == "__main__":
    main()
