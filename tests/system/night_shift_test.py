"""The night shift. A campaign has its lines full when the calling hours end. Then the program is killed, the
disk fills up, and the tunnel gets another name: for ten minutes, and then for the night, the carrier
finds nobody at the door. In the morning the program is started again, with everybody overdue whom nobody
reached the evening before.

    night_shift_test.py CAMPANILE [--in-flight N] [--overdue N] [--seed S]

The carrier's clock goes on while the program is dead: the test itself sits at its clock connection. Where no
test may mount a file system it ends with 77.
"""

import argparse
import calendar
import collections
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import full_disk_test
import kill_test
import world

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
EVENING = "2026-03-02T18:58:30Z"  # 19:58:30 in Rome, a Monday
CLOSES_MS = calendar.timegm((2026, 3, 2, 19, 0, 0)) * 1000
OPENS_MS = calendar.timegm((2026, 3, 3, 8, 0, 0)) * 1000
WINDOW_MS = 10_000

# Half of them cannot be reached at first; the others have time for three questions.
PEOPLE = "human=500,no_answer=330,busy=140,machine=30,failed=0,fax=0,hang_up_at_once=0,hang_up=5"
FAULTS = ("post_failed=12,post_failed_accepted=12,post_dropped=12,post_reset=12,callback_lost=10,"
          "callback_doubled=50,callback_late=50")


class Shift:
    def __init__(self, folder, disk, options):
        self.folder, self.disk, self.options = folder, disk, options
        self.log = os.path.join(disk, "L.db")
        self.filler = os.path.join(disk, "filler")
        self.lines = options.in_flight * 8 // 5  # calls in doubt and silent ones take theirs, too
        # A call lasts half a minute on an average: the lines are what limits.
        self.rate = max(2, self.lines // 12)
        self.people = self.rate * 100
        self.carrier = world.Carrier(folder, "--seed", options.seed, "--start", EVENING, "--people",
                                     PEOPLE, "--faults", FAULTS)
        self.about = self.carrier.get("/rehearsal.json")
        self.file = world.write_campaign(folder, world.survey(
            id="night", in_doubt="hold",
            pacing={"calls_per_second": str(self.rate), "lines": self.lines,
                    "stop_at_failures": {"share": "0"}},
            retries={"attempts_max": 2, "busy": "15m", "no_answer": "30m", "network_error": "10m",
                     "machine_no_message": "1h", "broken_off": "10m"}), self.people)

    def check(self, good, what):
        if not good:
            sys.exit("PROBLEM: " + what)

    def start(self, port, name):
        return world.Program(self.folder, "run", self.file, "--log", self.log, "--carrier",
                             self.carrier.choice, "--listen", "127.0.0.1:%d" % port,
                             "--calls-per-second", self.rate, "--json", name=name)

    def command(self, *arguments, expect=0):
        done = world.campanile(*arguments, "--log", self.log)
        self.check(expect is None or done.returncode == expect, "%s: %d\n%s%s" %
                   (arguments, done.returncode, done.stdout, done.stderr))
        return done.stdout

    def now(self):
        return self.carrier.get("/rehearsal.json")["now_ms"]

    def status(self):
        answer = world.Control(self.log).ask("GET", "/status")
        return answer[1] if answer else None

    def calls(self):
        return self.carrier.truth()["calls"]

    def watch_until(self, until_ms):
        """Sits where the program sat (bridge/rehearsal/clock_host.hpp) and has nothing to do."""
        with socket.create_connection(("127.0.0.1", self.about["clock_port"]), 60) as clock:
            clock.sendall(b"hello campanile\n")
            for line in clock.makefile("r"):
                now = int(line.split()[1])
                if now >= until_ms:
                    return
                clock.sendall(b"at %d\nquiet %d %d\n" % (now, now, until_ms))
        sys.exit("the carrier's clock was lost")

    def fill(self):
        with open(self.filler, "ab", buffering=0) as file:
            for piece in (1 << 20, 4096):
                try:
                    while True:
                        file.write(bytes(piece))
                except OSError:
                    pass

    # --- the evening

    def evening(self, port):
        program = self.start(port, "evening")
        # Step by step: while it stands still, so does time.
        while program.running():
            program.process.send_signal(signal.SIGSTOP)
            left_ms = CLOSES_MS - self.now()
            if left_ms <= 4_000:
                break
            program.process.send_signal(signal.SIGCONT)
            time.sleep(0.02 if left_ms > 30_000 else 0.003)
        self.check(program.running(), "it ended in the evening: " + program.err())
        program.kill()
        self.killed_at = self.now()
        calls = self.calls()
        self.in_flight = [call for call in calls if call["ended_at_ms"] is None]
        self.check(abs(self.killed_at - CLOSES_MS) < 20_000, "it was killed %+.1f s from the end of the window" %
                   ((self.killed_at - CLOSES_MS) / 1000))
        self.check(len(self.in_flight) >= self.options.in_flight,
                   "%d calls were in flight" % len(self.in_flight))
        print("killed %+.1f s from the end of the window: %d calls, %d of them in flight" %
              ((self.killed_at - CLOSES_MS) / 1000, len(calls), len(self.in_flight)), flush=True)

    def on_a_full_disk(self):
        """Ten minutes in which somebody looks, with commands that write nothing."""
        before = world.chain_of(self.log)
        self.fill()
        self.watch_until(self.killed_at + 300_000)
        told = self.command("status")
        self.check("night" in told, "status: " + told)
        self.command("held", expect=None)
        self.check(world.campanile("verify", "--log", self.log).returncode == 0, "verify")
        self.watch_until(self.killed_at + 600_000)
        os.remove(self.filler)
        self.check(world.chain_of(self.log) == before, "a look has changed the log")

    # --- the morning

    def post_to_the_old_name(self, call, old_port, new_port):
        """Its last status, as a tunnel under the old name would still hand it over."""
        old = call["status_callback"].replace(":%d/" % new_port, ":%d/" % old_port)
        fields = [("CallSid", call["sid"]), ("AccountSid", self.carrier.account_sid),
                  ("From", call["from"]), ("To", call["to"]), ("CallStatus", call["status"]),
                  ("Direction", "outbound-api"), ("ApiVersion", "2010-04-01"),
                  ("CallbackSource", "call-progress-events")]
        if call["status"] == "completed":
            fields.append(("CallDuration", str(call["duration_s"])))
        signed = world.signature(self.carrier.auth_token, old, fields)
        code, _ = world.post(old.replace(":%d/" % old_port, ":%d/" % new_port), fields,
                             self.carrier.auth_token, {"X-Twilio-Signature": signed})
        return code

    def morning(self, old_port, new_port):
        self.watch_until(OPENS_MS + HOUR_MS)
        # Whoever rang at the old name meanwhile rang in vain; all have hung up.
        self.before = {call["sid"]: call for call in self.calls()}
        self.check(all(call["ended_at_ms"] for call in self.before.values()), "a call goes on")
        folded = world.last_json(self.command("status", "--json", expect=0))
        overdue = folded["campaigns"][0]["retry"]
        self.check(overdue >= self.options.overdue, "%d retries are overdue" % overdue)
        print("started the next morning with %d retries overdue and %d calls without an end" %
              (overdue, folded["campaigns"][0]["calling"]), flush=True)
        program = self.start(new_port, "morning")
        world.wait_until(lambda: self.status() or not program.running(), "it answers")
        codes = collections.Counter()
        for call in self.in_flight[:20]:
            call = dict(self.before[call["sid"]])
            call["status_callback"] = call["url"].replace("/outbound-call/", "/call-status/")
            self.check(":%d/" % old_port in call["url"], "a call of the evening has another name")
            codes[self.post_to_the_old_name(call, old_port, new_port)] += 1
        self.check(set(codes) <= {200, 204}, "the old name is refused: %s" % codes)
        code = program.wait(600)
        self.check(code in (0, 1), "exit code %d: %s" % (code, program.err()))
        return program

    # --- what must hold

    def judge(self):
        calls = self.calls()
        at = sorted(call["accepted_at_ms"] for call in calls)
        for when in at:
            rome = (when + HOUR_MS) % DAY_MS
            self.check(9 * HOUR_MS <= rome < 20 * HOUR_MS, "somebody was dialled out of hours")
        for call in calls:
            rings = call["ringing_at_ms"]
            # A phone that was dialled in time rings a few seconds later.
            self.check(rings is None or rings < CLOSES_MS + 10_000 or rings >= OPENS_MS,
                       "a phone rang in the night")
        limit = WINDOW_MS * self.rate // 1000
        above = [i for i in range(len(at) - limit) if at[i + limit] - at[i] < WINDOW_MS]
        self.check(not above, "above the rate: %d windows" % len(above))
        after = sum(when >= OPENS_MS for when in at)

        log = kill_test.Log(self.log)
        for attempt, sids in kill_test.calls_by_attempt(self.carrier.truth()).items():
            self.check(len(sids) == 1, "%s has two calls" % (attempt,))
        _, lost = kill_test.acknowledged_and_lost(log, self.carrier.truth())
        self.check(not lost, "acknowledged and lost: %s" % lost[:5])
        ended = {e.attempt(): e.payload for e in log.events if e.type == "CallEnded"}
        known = 0
        for call in calls:
            attempt = kill_test.Route(call["url"]).attempt
            end = ended.get(attempt)
            if end is None:
                # Whom a person decides about.
                self.check(log.has(attempt, "CallHeld"), "%s has no end" % (attempt,))
                continue
            known += 1
            self.check((end["status"], end.get("seconds", 0)) ==
                       (call["status"], call["duration_s"]),
                       "%s: %s in the log, %s %s s by the carrier" %
                       (attempt, end, call["status"], call["duration_s"]))
        print("%d calls in the morning, at most %d in ten seconds; the ends of %d calls are the "
              "carrier's own" % (after, limit, known), flush=True)

    def settle(self, port):
        """Every held person, by a command; who is to be called again is, by the same `run`."""
        held = world.last_json(self.command("held", "--json", expect=None))
        held = held["held"]
        self.check(held, "nobody is held: the faults do not strike")
        truth = {kill_test.Route(call["url"]).attempt for call in self.calls()}
        how = collections.Counter()
        for number, each in enumerate(held):
            name, contact, attempt = each["attempt"].rsplit(".", 2)
            placed = (name, int(contact), int(attempt)) in truth
            as_ = "--placed" if placed else "--redial" if attempt == "1" and number % 2 else \
                "--not-placed"
            how[as_] += 1
            self.command("resolve", each["attempt"], as_, "--reason", "seen on the console")
        program = self.start(port, "settled")
        code = program.wait(600)
        while code == 1:
            # A call that was made again may be in doubt again.
            more = world.last_json(self.command("held", "--json", expect=None))
            more = more["held"] if isinstance(more, dict) else more
            for each in more:
                self.command("resolve", each["attempt"], "--placed", "--reason", "enough")
                how["--placed"] += 1
            program = self.start(port, "settled")
            code = program.wait(600)
        self.check(code == 0, "exit code %d: %s" % (code, program.err()))
        print("held: %d, settled by %s" % (len(held), dict(how)), flush=True)
        return program

    def tell(self, program):
        """`status` tells it all."""
        calls = self.calls()
        text = self.command("status", "--since", "2026-03-02")
        told = world.last_json(self.command("status", "--since", "2026-03-02",
                                            "--json"))["campaigns"][0]
        print(text)
        self.check(told["calls"] == len(calls), "%s calls are told of %d" % (told["calls"], len(calls)))
        self.check(told["people_called"] == len({call["to"] for call in calls}), "people called")
        self.check(told["held"] == 0 and told["under_way"] == 0, "somebody is left")
        self.check("night, completed" in text and "held: nobody" in text, "the words are others")
        end = world.last_json(program.out())["campaign"]
        self.check(end["done"] + end["exhausted"] + end["excluded"] == self.people,
                   "not everybody is in one place: %s" % end)
        verified = world.campanile("verify", "--log", self.log)
        self.check(verified.returncode == 0, verified.stdout + verified.stderr)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("campanile")
    arguments.add_argument("--in-flight", type=int, default=60)
    arguments.add_argument("--overdue", type=int, default=80)
    arguments.add_argument("--seed", type=int, default=1)
    if not full_disk_test.go_into_a_namespace_of_ours():
        print("no test may mount a file system here")
        sys.exit(77)
    options = arguments.parse_args()
    world.binary = os.path.abspath(options.campanile)
    folder = tempfile.mkdtemp(prefix="campanile-night-")
    disk = os.path.join(folder, "disk")
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "none", disk], check=True)
    shift = None
    try:
        old_port, new_port = world.free_port(), world.free_port()
        shift = Shift(folder, disk, options)
        shift.evening(old_port)
        shift.on_a_full_disk()
        shift.morning(old_port, new_port)
        shift.judge()
        shift.tell(shift.settle(new_port))
    finally:
        if shift:
            shift.carrier.kill()
        subprocess.run(["umount", "--lazy", disk], check=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
