"""The commands that read a log: what they say of one that is well, and that each that is not is
refused with nothing changed on disk."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile

import world

PEOPLE = 25

made = None  # the folder of the log that every test copies


def setUpModule():
    """One rehearsal, for all."""
    global made
    made = tempfile.mkdtemp(prefix="campanile-test-")
    file = world.write_campaign(made, world.survey(id="prova"), PEOPLE)
    done = world.campanile("run", file, "--log", os.path.join(made, "L.db"), "--seed", 3)
    if done.returncode != 0:
        raise AssertionError(done.stderr)


def tearDownModule():
    shutil.rmtree(made)


def lines_of(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def snapshot(folder):
    """Every file below with its bytes and its time. SQLite may leave a -shm and an empty -wal beside
    a log that is read."""
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            if name.endswith("-shm") or (name.endswith("-wal") and os.path.getsize(path) == 0):
                continue
            with open(path, "rb") as file:
                found[path] = (file.read(), os.stat(path).st_mtime_ns)
    return found


def tamper(log, *statements):
    """As somebody with the sqlite3 shell would, the triggers away and back again."""
    database = sqlite3.connect(log, isolation_level=None)
    triggers = database.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        database.execute("DROP TRIGGER " + name)
    for statement in statements:
        database.execute(statement)
    for _, sql in triggers:
        database.execute(sql)
    database.close()


class LogCase(world.Case):
    def setUp(self):
        super().setUp()
        for name in os.listdir(made):
            if name.startswith("L.db"):
                shutil.copy2(os.path.join(made, name), self.path(name))
        self.log = self.path("L.db")
        self.events = world.events_of(self.log)

    def read(self, *arguments, expect=0):
        return self.campanile(*arguments, "--log", self.log, expect=expect)


class LogTest(LogCase):
    def positions(self, *arguments):
        return [line["position"] for line in lines_of(self.read("log", *arguments))]

    def test_every_event_is_a_line(self):
        lines = lines_of(self.read("log"))
        self.assertEqual([line["position"] for line in lines],
                         list(range(1, len(self.events) + 1)))
        for line, event in zip(lines, self.events):
            self.assertEqual((line["stream"], line["version"], line["type"], line["payload"]),
                             (event.stream, event.version, event.type, event.payload))
            self.assertEqual(line["schema"], 1)
            self.assertEqual(line["epoch"], 1)
            self.assertRegex(line["hash"], "^[0-9a-f]{64}$")
            self.assertRegex(line["recorded_at"], r"^2\d\d\d-\d\d-\d\dT")
            if line["personal"]:
                self.assertIn(event.type, ("ContactEnrolled", "AnswerGiven", "AnswerInvalid"))
        self.assertTrue(any(line["personal"] for line in lines))
        self.assertNotIn(world.number_of(1), self.read("log").stdout)
        self.assertTrue(any("occurred_at" in line for line in lines))

    def test_the_filters_choose(self):
        def chosen(wanted):
            found = [each.position for each in self.events if wanted(each)]
            self.assertTrue(found)
            return found

        of_campaign = chosen(lambda each: each.stream.startswith(("campaign/", "contact/")))
        self.assertEqual(self.positions("--campaign", "prova"), of_campaign)
        # "contact/prova/2" and not "contact/prova/12"
        of_two = chosen(lambda each: each.contact() == ("prova", 2))
        self.assertEqual(self.positions("--contact", "2"), of_two)
        self.assertEqual(self.positions("--contact", "prova/2"), of_two)
        self.assertEqual(self.positions("--contact", "2", "--campaign", "prova"), of_two)
        first = chosen(lambda each: each.attempt() == ("prova", 2, 1))
        self.assertEqual(self.positions("--contact", "2", "--attempt", "1"), first)
        self.assertEqual(self.positions("--attempt", "prova.2.1"), first)
        ends = chosen(lambda each: each.type == "CallEnded")
        self.assertEqual(self.positions("--type", "CallEnded"), ends)
        both = chosen(lambda each: each.type in ("CallEnded", "ContactClosed"))
        self.assertEqual(self.positions("--type", "CallEnded", "--type", "ContactClosed"), both)

    def test_a_log_is_cut_by_position_and_by_moment(self):
        last = len(self.events)
        self.assertEqual(self.positions("--since", "5", "--until", "7"), [5, 6, 7])
        self.assertEqual(self.positions("--since", last), [last])
        self.assertEqual(self.positions("--since", last + 1), [])
        self.assertEqual(self.positions("--until", "0"), [])
        lines = lines_of(self.read("log"))
        moment = lines[last // 2]["recorded_at"]
        self.assertEqual(self.positions("--since", moment),
                         [line["position"] for line in lines if line["recorded_at"] >= moment])
        self.assertEqual(self.positions("--until", moment),
                         [line["position"] for line in lines if line["recorded_at"] <= moment])
        self.assertEqual(self.positions("--since", "2001-01-01T00:00:00Z"),
                         list(range(1, last + 1)))
        self.assertEqual(self.positions("--since", "2999-01-01T00:00:00+01:00"), [])

    def test_what_is_personal_is_shown_when_asked_for(self):
        one = lines_of(self.read("log", "--personal", "--contact", "1",
                                 "--type", "ContactEnrolled"))[0]
        self.assertEqual(one["personal"]["number"], world.number_of(1))

    def test_what_cannot_be_meant_is_bad_input(self):
        for arguments in (["--since", "yesterday"], ["--until", "-1"], ["--until", "5x"],
                          ["--until", "99999999999999999999"], ["--until", "2026-02-30T00:00:00Z"],
                          ["--contact", "0"], ["--contact", "x"], ["--contact", "prova/"],
                          ["--contact", "prova/2", "--campaign", "altra"], ["--attempt", "0"],
                          ["--attempt", "256"], ["--attempt", "prova.2"],
                          ["--campaign", "no such"]):
            done = self.read("log", *arguments, expect=2)
            self.assertIn(arguments[0], done.stderr)
            self.assertEqual(done.stdout, "")

    def test_what_is_not_in_the_log_is_said(self):
        for arguments in (["--campaign", "altra"], ["--contact", "altra/2"],
                          ["--attempt", "altra.2.1"], ["--campaign", "altra", "--since", "9"]):
            done = self.read("log", *arguments, expect=2)
            self.assertIn('no campaign "altra" in this log', done.stderr)
            self.assertEqual(done.stdout, "")
        # Of one that is there nothing is left by the rest, and no type is missed.
        self.assertEqual(self.positions("--campaign", "prova", "--since", "99999"), [])
        self.assertEqual(self.positions("--type", "QuotaSwept"), [])
        for given, told in (("CalEnded", 'did you mean "CallEnded"?'), ("Nope", "campanile log")):
            done = self.read("log", "--type", given, expect=2)
            self.assertIn('no event is of the type "%s"' % given, done.stderr)
            self.assertIn(told, done.stderr)

    def test_it_is_followed_while_it_is_written_until_a_signal(self):
        file = world.write_campaign(self.folder, world.survey(id="prova"), 400)
        log = self.path("F.db")
        run = self.start("run", file, "--log", log, name="run")
        world.wait_until(lambda: os.path.exists(log) or not run.running(), "there is a log")
        one = self.start("log", "--follow", "--log", log, name="one")
        calls = self.start("log", "--follow", "--log", log, "--type", "CallEnded", name="two")
        self.assertEqual(run.wait(), 0, run.err())
        events = world.events_of(log)
        # The write-ahead file was copied and cut more than once on the way.
        self.assertGreater(len(events), 3000)
        world.wait_until(lambda: one.out().count("\n") >= len(events), "all was followed")
        self.assertEqual([json.loads(line)["position"] for line in one.out().splitlines()],
                         list(range(1, len(events) + 1)))
        ends = [each.position for each in events if each.type == "CallEnded"]
        world.wait_until(lambda: calls.out().count("\n") >= len(ends), "all calls were followed")
        self.assertTrue(one.running())
        one.interrupt()
        self.assertEqual(one.wait(), 0)
        calls.process.send_signal(signal.SIGTERM)
        self.assertEqual(calls.wait(), 0)
        self.assertEqual([json.loads(line)["position"] for line in calls.out().splitlines()], ends)


class VerifyTest(LogCase):
    def test_the_head_is_told(self):
        last = lines_of(self.read("log"))[-1]
        told = self.read("verify").stdout
        self.assertEqual(told, "well: %d events, last at %s, head %s\n" %
                         (last["position"], last["recorded_at"], last["hash"]))
        self.assertEqual(world.last_json(self.read("verify", "--json").stdout),
                         {"well": True, "position": last["position"], "hash": last["hash"],
                          "recorded_at": last["recorded_at"]})

    def test_a_range_is_verified_alone(self):
        tamper(self.log, "UPDATE event SET type = 'x' WHERE position = 40")
        self.assertRegex(self.read("verify", "--from", 10, "--to", 39).stdout,
                         "^well: events 10 to 39 of ")
        done = self.read("verify", "--from", 10, "--to", 40, expect=1)
        self.assertIn("event 40", done.stderr)
        self.assertRegex(done.stdout, "^damaged: ")
        self.read("verify", "--from", 41)
        for wrong in (["--from", 10, "--to", 9], ["--from", 0], ["--from", 10 ** 6],
                      ["--to", 10 ** 6], ["--from", "x"]):
            self.read("verify", *wrong, expect=2)

    def test_what_is_sound_is_salvaged_and_runs(self):
        before = snapshot(self.folder)
        well = self.read("verify", "--salvage", self.path("W.db"))
        self.assertIn("%d events" % len(self.events), well.stdout)
        tamper(self.log, "UPDATE event SET payload = '{}' WHERE position = 60")
        before = snapshot(self.folder)
        done = self.read("verify", "--salvage", self.path("N.db"), expect=1)
        self.assertIn("event 60 is the first bad one", done.stdout)
        self.assertIn("lost: %d events, 60 to %d" % (len(self.events) - 59, len(self.events)),
                      done.stdout)
        self.assertIn("kept: 59 events", done.stdout)
        after = snapshot(self.folder)
        for path, state in before.items():
            self.assertEqual(after[path], state, path)
        self.assert_log_is_well(self.path("N.db"))
        self.assertEqual([(each.stream, each.payload) for each in world.events_of(self.path("N.db"))],
                         [(each.stream, each.payload) for each in self.events[:59]])
        self.read("verify", "--salvage", self.path("N.db"), expect=2)
        # The campaign goes on from there to its end.
        file = world.write_campaign(self.folder, world.survey(id="prova"), PEOPLE)
        self.campanile("run", file, "--log", self.path("N.db"), "--seed", 3)
        self.assert_log_is_well(self.path("N.db"))

    def test_a_lost_end_is_refused_until_somebody_accepts_it(self):
        last = len(self.events)
        tamper(self.log, "DELETE FROM event WHERE position > %d" % (last - 3))
        done = self.read("verify", expect=1)
        self.assertIn(str(last - 2), done.stderr)
        self.read("replay", expect=1)
        self.assertIn("%d events" % (last - 3), self.read("verify", "--accept-head").stdout)
        self.assert_log_is_well(self.log)


class ThenTest(LogCase):
    """`--until`: any moment of the past."""

    def replay(self, *arguments, log=None):
        return world.last_json(self.campanile("replay", "--log", log or self.log, "--json",
                                              *arguments).stdout)

    def test_a_replay_up_to_there_is_that_of_a_log_that_ends_there(self):
        lines = lines_of(self.read("log"))
        for position in (1, 2, len(lines) // 3, len(lines) // 2, len(lines) - 1):
            cut = self.path("cut.db")
            for name in (cut, cut + ".head", cut + ".key", cut + ".keys"):
                if os.path.exists(name):
                    os.remove(name)
            for name in os.listdir(self.folder):
                if name.startswith("L.db") and not name.endswith(("-wal", "-shm", ".head")):
                    shutil.copy2(self.path(name), self.path("cut.db" + name[4:]))
            tamper(cut, "DELETE FROM event WHERE position > %d" % position)
            self.campanile("verify", "--accept-head", "--log", cut)
            then = self.replay("--until", position)
            self.assertEqual(then, self.replay(log=cut))
            self.assertEqual(then["position"], position)
            self.assertEqual(then["hash"], lines[position - 1]["hash"])

    def test_a_moment_between_events_counts_those_before_it(self):
        lines = lines_of(self.read("log"))
        moment = next(line["recorded_at"] for line, after in zip(lines[len(lines) // 2:],
                                                                 lines[len(lines) // 2 + 1:])
                      if line["recorded_at"][:19] < after["recorded_at"][:19])
        last = max(line["position"] for line in lines if line["recorded_at"] <= moment)
        self.assertEqual(self.replay("--until", moment), self.replay("--until", last))
        # Half a second later, and the same moment elsewhere.
        self.assertEqual(self.replay("--until", moment[:19] + ".999Z")["position"], last)

    def test_beyond_the_end_is_the_end_and_said(self):
        done = self.read("replay", "--until", 10 ** 6, "--json")
        self.assertEqual(world.last_json(done.stdout), self.replay())
        self.assertIn("lies after the end", done.stderr)
        self.assertEqual(self.replay("--until", "2999-01-01T00:00:00Z"), self.replay())

    def test_before_the_first_is_nothing_and_said(self):
        for place in ("0", "2001-01-01T00:00:00Z"):
            done = self.read("replay", "--until", place, "--json")
            self.assertEqual(world.last_json(done.stdout)["position"], 0)
            self.assertIn("before the first event", done.stderr)
            self.read("export", "results", "--until", place, expect=2)

    def test_explain_tells_of_the_minute_that_was_asked_for(self):
        def now(*place):
            told = self.read("explain", "--contact", "prova/2", "--json", *place).stdout
            return json.loads(told)["now_utc"]

        # A rehearsal's own time goes no further than its log.
        [last] = lines_of(self.read("log"))[-1:]
        self.assertEqual(now(), last["recorded_at"])
        middle = lines_of(self.read("log"))[len(self.events) // 2]
        self.assertEqual(now("--until", str(middle["position"])), middle["recorded_at"])
        # A moment between two events, in which nothing happens; and one that is still to come.
        before = middle["recorded_at"].replace("Z", "")[:-3] + "999Z"
        self.assertEqual(now("--until", before), before)
        self.assertEqual(now("--until", "2099-07-01T10:00:00Z"), "2099-07-01T10:00:00.000Z")

    def test_what_is_no_place_is_bad_input(self):
        for place in ("x", "-1", "1.5", "2026-13-01T00:00:00Z", "2026-01-01", "9" * 30):
            for command in (["replay"], ["export", "results"],
                            ["export", "--to", self.path("out")], ["explain", "--contact", "prova/1"]):
                done = self.read(*command, "--until", place, expect=2)
                self.assertIn("--as-of" if command[0] == "export" else "--until", done.stderr)
                self.assertEqual(done.stdout, "")
        self.assertFalse(os.path.exists(self.path("out")))

    def test_an_answer_that_nobody_can_take_is_no_success(self):
        for command in (["log"], ["export", "results"], ["export", "pandas"], ["replay"],
                        ["replay", "--json"], ["explain", "--contact", "prova/2"],
                        ["explain", "--contact", "prova/2", "--json"], ["status"], ["status", "--json"],
                        ["status", "--since", "2026-01-05"], ["what-if", "--json"], ["held"],
                        ["verify"], ["verify", "--json"], ["person", world.number_of(2)]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([world.binary, *command, "--log", self.log], stdout=full,
                                      stderr=subprocess.PIPE, text=True, env=world.environment(),
                                      timeout=world.PATIENCE_S)
            self.assertEqual(done.returncode, 3, (command, done.stderr))
            self.assertIn("cannot be written to standard output", done.stderr, command)

    def test_an_export_says_of_which_events_it_tells(self):
        lines = lines_of(self.read("log"))
        for until, last in (([], lines[-1]), (["--until", len(lines) // 2], lines[len(lines) // 2 - 1])):
            files = []
            for name in ("one", "two"):
                self.read("export", "--to", self.path(name), *until)
                files.append({each: state[0] for each, state in
                              ((os.path.basename(path), state)
                               for path, state in snapshot(self.path(name)).items())})
            self.assertEqual(files[0], files[1])
            head = json.loads(files[0]["head.json"])
            self.assertEqual((head["position"], head["hash"], head["recorded_at"]),
                             (last["position"], last["hash"], last["recorded_at"]))
            self.assertEqual(head["log"]["carrier"], "rehearsal")
            self.assertEqual(head["log"]["installation"],
                             self.events[0].payload["installation"])
            self.assertTrue(head["program"])

    def test_results_as_of_then_are_those_that_were_there(self):
        whole = self.read("export", "attempts").stdout.splitlines()
        half = self.read("export", "attempts", "--until", len(self.events) // 2).stdout.splitlines()
        self.assertLess(len(half), len(whole))
        self.assertGreater(len(half), 1)
        self.assertEqual(half[0], whole[0])


class WhoIsMeantTest(world.Case):
    """Lists whose ids look like ordinals: nobody is told of as somebody else."""

    def setUp(self):
        super().setUp()
        file = world.write_campaign(self.folder, world.survey(id="prova"), 0)
        with open(self.path("people.csv"), "a", encoding="utf-8") as people:
            people.write("1,12345,Uno\n2,%s,Due\n3,%s,Tre\n4,%s,Quattro\n" % (
                world.number_of(2), world.number_of(3), world.number_of(2)))
        self.log = self.path("L.db")
        self.campanile("run", file, "--skip-bad-rows", "--log", self.log, expect=None)

    def explain(self, name, expect=0):
        return self.campanile("explain", "--log", self.log, "--contact", name, expect=expect)

    def test_an_id_is_never_read_as_an_ordinal(self):
        for name in ("2", "row:3", "prova/1", "prova.1"):
            self.assertIn("row 3 of the list", self.explain(name).stdout, name)
        for name in ("1", "4", "5", "0", "prova/3", "prova/0", "prova/x", "row:1", "row:x", "row:"):
            done = self.explain(name, expect=2)
            self.assertEqual(done.stdout, "", name)
            self.assertIn("row:N", done.stderr, name)

    def test_a_row_that_was_left_out_says_why(self):
        self.assertEqual(self.explain("row:2").stdout,
                         'row 2 of the list was left out: short_number, column "number"\n')
        told = json.loads(self.campanile("explain", "--log", self.log, "--contact", "row:5",
                                         "--json").stdout)
        self.assertEqual((told["row"], told["reason"]), (5, "duplicate"))

    def test_a_row_of_several_lists_is_nobodys(self):
        with open(self.path("more.csv"), "w", encoding="utf-8") as more:
            more.write("id,number,name\n7,%s,Sette\n8,%s,Otto\n" % (
                world.number_of(7), world.number_of(8)))
        self.campanile("add-contacts", "prova", self.path("more.csv"), "--log", self.log)
        self.assertIn("give prova/1 or prova/4", self.explain("row:3", expect=2).stderr)
        self.assertIn("give prova/3; that of the first list was left out: short_number",
                      self.explain("row:2", expect=2).stderr)
        self.assertIn("row 3 of the list", self.explain("prova/4").stdout)


class BackupTest(LogCase):
    def test_a_backup_opens_where_it_lies(self):
        done = self.read("backup", self.path("saved"))
        last = lines_of(self.read("log"))[-1]
        self.assertIn("backed up: %d events, last at %s, head %s" %
                      (last["position"], last["recorded_at"], last["hash"]), done.stdout)
        self.assertIn("--keys", done.stdout)
        self.assertEqual(self.assert_log_is_well(self.path("saved/L.db")),
                         self.assert_log_is_well(self.log))
        with open(self.path("saved/MANIFEST.json")) as file:
            manifest = json.load(file)
        self.assertEqual((manifest["position"], manifest["hash"]),
                         (last["position"], last["hash"]))
        self.assertEqual(manifest["keys"], "within")
        self.assertEqual({each["name"] for each in manifest["files"]} | {"MANIFEST.json"},
                         {name for name in os.listdir(self.path("saved"))
                          if not name.endswith(("-wal", "-shm"))})

    def test_keys_go_apart_or_stay_away(self):
        self.assertIn("apart", self.read("backup", self.path("saved"), "--keys",
                                         self.path("keys")).stdout)
        self.assertEqual([name for name in os.listdir(self.path("saved")) if ".key" in name], [])
        self.assertIn("L.db.key", os.listdir(self.path("keys")))
        with open(self.path("saved/MANIFEST.json")) as file:
            self.assertEqual(json.load(file)["keys"], "apart")
        self.assertIn("left out", self.read("backup", self.path("bare"), "--without-keys").stdout)
        self.assertEqual([name for name in os.listdir(self.path("bare")) if ".key" in name], [])
        self.read("backup", self.path("both"), "--without-keys", "--keys", self.path("k"), expect=2)
        self.assertFalse(os.path.exists(self.path("both")))

    def test_a_backup_is_never_put_over_something(self):
        self.read("backup", self.path("saved"))
        before = snapshot(self.path("saved"))
        self.read("backup", self.path("saved"), expect=2)
        self.read("backup", self.log, expect=2)
        self.read("backup", self.path("none/saved"), expect=2)
        self.assertEqual(snapshot(self.path("saved")), before)


class BadLogTest(LogCase):
    """Each bad input has its own refusal, and nothing is changed on disk."""

    def refused(self, sentence, log=None):
        log = log or self.log
        out = tempfile.mkdtemp(dir=made)
        before = snapshot(self.folder)
        for command in (["log"], ["replay"], ["verify"], ["explain", "--contact", "prova/1"], ["status"],
                        ["status", "--json"], ["export", "results"], ["export", "--to", os.path.join(out, "results")],
                        ["backup", os.path.join(out, "saved")]):
            done = self.campanile(*command, "--log", log, expect=None)
            self.assertIn(done.returncode, (1, 3), command)
            self.assertRegex(done.stderr, sentence, command)
            self.assertNotIn("terminate", done.stderr)
            self.assertNotIn(world.number_of(1), done.stderr + done.stdout)
        self.assertEqual(snapshot(self.folder), before)
        self.assertEqual(os.listdir(out), [])

    def damaged_at(self, position):
        self.refused(r"event %d\b" % position)

    def test_one_that_is_cut(self):
        with open(self.log, "r+b") as file:
            file.truncate(os.path.getsize(self.log) // 2)
        self.refused("damaged|cannot|lost|missing|malformed")

    def test_one_that_was_edited(self):
        tamper(self.log, "UPDATE event SET recorded_at = recorded_at + 1 WHERE position = 30")
        self.damaged_at(30)

    def test_one_whose_row_is_gone(self):
        tamper(self.log, "DELETE FROM event WHERE position = 30")
        self.damaged_at(30)

    def test_one_that_lost_its_end(self):
        tamper(self.log, "DELETE FROM event WHERE position > %d" % (len(self.events) - 1))
        self.damaged_at(len(self.events))

    def test_one_without_its_witness(self):
        os.remove(self.log + ".head")
        self.refused("witness")

    def test_one_with_the_witness_of_another(self):
        other = self.path("other")
        os.mkdir(other)
        file = world.write_campaign(other, world.survey(id="prova"), 2)
        self.campanile("run", file, "--log", self.path("other/L.db"), "--seed", 99)
        shutil.copy(self.path("other/L.db.head"), self.log + ".head")
        self.refused("another log")

    def test_a_witness_without_its_log(self):
        os.remove(self.log)
        self.refused("L.db")
        self.assertEqual(self.read("replay", expect=None).returncode, 1)

    def test_none_at_all(self):
        self.refused("there is no log at", log=self.path("none.db"))

    def test_a_witness_that_is_garbage(self):
        with open(self.log + ".head", "wb") as file:
            file.write(b"\x5a" * 8192)
        self.refused("broken")

    def test_one_of_another_program(self):
        other = self.path("other.db")
        sqlite3.connect(other).execute("CREATE TABLE event(position INTEGER)").connection.close()
        self.refused("another program", log=other)

    def test_one_of_a_newer_version(self):
        tamper(self.log, "PRAGMA user_version = 99")
        self.refused("layout 99")

    def test_an_empty_one(self):
        open(self.path("empty.db"), "wb").close()
        self.refused("empty", log=self.path("empty.db"))

    def test_text(self):
        with open(self.path("text.db"), "w") as file:
            file.write("x" * 9000)
        self.refused("no SQLite database", log=self.path("text.db"))

    def test_a_folder(self):
        os.mkdir(self.path("folder"))
        self.refused("no regular file", log=self.path("folder"))

    def test_one_that_may_not_be_read(self):
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        os.chmod(self.log, 0)
        done = [self.read(*command, expect=3) for command in (["log"], ["replay"], ["verify"])]
        self.assertIn("cannot open", done[0].stderr)


class MasterKeyTest(world.Case):
    """A log whose master key stands in a file of settings alone."""

    def test_every_command_that_opens_what_is_personal_finds_it_there(self):
        log = self.path("L.db")
        settings = self.path("shop.env")
        with open(settings, "w") as file:
            file.write("CAMPANILE_MASTER_KEY=%s\n" % ("7a" * 32))
        os.chmod(settings, 0o600)
        campaign = world.write_campaign(self.folder, world.survey(), 4)
        self.campanile("run", campaign, "--log", log, "--env-file", settings)
        self.assertFalse(os.path.exists(log + ".key"))
        number = world.number_of(1)
        for what in (["explain", "--contact", "P-0001"], ["replay"], ["export", "results"],
                     ["what-if"], ["log", "--personal"], ["held", "--personal"],
                     ["person", number], ["check", campaign], ["suppress", number],
                     ["unsuppress", number, "--reason", "a letter"], ["forget", number],
                     ["forget", "--expired"]):
            done = self.campanile(*what, "--log", log, expect=3)
            self.assertIn("CAMPANILE_MASTER_KEY", done.stderr, what)
            done = self.campanile(*what, "--log", log, "--env-file", settings)
            self.assertIn("settings read from", done.stderr, what)
        edit = ("edit", "prova", campaign, "--log", log)
        self.campanile(*edit, expect=3)
        self.assertIn("nothing left to move",
                      self.campanile(*edit, "--env-file", settings, expect=2).stderr)
        # Whatever needs no key asks for none.
        for what in ("log", "held", "verify", "status"):
            self.campanile(what, "--log", log)


if __name__ == "__main__":
    world.main()
