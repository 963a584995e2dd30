"""The control interface over TCP as a program of somebody else's uses it: its token, its limits, its
answers held against runner/openapi.json, and the page for Prometheus."""

import http.client
import json
import os
import re
import signal
import socket

import world

TOKEN = "c0ffee" * 8
OPENAPI = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "runner",
                       "openapi.json")
PEOPLE = 40


def complaints(schema, value, whole, where=""):
    """What is wrong with a value by a schema, in as much of JSON Schema as the file uses. A word of
    it that is not known here is an error of the test's."""
    while "$ref" in schema:
        path = schema["$ref"].lstrip("#/").split("/")
        schema = whole
        for part in path:
            schema = schema[part]
    known = {"type", "required", "properties", "additionalProperties", "items", "enum", "const",
             "pattern", "format", "description", "default"}
    assert set(schema) <= known, set(schema) - known
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    kind = kinds[schema["type"]]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return ["%s is no %s" % (where, schema["type"])]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append("%s is %r" % (where, value))
    if "const" in schema and value != schema["const"]:
        found.append("%s is %r" % (where, value))
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append("%s is %r" % (where, value))
    if schema.get("format") == "date-time" and not re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value):
        found.append("%s is %r" % (where, value))
    if isinstance(value, list) and "items" in schema:
        for n, each in enumerate(value):
            found += complaints(schema["items"], each, whole, "%s/%d" % (where, n))
    if isinstance(value, dict):
        found += ["%s lacks %s" % (where, name) for name in schema.get("required", [])
                  if name not in value]
        for name, each in value.items():
            if name in schema.get("properties", {}):
                found += complaints(schema["properties"][name], each, whole, where + "/" + name)
            elif schema.get("additionalProperties", True) is False:
                found.append("%s has %s" % (where, name))
            elif isinstance(schema.get("additionalProperties"), dict):
                found += complaints(schema["additionalProperties"], each, whole,
                                    where + "/" + name)
    return found


SERIES = re.compile(r'(campanile_[a-z_]+)(\{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})?'
                    r' (-?\d+(?:\.\d+)?)')


def read_metrics(text):
    """The page by series. Held against the text format 0.0.4: each family once, its lines together,
    behind what it means and its type, nothing twice."""
    assert text.endswith("\n")
    values, families, family, helped = {}, {}, None, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            helped = line.split(" ", 3)[2]
            continue
        if line.startswith("# TYPE "):
            _, _, family, kind = line.split(" ")
            assert family == helped and family not in families, line
            families[family] = kind
            continue
        found = SERIES.fullmatch(line)
        assert found, line
        name = found[1]
        if families[family] == "histogram":
            assert name in (family + "_bucket", family + "_sum", family + "_count"), line
        else:
            assert name == family, line
            assert name.endswith("_total") == (families[family] == "counter"), line
        series = found[1] + (found[2] or "")
        assert series not in values, line
        values[series] = float(found[3])
    return values


class ControlTest(world.Case):
    def setUp(self):
        super().setUp()
        with open(OPENAPI, encoding="utf-8") as file:
            self.openapi = json.load(file)
        self.asked = set()
        self.phones = self.carrier()
        self.log = self.path("L.db")
        self.server = self.serve()

    def serve(self, name="serve", token=TOKEN):
        server = self.start("serve", "--log", self.log, "--carrier", self.phones.choice,
                            "--calls-per-second", 20, "--control", "127.0.0.1:0", "--json",
                            name=name, env=world.environment(CAMPANILE_CONTROL_TOKEN=token))
        said = re.compile(r"control interface listens on port (\d+)")
        world.wait_until(lambda: said.search(server.out()) or not server.running(), "it serves")
        self.assertTrue(server.running(), server.err())
        self.port = int(said.search(server.out())[1])
        return server

    def ask(self, method, target, body=None, token=TOKEN, headers=None):
        """(status, headers, text); a body that is text goes as it is"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=world.PATIENCE_S)
        shown = {"Authorization": "Bearer " + token} if token else {}
        try:
            text = body if body is None or isinstance(body, str) else json.dumps(body)
            connection.request(method, target, text,
                               {**shown, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def described(self, method, path, body=None, expect=200, at=None):
        """Asks for a path of the description, with its parameter put in, and holds the answer against
        what is written there; the answer."""
        target = path
        for name, value in (at or {}).items():
            target = target.replace("{%s}" % name, value)
        status, headers, text = self.ask(method, target, body)
        self.assertEqual(status, expect, "%s %s: %s" % (method, target, text))
        operation = self.openapi["paths"][path][method.lower()]
        self.assertIn(str(status), operation["responses"])
        response = operation["responses"][str(status)]
        if "$ref" in response:
            response = self.openapi["components"]["responses"][response["$ref"].split("/")[-1]]
        kind = headers["Content-Type"].split(";")[0]
        self.assertIn(kind, response["content"])
        self.asked.add((method, path))
        if kind != "application/json":
            return text
        value = json.loads(text)
        schema = response["content"][kind]["schema"]
        self.assertEqual(complaints(schema, value, self.openapi), [], text)
        if body is not None:
            asked = operation["requestBody"]
            if "$ref" in asked:
                asked = self.openapi["components"]["requestBodies"][asked["$ref"].split("/")[-1]]
            self.assertEqual(complaints(asked["content"]["application/json"]["schema"], body,
                                        self.openapi), [])
        return value

    def refused_as_described(self, status, headers, text):
        """Of an answer to what reached no operation: it is one that the description has for all."""
        described = self.openapi["components"]["responses"]["Refused"]
        self.assertIn(str(status), re.findall(r"\d{3}", described["description"]))
        self.assertEqual(headers["Content-Type"], "application/json")
        schema = described["content"]["application/json"]["schema"]
        self.assertEqual(complaints(schema, json.loads(text), self.openapi), [], text)
        self.assertTrue(json.loads(text)["problems"][0]["what"])
        self.assertEqual("Allow" in headers, status == 405)

    def send(self, wire):
        """(status, headers, text) for bytes as they are, over TCP"""
        with socket.create_connection(("127.0.0.1", self.port), timeout=world.PATIENCE_S) as asker:
            asker.sendall(wire)
            answer = http.client.HTTPResponse(asker)
            answer.begin()
            return answer.status, answer.headers, answer.read().decode()

    def standing(self, name):
        status = json.loads(self.ask("GET", "/status")[2])
        return {each["id"]: each for each in status["campaigns"]}[name]

    def position(self):
        return json.loads(self.ask("GET", "/status")[2])["position"]

    def nobody_is_called(self):
        return not any(each["lines_in_use"] for each
                       in json.loads(self.ask("GET", "/status")[2])["campaigns"])

    def test_every_path_of_the_description_answers_as_it_says(self):
        self.assertEqual(self.described("GET", "/healthz"), {"alive": True})
        world.wait_until(lambda: self.ask("GET", "/readyz")[0] == 200, "it is ready")
        self.assertEqual(self.described("GET", "/readyz"), {"ready": True, "reasons": []})
        self.assertEqual(self.described("GET", "/status")["campaigns"], [])
        file = world.write_campaign(self.folder, world.survey(
            id="first", pacing={"calls_per_second": "20", "lines": 20},
            quotas=[{"name": "all", "completes": 1000}],
            suppression_lists=[{"source": "rpo", "max_age": "15d"},
                               {"source": "none", "max_age": "15d"}]), PEOPLE)
        source = {"source": "rpo"}
        listed = "00000000000000ac"
        self.described("POST", "/lists/{source}/numbers", {"on": [listed], "off": []}, at=source)
        self.described("POST", "/lists/{source}/loaded", {"numbers": 2}, expect=409, at=source)
        self.described("POST", "/lists/{source}/loaded", {
            "numbers": 1, "as_of": "2020-01-01T00:00:00Z", "digest": "ab", "reason": "registro"},
            at=source)
        self.described("POST", "/lists/{source}/loaded", {"numbers": 1, "digest": "ac"}, at=source)
        status = self.described("POST", "/campaigns", {"file": file})
        self.assertEqual(status["campaigns"][0]["contacts"], PEOPLE)
        lists = status["campaigns"][0]["suppression_lists"]
        self.assertEqual([each["source"] for each in lists if "good_until" in each], ["rpo"])
        self.described("POST", "/lists/{source}/loaded", {"numbers": 0}, at={"source": "none"})
        campaign = {"campaign": "first"}
        self.described("POST", "/campaigns/{campaign}/pause", {"reason": "pranzo"}, at=campaign)
        self.assertEqual(self.standing("first")["reason"], "pranzo")
        self.described("POST", "/campaigns/{campaign}/resume", at=campaign)
        self.assertEqual(self.standing("first")["status"], "running")
        more = [{"id": "P-%04d" % n, "number": world.number_of(n), "name": "Persona %d" % n}
                for n in (1, PEOPLE + 1)]
        added = self.described("POST", "/campaigns/{campaign}/contacts", {"contacts": more},
                               at=campaign)
        self.assertEqual((added["added"], added["known"]), (1, 1))
        more.append({"id": "P-9999", "number": "12", "name": "Persona 9999"})
        refused = self.described("POST", "/campaigns/{campaign}/contacts", {"contacts": more},
                                 expect=409, at=campaign)
        self.assertIn("row 3", refused["problems"][0]["where"])
        for wrong in ([1], [1, more[0]]):
            text = self.ask("POST", "/campaigns/first/contacts", {"contacts": wrong})[2]
            problem = json.loads(text)["problems"][0]
            self.assertIn("row 1", problem["where"])
            self.assertIn("a contact is an object", problem["what"])
        moved = self.described("POST", "/campaigns/{campaign}/edit", {"file": file}, at=campaign)
        self.assertEqual((moved["accepted"], moved["changes"]), (False, []))
        key = {"key": "00000000000000ab"}
        self.described("POST", "/numbers/{key}/suppress",
                       {"reason": "lettera", "until": "2099-01-01T00:00:00Z"}, at=key)
        self.described("POST", "/numbers/{key}/unsuppress", {"reason": "errore"}, at=key)
        # By the number itself: what it says is what the command says.
        number = world.number_of(PEOPLE + 30)
        self.described("POST", "/suppress", {"number": number, "reason": "lettera",
                                             "until": "2099-01-01T00:00:00Z"})
        person = world.last_json(self.campanile("person", number, "--json", "--log",
                                                self.log).stdout)
        self.assertTrue(person["suppressed"])
        self.assertIn("suppressed_until", person)
        self.described("POST", "/unsuppress", {"number": number[3:], "region": "IT",
                                               "reason": "errore"})
        person = world.last_json(self.campanile("person", number, "--json", "--log",
                                                self.log).stdout)
        self.assertFalse(person["suppressed"])
        for path in ("/suppress", "/unsuppress", "/forget"):
            for body in ({"number": number[3:]}, {"number": "12"}, {"number": ""},
                         {"number": number[3:], "region": "Italia"},
                         {"number": number, "number_key": "00000000000000ab"},
                         {"region": "IT"},
                         {"region": "IT", "number_key": "00000000000000ab"}):
                status, _, text = self.ask("POST", path, body)
                self.assertEqual(status, 400, (path, body))
                self.assertNotIn(number[3:], text)
        self.assertEqual(self.ask("POST", "/suppress", {"reason": "lettera"})[0], 400)
        self.described("POST", "/forget", {})
        self.described("POST", "/forget", {"number_key": "00000000000000ab"})
        self.described("POST", "/calls/{attempt}/resolve", {"as": "placed"}, expect=409,
                       at={"attempt": "first.999.1"})
        self.described("POST", "/campaigns/{campaign}/cancel", {"reason": "basta"}, at=campaign)
        self.described("POST", "/campaigns/{campaign}/pause", {}, expect=409, at=campaign)
        self.described("POST", "/cancel", {"reason": "basta"})
        world.wait_until(self.nobody_is_called, "every call is over")
        self.described("POST", "/forget", {"number": world.number_of(PEOPLE + 1)})
        self.assertEqual([event.contact() for event in world.events_of(self.log)
                          if event.type == "ContactForgotten"], [("first", PEOPLE + 1)])
        read_metrics(self.described("GET", "/metrics"))
        # Refusals are described as well.
        self.described("POST", "/campaigns", {"file": "relative.json"}, expect=400)
        self.described("POST", "/campaigns", {"file": self.path("none.json")}, expect=409)
        every = {(method.upper(), path) for path, methods in self.openapi["paths"].items()
                 for method in methods if method != "parameters"}
        self.assertEqual(self.asked, every)

        for body, expect in (([], 400), ({"reason": "x", "raison": "y"}, 400)):
            self.assertEqual(self.ask("POST", "/campaigns/first/pause", body)[0], expect)
        # What is empty or of another kind is never taken for missing: something else would be done.
        for path, name, body in (
                ("/forget", "number_key", {"number_key": ""}),
                ("/forget", "number_key", {"number_key": 171}),
                ("/forget", "number_key", {"number_key": None}),
                ("/cancel", "reason", {"reason": 7}),
                ("/numbers/00000000000000ab/suppress", "until", {"until": ""}),
                ("/numbers/00000000000000ab/suppress", "until", {"until": None}),
                ("/campaigns", "contacts_file", {"file": file, "contacts_file": ""}),
                ("/campaigns", "accept_change", {"file": file, "accept_change": "true"}),
                ("/campaigns", "countries", {"file": file, "countries": "IT"}),
                ("/campaigns", "encoding", {"file": file, "encoding": "latin9"}),
                ("/campaigns/first/contacts", "encoding", {"contacts": more, "encoding": ""}),
                ("/campaigns/first/edit", "accept_change", {"file": file, "accept_change": 1}),
                ("/campaigns/first/contacts", "skip_bad_rows",
                 {"contacts": more, "skip_bad_rows": "yes"})):
            position = self.position()
            status, _, text = self.ask("POST", path, body)
            self.assertEqual(status, 400, (path, body))
            self.assertIn(name, text)
            self.assertEqual(self.position(), position)
        for method, path, allow in (("GET", "/campaigns/first/pause", "POST"),
                                    ("HEAD", "/cancel", "POST"),
                                    ("POST", "/metrics", "GET, HEAD")):
            status, headers, text = self.ask(method, path, {} if method == "POST" else None)
            self.assertEqual((status, headers["Allow"]), (405, allow))
            if method != "HEAD":
                self.refused_as_described(status, headers, text)
        self.assertEqual(self.ask("GET", "/nothing")[0], 404)

    def test_what_a_query_asks_for_is_not_passed_over(self):
        world.wait_until(lambda: self.ask("GET", "/readyz")[0] == 200, "it is ready")
        for method, path in (("GET", "/healthz"), ("HEAD", "/healthz"), ("GET", "/status"),
                             ("POST", "/cancel"), ("POST", "/campaigns/first/pause")):
            body = {} if method == "POST" else None
            for query, named in (("ra%69son=x&y=1", '"raison"'), ("reason", '"reason"'),
                                 ("%zz", "query")):
                status, _, text = self.ask(method, path + "?" + query, body)
                self.assertEqual(status, 400, (method, path, query))
                if method == "HEAD":
                    continue
                problem = json.loads(text)["problems"][0]
                self.assertEqual(problem["where"], path)
                self.assertIn(named, problem["what"])
        number = world.number_of(1)
        position = self.position()
        status, _, text = self.ask("POST", "/suppress?number=%2B" + number[1:], {"number": number})
        self.assertEqual((status, self.position()), (400, position))
        self.assertNotIn(number[3:], text)
        # Whoever may not ask does not learn what there is.
        self.assertEqual(self.ask("GET", "/status?x=1", token=None)[0], 401)
        status, _, text = self.ask("GET", "/suppressed?number=%2B" + number[1:])
        self.assertEqual(status, 404)
        self.assertNotIn(number[3:], text)
        self.assertEqual(self.ask("POST", "/status?x=1", {})[0], 405)
        # An empty one asks for nothing.
        for query in ("?", "?&"):
            self.assertEqual(self.ask("GET", "/status" + query)[0], 200)
            self.assertEqual(self.ask("POST", "/suppress" + query, {"number": number})[0], 200)

    def test_what_reaches_no_operation_is_told_in_the_same_words(self):
        end = b"Host: a\r\nAuthorization: Bearer " + TOKEN.encode() + b"\r\n\r\n"
        wires = {400: b"nonsense\r\n\r\n",
                 404: b"GET /nothing HTTP/1.1\r\n" + end,
                 405: b"PUT /cancel HTTP/1.1\r\n" + end,
                 413: b"POST /cancel HTTP/1.1\r\nContent-Length: 5000000\r\n" + end,
                 414: b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" + end,
                 431: b"GET / HTTP/1.1\r\nX: " + b"a" * 17000 + b"\r\n" + end,
                 501: b"BREW / HTTP/1.1\r\n" + end,
                 505: b"GET / HTTP/2.0\r\n" + end}
        for expect, wire in wires.items():
            status, headers, text = self.send(wire)
            self.assertEqual(status, expect)
            self.refused_as_described(status, headers, text)
        status, headers, text = self.send(
            b"POST /cancel HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n" + end)
        self.assertEqual(status, 501)
        self.refused_as_described(status, headers, text)
        # By the socket beside the log, too.
        status, answer = world.Control(self.log).ask("BREW", "/status")
        self.assertEqual(status, 501)
        self.assertEqual(len(answer["problems"]), 1)
        # A parameter that is none leads nowhere either.
        self.described("POST", "/campaigns/{campaign}/pause", {}, expect=404,
                       at={"campaign": "a%20b"})

    def test_a_head_is_what_the_answer_begins_with(self):
        world.wait_until(lambda: self.ask("GET", "/readyz")[0] == 200, "it is ready")
        for path, token in (("/healthz", None), ("/readyz", None), ("/metrics", TOKEN),
                            ("/status", TOKEN)):
            whole = self.ask("GET", path, token=token)
            head = self.ask("HEAD", path, token=token)
            self.assertEqual((head[0], head[2]), (200, ""), path)
            self.assertEqual(head[1]["Content-Type"], whole[1]["Content-Type"])
            self.assertGreater(int(head[1]["Content-Length"]), 0)
        for path in ("/metrics", "/status", "/cancel"):
            self.assertEqual(self.ask("HEAD", path, token=None)[0], 401, path)

    def test_nothing_but_health_without_the_token(self):
        world.wait_until(lambda: self.ask("GET", "/readyz")[0] == 200, "it is ready")
        for token in (None, "", TOKEN[:-1], TOKEN + "0", "x" * len(TOKEN)):
            for method, path in (("GET", "/status"), ("GET", "/metrics"), ("GET", "/nothing"),
                                 ("POST", "/cancel"), ("POST", "/campaigns"), ("POST", "/healthz")):
                status, headers, text = self.ask(method, path, {} if method == "POST" else None,
                                                 token=token)
                self.assertEqual(status, 401, (token, path, text))
                self.assertEqual(headers["WWW-Authenticate"], "Bearer")
            self.assertEqual(self.ask("GET", "/healthz", token=token)[0], 200)
            self.assertEqual(self.ask("GET", "/readyz", token=token)[0], 200)
        # Nothing that was refused was done, and the socket beside the log wants none.
        status, body = world.Control(self.log).ask("GET", "/status")
        self.assertEqual((status, body["campaigns"]), (200, []))
        self.server.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(), 0, self.server.err())
        self.assertNotIn(TOKEN, self.server.out() + self.server.err())
        with open(self.log, "rb") as file:
            self.assertNotIn(TOKEN.encode(), file.read())

    def test_bodies_and_connections_have_limits(self):
        long = {"list": "number\n" + "x" * 3_000_000}
        add = "/campaigns/nobody/contacts"
        self.assertEqual(self.ask("POST", add, {"list": "x" * 200_000}, token=None)[0], 413)
        self.assertEqual(self.ask("POST", add, {"list": "x" * 200_000}, token="x" * 32)[0], 413)
        # A list as it goes over the socket.
        status, _, text = self.ask("POST", add, long)
        self.assertEqual(status, 409)
        self.assertIn("no campaign", text)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=world.PATIENCE_S)
        self.addCleanup(connection.close)
        connection.putrequest("POST", add)
        connection.putheader("Authorization", "Bearer " + TOKEN)
        connection.putheader("Content-Length", str((4 << 20) + 1))
        connection.endheaders()
        answer = connection.getresponse()
        self.assertEqual(answer.status, 413)
        self.refused_as_described(answer.status, answer.headers, answer.read().decode())
        held = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(100)]
        try:
            # The oldest idle ones made room.
            self.assertEqual(self.ask("GET", "/healthz")[0], 200)
            files = os.listdir("/proc/%d/fd" % self.server.process.pid)
            self.assertLess(len(files), 90)
        finally:
            for each in held:
                each.close()

    def test_a_member_that_is_given_twice_is_refused_with_its_place(self):
        world.wait_until(lambda: self.ask("GET", "/readyz")[0] == 200, "it is ready")
        one, other = world.number_of(1), world.number_of(2)
        position = self.position()
        for target, body, place in (
                ("/suppress", '{"number":"%s","number":"%s"}' % (one, other), "/number"),
                ("/forget", '{"number":"%s","number":"%s"}' % (one, one), "/number"),
                ("/cancel", '{"reason":"a","re\\u0061son":"b"}', "/reason"),
                ("/campaigns/nobody/contacts",
                 '{"contacts":[{"number":"1"},{"number":"%s","number":"%s"}]}' % (one, other),
                 "/contacts/1/number")):
            status, _, text = self.ask("POST", target, body)
            self.assertEqual(status, 400, text)
            problem, = json.loads(text)["problems"]
            self.assertEqual(problem["where"], place)
            self.assertIn("twice", problem["what"])
            self.assertNotIn(one[3:], text)
            self.assertNotIn(other[3:], text)
        self.assertEqual(self.position(), position)
        # What is no JSON has its place, too, and is not repeated.
        status, _, text = self.ask("POST", "/suppress", '{"number": %s}' % one)
        self.assertEqual(status, 400)
        self.assertEqual(json.loads(text)["problems"][0]["where"], "line 1, column 12")
        self.assertNotIn(one[3:], text)
        # The list's own reader judges what is in a row.
        for contacts in ([{"number": one, "id": 2 ** 63}], [{"number": one, "id": "a\0b"}]):
            status, _, text = self.ask("POST", "/campaigns/nobody/contacts", {"contacts": contacts})
            self.assertEqual(status, 409, text)
            self.assertIn("no campaign", text)

    def test_a_body_that_lies_deep_in_itself_is_refused_and_the_program_lives(self):
        deep = 1_500_000
        for target, member in (("/campaigns/nobody/contacts", "contacts"), ("/cancel", "reason"),
                               ("/campaigns", "countries")):
            for opened, shut in (("[", "]"), ('{"a":', "}")):
                much = min(deep, 3_000_000 // len(opened + shut))
                body = '{"%s":%s1%s}' % (member, opened * much, shut * much)
                status, _, text = self.ask("POST", target, body)
                self.assertEqual(status, 400, text)
                self.assertIn("nested", text)
        # What is deep and ends nowhere, and what only looks so.
        self.assertEqual(self.ask("POST", "/cancel", "[" * deep)[0], 400)
        status, _, text = self.ask("POST", "/campaigns/nobody/contacts",
                                   json.dumps({"list": 'number\n"\\' + "[" * 1000}))
        self.assertEqual(status, 409, text)
        self.assertIn("no campaign", text)
        self.assertEqual(self.ask("GET", "/healthz")[0], 200)

    def test_metrics_tell_what_the_log_tells(self):
        world.wait_until(lambda: self.ask("GET", "/readyz")[0] == 200, "it is ready")
        before = read_metrics(self.ask("GET", "/metrics")[2])
        self.assertEqual(before["campanile_ready"], 1)
        file = world.write_campaign(self.folder, world.survey(
            id="first", pacing={"calls_per_second": "20", "lines": 20},
            budget={"limit": "500.00", "per_minute": "0.10", "currency": "EUR"}), PEOPLE)
        self.assertEqual(self.ask("POST", "/campaigns", {"file": file})[0], 200)
        world.wait_until(lambda: self.standing("first")["status"] == "completed", "it is over")
        # The hour may strike meanwhile: then the carrier's list is being gone through.
        world.wait_until(lambda: read_metrics(self.ask("GET", "/metrics")[2])
                         ["campanile_notes_waiting"] == 0, "nothing waits")
        status, headers, text = self.ask("GET", "/metrics")
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        page = read_metrics(text)
        standing = self.standing("first")
        for stage in ("fresh", "retry", "calling", "done", "exhausted", "excluded", "held"):
            self.assertEqual(page['campanile_contacts{campaign="first",stage="%s"}' % stage],
                             standing[stage])
        attempts = {series: value for series, value in page.items()
                    if series.startswith("campanile_attempts_total")}
        for outcome, count in standing["outcomes"].items():
            self.assertEqual(
                attempts['campanile_attempts_total{campaign="first",outcome="%s"}' % outcome],
                count)
        self.assertEqual(sum(attempts.values()), sum(standing["outcomes"].values()))
        # Each order of the carrier's own count left once, each webhook was answered.
        truth = self.phones.truth()
        self.assertEqual(page["campanile_orders_sent_total"], len(truth["calls"]))
        self.assertGreater(page['campanile_webhook_answers_total{status="200"}'] +
                           page.get('campanile_webhook_answers_total{status="204"}', 0),
                           3 * PEOPLE)
        self.assertEqual(page["campanile_order_rate_allowed"], 20)
        self.assertGreater(page["campanile_commit_seconds_count"], 10)
        self.assertEqual(page['campanile_commit_seconds_bucket{le="+Inf"}'],
                         page["campanile_commit_seconds_count"])
        buckets = [value for series, value in page.items() if "_bucket" in series]
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual(page["campanile_log_durable_position"], page["campanile_log_position"])
        self.assertGreater(page["campanile_disk_free_bytes"], 0)
        money = '{campaign="first",currency="EUR"}'
        self.assertEqual(page["campanile_spend_allowed" + money], 500)
        self.assertGreater(page["campanile_spend_settled" + money], 0)
        self.assertEqual(page["campanile_spend_reserved" + money], 0)
        for series in ("campanile_calls{phase=\"in_doubt\"}", "campanile_calls{phase=\"held\"}",
                       "campanile_log_waiting_events", "campanile_log_disk_full",
                       "campanile_lines_in_use{campaign=\"first\"}"):
            self.assertEqual(page[series], 0, series)
        # Nobody's number, name or id, and no label that grows with the list.
        world.canaries.listen(("metrics",), text, "")
        self.assertLess(len(page), 200)

    def test_while_calls_end_after_an_interrupt_it_is_not_ready(self):
        file = world.write_campaign(self.folder, world.survey(
            id="first", pacing={"calls_per_second": "20", "lines": 20}), 2000)
        self.assertEqual(self.ask("POST", "/campaigns", {"file": file})[0], 200)
        world.wait_until(lambda: self.standing("first")["calling"] > 5, "people are called")
        self.server.interrupt()

        def not_ready():
            try:
                return self.ask("GET", "/readyz")
            except OSError:
                return (503, None, '{"reasons":[{"code":"gone"}]}')
        status, _, text = world.wait_until(
            lambda: (lambda told: told if told[0] == 503 else None)(not_ready()), "it says so")
        self.assertIn(json.loads(text)["reasons"][0]["code"], ("stopping", "gone"))
        self.assertEqual(self.server.wait(), 0, self.server.err())

    def test_what_would_let_others_in_is_refused(self):
        def refused(*arguments, **settings):
            server = self.start("serve", "--log", self.path("M.db"), *arguments, name="refused",
                                env=world.environment(**settings))
            self.assertEqual(server.wait(), 2, server.err())
            self.assertNotIn(TOKEN, server.err() + server.out())
            self.assertFalse(os.path.exists(self.path("M.db")))
            return server.err()
        token = {"CAMPANILE_CONTROL_TOKEN": TOKEN}
        for address in ("0.0.0.0:0", "[::]:0", "10.0.0.1:0"):
            self.assertIn("this machine alone", refused("--control", address, **token))
        self.assertIn("openssl rand", refused("--control", "127.0.0.1:0"))
        self.assertIn("openssl rand", refused("--control", "127.0.0.1:0",
                                              CAMPANILE_CONTROL_TOKEN="short"))
        file = self.path("token")
        with open(file, "w") as out:
            out.write(TOKEN)
        os.chmod(file, 0o644)
        self.assertIn("chmod 600", refused("--control", "127.0.0.1:0", "--control-token-file",
                                           file))


if __name__ == "__main__":
    world.main()
