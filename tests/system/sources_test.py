"""Where the people of a campaign come from: CSV, JSON, JSON Lines, standard input, a database."""

import contextlib
import csv
import io
import json
import os
import sqlite3

import world

PEOPLE = 6


def person(n):
    return {"id": "P-%04d" % n, "number": world.number_of(n), "name": "Persona %d" % n}


def lines_of(rows):
    return "".join(json.dumps(person(n)) + "\n" for n in rows)


class SourcesCase(world.ServedCase):
    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def write_campaign(self, results=None, **contacts):
        """A survey whose contacts come from where these members say."""
        campaign = world.survey(**({"results": results} if results else {}))
        del campaign["contacts"]["file"]
        campaign["contacts"].update(contacts)
        return self.write("campaign.json", json.dumps(campaign))

    def run_file(self, *more, expect=0, log=None, **options):
        return self.campanile("run", self.path("campaign.json"), "--log", log or self.log, *more,
                              expect=expect, **options)

    def called(self, log=None):
        return {event.contact()[1] for event in world.events_of(log or self.log)
                if event.type == "CallRequested"}

    def enrolled_rows(self):
        return [event.payload["row"] for event in world.events_of(self.log)
                if event.type == "ContactEnrolled"]

    def assert_no_log(self):
        self.assertEqual([n for n in os.listdir(self.folder) if n.startswith("L.db")], [])

    def wait_until_over(self, people):
        world.wait_until(lambda: self.status()["status"] == "completed" and
                         self.status()["contacts"] == people, "it is over")


class FileTest(SourcesCase):
    """Lists in files and on standard input."""

    def test_one_list_in_every_form_has_the_same_results(self):
        everybody = range(1, PEOPLE + 1)
        self.write("people.csv", "id,number,name\n" + "".join(
            "%(id)s,%(number)s,%(name)s\n" % person(n) for n in everybody))
        self.write("people.jsonl", "\ufeff\n" + lines_of(everybody))
        self.write("people.json", json.dumps([person(n) for n in everybody], indent=1))
        self.write("people.txt", lines_of(everybody))
        answers = {}
        for form, contacts in (("csv", {"file": "people.csv"}), ("jsonl", {"file": "people.jsonl"}),
                               ("json", {"file": "people.json"}),
                               ("named", {"file": "people.txt", "format": "jsonl"}),
                               ("piped", {"file": None})):
            log = self.path(form + ".db")
            self.write_campaign(**contacts)
            piped = lines_of(everybody) if form == "piped" else ""
            more = ("--contacts", "-") if form == "piped" else ()
            self.run_file(*more, log=log, piped=piped)
            self.assertEqual(self.called(log), set(everybody), form)
            self.assert_log_is_well(log)
            answers[form] = self.exports(log)["responses_long.csv"]
        self.assertGreater(len(answers["csv"].splitlines()), PEOPLE)
        for form in answers:
            self.assertEqual(answers[form], answers["csv"], form)

    def test_a_list_given_beside_the_file_takes_the_place_of_its_own(self):
        self.write_campaign(file="nobody.csv")
        for more, piped in ((("-",), lines_of([1, 2])),
                            (("-",), json.dumps([person(1), person(2)])),
                            (("-",), "id,number,name\nP-0001,%s,A\nP-0002,%s,B\n" %
                             (world.number_of(1), world.number_of(2))),
                            ((self.write("two.ndjson", lines_of([1, 2])),), "")):
            told = self.campanile("check", self.path("campaign.json"), "--contacts", *more,
                                  "--json", piped=piped)
            self.assertEqual(world.last_json(told.stdout)["usable"], 2, (more, piped))
        self.assertIn("nobody.csv", self.campanile("check", self.path("campaign.json"),
                                                   expect=2).stderr)
        # The same command and the same list go on; another list is another.
        self.run_file("--contacts", "-", "--limit", 1, piped=lines_of([1, 2]), expect=1)
        self.assertIn("contact list is another",
                      self.run_file("--contacts", "-", piped=lines_of([1, 2, 3]), expect=2).stderr)
        self.run_file("--contacts", "-", piped=lines_of([1, 2]))
        self.run_file("--contacts", "-", "--accept-change", piped=lines_of([1, 2, 3]))
        self.assertEqual(self.called(), {1, 2, 3})
        self.assert_log_is_well(self.log)

    def test_a_file_that_names_no_list_says_how_to_give_one(self):
        self.write_campaign(file=None)
        told = self.run_file(expect=2).stderr
        self.assertIn("/contacts", told)
        self.assertIn("--contacts", told)
        # The doctor has no use for the list: what it finds is that no carrier answers.
        settings = self.write("settings", "TWILIO_ACCOUNT_SID=AC%s\nTWILIO_AUTH_TOKEN=%s\n"
                              "TWILIO_BASE_URL=http://127.0.0.1:%d\nSERVER_URL=127.0.0.1:%d\n" %
                              ("1" * 32, "2" * 32, world.free_port(), world.free_port()))
        os.chmod(settings, 0o600)
        found = self.campanile("doctor", self.path("campaign.json"), "--json", "--env-file",
                               settings, "--listen", "127.0.0.1:0", expect=3)
        self.assertIn("carrier", found.stdout)
        for nothing in ("", "\n\n"):
            self.run_file("--contacts", "-", piped=nothing, expect=2)
        self.run_file("--contacts", self.path("none.jsonl"), expect=2)
        self.assert_no_log()

    def test_an_edit_leaves_a_list_alone_that_was_given_beside_the_file(self):
        self.write_campaign(file=None)
        self.run_file("--contacts", "-", "--limit", 1, piped=lines_of(range(1, 5)), expect=1)
        told = self.campanile("edit", "prova", self.path("campaign.json"), "--log", self.log)
        self.assertIn("the file says what the log holds already", told.stdout)
        # What is to be forgotten elsewhere is told by where it came from.
        self.assertIn("given on standard input of campaign prova",
                      self.campanile("forget", world.number_of(1), "--log", self.log).stdout)

    def test_a_bad_line_is_a_bad_row(self):
        self.write_campaign(file="people.jsonl")
        bad = lines_of([1]) + '{"number": "+393471000002", "name": \n' + "\n" + \
            '{"id": "P-0003", "number": "12", "name": "Persona 3"}\n' + lines_of([4])
        self.write("people.jsonl", bad)
        told = self.run_file(expect=2).stderr
        self.assertIn("row 2: the line is not JSON", told)
        self.assertIn("row 4, column number", told)
        self.assert_no_log()
        self.run_file("--skip-bad-rows")
        self.assertEqual(self.enrolled_rows(), [1, 5])
        self.assertEqual([(e.payload["row"], e.payload["reason"])
                          for e in world.events_of(self.log) if e.type == "ContactRejected"],
                         [(2, "not_json"), (4, "too_short")])
        self.assert_log_is_well(self.log)

    def add(self, piped, *more, expect=0):
        return self.campanile("add-contacts", "prova", "-", "--log", self.log, *more, piped=piped,
                              expect=expect)

    def test_people_are_piped_into_a_campaign_that_runs_and_into_one_that_does_not(self):
        self.write_campaign(file=None)
        self.serve()
        self.campanile("submit", self.path("campaign.json"), "--log", self.log, "--contacts", "-",
                       piped=lines_of([1, 2]))
        self.wait_until_over(2)
        told = world.last_json(self.add(lines_of([1, 2, 3]), "--json").stdout)
        self.assertEqual((told["added"], told["known"]), (1, 2))
        self.wait_until_over(3)
        self.assertIn("0 people were added, 3 were in it already", self.add(lines_of([1, 2, 3])).stdout)
        # A bad line adds nobody, here and there.
        bad = lines_of([8]) + "{\n"
        self.assertIn("row 2", self.add(bad, expect=2).stderr)
        self.assertIn("give the list as a file",
                      self.add(lines_of([9]) + "\n" * (3 << 20), expect=2).stderr)
        self.stop()
        self.assertIn("row 2", self.add(bad, expect=2).stderr)
        told = world.last_json(self.add(json.dumps([person(3), person(4)]), "--json").stdout)
        self.assertEqual((told["added"], told["known"]), (1, 1))
        more = self.write("more.jsonl", lines_of([4, 5]))
        self.assertIn("1 person was added",
                      self.campanile("add-contacts", "prova", more, "--log", self.log).stdout)
        self.serve()
        self.wait_until_over(5)
        self.stop()
        self.assertEqual(self.called(), {1, 2, 3, 4, 5})
        self.assert_log_is_well(self.log)


class QueryTest(SourcesCase):
    """People whom a database gives."""

    SQL = ("SELECT id, phone AS number, name FROM customer WHERE status = 'pending' "
           "ORDER BY customer.rowid")

    def setUp(self):
        super().setUp()
        self.fill(range(1, PEOPLE + 1))

    @contextlib.contextmanager
    def crm(self):
        with contextlib.closing(sqlite3.connect(self.path("crm.db"))) as database:
            with database:
                yield database

    def fill(self, rows):
        with self.crm() as database:
            database.execute("DROP TABLE IF EXISTS customer")
            database.execute("CREATE TABLE customer (id TEXT, phone TEXT, name TEXT, visits INTEGER, "
                             "due REAL, photo BLOB, status TEXT DEFAULT 'pending')")
            database.executemany(
                "INSERT INTO customer (id, phone, name) VALUES (:id, :number, :name)",
                [person(n) for n in rows])

    def ask(self, sql, database="crm.db", **members):
        return self.write_campaign(query={"database": database, "sql": sql}, **members)

    def test_the_rows_of_a_query_are_the_list(self):
        odd = 'Zoè "la\\n\u00e0", \x01\n\\ 😀'
        with self.crm() as database:
            database.execute("UPDATE customer SET status = 'done' WHERE rowid = 2")
            database.execute("UPDATE customer SET phone = 393471000003, due = 12.5, visits = 2 "
                             "WHERE rowid = 3")
            database.execute("UPDATE customer SET name = ? WHERE rowid = 4", (odd,))
        self.ask(self.SQL.replace("name FROM", "name, visits, due FROM"),
                 results={"columns": ["name", "visits", "due"]})
        before = self.bytes_of_database()
        told = world.last_json(self.campanile("check", self.path("campaign.json"), "--json").stdout)
        self.assertEqual((told["usable"], told["refused"]), (PEOPLE - 1, 0))
        self.assertFalse([w for w in told["warnings"] if "ORDER BY" in w])
        self.run_file()
        self.assertEqual(self.called(), set(range(1, PEOPLE)))
        self.assertEqual(self.enrolled_rows(), list(range(1, PEOPLE)))
        self.assertEqual(self.bytes_of_database(), before)
        wide = self.exports(self.log)["responses_wide.csv"].decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(wide, newline="")))
        self.assertEqual([(row["visits"], row["due"]) for row in rows],
                         [("", ""), ("2", "12.5"), ("", ""), ("", ""), ("", "")])
        self.assertEqual(rows[2]["name"], odd)
        self.assert_log_is_well(self.log)
        # Where the rest of the campaign is found does not decide what is asked.
        self.run_file(cwd="/")

    def bytes_of_database(self):
        with open(self.path("crm.db"), "rb") as file:
            return file.read()

    def test_a_row_that_cannot_be_used_is_a_bad_row(self):
        with self.crm() as database:
            database.execute("UPDATE customer SET phone = 'none' WHERE rowid = 2")
            database.execute("UPDATE customer SET name = NULL WHERE rowid = 3")
            database.execute("UPDATE customer SET name = CAST(x'C3' AS TEXT) WHERE rowid = 4")
            database.execute("UPDATE customer SET phone = (SELECT phone FROM customer WHERE "
                             "rowid = 1) WHERE rowid = 5")
        self.ask(self.SQL)
        told = self.run_file(expect=2).stderr
        self.assertIn("row 2, column number", told)
        self.assertIn("row 3, column name", told)
        self.assertIn("row 4: the line is not UTF-8", told)
        self.assert_no_log()
        self.run_file("--skip-bad-rows")
        self.assertEqual([(e.payload["row"], e.payload["reason"])
                          for e in world.events_of(self.log) if e.type == "ContactRejected"],
                         [(2, "letters"), (3, "empty_variable"), (4, "not_utf8"), (5, "duplicate")])

    def test_what_is_wrong_with_a_query_is_told_with_its_place(self):
        with self.crm() as database:
            database.execute("UPDATE customer SET photo = x'0102' WHERE rowid = 2")
        self.write("list.csv", "id,number\n" * 100)
        os.mkdir(self.path("folder.db"))
        statement, database = "/contacts/query/sql", "/contacts/query/database"
        cases = (
            ("SELECT 1", "missing.db", database, "there is no such file"),
            ("SELECT 1", "list.csv", database, "file is not a database"),
            ("SELECT 1", "folder.db", database, "is no file"),
            ("SELECT id, phone AS number FROM people", "crm.db", statement, "no such table: people"),
            ("SELECT telefono AS number FROM customer", "crm.db", statement,
             "no such column: telefono"),
            ("SELECT id FROM customer; SELECT 1", "crm.db", statement, "several statements"),
            ("INSERT INTO customer (id) VALUES ('x')", "crm.db", statement, "more than read"),
            ("DELETE FROM customer RETURNING id", "crm.db", statement, "more than read"),
            ("PRAGMA user_version = 9", "crm.db", statement, "more than read"),
            ("SELECT id, id, phone AS number FROM customer", "crm.db", statement, "two columns"),
            ("SELECT id, phone AS number, name, photo FROM customer ORDER BY rowid", "crm.db",
             statement, "row 2, column \"photo\" holds a blob"),
            ("SELECT id, phone AS number, name, 9e999 AS x FROM customer", "crm.db", statement,
             "row 1, column \"x\" holds a number that is not finite"),
            ("SELECT id, phone, name FROM customer", "crm.db", "/contacts/columns/number",
             "no column \"number\""),
            (self.SQL.replace("pending", "nobody"), "crm.db", statement, "the query gives no row"),
        )
        before = self.bytes_of_database()
        for sql, name, place, what in cases:
            with self.subTest(sql=sql, database=name):
                self.ask(sql, name)
                for command in ("check", "run"):
                    told = self.campanile(command, self.path("campaign.json"),
                                          *(() if command == "check" else ("--log", self.log)),
                                          expect=2).stderr
                    self.assertIn(place, told)
                    self.assertIn(what, told)
                    self.assertNotIn("Persona", told)
                self.assert_no_log()
        self.assertEqual(self.bytes_of_database(), before)
        self.assertFalse(os.path.exists(self.path("missing.db")))

    def test_an_order_that_is_left_open_is_warned_of(self):
        self.ask(self.SQL.replace("ORDER BY customer.rowid", ""))
        self.assertIn("ORDER BY",
                      self.campanile("check", self.path("campaign.json")).stdout)

    def test_what_changes_in_the_database_changes_nothing_until_it_is_accepted(self):
        self.ask(self.SQL)
        self.run_file("--limit", 2, expect=1)
        people = len(self.enrolled_rows())
        # Somebody marks them as they are called, and others come.
        with self.crm() as database:
            database.execute("UPDATE customer SET status = 'done'")
        told = self.run_file("--limit", 1, expect=1).stderr
        self.assertIn("gives another answer by now", told)
        with self.crm() as database:
            database.execute("INSERT INTO customer (id, phone, name) VALUES ('P-0099', ?, 'x')",
                             (world.number_of(99),))
        self.run_file()
        self.assertEqual(len(self.enrolled_rows()), people)
        self.assertEqual(self.called(), set(range(1, PEOPLE + 1)))
        # It is over, and says so; whoever is new is called when that is accepted.
        self.assertIn("another answer", self.run_file().stderr)
        self.run_file("--accept-change")
        self.assertEqual(self.called(), set(range(1, PEOPLE + 2)))
        self.assert_log_is_well(self.log)

    def kill_while_it_enrols(self, people):
        self.fill(range(1, people + 1))
        self.ask(self.SQL)
        program = self.start("run", self.path("campaign.json"), "--log", self.log)

        def some_on_disk():
            return not program.running() or sum(
                os.path.getsize(self.log + part) for part in ("", "-wal")
                if os.path.exists(self.log + part)) > 3 << 20
        world.wait_until(some_on_disk, "some are enrolled")
        program.kill()
        types = [event.type for event in world.events_of(self.log)]
        self.assertNotIn("EnrolmentCompleted", types)
        enrolled = types.count("ContactEnrolled")
        self.assertTrue(0 < enrolled < people, enrolled)

    def test_a_kill_while_the_rows_are_enrolled_is_gone_on_from(self):
        people = 20000
        self.kill_while_it_enrols(people)
        # Not with other rows.
        with self.crm() as database:
            database.execute("UPDATE customer SET name = 'x' WHERE rowid = 7")
        before = len(world.events_of(self.log))
        told = self.run_file("--accept-change", expect=2).stderr
        self.assertIn("the query gives other rows", told)
        self.assertIn("ORDER BY", told)
        told = self.run_file(expect=2).stderr
        self.assertIn("query", told)
        with self.crm() as database:
            database.execute("UPDATE customer SET name = ? WHERE rowid = 7", (person(7)["name"],))
        self.run_file("--limit", 1, expect=1)
        events = world.events_of(self.log)
        enrolled = [e.payload["row"] for e in events if e.type == "ContactEnrolled"]
        self.assertEqual(enrolled, list(range(1, people + 1)))
        self.assertGreater(len(events), before)
        self.assertEqual([e.type for e in events].count("EnrolmentCompleted"), 1)
        self.assertEqual(self.assert_log_is_well(self.log)["position"], len(events))


if __name__ == "__main__":
    world.main()
