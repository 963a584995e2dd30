"""What is wrong is refused with its reason and its code, and leaves nothing behind."""

import contextlib
import os
import re
import resource
import shutil
import socket
import sqlite3
import struct
import urllib.parse

import world

START_MS = 1767603600000  # Monday, 5 January 2026, 10:00 in Rome
UP = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def has_ip6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def raw_answer(port, head, body=b""):
    """The status of what answers bytes as they stand."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as wire:
        try:
            wire.sendall(head + body)
        except OSError:
            pass  # it had enough before the end
        answer = b""
        while b"\r\n" not in answer:
            try:
                more = wire.recv(65536)
            except ConnectionResetError:
                break
            if not more:
                break
            answer += more
    found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    return int(found[1]) if found else None


class FileTest(world.Case):
    """Campaign files, lists and logs."""

    def setUp(self):
        super().setUp()
        self.log = self.path("L.db")

    def run_file(self, file, *more, expect=0):
        return self.campanile("run", file, "--log", self.log, "--calls-per-second", 5, *more,
                              expect=expect)

    def write_list(self, text, encoding="utf-8", **members):
        file = world.write_campaign(self.folder, world.survey(**members), 0)
        with open(self.path("people.csv"), "w", encoding=encoding, newline="") as people:
            people.write(text)
        return file

    def assert_no_log(self):
        left = [name for name in os.listdir(self.folder) if name.startswith("L.db")]
        self.assertEqual(left, [])

    def test_every_error_of_a_campaign_file_is_told_at_once_and_no_log_is_made(self):
        campaign = world.survey(kind="survy", mesage="?", ring_time="soon",
                                caller_ids=["0039 02"])
        campaign["questions"][1]["type"] = "yesno"
        del campaign["questions"][2]["ask"]
        file = world.write_campaign(self.folder, campaign, 3)
        told = self.run_file(file, expect=2).stderr
        for pointer in ("/kind", "/mesage", "/ring_time", "/caller_ids/0", "/questions/1/type",
                        "/questions/2"):
            self.assertIn(pointer, told)
        # The nearest known names.
        self.assertIn("survey", told)
        self.assertIn("message", told)
        self.assertIn("yes_no", told)
        self.assert_no_log()

        for wrong in ('{"id": "a",', '[]', '{"id": "a", "id": "b"}', ""):
            with open(file, "w") as text:
                text.write(wrong)
            told = self.run_file(file, expect=2).stderr
            self.assertNotIn(": :", told)
            self.assert_no_log()
        self.run_file(self.path("missing.json"), expect=2)
        self.run_file(self.folder, expect=2)
        self.assert_no_log()

    def test_a_calendar_is_read_beside_the_file_and_told_of_line_by_line(self):
        hours = dict(world.ALWAYS, calendar="closed.ics")
        file = self.write_list("id,number,name\nP-1,+393471000001,Anna\n", calling_hours=hours)
        self.assertIn("closed.ics: cannot be read", self.run_file(file, expect=2).stderr)
        event = ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260107\r\n"
                 "%sEND:VEVENT\r\nEND:VCALENDAR\r\n")
        with open(self.path("closed.ics"), "w", newline="") as calendar:
            calendar.write(event % "RRULE:FREQ=YEARLY\r\n")
        self.assertIn("closed.ics, line 4: RRULE is not understood here",
                      self.run_file(file, expect=2).stderr)
        self.assert_no_log()
        with open(self.path("closed.ics"), "w", newline="") as calendar:
            calendar.write(event % "DTEND;VALUE=DATE:20260109\r\n")
        self.run_file(file)
        [submitted] = [e for e in world.events_of(self.log) if e.type == "CampaignSubmitted"]
        hours = submitted.payload["definition"]["calling_hours"]
        self.assertEqual((hours["dates_off"], hours["calendar"]),
                         (["2026-01-07", "2026-01-08"], "closed.ics"))

    def test_a_variable_that_a_list_lacks_is_told_before_anybody_is_called(self):
        file = self.write_list("id,number\nP-1,+393471000001\n")
        self.assertIn("name", self.run_file(file, expect=2).stderr)
        self.assert_no_log()

    def test_of_a_list_that_lacks_a_column_no_rows_are_counted(self):
        file = self.write_list("id,number\nP-1,+393471000001\n")
        done = self.campanile("check", file, expect=2)
        self.assertIn("the list has no column \"name\"", done.stderr)
        for line in ("list:", "zones:", "languages:"):
            self.assertNotIn("\n" + line, done.stdout)
        file = self.write_list("id,number,name\nP-1,+393471000001,Anna\n")
        self.assertIn("\nlist: 1 rows, 1 usable", self.campanile("check", file).stdout)

    ROWS = ("id,number,name\n"
            "P-1,+393471000001,Anna\n"
            "P-2,,Bruno\n"
            "P-3,telefono,Carla\n"
            "P-4,3.9347E+11,Dario\n"
            "P-5,+393471000005,Elena\n")

    def test_bad_rows_are_all_told_and_nobody_is_enrolled_unless_they_may_be_skipped(self):
        file = self.write_list(self.ROWS)
        told = self.run_file(file, expect=2).stderr
        for row in (3, 4, 5):
            self.assertRegex(told, r"row %d, column number" % row)
        self.assertNotIn("row 2,", told)
        self.assertNotIn("row 6,", told)
        # What is wrong with it, never what stands in it.
        self.assertNotIn("telefono", told)
        self.assert_no_log()

        self.run_file(file, "--skip-bad-rows")
        events = world.events_of(self.log)
        self.assertEqual([e.payload["row"] for e in events if e.type == "ContactRejected"],
                         [3, 4, 5])
        self.assertEqual([e.payload["row"] for e in events if e.type == "ContactEnrolled"], [2, 6])

    def test_an_encoding_that_no_list_is_read_in_is_refused_before_anything_is_written(self):
        file = world.write_campaign(self.folder, world.survey(), 2)
        for line in (("check", file), ("run", file, "--log", self.log),
                     ("submit", file, "--log", self.log),
                     ("add-contacts", "prova", self.path("people.csv"), "--log", self.log)):
            for word in ("latin9", "utf16", ""):
                told = self.campanile(*line, "--encoding", word, expect=2).stderr
                for known in ("--encoding", "auto", "utf-8", "windows-1252"):
                    self.assertIn(known, told, line)
        self.assert_no_log()
        self.run_file(file, "--encoding", "UTF-8", "--limit", 1, expect=1)

    def test_a_list_without_a_usable_contact_is_no_campaign(self):
        contacts = dict(world.survey()["contacts"], bad_rows="skip")
        for text in ("id,number,name\nP-2,,Bruno\n", "id,number,name\n", ""):
            file = self.write_list(text, contacts=contacts)
            self.run_file(file, expect=2)
            self.assert_no_log()

    def test_a_changed_file_is_shown_and_taken_only_when_it_is_accepted(self):
        file = world.write_campaign(self.folder, world.survey(), 6)
        self.run_file(file, "--limit", 2, expect=1)
        before = len(world.events_of(self.log))
        secret = "Arrivederci e grazie mille."
        world.write_campaign(self.folder, world.survey(goodbye=secret), 6)
        told = self.run_file(file, expect=2).stderr
        self.assertIn("/goodbye", told)
        self.assertIn("--accept-change", told)
        self.assertNotIn(secret, told)
        # A list with one more row is another list.
        world.write_campaign(self.folder, world.survey(), 7)
        self.assertIn("list", self.run_file(file, expect=2).stderr)
        self.assertEqual(len(world.events_of(self.log)), before)

        world.write_campaign(self.folder, world.survey(goodbye=secret), 6)
        self.run_file(file, "--accept-change")
        types = [event.type for event in world.events_of(self.log)]
        self.assertEqual(types.count("CampaignChanged"), 1)
        self.assertEqual(types.count("ContactClosed"), 6)
        self.assert_log_is_well(self.log)

    def test_the_log_of_another_carrier_is_left_alone(self):
        file = world.write_campaign(self.folder, world.survey(), 4)
        self.run_file(file, "--seed", 3, "--limit", 1, expect=1)
        before = len(world.events_of(self.log))
        self.assertIn("seed 3", self.run_file(file, "--seed", 4, expect=3).stderr)
        phones = self.carrier("--seed", 5)
        self.assertIn("seed 5", self.run_file(file, "--carrier", phones.choice, expect=3).stderr)
        # Real telephones least of all.
        settings = self.path("settings")
        with open(settings, "w") as text:
            text.write("TWILIO_ACCOUNT_SID=AC%s\nTWILIO_AUTH_TOKEN=%s\nSERVER_URL=example.org\n"
                       "TWILIO_BASE_URL=http://127.0.0.1:%d\n" %
                       ("1" * 32, "2" * 32, world.free_port()))
        os.chmod(settings, 0o600)
        told = self.run_file(file, "--carrier", "twilio", "--env-file", settings, expect=3).stderr
        self.assertIn("a log belongs to one carrier", told)
        # And they do not begin a log without being told to.
        self.campanile("run", file, "--log", self.path("new.db"), "--carrier", "twilio",
                       "--env-file", settings, expect=3)
        self.assertFalse(os.path.exists(self.path("new.db")))
        self.assertEqual(len(world.events_of(self.log)), before)
        self.run_file(file, "--seed", 3)

    def test_what_is_no_log_or_a_newer_one_is_refused_by_every_command(self):
        file = world.write_campaign(self.folder, world.survey(), 4)
        self.run_file(file)
        newer = self.path("newer.db")
        shutil.copy(self.log, newer)
        shutil.copy(self.log + ".key", newer + ".key")
        database = sqlite3.connect(newer)
        database.execute("PRAGMA user_version = 99")
        database.close()

        other = self.path("other.db")
        database = sqlite3.connect(other)
        database.execute("CREATE TABLE customers(name)")
        database.commit()
        database.close()

        text = self.path("text.db")
        with open(text, "w") as written:
            written.write("not a database, but long enough to look like one\n" * 200)
        empty = self.path("empty.db")
        open(empty, "w").close()

        for log in (newer, other, text, empty):
            with open(log, "rb") as bytes_of:
                before = bytes_of.read()
            for command in (("run", file), ("serve",), ("replay",), ("verify",), ("log",),
                            ("status",), ("export", "results")):
                done = self.campanile(*command, "--log", log, expect=3)
                self.assertIn(os.path.basename(log), done.stderr, command)
            with open(log, "rb") as bytes_of:
                self.assertEqual(bytes_of.read(), before, log)

    def test_words_that_the_command_line_does_not_know_are_bad_usage(self):
        file = world.write_campaign(self.folder, world.survey(), 4)
        for line in ((), ("dial",), ("run",), ("run", file, "--carrier", "pigeon"),
                     ("run", file, "--calls-per-second", "many"), ("run", file, "--start", "soon"),
                     ("run", file, "--people", "humans=3"), ("replay",),
                     ("run", file, "--listen", "nowhere"),
                     ("run", file, "--listen", "door.example:8080"),
                     ("run", file, "--listen", ":8080"), ("rehearsal", "--listen", "nowhere:1"),
                     ("run", file, "--heartbeat", "https://hooks.example/a b")):
            self.assertIn(self.campanile(*line, expect=None).returncode, (2,), line)
        self.assertFalse(os.path.exists(self.path("campaign.rehearsal.db")))

    def test_a_surplus_argument_is_not_repeated_for_it_may_be_a_number(self):
        number = world.number_of(1)
        split = (number[:3], number[3:6], number[6:])
        for command in (("suppress",), ("unsuppress", "--reason", "x"), ("forget",), ("person",),
                        ("call",), ("explain", "--contact", "1"), ("log",),
                        ("submit", "campaign.json"), ("status",)):
            for surplus in ((number,) * 3, split + split):
                told = self.campanile(*command, *surplus, "--log", self.log, expect=2).stderr
                self.assertIn("quotation marks", told)
                for part in (number, *split[1:]):
                    self.assertNotIn(part, told)
        told = self.campanile("suppress", number, "--log", self.log, "--grund=" + number, "--number" + number,
                              expect=2).stderr
        self.assertIn("no such option: --grund", told)
        self.assertNotIn(number, told)
        told = self.campanile("suppress", "-n" + number, number, "--log", self.log, expect=2).stderr
        self.assertIn("no such option: -n", told)
        self.assertNotIn(number, told)

    def test_the_door_listens_where_people_write_it(self):
        file = world.write_campaign(self.folder, world.survey(), 2)
        for n, listen in enumerate(("localhost:0", "[::1]:0" if has_ip6() else "127.0.0.1:0")):
            self.campanile("run", file, "--log", self.path("%d.db" % n), "--listen", listen)
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        at = "127.0.0.1:%d" % taken.getsockname()[1]
        for line in (("run", file, "--log", self.path("T.db"), "--listen", at),
                     ("rehearsal", "--listen", at)):
            told = self.campanile(*line, expect=3).stderr
            for word in (at, "another program listens there", "--listen"):
                self.assertIn(word, told)


class DoorTest(world.Case):
    """Requests of the public door. Valid ones come between the others, and all of them pass."""

    def setUp(self):
        super().setUp()
        self.port = world.free_port()
        self.file = world.write_campaign(self.folder, world.survey(), 1)
        self.log = self.path("L.db")
        self.phones = world.HandCarrier(START_MS)
        self.addCleanup(self.phones.close)
        self.program = self.start("run", self.file, "--log", self.log, "--carrier",
                                  self.phones.choice, "--listen", "127.0.0.1:%d" % self.port,
                                  "--json")
        world.wait_for_event(self.log, "CallAccepted")
        self.call = world.HandCall(self.phones, 1)
        self.voice = self.call.order["Url"]
        self.status = self.call.order["StatusCallback"].split("#")[0]

    def position(self):
        return world.last_json(
            self.campanile("status", "--log", self.log, "--json").stdout)["position"]

    def raw(self, head, body=b""):
        return raw_answer(self.port, head, body)

    def signed(self, url, fields=None, **headers):
        """The status of a form's answer. Headers with "_" for "-"."""
        fields = self.call.fields("ringing") if fields is None else fields
        return world.post(url, fields, self.phones.auth_token,
                          {name.replace("_", "-"): value for name, value in headers.items()})[0]

    def refusals(self):
        """(what, the status it must get, a function that asks)."""
        door = "http://127.0.0.1:%d" % self.port
        path = urllib.parse.urlsplit(self.status).path
        host = b"Host: 127.0.0.1:%d\r\n" % self.port
        ringing = self.call.fields("ringing")
        stranger = dict(ringing, AccountSid="AC" + "9" * 32)
        mangled = self.status[:-1] + ("0" if self.status[-1] != "0" else "1")
        post = lambda more: b"POST " + path.encode() + b" HTTP/1.1\r\n" + host + more

        yield "unknown route", 404, lambda: self.signed(door + "/outbound-cal")
        yield "route of the control", 404, lambda: self.signed(door + "/campaigns/prova/pause")
        yield "unknown token, signed", 404, lambda: self.signed(door + "/call-status/a.1.1." +
                                                                 "0" * 32)
        yield "token with another end", 404, lambda: self.signed(mangled)
        yield "wrong signature", 403, lambda: self.signed(
            self.status, X_Twilio_Signature="AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
        yield "no signature", 403, lambda: self.signed(self.status, X_Twilio_Signature="")
        yield "signature of other fields", 403, lambda: self.signed(
            self.status, X_Twilio_Signature=world.signature(
                self.phones.auth_token, self.status, list(self.call.fields("completed").items())))
        yield "signature of another URL", 403, lambda: self.signed(
            self.status, X_Twilio_Signature=world.signature(
                self.phones.auth_token, self.voice, list(ringing.items())))
        yield "signature of another password", 403, lambda: self.signed(
            self.status, X_Twilio_Signature=world.signature("x" * 32, self.status,
                                                            list(ringing.items())))
        yield "another account", 403, lambda: self.signed(self.status, stranger)
        yield "wrong method", 405, lambda: self.raw(
            b"DELETE " + path.encode() + b" HTTP/1.1\r\n" + host + b"\r\n")
        yield "body too long", 413, lambda: self.raw(
            post(b"Content-Length: 70000\r\n\r\n"), b"a" * 70000)
        yield "body that claims to be endless", 413, lambda: self.raw(
            post(b"Content-Length: 9999999999\r\n\r\n"))
        yield "head too long", 431, lambda: self.raw(
            post(b"X-Long: " + b"a" * 20000 + b"\r\n\r\n"))
        yield "too many headers", 431, lambda: self.raw(
            post(b"".join(b"X-%d: 1\r\n" % n for n in range(100)) + b"\r\n"))
        yield "line too long", 414, lambda: self.raw(
            b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\n" + host + b"\r\n")
        yield "no HTTP", 400, lambda: self.raw(b"hello\r\n\r\n")
        yield "space before the colon", 400, lambda: self.raw(
            b"GET / HTTP/1.1\r\nHost : x\r\n\r\n")
        yield "two lengths", 400, lambda: self.raw(
            post(b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n"), b"a=1")
        yield "length and chunks", 400, lambda: self.raw(
            post(b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), b"a=1")
        yield "length that is none", 400, lambda: self.raw(
            post(b"Content-Length: -1\r\n\r\n"))

    def test_what_must_not_pass_is_refused_and_changes_nothing_and_the_rest_passes(self):
        report, move = self.call.report, self.phones.move_clock
        self.assertIn(report("initiated"), (200, 204))
        self.phones.wait_until_quiet()
        before = self.position()
        for what, status, ask in self.refusals():
            with self.subTest(what):
                self.assertEqual(ask(), status)
                # What came before once more: it passes, and a repeat appends nothing.
                self.assertIn(self.signed(self.status, self.call.fields("initiated")), (200, 204))
                self.assertEqual(self.raw(UP), 200)
        self.assertEqual(self.position(), before)

        # The call goes on as if nothing had been.
        self.assertIn(report("in-progress"), (200, 204))
        code, document = self.call.ask(AnsweredBy="human")
        self.assertEqual(code, 200)
        self.assertIn(b"<Gather", document)
        self.assertNotEqual(self.position(), before)
        spoken = "canarino giallo"
        for said in ({"Digits": "1"}, {"SpeechResult": spoken, "Confidence": "0.9"},
                     {"Digits": "2"}, {"Digits": "5"}):
            move(5000)
            self.assertEqual(self.call.ask(self.call.action(), **said)[0], 200)
        report("completed", CallDuration="25", Duration="1", SipResponseCode="200")
        self.assertEqual(self.program.wait(), 0, self.program.err())
        self.assert_log_is_well(self.log)

        # Nothing that was said to the operator names or quotes a person, or gives a secret away.
        told = self.program.out() + self.program.err()
        self.assertIn("bad_signature", told)
        number = world.number_of(1)
        for canary in (number, number[1:], number[3:], "Persona 1", spoken, self.phones.auth_token,
                       self.voice.rsplit(".", 1)[1]):
            self.assertNotIn(canary, told)

    def test_whoever_leaves_before_the_refusal_stops_nobody(self):
        folded = b"GET / HTTP/1.1\r\nHost: a\r\n x\r\n\r\n"
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", self.port)) as wire:
                wire.sendall(folded)
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with socket.socket(socket.AF_UNIX) as wire:
                wire.connect(self.log + ".sock")
                wire.sendall(folded)
            self.assertEqual(self.raw(UP), 200)
        self.assertEqual(world.Control(self.log).ask("GET", "/status")[0], 200)
        self.assertTrue(self.program.running())


class CrowdTest(world.Case):
    """More strangers at the public door than the program may have sockets."""

    def test_half_requests_shut_neither_the_door_nor_the_way_out(self):
        port, log = world.free_port(), self.path("L.db")
        phones = world.HandCarrier(START_MS)
        self.addCleanup(phones.close)
        program = self.start("serve", "--log", log, "--carrier", phones.choice, "--listen",
                             "127.0.0.1:%d" % port, "--json",
                             before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (400, 400)))
        world.wait_until(lambda: "the public door listens" in program.out() or
                         not program.running(), "it serves")
        with contextlib.ExitStack() as held:
            for _ in range(600):
                wire = held.enter_context(socket.create_connection(("127.0.0.1", port)))
                wire.sendall(b"GET / HT")
            self.assertEqual(raw_answer(port, UP), 200)
            self.assertLess(len(os.listdir("/proc/%d/fd" % program.process.pid)), 200)
            file = world.write_campaign(self.folder, world.survey(), 1)
            self.campanile("submit", file, "--log", log)
            world.wait_for_event(log, "CallAccepted")
            self.assertEqual(raw_answer(port, UP), 200)


if __name__ == "__main__":
    world.main()
