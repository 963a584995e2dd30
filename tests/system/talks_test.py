"""Many agent calls at once through `campanile serve`, over TLS on both sides: the carrier and the voice
model are one load (tests/bridge/talk_load.cpp). Calls connect while others talk, the log commits and an
export runs beside; calls come and go for long, and cost no more at the end than at the beginning.

  talks_test.py CAMPANILE TALK_LOAD MAKE_CERTIFICATES [TEST...]

TALKING, TALK_SECONDS, NEWCOMERS, SECONDS and PEOPLE in the environment say how many and how long. With
JUDGED set times and memory are held to what is promised: that is for a machine of two cores that does
nothing else. Everything else holds anywhere.
"""

import collections
import datetime
import json
import os
import statistics
import subprocess
import sys
import threading
import time

import world

HOST = "voice.example.test"
ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "fedcba9876543210" * 2
JUDGED = bool(os.environ.get("JUDGED"))
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# What is promised.
HEARD_P99_MS = 20
MEMORY_KB = 1024
DESCRIPTORS = 2  # of the log's and the door's that come and go

talk_load = make_certificates = ""


def number(name, otherwise):
    return int(os.environ.get(name) or otherwise)


def on_core(core):
    """For a machine that has it: the program and what runs beside it on one, the load on the other."""
    if JUDGED and core in os.sched_getaffinity(0):
        return lambda: os.sched_setaffinity(0, {core})
    return None


def weight(pid):
    """(kB of memory, open descriptors) of a process."""
    with open("/proc/%d/status" % pid) as file:
        memory = next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
    return memory, len(os.listdir("/proc/%d/fd" % pid))


class Exporter(threading.Thread):
    """Exports the log again and again at low priority, until it is told to stop."""

    def __init__(self, log, folder):
        super().__init__(daemon=True)
        self.log, self.folder = log, folder
        self.ended = threading.Event()
        self.codes, self.seconds = [], 0

    def run(self):
        while not self.ended.is_set():
            began = time.monotonic()
            done = subprocess.run(
                ["nice", "-n", "19", world.binary, "export", "--log", self.log, "--to", self.folder],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=world.environment(),
                preexec_fn=on_core(0), check=False)
            self.codes.append(done.returncode)
            self.seconds += time.monotonic() - began

    def stop(self):
        self.ended.set()
        self.join(world.PATIENCE_S)


class TalksTest(world.Case):
    def serve(self):
        """A door that real carriers could knock at, and a list that is open on another day."""
        subprocess.run([make_certificates, self.folder, HOST], check=True)
        with open(self.path("arthur.json"), "w") as file:
            json.dump({"id": "arthur", "kind": "callback", "mode": "agent", "contacts": [],
                       "message": "Sono Arthur. Arrivederci.",
                       "agent": {"disclosure": "Parla un'intelligenza artificiale.",
                                 "instructions": "Saluti e chiuda.", "time_max": "1h",
                                 "turns_max": 1000, "transcription": "any-transcription"},
                       "call_time": "1h"}, file)
        self.log, self.port, self.model_port = self.path("L.db"), world.free_port(), world.free_port()
        settings = world.environment(
            TWILIO_ACCOUNT_SID=ACCOUNT, TWILIO_AUTH_TOKEN=TOKEN, TRANSFER_NUMBER_MAIN="+390698765432",
            SERVER_URL="https://" + HOST, TWILIO_BASE_URL="http://127.0.0.1:9",
            OPENAI_BASE_URL="https://localhost:%d/v1" % self.model_port, OPENAI_API_KEY="any key",
            OPENAI_REALTIME_MODEL="any-model")
        self.door = self.start(
            "serve", "--carrier", "twilio", "--new-log", "--log", self.log, "--listen",
            "127.0.0.1:%d" % self.port, "--ca-file", self.path("ca.pem"), "--tls-cert",
            self.path(HOST + ".pem"), "--tls-key", self.path(HOST + ".key"), "--agent",
            self.path("arthur.json"), env=settings, before=on_core(0), cwd=self.folder)
        world.wait_until(lambda: "serving" in self.door.out() or not self.door.running(), "it serves")
        self.assertTrue(self.door.running(), self.door.err())
        people = number("PEOPLE", 500)
        today = datetime.datetime.now().weekday()
        closed = {"windows": [{"days": [DAYS[(today + 3) % 7]], "from": "09:00", "to": "12:00"}]}
        file = world.write_campaign(self.folder, world.survey(calling_hours=closed), people)
        self.campanile("submit", file, "--log", self.log, timeout=10 * world.PATIENCE_S)
        world.wait_until(lambda: self.enrolled() == people, "everybody is on the list",
                         10 * world.PATIENCE_S)

    def enrolled(self):
        answer = world.Control(self.log).ask("GET", "/status")
        campaigns = answer[1]["campaigns"] if answer else []
        return campaigns[0]["fresh"] if campaigns else 0

    def talk(self, talking, talk_seconds, newcomers, seconds, meanwhile):
        """What the load tells at its end. `meanwhile` is called when all talk, and then each second."""
        load = subprocess.Popen(
            [talk_load, self.folder, str(self.port), str(self.model_port), ACCOUNT, TOKEN, str(talking),
             str(talk_seconds), str(newcomers), str(seconds)], stdout=subprocess.PIPE, text=True,
            preexec_fn=on_core(1))
        self.addCleanup(load.stdout.close)
        self.addCleanup(load.wait)
        self.addCleanup(load.kill)
        self.assertEqual(load.stdout.readline(), "talking\n", self.door.err())
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            meanwhile()
            time.sleep(min(1, max(0, ends - time.monotonic())))
        told = json.loads(load.stdout.readline())
        print("\n" + json.dumps(told, indent=1), flush=True)
        self.assertTrue(self.door.running(), self.door.err())
        if not told["all_talked"] or told["refused"] or told["broken"]:
            self.door.kill()
            ends = collections.Counter(e.payload["why"] for e in world.events_of(self.log)
                                       if e.type == "StreamClosed")
            self.fail("calls were lost; streams ended so: %s\n%s" % (dict(ends), self.door.err()))
        return told

    def check_log(self, told):
        """Each call that was heard has its stream in the log, once, and hung up by itself."""
        self.door.interrupt()
        self.assertEqual(self.door.wait(), 0, self.door.err())
        events = world.events_of(self.log)
        opened = [e.stream for e in events if e.type == "StreamOpened"]
        self.assertEqual(len(opened), len(set(opened)))
        self.assertGreaterEqual(len(opened), told["heard"])
        closed = [e.payload for e in events if e.type == "StreamClosed"]
        self.assertEqual(len(closed), len(opened))
        self.assertEqual({each["why"] for each in closed}, {"hung_up"})
        self.assertTrue(any(each.get("interruptions") for each in closed) or not told["cuts"])
        self.assert_log_is_well(self.log)

    def test_calls_connect_while_others_talk_and_the_log_is_exported(self):
        self.serve()
        talking, newcomers = number("TALKING", 5), number("NEWCOMERS", 2)
        seconds = number("SECONDS", 12)
        exporter = Exporter(self.log, self.path("exports"))
        self.addCleanup(exporter.stop)
        positions = []

        def meanwhile():
            if not positions:
                exporter.start()
            answer = world.Control(self.log).ask("GET", "/status")
            positions.append(answer[1]["position"])

        told = self.talk(talking, 0, newcomers, seconds, meanwhile)
        exporter.stop()
        # All of it went on all the while.
        self.assertEqual(told["heard"], told["calls"])
        self.assertGreaterEqual(told["newcomers"], newcomers * (seconds - 1))
        self.assertEqual(set(exporter.codes), {0})
        self.assertGreater(exporter.seconds, seconds * 0.8)
        self.assertGreater(positions[-1] - positions[0], told["newcomers"])
        self.assertGreater(told["frames"], talking * seconds * 50)
        print("%d exports, %d events" % (len(exporter.codes), positions[-1] - positions[0]))
        if JUDGED:
            # A load that is late comes in heaps and takes late what comes back, which only adds to these.
            why = "the load itself was late by %(late_p99_us)d us: does this machine do other things?" % told
            for way in ("up", "down"):
                self.assertLessEqual(told["worst_%s_p99_us" % way], HEARD_P99_MS * 1000, why)
        self.check_log(told)

    def test_calls_that_come_and_go_cost_no_more_at_the_end_than_at_the_beginning(self):
        self.serve()
        talking, talk_seconds = number("TALKING", 5), number("TALK_SECONDS", 4)
        seconds = number("SECONDS", 20)
        weights = []
        told = self.talk(talking, talk_seconds, 0, seconds,
                         lambda: weights.append(weight(self.door.process.pid)))
        # Everybody has had their place more than once, if they leave it at all.
        if talk_seconds:
            self.assertGreater(told["heard"], talking * (seconds // talk_seconds - 1) // 2)
        # A sixth of the time is for what is grown to its size once.
        weights = weights[len(weights) // 6:]
        tenth = max(1, len(weights) // 10)
        first, last = ([statistics.median(each[kind] for each in part) for kind in (0, 1)]
                       for part in (weights[:tenth], weights[-tenth:]))
        for what, kind in (("kB of memory", 0), ("descriptors", 1)):
            values = [each[kind] for each in weights]
            print("%s: %d at first, %d at last, %d to %d" %
                  (what, first[kind], last[kind], min(values), max(values)))
        self.assertLessEqual(last[1] - first[1], DESCRIPTORS + (0 if JUDGED else talking))
        if JUDGED:
            self.assertLessEqual(last[0] - first[0], MEMORY_KB)
        self.check_log(told)


if __name__ == "__main__":
    talk_load, make_certificates = (os.path.abspath(sys.argv.pop(2)) for _ in range(2))
    world.main()
