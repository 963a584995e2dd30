"""Who is forgotten is forgotten: what is left of them in every file, what is still counted, and who
may still be called.

The carrier is moved by hand, so that people say what the tests want to look for afterwards. What is
said in clear stands in no file even before; what could open it is looked for byte by byte.
"""

import argparse
import base64
import csv
import hashlib
import json
import os
import random
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import time

import canaries
import world

START_MS = 1767603600000  # Monday, 5 January 2026, 10:00 in Rome
DAY_MS = 24 * 3600 * 1000

MOBILES = 3 * 10 ** 9  # the first of the national range, which has 10 ** 9

options = None

QUESTIONS = [
    {"id": "perche", "type": "open", "ask": "Perché? Lo dica con parole sue."},
    {"id": "torna", "type": "yes_no", "ask": "Torna? Prema 1 per sì, 2 per no."},
]


class Person:
    """Nobody, whose like stands nowhere else in a log."""

    def __init__(self, n, name, words):
        self.number = world.number_of(n)
        self.id = "P-%04d" % n
        self.name = name
        self.words = words  # none: opts out

    def texts(self):
        digits = self.number[3:]
        spaced = "%s %s %s" % (digits[:3], digits[3:6], digits[6:])
        words = self.words.split() if self.words else []
        return [self.number, self.number[1:], digits, spaced, self.id, *self.name.split(), *words]

    def needles(self):
        """What gives this person away, in every form that a program may have written it."""
        found = set()
        for text in self.texts():
            plain = text.encode()
            for form in {plain, text.encode("utf-16-le"), text.encode("utf-16-be"),
                         json.dumps(text)[1:-1].encode()}:
                found.add(form)
                found.update((form.hex().encode(), form.hex().upper().encode()))
                # At each place in a group of three; what depends on the neighbours is cut off.
                for before in range(3):
                    coded = base64.b64encode(bytes(before) + form)
                    inner = coded[-(-8 * before // 6):(before + len(form)) * 8 // 6]
                    found.update((inner, inner.translate(bytes.maketrans(b"+/", b"-_"))))
        for number in (int(self.number[1:]), int(self.number[3:])):
            for size in (5, 6, 8):
                if number < 256 ** size:
                    found.update((number.to_bytes(size, "big"), number.to_bytes(size, "little")))
        return found


SPOKE = Person(4711, "Ermenegilda Zuccherofilato", "zibaldone quacchero sgangherato")
OPTED = Person(4712, "Teofrasto Bombardieri", None)
BOTH = Person(4713, "Quirina Sgarzolini", "pantagruelico sciroppo")
PLAIN = Person(4714, "Uldarico Ciondolone", "mugugno")
LATER = Person(4715, "Zenobia Trottapiano", "strampalato")


def files_below(*places):
    """{path: bytes} of every file at or below, sockets left out."""
    found = {}
    for place in places:
        paths = [place] if os.path.isfile(place) else \
            [os.path.join(where, name) for where, _, names in os.walk(place) for name in names]
        for path in paths:
            if not stat.S_ISREG(os.stat(path).st_mode):
                continue
            with open(path, "rb") as file:
                found[path] = file.read()
    return found


def lasting(files):
    """Without what SQLite may leave beside a database that is read."""
    return {path: content for path, content in files.items()
            if not path.endswith("-shm") and not (path.endswith("-wal") and not content)}


def where_found(needles, files):
    return sorted({os.path.basename(path) for path, content in files.items()
                   if any(needle in content for needle in needles)})


def row_counts(exports):
    """Rows of each table: what the tables hold counts lines, not texts."""
    return {name: len(list(csv.reader(content.decode().splitlines())))
            for name, content in exports.items()}


class ForgetCase(world.Case):
    """A log of two campaigns at their end, written by a program that still serves."""

    def setUp(self):
        super().setUp()
        self.phones = world.HandCarrier(START_MS)
        self.addCleanup(self.phones.close)
        os.mkdir(self.path("log"))
        self.log = self.path("log/L.db")
        self.keys = self.log + ".keys"
        self.port = world.free_port()
        self.rung = 0
        self.starts = 0
        self.server = None
        self.serve()
        self.run_campaign("prova", [SPOKE, OPTED, BOTH, PLAIN])
        self.run_campaign("altra", [BOTH], retention="1d")

    def serve(self):
        self.starts += 1
        self.server = self.start("serve", "--log", self.log, "--carrier", self.phones.choice,
                                 "--listen", "127.0.0.1:%d" % self.port, "--calls-per-second", 20,
                                 "--json", name="serve%d" % self.starts)
        world.wait_until(lambda: "the public door listens" in self.server.out() or
                         not self.server.running(), "the server serves")
        self.assertTrue(self.server.running(), self.server.err())

    def stop(self):
        self.server.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(), 0, self.server.err())
        self.phones.wait_until_alone()

    def submit(self, campaign, people, **members):
        members.setdefault("contacts", {**world.survey()["contacts"], "file": campaign + ".csv"})
        file = world.write_campaign(self.folder, world.survey(
            id=campaign, questions=QUESTIONS, **members), 0, campaign + ".json")
        with open(self.path(campaign + ".csv"), "w", encoding="utf-8") as list_:
            list_.write("id,number,name\n")
            for person in people:
                list_.write("%s,%s,%s\n" % (person.id, person.number, person.name))
        self.campanile("submit", file, "--log", self.log)

    def ring(self, count):
        """So many more people are called; the calls, by number."""
        before = self.rung
        self.rung += count
        deadline = time.monotonic() + world.PATIENCE_S
        while len(self.phones.orders) < self.rung and time.monotonic() < deadline:
            # An order that is on its way would be too late if time went on without it.
            with self.phones.changed:
                coming = self.phones.changed.wait_for(
                    lambda known=len(self.phones.orders): len(self.phones.orders) > known, 0.3)
            if not coming:
                self.phones.move_clock(250)
        # Before a callback can come, or the call would be adopted.
        world.wait_until(lambda: len(self.campanile(
            "log", "--log", self.log, "--type", "CallAccepted").stdout.splitlines()) == self.rung,
                         "the calls are accepted")
        self.assertEqual(len(self.phones.orders), self.rung)
        calls = [world.HandCall(self.phones, before + 1 + n) for n in range(count)]
        return {call.order["To"]: call for call in calls}

    def run_campaign(self, campaign, people, **members):
        self.submit(campaign, people, **members)
        calls = self.ring(len(people))
        for person in people:
            self.talk(calls[person.number], person)
        world.wait_until(lambda: self.standing(campaign)["status"] == "completed", "it is over")

    def talk(self, call, person):
        for status in ("initiated", "ringing", "in-progress"):
            self.assertEqual(call.report(status), 204)
        self.assertEqual(call.ask(AnsweredBy="human")[0], 200)
        if person.words is None:
            call.ask(call.action(), Digits="9")
        else:
            call.ask(call.action(), SpeechResult=person.words, Confidence="0.87")
            call.ask(call.action(), Digits="1")
        self.assertEqual(call.report("completed", CallDuration="19", SipResponseCode="200"), 204)
        self.phones.move_clock(1000)

    def status(self):
        return world.last_json(self.campanile("status", "--log", self.log, "--json").stdout)

    def standing(self, campaign):
        return {each["id"]: each for each in self.status()["campaigns"]}[campaign]

    def forget(self, person, *more, expect=0, **env):
        return self.command("forget", person.number, *more, expect=expect, **env)

    def command(self, *arguments, expect=0, **env):
        done = subprocess.run(
            [world.binary, *arguments, "--log", self.log], env=world.environment(**env),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=world.PATIENCE_S)
        canaries.listen(arguments, done.stdout, done.stderr)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def person(self, person):
        return self.command("person", person.number).stdout

    def wrapped_keys(self, person):
        """The bytes that open what is sealed of a person, as the key file holds them."""
        database = sqlite3.connect("file:%s?mode=ro" % self.keys, uri=True)
        try:
            known = dict(database.execute("SELECT id, wrapped FROM key").fetchall())
        finally:
            database.close()
        with world.copy_of(self.log) as log:
            rows = log.execute("SELECT key_id, payload FROM event WHERE type = 'ContactEnrolled'")
            ids = [key for key, payload in rows
                   if json.loads(payload)["number_key"] == self.number_key(person)]
        return [known[id_] for id_ in ids if id_ in known]

    def number_key(self, person):
        """Under which the log knows a number: by the campaign whose list has that place."""
        place = [each.number for each in (SPOKE, OPTED, BOTH, PLAIN)].index(person.number) + 1
        for event in world.events_of(self.log):
            if event.type == "ContactEnrolled" and event.contact() == ("prova", place):
                return event.payload["number_key"]
        raise AssertionError("not enrolled")

    def pieces_of_keys(self, person):
        """SQLite may have overwritten a part of a page that it freed."""
        keys = self.wrapped_keys(person)
        self.assertTrue(keys)
        return {key[at:at + 8] for key in keys for at in range(0, len(key) - 7, 4)}

    def log_files(self):
        return files_below(self.path("log"))


class LeftoverTest(ForgetCase):
    def keep_what_was(self):
        """Backups, exports and counts from before."""
        self.campanile("backup", self.path("apart"), "--log", self.log, "--keys",
                       self.path("keys-apart"))
        self.campanile("backup", self.path("without"), "--log", self.log, "--without-keys")
        self.exported = self.exported_now(self.path("exported"))
        self.counts = self.status()["campaigns"]
        self.pieces = {person: self.pieces_of_keys(person) for person in (SPOKE, OPTED, BOTH)}

    def exported_now(self, folder):
        """The tables of both campaigns."""
        tables = {}
        for campaign in ("prova", "altra"):
            to = os.path.join(folder, campaign)
            self.campanile("export", "--log", self.log, "--campaign", campaign, "--to", to)
            for path, content in files_below(to).items():
                if path.endswith(".csv"):
                    tables[campaign + "/" + os.path.basename(path)] = content
        return tables

    def assert_the_search_finds(self):
        """What is listed as still there is there, or the search would not see it elsewhere."""
        for person in (SPOKE, OPTED, BOTH):
            self.assertEqual(where_found(self.pieces[person], files_below(self.path("keys-apart"))),
                             ["L.db.keys"])
            self.assertIn("prova.csv", where_found(person.needles(),
                                                   files_below(self.path("prova.csv"))))
        self.assertTrue(where_found(SPOKE.needles(), files_below(self.path("exported"))))

    def assert_nothing_is_left_of(self, person):
        files = {**self.log_files(), **files_below(self.path("apart"), self.path("without"))}
        self.assertGreater(len(files), 6)
        self.assertEqual(where_found(person.needles(), files), [])
        self.assertEqual(where_found(self.pieces[person], files), [])
        programs = files_below(*[self.path("serve%d.%s" % (n, end)) for end in ("out", "err")
                                 for n in range(1, self.starts + 1)])
        self.assertEqual(where_found(person.needles(), programs), [])

        told = self.person(person)
        opened = self.command("log", "--personal").stdout
        for text in person.texts():
            self.assertNotIn(text, told)
            self.assertNotIn(text, opened)
        self.assertIn("forgotten", told)
        self.assertIn(PLAIN.name, opened)

    def assert_the_counts_are_what_they_were(self):
        self.assertEqual(self.status()["campaigns"], self.counts)
        exported = self.exported_now(self.path("exported-again"))
        self.assertEqual(row_counts(exported), row_counts(self.exported))
        for person in (SPOKE, OPTED, BOTH):
            self.assertEqual(where_found(person.needles(), exported), [])
        # Of the others every cell is there.
        for name, content in self.exported.items():
            now = set(exported[name].splitlines())
            for line in content.splitlines():
                if PLAIN.id.encode() in line:
                    self.assertIn(line, now)

    def assert_it_is_said_what_is_left(self, told, lists, calls):
        for name in lists:
            self.assertIn("the contact list %s.csv of campaign %s" % (name, name), told)
        self.assertIn("exported before", told)
        self.assertIn("L.db.keys", told)
        self.assertIn("records of %d call%s:" % (calls, "" if calls == 1 else "s"), told)
        self.assertEqual(len(re.findall(r"\bCA[0-9a-f]{32}\b", told)), calls)

    def forget_the_three(self):
        told = self.forget(SPOKE).stdout
        self.assertIn("1 entry of", told)
        self.assertNotIn("opt-out", told)
        self.assert_it_is_said_what_is_left(told, ["prova"], 1)
        told = self.forget(OPTED, "--region", "IT").stdout
        self.assertIn("1 entry of", told)
        self.assertIn("the opt-out stays", told)
        told = self.command("forget", BOTH.number[3:], "--region", "IT").stdout
        self.assertIn("2 entries of", told)
        self.assert_it_is_said_what_is_left(told, ["prova", "altra"], 2)
        self.assertNotIn("inside the file", told)

    def assert_once_is_enough(self):
        before, position = self.log_files(), self.status()["position"]
        again = json.loads(self.forget(BOTH, "--json").stdout)
        self.assertEqual((again["forgotten"], again["opted_out"], len(again["calls"])),
                         (2, False, 2))
        self.assertEqual(sorted(again["lists"]), ["altra.csv of campaign altra",
                                                  "prova.csv of campaign prova"])
        self.assertEqual(self.status()["position"], position)
        after = self.log_files()
        for end in ("", ".keys"):
            self.assertEqual(after[self.log + end], before[self.log + end])

    def test_while_nothing_runs(self):
        self.stop()
        self.keep_what_was()
        self.forget_the_three()
        self.assert_the_search_finds()
        for person in (SPOKE, OPTED, BOTH):
            self.assert_nothing_is_left_of(person)
        self.assert_the_counts_are_what_they_were()
        digests = self.assert_log_is_well(self.log)
        self.assertEqual(digests, self.assert_log_is_well(self.log))
        world.chain_of(self.log)
        self.assert_once_is_enough()
        self.assertEqual(digests, self.assert_log_is_well(self.log))
        self.assert_digests_of_all_numbers_are_none_of_ours()

    def test_while_a_program_serves(self):
        self.keep_what_was()
        self.forget_the_three()
        self.assert_the_search_finds()
        for person in (SPOKE, OPTED, BOTH):
            self.assert_nothing_is_left_of(person)
        self.assert_the_counts_are_what_they_were()
        self.assert_once_is_enough()
        self.stop()
        for person in (SPOKE, OPTED, BOTH):
            self.assert_nothing_is_left_of(person)
        self.assert_log_is_well(self.log)

    def test_while_another_program_reads_the_keys(self):
        self.stop()
        pieces = self.pieces_of_keys(SPOKE)
        reader = sqlite3.connect(self.keys, isolation_level=None)
        self.addCleanup(reader.close)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM key").fetchone()
        forgetting = self.start("forget", SPOKE.number, "--log", self.log, name="forget")
        world.wait_until(lambda: "Waiting until they are gone" in forgetting.err() or
                         not forgetting.running(), "it says what it waits for")
        # Nothing opens them, and nobody is told yet that it is done.
        self.assertTrue(forgetting.running(), forgetting.err())
        self.assertEqual(forgetting.out(), "")
        self.assertNotIn(SPOKE.name, self.person(SPOKE))
        self.assertTrue(where_found(pieces, self.log_files()))
        reader.execute("ROLLBACK")
        self.assertEqual(forgetting.wait(), 0, forgetting.err())
        self.assertIn("1 entry", forgetting.out())
        self.assertEqual(where_found(pieces, self.log_files()), [])
        self.assert_log_is_well(self.log)

    def test_a_number_that_nobody_has_changes_nothing(self):
        self.stop()
        before = self.log_files()
        self.assertIn("no list", self.forget(LATER).stdout)
        self.assertEqual(json.loads(self.forget(LATER, "--json").stdout),
                         {"forgotten": 0, "opted_out": False, "lists": [], "calls": []})
        self.assertIn("no list", self.person(LATER))
        after = self.log_files()
        for file in (self.log, self.keys):
            self.assertEqual(after[file], before[file])

    def assert_digests_of_all_numbers_are_none_of_ours(self):
        """Nor of any number near; of all there are, when asked for."""
        national = int(SPOKE.number[3:])
        count = 10 ** 9 if options.whole_range else 100000
        first = MOBILES if options.whole_range else national - count // 2
        # Values of the tables besides, where a page's end may part them in the file.
        values = self.path("values")
        with open(values, "wb") as dump:
            for file in (self.log, self.keys):
                with world.copy_of(file) as database:
                    tables = [name for name, in database.execute(
                        "SELECT name FROM sqlite_schema WHERE type = 'table'")]
                    for table in tables:
                        for row in database.execute("SELECT * FROM " + table):
                            for value in row:
                                dump.write((value if isinstance(value, bytes)
                                            else str(value).encode()) + b"\n")
        files = [path for path in self.log_files() if os.path.getsize(path) > 0] + \
            [values, *files_below(self.path("apart"), self.path("without"))]
        done = self.hash_numbers(first, count, files)
        print(done.stdout.strip())
        self.assertEqual(done.returncode, 0, done.stdout)

    def hash_numbers(self, first, count, files):
        return subprocess.run([options.number_range, str(first), str(count), *files],
                              capture_output=True, text=True, timeout=None)


class NumberRangeTest(world.Case):
    """The search can fail: every form of every digest is found where it was planted."""

    def test_a_digest_is_found_in_every_form(self):
        number = SPOKE.number
        empty = self.path("empty")
        with open(empty, "wb"):
            pass
        for written in (number, number[1:], number[3:]):
            for algorithm in ("sha1", "sha256"):
                digest = hashlib.new(algorithm, written.encode()).digest()
                for form, coded in (("raw", digest), ("raw", digest[:8]),
                                    ("hex", digest.hex().encode()),
                                    ("hex", digest.hex().upper().encode()[:16]),
                                    ("base64", base64.b64encode(digest)),
                                    ("base64", base64.urlsafe_b64encode(digest)[:11])):
                    file = self.path("planted")
                    for before in (b"", b"~" * 7):
                        with open(file, "wb") as planted:
                            planted.write(before + coded)
                        done = self.search(int(number[3:]) - 3, 7, empty, file)
                        self.assertEqual(done.returncode, 1, (written[:3], algorithm, form))
                        self.assertIn(" at byte %d: " % len(before), done.stdout)
                        self.assertIn("SHA-1 " if algorithm == "sha1" else "SHA-256", done.stdout)
                        self.assertIn(form, done.stdout)
                        self.assertNotIn(number[3:], done.stdout)
                    self.assertEqual(self.search(int(number[3:]) + 1, 7, file).returncode, 0)
                    self.assertEqual(self.search(int(number[3:]) - 7, 7, file).returncode, 0)

    def test_what_it_cannot_do_it_refuses(self):
        file = self.path("file")
        with open(file, "wb"):
            pass
        self.assertEqual(self.search(MOBILES, 1, file).returncode, 0)
        self.assertEqual(self.search(MOBILES + 10 ** 9 - 1, 1, file).returncode, 0)
        for wrong in ((MOBILES - 1, 1, file), (MOBILES + 10 ** 9, 1, file), (MOBILES, 0, file),
                      (MOBILES, "x", file), (MOBILES, 10 ** 9 + 1, file),
                      (MOBILES, 1, self.path("nothing"))):
            self.assertEqual(self.search(*wrong).returncode, 2)

    def search(self, first, count, *files):
        return subprocess.run([options.number_range, str(first), str(count), *files],
                              capture_output=True, text=True, timeout=world.PATIENCE_S)


class CalledAgainTest(ForgetCase):
    def test_who_had_opted_out_is_never_rung_again_and_who_had_not_may_be(self):
        self.stop()
        self.forget(OPTED)
        self.forget(SPOKE)
        self.serve()
        self.phones.wait_until_quiet()
        self.submit("terza", [OPTED, SPOKE, LATER])
        calls = self.ring(2)
        self.assertEqual(sorted(calls), [SPOKE.number, LATER.number])
        for person in (SPOKE, LATER):
            self.talk(calls[person.number], person)
        self.assertEqual(self.standing("terza")["status"], "completed")
        self.assertEqual(self.standing("terza")["excluded"], 1)
        told = self.campanile("explain", "--campaign", "terza", "--contact", "terza/1", "--log",
                              self.log).stdout
        self.assertIn("opted out", told)
        # By the carrier's own count.
        self.assertEqual([order["To"] for order in self.phones.orders].count(OPTED.number), 1)
        self.assertEqual([order["To"] for order in self.phones.orders].count(SPOKE.number), 2)
        # The new list holds them again, until they are forgotten again.
        self.assertIn(OPTED.name, self.person(OPTED))
        self.assertIn("has opted out", self.person(OPTED))
        self.assertIn("2 entries", self.forget(OPTED).stdout)
        self.assertNotIn(OPTED.name, self.person(OPTED))
        self.assertIn("has opted out", self.person(OPTED))
        self.stop()
        self.assert_log_is_well(self.log)

    def test_who_is_still_waiting_is_not_called(self):
        self.submit("terza", [LATER])
        calls = self.ring(1)
        call = calls[LATER.number]
        for status in ("initiated", "ringing"):
            call.report(status)
        call.report("busy", CallDuration="0", SipResponseCode="486")
        self.phones.move_clock(1000)
        self.assertEqual(self.standing("terza")["retry"], 1)
        self.assertIn("1 entry", self.forget(LATER).stdout)
        self.phones.move_clock(3600 * 1000)
        self.assertEqual(self.standing("terza")["status"], "completed")
        self.assertEqual(self.standing("terza")["excluded"], 1)
        self.assertEqual([order["To"] for order in self.phones.orders].count(LATER.number), 1)
        self.stop()
        self.assert_log_is_well(self.log)


class ExpiredTest(ForgetCase):
    def assert_only_the_expired_are_gone(self):
        told = self.person(BOTH)
        self.assertIn("campaign altra, contact 1, row 2 of the list: done, forgotten", told)
        self.assertEqual(told.count(BOTH.name), 1)
        self.assertIn(SPOKE.name, self.person(SPOKE))

    def said_to_be_forgotten(self):
        return [(event.contact(), event.payload) for event in world.events_of(self.log)
                if event.type == "ContactForgotten"]

    def test_a_program_that_starts_later_forgets_who_was_kept_long_enough(self):
        self.stop()
        position = self.status()["position"]
        self.assertIn("nobody", self.command("forget", "--expired").stdout)
        self.assertEqual(self.status()["position"], position)
        pieces = self.pieces_of_keys(BOTH)
        self.phones.now_ms += DAY_MS + 60 * 1000
        self.serve()
        self.phones.wait_until_quiet()
        self.run_campaign("terza", [LATER])
        self.stop()
        self.assertEqual(self.said_to_be_forgotten(), [(("altra", 1), {"by": "retention"})])
        # The other campaign keeps the same person for good, with a key of its own.
        (kept,) = self.wrapped_keys(BOTH)
        gone = pieces - {kept[at:at + 8] for at in range(0, len(kept) - 7, 4)}
        self.assertGreater(len(gone), 4)
        self.assertEqual(where_found(gone, self.log_files()), [])
        # Nothing is left to be forgotten; what else exists is told again.
        position = self.status()["position"]
        told = self.command("forget", "--expired").stdout
        self.assertIn("forgotten by now: 1 entry", told)
        self.assertIn("altra.csv of campaign altra", told)
        self.assertEqual(self.status()["position"], position)
        self.assert_only_the_expired_are_gone()
        self.assert_log_is_well(self.log)

    def test_a_program_that_serves_forgets_when_the_time_has_come(self):
        position = self.status()["position"]
        self.assertIn("nobody", self.command("forget", "--expired").stdout)
        self.phones.move_clock(DAY_MS - 3600 * 1000)
        self.assertIn("nobody", self.command("forget", "--expired").stdout)
        self.assertEqual(self.status()["position"], position)
        self.phones.move_clock(3600 * 1000)
        told = json.loads(self.command("forget", "--expired", "--json").stdout)
        self.assertEqual(told["forgotten"], 1)
        self.assert_only_the_expired_are_gone()
        self.stop()
        self.assert_log_is_well(self.log)


class KilledTest(ForgetCase):
    """kill -9 between the event and the destruction of the key, and anywhere else."""

    def setUp(self):
        super().setUp()
        self.stop()

    def standing_of(self, person):
        """(an event says forgotten, a key is there)"""
        place = [each.number for each in (SPOKE, OPTED, BOTH, PLAIN)].index(person.number) + 1
        said = any(event.type == "ContactForgotten" and event.contact() == ("prova", place)
                   for event in world.events_of(self.log))
        with world.copy_of(self.keys) as keys:
            id_ = [event_key for event_key in self.key_ids(place)]
            there = keys.execute("SELECT count(*) FROM key WHERE id = ?", id_).fetchone()[0] == 1
        return said, there

    def key_ids(self, place):
        with world.copy_of(self.log) as log:
            return [row[0] for row in log.execute(
                "SELECT key_id FROM event WHERE type = 'ContactEnrolled' AND stream = ?",
                ("contact/prova/%d" % place,))]

    def kill_while_forgetting(self, person, seconds=None, **env):
        """The exit code; the program is killed after so many seconds if it is not over."""
        process = subprocess.Popen([world.binary, "forget", person.number, "--log", self.log],
                                   env=world.environment(**env), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def assert_gone_after_the_next_start(self, person, pieces, by):
        if by == "serve":
            self.serve()
            self.phones.wait_until_quiet()
            self.stop()
        else:
            # Somebody else is asked for: whoever opens the log finishes what was begun.
            self.forget(LATER)
        self.assertEqual(self.standing_of(person), (True, False))
        self.assertEqual(where_found(pieces, self.log_files()), [])
        self.assertIn("forgotten", self.person(person))
        self.assert_log_is_well(self.log)

    def test_at_every_step_on_the_way(self):
        if not options.shim:
            self.skipTest("no crash shim in this build")
        people = iter([(SPOKE, "serve"), (OPTED, "forget"), (PLAIN, "forget")])
        person, by = next(people)
        between = 0
        for point in ("pwrite:L.db-wal:before:1", "fdatasync:L.db-wal:before:1",
                      "fdatasync:L.db-wal:after:1", "pwrite:L.db.keys-wal:before:1",
                      "pwrite:L.db.keys-wal:after:1", "fdatasync:L.db.keys-wal:before:1",
                      "fdatasync:L.db.keys-wal:after:1", "pwrite:L.db.keys:before:3"):
            pieces = self.pieces_of_keys(person)
            code = self.kill_while_forgetting(person, LD_PRELOAD=options.shim, CRASH_AT=point)
            said, there = self.standing_of(person)
            print(point, "killed" if code == -9 else "not met (%d)" % code,
                  "event" if said else "-", "key" if there else "-")
            self.assertIn(code, (-9, 0))
            self.assertTrue(said or there, "the key is gone before the event says so")
            if not said:
                # Nothing has happened, and can be asked for again.
                self.assertTrue(there)
                continue
            between += there
            self.assert_gone_after_the_next_start(person, pieces, by)
            person, by = next(people, (None, None))
            if person is None:
                break
        self.assertGreater(between, 0)

    def test_at_random(self):
        dice = random.Random(options.seed)
        began = time.monotonic()
        self.assertEqual(self.kill_while_forgetting(LATER), 0)
        whole = time.monotonic() - began
        seen = {}
        for person in (SPOKE, OPTED, PLAIN, BOTH):
            pieces = self.pieces_of_keys(person)
            for _ in range(options.kills):
                code = self.kill_while_forgetting(person, dice.uniform(0.1, 1.0) * whole)
                said, there = self.standing_of(person)
                self.assertTrue(said or there, "the key is gone before the event says so")
                state = (code, said, there)
                seen[state] = seen.get(state, 0) + 1
                if said:
                    break
            else:
                self.forget(person)
            if person is BOTH:
                self.forget(person)
            self.assert_gone_after_the_next_start(person, pieces, "forget")
        print(seen)


class RefusedTest(ForgetCase):
    def kept(self):
        """What is to stay as it is. A program that serves moves pages between the files of its log
        when nothing else is to be done."""
        if not self.server.running():
            return lasting(self.log_files())
        with open(self.keys, "rb") as keys:
            return keys.read(), self.campanile("log", "--log", self.log).stdout

    def assert_refused(self, expect, says, *arguments, **env):
        before = self.kept()
        done = self.command(*arguments, expect=expect, **env)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, says)
        self.assertNotIn(SPOKE.number[3:], done.stderr)
        self.assertTrue(self.kept() == before, "something of the log was changed")

    def test_a_master_key_that_is_wrong_or_missing(self):
        self.stop()
        key = self.log + ".key"
        os.rename(key, self.path("key"))
        for what in (("forget", SPOKE.number), ("person", SPOKE.number), ("forget", "--expired")):
            self.assert_refused(3, "CAMPANILE_MASTER_KEY", *what)
            self.assert_refused(3, "not made with this master key", *what,
                                CAMPANILE_MASTER_KEY="5" * 64)
            self.assert_refused(3, "is no key", *what, CAMPANILE_MASTER_KEY="5" * 63)
        with open(key, "w") as file:
            file.write("5" * 64 + "\n")
        self.assert_refused(3, "not made with this master key", "forget", SPOKE.number)
        os.remove(key)
        os.rename(self.keys, self.path("keys"))
        with open(self.path("key")) as file:
            right = file.read().strip()
        for what in (("forget", SPOKE.number), ("person", SPOKE.number), ("forget", "--expired")):
            self.assert_refused(3, r"L\.db\.keys is not there", *what, CAMPANILE_MASTER_KEY=right)
        os.rename(self.path("keys"), self.keys)
        self.assertIn("1 entry", self.forget(SPOKE, CAMPANILE_MASTER_KEY=right).stdout)

    def test_while_a_program_serves_a_wrong_master_key_is_refused_too(self):
        with open(self.log + ".key") as file:
            right = file.read()
        with open(self.log + ".key", "w") as file:
            file.write("5" * 64 + "\n")
        self.assert_refused(3, "not made with this master key", "forget", SPOKE.number)
        with open(self.log + ".key", "w") as file:
            file.write(right)
        self.assertIn("1 entry", self.forget(SPOKE).stdout)

    def test_what_is_no_number_no_log_or_too_much(self):
        self.stop()
        for number in ("347", SPOKE.number[3:], "+39347100471x", "++39", " ", "+" + "9" * 30):
            for command in ("forget", "person"):
                self.assert_refused(2, "number", command, number)
        self.assert_refused(2, "is missing", "forget")
        self.assert_refused(2, "is not given", "forget", SPOKE.number, "--expired")
        for region in ("XX", "it", "Italia"):
            self.assert_refused(2, "^campanile: --region: ", "forget", SPOKE.number[3:],
                                "--region", region)
        self.assert_refused(2, "with --region", "forget", SPOKE.number[3:])
        self.log = self.path("log/nothing.db")
        for what in (("forget", SPOKE.number), ("person", SPOKE.number), ("forget", "--expired")):
            self.assert_refused(3, "there is no log at", *what)

    def test_a_number_with_a_call_under_way(self):
        self.submit("terza", [SPOKE])
        self.ring(1)
        says = r"no end yet \(terza\.1\.1"
        position = self.status()["position"]
        self.assertRegex(self.forget(SPOKE, expect=1).stderr, says)
        self.assertEqual(self.status()["position"], position)
        # Nor when nothing runs that could hear of its end.
        self.server.kill()
        self.phones.wait_until_alone()
        self.assertRegex(self.forget(SPOKE, expect=1).stderr, says)
        self.assertIn(SPOKE.name, self.person(SPOKE))
        self.assertEqual(len(self.wrapped_keys(SPOKE)), 2)
        # Another one is not kept waiting for it.
        self.assertIn("1 entry", self.forget(PLAIN).stdout)
        self.serve()
        self.assertRegex(self.forget(SPOKE, expect=1).stderr, says)
        self.talk(world.HandCall(self.phones, len(self.phones.orders)), SPOKE)
        self.assertIn("2 entries", self.forget(SPOKE).stdout)
        self.stop()
        self.assert_log_is_well(self.log)

    def test_a_program_that_holds_the_log_and_does_not_answer(self):
        self.server.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.server.process.send_signal, signal.SIGCONT)
        position = len(world.events_of(self.log))
        self.assert_refused(3, "is held by", "forget", SPOKE.number)
        self.server.process.send_signal(signal.SIGCONT)
        self.phones.move_clock(1000)
        # What was refused is not done later.
        self.assertEqual(self.status()["position"], position)
        self.assertIn(SPOKE.name, self.person(SPOKE))
        self.assertIn("1 entry", self.forget(SPOKE).stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("campanile")
    parser.add_argument("number_range", type=os.path.abspath)
    parser.add_argument("--shim", type=os.path.abspath, help="libcrash_shim.so")
    parser.add_argument("--whole-range", action="store_true",
                        help="hash every mobile number there is, not only those near")
    parser.add_argument("--kills", type=int, default=12, help="at random, of each person at most")
    parser.add_argument("--seed", type=int, default=1)
    options, rest = parser.parse_known_args()
    sys.argv = [sys.argv[0], options.campanile, *rest]
    world.main()
