"""`campanile run` from its start to its end, and what the commands that read a log say of it."""

import collections
import csv
import io
import os
import shutil
import time

import world

EXPORTS = ("results", "answers", "attempts", "dispositions", "rates", "codebook", "datapackage",
           "pandas", "r", "report")


class RunTest(world.Case):
    def example(self, name="appointments"):
        """A copy of an example and its list, so that nothing is written beside the original."""
        for end in (".json", ".csv"):
            shutil.copy(os.path.join(world.EXAMPLES, name + end), self.folder)
        return self.path(name + ".json")

    def run_example(self, log, *more, port, file=None):
        return self.campanile("run", file or self.example(), "--log", log, "--listen",
                              "127.0.0.1:%d" % port, "--calls-per-second", 2, "--json", *more)

    def test_the_example_survey_runs_to_its_end_and_everything_agrees(self):
        log = self.path("L.db")
        told = world.last_json(self.run_example(log, port=world.free_port()).stdout)
        campaign = told["campaign"]
        self.assertEqual(told["event"], "finished")
        self.assertEqual(campaign["status"], "completed")
        self.assertGreater(campaign["contacts"], 200)
        self.assertEqual(campaign["done"] + campaign["exhausted"] + campaign["excluded"],
                         campaign["contacts"])

        events = world.events_of(log)
        closed = collections.Counter(e.contact() for e in events if e.type == "ContactClosed")
        excluded = {e.contact() for e in events if e.type == "ContactExcluded"}
        self.assertEqual(set(closed) | excluded,
                         {e.contact() for e in events if e.type == "ContactEnrolled"})
        self.assertEqual(set(closed.values()), {1})

        replayed = self.assert_log_is_well(log)
        self.assertEqual(replayed["state_digest"], told["state_digest"])
        self.assertEqual(replayed["outcome_digest"], told["outcome_digest"])
        self.assertEqual(replayed["position"], told["position"])
        until = self.campanile("replay", "--log", log, "--until", told["position"], "--json")
        self.assertEqual(world.last_json(until.stdout), replayed)
        # Up to another position it is another state, or the equality above would say nothing.
        before = self.campanile("replay", "--log", log, "--until", told["position"] // 2, "--json")
        self.assertNotEqual(world.last_json(before.stdout)["state_digest"], told["state_digest"])

        # The same command again has nothing left to do.
        again = world.last_json(self.run_example(log, port=world.free_port()).stdout)
        self.assertEqual(again["state_digest"], told["state_digest"])
        self.assertEqual(again["position"], told["position"])

        first, second = self.exports(log), self.exports(log)
        self.assertEqual(first, second)
        self.assertEqual(len(first), len(EXPORTS))
        for name, content in first.items():
            if not name.endswith(".csv"):
                continue
            rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
            self.assertGreater(len(rows), 1, name)
            self.assertEqual({len(row) for row in rows}, {len(rows[0])}, name)
        for name in EXPORTS:
            printed = self.campanile("export", name, "--log", log).stdout.encode()
            if name == "report":
                printed = world.without_foot(printed)
            written = [content.replace(b"\r\n", b"\n") for content in first.values()]
            self.assertTrue(printed in written, name)

    def test_the_same_seed_gives_the_same_events_in_every_stream_and_the_same_exports(self):
        # The door's port is part of what is logged.
        file = world.write_campaign(self.folder, world.survey(), 120)
        port = world.free_port()

        def events_by_stream(log):
            streams = collections.defaultdict(list)
            for event in world.events_of(log):
                streams[event.stream].append((event.version, event.type, event.recorded_at,
                                              event.payload))
            return streams

        logs = [self.path("%s.db" % name) for name in ("a", "b", "other")]
        for log, seed in zip(logs, (7, 7, 8)):
            self.run_example(log, "--seed", seed, port=port, file=file)
        first, second, other = (events_by_stream(log) for log in logs)
        self.assertEqual(first.keys(), second.keys())
        for stream in first:
            self.assertEqual(first[stream], second[stream], stream)
        self.assertEqual(self.exports(logs[0]), self.exports(logs[1]))
        self.assertNotEqual(first, other)

    def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(self):
        # Time runs ten times as fast as outside: a call is still a matter of seconds.
        file = world.write_campaign(self.folder, world.survey(), 60)
        log = self.path("L.db")
        command = ("run", file, "--log", log, "--calls-per-second", 5, "--json")
        slow = self.start(*command, "--speed", 10)
        world.wait_until(lambda: "CallEnded" in self.types_in(log), "a call has ended")
        slow.interrupt()
        self.assertEqual(slow.wait(), 1, slow.err())
        told = world.last_json(slow.out())
        self.assertEqual(told["event"], "interrupted")
        self.assertGreater(told["campaign"]["fresh"], 0)
        # Live calls ended first, so nothing is in doubt.
        self.assertEqual(told["campaign"]["calling"], 0)
        self.assertEqual(self.assert_log_is_well(log)["state_digest"], told["state_digest"])
        self.assertEqual(world.events_of(log)[-1].type, "RunnerStopped")

        told = world.last_json(self.campanile(*command).stdout)
        self.assertEqual(told["event"], "finished")
        types = self.types_in(log)
        self.assertEqual(types["ContactEnrolled"], 60)
        self.assertEqual(types["ContactClosed"], 60)
        self.assertEqual(types["CallInDoubt"], 0)
        self.assertEqual(types["RunnerStarted"], 2)

    def types_in(self, log):
        done = world.campanile("log", "--log", log) if os.path.exists(log) else None
        lines = done.stdout.splitlines() if done and done.returncode == 0 else []
        return collections.Counter(world.json.loads(line)["type"] for line in lines)

    def test_a_limit_stops_after_so_many_people_and_is_no_end(self):
        file = world.write_campaign(self.folder, world.survey(), 30)
        log = self.path("L.db")
        command = ("run", file, "--log", log, "--calls-per-second", 5, "--json")
        told = world.last_json(self.campanile(*command, "--limit", 7, expect=1).stdout)
        requested = {e.contact() for e in world.events_of(log) if e.type == "CallRequested"}
        self.assertEqual(len(requested), 7)
        self.assertEqual(told["campaign"]["calling"], 0)
        self.assertEqual(told["campaign"]["fresh"], 23)
        told = world.last_json(self.campanile(*command).stdout)
        self.assertEqual(told["campaign"]["status"], "completed")
        self.assertEqual(told["campaign"]["fresh"], 0)

    def test_a_reader_who_takes_nothing_holds_up_no_call(self):
        pipe = world.FullPipe()
        file = world.write_campaign(self.folder, world.survey(), 60)
        log = self.path("L.db")
        program = self.start("run", file, "--log", log, "--json", before=pipe.before)
        world.wait_until(lambda: os.path.exists(log) and
                         world.events_of(log)[-1:] and
                         world.events_of(log)[-1].type == "RunnerStopped", "the run is over")
        self.assertTrue(program.running())
        told = pipe.read()
        self.assertEqual(program.wait(), 0)
        self.assertEqual(world.last_json(told)["event"], "finished")
        self.assertEqual(self.types_in(log)["ContactClosed"], 60)

    def test_without_a_log_named_it_lies_beside_the_file_wherever_one_stands(self):
        campaigns = self.path("campaigns")
        elsewhere = self.path("elsewhere")
        os.mkdir(campaigns)
        os.mkdir(elsewhere)
        file = world.write_campaign(campaigns, world.survey(), 10)
        self.campanile("run", file, "--calls-per-second", 5, "--limit", 3, cwd=elsewhere, expect=1)
        self.assertTrue(os.path.exists(os.path.join(campaigns, "campaign.rehearsal.db")))
        self.assertEqual(os.listdir(elsewhere), [])
        # One that was stopped is gone on with.
        told = self.campanile("run", file, "--calls-per-second", 5, cwd=elsewhere).stderr
        self.assertNotIn("begins anew", told)
        self.assertFalse(os.path.exists(os.path.join(campaigns, "campaign.rehearsal.last.db")))
        # A rehearsal that is over makes room for a fresh one and is kept as the last.
        told = self.campanile("run", file, "--calls-per-second", 5, cwd=campaigns).stderr
        self.assertIn("note: the rehearsal before this one came to its end: it is kept in ", told)
        self.assertIn("campaign.rehearsal.last.db, and this one begins anew", told)
        self.assertTrue(os.path.exists(os.path.join(campaigns, "campaign.rehearsal.last.db")))
        self.assert_log_is_well(os.path.join(campaigns, "campaign.rehearsal.db"))
        self.assert_log_is_well(os.path.join(campaigns, "campaign.rehearsal.last.db"))
        world.write_campaign(campaigns, world.survey(goodbye="Altro."), 10)
        self.assertIn("was of another file or list",
                      self.campanile("run", file, "--calls-per-second", 5, cwd=campaigns).stderr)


if __name__ == "__main__":
    world.main()
