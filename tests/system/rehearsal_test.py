"""The rehearsal carrier on its own, with a foreign program at the other end: the credentials it was
given, and what it serves to a client that knows Twilio's interface and nothing of ours.

  rehearsal_test.py CAMPANILE [TEST...]
"""

import base64
import json
import os
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

import world

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "fedcba9876543210" * 2


class Client:
    """As small as such a client can be."""

    def __init__(self, base, user=ACCOUNT, password=TOKEN):
        self.base = base
        self.path = "/2010-04-01/Accounts/%s/Calls" % ACCOUNT
        word = base64.b64encode(("%s:%s" % (user, password)).encode()).decode()
        self.headers = {"Authorization": "Basic " + word}

    def ask(self, target, fields=None):
        """(status, body)"""
        form = None if fields is None else urllib.parse.urlencode(fields, doseq=True).encode()
        request = urllib.request.Request(self.base + target, form, self.headers)
        try:
            with urllib.request.urlopen(request, timeout=world.PATIENCE_S) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def create(self, **fields):
        return self.ask(self.path + ".json", fields)

    def fetch(self, sid):
        return self.ask("%s/%s.json" % (self.path, sid))[1]


class RehearsalTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def start(self, *arguments, **environment):
        carrier = world.Program(self.folder, "rehearsal", "--listen", "127.0.0.1:0", *arguments,
                                name="carrier", env=world.environment(**environment))
        self.addCleanup(carrier.kill)
        line = world.wait_until(lambda: carrier.out() if "\n" in carrier.out()
                                else not carrier.running(), "the carrier listens")
        self.assertIsNot(line, True, carrier.err())
        return json.loads(line)

    def test_it_takes_the_credentials_it_is_given_and_repeats_no_secret(self):
        told = self.start("--account", ACCOUNT, "--api-key", "SK" + "a" * 32,
                          REHEARSAL_TOKEN=TOKEN, REHEARSAL_API_SECRET="secret of the key")
        self.assertEqual(told["account_sid"], ACCOUNT)
        with urllib.request.urlopen(told["base_url"] + "/rehearsal.json") as answer:
            about = answer.read().decode()
        for text in (json.dumps(told), about):
            self.assertNotIn(TOKEN, text)
            self.assertNotIn("secret of the key", text)
        client = Client(told["base_url"])
        self.assertEqual(client.ask(client.path + ".json")[0], 200)
        key = Client(told["base_url"], "SK" + "a" * 32, "secret of the key")
        self.assertEqual(key.ask(key.path + ".json?PageSize=1")[0], 200)
        # A Standard key is not told of the account itself.
        itself = key.path.removesuffix("/Calls") + ".json"
        self.assertEqual(client.ask(itself)[0], 200)
        self.assertEqual(key.ask(itself)[1]["code"], 20003)
        forged = Client(told["base_url"], password="0" * 32)
        self.assertEqual(forged.ask(forged.path + ".json")[1]["code"], 20003)
        # Time runs as the world's does.
        now = world.campanile("rehearsal", "--help").stdout
        self.assertIn("REHEARSAL_TOKEN", now)
        self.assertGreater(told["now"], "2026-01-05T08:00:00")

    def test_a_call_lives_without_a_clock_connection(self):
        told = self.start("--account", ACCOUNT, "--speed", "200", "--people",
                          "human=1,no_answer=0,busy=0,machine=0,failed=0,fax=0,hang_up=0,"
                          "hang_up_at_once=0", REHEARSAL_TOKEN=TOKEN)
        client = Client(told["base_url"])
        status, made = client.create(To="+390611111111", From="+390612345678",
                                     Twiml="<Response><Say>Ciao.</Say><Hangup/></Response>")
        self.assertEqual((status, made["status"]), (201, "queued"))
        ended = world.wait_until(
            lambda: (lambda call: call if call["status"] == "completed" else None)(
                client.fetch(made["sid"])), "the call has ended")
        self.assertGreater(int(ended["duration"]), 0)
        self.assertEqual(client.fetch("CA" + "0" * 32)["code"], 20404)
        self.assertEqual(client.create(To="anna", From="+390612345678", Url="http://h/"),
                         (400, {"code": 21211, "status": 400,
                                "more_info": "https://www.twilio.com/docs/errors/21211",
                                "message": "The phone number you are attempting to call, anna, is "
                                           "not valid."}))

    def test_a_program_of_ours_needs_the_token_that_the_carrier_was_given(self):
        told = self.start("--account", ACCOUNT, "--speed", "0", REHEARSAL_TOKEN=TOKEN)
        file = world.write_campaign(self.folder, world.survey(), 2)
        command = ["run", file, "--log", os.path.join(self.folder, "a.db"), "--carrier",
                   "rehearsal@127.0.0.1:%d" % told["port"]]
        without = world.campanile(*command)
        self.assertEqual(without.returncode, 3)
        self.assertIn("TWILIO_AUTH_TOKEN", without.stderr)
        self.assertNotIn(TOKEN, without.stderr)
        program = world.Program(self.folder, *command,
                                env=world.environment(TWILIO_AUTH_TOKEN=TOKEN))
        self.addCleanup(program.kill)
        self.assertEqual(program.wait(), 0, program.err())

    def test_credentials_that_cannot_be_are_refused(self):
        for arguments in (["--account", ACCOUNT], ["--token", TOKEN], ["--account", "AC1",
                          "--token", TOKEN], ["--api-key", "SK" + "a" * 32],
                          ["--tls-cert", "cert.pem"], ["--webhooks-to", "localhost:80"]):
            done = world.campanile("rehearsal", *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertNotIn(TOKEN, done.stderr)


if __name__ == "__main__":
    world.main()
