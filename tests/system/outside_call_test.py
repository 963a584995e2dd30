"""Calls that somebody else's script places through Twilio's interface, answered by our door: the way of
a Node + Twilio project, over TLS at both ends, with a .env whose SERVER_URL is a bare host. The script
itself runs in tests/peers; here is a client of the standard library in its place.

  outside_call_test.py CAMPANILE MAKE_CERTIFICATES [TEST...]
"""

import base64
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request
import xml.etree.ElementTree

import world

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "fedcba9876543210" * 2
PUBLIC_HOST = "voice.example.test"
FROM = "+390698765432"
TO = "+390612345678"

make_certificates = ""


def tree(element):
    """An element as something that compares: name, attributes, text, children."""
    return (element.tag, dict(element.attrib), (element.text or "").strip(),
            [tree(child) for child in element])


class OutsideCallTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        subprocess.run([make_certificates, self.folder, "api.twilio.com", PUBLIC_HOST], check=True)
        self.trust = ssl.create_default_context(cafile=self.path("ca.pem"))
        self.log = self.path("calls.db")

    def path(self, name):
        return os.path.join(self.folder, name)

    def certificate(self, host):
        return ["--tls-cert", self.path(host + ".pem"), "--tls-key", self.path(host + ".key"),
                "--ca-file", self.path("ca.pem")]

    def start(self, *more):
        """A carrier, and a door of ours that it reaches under its public name."""
        door_port = world.free_port()
        carrier = world.Program(
            self.folder, "rehearsal", "--listen", "127.0.0.1:0", "--account", ACCOUNT, "--speed",
            "20", "--people", "human=1,no_answer=0,busy=0,machine=0,failed=0,fax=0,hang_up=0,"
            "hang_up_at_once=0", "--webhooks-to", "127.0.0.1:%d" % door_port,
            *self.certificate("api.twilio.com"), *more, name="carrier",
            env=world.environment(REHEARSAL_TOKEN=TOKEN))
        self.addCleanup(carrier.kill)
        line = world.wait_until(lambda: carrier.out() if "\n" in carrier.out()
                                else not carrier.running(), "the carrier listens")
        self.assertIsNot(line, True, carrier.err())
        self.carrier = "https://localhost:%d" % json.loads(line)["port"]
        with open(self.path(".env"), "w") as text:
            text.write("TWILIO_ACCOUNT_SID=%s\nTWILIO_AUTH_TOKEN=%s\nTRANSFER_NUMBER_MAIN=%s\n"
                       "SERVER_URL=%s\nTWILIO_BASE_URL=%s\n"
                       % (ACCOUNT, TOKEN, FROM, PUBLIC_HOST, self.carrier))
        os.chmod(self.path(".env"), 0o600)
        self.door_command = (
            "serve", "--carrier", "twilio", "--new-log", "--log", self.log,
            "--listen", "127.0.0.1:%d" % door_port, *self.certificate(PUBLIC_HOST))
        self.door = world.Program(self.folder, *self.door_command, name="door", cwd=self.folder)
        self.addCleanup(self.door.kill)
        self.door_url = "https://localhost:%d" % door_port
        world.wait_until(lambda: "serving" in self.door.out() or not self.door.running(),
                         "the door is open")
        self.assertTrue(self.door.running(), self.door.err())

    def ask(self, url, form=None, headers=None):
        data = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(url, data, headers or {})
        with urllib.request.urlopen(request, timeout=world.PATIENCE_S,
                                    context=self.trust) as answer:
            return answer.status, answer.read().decode()

    def create(self, query):
        """What client.calls.create sends for the script of such a project."""
        word = base64.b64encode(("%s:%s" % (ACCOUNT, TOKEN)).encode()).decode()
        form = [("To", TO), ("From", FROM),
                ("Url", "https://%s/outbound-call%s" % (PUBLIC_HOST, query)),
                ("StatusCallback", "https://%s/call-status" % PUBLIC_HOST)]
        form += [("StatusCallbackEvent", event)
                 for event in ("initiated", "ringing", "answered", "completed")]
        status, body = self.ask("%s/2010-04-01/Accounts/%s/Calls.json" % (self.carrier, ACCOUNT),
                                form, {"Authorization": "Basic " + word})
        self.assertEqual(status, 201)
        return json.loads(body)["sid"]

    def events(self, sid):
        done = world.campanile("log", "--log", self.log)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        return [event for event in events if event["stream"] == "call/" + sid]

    def document(self, query, sid):
        url = "/outbound-call" + query
        fields = {"CallSid": sid, "AccountSid": ACCOUNT, "From": FROM, "To": TO,
                  "CallStatus": "in-progress"}
        signed = world.signature(TOKEN, "https://" + PUBLIC_HOST + url, fields.items())
        _, body = self.ask(self.door_url + url, fields, {"X-Twilio-Signature": signed})
        return xml.etree.ElementTree.fromstring(body)

    def test_every_mode_gets_its_document_and_the_log_knows_the_call(self):
        self.start()
        for query in ("", "?mode=simple", "?mode=agent", "?mode=recorded"):
            sid = self.create(query)
            ended = world.wait_until(
                lambda: [e for e in self.events(sid) if e["type"] == "CallEnded"],
                "the log knows the end of the call")[0]
            self.assertEqual([event["type"] for event in self.events(sid)],
                             ["CallInitiated", "CallRinging", "CallAnswered", "CallEnded"])
            self.assertEqual(ended["payload"]["status"], "completed")
            self.assertGreater(int(ended["payload"]["seconds"]), 0)
            document = self.document(query, sid)
            self.assertEqual([child.tag for child in document], ["Say", "Pause", "Hangup"])
            self.assertEqual(document.find("Say").attrib, {"language": "it-IT"})
            self.assertEqual(document.find("Pause").attrib, {"length": "1"})
            # Nobody was named who would talk.
            self.assertEqual("no voice model is configured" in self.door.out(),
                             query in ("?mode=agent", "?mode=recorded"))
            self.assertEqual("unknown mode" in self.door.out(), query == "?mode=recorded")
        status, truth = self.ask(self.carrier + "/rehearsal/truth.json")
        counters = json.loads(truth)["counters"]
        self.assertEqual(counters["callbacks_due"], 16)
        self.assertEqual(counters["callbacks_delivered"], 16)
        self.assertEqual(counters["documents_failed"], 0)

    def test_a_server_that_goes_on_is_held_up_by_no_reader(self):
        self.start()
        world.wait_until(lambda: self.stands("RunnerStarted") == 1, "its start is durable")
        self.door.kill()
        pipe = world.FullPipe(descriptors=(1,))
        self.door = world.Program(self.folder, *self.door_command, name="again", cwd=self.folder,
                                  before=pipe.before)
        self.addCleanup(self.door.kill)
        world.wait_until(lambda: self.stands("RunnerStarted") == 2, "it has begun again")
        for number in range(20):
            self.assertEqual(self.document("", "CA%032x" % number).tag, "Response")
            time.sleep(0.1)
        self.door.process.send_signal(signal.SIGTERM)
        world.wait_until(lambda: self.stands("RunnerStopped") == 1, "the run is over")
        self.assertTrue(self.door.running())
        self.assertIn("serving", pipe.read())
        self.assertEqual(self.door.wait(), 0)

    def stands(self, event):
        return sum(each.type == event for each in world.events_of(self.log))

    def test_fields_and_encodings_that_nobody_expects_change_nothing(self):
        self.start("--faults", "webhook_unknown_fields=1000,webhook_odd_encoding=1000,"
                   "callback_doubled=1000,callback_reordered=500")
        sid = self.create("?mode=simple")
        world.wait_until(lambda: [e for e in self.events(sid) if e["type"] == "CallEnded"],
                         "the log knows the end of the call")
        types = [event["type"] for event in self.events(sid)]
        self.assertEqual(len(types), len(set(types)))
        self.assertNotIn("refused", self.door.out())


if __name__ == "__main__":
    make_certificates = os.path.abspath(sys.argv.pop(2))
    world.main()
