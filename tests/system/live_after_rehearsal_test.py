"""Rehearse and then go live, in one directory, with the commands of the README's chapter and nothing else.
"Live" is a second carrier in a process of its own, behind TWILIO_BASE_URL: it counts who was rung.

    live_after_rehearsal_test.py CAMPANILE [--people N]
"""

import collections
import csv
import io
import os

import world

PEOPLE = 24
ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TOKEN = "a-token-of-nobody"
CALLER = "+390220527877"

# In the rehearsal many want no calls any more and the others answer; live nobody takes the call, or
# all of them hear it to its end and choose blue.
INVENTED = "human=1000,no_answer=0,busy=0,machine=0,failed=0,fax=0,hang_up_at_once=0,opt_out=400"
NOBODY = "human=0,machine=0,busy=0,failed=0,fax=0,no_answer=1000"
PATIENT = ("human=1000,no_answer=0,busy=0,machine=0,failed=0,fax=0,hang_up_at_once=0,hang_up=0,"
           "opt_out=0,wrong_key=0,silence=0,speech=0,right_key=1000")


class LiveAfterRehearsalTest(world.Case):
    def setUp(self):
        super().setUp()
        self.here = self.path("here")
        self.elsewhere = self.path("elsewhere")
        os.mkdir(self.here)
        os.mkdir(self.elsewhere)
        self.port = world.free_port()

    def write(self, people=PEOPLE, **more):
        members = {"calling_hours": world.ALWAYS,
                   "pacing": {"calls_per_second": "20", "lines": 20},
                   "retries": {"attempts_max": 1}, **more}
        campaign = world.survey(id="mio", **members)
        for question in campaign["questions"]:
            question["ask"] += " Per non essere più chiamato prema 9."
        world.write_campaign(self.here, campaign, people, "my.json")

    def go_live(self, people):
        """A carrier, and the settings that lead to it, as the README has them."""
        phones = self.carrier("--account", ACCOUNT, "--token", TOKEN, "--speed", 20, "--seed", 7,
                              "--numbers", CALLER, "--people", people)
        env = os.path.join(self.here, ".env")
        with open(env, "w", encoding="utf-8") as settings:
            settings.write("TWILIO_ACCOUNT_SID=%s\nTWILIO_AUTH_TOKEN=%s\nTRANSFER_NUMBER_MAIN=%s\n"
                           "SERVER_URL=http://127.0.0.1:%d\nTWILIO_BASE_URL=http://127.0.0.1:%d\n" %
                           (ACCOUNT, TOKEN, CALLER, self.port, phones.port))
        os.chmod(env, 0o600)
        return phones

    def command(self, *arguments, cwd=None, expect=0):
        return self.campanile(*arguments, cwd=cwd or self.here, expect=expect)

    def run_live(self, *more, file="my.json", cwd=None, expect=0):
        return self.command("run", file, "--carrier", "twilio", "--listen",
                            "127.0.0.1:%d" % self.port, "--calls-per-second", 20, *more, cwd=cwd,
                            expect=expect)

    def rehearse(self, *more):
        self.command("run", "my.json", "--people", INVENTED, *more)
        results = self.table("my.rehearsal.db", "responses_wide.csv")
        self.assertEqual(len(results), PEOPLE)
        # There is something that must not get across.
        self.assertIn("opted_out", {value for row in results for value in row.values()})
        self.assertTrue(self.table("my.rehearsal.db", "responses_long.csv"))

    def table(self, log, name):
        files = self.exports(os.path.join(self.here, log))
        text = files[name].decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    def assert_each_once(self, phones, people=PEOPLE):
        rung = collections.Counter(call["to"] for call in phones.truth()["calls"])
        self.assertEqual(rung, collections.Counter(world.number_of(n) for n in range(1, people + 1)))

    def assert_true_to(self, phones, people=PEOPLE):
        """The real export holds what happened on that carrier, and nothing else."""
        calls = {call["to"]: call for call in phones.truth()["calls"]}
        attempts = self.table("my.db", "attempts.csv")
        self.assertEqual(sorted(row["call_sid"] for row in attempts),
                         sorted(call["sid"] for call in calls.values()))
        results = self.table("my.db", "responses_wide.csv")
        self.assertEqual(len(results), people)
        self.assertEqual({row["rehearsal"] for row in results + attempts}, {"0"})
        self.assertNotIn("opted_out", {value for row in results + attempts for value in row.values()})

    def test_nothing_that_was_invented_reaches_the_real_results(self):
        self.write()
        self.rehearse()
        phones = self.go_live(NOBODY)
        told = self.command("doctor", "my.json", "--listen", "127.0.0.1:%d" % self.port)
        self.assertIn("ok        account", told.stdout)
        # Without --new-log nobody is rung.
        self.assertIn("--new-log", self.run_live(expect=3).stderr)
        self.assertEqual(phones.truth()["calls"], [])
        self.run_live("--new-log", "--limit", 5, expect=1)
        self.assertEqual(len(phones.truth()["calls"]), 5)
        self.run_live()
        self.assert_each_once(phones)
        self.assert_true_to(phones)
        self.assertEqual(self.table("my.db", "responses_long.csv"), [])
        self.assertNotIn("OptedOut", self.command("log", "--log", "my.db").stdout)
        # A rehearsal after it starts afresh and rings nobody.
        self.command("run", "my.json", "--people", INVENTED)
        self.assert_each_once(phones)
        self.assertTrue(os.path.exists(os.path.join(self.here, "my.rehearsal.last.db")))

        # The same command from another directory, the settings named: nothing is left to do.
        before = self.exports(os.path.join(self.here, "my.db"))
        self.run_live("--env-file", "../here/.env", file="../here/my.json", cwd=self.elsewhere)
        self.assert_each_once(phones)
        self.assertEqual(self.exports(os.path.join(self.here, "my.db")), before)
        self.assertEqual(os.listdir(self.elsewhere), [])

    def test_from_another_directory(self):
        self.write()
        self.rehearse()
        phones = self.go_live(PATIENT)
        settings = ("--env-file", "../here/.env")
        self.run_live("--new-log", "--limit", 5, *settings, file="../here/my.json",
                      cwd=self.elsewhere, expect=1)
        self.assertEqual(len(phones.truth()["calls"]), 5)
        self.run_live()
        self.assert_each_once(phones)
        self.assert_true_to(phones)
        self.assertEqual(os.listdir(self.elsewhere), [])
        self.assertEqual(len(self.table("my.db", "responses_long.csv")), 3 * PEOPLE)

    def test_rows_added_and_a_prompt_edited_after_a_ctrl_c(self):
        self.write(pacing={"calls_per_second": "4", "lines": 20})
        self.rehearse()
        phones = self.go_live(PATIENT)
        program = self.start("run", "my.json", "--carrier", "twilio", "--new-log", "--listen",
                             "127.0.0.1:%d" % self.port, "--calls-per-second", 20, cwd=self.here)
        world.wait_until(lambda: len(phones.truth()["calls"]) >= 5 or not program.running(),
                         "some are rung")
        program.interrupt()
        self.assertEqual(program.wait(), 1, program.err())
        rung = len(phones.truth()["calls"])
        self.assertLess(rung, PEOPLE)

        people = PEOPLE + 5
        self.write(people, pacing={"calls_per_second": "20", "lines": 20},
                   goodbye="Grazie mille, e a presto.")
        told = self.run_live(expect=2).stderr
        self.assertIn("/goodbye", told)
        self.assertIn("the contact list is another one", told)
        self.assertIn("--accept-change", told)
        self.assertEqual(len(phones.truth()["calls"]), rung)
        self.run_live("--accept-change")
        self.assert_each_once(phones, people)
        self.assert_true_to(phones, people)
        # And five more when it was over.
        self.write(people + 5, pacing={"calls_per_second": "20", "lines": 20},
                   goodbye="Grazie mille, e a presto.")
        self.run_live(expect=2)
        self.run_live("--accept-change")
        self.assert_each_once(phones, people + 5)
        self.assert_true_to(phones, people + 5)
        self.assert_log_is_well(os.path.join(self.here, "my.db"))


if __name__ == "__main__":
    world.main()
