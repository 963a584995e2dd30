"""A voice model that fails while people talk with it, in rehearsal: within two seconds of silence an apology is on its
way to them, and the call ends; or the survey goes on with keys, at the next question that has no answer.

CAMPANILE_AGENT_FAULT_PEOPLE says how many people meet each fault, in either way of going on.
"""

import collections
import os

import world

PEOPLE = int(os.environ.get("CAMPANILE_AGENT_FAULT_PEOPLE") or 2)

# What the issue calls it, and the rehearsal's faults for it; a response, an utterance: each in some.
FAULTS = {
    "cannot be reached": ("voice_unavailable=1000", "voice_limited=1000"),
    "refuses the model": ("voice_refused_late=1000",),
    "refuses the session": ("voice_update_refused=1000", "voice_keeps_pcm=1000"),
    "is silent": ("voice_deaf=1000", "voice_slow=1000", "voice_silent=250", "voice_stalled=250",
                  "voice_hard_of_hearing=1000"),
    "drops": ("voice_dropped=1000", "voice_closed=1000", "voice_expired=1000"),
    "answers nonsense": ("voice_nonsense=250", "voice_failed=500"),
}
SILENCE_MAX_MS = 2_000
TURN_MS = 500  # behind a person's last word, until the model can know that it is its turn
EVERYBODY_TALKS = ("human=1,no_answer=0,busy=0,machine=0,failed=0,fax=0,hang_up_at_once=0,hang_up=0,opt_out=0,"
                   "wrong_key=0,silence=0,speech=0,right_key=1000,other_time=0,wants_human=0,not_them=0")
QUESTIONS = [question["id"] for question in world.survey()["questions"]]


class AgentFaultsTest(world.Case):
    def rehearse(self, name, faults, on_failure, seed, *more, phones=()):
        """The events of a campaign whose model fails so, and what really happened."""
        agent = {"name": "Arthur", "disclosure": "Le parla un'intelligenza artificiale.",
                 "opening": "Buongiorno {{name}}, sono Arthur. Ho tre domande.", "columns": ["name"],
                 "time_max": "4m", "on_failure": on_failure}
        file = world.write_campaign(
            self.folder, world.survey(id=name, mode="agent", greeting="Buongiorno.", agent=agent,
                                      retries={"attempts_max": 1}), PEOPLE)
        log = self.path(name + ".db")
        carrier = self.carrier("--seed", seed, "--faults", faults, "--people", EVERYBODY_TALKS, *phones, name=name)
        self.campanile("run", file, "--log", log, "--carrier", carrier.choice, "--listen",
                       "127.0.0.1:%d" % world.free_port(), "--calls-per-second", 5, "--json", *more,
                       expect=None, timeout=20 * PEOPLE + world.PATIENCE_S)
        truth = carrier.truth()
        carrier.kill()
        self.assert_log_is_well(log)
        self.assertEqual(truth["voice"]["open"], 0)
        return world.events_of(log), truth

    def check(self, events, truth, on_failure):
        """Of each talk that failed: how long it owed the person a word, until they heard something else. It does
        since its last word, the person's or their key, or the answer to what it asked for."""
        calls = {call["sid"]: call for call in truth["calls"]}
        sids = {e.attempt(): e.payload["sid"] for e in events if e.type == "CallAccepted"}
        closed = collections.Counter(e.attempt() for e in events if e.type == "AttemptClosed")
        self.assertEqual(closed, collections.Counter(list(sids)))  # each came to something, once
        answered = collections.defaultdict(list)
        failed, silences, asked_at = set(), [], {}
        for event in events:
            of = event.attempt()
            if event.type == "AgentFailed":
                self.assertNotEqual(event.payload["fault"], "")
                failed.add(of)
            elif event.type == "ToolCalled":
                asked_at[of] = event.recorded_at
            elif event.type == "AnswerGiven":
                answered[of].append(event.payload["question"])
            elif event.type == "PromptServed" and of in failed and event.payload["prompt"] != "agent":
                failed.discard(of)
                left = [question for question in QUESTIONS if question not in answered[of]]
                if not left:
                    self.assertEqual(event.payload["prompt"], "goodbye")
                elif on_failure == "apologise":
                    self.assertEqual(event.payload["prompt"], "apology")
                else:
                    self.assertEqual((event.payload["prompt"], event.payload["question"]),
                                     ("question", left[0]))
                stream = calls[sids[of]]["streams"][0]
                quiet_since = max(stream["began_at_ms"], stream["last_sound_at_ms"] or 0, asked_at.get(of, 0))
                for until, turn in (("spoke_until_ms", TURN_MS), ("pressed_at_ms", 0)):
                    if stream[until]:
                        quiet_since = max(quiet_since, stream["began_at_ms"] + stream[until] + turn)
                silences.append(event.recorded_at - quiet_since)
        # Nobody was left with nothing.
        self.assertFalse(failed, [sids[of] for of in failed])
        for call in calls.values():
            self.assertEqual(call["status"], "completed")
        return silences

    def test_an_apology_is_on_its_way_within_two_seconds_to_whoever_talks_with_a_model_that_fails(self):
        seed = 0
        for what, faults in FAULTS.items():
            for fault in faults:
                for on_failure in ("apologise", "go_on_simple"):
                    seed += 1
                    with self.subTest(what, fault=fault, on_failure=on_failure):
                        name = "%s-%s" % (fault.split("=")[0].replace("_", "-"), on_failure.replace("_", "-"))
                        # Only a model of another name is refused, and only when its session has begun.
                        phones = ("--voice-models", "another") if fault.startswith("voice_refused") else ()
                        events, truth = self.rehearse(name, fault, on_failure, seed, phones=phones)
                        silences = self.check(events, truth, on_failure)
                        print("%s, %s, %s: %d of %d talks failed, at most %d ms of silence" %
                              (what, fault, on_failure, len(silences), PEOPLE, max(silences, default=0)),
                              flush=True)
                        self.assertGreater(len(silences), 0)
                        self.assertLessEqual(max(silences), SILENCE_MAX_MS)

    def test_how_long_a_model_may_be_silent_is_for_the_operator_to_say(self):
        # Of a response in some, the first of a talk may be one, which is the opening.
        for fault, *options in (("voice_deaf=1000", "--opening-max"),
                                ("voice_silent=400", "--answer-max", "--opening-max")):
            with self.subTest(fault):
                given = [word for option in options for word in (option, 600)]
                events, truth = self.rehearse(options[0].strip("-"), fault, "apologise", 1, *given)
                of_silence = {e.attempt() for e in events
                              if e.type == "AgentFailed" and e.payload["fault"] == "silent"}
                self.assertTrue(of_silence)
                self.assertLessEqual(max(self.check(events, truth, "apologise")), 1_000)


if __name__ == "__main__":
    world.main()
