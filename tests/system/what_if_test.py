"""What a campaign would have come to: with the policy that it had, the run that was, attempt by
attempt; with another, an answer that says what of it is an estimate.

PEOPLE (120) and SEEDS (2) in the environment say how much is replayed."""

import json
import os

import world

PEOPLE = int(os.environ.get("PEOPLE", "120"))
SEEDS = int(os.environ.get("SEEDS", "2"))


class WhatIfTest(world.Case):
    def run_campaign(self, seed, **members):
        file = world.write_campaign(self.folder, world.survey(**members), PEOPLE)
        self.log = self.path("L%d.db" % seed)
        self.campanile("run", file, "--log", self.log, "--seed", seed)

    def what_if(self, policy=None):
        more = []
        if policy is not None:
            more = ["--policy", self.path("policy.json")]
            with open(more[1], "w", encoding="utf-8") as file:
                json.dump(policy, file)
        return world.last_json(self.campanile("what-if", "--log", self.log, "--json",
                                              *more).stdout)

    def test_the_unchanged_policy_reproduces_the_run_exactly(self):
        for seed in range(1, SEEDS + 1):
            campaign = world.survey()
            self.run_campaign(seed, budget={"limit": "1000", "per_minute": "0.0125"})
            requested = sum(event.type == "CallRequested" for event in world.events_of(self.log))
            told = self.what_if()
            self.assertTrue(told["exact"], told["attempts"])
            self.assertTrue(told["ended"])
            self.assertEqual(told["attempts"], {"exact": requested, "moved": 0, "borrowed": 0,
                                                "unmade": 0})
            self.assertEqual(told["recorded"], told["what_if"])
            self.assertEqual(told["exact_people"], PEOPLE)
            self.assertGreater(requested, PEOPLE)
            # Written down as a policy it is no other.
            again = self.what_if({"pacing": campaign["pacing"], "retries": campaign["retries"],
                                  "calling_hours": campaign["calling_hours"]})
            self.assertEqual(again, told)

    def test_a_run_that_was_killed_and_paused_is_reproduced_too(self):
        file = world.write_campaign(self.folder, world.survey(), PEOPLE)
        self.log = self.path("L.db")
        carrier = self.carrier("--seed", "4")
        for ends in range(2):
            program = self.start("run", file, "--log", self.log, "--carrier", carrier.choice,
                                 name="program%d" % ends)
            world.wait_until(
                lambda: sum(event.type == "CallEnded" for event in world.events_of(self.log)) >
                20 * (ends + 1), "calls have ended")
            program.kill()
        last = self.start("run", file, "--log", self.log, "--carrier", carrier.choice, name="last")
        self.assertEqual(last.wait(), 0, last.err())
        told = self.what_if()
        self.assertEqual(told["attempts"]["borrowed"] + told["attempts"]["unmade"], 0)
        self.assertTrue(told["exact"], told["attempts"])

    def test_a_run_in_which_time_does_not_jump_is_reproduced_too(self):
        file = world.write_campaign(self.folder, world.survey(
            calling_hours=world.ALWAYS, pacing={"calls_per_second": "1", "lines": 3},
            retries={"attempts_max": 2, "busy": "40s", "no_answer": "1m", "network_error": "30s",
                     "machine_no_message": "1m", "broken_off": "30s",
                     "human_hung_up_at_once": "1m"}), 16)
        self.log = self.path("L.db")
        self.campanile("run", file, "--log", self.log, "--speed", 60)
        requested = sum(event.type == "CallRequested" for event in world.events_of(self.log))
        told = self.what_if()
        self.assertEqual(told["attempts"], {"exact": requested, "moved": 0, "borrowed": 0,
                                            "unmade": 0})
        self.assertTrue(told["ended"])
        self.assertEqual(told["recorded"], told["what_if"])
        self.assertLessEqual(told["recorded"]["lines_most"], 3)
        # Another policy is held against the same run.
        other = self.what_if({"pacing": {"lines": 4}})
        self.assertLessEqual(other["what_if"]["lines_most"], 4)
        self.assertGreaterEqual(other["attempts"]["exact"], 1)

    def test_another_policy_says_what_is_an_estimate(self):
        self.run_campaign(3)
        told = self.what_if({"retries": {"attempts_max": 1}})
        self.assertFalse(told["exact"])
        self.assertEqual(told["what_if"]["calls"], PEOPLE)
        self.assertGreater(told["attempts"]["unmade"], 0)
        self.assertIn("exact_until", told)
        told = self.what_if({"calling_hours": {"windows": [{"from": "17:00", "to": "18:00"}]}})
        self.assertEqual(list(told["what_if"]["calls_by_hour"]), ["17"])
        self.assertEqual(told["attempts"]["exact"], 0)
        text = self.campanile("what-if", "--log", self.log, "--policy",
                              self.path("policy.json")).stdout
        self.assertIn("estimate", text)

    def test_what_is_no_policy_is_said(self):
        self.run_campaign(2)
        path = self.path("wrong.json")
        for content, word in (('{"retries": {"bussy": "1h"}}', "/retries/bussy"),
                              ('{"id": "x"}', "names no policy"), ("{", "line 1")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
            done = self.campanile("what-if", "--log", self.log, "--policy", path, expect=2)
            self.assertIn(word, done.stderr)


if __name__ == "__main__":
    world.main()
