"""The kill test: the real program is killed at chosen points of its own doing, again and again,
while the carrier, in a process of its own, lives on and keeps the truth. After each kill and at the
end the log is held against that truth:

  no acknowledged event is lost, no attempt has two accepted calls, no contact is forgotten, the
  chain is intact, and a replay has the digest that the program printed.

    kill_test.py CAMPANILE CRASH_SHIM [--per-phase N] [--random N] [--recoveries N] [--seed S]
                 [--people N] [--faults all]

Each phase counts a kill only when what it left behind shows that it was that phase: by the log, the
carrier's truth and the shim's note of what it saw last.

Random kills come at any moment of real time, on disks of different speed. What the program told
before is acknowledged, too: each position that its status or its progress named, and each pause and
each resumption that was answered. The log before a kill must be a part of the log after it.

Recoveries are starts on a log of 100,000 events, each after a kill, from the start of the process to
the first order that leaves it.
"""

import argparse
import collections
import json
import os
import random
import sys
import tempfile
import threading
import time
import urllib.parse

import world
from world import Route

PHASES = ("before the intent", "intent to POST", "POST to 201", "201 to commit",
          "callback to commit", "commit to answer", "recovery", "idle")

# What a carrier and its network can do besides (bridge/rehearsal/faults.hpp), in a thousand.
ALL_FAULTS = ("callback_lost=200,callback_doubled=200,callback_late=100,callback_reordered=200,"
              "post_refused=20,post_failed=20,post_failed_accepted=30,post_dropped=30,"
              "post_unanswered=20,post_delayed=30,list_lag_s=20,"
              "post_refused_later=20,post_reset=10,post_split=20,post_truncated=10,get_refused=30,"
              "get_failed=30,webhook_unknown_fields=100,webhook_odd_encoding=100")

# A pause before the end shows whatever leaves too early: an order or an answer that does not wait
# for the disk.
LINGER_MS = 25


def points(phase, dice):
    """A plan for the shim (crash_shim.c) that kills in this phase."""
    few = dice.randint(1, 4)
    if phase == "before the intent":
        return dice.choice([
            f"event:CallRequested:before:{few}:{LINGER_MS}",
            f"event:CallRequested:before:{few}>commit::before:1:{LINGER_MS}",
            f"event:CallRequested:before:{few}>pwrite:-wal:before:1:{LINGER_MS}",
            # The first frame is torn: its header is there, its page is not.
            f"event:CallRequested:before:{few}>pwrite:-wal:after:1:{LINGER_MS}",
        ])
    if phase == "intent to POST":
        return dice.choice([
            f"event:CallRequested:before:{few}>commit::after:1",
            f"event:CallRequested:before:{few}>fdatasync:-wal:after:1",
            f"write:/Calls.json HTTP:before:{few}",
        ])
    if phase == "POST to 201":
        return f"write:/Calls.json HTTP:after:{few}" + dice.choice(["", ":5"])
    if phase == "201 to commit":
        return dice.choice([
            f"read:HTTP/1.1 201:after:{few}",
            f"read:HTTP/1.1 201:after:{few}>event:CallAccepted:before:1",
            f"read:HTTP/1.1 201:after:{few}>event:CallAccepted:before:1>commit::before:1",
        ])
    if phase == "callback to commit":
        what = dice.choice(["POST /call-status", "POST /call-status", "POST /outbound-call",
                            "POST /survey-answer", "POST /survey-answer"])
        return f"read:{what}:after:{few}" + dice.choice(["", f">commit::before:1:{LINGER_MS}"])
    if phase == "commit to answer":
        return f"write:HTTP/1.1 20{dice.choice('04')}:before:{few}"
    if phase == "recovery":
        return dice.choice([
            f"open:L.db:after:{dice.randint(1, 6)}",
            "fdatasync:L.db:before:1",
            "event:RunnerStarted:before:1",
            "event:RunnerStarted:before:1>commit::before:1",
            "event:RunnerStarted:before:1>commit::after:1",
            "write:GET /2010:before:1",
            "write:GET /2010:after:1",
            "event:CallLookedUp:before:1>commit::before:1",
            "event:CallLookedUp:before:1>commit::after:1",
        ])
    assert phase == "idle"
    return f"idle::after:{dice.randint(3, 40)}"


class Note:
    """What the shim saw at each step, the last one last."""

    def __init__(self, path):
        self.steps = []
        with open(path, "rb") as file:
            for line in file.read().splitlines():
                call, _, seen = line.partition(b"\t")
                self.steps.append((call.decode(), urllib.parse.unquote(seen.decode())))

    def last(self, call):
        return [seen for each, seen in self.steps if each == call][-1]

    def event(self):
        """Stream and version of the last event that was being inserted."""
        stream, version, _ = self.last("event").split(" ", 2)
        return stream, int(version)


def order_of(request):
    """The attempt that a POST of a call is for."""
    form = dict(urllib.parse.parse_qsl(request.split("\r\n\r\n", 1)[1]))
    return Route(form["Url"]).attempt


class Callback:
    """A request of the carrier, as the shim saw it."""

    def __init__(self, request):
        head, _, body = request.partition("\r\n\r\n")
        self.route = Route(head.split(" ")[1])
        self.form = dict(urllib.parse.parse_qsl(body))


# --- the log against the truth

STATUS_EVENTS = {"initiated": "CallInitiated", "ringing": "CallRinging",
                 "in-progress": "CallAnswered", "completed": "CallEnded", "busy": "CallEnded",
                 "no-answer": "CallEnded", "failed": "CallEnded", "canceled": "CallEnded"}
STATUS_ORDER = ("CallInitiated", "CallRinging", "CallAnswered", "CallEnded")


class Log:
    """The log as it lies on the disk, by attempt."""

    def __init__(self, path):
        self.events = world.events_of(path)
        self.by_attempt = collections.defaultdict(list)
        for event in self.events:
            if event.attempt():
                self.by_attempt[event.attempt()].append(event)

    def has(self, attempt, *types):
        return any(event.type in types for event in self.by_attempt[attempt])

    def shows(self, attempt, what, said, at_ms, route=None):
        """Whether what was acknowledged at that instant has its effect here."""
        of_attempt = self.by_attempt[attempt]
        if route is None:
            wanted = STATUS_EVENTS[what]
            # A status that comes after a later one tells nothing and appends nothing.
            later = STATUS_ORDER[STATUS_ORDER.index(wanted) + 1:]
            return any(event.type == wanted or
                       (event.type in later and event.recorded_at <= at_ms)
                       for event in of_attempt)
        turn = route.turn if route.kind == "survey-answer" else 0
        # Its answer was the document of the next turn.
        served = any(event.type == "PromptServed" and event.payload["turn"] > turn
                     for event in of_attempt)
        if turn == 0 or not said:
            return served
        heard = any(event.type in ("AnswerGiven", "AnswerInvalid") and
                    event.payload["turn"] == turn for event in of_attempt)
        left = any(event.type == "PromptServed" and event.payload["prompt"] == "opted_out"
                   for event in of_attempt)
        return served and (heard or left)

    def in_doubt(self):
        """Attempts whose result is neither known nor given up."""
        return [attempt for attempt in self.by_attempt
                if self.has(attempt, "CallRequested") and
                not self.has(attempt, "CallAccepted", "CallAdopted", "CallNotPlaced", "CallRefused",
                             "CallNotSent", "CallHeld", "AttemptClosed")]


def acknowledged_and_lost(log, truth):
    """What the carrier was told was noted, and the log does not know."""
    lost = []
    known = 0
    for call in truth["calls"]:
        attempt = Route(call["url"]).attempt
        for each in call["acknowledged"]:
            known += 1
            route = Route(each["what"]) if "/" in each["what"] else None
            if not log.shows(attempt, each["what"], each["said"], each["at_ms"], route):
                lost.append((attempt, each["at_ms"], each["what"].split("/")[-1]))
    return known, lost


def calls_by_attempt(truth):
    calls = collections.defaultdict(list)
    for call in truth["calls"]:
        calls[Route(call["url"]).attempt].append(call["sid"])
    return calls


class Operator(threading.Thread):
    """Somebody who steers the program as long as it runs, and keeps what it was told."""

    def __init__(self, log, seed, faithful):
        super().__init__(daemon=True)
        self.control = world.Control(log)
        self.dice = random.Random(seed)
        self.faithful = faithful  # leaves the campaign to itself, but for resuming it
        self.told = 0  # the highest position
        self.answers = 0
        self.paused = 0
        self.resumed = 0
        self.over = threading.Event()
        self.answered = threading.Event()

    def run(self):
        while not self.over.wait(self.dice.choice((0, 0.005, 0.02))):
            answer = self.ask("GET", "/status")
            if not answer or not answer["campaigns"]:
                continue
            status = answer["campaigns"][0]["status"]
            if status == "paused":
                self.resumed += bool(self.ask("POST", "/campaigns/kill/resume", {}))
            elif status == "running" and not self.faithful and self.dice.random() < 0.2:
                self.paused += bool(self.ask("POST", "/campaigns/kill/pause", {"reason": "pausa"}))

    def ask(self, method, target, body=None):
        answer = self.control.ask(method, target, body)
        if not answer or answer[0] != 200:
            return None
        self.told = max(self.told, answer[1]["position"])
        self.answers += 1
        self.answered.set()
        return answer[1]

    def end(self):
        self.over.set()
        self.join()


class Round:
    """One campaign from its start to its end, killed as often as was planned."""

    def __init__(self, folder, shim, seed, people, faults):
        self.folder, self.shim = folder, shim
        self.file = world.write_campaign(folder, world.survey(id="kill"), people)
        self.log = os.path.join(folder, "L.db")
        self.note = os.path.join(folder, "note")
        self.carrier = world.Carrier(folder, "--seed", seed, "--faults", faults)
        self.port = world.free_port()
        self.people = people
        self.starts = 0
        self.told = None  # the program's last line, once it came to its end
        self.problems = []
        self.chain = []  # the hashes of the log after the last kill
        self.promised = collections.Counter()  # events that an operator was told of
        self.answers = 0

    def problem(self, text):
        self.problems.append(text)
        print("PROBLEM: " + text, flush=True)

    def start(self, **more):
        self.starts += 1
        return world.Program(self.folder, "run", self.file, "--log", self.log, "--carrier",
                             self.carrier.choice, "--listen", "127.0.0.1:%d" % self.port,
                             "--calls-per-second", 5, "--json", env=world.environment(**more))

    def run(self, plan=""):
        """Until the program is killed (true) or has come to its end."""
        if os.path.exists(self.note):
            os.remove(self.note)
        more = {"LD_PRELOAD": self.shim, "CRASH_AT": plan, "CRASH_NOTE": self.note} if plan else {}
        program = self.start(**more)
        try:
            code = program.wait()
        except Exception:
            program.kill()
            raise AssertionError("the program does not come to its end; plan %r\n%s\n%s" %
                                 (plan, program.out()[-2000:], program.err()[-2000:]))
        if code == -9:
            return True
        self.told = self.told_at_the_end(program, plan)
        return False

    def told_at_the_end(self, program, plan=""):
        """What the program said last, when it came to its end by itself."""
        code = program.process.returncode
        told = world.last_json(program.out()) if code in (0, 1) and program.out() else {}
        # Somebody on whom a person has to decide is an end, too: `finish` asks why.
        if code != 0 and not (told.get("event") == "finished" and told["campaign"]["held"]):
            raise AssertionError("exit code %d; plan %r\n%s\n%s" %
                                 (code, plan, program.out()[-2000:], program.err()[-2000:]))
        return told

    def kill_in(self, phase, dice):
        """One kill. Whether it happened (else the campaign is over) and in which phase it was."""
        plan = points(phase, dice)
        if not self.run(plan):
            return None
        log, truth = Log(self.log), self.carrier.truth()
        _, lost = acknowledged_and_lost(log, truth)
        if lost:
            self.problem("acknowledged and lost after a kill %s (%s): %s" % (phase, plan, lost[:5]))
        doubled = [a for a, sids in calls_by_attempt(truth).items() if len(sids) > 1]
        if doubled:
            self.problem("called twice for one attempt: %s" % doubled[:5])
        return self.shows(phase, Note(self.note), log, truth)

    def kill_at(self, seconds, sync_ms, seed, on_an_answer):
        """Kills it after so many seconds, or then when an operator has just been answered. False:
        the campaign was over before."""
        operator = Operator(self.log, seed, faithful=False)
        program = self.start(LD_PRELOAD=self.shim, SYNC_MS=str(sync_ms))
        operator.start()
        deadline = time.monotonic() + seconds
        while program.running() and time.monotonic() < deadline:
            time.sleep(min(0.01, max(0, deadline - time.monotonic())))
        operator.answered.clear()
        while on_an_answer and program.running() and not operator.answered.wait(0.1):
            pass
        over = not program.running()
        program.kill()
        operator.end()
        told = self.told_at_the_end(program) if over else None
        self.compare(operator, program)
        self.told = told
        return not over

    def compare(self, operator, program):
        """What the carrier, the operator and whoever reads along were told, with the log."""
        if not os.path.exists(self.log):
            if operator.answers or self.chain:
                self.problem("the log is gone")
            return
        try:
            chain = world.chain_of(self.log)
        except AssertionError as error:
            self.problem(str(error))
            return
        if chain[:len(self.chain)] != self.chain:
            self.problem("the log is not what it was before: %d events, now %d" %
                         (len(self.chain), len(chain)))
        self.chain = chain
        told = max([operator.told] + [json.loads(line).get("position", 0)
                                      for line in program.out().splitlines() if line[-1:] == "}"])
        if told > len(chain):
            self.problem("position %d was told and the log ends at %d" % (told, len(chain)))
        log, truth = Log(self.log), self.carrier.truth()
        self.promised["CampaignPaused"] += operator.paused
        self.promised["CampaignResumed"] += operator.resumed
        self.answers += operator.answers
        types = collections.Counter(event.type for event in log.events)
        for type_, count in self.promised.items():
            if types[type_] < count:
                self.problem("%d %s were answered, %d are in the log" % (count, type_, types[type_]))
        _, lost = acknowledged_and_lost(log, truth)
        if lost:
            self.problem("acknowledged and lost: %s" % lost[:5])
        for attempt, sids in calls_by_attempt(truth).items():
            if len(sids) > 1:
                self.problem("called twice for one attempt: %s" % (attempt,))
            if not log.has(attempt, "CallRequested"):
                self.problem("a call without an intent: %s" % (attempt,))

    def shows(self, phase, note, log, truth):
        """Whether the kill was in that phase, by what it left behind."""
        calls = calls_by_attempt(truth)
        streams = collections.defaultdict(int)
        for event in log.events:
            streams[event.stream] = event.version
        if phase == "before the intent":
            stream, version = note.event()
            if streams[stream] >= version:
                return False
            called = [event for event in calls if "contact/%s/%d" % event[:2] == stream and
                      not log.has(event, "CallRequested")]
            if called:
                self.problem("a call without an intent: %s" % called)
            return not called
        if phase == "intent to POST":
            if note.steps[-1][0] == "write":
                attempt = order_of(note.last("write"))
                return log.has(attempt, "CallRequested") and attempt not in calls
            stream, version = note.event()
            intent = [e for e in log.events if e.stream == stream and e.version == version]
            return bool(intent) and intent[0].attempt() not in calls
        if phase == "POST to 201":
            attempt = order_of(note.last("write"))
            # The carrier may still have it before itself.
            deadline = time.monotonic() + 2
            while attempt not in calls and time.monotonic() < deadline:
                calls = calls_by_attempt(self.carrier.truth())
            return (attempt in calls and log.has(attempt, "CallRequested") and
                    not log.has(attempt, "CallAccepted", "CallAdopted"))
        if phase == "201 to commit":
            head, _, body = note.last("read").partition("\r\n\r\n")
            sids = {sid for each in calls.values() for sid in each if sid in body}
            known = {e.payload["sid"] for e in log.events if e.type == "CallAccepted"}
            return len(sids) == 1 and not sids & known
        if phase in ("callback to commit", "commit to answer"):
            callback = Callback(note.last("read" if phase == "callback to commit" else "write"))
            attempt = callback.route.attempt
            status = callback.form["CallStatus"]
            is_status = callback.route.kind == "call-status"
            said = callback.form.get("Digits", "") + callback.form.get("SpeechResult", "")
            noted = log.shows(attempt, status, said, 0, None if is_status else callback.route)
            what = status if is_status else callback.route
            acknowledged = any(
                each["what"] == what if is_status else
                "/" in each["what"] and vars(Route(each["what"])) == vars(what)
                for call in truth["calls"] if Route(call["url"]).attempt == attempt
                for each in call["acknowledged"])
            if acknowledged:
                return False
            return not noted if phase == "callback to commit" else noted
        if phase == "recovery":
            started = sum(event.type == "RunnerStarted" for event in log.events)
            return started < self.starts or bool(log.in_doubt())
        assert phase == "idle"
        # Nothing was under way: each order has its result, each answered request is in the log.
        epoch = [e.position for e in log.events if e.type == "RunnerStarted"][-1]
        return not any(event.type == "CallRequested" and event.position > epoch and
                       event.attempt() in log.in_doubt() for event in log.events)

    def finish(self):
        """To the campaign's end without another kill, and everything against everything."""
        while self.told is None:
            operator = Operator(self.log, 0, faithful=True)
            operator.start()
            try:
                self.run()
            finally:
                operator.end()
        log, truth = Log(self.log), self.carrier.truth()
        check = lambda good, text: None if good else self.problem(text)

        known, lost = acknowledged_and_lost(log, truth)
        check(not lost, "acknowledged and lost: %s" % lost[:5])

        calls = calls_by_attempt(truth)
        doubled = [a for a, sids in calls.items() if len(sids) > 1]
        check(not doubled, "called twice for one attempt: %s" % doubled[:5])
        for attempt in calls:
            check(log.has(attempt, "CallRequested"), "a call without an intent: %s" % (attempt,))
        # A call of somebody whose attempt before was given up as not placed could be that one's: if
        # it was over before it told whose it is, a person decides.
        held = {e.attempt() for e in log.events if e.type == "CallHeld"}
        for campaign, contact, attempt in held:
            check(any(log.has((campaign, contact, before), "CallNotPlaced")
                      for before in range(1, attempt)),
                  "held without an attempt that was given up before: %s" %
                  ((campaign, contact, attempt),))
        by_sid = {e.payload["sid"]: e.attempt() for e in log.events
                  if e.type in ("CallAccepted", "CallAdopted")}
        for attempt, sids in calls.items():
            for sid in sids:
                check(by_sid.get(sid) == attempt or attempt in held,
                      "the log does not know the call of %s" % (attempt,))

        ended = {e.attempt(): e.payload for e in log.events if e.type == "CallEnded"}
        for call in truth["calls"]:
            attempt = Route(call["url"]).attempt
            end = ended.get(attempt)
            check(attempt in held or end and end["status"] == call["status"] and
                  end.get("seconds", 0) == call["duration_s"],
                  "%s ended otherwise: %s, %s s" % (end, call["status"], call["duration_s"]))

        enrolled = [e.contact() for e in log.events if e.type == "ContactEnrolled"]
        closed = [e.contact() for e in log.events if e.type == "ContactClosed"]
        check(sorted(enrolled) == [("kill", n) for n in range(1, self.people + 1)],
              "%d of %d people were enrolled" % (len(enrolled), self.people))
        forgotten = set(enrolled) - set(closed)
        check(not forgotten, "forgotten: %s" % sorted(forgotten)[:5])
        check(len(closed) == len(set(closed)), "closed more than once")
        standing = self.told["campaign"]
        check(standing["done"] + standing["exhausted"] + standing["excluded"] + len(held) ==
              self.people and standing["held"] == len(held) and
              standing["fresh"] == standing["retry"] == standing["calling"] == 0,
              "not everybody is in one final place: %s" % standing)

        verified = world.campanile("verify", "--log", self.log)
        check(verified.returncode == 0, "verify: " + verified.stdout + verified.stderr)
        replayed = world.last_json(world.campanile("replay", "--log", self.log, "--json").stdout)
        check(replayed["state_digest"] == self.told["state_digest"] and
              replayed["position"] == self.told["position"],
              "a replay has another state: %s, %s" % (replayed, self.told))
        return {"events": len(log.events), "calls": len(truth["calls"]), "acknowledged": known,
                "in doubt": sum(e.type == "CallInDoubt" for e in log.events),
                "adopted": sum(e.type == "CallAdopted" for e in log.events),
                "held": len(held),
                "proven not placed": sum(e.type == "CallNotPlaced" for e in log.events)}


def kill_at_random(shim, dice, options):
    began = time.monotonic()
    kills, early, totals = 0, 0, collections.Counter()
    number = options.seed
    while kills < options.random:
        number += 1
        with tempfile.TemporaryDirectory(prefix="campanile-kill-") as folder:
            campaign = Round(folder, shim, number, options.people, options.faults)
            try:
                of_campaign = 0
                while campaign.told is None and not campaign.problems and (
                        kills < options.random and of_campaign < options.people * 4 // 10):
                    seconds = dice.choice((0.05, 0.2, 0.5, 1.5)) * dice.random()
                    was = campaign.kill_at(seconds, dice.choice((0, 0, 2, 10, 50)),
                                           number * 1000 + kills, dice.random() < 0.3)
                    kills += was
                    of_campaign += was
                    early += was and not campaign.chain
                if not campaign.problems:
                    totals.update(campaign.finish())
                    totals["campaigns"] += 1
                    totals["answers to the operator"] += campaign.answers
                    totals["pauses and resumptions"] += sum(campaign.promised.values())
            finally:
                campaign.carrier.kill()
            if campaign.problems:
                sys.exit(1)
    print("%d kills at random moments, %d of them before there was a log" % (kills, early))
    print(", ".join("%d %s" % (count, what) for what, count in totals.items()))
    print("%.0f s; 0 acknowledged events lost, 0 chain breaks" % (time.monotonic() - began))


RECOVERY_EVENTS = 100_000
RECOVERY_S_MAX = 2


def measure_recoveries(shim, times):
    """Starts on a long log: from the start of the process to its first order."""
    with tempfile.TemporaryDirectory(prefix="campanile-kill-") as folder:
        campaign = Round(folder, shim, 1, 12_000, "")
        try:
            began = time.monotonic()
            program = campaign.start()
            control = world.Control(campaign.log)
            def long_enough():
                answer = control.ask("GET", "/status")
                return (answer and answer[1]["position"] > RECOVERY_EVENTS) or not program.running()
            world.wait_until(long_enough, "the log is long", 1800)
            if not program.running():
                sys.exit("the campaign was too short")
            program.kill()
            print("a log of %d events, %d MB, in %.0f s" %
                  (len(world.chain_of(campaign.log)), os.path.getsize(campaign.log) >> 20,
                   time.monotonic() - began))
            seconds = []
            for _ in range(times):
                before = time.monotonic()
                if not campaign.run("write:/Calls.json HTTP:before:1"):
                    sys.exit("the campaign was over before an order left")
                seconds.append(time.monotonic() - before)
            log = Log(campaign.log)
            lost = acknowledged_and_lost(log, campaign.carrier.truth())[1]
        finally:
            campaign.carrier.kill()
    print("ready to dial at %d events: %s s (each after a kill; the best counts, other programs run "
          "here)" % (len(log.events), ", ".join("%.2f" % each for each in seconds)))
    if lost:
        sys.exit("acknowledged and lost: %s" % lost[:5])
    if min(seconds) > RECOVERY_S_MAX:
        sys.exit("a recovery takes longer than %d s" % RECOVERY_S_MAX)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("campanile")
    arguments.add_argument("shim")
    arguments.add_argument("--per-phase", type=int, default=5)
    arguments.add_argument("--random", type=int, default=0)
    arguments.add_argument("--recoveries", type=int, default=0)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--people", type=int, default=150)
    arguments.add_argument("--faults", default="", help="as `campanile rehearsal` takes them")
    options = arguments.parse_args()
    if options.faults == "all":
        options.faults = ALL_FAULTS
    world.binary = os.path.abspath(options.campanile)
    shim = os.path.abspath(options.shim)

    dice = random.Random(options.seed)
    if options.recoveries:
        measure_recoveries(shim, options.recoveries)
    if options.random:
        kill_at_random(shim, dice, options)
    if not options.per_phase:
        return
    wanted = collections.Counter({phase: options.per_phase for phase in PHASES})
    shown, missed = collections.Counter(), collections.Counter()
    totals = collections.Counter()
    problems = []
    began = time.monotonic()
    for number in range(options.seed, options.seed + 100):
        if not +wanted:
            break
        with tempfile.TemporaryDirectory(prefix="campanile-kill-") as folder:
            campaign = Round(folder, shim, number, options.people, options.faults)
            try:
                # Nobody may be lost or enrolled twice by a crash while the list is read.
                for plan in (f"event:ContactEnrolled:before:{dice.randint(1, options.people)}",
                             "event:ContactEnrolled:before:1>commit::after:1",
                             "event:EnrolmentCompleted:before:1>commit::before:1"):
                    totals["kills during enrolment"] += campaign.run(plan)
                # About four kills for ten people, so that the campaign lives to see them.
                for _ in range(max(1, options.people * 4 // 10)):
                    left = [phase for phase in PHASES if wanted[phase] > 0]
                    if not left:
                        break
                    phase = dice.choice(left)
                    if phase == "recovery":
                        # Something to recover.
                        before = dice.choice(("intent to POST", "POST to 201"))
                        was = campaign.kill_in(before, dice)
                        if was is None or campaign.problems:
                            break
                        if was:
                            shown[before] += 1
                            wanted[before] -= 1
                    was = campaign.kill_in(phase, dice)
                    if was is None or campaign.problems:
                        break
                    if was:
                        shown[phase] += 1
                        wanted[phase] -= 1
                    else:
                        missed[phase] += 1
                if not campaign.problems:
                    totals.update(campaign.finish())
                    totals["campaigns"] += 1
            finally:
                campaign.carrier.kill()
            problems += campaign.problems
            if problems:
                break

    print("%-20s %6s %12s" % ("killed", "shown", "another time"))
    for phase in PHASES:
        print("%-20s %6d %12d" % (phase, shown[phase], missed[phase]))
    print("%-20s %6d %12d" % ("in all", sum(shown.values()), sum(missed.values())))
    print(", ".join("%d %s" % (count, what) for what, count in totals.items()))
    print("%.0f s; %s" % (time.monotonic() - began,
                          "%d problems" % len(problems) if problems else
                          "nothing lost, nobody called twice, nobody forgotten"))
    if +wanted and not problems:
        print("too few kills: " + ", ".join(+wanted))
    sys.exit(1 if problems or +wanted else 0)


if __name__ == "__main__":
    main()
