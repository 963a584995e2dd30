"""What the tests of the whole program share: the binary under test, a carrier in a process of its
own, a look into a log that may be in use, and a signature of our own making.

Each test is run with the path of the binary as its first argument.
"""

import base64
import contextlib
import email.utils
import hashlib
import hmac
import http.client
import http.server
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request
import xml.etree.ElementTree

import canaries

EXAMPLES = canaries.EXAMPLES

# Nothing that the program is waited for takes longer, on any machine that tests run on.
PATIENCE_S = 120
# How many times longer than usual this build of the program may take (tests/CMakeLists.txt).
PACE = int(os.environ.get("CAMPANILE_PACE", "1"))

binary = ""


def main():
    """Runs the test cases of the calling file against the binary named first."""
    global binary
    if len(sys.argv) < 2:
        sys.exit("usage: %s CAMPANILE [TEST...]" % sys.argv[0])
    binary = os.path.abspath(sys.argv.pop(1))
    unittest.main(module="__main__", verbosity=2)


def environment(**more):
    """Of a program under test: no settings of the person who runs the tests."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS",
                                                "UBSAN_OPTIONS", "TSAN_OPTIONS",
                                                "LLVM_PROFILE_FILE") if name in os.environ}
    kept.update(more)
    return kept


def campanile(*arguments, cwd=None, timeout=PATIENCE_S, piped=""):
    """Runs the program to its end; `piped`: its standard input."""
    done = subprocess.run([binary, *[str(a) for a in arguments]], cwd=cwd, env=environment(),
                          input=piped, capture_output=True, text=True, timeout=timeout)
    canaries.listen(arguments, done.stdout, done.stderr)
    return done


def free_port():
    """Nobody's, and none that the system lends to a connection meanwhile (32768 and above)."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def wait_until(condition, what, seconds=PATIENCE_S):
    """The condition's first true value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain until " + what)
        time.sleep(0.02)


class FullPipe:
    """What a stopped terminal or a pager is to a program: full before its first word."""

    def __init__(self, descriptors=(1, 2)):
        self.descriptors = descriptors
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        self.full = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                self.full += os.write(self.writer, b"." * 512)
        os.set_blocking(self.writer, True)

    def before(self):
        """In the new process, before it is the program."""
        for descriptor in self.descriptors:
            os.dup2(self.writer, descriptor)

    def read(self):
        """All that the program writes to its end. Nothing else may hold the pipe."""
        os.close(self.writer)
        with open(self.reader, encoding="utf-8") as pipe:
            return pipe.read()[self.full:]


def last_json(output):
    """The last line of what a command printed, read as JSON."""
    return json.loads(output.strip().splitlines()[-1])


class Program:
    """The program as it runs. What it says goes into files, which nobody has to drain."""

    def __init__(self, folder, *arguments, name="program", cwd=None, env=None, before=None):
        """`before`: called in the new process before it is the program."""
        self.arguments = arguments
        self.out_path = os.path.join(folder, name + ".out")
        self.err_path = os.path.join(folder, name + ".err")
        with open(self.out_path, "w") as out, open(self.err_path, "w") as err:
            self.process = subprocess.Popen(
                [binary, *[str(a) for a in arguments]], cwd=cwd, env=env or environment(),
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, preexec_fn=before)

    def out(self):
        with open(self.out_path) as file:
            return file.read()

    def err(self):
        with open(self.err_path) as file:
            return file.read()

    def running(self):
        return self.process.poll() is None

    def wait(self, timeout=PATIENCE_S):
        code = self.process.wait(timeout)
        self.listen()
        return code

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def kill(self):
        """As the power goes: nothing is tidied up."""
        if self.running():
            self.process.kill()
        self.process.wait()
        self.listen()

    def listen(self):
        """Once it has ended: whether it told what it must not."""
        if os.path.exists(self.out_path):
            canaries.listen(self.arguments, self.out(), self.err())


class Carrier(Program):
    """A rehearsal carrier in a process of its own, which survives the program."""

    def __init__(self, folder, *arguments, name="carrier", **options):
        super().__init__(folder, "rehearsal", "--listen", "127.0.0.1:0", *arguments, name=name,
                         **options)
        line = wait_until(lambda: self.out() if "\n" in self.out() else not self.running(),
                          "the carrier listens")
        if line is True:
            raise AssertionError("the carrier did not start: " + self.err())
        told = json.loads(line)
        self.port = told["port"]
        self.account_sid = told.get("account_sid")  # of its own making: those given are not told
        self.auth_token = told.get("auth_token")
        self.choice = "rehearsal@127.0.0.1:%d" % self.port

    def get(self, path):
        url = "http://127.0.0.1:%d%s" % (self.port, path)
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def truth(self):
        """What really happened to each call, and what the program acknowledged."""
        return self.get("/rehearsal/truth.json")


class HandCarrier:
    """A carrier that does nothing of its own: it takes orders for calls, and its clock stands until
    the test moves it. What happens to the calls, the test says."""

    account_sid = "AC" + "5" * 32
    auth_token = "0123456789abcdef0123456789abcdef"

    def __init__(self, now_ms):
        self.now_ms = now_ms
        self.orders = []  # the form of each
        self.endings = []  # (sid, form) of each order to end a call
        self.program = None
        self.said = []  # lines of the program on its clock connection, since the clock moved
        self.changed = threading.Condition()
        self.clock = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._keep_time, daemon=True).start()
        carrier = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, body):
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_GET(self):
                if self.path == "/rehearsal.json":
                    return self.answer(200, {
                        "clock_port": carrier.clock.getsockname()[1], "seed": "1",
                        "account_sid": carrier.account_sid, "auth_token": carrier.auth_token,
                        "now_ms": carrier.now_ms, "time": "jumps", "speed": 0})
                if "/Calls.json" in self.path:
                    return self.answer(200, {"calls": [], "next_page_uri": None})
                return self.answer(404, {"status": 404, "code": 20404})

            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = dict(urllib.parse.parse_qsl(text))
                ended = re.search(r"/Calls/(CA[0-9a-f]{32})\.json", self.path)
                if ended:
                    with carrier.changed:
                        carrier.endings.append((ended[1], form))
                        carrier.changed.notify_all()
                    return self.answer(200, {"sid": ended[1], "status": form["Status"]})
                with carrier.changed:
                    carrier.orders.append(form)
                    sid = "CA%032x" % len(carrier.orders)
                    carrier.changed.notify_all()
                self.answer(201, {"sid": sid, "status": "queued", "direction": "outbound-api"})

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # a program that is killed breaks its connections

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.choice = "rehearsal@127.0.0.1:%d" % self.server.server_address[1]

    def _keep_time(self):
        """The carrier's end of bridge/rehearsal/clock_host.hpp, for one program after another."""
        while True:
            try:
                program, _ = self.clock.accept()
            except OSError:
                return
            with self.changed:
                self.program = program
            with program, program.makefile("r") as lines:
                try:
                    for line in lines:
                        with self.changed:
                            if line.startswith("hello"):
                                self._tell_time()
                            self.said.append(line.split())
                            self.changed.notify_all()
                except OSError:
                    pass  # it was killed
            with self.changed:
                self.program = None
                self.changed.notify_all()

    def _tell_time(self):
        self.said = []
        self.program.sendall(b"time %d\n" % self.now_ms)

    def move_clock(self, ms):
        """Time goes on by so much; returns when the program is there and quiet."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.program, PATIENCE_S):
                raise AssertionError("no program asks what time it is")
            self.now_ms += ms
            self._tell_time()
        self.wait_until_quiet()

    def wait_until_quiet(self):
        with self.changed:
            good = self.changed.wait_for(
                lambda: self.said and self.said[-1][:2] == ["quiet", str(self.now_ms)],
                PATIENCE_S)
        if not good:
            raise AssertionError("the program does not come to rest: %s" % self.said[-3:])

    def wait_until_alone(self):
        """The program's end has been seen, with all that it said before."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.program is None, PATIENCE_S):
                raise AssertionError("the program still holds its clock connection")
            self.said = []

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.clock.close()


class HandCall:
    """One call of a HandCarrier, told to the program step by step."""

    def __init__(self, carrier, number):
        self.carrier = carrier
        self.order = carrier.orders[number - 1]
        self.sid = "CA%032x" % number
        self.sequence = 0
        self.document = None  # the last one, as bytes

    def fields(self, status, **more):
        return {"CallSid": self.sid, "AccountSid": self.carrier.account_sid,
                "From": self.order["From"], "To": self.order["To"], "CallStatus": status,
                "Direction": "outbound-api", "ApiVersion": "2010-04-01", **more}

    def report(self, status, **more):
        """A status callback; the status of its answer."""
        when = email.utils.formatdate(self.carrier.now_ms / 1000)
        fields = self.fields(status, Timestamp=when, CallbackSource="call-progress-events",
                             SequenceNumber=str(self.sequence), **more)
        self.sequence += 1
        code, _ = post(self.order["StatusCallback"], fields, self.carrier.auth_token)
        return code

    def ask(self, url=None, **more):
        """Asks for the next document, and keeps it; (status, document)."""
        code, document = post(url or self.order["Url"], self.fields("in-progress", **more),
                              self.carrier.auth_token)
        if code == 200:
            self.document = document
        return code, document

    def action(self):
        """Where the answer to the current question goes."""
        gather = xml.etree.ElementTree.fromstring(self.document).find("Gather")
        return urllib.parse.urljoin(self.order["Url"], gather.get("action"))


# --- what is in a log

class Event:
    def __init__(self, row):
        self.position, self.stream, self.version, self.type, self.recorded_at, payload = row
        self.payload = json.loads(payload)

    def contact(self):
        """(campaign, ordinal) of a contact's event."""
        parts = self.stream.split("/")
        return (parts[1], int(parts[2])) if parts[0] == "contact" else None

    def attempt(self):
        """(campaign, ordinal, attempt) of an event that belongs to one."""
        contact = self.contact()
        return contact + (self.payload["attempt"],) if contact and "attempt" in self.payload \
            else None


def events_of(log):
    """The events of a log that nobody is writing, as a crash or an end left it: read from a copy, so
    that neither the look nor the recovery it takes leaves a trace."""
    if not os.path.exists(log):
        return []
    with copy_of(log) as database:
        rows = database.execute("SELECT position, stream, version, type, recorded_at, payload "
                                "FROM event ORDER BY position").fetchall()
    return [Event(row) for row in rows]


@contextlib.contextmanager
def copy_of(log):
    """A connection to a copy of a log as it lies on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "copy.db")
        shutil.copyfile(log, copy)
        if os.path.exists(log + "-wal"):
            shutil.copyfile(log + "-wal", copy + "-wal")
        database = sqlite3.connect(copy)
        try:
            yield database
        finally:
            database.close()


COLUMNS = ("position", "stream", "version", "type", "schema", "recorded_at", "occurred_at", "epoch",
           "cause", "key_id", "personal", "payload")


def chain_of(log):
    """The hash of every event of a log that nobody is writing, by our own reading of the chain
    (eventstore/chain.hpp). The first break is an AssertionError with its position."""
    hashes = []
    before = bytes(32)
    with copy_of(log) as database:
        for row in database.execute("SELECT %s, hash FROM event ORDER BY position" %
                                    ", ".join(COLUMNS)):
            text = b"campanile.event.1" + before
            for value in row[:-1]:
                if value is None:
                    text += b"\xff\xff\xff\xff"
                    continue
                if isinstance(value, int):
                    value = value.to_bytes(8, "big", signed=True)
                elif isinstance(value, str):
                    value = value.encode()
                text += len(value).to_bytes(4, "big") + value
            before = hashlib.sha256(text).digest()
            if row[0] != len(hashes) + 1 or before != row[-1]:
                raise AssertionError("the chain breaks at event %d" % (len(hashes) + 1))
            hashes.append(before)
    return hashes


class Control:
    """The socket beside a log, asked as the commands ask it."""

    def __init__(self, log):
        self.path = os.path.abspath(log) + ".sock"
        if len(self.path) > 100:
            raise AssertionError("the socket of such a long path stands elsewhere")

    def ask(self, method, target, body=None, timeout=PATIENCE_S):
        """(status, JSON); nothing where nobody answers."""
        connection = http.client.HTTPConnection("localhost", timeout=timeout)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(timeout)
        try:
            connection.sock.connect(self.path)
            connection.request(method, target, json.dumps(body) if body is not None else None)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()


def wait_for_event(log, type_):
    """Until the log of a program that runs holds an event of that type."""
    def holds():
        if not os.path.exists(log):
            return False
        return type_ in campanile("log", "--log", log, "--type", type_).stdout
    wait_until(holds, "the log holds " + type_)


TOKEN = re.compile(r"/([a-z-]+)/([a-z0-9-]+)\.(\d+)\.(\d+)\.[0-9a-f]{32}(?:/([^/?]+)/(\d+))?")


class Route:
    """An URL of ours, read."""

    def __init__(self, url):
        found = TOKEN.search(url)
        if not found:
            raise AssertionError("no URL of ours: " + url)
        self.kind = found[1]
        self.attempt = (found[2], int(found[3]), int(found[4]))
        self.question = found[5]
        self.turn = int(found[6]) if found[6] else 0


# --- speaking Twilio by hand

def signature(auth_token, url, fields):
    """X-Twilio-Signature of a form post."""
    text = url + "".join(name + value for name, value in sorted(fields))
    digest = hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def post(url, fields, auth_token, headers=None):
    """Posts a signed form: (status, body). `headers` come on top, and may spoil the signature.

    The fragment of the URL is for the carrier alone: neither signed nor sent.
    """
    url = url.split("#")[0]
    fields = list(fields.items()) if isinstance(fields, dict) else fields
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE_S)
    try:
        connection.request("POST", parts.path + ("?" + parts.query if parts.query else ""),
                           urllib.parse.urlencode(fields),
                           {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
                            "X-Twilio-Signature": signature(auth_token, url, fields),
                            **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


# --- campaigns to begin from

# For carriers that go by the real clock: tests are run at night and at weekends, too.
ALWAYS = {"windows": [{"days": ["mon-sun"], "from": "00:00", "to": "24:00"}]}


def survey(**members):
    """A survey of three questions whose contacts stand in people.csv."""
    campaign = {
        "id": "prova",
        "kind": "survey",
        "language": "it-IT",
        "caller_ids": ["+390220527877"],
        "contacts": {"file": "people.csv", "region": "IT", "zone": "Europe/Rome",
                     "columns": {"number": "number", "id": "id"}},
        "greeting": "Buongiorno {{name}}. Per non essere più chiamato prema 9.",
        "questions": [
            {"id": "colore", "type": "choice",
             "ask": "Che colore preferisce? Rosso, prema 1. Blu, prema 2.",
             "options": [{"code": "rosso", "key": "1", "label": "Rosso", "words": ["rosso"]},
                         {"code": "blu", "key": "2", "label": "Blu", "words": ["blu"]}]},
            {"id": "torna", "type": "yes_no", "ask": "Torna? Prema 1 per sì, 2 per no."},
            {"id": "voto", "type": "rating", "least": 1, "most": 5,
             "ask": "Da 1 a 5, quanto è contento?"},
        ],
        "goodbye": "Grazie e arrivederci.",
        "opt_out": {"key": "9", "goodbye": "Non la chiameremo più."},
        "answering_machine": {"action": "hang_up"},
        "calling_hours": {"windows": [{"from": "09:00", "to": "20:00"}]},
        "pacing": {"calls_per_second": "5", "lines": 10},
        "retries": {"attempts_max": 3, "busy": "15m", "no_answer": "30m", "network_error": "10m",
                    "machine_no_message": "1h", "broken_off": "10m",
                    "human_hung_up_at_once": "1h"},
        "in_doubt": "redial",
    }
    campaign.update(members)
    return campaign


def number_of(n):
    """Numbers of nobody's that pass for Italian mobiles."""
    return "+39347%07d" % (1000000 + n)


def write_campaign(folder, campaign, people, name="campaign.json"):
    """Writes the campaign file with a list of so many people beside it; its path."""
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(campaign, file, ensure_ascii=False, indent=1)
    with open(os.path.join(folder, campaign["contacts"]["file"]), "w", encoding="utf-8") as file:
        file.write("id,number,name\n")
        for n in range(1, people + 1):
            file.write("P-%04d,%s,Persona %d\n" % (n, number_of(n), n))
    return path


def without_foot(report):
    """A report without the line that says which log it is of."""
    rest, feet = re.subn(rb"<footer>.*?</footer>", b"", report, flags=re.DOTALL)
    assert feet == 1, "the report has no foot, or several"
    return rest


class Case(unittest.TestCase):
    """A test with a folder of its own, which takes down what it started."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="campanile-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *arguments, **options):
        program = Program(self.folder, *arguments, **options)
        self.addCleanup(program.kill)
        return program

    def carrier(self, *arguments, **options):
        carrier = Carrier(self.folder, *arguments, **options)
        self.addCleanup(carrier.kill)
        return carrier

    def campanile(self, *arguments, expect=0, **options):
        """Runs a command that must end with that code."""
        done = campanile(*arguments, **options)
        if expect is not None:
            self.assertEqual(done.returncode, expect, "%s\n%s\n%s" %
                         (" ".join(map(str, arguments)), done.stdout, done.stderr))
        return done

    def exports(self, log):
        """The files of an export, by name. Which log they are of, head.json says, and the foot of the report."""
        folder = tempfile.mkdtemp(dir=self.folder)
        self.campanile("export", "--log", log, "--to", folder)
        files = {}
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as file:
                files[name] = file.read()
        head = json.loads(files.pop("head.json"))
        assert head["position"] > 0 and len(head["hash"]) == 64, head
        files["report.html"] = without_foot(files["report.html"])
        return files

    def assert_log_is_well(self, log):
        """The chain holds and a replay says what it says; returns what `replay` says."""
        self.assertRegex(self.campanile("verify", "--log", log).stdout, r"^well: ")
        return last_json(self.campanile("replay", "--log", log, "--json").stdout)


class ServedCase(Case):
    """A test of a log of its own that `serve` runs, from when it says so."""

    def setUp(self):
        super().setUp()
        self.log = self.path("L.db")

    def serve(self):
        self.server = self.start("serve", "--log", self.log)
        wait_until(lambda: Control(self.log).ask("GET", "/status") or
                   not self.server.running(), "it serves")

    def status(self):
        """Of the log's first campaign."""
        return Control(self.log).ask("GET", "/status")[1]["campaigns"][0]

    def stop(self):
        self.server.interrupt()
        self.assertEqual(self.server.wait(), 0, self.server.err())
