"""Alerts and outcomes by webhook: signed, told again until they are heard, after a kill too, and in
nobody's way."""

import hashlib
import hmac
import http.server
import json
import threading
import time

import world

SECRET = "s3cret-of-the-alerts"
PEOPLE = 8
# Everybody answers every question at once, so that nobody is called twice.
CALM = ("human=1000,no_answer=0,busy=0,machine=0,failed=0,fax=0,right_key=1000,speech=0,wrong_key=0,"
        "silence=0,hang_up=0,opt_out=0,hang_up_at_once=0")


class Hearer:
    """Somebody who is told; `status` is what they answer."""

    def __init__(self, case):
        self.heard = []  # (path, id, body)
        self.status = 200
        self.delay = 0
        hearer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"]))
                seconds, signature = self.headers["Campanile-Signature"].split(",v1=")
                expected = hmac.new(SECRET.encode(), seconds[2:].encode() + b"." + text,
                                    hashlib.sha256).hexdigest()
                body = json.loads(text)
                good = signature == expected and body["id"] == self.headers["Campanile-Id"]
                hearer.heard.append((self.path, body["id"], body if good else "forged"))
                time.sleep(hearer.delay)
                self.send_response(hearer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # a program that is killed breaks its connections

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        case.addCleanup(self.server.server_close)
        case.addCleanup(self.server.shutdown)

    def url(self, path):
        return "http://127.0.0.1:%d%s" % (self.server.server_address[1], path)

    def bodies(self, path):
        """By id, in the order in which they were first heard."""
        found = {}
        for where, id_, body in self.heard:
            if where == path:
                found.setdefault(id_, body)
        return found


class AlertsTest(world.Case):
    def setUp(self):
        super().setUp()
        self.hearer = Hearer(self)
        self.log = self.path("L.db")
        self.file = world.write_campaign(self.folder, world.survey(
            budget={"limit": "500.00", "per_minute": "0.01", "currency": "EUR"}), PEOPLE)

    def settings(self, **more):
        return world.environment(ALERTS_URL=self.hearer.url("/alerts?key=hidden"),
                                 OUTCOMES_URL=self.hearer.url("/outcomes"),
                                 ALERTS_SECRET=SECRET, **more)

    def serve(self, *arguments, name="serve", **more):
        return self.start("serve", "--log", self.log, "--speed", 20, "--people",
                          CALM, *arguments,
                          name=name, env=self.settings(**more))

    def submit(self):
        world.wait_until(lambda: world.Control(self.log).ask("GET", "/status"), "it serves")
        self.campanile("submit", self.file, "--log", self.log)

    def finished(self):
        return any(isinstance(body, dict) and body["kind"] == "campaign_finished"
                   for body in self.hearer.bodies("/alerts?key=hidden").values())

    def test_the_owner_hears_every_outcome_and_the_operator_the_end(self):
        server = self.serve()
        self.submit()
        world.wait_until(self.finished, "the end is told")
        world.wait_until(lambda: len(self.hearer.bodies("/outcomes")) >= PEOPLE, "all are told")
        outcomes = self.hearer.bodies("/outcomes")
        self.assertNotIn("forged", list(outcomes.values()))
        # The ids of the list itself, each once, with what the export says of it.
        self.assertEqual(sorted(body["external_id"] for body in outcomes.values()),
                         ["P-%04d" % n for n in range(1, PEOPLE + 1)])
        self.assertEqual({body["kind"] for body in outcomes.values()}, {"outcome"})
        closed = {event.contact()[1]: event.payload for event in self.events()
                  if event.type == "ContactClosed"}
        for body in outcomes.values():
            self.assertEqual(body["place"], closed[body["contact"]]["place"])
            self.assertEqual(body["disposition"], closed[body["contact"]]["disposition"])
        page = [body for body in self.hearer.bodies("/alerts?key=hidden").values()]
        self.assertEqual([body["kind"] for body in page], ["campaign_finished"])
        self.assertEqual(page[0]["done"] + page[0]["exhausted"], PEOPLE)
        self.assertNotIn("forged", page)
        server.interrupt()
        self.assertEqual(server.wait(), 0, server.err())
        for secret in ("hidden", SECRET):
            self.assertNotIn(secret, server.out() + server.err())

    def events(self):
        told = self.campanile("log", "--log", self.log).stdout.splitlines()
        rows = [json.loads(line) for line in told]
        return [world.Event((row["position"], row["stream"], row["version"], row["type"],
                             row["recorded_at"], json.dumps(row["payload"]))) for row in rows]

    def test_calls_go_on_while_nobody_hears_and_a_kill_loses_no_alert(self):
        self.hearer.status = 503
        server = self.serve()
        self.submit()
        # The whole campaign is called while every alert is refused.
        world.wait_until(
            lambda: world.Control(self.log).ask("GET", "/status")[1]["campaigns"][0]["status"] ==
            "completed", "the campaign is over")
        world.wait_until(lambda: len(self.hearer.heard) >= 3, "it is tried again")
        self.assertEqual(len({id_ for path, id_, _ in self.hearer.heard if path == "/outcomes"}), 1)
        self.assertIn("is not heard", server.out())
        server.kill()
        first = len(self.hearer.heard)
        self.hearer.status = 200
        again = self.serve(name="again")
        world.wait_until(self.finished, "the end is told after the kill")
        world.wait_until(lambda: len({id_ for path, id_, _ in self.hearer.heard[first:]
                                      if path == "/outcomes"}) == PEOPLE, "all are told")
        again.interrupt()
        self.assertEqual(again.wait(), 0, again.err())
        heard = len(self.hearer.heard)
        # What was heard is not told again.
        third = self.serve(name="third")
        world.wait_until(lambda: world.Control(self.log).ask("GET", "/readyz"), "it serves")
        third.interrupt()
        self.assertEqual(third.wait(), 0, third.err())
        self.assertEqual(len(self.hearer.heard), heard)

    def test_the_end_of_a_run_is_told_before_it_ends(self):
        done = self.start("run", self.file, "--log", self.log, "--speed", 20, "--people",
                          CALM,
                          name="run", env=self.settings())
        self.assertEqual(done.wait(), 0, done.err())
        self.assertTrue(self.finished())
        self.assertEqual(len(self.hearer.bodies("/outcomes")), PEOPLE)

    def test_of_a_cancelled_campaign_everybody_s_outcome_is_told_however_many_they_are(self):
        # More than wait in memory: the rest is read from the log again.
        people = 10_300
        self.file = world.write_campaign(self.folder, world.survey(), people)
        server = self.serve()
        self.submit()
        self.campanile("cancel", "--all", "--log", self.log)
        world.wait_until(lambda: len(self.hearer.heard) >= people, "all are told")
        outcomes = self.hearer.bodies("/outcomes")
        self.assertEqual(sorted(body["external_id"] for body in outcomes.values()),
                         sorted("P-%04d" % n for n in range(1, people + 1)))
        cancelled = [body for body in outcomes.values() if body.get("gate") == "cancelled"]
        self.assertGreater(len(cancelled), people - 500)
        self.assertEqual({body["place"] for body in cancelled}, {"excluded"})
        self.assertIn("too many alerts wait", server.out())
        server.interrupt()
        self.assertEqual(server.wait(), 0, server.err())

    def test_a_hearer_that_hangs_does_not_hold_up_the_end_for_long(self):
        self.hearer.delay = 3600
        done = self.start("run", self.file, "--log", self.log, "--speed", 20, "--people",
                          CALM,
                          name="run", env=self.settings())
        self.assertEqual(done.wait(60), 0, done.err())

    def test_settings_that_are_none(self):
        def refused(**settings):
            server = self.start("serve", "--log", self.path("M.db"), "--speed", 60, name="refused",
                                env=world.environment(**settings))
            self.assertEqual(server.wait(), 2, server.err())
            return server.err()
        self.assertIn("ALERTS_SECRET", refused(ALERTS_URL="http://127.0.0.1:1/hidden"))
        told = refused(ALERTS_URL="ftp://hidden", ALERTS_SECRET=SECRET)
        self.assertIn("ALERTS_URL", told)
        self.assertNotIn("hidden", told)
        done = self.campanile("serve", "--log", self.path("M.db"), "--alerts", "everything",
                              expect=2)
        self.assertIn("no kind of alert", done.stderr)


if __name__ == "__main__":
    world.main()
