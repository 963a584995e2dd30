"""Names as lists really hold them, through the whole program: what the log keeps of them is read by
cJSON, a library that shares nothing with ours, and says what the list said; or the row was refused.
"""

import csv
import ctypes
import ctypes.util
import io
import json
import sqlite3

import world

NAMES = [
    "Zoë 👩‍👩‍👧‍👦 🇮🇹 😀",
    "Maria \"Mimì\" O'Brien",
    "Rossi; Bianchi, eredi",
    "back\\slash \\\" \\u0041 / </script>",
    "two\nlines\r\nand three",
    "bell \x07 escape \x1b unit \x1f delete \x7f tab \t end",
    "separators \u2028\u2029 mark \ufeff none \uffff",
    "123456789012345678901234567890.5e400",
    "-0.1e-999999999",
    "null",
    "[" * 2000,
    '{"name": 1, "name": 2}',
    "{{name}} ${name} %s",
    "=HYPERLINK(\"http://example.test\")",
    "x" * 4000,
    "e\u0301 \u202eright to left\u202c",
]
LATIN = ["Caffè Nicolò", "§ 5 – “Perché?” €", "Müller & Söhne", "soft\xadhyphen no\xa0break"]
NUL = "a NUL \x00 inside"  # JSON that cJSON reads has no place for it
HALVES = ['"\\ud800"', '"a\\udfffz"', '"\\ude00\\ud83d"', '"\\ud83d"', '"\\ud83d\\u0041"']


class Node(ctypes.Structure):
    """struct cJSON, as its public header has it."""


Node._fields_ = [("next", ctypes.POINTER(Node)), ("prev", ctypes.POINTER(Node)),
                 ("child", ctypes.POINTER(Node)), ("type", ctypes.c_int),
                 ("valuestring", ctypes.c_char_p), ("valueint", ctypes.c_int),
                 ("valuedouble", ctypes.c_double), ("string", ctypes.c_char_p)]

cjson = ctypes.CDLL(ctypes.util.find_library("cjson"))
cjson.cJSON_ParseWithOpts.restype = ctypes.POINTER(Node)
cjson.cJSON_ParseWithOpts.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int]
cjson.cJSON_Delete.argtypes = [ctypes.POINTER(Node)]

FALSE, TRUE, NULL, NUMBER, STRING, ARRAY, OBJECT = (1 << n for n in range(7))


def value_of(node):
    kind = node.type & 0xFF
    if kind in (ARRAY, OBJECT):
        parts = []
        child = node.child
        while child:
            value = value_of(child.contents)
            name = child.contents.string
            parts.append((name.decode("utf-8"), value) if kind == OBJECT else value)
            child = child.contents.next
        if kind == ARRAY:
            return parts
        if len({name for name, _ in parts}) < len(parts):
            raise AssertionError("two members of one name")
        return dict(parts)
    if kind == STRING:
        return node.valuestring.decode("utf-8")
    return {FALSE: False, TRUE: True, NULL: None}.get(kind, node.valuedouble)


def read_by_cjson(text):
    root = cjson.cJSON_ParseWithOpts(text.encode("utf-8"), None, 1)
    if not root:
        raise AssertionError("cJSON makes nothing of a payload")
    try:
        return value_of(root.contents)
    finally:
        cjson.cJSON_Delete(root)


class StrangeNamesTest(world.Case):
    def run_campaign(self, identifier, contacts, columns=("id", "number", "name")):
        """Runs a campaign to its end; its people's names by id, and the columns that rows were refused for."""
        campaign = world.survey(id=identifier)
        campaign["contacts"] = contacts | {"region": "IT", "zone": "Europe/Rome",
                                           "bad_rows": "skip",
                                           "columns": {"number": "number", "id": "id"}}
        file = self.path(identifier + ".json")
        with open(file, "w", encoding="utf-8") as out:
            out.write(json.dumps(campaign))
        log = self.path(identifier + ".db")
        self.campanile("run", file, "--log", log, "--json")
        return self.values_of(log, columns)

    def values_of(self, log, columns):
        # Every payload as it stands in the file.
        with sqlite3.connect("file:%s?mode=ro" % log, uri=True) as database:
            payloads = [row[0] for row in database.execute("SELECT payload FROM event")]
        self.assertGreater(len(payloads), 20)
        for payload in payloads:
            self.assertEqual(read_by_cjson(payload), json.loads(payload))
        # And with what is personal opened.
        values, refused = {}, []
        lines = self.campanile("log", "--log", log, "--personal").stdout.rstrip("\n").split("\n")
        self.assertEqual(len(lines), len(payloads))
        for line in lines:
            event = read_by_cjson(line)
            self.assertEqual(event, json.loads(line))
            if event["type"] == "ContactEnrolled":
                person = dict(zip(columns, event["personal"]["values"]))
                values[person["id"]] = person["name"]
            if event["type"] == "ContactRejected":
                refused.append(event["payload"]["column"])
        return values, refused

    def assert_kept(self, names, values):
        self.assertEqual(values, {"P-%d" % n: name for n, name in enumerate(names)})

    def write_list(self, name, names, encoding):
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\r\n")
        rows.writerow(["id", "number", "name"])
        for n, person in enumerate(names):
            rows.writerow(["P-%d" % n, world.number_of(n + 1), person])
        with open(self.path(name), "wb") as file:
            file.write(text.getvalue().encode(encoding))

    def test_a_list_in_utf_8(self):
        self.write_list("people.csv", [*NAMES, NUL], "utf-8")
        values, refused = self.run_campaign("utf", {"file": "people.csv"})
        self.assert_kept(NAMES, values)
        self.assertEqual(refused, ["name"])

    def test_a_list_as_a_spreadsheet_in_italy_saves_it(self):
        self.write_list("people.csv", LATIN, "windows-1252")
        values, refused = self.run_campaign("latin", {"file": "people.csv"})
        self.assert_kept(LATIN, values)
        self.assertEqual(refused, [])

    def test_people_inside_the_campaign_file(self):
        people = [{"id": "P-%d" % n, "number": world.number_of(n + 1), "name": name}
                  for n, name in enumerate(NAMES)]
        values, refused = self.run_campaign("inline", {"list": people})
        self.assert_kept(NAMES, values)
        self.assertEqual(refused, [])

    def test_what_json_cannot_hold_is_refused_with_its_place(self):
        for text in [json.dumps(NUL), *HALVES]:
            campaign = world.survey()
            campaign["contacts"] = {"list": [{"id": "1", "number": world.number_of(1),
                                              "name": "NAME"}],
                                    "region": "IT", "zone": "Europe/Rome",
                                    "columns": {"number": "number", "id": "id"}}
            with open(self.path("half.json"), "w", encoding="utf-8") as file:
                file.write(json.dumps(campaign).replace('"NAME"', text))
            told = self.campanile("run", self.path("half.json"), "--log", self.path("half.db"),
                                  expect=2)
            self.assertRegex(told.stderr, r"half\.json: (/contacts/list/0/name|line 1, column \d+)")


if __name__ == "__main__":
    world.main()
