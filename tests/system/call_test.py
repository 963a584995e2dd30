"""A call to a telephone of one's own: what is printed of it, and where it is kept."""

import csv
import io
import json
import os
import resource
import signal
import subprocess

import world

MINE = "+393471999999"
PATIENT = ("human=1000,no_answer=0,busy=0,machine=0,failed=0,fax=0,hang_up=0,opt_out=0,"
           "hang_up_at_once=0")


class CallTest(world.Case):
    def call(self, *arguments, expect=0):
        done = subprocess.run([world.binary, "call", *arguments], cwd=self.folder,
                              env=world.environment(XDG_STATE_HOME=self.path("state")),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=world.PATIENCE_S)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def assert_told(self, done, *what):
        at = 0
        for words in what:
            found = done.stdout.find(words, at)
            self.assertNotEqual(found, -1, "%r is missing after %r" % (words, done.stdout[:at]))
            at = found
        self.assertNotIn(MINE, done.stdout + done.stderr)

    def test_a_message_is_heard_and_its_story_told(self):
        done = self.call(MINE, "--say", "Prova", "--people", PATIENT)
        self.assert_told(done, "calling", "placed as CA", "initiated", "ringing", "answered",
                         "told: message", "ended: completed", "outcome: ")
        self.assertNotIn("console.twilio.com", done.stdout)
        # In a log of its own, which grows by the next one, and none where one happens to be.
        self.assertIn("calls-rehearsal.db", os.listdir(self.path("state/campanile")))
        self.assertEqual(os.listdir(self.folder), ["state"])
        self.call(MINE, "--people", PATIENT)
        told = self.campanile("status", "--log", self.path("state/campanile/calls-rehearsal.db"))
        self.assertIn("test-call-2", told.stdout)

    def test_nobody_answers(self):
        done = self.call(MINE, "--people", "human=0,machine=0,busy=0,no_answer=1000", expect=1)
        self.assert_told(done, "ringing", "ended: no-answer")

    def test_its_story_is_told_in_json_a_line_each(self):
        nobody = "human=0,machine=0,busy=0,no_answer=1000"
        for people, answered, outcome in ((PATIENT, True, "completed"),
                                          (nobody, False, "no_answer")):
            done = self.call(MINE, "--people", people, "--json", expect=0 if answered else 1)
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertNotIn(MINE, done.stdout + done.stderr)
            story = [line for line in lines if line["event"] == "call"]
            types = [line["type"] for line in story]
            self.assertEqual(types[:2], ["CallRequested", "CallAccepted"])
            self.assertEqual("CallAnswered" in types, answered)
            self.assertEqual(types[-1], "AttemptClosed")
            for line in story:
                self.assertEqual(set(line), {"event", "at_utc", "position", "type", "text"})
            self.assertLessEqual({line["event"] for line in lines[:-1]}, {"call", "notice"})
            end = lines[-1]
            self.assertEqual((end["event"], end["answered"], end["outcome"]),
                             ("finished", answered, outcome))
            self.assertIn(end["sid"], story[1]["text"])

    def test_what_somebody_on_a_list_would_hear(self):
        file = world.write_campaign(self.folder, world.survey(
            calling_hours={"windows": [{"from": "03:00", "to": "03:01"}]},
            consent={"basis": "consent", "source": "modulo web", "date": "2061-01-01",
                     "required": True},
            suppression_lists=[{"source": "rpo", "max_age": "15d"}]), 3)
        done = self.call(MINE, "--campaign", file, "--contact", "P-0002",
                         "--people", PATIENT)
        self.assert_told(done, "answered", "told: question colore")
        log = self.path("state/campanile/calls-rehearsal.db")
        enrolled = [line for line in
                    self.campanile("log", "--log", log, "--personal").stdout.splitlines()
                    if "ContactEnrolled" in line]
        self.assertEqual(len(enrolled), 1)
        self.assertIn("Persona 2", enrolled[0])
        self.assertIn(MINE, enrolled[0])
        self.assertNotIn(world.number_of(2), enrolled[0])

    def test_what_chance_gave_to_somebody_is_heard_as_they_would(self):
        survey = world.survey(
            variants=[{"column": "intro", "values": [{"code": "a", "say": "Prima."},
                                                     {"code": "b", "say": "Seconda."}]}])
        survey["greeting"] = "Buongiorno. {{intro_text}}"
        survey["questions"] = [{"id": "meta", "type": "choice", "ask": "Dove va?", "shuffle": True,
                                "options": [{"code": "o%d" % n, "key": str(n)}
                                            for n in range(1, 9)]}]
        survey.pop("results", None)
        file = world.write_campaign(self.folder, survey, 3)
        shown = self.campanile("check", file, "--show", "P-0002").stdout
        self.call(MINE, "--campaign", file, "--contact", "P-0002", "--people", PATIENT)
        log = self.path("state/campanile/calls-rehearsal.db")
        results = list(csv.DictReader(io.StringIO(
            self.campanile("export", "results", "--log", log).stdout, newline="")))
        self.assertEqual(len(results), 1)
        self.assertIn({"a": "Prima.", "b": "Seconda."}[results[0]["intro"]], shown)
        places = [shown.index("Per %s, prema" % code)
                  for code in results[0]["meta_order"].split()]
        self.assertEqual(len(places), 8)
        self.assertEqual(places, sorted(places))

    def test_nobody_else_of_the_log_is_called(self):
        log = self.path("L.db")
        file = world.write_campaign(self.folder, world.survey(), 5)
        self.campanile("run", file, "--log", log, "--limit", 1, "--people", PATIENT, expect=1)
        before = [event.contact() for event in world.events_of(log)
                  if event.type == "CallRequested"]
        done = self.call(MINE, "--log", log, "--people", PATIENT)
        self.assert_told(done, "calling", "answered", "ended: completed")
        requested = [event.contact() for event in world.events_of(log)
                     if event.type == "CallRequested"]
        self.assertEqual(requested, [*before, ("test-call-2", 1)])
        # What others answer says nothing of this call.
        self.call(MINE, "--log", log, "--people", "human=0,machine=0,busy=0,no_answer=1000",
                  expect=1)
        status = world.last_json(self.campanile("status", "--log", log, "--json").stdout)
        self.assertEqual([each["status"] for each in status["campaigns"]],
                         ["running", "completed", "completed"])
        self.assertEqual(status["campaigns"][0]["fresh"], 4)
        self.assert_log_is_well(log)

    def test_a_call_that_was_not_placed_is_made_by_nobody_later(self):
        """Step by step: the clock stands unless the test moves it."""
        phones = world.HandCarrier(1_767_600_000_000)
        self.addCleanup(phones.close)
        log = self.path("L.db")

        def start(n):
            program = self.start("call", world.number_of(n), "--log", log, "--carrier",
                                 phones.choice, name="call%d" % n)

            def started():
                types = [event.type for event in world.events_of(log)]
                return types.count("CampaignStarted") == n or not program.running()
            world.wait_until(started, "the call is in the log")
            self.assertTrue(program.running(), program.out() + program.err())
            return program

        def answer(program, order):
            world.wait_until(lambda: len(phones.orders) == order, "it is placed")
            phones.wait_until_quiet()
            call = world.HandCall(phones, order)
            self.assertEqual((call.report("initiated"), call.report("in-progress")), (204, 204))
            self.assertEqual(call.ask()[0], 200)
            self.assertEqual(call.report("completed", CallDuration="5"), 204)
            self.assertEqual(program.wait(), 0, program.err())
            phones.wait_until_alone()
            return call.order["To"]

        self.assertEqual(answer(start(1), 1), world.number_of(1))
        # The next may leave a second later, and no second passes.
        given_up = start(2)
        given_up.interrupt()
        self.assertEqual(given_up.wait(), 1, given_up.err())
        phones.wait_until_alone()
        start(3).kill()
        phones.wait_until_alone()
        # The next one calls its own number alone.
        fourth = start(4)
        phones.move_clock(5_000)
        self.assertEqual(answer(fourth, 2), world.number_of(4))
        # Nor does a server dial what is left of them.
        phones.now_ms += 600_000
        server = self.start("serve", "--log", log, "--carrier", phones.choice, name="serve")
        world.wait_until(lambda: phones.program and world.Control(log).ask("GET", "/status"),
                         "it serves")
        for _ in range(3):
            phones.move_clock(5_000)
        server.interrupt()
        self.assertEqual(server.wait(), 0, server.err())
        self.assertEqual(len(phones.orders), 2)
        ends = {event.stream: event.type for event in world.events_of(log)
                if event.type in ("CampaignCompleted", "CampaignCancelled")}
        self.assertEqual(ends, {"campaign/test-call-1": "CampaignCompleted",
                                "campaign/test-call-2": "CampaignCancelled",
                                "campaign/test-call-3": "CampaignCompleted",
                                "campaign/test-call-4": "CampaignCompleted"})
        excluded = {event.contact(): event.payload["gate"] for event in world.events_of(log)
                    if event.type == "ContactExcluded"}
        self.assertEqual(excluded, {("test-call-3", 1): "too_late"})
        self.assert_log_is_well(log)

    def test_what_cannot_be_called(self):
        file = world.write_campaign(self.folder, world.survey(), 3)
        self.assertIn("country code", self.call("333", expect=2).stderr)
        self.assertIn("--contact", self.call(MINE, "--campaign", file, expect=2).stderr)
        self.assertIn("no usable contact", self.call(MINE, "--campaign", file, "--contact", "P-9",
                                                     expect=2).stderr)
        self.assertFalse(os.path.exists(self.path("state")))


class CoreDumpTest(world.Case):
    def killed_with_a_core(self, *arguments):
        """The files left by a program that died of a fault and may dump as much as it likes."""
        folder = self.path(os.path.basename(arguments[0]))
        os.mkdir(folder)
        process = subprocess.Popen(
            arguments, cwd=folder, env=world.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (1 << 26, 1 << 26)))
        process.stdout.readline()
        process.send_signal(signal.SIGABRT)
        process.wait()
        process.stdout.close()
        return [name for name in os.listdir(folder) if name.startswith("core")]

    def test_no_core_dump_holds_what_the_program_knows(self):
        limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
        if limit != resource.RLIM_INFINITY and limit < 1 << 26:
            self.skipTest("no program may dump its core here")
        if not self.killed_with_a_core("/bin/sh", "-c", "echo up; read never; sleep 60"):
            self.skipTest("this machine keeps its core dumps elsewhere")
        self.assertEqual(self.killed_with_a_core(world.binary, "rehearsal", "--listen",
                                                 "127.0.0.1:0"), [])


if __name__ == "__main__":
    world.main()
