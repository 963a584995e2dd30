"""`doctor` and `call` over TLS at both ends, with each fault of a certificate, of the settings and of the
carrier: what an operator reads, the exit code, and that nobody is rung before it can work.

  doctor_tls_test.py CAMPANILE MAKE_CERTIFICATES [TEST...]
"""

import json
import os
import ssl
import subprocess
import sys
import tempfile
import urllib.request

import world

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "a-token-of-nobody"
CALLER = "+390220527877"
MINE = "+393471999999"
KEY = "sk-a-key-of-nobody"
MODEL = "a-model-of-ours"
API = "api.example.test"
DOOR = "door.example.test"
PATIENT = ("human=1000,no_answer=0,busy=0,machine=0,failed=0,fax=0,hang_up=0,opt_out=0,"
           "hang_up_at_once=0")
ENDING = "ending:" + DOOR
KINDS = ("expired", "early", "only", "stranger", "weak", "client")

make_certificates = ""


class DoctorTlsTest(world.Case):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        names = [API, DOOR, ENDING] + ["%s:%s" % (kind, name) for kind in KINDS for name in (API, DOOR)]
        subprocess.run([make_certificates, cls.scratch.name, *names], check=True)

    def setUp(self):
        super().setUp()
        self.port = world.free_port()
        self.settings = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN,
                         "TRANSFER_NUMBER_MAIN": CALLER,
                         # The certificate's name; both lead to this machine.
                         "SERVER_URL": "https://localhost:%d" % self.port}

    def file(self, name):
        return os.path.join(self.scratch.name, name)

    def certificate(self, name):
        return ["--tls-cert", self.file(name + ".pem"), "--tls-key", self.file(name + ".key")]

    def phones(self, *more, certificate=API, voice_key=""):
        carrier = world.Program(
            self.folder, "rehearsal", "--listen", "127.0.0.1:0", "--account", ACCOUNT, "--speed",
            "20", "--numbers", CALLER, "--people", PATIENT, "--ca-file", self.file("ca.pem"),
            *self.certificate(certificate), *more, name="carrier%d" % world.free_port(),
            env=world.environment(REHEARSAL_TOKEN=TOKEN, REHEARSAL_VOICE_KEY=voice_key))
        self.addCleanup(carrier.kill)
        line = world.wait_until(lambda: carrier.out() if "\n" in carrier.out()
                                else not carrier.running(), "the carrier listens")
        self.assertIsNot(line, True, carrier.err())
        self.base = "https://localhost:%d" % json.loads(line)["port"]
        return carrier

    def model(self, *more, certificate=API):
        """Settings of a voice model that takes one key and knows one model."""
        carrier = self.phones("--voice-models", MODEL, *more, certificate=certificate,
                              voice_key=KEY)
        port = json.loads(carrier.out().splitlines()[0])["voice_port"]
        return {"OPENAI_API_KEY": KEY, "OPENAI_REALTIME_MODEL": MODEL,
                "OPENAI_BASE_URL": "https://localhost:%d/v1" % port}

    def rung(self):
        """By a client that trusts anybody: the carrier's certificate may be the fault."""
        anybody = ssl._create_unverified_context()
        with urllib.request.urlopen(self.base + "/rehearsal/truth.json", context=anybody) as answer:
            return json.load(answer)["calls"]

    def program(self, *arguments, door=DOOR, ca="ca.pem", expect, **settings):
        given = {"TWILIO_BASE_URL": self.base, "XDG_STATE_HOME": self.path("state"),
                 **self.settings, **settings}
        done = subprocess.run(
            [world.binary, *arguments, "--listen", "127.0.0.1:%d" % self.port,
             *(self.certificate(door) if door else []),
             *(["--ca-file", self.file(ca)] if ca else [])],
            cwd=self.folder, env=world.environment(**{n: v for n, v in given.items() if v}),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=world.PATIENCE_S)
        self.assertIn(done.returncode, expect if isinstance(expect, tuple) else (expect,),
                      done.stdout + done.stderr)
        for secret in (TOKEN, CALLER, MINE, KEY):
            self.assertNotIn(secret, done.stdout + done.stderr)
        return done

    def doctor(self, expect, **more):
        found = json.loads(self.program("doctor", "--json", expect=expect, **more).stdout)
        for finding in found:
            if finding["verdict"] in ("bad", "broken"):
                self.assertTrue(finding["cure"], finding)
        return found

    def call(self, expect, *words, **more):
        done = self.program("call", MINE, "--carrier", "twilio", "--say", "Prova", expect=expect,
                            **more)
        told = done.stdout + done.stderr
        at = 0
        for each in words:
            found = told.find(each, at)
            self.assertNotEqual(found, -1, "%r is missing in\n%s" % (each, told))
            at = found
        return told

    def assert_found(self, found, subject, verdict, words="", cure=""):
        self.assertTrue(any(finding["subject"] == subject and finding["verdict"] == verdict and
                            words in finding["what"] and cure in finding["cure"]
                            for finding in found),
                        "%s %s %r %r in %s" % (subject, verdict, words, cure, found))

    def test_all_is_well(self):
        self.phones()
        found = self.doctor(0)
        for subject in ("SERVER_URL", "account", "caller id", "door", "way in", "signatures",
                        "forgeries"):
            self.assert_found(found, subject, "ok")
        # A certificate that only we trust is no proof that the carrier does.
        self.assert_found(found, "certificate", "warning", "--ca-file")
        self.call(0, "calling", "placed as CA", "ringing", "answered", "told: message",
                  "ended: completed", "outcome: ")
        self.assertEqual(len(self.rung()), 1)

    def test_a_certificate_that_ends_in_days_is_told_of(self):
        self.phones()
        ending = ENDING.replace(":", "-")
        found = self.doctor(0, door=ending)
        self.assert_found(found, "certificate", "warning", "certificate ends in ", "renew it")
        self.assertIn("the public door's certificate ends in ",
                      self.call(0, "placed as CA", "ended: completed", door=ending))

    def test_a_carrier_with_a_bad_certificate_is_believed_nothing(self):
        for kind, words in (("expired", "expired"), ("early", "not valid yet"),
                            ("only", "another name"), ("stranger", "no trusted authority"),
                            ("client", "alert 40")):
            with self.subTest(kind=kind):
                self.phones(certificate="%s-%s" % (kind, API))
                found = self.doctor(3)
                self.assert_found(found, "credentials", "broken", "the carrier cannot be asked")
                self.assert_found(found, "credentials", "broken", words)
                self.call(3, "credentials", words)
                # Shown to a client, one for clients lets nobody in.
                if kind != "client":
                    self.assertEqual(self.rung(), [])
        # Nobody trusts the test's authority unless told.
        self.phones()
        self.assert_found(self.doctor(3, ca=None), "credentials", "broken", "authority")

    def test_a_door_with_a_bad_certificate_is_found_before_the_first_call(self):
        self.phones()
        for kind, code, words in (("expired", 3, "expired"), ("early", 3, "not valid yet"),
                                  ("only", 3, "another name"),
                                  ("stranger", 3, "no trusted authority"),
                                  ("weak", 2, "too weak"), ("client", 3, "alert 40")):
            with self.subTest(kind=kind):
                door = "%s-%s" % (kind, DOOR)
                found = self.doctor(code, door=door)
                self.assert_found(found, "certificate", "broken" if code == 3 else "bad", words)
                self.assert_found(found, "account", "ok")
                self.call(code, "certificate", words, door=door)
        self.assertEqual(self.rung(), [])

    def test_run_meets_the_certificate_before_its_own_door_is_open(self):
        self.phones()
        file = world.write_campaign(self.folder, world.survey(
            calling_hours=world.ALWAYS,
            retries={"attempts_max": 1}), 3)
        run = ("run", file, "--carrier", "twilio", "--calls-per-second", "10")
        told = self.program(*run, "--new-log", door="expired-" + DOOR, expect=3).stderr
        self.assertIn("certificate: ", told)
        self.assertEqual(self.rung(), [])
        self.program(*run, "--new-log", "--limit", "1", expect=1)
        self.assertEqual(len(self.rung()), 1)
        # What is there already is met the same way, and lets the others through.
        told = self.program(*run, door="expired-" + DOOR, expect=3).stderr
        self.assertIn("certificate: ", told)
        self.assertEqual(len(self.rung()), 1)
        self.assertNotIn("warning: ", self.program(*run, expect=(0, 1)).stderr)
        self.assertEqual(len(self.rung()), 3)
        # One that is to run until it is stopped stops here, too.
        told = self.program("serve", "--carrier", "twilio", "--log", self.path("other.db"),
                            "--new-log", door="only-" + DOOR, expect=3).stderr
        self.assertIn("certificate: ", told)

    def test_a_door_in_clear_behind_an_https_address(self):
        self.phones()
        found = self.doctor(3, door=None)
        self.assert_found(found, "certificate", "broken", "not TLS")
        self.call(3, "certificate", "not TLS", door=None)
        found = self.doctor(2, door=None, SERVER_URL="http://localhost:%d" % self.port)
        self.assert_found(found, "SERVER_URL", "bad", "in clear")
        self.call(2, "SERVER_URL", "in clear", door=None,
                  SERVER_URL="http://localhost:%d" % self.port)
        self.assertEqual(self.rung(), [])

    def test_a_certificate_that_does_not_go_with_its_key_or_is_none(self):
        self.phones()
        for files in ([self.file(API + ".pem"), self.file(DOOR + ".key")],
                      [self.file("nothing.pem"), self.file(DOOR + ".key")],
                      [self.file(DOOR + ".key"), self.file(DOOR + ".key")]):
            arguments = ["--tls-cert", files[0], "--tls-key", files[1]]
            for command in (["doctor"], ["call", MINE, "--carrier", "twilio"]):
                done = self.program(*command, *arguments, door=None, expect=2)
                self.assertRegex(done.stdout + done.stderr, r"certificate|key")
        self.assertEqual(self.rung(), [])

    def test_settings_that_are_wrong(self):
        self.phones()
        for expect, subject, settings in (
                (2, "credentials", {"TWILIO_AUTH_TOKEN": "another"}),
                (2, "caller id", {"TRANSFER_NUMBER_MAIN": "+390220527878"}),
                (2, "SERVER_URL", {"SERVER_URL": ""}),
                (3, "credentials", {"TWILIO_BASE_URL": "https://localhost:%d" % world.free_port()}),
                # TLS to a port that speaks none.
                (3, "credentials", {"TWILIO_BASE_URL": "https://localhost:%d" % self.plain_port()})):
            with self.subTest(settings=settings):
                found = self.doctor(expect, **settings)
                self.assertTrue(any(finding["subject"] == subject and
                                    finding["verdict"] in ("bad", "broken")
                                    for finding in found), found)
                self.call(expect, subject, **settings)
        self.assertEqual(self.rung(), [])
        # A door that cannot be seen from here may be open from outside.
        nowhere = "https://localhost:%d" % world.free_port()
        self.assert_found(self.doctor(3, SERVER_URL=nowhere), "way in", "broken", "does not answer")

    def plain_port(self):
        return self.carrier(name="plain").port

    def test_a_carrier_that_fails(self):
        """What `call` tells of each way in which an order can go wrong."""
        for faults, expect, words, rings in (
                ("post_refused=1000", 1, ("calling", "429"), 0),
                ("post_refused_later=1000", 1, ("calling", "429"), 0),
                ("post_failed_accepted=1000,list_lag_s=20", 0,
                 ("calling", "doubt", "ended: completed"), 1),
                ("post_dropped=1000,list_lag_s=20", 0, ("calling", "doubt", "ended: completed"), 1),
                ("post_reset=1000,list_lag_s=20", 0, ("calling", "doubt", "ended: completed"), 1),
                ("post_truncated=1000,list_lag_s=20", 0,
                 ("calling", "doubt", "ended: completed"), 1),
                ("post_delayed=1000", 0, ("calling", "ended: completed"), 1),
                ("post_split=1000", 0, ("calling", "placed as CA", "ended: completed"), 1),
                ("callback_doubled=1000,webhook_unknown_fields=1000,webhook_odd_encoding=1000", 0,
                 ("calling", "placed as CA", "answered", "ended: completed"), 1)):
            with self.subTest(faults=faults):
                self.phones("--faults", faults)
                self.call(expect, *words)
                self.assertEqual(len(self.rung()), rings)

    def test_a_voice_model_that_takes_what_we_give_it(self):
        settings = self.model()
        self.assert_found(self.doctor(0, **settings), "voice model", "ok", "the key and the model")
        # What a campaign's agent names is asked for, and not what would be taken without it.
        self.assert_found(self.campaigns_model(0, model=MODEL, **settings | {
            "OPENAI_REALTIME_MODEL": "another"}), "voice model", "ok", "the key and the model")
        self.assert_found(self.campaigns_model(2, model="a-third", **settings), "voice model",
                          "bad", "no model a-third for this key", "OPENAI_REALTIME_MODEL")
        self.assert_found(self.campaigns_model(2, voice="nobody", **settings), "voice model",
                          "bad", "refuses the session", "OPENAI_REALTIME_VOICE")

    def campaigns_model(self, expect, model="", voice="", **settings):
        named = {"model": model, "voice": voice}
        file = world.write_campaign(self.folder, world.survey(mode="agent", agent={
            "disclosure": "Parla un'intelligenza artificiale.", "columns": ["name"],
            **{name: value for name, value in named.items() if value}}), 1)
        return json.loads(self.program("doctor", file, "--json", expect=expect, **settings).stdout)

    def test_what_is_wrong_with_a_voice_models_settings_is_told_apart(self):
        # At the upgrade, and in the session that it let begin (protocols.md 6.1).
        for late in ((), ("--faults", "voice_refused_late=1000")):
            settings = self.model(*late)
            for words, cure, wrong in (
                    ("refuses the key: invalid_api_key", "OPENAI_API_KEY",
                     {"OPENAI_API_KEY": "sk-another"}),
                    ("no model gpt-nobody for this key: model_not_found", "OPENAI_REALTIME_MODEL",
                     {"OPENAI_REALTIME_MODEL": "gpt-nobody"})):
                with self.subTest(words=words, late=late):
                    found = self.doctor(2, **settings | wrong)
                    self.assert_found(found, "voice model", "bad", words, cure)
        for words, cure, wrong in (
                ("is not set", ".env", {"OPENAI_API_KEY": ""}),
                ("a character that no key has", ".env", {"OPENAI_API_KEY": "sk-two words"}),
                ("no model is named", "OPENAI_REALTIME_MODEL", {"OPENAI_REALTIME_MODEL": ""}),
                ("refuses the session", "OPENAI_REALTIME_VOICE",
                 {"OPENAI_REALTIME_VOICE": "nobody"}),
                ("no realtime service at this address", "OPENAI_BASE_URL",
                 {"OPENAI_BASE_URL": settings["OPENAI_BASE_URL"] + "/v2"})):
            with self.subTest(words=words):
                found = self.campaigns_model(2, **settings | wrong)
                self.assert_found(found, "voice model", "bad", words, cure)

    def test_a_voice_model_that_cannot_be_reached_or_believed(self):
        settings = self.model()
        nowhere = "https://localhost:%d/v1" % world.free_port()
        plain = "https://localhost:%d/v1" % self.plain_port()
        for words, cure, base in (("cannot be reached", "way out", nowhere),
                                  ("not believed", "OPENAI_BASE_URL", plain)):
            with self.subTest(words=words):
                found = self.doctor(3, **settings | {"OPENAI_BASE_URL": base})
                self.assert_found(found, "voice model", "broken", words, cure)
        for kind, words in (("expired", "expired"), ("early", "not valid yet"),
                            ("only", "another name"), ("stranger", "no trusted authority")):
            with self.subTest(kind=kind):
                settings = self.model(certificate="%s-%s" % (kind, API))
                self.phones()
                found = self.doctor(3, **settings)
                self.assert_found(found, "voice model", "broken", "not believed", "clock")
                self.assert_found(found, "voice model", "broken", words)

    def test_a_voice_model_that_has_no_time_or_no_telephone(self):
        for fault, verdict, words, cure in (
                ("voice_unavailable", "broken", "does not open a session", "try again later"),
                ("voice_limited", "broken", "too many questions", "in a minute"),
                ("voice_keeps_pcm", "bad", "the telephone's sound", "another model")):
            with self.subTest(fault=fault):
                settings = self.model("--faults", fault + "=1000")
                found = self.doctor(3 if verdict == "broken" else 2, **settings)
                self.assert_found(found, "voice model", verdict, words, cure)

    def test_an_account_that_cannot_be_asked(self):
        self.phones("--faults", "get_failed=1000")
        # The account itself answers; its lists of calls are another matter.
        self.doctor(0)


def main():
    global make_certificates
    if len(sys.argv) < 3:
        sys.exit("usage: %s CAMPANILE MAKE_CERTIFICATES [TEST...]" % sys.argv[0])
    make_certificates = os.path.abspath(sys.argv.pop(2))
    world.main()


if __name__ == "__main__":
    main()
