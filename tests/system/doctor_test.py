"""The doctor: what it finds of settings, of the account and of the way in, and what it says to do."""

import http.client
import http.server
import json
import os
import resource
import socket
import subprocess
import threading
import time

import world

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TOKEN = "a-token-of-nobody"
CALLER = "+390220527877"


class LocalServer:
    """Answers at `url` with a handler until it is closed; `let_go` lets whoever is held go on."""

    def __init__(self, handler):
        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # whoever asked may have gone

        self.let_go = threading.Event()
        self.server = Server(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]

    def close(self):
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()


class HeldServer(LocalServer):
    """Answers nobody until it is let go, and then that it cannot."""

    def __init__(self):
        self.asked = threading.Event()
        held = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                held.asked.set()
                held.let_go.wait(world.PATIENCE_S)
                self.send_error(500)

            do_POST = do_GET

        super().__init__(Handler)


class Proxy(LocalServer):
    """Stands before our door, or before the carrier; `way` says what becomes of a GET and of a POST: "open",
    "shut", or "held" until it is let go. Hears alerts besides."""

    def __init__(self, door_port):
        self.way = {"GET": "open", "POST": "open"}
        self.held = threading.Event()
        self.alerts = []
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path == "/alerts":
                    proxy.alerts.append(json.loads(body))
                    return self.send_answer(204, b"")
                if proxy.way[self.command] == "held":
                    proxy.held.set()
                    proxy.let_go.wait(world.PATIENCE_S)
                if proxy.way[self.command] != "open":
                    return self.send_answer(502, b"the tunnel is down")
                door = http.client.HTTPConnection("127.0.0.1", door_port,
                                                  timeout=world.PATIENCE_S)
                try:
                    door.request(self.command, self.path, body or None, dict(self.headers))
                    answer = door.getresponse()
                    self.send_answer(answer.status, answer.read(),
                                     answer.headers.get("Content-Type"))
                except OSError:
                    self.send_answer(502, b"")
                finally:
                    door.close()

            do_GET = do_POST = pass_on

            def send_answer(self, status, body, content_type="text/plain"):
                self.send_response(status)
                if body:
                    self.send_header("Content-Type", content_type or "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        super().__init__(Handler)


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
        self.assert_found(found, "countries", "ok", "IT")
        self.assertEqual(sorted(os.listdir(self.folder)), ["carrier.err", "carrier.out"])

    def test_credentials_that_are_missing_or_wrong(self):
        self.assertIn("TWILIO_AUTH_TOKEN", self.doctor(expect=2, TWILIO_AUTH_TOKEN=""))
        found = self.doctor(expect=2, TWILIO_AUTH_TOKEN="another")
        self.assert_found(found, "credentials", "bad", "401")
        found = self.doctor(expect=2, TWILIO_API_KEY="SK" + "0" * 32, TWILIO_API_SECRET="x")
        self.assert_found(found, "credentials", "bad", "401")

    def test_an_account_that_may_not_call(self):
        def doctor(expect, *how):
            far_end = self.carrier("--account", ACCOUNT, "--token", TOKEN, "--speed", "1",
                                   "--numbers", CALLER, *how, name="-".join(how))
            self.settings["TWILIO_BASE_URL"] = "http://127.0.0.1:%d" % far_end.port
            return self.doctor(expect=expect)

        for state in ("suspended", "closed"):
            found = doctor(2, "--account-is", state)
            self.assert_found(found, "account", "bad", "is " + state)
        found = doctor(0, "--account-is", "trial")
        self.assert_found(found, "account", "warning", "verified numbers only")
        found = doctor(2, "--countries", "DE,FR")
        self.assert_found(found, "countries", "bad", "IT may not be called")
        found = doctor(0, "--countries", "DE,IT")
        self.assert_found(found, "countries", "ok", "IT may be called")
        done = self.campanile("rehearsal", "--countries", "Italy", expect=2)
        self.assertIn("--countries", done.stderr)

    def test_a_standard_api_key(self):
        key, secret = "SK" + "a" * 32, "the-secret-of-the-key"
        far_end = self.carrier("--account", ACCOUNT, "--token", TOKEN, "--api-key", key,
                               "--speed", "1", "--numbers", CALLER, name="carrier-with-a-key",
                               env=world.environment(REHEARSAL_API_SECRET=secret))
        self.settings |= {"TWILIO_BASE_URL": "http://127.0.0.1:%d" % far_end.port,
                          "TWILIO_API_KEY": key, "TWILIO_API_SECRET": secret}
        found = self.doctor(expect=0)
        for subject in ("credentials", "account", "auth token", "caller id", "clock", "signatures"):
            self.assertIn("ok", self.verdicts(found, subject), subject)
        # The key alone shows neither that the account is active nor what it signs with.
        found = self.doctor(expect=0, TWILIO_AUTH_TOKEN="another")
        self.assert_found(found, "credentials", "ok")
        self.assert_found(found, "account", "unproven", "401")
        self.assert_found(found, "auth token", "warning", "401")
        self.assert_found(found, "caller id", "ok")
        # Nor is the token sent where others on the way could read it.
        found = self.doctor(expect=0, TWILIO_BASE_URL="http://0.0.0.0:%d" % far_end.port)
        self.assert_found(found, "credentials", "ok")
        self.assert_found(found, "auth token", "unproven")
        found = self.doctor(expect=2, TWILIO_API_SECRET="another")
        self.assert_found(found, "credentials", "bad", "401")
        found = self.doctor(expect=2, TRANSFER_NUMBER_MAIN="+390220527878")
        self.assert_found(found, "caller id", "bad", "7878")
        serving = self.serve("with-a-key", "--new-log")
        self.wait_until_serving(serving)
        serving.interrupt()
        self.assertEqual(serving.wait(), 0, serving.err())

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
        found = self.doctor("--media-threads", "1", expect=0, before=limited(1024, 1024))
        self.assert_found(found, "open files", "warning",
                          "limited to 1024: the door takes 160 connections and 240 media streams")
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

    def held_server(self):
        held = HeldServer()
        self.addCleanup(held.close)
        return held

    def serve(self, name, *arguments, **settings):
        return self.start("serve", "--log", self.path("L.db"), "--carrier", "twilio", "--listen",
                          "127.0.0.1:%d" % self.port, *arguments, name=name,
                          env=world.environment(**(self.settings | settings)))

    def wait_until_serving(self, serving):
        world.wait_until(lambda: "serving" in serving.out() or not serving.running(), "it serves")
        self.assertTrue(serving.running(), serving.err())

    def report(self, sid, status):
        """What a call of somebody else's script tells: the answer's code."""
        fields = {"CallSid": sid, "AccountSid": ACCOUNT, "CallStatus": status,
                  "SequenceNumber": "1", "From": CALLER, "To": "+390612345678",
                  "Direction": "outbound-api", "ApiVersion": "2010-04-01"}
        url = "http://127.0.0.1:%d/call-status" % self.port
        if self.settings["SERVER_URL"] not in url:
            fields = list(fields.items())
            headers = {"X-Twilio-Signature": world.signature(
                TOKEN, self.settings["SERVER_URL"] + "/call-status", fields)}
            return world.post(url, fields, TOKEN, headers)[0]
        return world.post(url, fields, TOKEN)[0]

    def told_of(self, sid):
        done = self.campanile("log", "--log", self.path("L.db"))
        events = [json.loads(line) for line in done.stdout.splitlines()]
        return [event["type"] for event in events if event["stream"] == "call/" + sid]

    def test_what_calls_of_the_run_before_tell_while_it_looks_is_kept(self):
        first = self.serve("first", "--new-log")
        self.wait_until_serving(first)
        sid = "CA" + "7" * 32
        self.assertEqual(self.report(sid, "ringing"), 204)
        first.kill()

        held = self.held_server()
        again = self.serve("again", TWILIO_BASE_URL=held.url)
        self.assertTrue(held.asked.wait(world.PATIENCE_S))
        self.assertEqual(self.report(sid, "in-progress"), 204)
        self.assertIn("CallAnswered", self.told_of(sid))
        status, ready = world.Control(self.path("L.db")).ask("GET", "/readyz")
        self.assertEqual((status, ready["reasons"][0]["code"]), (503, "starting"))
        held.let_go.set()
        self.wait_until_serving(again)
        world.wait_until(lambda: world.Control(self.path("L.db")).ask("GET", "/readyz")[0] == 200,
                         "it is ready")
        # The call of its own that it tried the way with is nobody's.
        done = self.campanile("log", "--log", self.path("L.db"))
        self.assertEqual({json.loads(line)["stream"] for line in done.stdout.splitlines()},
                         {"runner", "call/" + sid})
        self.assertNotIn("refused", again.out())
        again.interrupt()
        self.assertEqual(again.wait(), 0, again.err())

        # A signal that comes meanwhile ends it.
        held = self.held_server()
        third = self.serve("third", TWILIO_BASE_URL=held.url)
        self.assertTrue(held.asked.wait(world.PATIENCE_S))
        world.wait_until(lambda: world.Control(self.path("L.db")).ask("GET", "/status"),
                         "it turns")
        third.interrupt()
        self.assertEqual(third.wait(), 0, third.err())

        # What it must not go on with ends it as where there is no log.
        refused = self.serve("refused", TWILIO_AUTH_TOKEN="another")
        self.assertEqual(refused.wait(), 2)
        self.assertIn("credentials", refused.err())
        stops = [event.payload["reason"] for event in world.events_of(self.path("L.db"))
                 if event.type == "RunnerStopped"]
        self.assertEqual(stops, ["interrupted", "interrupted", "refused"])
        self.assert_log_is_well(self.path("L.db"))

    def test_the_way_in_is_tried_at_the_door_of_the_program(self):
        first = self.serve("first", "--new-log")
        self.wait_until_serving(first)
        first.interrupt()
        self.assertEqual(first.wait(), 0, first.err())
        well = self.serve("well")
        self.wait_until_serving(well)
        self.assertEqual(well.err(), "")
        well.interrupt()
        self.assertEqual(well.wait(), 0, well.err())
        elsewhere = self.serve("elsewhere", SERVER_URL=self.settings["TWILIO_BASE_URL"])
        self.wait_until_serving(elsewhere)
        self.assertIn("something else answers", elsewhere.err())

    def proxy(self):
        proxy = Proxy(self.port)
        self.addCleanup(proxy.close)
        self.settings["SERVER_URL"] = proxy.url
        return proxy

    def submit_many(self):
        file = world.write_campaign(self.folder, world.survey(
            caller_ids=[], calling_hours=world.ALWAYS, countries=["IT"],
            pacing={"calls_per_second": "1", "lines": 50}), 200)
        self.campanile("submit", file, "--log", self.path("L.db"))

    def ready(self):
        return world.Control(self.path("L.db")).ask("GET", "/readyz")

    def orders(self):
        done = self.campanile("log", "--log", self.path("L.db"), "--type", "CallRequested")
        return len(done.stdout.splitlines())

    def test_a_door_that_is_shut_while_it_runs_holds_dialling_until_it_is_open(self):
        ready, orders = self.ready, self.orders
        proxy = self.proxy()
        proxy.way = {"GET": "shut", "POST": "shut"}
        serving = self.serve("watching", "--new-log", ALERTS_URL=proxy.url + "/alerts",
                             ALERTS_SECRET="0123456789abcdef")
        self.wait_until_serving(serving)
        self.submit_many()

        def status():
            return self.campanile("status", "--log", self.path("L.db")).stdout

        world.wait_until(lambda: ready()[0] == 503, "it is not ready")
        self.assertIn("nobody is called until it does: something else answers there", status())
        told = world.Control(self.path("L.db")).ask("GET", "/status")[1]
        self.assertEqual(told["door_shut"], "something else answers there, with 502")
        reasons = ready()[1]["reasons"]
        self.assertEqual([reason["code"] for reason in reasons], ["door_shut"])
        self.assertIn("502", reasons[0]["what"])
        world.wait_until(lambda: proxy.alerts, "it is told")
        self.assertEqual([alert["kind"] for alert in proxy.alerts], ["door_shut"])
        self.assertIn("SERVER_URL does not lead to our door", serving.out())
        # One was on its way at most.
        before = orders()
        time.sleep(4 * world.PACE)
        self.assertLessEqual(orders(), before + 1)
        before = orders()
        proxy.way = {"GET": "open", "POST": "open"}
        world.wait_until(lambda: ready()[0] == 200, "it is ready again")
        self.assertNotIn("SERVER_URL", status())
        world.wait_until(lambda: orders() > before + 1, "calls go on")
        self.assertIn("leads to our door again", serving.out())

    def test_a_door_that_webhooks_alone_reach_is_good_enough(self):
        proxy = self.proxy()
        proxy.way["GET"] = "shut"
        found = self.doctor(expect=0)
        self.assert_found(found, "way in", "warning", "something else answers a GET")
        self.assert_found(found, "signatures", "ok")
        serving = self.serve("serving", "--new-log")
        self.wait_until_serving(serving)
        self.submit_many()
        # It has looked at its door twice by then, a second each.
        world.wait_until(lambda: self.orders() > 15, "people are called")
        self.assertEqual(self.ready()[0], 200)
        self.assertNotIn("SERVER_URL", serving.out())

    def test_nobody_is_called_where_the_way_in_is_proven_to_lead_elsewhere(self):
        file = world.write_campaign(self.folder, world.survey(caller_ids=[], countries=["IT"]), 3)
        proxy = self.proxy()
        for way, words in (({"GET": "shut", "POST": "shut"}, "something else answers"),
                           ({"GET": "open", "POST": "shut"}, "a signed webhook is refused: 502")):
            proxy.way = way
            for command in (("run", file, "--new-log"), ("call", "+393471999999")):
                done = subprocess.run(
                    [world.binary, *command, "--carrier", "twilio", "--log", self.path("L.db"),
                     "--listen", "127.0.0.1:%d" % self.port],
                    cwd=self.folder, env=world.environment(**self.settings),
                    stdin=subprocess.DEVNULL, capture_output=True, text=True,
                    timeout=world.PATIENCE_S)
                self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
                self.assertIn(words, done.stderr)
                self.assertFalse(os.path.exists(self.path("L.db")), command)
        self.assertEqual(self.far_end.truth()["calls"], [])

    def test_a_campaign_whose_caller_id_is_not_ours_is_not_taken_while_it_serves(self):
        serving = self.serve("serving", "--new-log")
        self.wait_until_serving(serving)
        log = self.path("L.db")

        def command(expect, *arguments):
            done = self.campanile(*arguments, "--log", log, expect=expect)
            return done.stdout + done.stderr

        for caller_ids in (["+390220527879"], [CALLER, "+390220527879"]):
            told = command(2, "submit", self.at_night("other", *caller_ids))
            self.assertIn("caller id: the number that ends in 7879 is neither", told)
        self.assertEqual(world.Control(log).ask("GET", "/status")[1]["campaigns"], [])
        file = self.at_night("ours", CALLER)
        command(0, "submit", file)
        file = self.at_night("ours", "+390220527879")
        self.assertIn("7879", command(2, "edit", "ours", file, "--accept-change"))
        command(0, "edit", "ours", self.at_night("ours"), "--accept-change")
        serving.interrupt()
        self.assertEqual(serving.wait(), 0, serving.err())

    def at_night(self, name, *caller_ids):
        """A campaign that calls nobody: the hours are over."""
        return world.write_campaign(self.folder, world.survey(
            id=name, caller_ids=list(caller_ids), countries=["IT"],
            calling_hours={"windows": [{"days": ["mon"], "from": "03:00", "to": "03:01"}]}), 3)

    def test_a_campaign_is_taken_while_the_carrier_does_not_answer(self):
        serving = self.serve("serving", "--new-log")
        self.wait_until_serving(serving)
        log = self.path("L.db")
        self.far_end.kill()
        file = self.at_night("night", CALLER)
        self.campanile("submit", file, "--log", log)
        world.wait_until(lambda: "campaign night is taken with caller ids that were not looked up"
                         in serving.out(), "it is told")
        file = self.at_night("night", "+390220527879")
        self.campanile("edit", "night", file, "--accept-change", "--log", log)
        serving.interrupt()
        self.assertEqual(serving.wait(), 0, serving.err())

        # What was taken is gone on with, whatever the carrier says of it by now.
        self.far_end = self.carrier("--account", ACCOUNT, "--token", TOKEN, "--speed", "1",
                                    "--numbers", CALLER, name="carrier-again")
        again = self.serve("again",
                           TWILIO_BASE_URL="http://127.0.0.1:%d" % self.far_end.port)
        self.wait_until_serving(again)
        self.campanile("submit", file, "--log", log)
        other = self.at_night("other", "+390220527879")
        self.campanile("submit", other, "--log", log, expect=2)

    def test_a_stop_waits_for_no_carrier_that_is_asked_for_caller_ids(self):
        carrier = Proxy(self.far_end.port)
        self.addCleanup(carrier.close)
        serving = self.serve("serving", "--new-log", TWILIO_BASE_URL=carrier.url)
        self.wait_until_serving(serving)
        carrier.way["GET"] = "held"
        submitting = self.start("submit", self.at_night("night", CALLER), "--log",
                                self.path("L.db"), name="submitting")
        self.assertTrue(carrier.held.wait(world.PATIENCE_S))
        began = time.monotonic()
        serving.interrupt()
        self.assertEqual(serving.wait(), 0, serving.err())
        self.assertLess(time.monotonic() - began, 5 * world.PACE)
        self.assertEqual(submitting.wait(), 2)
        self.assertIn("stops before the carrier has answered", submitting.err())

    def test_without_a_log_the_carrier_is_told_to_come_again_while_it_looks(self):
        held = self.held_server()
        self.settings["SERVER_URL"] = held.url
        serving = self.serve("new", "--new-log")
        self.assertTrue(held.asked.wait(world.PATIENCE_S))
        # The door is open, and has nowhere to write down what comes.
        self.assertEqual(self.report("CA" + "7" * 32, "ringing"), 503)
        held.let_go.set()
        self.wait_until_serving(serving)
        self.assertEqual(self.report("CA" + "7" * 32, "ringing"), 204)

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
