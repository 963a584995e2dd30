"""The program with `--carrier twilio`, against a carrier of a few lines that notes what it is asked."""

import datetime
import http.server
import json
import os
import threading
import urllib.parse
import xml.etree.ElementTree

import world

ACCOUNT = "AC" + "0" * 31 + "1"
REQUEST_ID = "RQ0123456789abcdef0123456789abcdef"
FALLBACK = "https://pages.example.test/sorry.xml"
EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../campaigns/examples")


class FakeTwilio:
    """Answers every order with the same refusal."""

    def __init__(self, status, body):
        self.orders = []
        carrier = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                carrier.orders.append((self.path, urllib.parse.parse_qs(form)))
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.send_header("Twilio-Request-Id", REQUEST_ID)
                self.end_headers()
                self.wfile.write(text)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class TwilioTest(world.Case):
    def setUp(self):
        super().setUp()
        self.log = self.path("L.db")
        self.file = world.write_campaign(self.folder, world.survey(calling_hours=world.ALWAYS), 2)

    def settings(self, base_url, **more):
        file = self.path("settings")
        names = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "primary",
                 "TWILIO_BASE_URL": base_url, "SERVER_URL": "door.example.test",
                 "FALLBACK_URL": FALLBACK, **more}
        with open(file, "w", encoding="utf-8") as out:
            out.writelines("%s=%s\n" % item for item in names.items())
        os.chmod(file, 0o600)
        return file

    def run_with(self, settings, expect):
        return self.campanile("run", self.file, "--carrier", "twilio", "--new-log", "--log",
                              self.log, "--listen", "127.0.0.1:0", "--env-file", settings,
                              expect=expect)

    def test_a_refusal_for_everybody_stops_after_one_order_and_says_what_to_do(self):
        carrier = FakeTwilio(400, {"code": 21210, "message": "no", "status": 400})
        self.addCleanup(carrier.close)
        settings = self.settings("http://127.0.0.1:%d" % carrier.server.server_port)
        self.run_with(settings, expect=1)
        [(path, form)] = carrier.orders
        self.assertEqual(path, "/2010-04-01/Accounts/%s/Calls.json" % ACCOUNT)
        self.assertEqual(form["FallbackUrl"], [FALLBACK])
        self.assertEqual(form["FallbackMethod"], ["GET"])
        self.assertRegex(form["Url"][0], r"^https://door\.example\.test/outbound-call/prova\.")
        status = self.campanile("status", "--log", self.log).stdout
        self.assertIn("paused", status)
        self.assertIn("code 21210: the caller id is not the account's; buy the number", status)
        contact = "/".join(form["Url"][0].split("/")[-1].split(".")[:2])
        told = self.campanile("explain", "--log", self.log, "--contact", contact).stdout
        self.assertIn("buy the number or verify it", told)
        # What is explained is now, not when something was written down last.
        asked_at = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
        told_at = json.loads(self.campanile("explain", "--log", self.log, "--contact", contact,
                                            "--json").stdout)["now_utc"]
        self.assertGreaterEqual(told_at, asked_at[:-3])
        self.assertIn(REQUEST_ID, told)
        [refused] = [e for e in world.events_of(self.log) if e.type == "CallRefused"]
        self.assertEqual(refused.payload["request_id"], REQUEST_ID)

    def test_a_region_that_is_not_known_is_told_before_a_log_is_made(self):
        told = self.run_with(self.settings("https://api.twilio.com", TWILIO_REGION="xx9"),
                             expect=2).stderr
        self.assertIn("TWILIO_EDGE", told)
        self.run_with(self.settings("https://api.twilio.com", FALLBACK_URL="sorry.xml"), expect=2)
        self.assertFalse(os.path.exists(self.log))

    def test_the_page_to_fall_back_on_is_a_document_and_says_nothing_of_a_person(self):
        files = [os.path.join(EXAMPLES, name) for name in sorted(os.listdir(EXAMPLES))
                 if name.endswith(".json")]
        page = self.campanile("fallback-page", *files).stdout
        verbs = list(xml.etree.ElementTree.fromstring(page))
        self.assertEqual([verb.tag for verb in verbs],
                         ["Say"] * (len(verbs) - 1) + ["Hangup"])
        languages = [verb.get("language") for verb in verbs[:-1]]
        self.assertIn("it-IT", languages)
        self.assertEqual(len(set(languages)), len(languages))
        self.assertNotIn("{{", page)
        self.campanile("fallback-page", self.path("missing.json"), expect=2)
        self.assertIn("<Say", self.campanile("fallback-page").stdout)


if __name__ == "__main__":
    world.main()
