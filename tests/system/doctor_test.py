"""The doctor: what it finds of settings, of the account and of the way in, and what it says to do."""

import json
import os
import resource
import socket
import subprocess

import world

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TOKEN = "a-token-of-nobody"
CALLER = "+390220527877"


class DoctorTest(world.Case):
    def setUp(self):
        super().setUp()
        self.port = world.free_port()
        self.far_end = self.carrier("--account", ACCOUNT, "--token", TOKEN, "--speed", "1",
                                    "--numbers", CALLER)
        self.settings = {
            "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN,
            "TRANSFER_NUMBER_MAIN": CALLER,
            "TWILIO_BASE_URL": "http://127.0.0.1:%d" % self.far_end.port,
            "SERVER_URL": "http://127.0.0.1:%d" % self.port}

    def doctor(self, *arguments, expect, before=None, **settings):
        given = {name: value for name, value in (self.settings | settings).items() if value}
        done = subprocess.run(
            [world.binary, "doctor", "--listen", "127.0.0.1:%d" % self.port, "--json", *arguments],
            cwd=self.folder, env=world.environment(**given), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=world.PATIENCE_S, preexec_fn=before)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        self.assertNotIn(TOKEN, done.stdout + done.stderr)
        self.assertNotIn(CALLER, done.stdout + done.stderr)
        if not done.stdout:
            return done.stderr
        found = json.loads(done.stdout)
        for finding in found:
            if finding["verdict"] in ("bad", "broken"):
                self.assertTrue(finding["cure"], finding)
        return found

    def verdicts(self, found, subject):
        return [finding["verdict"] for finding in found if finding["subject"] == subject]

    def assert_found(self, found, subject, verdict, words=""):
        self.assertTrue(any(finding["subject"] == subject and finding["verdict"] == verdict and
                            words in finding["what"] for finding in found),
                        "%s %s %r in %s" % (subject, verdict, words, found))

    def test_all_is_well(self):
        found = self.doctor(expect=0)
        for subject in ("SERVER_URL", "account", "caller id", "clock", "door", "way in",
                        "signatures", "forgeries", "disk"):
            self.assertIn("ok", self.verdicts(found, subject), subject)
        self.assert_found(found, "caller id", "warning", "Italian")
        self.assert_found(found, "FALLBACK_URL", "warning")
        self.assert_found(found, "countries", "unproven")
        self.assertEqual(sorted(os.listdir(self.folder)), ["carrier.err", "carrier.out"])

    def test_credentials_that_are_missing_or_wrong(self):
        self.assertIn("TWILIO_AUTH_TOKEN", self.doctor(expect=2, TWILIO_AUTH_TOKEN=""))
        found = self.doctor(expect=2, TWILIO_AUTH_TOKEN="another")
        self.assert_found(found, "credentials", "bad", "401")
        found = self.doctor(expect=2, TWILIO_API_KEY="SK" + "0" * 32, TWILIO_API_SECRET="x")
        self.assert_found(found, "credentials", "bad", "401")

    def test_a_caller_id_that_is_not_ours(self):
        found = self.doctor(expect=2, TRANSFER_NUMBER_MAIN="+390220527878")
        self.assert_found(found, "caller id", "bad", "7878")
        file = world.write_campaign(self.folder, world.survey(caller_ids=["+390220527879"]), 1)
        found = self.doctor(file, expect=2)
        self.assert_found(found, "caller id", "bad", "7879")
        self.assert_found(found, "caller id", "ok", "7877")
        found = self.doctor(expect=2, TRANSFER_NUMBER_MAIN="02 20527877")
        self.assert_found(found, "caller id", "bad", "international")

    def test_a_carrier_that_does_not_answer(self):
        found = self.doctor(expect=3, TWILIO_BASE_URL="http://127.0.0.1:%d" % world.free_port())
        self.assert_found(found, "credentials", "broken")

    def test_a_way_in_that_leads_elsewhere(self):
        found = self.doctor(expect=3, SERVER_URL="http://127.0.0.1:%d" % world.free_port())
        self.assert_found(found, "way in", "broken", "does not answer")
        found = self.doctor(expect=3, SERVER_URL=self.settings["TWILIO_BASE_URL"])
        self.assert_found(found, "way in", "broken", "something else")
        found = self.doctor(expect=2, SERVER_URL="")
        self.assert_found(found, "SERVER_URL", "bad", "not set")
        # In clear, where the carrier is the real one; nothing of it is asked.
        found = self.doctor(expect=2, TWILIO_BASE_URL="https://127.0.0.1:%d" % world.free_port())
        self.assert_found(found, "SERVER_URL", "bad", "in clear")

    def test_a_door_that_is_open_already(self):
        serving = self.start("serve", "--log", self.path("L.db"), "--carrier", "twilio",
                             "--new-log", "--listen", "127.0.0.1:%d" % self.port,
                             env=world.environment(**self.settings))
        world.wait_until(lambda: "serving" in serving.out() or not serving.running(), "it serves")
        found = self.doctor(expect=0)
        self.assert_found(found, "door", "unproven")
        self.assert_found(found, "way in", "ok")
        # No call that never was stands in its log.
        told = self.campanile("log", "--log", self.path("L.db"))
        self.assertNotIn("call/CA", told.stdout)

    def test_urls_that_cannot_be_asked_for(self):
        for name in ("TWILIO_BASE_URL", "OPENAI_BASE_URL", "FALLBACK_URL", "ALERTS_URL",
                     "OUTCOMES_URL", "HEARTBEAT_URL"):
            for url in ("https://hooks.example/a b", "https://hooks.example/a\nb",
                        "https://hooks.example/a#b", "https://hooks.example/citt\u00e0",
                        "https://ho\toks.example", "hooks.example"):
                told = self.doctor(expect=2, **{name: url})
                self.assertIn(name, told)
                self.assertNotIn("hooks", told)
        for url in ("https://door.example/a b", "door.ex ample", "https://door.example/a\nb"):
            self.assert_found(self.doctor(expect=2, SERVER_URL=url), "SERVER_URL", "bad",
                              "no address")
        # A line end behind it comes from copying.
        found = self.doctor(expect=0, SERVER_URL=self.settings["SERVER_URL"] + "\n",
                            TWILIO_BASE_URL=self.settings["TWILIO_BASE_URL"] + " \r\n")
        self.assert_found(found, "way in", "ok")

    def test_too_few_open_files(self):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 6000:
            self.skipTest("this machine has too few itself")

        def limited(soft, hard):
            return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        found = self.doctor(expect=0, before=limited(1024, 1024))
        self.assert_found(found, "open files", "warning",
                          "limited to 1024: the door takes 208 connections and 312 media streams")
        # Up to the hard limit the program helps itself.
        found = self.doctor(expect=0, before=limited(64, hard))
        self.assertEqual(self.verdicts(found, "open files"), [])

    def test_where_the_door_cannot_be(self):
        file = world.write_campaign(self.folder, world.survey(caller_ids=[]), 3)
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        at = "127.0.0.1:%d" % taken.getsockname()[1]
        for listen, expect, words in ((at, 3, (at, "another program listens there", "--listen")),
                                      ("192.0.2.1:0", 3, ("192.0.2.1:0", "no such address")),
                                      ("door.example:8080", 2, ("door.example:8080", "--listen"))):
            for command in (("run", file, "--new-log"), ("serve", "--new-log"),
                            ("call", "+393471999999")):
                done = subprocess.run(
                    [world.binary, *command, "--carrier", "twilio", "--log", self.path("L.db"),
                     "--listen", listen],
                    cwd=self.folder, env=world.environment(**self.settings),
                    stdin=subprocess.DEVNULL, capture_output=True, text=True,
                    timeout=world.PATIENCE_S)
                self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
                for word in words:
                    self.assertIn(word, done.stderr)
                self.assertFalse(os.path.exists(self.path("L.db")), command)
        self.assertEqual(self.far_end.truth()["calls"], [])

    def test_nobody_is_called_before_it_can_work(self):
        file = world.write_campaign(self.folder, world.survey(caller_ids=[]), 3)
        for expect, words, settings in (
                (2, "credentials", {"TWILIO_AUTH_TOKEN": "another"}),
                (2, "caller id", {"TRANSFER_NUMBER_MAIN": "+390220527878"}),
                (2, "SERVER_URL", {"SERVER_URL": ""}),
                (3, "credentials", {"TWILIO_BASE_URL": "http://127.0.0.1:%d" % world.free_port()})):
            for command in (("run", file, "--new-log"), ("call", "+393471999999")):
                done = subprocess.run(
                    [world.binary, *command, "--carrier", "twilio", "--log", self.path("L.db")],
                    cwd=self.folder, env=world.environment(**(self.settings | settings)),
                    stdin=subprocess.DEVNULL, capture_output=True, text=True,
                    timeout=world.PATIENCE_S)
                self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
                self.assertIn(words, done.stderr)
                self.assertFalse(os.path.exists(self.path("L.db")), command)
        self.assertEqual(self.far_end.truth()["calls"], [])

    def test_what_a_person_reads(self):
        done = subprocess.run(
            [world.binary, "doctor", "--listen", "127.0.0.1:%d" % self.port],
            cwd=self.folder, env=world.environment(**self.settings), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=world.PATIENCE_S)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("ok        caller id: the number that ends in 7877", done.stdout)
        self.assertIn("          → ", done.stdout)


if __name__ == "__main__":
    world.main()
