"""`serve` in one process, the commands that steer it in others, started elsewhere."""

import calendar
import glob
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import world
from world import Route

PEOPLE = 2000  # so many that steering comes long before the end, however fast time jumps


class OperateTest(world.Case):
    def setUp(self):
        super().setUp()
        self.here, self.elsewhere = self.path("here"), self.path("elsewhere")
        os.mkdir(self.here)
        os.mkdir(self.elsewhere)
        self.phones = self.carrier()
        self.log = self.path("here/L.db")
        self.server = self.serve()

    def serve(self, name="serve"):
        """The server stands in `here` and names its log from there."""
        server = self.start("serve", "--log", "L.db", "--carrier", self.phones.choice,
                            "--calls-per-second", 20, "--json", name=name, cwd=self.here)
        world.wait_until(lambda: "the public door listens" in server.out() or
                         not server.running(), "the server serves")
        self.assertTrue(server.running(), server.err())
        return server

    def steer(self, *arguments, expect=0):
        """A command from another directory, which names the log from there."""
        return self.campanile(*arguments, "--log", os.path.join("..", "here", "L.db"),
                              cwd=self.elsewhere, expect=expect)

    def submit(self, name, people, **members):
        members.setdefault("pacing", {"calls_per_second": "20", "lines": 20})
        file = world.write_campaign(
            self.elsewhere, world.survey(id=name, **members), people, name + ".json")
        return self.steer("submit", os.path.basename(file), "--json")

    def status(self):
        return world.last_json(self.steer("status", "--json").stdout)

    def standing(self, name):
        return {each["id"]: each for each in self.status()["campaigns"]}.get(name)

    def calls(self, name):
        return [call for call in self.phones.truth()["calls"]
                if Route(call["url"]).attempt[0] == name]

    def no_call_is_under_way(self):
        return all(call["ended_at_ms"] is not None for call in self.phones.truth()["calls"])

    def stop(self):
        self.server.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(), 0, self.server.err())

    def test_a_campaign_is_submitted_paused_resumed_and_another_one_runs_beside_it(self):
        self.submit("first", PEOPLE)
        world.wait_until(lambda: len(self.calls("first")) > 20, "people are called")

        paused = world.last_json(self.steer("pause", "first", "--reason", "pranzo",
                                            "--json").stdout)
        self.assertEqual(paused["campaigns"][0]["status"], "paused")
        self.assertEqual(paused["campaigns"][0]["reason"], "pranzo")
        at_ms = milliseconds_of(paused["now"])
        world.wait_until(self.no_call_is_under_way, "the calls of before the pause have ended")
        world.wait_until(lambda: self.standing("first")["calling"] == 0, "the log knows it")
        # Time went on while they talked, and nobody was dialled in it.
        status = self.status()
        self.assertTrue(status["running"])
        self.assertGreater(milliseconds_of(status["now"]), at_ms)
        self.assertGreater(status["campaigns"][0]["fresh"], 0)
        late = [call["accepted_at_ms"] for call in self.calls("first")
                if call["accepted_at_ms"] > at_ms]
        self.assertEqual(late, [])
        before = len(self.calls("first"))

        # While it is paused another one runs to its end beside it.
        self.submit("second", 20)
        world.wait_until(lambda: self.standing("second")["status"] == "completed",
                         "the second campaign is over")
        self.assertEqual(self.standing("first")["status"], "paused")
        self.assertEqual(len(self.calls("first")), before)
        self.assertGreaterEqual(len(self.calls("second")), 20)

        # The people of the two lists are the same, and nobody had two calls at once.
        self.steer("resume", "first")
        world.wait_until(lambda: len(self.calls("first")) > before, "people are called again")

        self.steer("cancel", "first", "--reason", "basta")
        world.wait_until(lambda: self.standing("first")["calling"] == 0, "the calls have ended")
        standing = self.standing("first")
        self.assertEqual(standing["status"], "cancelled")
        self.assertGreater(standing["excluded"], 0)
        self.assertEqual(standing["fresh"] + standing["retry"] + standing["held"], 0)
        self.assertEqual(standing["done"] + standing["exhausted"] + standing["excluded"], PEOPLE)
        after = len(self.calls("first"))

        # What is over cannot be steered any more; what does not exist cannot either.
        for command in ("pause", "resume"):
            self.assertIn("cancelled", self.steer(command, "first", expect=2).stderr)
        for command in ("pause", "resume", "cancel"):
            self.assertIn("nobody", self.steer(command, "nobody", expect=2).stderr)
            self.steer(command, "no body\n", expect=2)

        # A terminal that goes away is no reason to end.
        self.server.process.send_signal(signal.SIGHUP)
        self.assertTrue(self.status()["running"])

        self.stop()
        status = self.status()
        self.assertFalse(status["running"])
        self.assertEqual(len(self.calls("first")), after)
        self.assertEqual([each["id"] for each in status["campaigns"]], ["first", "second"])
        self.assert_log_is_well(self.log)
        self.assert_nobody_had_two_calls_at_once()

    def assert_nobody_had_two_calls_at_once(self):
        by_number = {}
        for call in self.phones.truth()["calls"]:
            by_number.setdefault(call["to"], []).append(call)
        for calls in by_number.values():
            calls.sort(key=lambda call: call["accepted_at_ms"])
            for one, next_one in zip(calls, calls[1:]):
                self.assertLessEqual(one["ended_at_ms"], next_one["accepted_at_ms"])

    def test_two_campaigns_for_the_same_people_share_the_lines_and_never_meet(self):
        self.submit("first", 120)
        self.submit("second", 120)
        for name in ("first", "second"):
            world.wait_until(lambda: self.standing(name)["status"] == "completed",
                             name + " is over")
            standing = self.standing(name)
            self.assertEqual(standing["done"] + standing["exhausted"] + standing["excluded"], 120)
        self.assert_nobody_had_two_calls_at_once()
        self.stop()
        self.assert_log_is_well(self.log)

    def test_a_server_that_is_killed_goes_on_with_the_same_command(self):
        self.submit("first", PEOPLE)
        world.wait_until(lambda: len(self.calls("first")) > 20, "people are called")
        self.steer("pause", "first")
        self.server.kill()
        self.assertFalse(self.status()["running"])
        self.server = self.serve(name="again")
        self.assertEqual(self.standing("first")["status"], "paused")
        before = len(self.calls("first"))
        self.steer("resume", "first")
        world.wait_until(lambda: len(self.calls("first")) > before, "people are called again")
        self.steer("cancel", "first")
        world.wait_until(lambda: self.standing("first")["calling"] == 0, "the calls have ended")
        self.stop()
        self.assert_log_is_well(self.log)

    def test_a_server_that_goes_on_is_held_up_by_no_reader(self):
        self.submit("first", PEOPLE)
        world.wait_until(lambda: len(self.calls("first")) > 20, "people are called")
        self.server.kill()
        pipe = world.FullPipe()
        before = len(self.calls("first"))
        self.server = self.start("serve", "--log", "L.db", "--carrier", self.phones.choice,
                                 "--calls-per-second", 20, "--json", cwd=self.here,
                                 before=pipe.before)
        world.wait_until(lambda: len(self.calls("first")) > before + 20, "people are called again")
        # It was full all the while. The first signal is an orderly end.
        self.server.process.send_signal(signal.SIGTERM)
        world.wait_until(lambda: world.events_of(self.path("here/L.db"))[-1].type ==
                         "RunnerStopped", "the run is over")
        self.assertTrue(self.server.running())
        self.assertIn("the public door listens", pipe.read())
        self.assertEqual(self.server.wait(), 0)

    def test_what_no_program_runs_is_steered_all_the_same_and_nobody_is_called_first(self):
        self.submit("first", PEOPLE)
        world.wait_until(lambda: len(self.calls("first")) > 20, "people are called")
        self.server.kill()
        before = len(self.calls("first"))
        paused = world.last_json(self.steer("pause", "first", "--reason", "elenco sbagliato",
                                            "--json").stdout)
        self.assertEqual((paused["running"], paused["campaigns"][0]["status"],
                          paused["campaigns"][0]["reason"]),
                         (False, "paused", "elenco sbagliato"))
        self.assertEqual(self.steer("pause", "first").stdout, "")
        for command in ("pause", "resume", "cancel"):
            self.assertIn("nobody", self.steer(command, "nobody", expect=2).stderr)
        self.server = self.serve(name="again")
        # What had left before the kill may have become a call.
        self.assertEqual(self.standing("first")["status"], "paused")
        world.wait_until(self.no_call_is_under_way, "the calls of before have ended")
        world.wait_until(lambda: self.standing("first")["calling"] == 0, "the log knows it")
        self.assertLessEqual(len(self.calls("first")), before + 20)
        self.assertGreater(self.standing("first")["fresh"], 0)
        after = len(self.calls("first"))
        self.stop()
        self.steer("resume", "first")
        self.assertEqual(self.standing("first")["status"], "running")
        self.steer("cancel", "first", "--reason", "basta")
        self.assertEqual(self.standing("first")["status"], "cancelled")
        self.assertIn("cancelled", self.steer("resume", "first", expect=2).stderr)
        self.server = self.serve(name="at-last")
        self.stop()
        self.assertEqual(len(self.calls("first")), after)
        self.assert_log_is_well(self.log)

    def cancelled_while(self, method, target, body, cancel):
        """What comes of an order with a long list when there is a cancel while it is looked at."""
        heard = []
        ask = world.Control(self.log).ask

        def threads():
            return len(os.listdir("/proc/%d/task" % self.server.process.pid))
        before = threads()
        asking = threading.Thread(target=lambda: heard.append(ask(method, target, body)))
        asking.start()
        world.wait_until(lambda: threads() > before or heard, "it is looked at")
        self.assertEqual(heard, [])
        status, _ = ask("POST", cancel, {"reason": "basta"})
        asking.join()
        return status, heard[0]

    def test_what_was_being_looked_at_when_all_was_cancelled_does_not_begin(self):
        long = world.write_campaign(self.elsewhere, world.survey(
            id="second", contacts={**world.survey()["contacts"], "file": "long.csv"}), 60_000,
            "second.json")
        self.submit("first", 5)
        world.wait_until(lambda: self.standing("first")["status"] == "completed", "it is over")
        calls = len(self.phones.truth()["calls"])
        more = {"file": os.path.join(self.elsewhere, "long.csv")}
        for target, body, cancel, expect in (
                ("/campaigns", {"file": long}, "/cancel", 200),
                ("/campaigns/first/contacts", more, "/cancel", 200),
                # There is nothing else to cancel there; but the list is dropped all the same.
                ("/campaigns/first/contacts", more, "/campaigns/first/cancel", 409)):
            status, answer = self.cancelled_while("POST", target, body, cancel)
            self.assertEqual(status, expect)
            self.assertEqual(answer[0], 409, answer)
            self.assertIn("cancelled meanwhile", answer[1]["problems"][0]["what"])
            self.assertEqual([(each["id"], each["status"], each["contacts"])
                              for each in self.status()["campaigns"]], [("first", "completed", 5)])
        # What is brought after it begins as ever.
        self.submit("third", 5)
        world.wait_until(lambda: self.standing("third")["status"] == "completed", "it is over")
        self.assertGreater(len(self.phones.truth()["calls"]), calls)
        self.stop()
        self.assert_log_is_well(self.log)

    def test_what_cannot_be_submitted_is_refused_with_every_reason(self):
        self.submit("first", 10)
        world.wait_until(lambda: self.standing("first")["status"] == "completed", "it is over")
        position = self.status()["position"]
        file = os.path.join(self.elsewhere, "wrong.json")
        with open(file, "w") as wrong:
            wrong.write('{"id": "wrong", "kind": "survy", "contacts": {"file": "people.csv"},\n'
                        ' "mesage": "?"}')
        told = self.steer("submit", "wrong.json", expect=2).stderr
        self.assertIn("/kind", told)
        self.assertIn("/mesage", told)
        self.steer("submit", "missing.json", expect=2)

        # The same again is the same; another one under its id is a change, which has to be accepted.
        self.steer("submit", "first.json")
        self.assertEqual(self.status()["position"], position)
        world.write_campaign(self.elsewhere, world.survey(id="first", goodbye="Altro."), 10,
                             "first.json")
        self.assertIn("change", self.steer("submit", "first.json", expect=2).stderr)
        self.assertEqual(self.status()["position"], position)
        self.stop()

    def test_whoever_submits_sees_the_warnings_and_what_was_left_out_of_the_list(self):
        campaign = world.survey(
            id="first", pacing={"calls_per_second": "20", "lines": 20},
            budget={"limit": "5.00", "currency": "EUR", "per_minute": "0.20"},
            quotas=[{"name": "scarce", "completes": 1000}])
        file = world.write_campaign(self.elsewhere, campaign, 12, "first.json")
        with open(os.path.join(self.elsewhere, campaign["contacts"]["file"]), "a") as people:
            people.write("X-1,none,Anna\nX-2,%s,Bea\n" % world.number_of(1))
        checked = self.campanile("check", file, "--skip-bad-rows", "--json")
        warnings = world.last_json(checked.stdout)["warnings"]
        self.assertTrue(any("budget" in warning for warning in warnings), warnings)
        self.assertTrue(any("scarce" in warning for warning in warnings), warnings)
        done = self.steer("submit", "first.json", "--skip-bad-rows")
        for warning in warnings:
            self.assertIn("warning: " + warning, done.stderr)
        self.assertIn("first: 14 rows, 12 people, 1 duplicate, 1 cannot be used\n"
                      "left out: row 14, column number: ", done.stdout)
        # Gone on with, it was looked at before.
        again = self.steer("submit", "first.json", "--skip-bad-rows")
        self.assertEqual(again.stdout, "")
        self.assertNotIn("budget", again.stderr)
        campaign["id"] = "second"
        world.write_campaign(self.elsewhere, campaign, 12, "second.json")
        told = self.steer("submit", "second.json", "--json")
        self.assertEqual(world.last_json(told.stdout)["taken"]["people"], 12)
        self.assertIn("scarce", told.stderr)
        self.stop()

    def test_what_is_no_campaigns_id_is_said_and_nobody_asked(self):
        file = world.write_campaign(self.elsewhere, world.survey(id="first"), 3)
        for name in ("a b", "über", "First", "-x", "a/../b", "x" * 64):
            for command in (("pause", "--", name), ("resume", "--", name), ("cancel", "--", name),
                            ("add-contacts", "--", name, file), ("edit", "--", name, file)):
                done = self.campanile(command[0], "--log", self.log, *command[1:], expect=2)
                self.assertIn("no campaign's id", done.stderr, command)
        # A shell variable that is not set is no list.
        for option in ("--contacts", "--countries"):
            self.assertIn("empty", self.steer("submit", file, option, "", expect=2).stderr)
        self.assertIn("empty", self.steer("suppress", world.number_of(1), "--until", "",
                                          expect=2).stderr)
        self.assertEqual(self.status()["campaigns"], [])
        self.stop()

    def test_a_program_that_does_not_answer_is_not_taken_for_none(self):
        log = self.path("here/M.db")
        answer = b""
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.bind(log + ".sock")
            deaf.listen()

            def hang_up():
                while True:
                    try:
                        asking, _ = deaf.accept()
                    except OSError:
                        return
                    with asking:
                        asking.recv(65536)
                        asking.sendall(answer)
            threading.Thread(target=hang_up, daemon=True).start()
            told = self.campanile("pause", "first", "--log", log, expect=1).stderr
            self.assertIn("may still do it", told)
            self.assertNotIn("nothing runs", told)
            answer = b"HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n"
            told = self.campanile("pause", "first", "--log", log, expect=2).stderr
            self.assertIn("the running program answered 418", told)
            deaf.shutdown(socket.SHUT_RDWR)
        told = self.campanile("pause", "first", "--log", log, expect=3).stderr
        self.assertIn("nothing runs", told)
        self.stop()

    @unittest.skipUnless(os.geteuid() == 0, "needs to give a file to another user")
    def test_a_program_of_another_user_is_not_taken_for_none(self):
        # Root without its power over other people's files: another user may not get as far as the
        # binary, wherever the checkout lies.
        os.chown(self.log + ".sock", 65534, 65534)
        done = subprocess.run(["setpriv", "--bounding-set", "-dac_override,-dac_read_search",
                               "--inh-caps", "-all", world.binary, "pause", "first", "--log",
                               self.log], cwd="/", env=world.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=world.PATIENCE_S)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("as that user", done.stderr)
        self.assertNotIn("nothing runs", done.stderr)
        self.stop()

    def test_a_log_far_down_is_steered_through_a_socket_beside_it(self):
        self.stop()
        self.here = self.path("/".join(["here", "d" * 100, "e" * 100]))
        os.makedirs(self.here)
        for name in ("L.db", "n" * 100 + ".db"):
            log = os.path.join(self.here, name)
            before = set(glob.glob(os.path.join(tempfile.gettempdir(), "campanile-*.sock")))
            server = self.start("serve", "--log", log, "--carrier", self.phones.choice, "--json",
                                name="far")
            world.wait_until(lambda: "the public door listens" in server.out() or
                             not server.running(), "the server serves")
            self.assertTrue(server.running(), server.err())
            [beside] = glob.glob(os.path.join(self.here, "*.sock"))
            self.assertEqual(os.stat(beside).st_mode & 0o777, 0o600)
            after = set(glob.glob(os.path.join(tempfile.gettempdir(), "campanile-*.sock")))
            self.assertEqual(after - before, set())
            status = world.last_json(self.campanile("status", "--json", "--log", log).stdout)
            self.assertTrue(status["running"])
            server.interrupt()
            self.assertEqual(server.wait(), 0, server.err())
            self.assertEqual(glob.glob(os.path.join(self.here, "*.sock")), [])

    def test_a_second_program_on_a_log_is_refused_at_once_and_told_who_holds_it(self):
        file = world.write_campaign(self.elsewhere, world.survey(), 5)
        for command in (("serve",), ("run", file)):
            times = []
            for _ in range(3):
                began = time.monotonic()
                done = self.campanile(*command, "--log", self.log, "--carrier",
                                      self.phones.choice, expect=3)
                times.append(time.monotonic() - began)
                self.assertIn("is held by", done.stderr)
                self.assertIn(str(self.server.process.pid), done.stderr)
            # The best of three: other programs run on this machine.
            self.assertLess(min(times), world.PACE)
        # The one that holds it has not noticed.
        self.assertTrue(self.status()["running"])
        self.submit("first", 5)
        world.wait_until(lambda: self.standing("first")["status"] == "completed", "it is over")
        self.stop()


def milliseconds_of(text):
    """Of "2026-01-05T08:00:00.000Z"."""
    whole = time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    return calendar.timegm(whole) * 1000 + int(text[20:23])


if __name__ == "__main__":
    world.main()
