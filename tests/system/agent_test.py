"""A survey that a voice agent asks, in rehearsal: the carrier, the voice model and the people speak
the real protocols, and the log, its exports and its digests are held to what mode simple keeps.

CAMPANILE_AGENT_PEOPLE says how many people there are.
"""

import base64
import collections
import csv
import io
import json
import os
import random
import signal
import time
import urllib.parse
import urllib.request

import world

PEOPLE = int(os.environ.get("CAMPANILE_AGENT_PEOPLE") or 40)
KILLS = int(os.environ.get("CAMPANILE_AGENT_KILLS") or 4)

AGENT = {
    "name": "Arthur",
    "disclosure": "Le parla un'intelligenza artificiale, per un breve sondaggio.",
    "opening": "Buongiorno {{name}}, sono Arthur. Ho tre domande.",
    "columns": ["name"],
    "time_max": "4m",
}
CODES = {"colore": {"rosso", "blu"}, "torna": {"yes", "no"}, "voto": {"1", "2", "3", "4", "5"}}
QUESTIONS = tuple(CODES)  # in their order


def agent_survey(**members):
    return world.survey(mode="agent", greeting="Buongiorno.", agent=AGENT, **members)


class AgentTest(world.Case):
    def table(self, log, name):
        text = self.exports(log)[name].decode()
        return list(csv.DictReader(io.StringIO(text)))

    def check(self, log, told=None):
        """What holds of any log of an agent's survey that came to its end."""
        events = world.events_of(log)
        by_type = collections.Counter(event.type for event in events)
        opened = [(e.stream, e.payload["stream"]) for e in events if e.type == "StreamOpened"]
        closed = [(e.stream, e.payload["stream"]) for e in events if e.type == "StreamClosed"]
        self.assertGreater(len(opened), 0)
        # Each stream that opened closed, once; no call had two.
        self.assertEqual(sorted(opened), sorted(closed))
        self.assertEqual(len(set(opened)), len(opened))
        per_attempt = collections.Counter(e.attempt() for e in events if e.type == "StreamOpened")
        self.assertEqual(set(per_attempt.values()), {1})
        # Nothing is left open, and every call came to something.
        requested = {e.attempt() for e in events if e.type == "CallRequested"}
        ended = collections.Counter(e.attempt() for e in events if e.type == "AttemptClosed")
        self.assertEqual(requested, set(ended))
        self.assertEqual(set(ended.values()), {1})
        # Whoever was connected had been told that an AI talks.
        told_so = {e.attempt() for e in events
                   if e.type == "PromptServed" and e.payload["prompt"] == "agent"}
        self.assertTrue({e.attempt() for e in events if e.type == "StreamOpened"} <= told_so)
        self.assertEqual({len(e.payload["disclosure"]) for e in events
                          if e.type == "PromptServed" and e.payload["prompt"] == "agent"}, {16})
        # What was answered is not asked again: a question has its answer from one attempt.
        answered = collections.defaultdict(set)
        for event in events:
            if event.type == "AnswerGiven":
                answered[(event.contact(), event.payload["question"])].add(
                    event.payload["attempt"])
        self.assertTrue(all(len(attempts) == 1 for attempts in answered.values()), answered)
        replayed = self.assert_log_is_well(log)
        if told:
            self.assertEqual(replayed["state_digest"], told["state_digest"])
            self.assertEqual(replayed["outcome_digest"], told["outcome_digest"])
        return events, by_type

    def test_an_agent_asks_the_survey(self):
        file = world.write_campaign(self.folder, agent_survey(), PEOPLE)
        log = self.path("L.db")
        done = self.campanile("run", file, "--log", log, "--listen",
                              "127.0.0.1:%d" % world.free_port(), "--calls-per-second", 5, "--json",
                              timeout=20 * PEOPLE + world.PATIENCE_S)
        told = world.last_json(done.stdout)
        self.assertEqual(told["event"], "finished")
        events, by_type = self.check(log, told)
        # Both sides are on record, with their words sealed.
        self.assertGreater(by_type["AgentSaid"], 0)
        self.assertGreater(by_type["CalleeSaid"], 0)
        self.assertGreater(by_type["AnswerGiven"], 0)
        self.assertTrue(all("words" not in e.payload for e in events
                            if e.type in ("AgentSaid", "CalleeSaid")))
        # The table is that of mode simple, and says who understood the answers.
        rows = self.table(log, "responses_wide.csv")
        self.assertEqual(len(rows), PEOPLE)
        given = 0
        for row in rows:
            for question, codes in CODES.items():
                if row[question + "__status"] != "answered":
                    self.assertEqual(row[question], "")
                    continue
                given += 1
                self.assertIn(row[question], codes)
                # From the last call, or from one before that broke off.
                self.assertIn(row[question + "__source"], ("agent", "resumed"))
        self.assertGreater(given, PEOPLE)
        outcomes = collections.Counter(e.payload.get("outcome") for e in events
                                       if e.type == "AttemptClosed")
        self.assertGreater(outcomes["completed"], PEOPLE // 4, outcomes)
        attempts = [row for row in self.table(log, "attempts.csv") if row["agent_ended"]]
        self.assertEqual(len(attempts), by_type["StreamOpened"])
        self.assertGreater(sum(int(row["agent_turns"]) for row in attempts), len(attempts))
        self.assertGreater(sum(int(row["agent_interruptions"]) for row in attempts), 0)
        self.assertTrue(all(int(row["agent_first_sound_ms"]) < 2000 for row in attempts
                            if row["agent_first_sound_ms"]))
        # What was said is told to whoever asks for it, in the order in which it was said.
        spoken = self.path("transcripts.csv")
        self.campanile("export", "--log", log, "--transcripts", spoken)
        self.assertEqual(os.stat(spoken).st_mode & 0o777, 0o600)
        with open(spoken, encoding="utf-8", newline="") as text:
            lines = list(csv.DictReader(text))
        self.assertEqual(len(lines), by_type["AgentSaid"] + by_type["CalleeSaid"])
        self.assertTrue(any("sono Arthur" in line["words"] for line in lines))
        places = [(int(line["contact"]), int(line["attempt"]), int(line["position"]))
                  for line in lines]
        self.assertEqual(places, sorted(set(places)))
        # The same seed gives the same answers.
        again = self.path("M.db")
        self.campanile("run", file, "--log", again, "--listen",
                       "127.0.0.1:%d" % world.free_port(), "--calls-per-second", 5, "--json",
                       timeout=20 * PEOPLE + world.PATIENCE_S)
        same = ("campaign", "contact_id", "disposition") + tuple(CODES)
        self.assertEqual([[row.get(column) for column in same] for row in rows],
                         [[row.get(column) for column in same]
                          for row in self.table(again, "responses_wide.csv")])

    def test_a_talk_ends_with_its_money(self):
        # Enough for some answers, and not for a survey.
        most = 40_000
        budget = {"limit": "1000", "per_minute": "0.02", "currency": "EUR", "model": {
            "per_call_max": "0.04", "input_audio_per_million": "32",
            "output_audio_per_million": "64", "input_text_per_million": "4",
            "output_text_per_million": "16", "cached_per_million": "0.4"}}
        file = world.write_campaign(self.folder, agent_survey(budget=budget), 12)
        checked = self.campanile("check", file)
        self.assertIn(" for the voice model\n", checked.stdout)
        log = self.path("L.db")
        done = self.campanile("run", file, "--log", log, "--listen",
                              "127.0.0.1:%d" % world.free_port(), "--calls-per-second", 5, "--json",
                              timeout=20 * PEOPLE + world.PATIENCE_S)
        events, _ = self.check(log, world.last_json(done.stdout))
        ends = {e.attempt(): e.payload["why"] for e in events if e.type == "StreamClosed"}
        spent_up = [attempt for attempt, why in ends.items() if why == "spend_limit"]
        self.assertGreater(len(spent_up), 0, collections.Counter(ends.values()))
        # The carrier's voice says goodbye.
        given_up = {e.attempt() for e in events
                    if e.type == "PromptServed" and e.payload["prompt"] == "gave_up"}
        self.assertTrue(set(spent_up) & given_up)
        # What was set aside was enough, but for a piece of the sound that went beyond it.
        settled = {e.attempt(): e.payload for e in events if e.type == "SpendSettled"}
        for attempt in ends:
            self.assertLess(settled[attempt].get("model", 0), most + 2_000, attempt)
        costs = {attempt: payload.get("millionths", 0) + payload.get("model", 0)
                 for attempt, payload in settled.items()}
        for event in events:
            if event.type == "SpendCorrected":
                costs[event.attempt()] = (event.payload.get("millionths", 0) +
                                          settled[event.attempt()].get("model", 0))
        prices = [round(float(row["price"]) * 1_000_000)
                  for row in self.table(log, "attempts.csv") if row["price"]]
        self.assertEqual(sorted(prices), sorted(costs.values()))
        told = self.campanile("status", "--log", log, "--since", "2026-01-01", "--json").stdout
        night = world.last_json(told)["campaigns"][0]
        self.assertEqual(night["spent_in_all_millionths"], sum(costs.values()))
        self.assertEqual(night["spent_on_model_in_all_millionths"],
                         sum(payload.get("model", 0) for payload in settled.values()))
        self.assertGreater(night["spent_on_model_in_all_millionths"], 0)

    def halt_in_a_talk(self, program, log):
        """Leaves it standing still while some people have answered a part of the agent's questions, unless it
        ends before."""
        while program.running():
            program.process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, program.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            events = world.events_of(log)
            talking = {e.attempt() for e in events if e.type == "StreamOpened"}
            talking -= {e.attempt() for e in events if e.type == "StreamClosed"}
            answers = collections.Counter(e.attempt() for e in events if e.type == "AnswerGiven")
            if sum(1 for attempt in talking if 0 < answers[attempt] < len(QUESTIONS)) >= 3:
                return
            program.process.send_signal(signal.SIGCONT)
            time.sleep(0.01)

    def check_resumed(self, log, events):
        """Of each survey that a kill cut off, what the agent asks in the next talk: what is unanswered, in
        order. How many of them went on."""
        asks = {q["id"]: q["ask"] for q in world.survey()["questions"]}
        spoken = self.path("transcripts.csv")
        self.campanile("export", "--log", log, "--transcripts", spoken)
        asked = collections.defaultdict(list)  # (position, question) by contact and attempt
        with open(spoken, encoding="utf-8", newline="") as text:
            for line in csv.DictReader(text):
                if line["who"] != "agent":
                    continue
                of = (int(line["contact"]), int(line["attempt"]))
                asked[of] += [(int(line["position"]), question) for question, ask in asks.items()
                              if ask in line["words"]]
        answers = collections.defaultdict(list)  # (attempt, position, question) by contact
        for event in events:
            if event.type == "AnswerGiven":
                answers[event.contact()[1]].append(
                    (event.payload["attempt"], event.payload["position"],
                     event.payload["question"]))
        cut_off = {(e.contact()[1], e.payload["attempt"]) for e in events
                   if e.type == "StreamClosed" and e.payload["why"] == "stopped"}
        resumed = 0
        for contact, attempt in sorted(cut_off):
            before = [question for of, _, question in answers[contact] if of <= attempt]
            later = min((of for who, of in asked if who == contact and of > attempt), default=None)
            if not before or later is None or not asked[contact, later]:
                continue
            resumed += 1
            for position, question in asked[contact, later]:
                known = {q for of, at, q in answers[contact]
                         if of < later or (of == later and at < position)}
                left = [q for q in QUESTIONS if q not in known]
                self.assertEqual(question, left[0] if left else None,
                                 "contact %d, attempt %d, word %d" % (contact, later, position))
        return resumed

    def test_killed_again_and_again_every_call_comes_to_something(self):
        # Calls that a kill cuts off are failures, of which a campaign would think its own.
        pacing = {"calls_per_second": "5", "lines": 10, "stop_at_failures": {"share": "0"}}
        file = world.write_campaign(self.folder, agent_survey(pacing=pacing), PEOPLE)
        log = self.path("L.db")
        # Its time jumps, and stands while nobody is there. Most people answer, the next time, too.
        carrier = self.carrier("--seed", 3, "--people", "human=900,no_answer=50,busy=0,machine=50,"
                               "failed=0,fax=0,hang_up=50,hang_up_at_once=0,opt_out=20")
        dice = random.Random(5)
        arguments = ["run", file, "--log", log, "--carrier", carrier.choice, "--listen",
                     "127.0.0.1:%d" % world.free_port(), "--calls-per-second", 5, "--json"]

        # In a talk, and at any moment.
        for kill in range(KILLS):
            program = self.start(*arguments, name="run%d" % kill)
            if kill == 0:
                world.wait_for_event(log, "StreamOpened")
            if kill % 2 == 0:
                self.halt_in_a_talk(program, log)
            else:
                time.sleep(dice.uniform(0.2, 1.5))
            program.kill()
        program = self.start(*arguments, name="last")
        self.assertEqual(program.wait(20 * PEOPLE + world.PATIENCE_S), 0, program.err())
        events, _ = self.check(log, world.last_json(program.out()))
        # The kills hit talks, or this would show nothing.
        stopped = sum(1 for e in events
                      if e.type == "StreamClosed" and e.payload["why"] == "stopped")
        self.assertGreater(stopped, 0)
        resumed = self.check_resumed(log, events)
        print("\n%d talks cut off by %d kills, %d surveys went on" % (stopped, KILLS, resumed))
        self.assertGreater(resumed, 0)

    def test_a_call_of_somebody_elses_code_talks_with_the_agent(self):
        with open(self.path("arthur.json"), "w") as file:
            json.dump({"id": "arthur", "kind": "callback", "mode": "agent", "contacts": [],
                       "message": "Sono Arthur. Arrivederci.",
                       "agent": {"disclosure": "Parla un'intelligenza artificiale.",
                                 "instructions": "Saluti e chiuda."}}, file)
        # The model has a second and a half of this clock to answer.
        carrier = self.carrier("--speed", 10 / world.PACE, "--people",
                               "human=1,no_answer=0,busy=0,machine=0,"
                               "failed=0,fax=0,hang_up=0,hang_up_at_once=0")
        log, port = self.path("L.db"), world.free_port()
        door = self.start("serve", "--log", log, "--carrier", carrier.choice, "--agent",
                          self.path("arthur.json"), "--listen", "127.0.0.1:%d" % port)
        world.wait_until(lambda: "serving" in door.out() or not door.running(), "it serves")
        self.assertTrue(door.running(), door.err())
        word = base64.b64encode(("%s:%s" % (carrier.account_sid, carrier.auth_token)).encode())
        form = {"To": "+390612345678", "From": "+390698765432",
                "Url": "http://127.0.0.1:%d/outbound-call?mode=agent" % port,
                "StatusCallback": "http://127.0.0.1:%d/call-status" % port}
        request = urllib.request.Request(
            "http://127.0.0.1:%d/2010-04-01/Accounts/%s/Calls.json" %
            (carrier.port, carrier.account_sid), urllib.parse.urlencode(form).encode(),
            {"Authorization": "Basic " + word.decode()})
        with urllib.request.urlopen(request, timeout=world.PATIENCE_S) as answer:
            stream = "call/" + json.load(answer)["sid"]
        world.wait_for_event(log, "StreamClosed")
        world.wait_for_event(log, "CallEnded")
        door.interrupt()
        door.wait()
        events = [e for e in world.events_of(log) if e.stream == stream]
        types = [e.type for e in events]
        for wanted in ("OutsideAgentServed", "StreamOpened", "StreamClosed", "CallEnded"):
            self.assertEqual(types.count(wanted), 1, [(e.type, e.payload) for e in events])
        closed = events[types.index("StreamClosed")].payload
        # People hang up on an agent, too.
        self.assertIn(closed["why"], ("goodbye", "hung_up"))
        self.assertGreater(closed["first_sound_ms"], 0)
        # Not a word of it is kept: nobody could have it forgotten.
        self.assertFalse({"AgentSaid", "CalleeSaid"} & set(types))
        self.assert_log_is_well(log)

    def test_who_is_passed_on_to_humans_and_how_that_went_is_in_the_log(self):
        humans = ["+390233333333", "+390244444444"]
        stages = {"initiated": 1, "ringing": 2, "answered": 3}
        left_in_the_talk = 0
        for name, people, members in (
                ("agent", "wants_human=2000", {"mode": "agent", "greeting": "Buongiorno.",
                                               "agent": {**AGENT, "transfer": humans}}),
                ("simple", "wrong_key=2000",
                 {"replies": {"operator": {"key": "0", "numbers": humans}}})):
            with self.subTest(mode=name):
                file = world.write_campaign(self.folder, world.survey(id=name, **members), 15)
                log = self.path(name + ".db")
                self.campanile("run", file, "--log", log, "--calls-per-second", 5, "--listen",
                               "127.0.0.1:%d" % world.free_port(), "--people",
                               people + ",human=900,no_answer=100,other_time=0,opt_out=0",
                               timeout=5 * world.PATIENCE_S)
                self.assert_log_is_well(log)
                legs, ends, outcomes, asked = collections.defaultdict(dict), {}, {}, {}
                for event in world.events_of(log):
                    of = event.attempt()
                    if event.type == "TransferProgressed":
                        known = legs[of].setdefault(event.payload["leg"], [])
                        known.append(event.payload["status"])
                        self.assertIn(event.payload["human"], (1, 2))
                        order = [stages.get(status, 4) for status in known]
                        self.assertEqual(order, sorted(set(order)))
                    elif event.type == "TransferRequested":
                        asked[of] = event
                    elif event.type == "TransferEnded":
                        ends[of] = event.payload["status"]
                    elif event.type == "AttemptClosed":
                        outcomes[of] = event.payload["outcome"]
                self.assertTrue(asked)
                for of in asked:
                    talked = any("answered" in told for told in legs[of].values())
                    self.assertEqual(len(legs[of]), 2, of)
                    if of in ends:
                        self.assertEqual(ends[of] == "completed", talked, of)
                    if talked:
                        self.assertNotEqual(outcomes[of], "callback_requested", of)
                        left_in_the_talk += of not in ends
                contact = next("%s/%d" % of[:2] for of in asked if any(
                    "answered" in told for told in legs[of].values()))
                told = self.campanile("explain", "--log", log, "--contact", contact).stdout
                self.assertRegex(told, r"human [12] of the list: is being called, as CA")
                self.assertRegex(told, r"human [12] of the list: picked up")
        # Whoever hangs up while they talk with the human is told of by nothing else.
        self.assertGreater(left_in_the_talk, 0)

    def test_a_person_hears_what_check_shows(self):
        file = world.write_campaign(self.folder, agent_survey(), 2)
        shown = self.campanile("check", file, "--show", "P-0001").stdout
        self.assertIn("the person hears first: " + AGENT["disclosure"], shown)
        self.assertIn("Buongiorno Persona 1, sono Arthur. Ho tre domande.", shown)
        self.assertIn("record_answer end_call opt_out ask_callback", shown)
        self.assertNotIn("+39347", shown)


if __name__ == "__main__":
    world.main()
