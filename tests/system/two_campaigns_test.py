"""Two campaigns for the same people on one log: never two calls open for one number, the caps over
both, and whoever opts out of one, in whichever way, is called by neither, within a second.

PEOPLE is how many the lists have that two campaigns call in full (150), OPT_OUTS how many are looked at
one by one as they opt out (10).
"""

import collections
import os
import threading

import world
from world import Route

PEOPLE = int(os.environ.get("PEOPLE", "150"))
OPT_OUTS = int(os.environ.get("OPT_OUTS", "10"))
DAILY = 2  # calls to a number on one day, over all campaigns
WEEKLY = 3  # and on any seven in a row
NINE_ON_MONDAY = 1_767_600_000_000  # 5 January 2026, in Rome
A_SECOND = 1_000


class TwoCampaignsCase(world.Case):
    def setUp(self):
        super().setUp()
        self.log = self.path("L.db")

    def serve(self, carrier):
        self.server = self.start("serve", "--log", self.log, "--carrier", carrier.choice,
                                 "--calls-per-second", 20, "--json")
        world.wait_until(lambda: "the public door listens" in self.server.out() or
                         not self.server.running(), "it serves")
        self.assertTrue(self.server.running(), self.server.err())

    def submit(self, name, people, **members):
        members.setdefault("retries", {
            "attempts_max": 5, "daily_calls_per_number_max": DAILY,
            "weekly_calls_per_number_max": WEEKLY, "busy": "5m", "no_answer": "5m",
            "network_error": "5m", "machine_no_message": "5m", "broken_off": "5m",
            "human_hung_up_at_once": "5m"})
        members.setdefault("pacing", {"calls_per_second": "20", "lines": 15})
        campaign = world.survey(id=name, **members)
        # Where the carrier's people hear it while they may press a key.
        campaign["questions"][0]["ask"] += " Per non essere più chiamato prema 9."
        campaign["opt_out"]["words"] = ["non chiamatemi più"]
        file = world.write_campaign(self.folder, campaign, people, name + ".json")
        self.campanile("submit", file, "--log", self.log)

    def standing(self):
        status = world.last_json(self.campanile("status", "--json", "--log", self.log).stdout)
        return {each["id"]: each for each in status["campaigns"]}

    def stop(self):
        self.server.interrupt()
        self.assertEqual(self.server.wait(), 0, self.server.err())

    def number_keys(self):
        """Under which the log knows the numbers, by contact."""
        return {event.contact(): event.payload["number_key"] for event in world.events_of(self.log)
                if event.type == "ContactEnrolled"}

    def suppress(self, number, key, by):
        """As an operator: with the command, or as a program of theirs does it."""
        if by == "command":
            self.campanile("suppress", number, "--reason", "lettera", "--log", self.log)
            return
        answer = world.Control(self.log).ask("POST", "/numbers/%s/suppress" % key,
                                             {"reason": "lettera"})
        self.assertEqual(answer and answer[0], 200, answer)


class CrowdTest(TwoCampaignsCase):
    def suppress_meanwhile(self, over):
        """An operator suppresses every eighth of the people, while they are called and opt out by
        themselves."""
        keys = self.number_keys()
        for n in range(8, PEOPLE + 1, 8):
            if over.is_set():
                return
            self.suppress(world.number_of(n), keys["first", n],
                          "command" if n % 16 else "control")

    def test_hundreds_of_people_of_two_lists(self):
        """Held against the carrier's own record of what rang when."""
        phones = self.carrier("--people", "human=600,no_answer=250,busy=150,machine=0,failed=0,"
                              "fax=0,right_key=600,opt_out=300", "--seed", 3)
        self.serve(phones)
        # Neither begins before the other is there.
        self.submit("first", PEOPLE)
        self.submit("second", PEOPLE)
        over = threading.Event()
        operator = threading.Thread(target=self.suppress_meanwhile, args=(over,))
        operator.start()
        try:
            world.wait_until(lambda: all(each["status"] == "completed"
                                         for each in self.standing().values()), "both are over")
        finally:
            over.set()
            operator.join()
        self.stop()
        self.assert_log_is_well(self.log)

        events = world.events_of(self.log)
        key_of = {event.contact(): event.payload["number_key"] for event in events
                  if event.type == "ContactEnrolled"}
        left = {}  # the event with which a number was left alone, by its key
        for event in events:
            if event.type in ("OptedOut", "Suppressed"):
                left.setdefault(event.stream.split("/")[1], event)
        met, capped, both = self.look_at_the_calls(phones, key_of, left)

        called_after, spared = [], collections.Counter()
        for event in events:
            word = left.get(key_of.get(event.contact()))
            if word is None or event.position < word.position:
                continue
            if event.type == "CallRequested":
                called_after.append(event.position)
            if event.type == "ContactExcluded" and event.payload["gate"] == "suppressed":
                spared[word.type] += 1
        self.assertEqual(called_after, [])
        # What would be true of two campaigns that never meet is not shown by this.
        opted_out = sum(word.type == "OptedOut" for word in left.values())
        self.assertGreater(opted_out, PEOPLE // 8)
        self.assertGreater(spared["OptedOut"], PEOPLE // 15)
        self.assertGreater(both, PEOPLE // 3)
        self.assertGreater(capped, PEOPLE // 4)
        self.assertGreater(met, PEOPLE // 15)
        print("%d numbers, %d called by both, %d at a cap, %d opted out and spared %d calls in the "
              "other, %d suppressed on the way and spared %d" % (
                  len(set(key_of.values())), both, capped, opted_out, spared["OptedOut"],
                  len(left) - opted_out, spared["Suppressed"]))

    def look_at_the_calls(self, phones, key_of, left):
        """No rule is broken by what the carrier says of each call to a number; how many came soon after
        one of the other campaign's, how many numbers reached a cap, and how many both called."""
        by_number = {}
        for call in phones.truth()["calls"]:
            by_number.setdefault(call["to"], []).append(call)
        met = capped = both = 0
        for calls in by_number.values():
            calls.sort(key=lambda call: call["accepted_at_ms"])
            both += len({Route(call["url"]).attempt[0] for call in calls}) == 2
            for one, following in zip(calls, calls[1:]):
                # I5, in the carrier's time: the next begins when the one before has ended.
                self.assertLessEqual(one["ended_at_ms"], following["accepted_at_ms"])
                met += following["accepted_at_ms"] - one["ended_at_ms"] < 10 * 60_000
            # In January Rome is an hour ahead of Greenwich.
            days = collections.Counter((call["accepted_at_ms"] + 3_600_000) // 86_400_000
                                       for call in calls)
            weeks = [sum(days[day - back] for back in range(7)) for day in days]
            self.assertLessEqual(max(days.values()), DAILY)
            self.assertLessEqual(max(weeks), WEEKLY)
            capped += max(days.values()) == DAILY or max(weeks) == WEEKLY
            # The carrier's own word: no order was taken later than a second after "never".
            word = left.get(key_of[Route(calls[-1]["url"]).attempt[:2]])
            if word is not None:
                self.assertLessEqual(calls[-1]["accepted_at_ms"], word.recorded_at + A_SECOND)
        return met, capped, both


class OneByOneTest(TwoCampaignsCase):
    """The clock stands unless the test moves it, and goes in steps of a quarter of a second."""

    # In a call of the first campaign's, which keeps the second from them as long as it goes on; and
    # while the second's call waits at the carrier, or rings. The last ones say nothing of the kind:
    # what the others are spared is what these get.
    WAYS = (("key", "talking"), ("speech", "talking"), ("command", "talking"),
            ("control", "talking"), ("nothing", "talking"), ("command", "waiting"),
            ("control", "waiting"), ("command", "ringing"), ("control", "ringing"),
            ("nothing", "ringing"))

    def setUp(self):
        super().setUp()
        self.phones = world.HandCarrier(NINE_ON_MONDAY)
        self.addCleanup(self.phones.close)

    def tick(self, times=1):
        for _ in range(times):
            self.phones.move_clock(250)

    def accepted(self):
        return len(self.campanile("log", "--log", self.log, "--type",
                                  "CallAccepted").stdout.splitlines())

    def calls_of(self, count):
        """So many further calls, by number, once the program knows of them: in time."""
        before = len(self.calls)
        for _ in range(40 * count):
            with self.phones.changed:
                more = self.phones.changed.wait_for(
                    lambda: len(self.phones.orders) >= before + count, 0.3)
            if more:
                break
            self.tick()
        world.wait_until(lambda: self.accepted() == before + count, "the calls are accepted")
        self.assertEqual(len(self.phones.orders), before + count)
        self.phones.wait_until_quiet()
        for n in range(before + 1, before + count + 1):
            self.calls.append(world.HandCall(self.phones, n))
        return {call.order["To"]: call for call in self.calls[before:]}

    def opt_out(self, n, how, call):
        if how == "key":
            self.assertEqual(call.ask(call.action(), Digits="9")[0], 200)
        elif how == "speech":
            self.assertEqual(call.ask(call.action(), SpeechResult="Non chiamatemi più!",
                                      Confidence="0.91")[0], 200)
        elif how != "nothing":
            self.suppress(world.number_of(n), self.keys["first", n], how)

    def answer(self, call):
        for status in ("initiated", "ringing", "in-progress"):
            self.assertEqual(call.report(status), 204)
        self.assertEqual(call.ask()[0], 200)

    def test_who_opts_out_of_one_is_let_alone_by_the_other_within_a_second(self):
        ways = [self.WAYS[n % len(self.WAYS)] for n in range(max(OPT_OUTS, len(self.WAYS)))]
        people = len(ways)
        self.calls = []
        self.serve(self.phones)
        pacing = {"calls_per_second": "20", "lines": 2 * people}
        once = {"attempts_max": 1, "daily_calls_per_number_max": 9}
        self.submit("first", people, pacing=pacing, retries=once)
        first = self.calls_of(people)
        for call in first.values():
            self.answer(call)
        # Nobody of the second is called while the first talks to everybody.
        self.submit("second", people, pacing=pacing, retries=once)
        self.tick(8)
        self.assertEqual(len(self.phones.orders), people)
        self.keys = self.number_keys()
        for n, (how, when) in enumerate(ways, 1):
            call = first[world.number_of(n)]
            if when == "talking":
                self.opt_out(n, how, call)
            self.tick()
            self.assertEqual(call.report("completed", CallDuration="60"), 204)
            self.tick(4)
            if when == "talking" and how != "nothing":
                self.assertEqual(len(self.phones.orders), len(self.calls), (n, how))
                continue
            theirs = self.calls_of(1)[world.number_of(n)]
            if when == "ringing":
                self.assertEqual(theirs.report("initiated"), 204)
                self.assertEqual(theirs.report("ringing"), 204)
            if when != "talking":
                self.opt_out(n, how, theirs)
                self.tick(4)
            if how == "nothing":
                self.assertEqual([sid for sid, _ in self.phones.endings if sid == theirs.sid], [])
                self.assertEqual(theirs.report("busy", SipResponseCode="486"), 204)
                continue
            # The order is on its way by now, and this clock knows nothing of the way.
            ended = (theirs.sid, {"Status": "canceled"})
            world.wait_until(lambda: ended in self.phones.endings, "the call is taken back")
            self.assertEqual(theirs.report("canceled"), 204)
        self.tick()
        world.wait_until(lambda: all(each["status"] == "completed"
                                     for each in self.standing().values()), "both are over")
        self.stop()
        self.look_at_the_log(ways)
        self.assert_log_is_well(self.log)

    def look_at_the_log(self, ways):
        """By the events' own times: what stopped the second campaign, and how long after the word."""
        events = world.events_of(self.log)
        took = collections.defaultdict(list)
        for n, (how, when) in enumerate(ways, 1):
            theirs = [event for event in events if event.contact() == ("second", n)]
            words = [event for event in events if event.type in ("OptedOut", "Suppressed") and
                     event.stream == "number/" + self.keys["second", n]]
            requested = [event for event in theirs if event.type == "CallRequested"]
            if how == "nothing":
                self.assertEqual((len(words), len(requested)), (0, 1), (n, how))
                continue
            self.assertEqual(len(words), 1, (n, how))
            self.assertEqual([event for event in requested if event.position > words[0].position],
                             [], (n, how))
            stopped = [event for event in theirs if event.type == (
                "ContactExcluded" if when == "talking" else "CallEndRequested")]
            self.assertEqual(len(stopped), 1, (n, how))
            if when == "talking":
                self.assertEqual(stopped[0].payload["gate"], "suppressed")
            took[how, when].append(stopped[0].recorded_at - words[0].recorded_at)
        for (how, when), times in sorted(took.items()):
            print("%s while %s: %d people, at most %d ms" % (how, when, len(times), max(times)))
            self.assertLessEqual(max(times), A_SECOND, (how, when))


class OneIsOverTest(TwoCampaignsCase):
    def test_a_run_whose_campaign_is_over_hangs_up_on_nobody(self):
        """The other one was submitted to it, and is left to whoever serves next."""
        phones = world.HandCarrier(NINE_ON_MONDAY)
        self.addCleanup(phones.close)
        once = {"attempts_max": 1}
        first = world.write_campaign(self.folder, world.survey(id="first", retries=once), 1)
        program = self.start("run", first, "--log", self.log, "--carrier", phones.choice, "--json")
        world.wait_until(lambda: len(phones.orders) == 1, "the person of the first is called")
        phones.wait_until_quiet()
        ours = world.HandCall(phones, 1)
        self.assertEqual((ours.report("initiated"), ours.report("in-progress")), (204, 204))
        self.assertEqual(ours.ask()[0], 200)
        contacts = {**world.survey()["contacts"], "file": "others.csv"}
        second = world.write_campaign(self.folder, world.survey(
            id="second", contacts=contacts, pacing={"calls_per_second": "1", "lines": 1}), 3,
            "second.json")
        self.campanile("submit", second, "--log", self.log)
        phones.move_clock(1_000)
        world.wait_until(lambda: len(phones.orders) == 2, "and somebody of the second")
        theirs = world.HandCall(phones, 2)
        self.assertEqual((theirs.report("initiated"), theirs.report("in-progress")), (204, 204))
        self.assertEqual(theirs.ask()[0], 200)
        self.assertEqual(ours.report("completed", CallDuration="5"), 204)
        world.wait_until(lambda: self.standing()["first"]["status"] == "completed", "it is over")
        for _ in range(3):
            phones.move_clock(10_000)
            self.assertTrue(program.running(), program.err())
        self.assertEqual(theirs.ask(theirs.action(), Digits="1")[0], 200)
        self.assertEqual(theirs.report("completed", CallDuration="30"), 204)
        self.assertEqual(program.wait(), 0, program.err())
        # Nor was anybody else called meanwhile.
        self.assertEqual(len(phones.orders), 2)
        types = [event.type for event in world.events_of(self.log)
                 if event.stream.startswith("contact/second/")]
        self.assertEqual((types.count("CallRequested"), types.count("AttemptClosed")), (1, 1))
        self.assert_log_is_well(self.log)

    def test_a_run_whose_campaign_was_cancelled_dials_nobody_of_another(self):
        """It waits for their call that is up, and begins none."""
        phones = world.HandCarrier(NINE_ON_MONDAY)
        self.addCleanup(phones.close)
        first = world.write_campaign(self.folder, world.survey(
            id="first", retries={"attempts_max": 2, "busy": "2h"}), 1)
        program = self.start("run", first, "--log", self.log, "--carrier", phones.choice, "--json")
        world.wait_until(lambda: len(phones.orders) == 1, "the person of the first is called")
        phones.wait_until_quiet()
        ours = world.HandCall(phones, 1)
        self.assertEqual((ours.report("initiated"), ours.report("busy")), (204, 204))
        contacts = {**world.survey()["contacts"], "file": "others.csv"}
        second = world.write_campaign(self.folder, world.survey(
            id="second", contacts=contacts, pacing={"calls_per_second": "0.02", "lines": 3}), 3,
            "second.json")
        self.campanile("submit", second, "--log", self.log)
        phones.move_clock(1_000)
        world.wait_until(lambda: len(phones.orders) == 2, "somebody of the second is called")
        theirs = world.HandCall(phones, 2)
        self.assertEqual((theirs.report("initiated"), theirs.report("in-progress")), (204, 204))
        self.assertEqual(theirs.ask()[0], 200)
        self.campanile("cancel", "first", "--log", self.log)
        # The next of the second would be due after 50 s.
        for _ in range(8):
            phones.move_clock(10_000)
            self.assertTrue(program.running(), program.err())
        self.assertEqual(len(phones.orders), 2)
        self.assertEqual(theirs.report("completed", CallDuration="80"), 204)
        program.wait()
        self.assertEqual(len(phones.orders), 2)
        self.assert_log_is_well(self.log)


if __name__ == "__main__":
    world.main()
