"""Two campaigns for the same people on one log: never two calls open for one number, the cap of a day
over both, and whoever opts out of one is called by neither, at once."""

import json

import world
from world import Route

PEOPLE = 150
CAP = 2  # calls to a number on one day, over all campaigns


class TwoCampaignsTest(world.Case):
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
            "attempts_max": 5, "daily_calls_per_number_max": CAP, "busy": "5m", "no_answer": "5m",
            "network_error": "5m", "machine_no_message": "5m", "broken_off": "5m",
            "human_hung_up_at_once": "5m"})
        campaign = world.survey(id=name, pacing={"calls_per_second": "20", "lines": 15}, **members)
        # Where the carrier's people hear it while they may press a key.
        campaign["questions"][0]["ask"] += " Per non essere più chiamato prema 9."
        file = world.write_campaign(self.folder, campaign, people, name + ".json")
        self.campanile("submit", file, "--log", self.log)

    def standing(self):
        status = world.last_json(self.campanile("status", "--json", "--log", self.log).stdout)
        return {each["id"]: each for each in status["campaigns"]}

    def stop(self):
        self.server.interrupt()
        self.assertEqual(self.server.wait(), 0, self.server.err())

    def test_hundreds_of_people_of_two_lists(self):
        """Held against the carrier's own record of what rang when."""
        phones = self.carrier("--people", "human=600,no_answer=250,busy=150,machine=0,failed=0,"
                              "fax=0,right_key=600,opt_out=300", "--seed", 3)
        self.serve(phones)
        # Neither begins before the other is there.
        self.submit("first", PEOPLE)
        self.submit("second", PEOPLE)
        world.wait_until(lambda: all(each["status"] == "completed"
                                     for each in self.standing().values()), "both are over")
        self.stop()
        self.assert_log_is_well(self.log)

        by_number = {}
        for call in phones.truth()["calls"]:
            by_number.setdefault(call["to"], []).append(call)
        met, capped, both = 0, 0, 0
        for calls in by_number.values():
            calls.sort(key=lambda call: call["accepted_at_ms"])
            both += len({Route(call["url"]).attempt[0] for call in calls}) == 2
            for one, following in zip(calls, calls[1:]):
                # I5, in the carrier's time: the next begins when the one before has ended.
                self.assertLessEqual(one["ended_at_ms"], following["accepted_at_ms"])
                met += following["accepted_at_ms"] - one["ended_at_ms"] < 10 * 60_000
            days = {}
            for call in calls:
                # In January Rome is an hour ahead of Greenwich.
                day = (call["accepted_at_ms"] + 3_600_000) // 86_400_000
                days[day] = days.get(day, 0) + 1
            self.assertLessEqual(max(days.values()), CAP)
            capped += max(days.values()) == CAP

        events = world.events_of(self.log)
        left_at = {}  # by the number's key
        for event in events:
            if event.type == "OptedOut":
                left_at.setdefault(event.stream.split("/")[1], event.recorded_at)
        key_of = {event.contact(): event.payload["number_key"] for event in events
                  if event.type == "ContactEnrolled"}
        called_after, spared = [], 0
        for event in events:
            if event.contact() not in key_of or key_of[event.contact()] not in left_at:
                continue
            left = left_at[key_of[event.contact()]]
            if event.type == "CallRequested" and event.recorded_at >= left:
                called_after.append(event.position)
            if event.type == "ContactExcluded" and event.payload["gate"] == "suppressed":
                spared += 1
        self.assertEqual(called_after, [])
        # The carrier's own word: no order was taken later than a second after somebody's "never".
        last_ms = {}
        for call in phones.truth()["calls"]:
            key = key_of[Route(call["url"]).attempt[:2]]
            if key in left_at:
                last_ms[key] = max(last_ms.get(key, 0), call["accepted_at_ms"])
        self.assertEqual([key for key, at in last_ms.items() if at > left_at[key] + 1000], [])
        # What would be true of two campaigns that never meet is not shown by this.
        self.assertGreater(len(left_at), 20)
        self.assertGreater(spared, 10)
        self.assertGreater(both, 50)
        self.assertGreater(capped, 50)
        self.assertGreater(met, 10)
        print("%d numbers, %d called by both, %d at the cap of a day, %d opted out, %d spared "
              "by it in the other" % (len(by_number), both, capped, len(left_at), spared))

    def test_who_opts_out_of_one_is_excluded_from_the_other_within_a_second(self):
        """Step by step: the clock stands unless the test moves it."""
        monday = 1_767_600_000_000  # 5 January 2026, 9 o'clock in Rome
        phones = world.HandCarrier(monday)
        self.addCleanup(phones.close)
        self.serve(phones)
        self.submit("first", 1)
        self.submit("second", 1)
        world.wait_until(lambda: len(phones.orders) == 1, "one of the two is called")
        phones.wait_until_quiet()
        call = world.HandCall(phones, 1)
        self.assertEqual(call.report("initiated"), 204)
        self.assertEqual(call.report("in-progress"), 204)
        self.assertEqual(call.ask()[0], 200)
        # A minute of talk: the other campaign waits for the line to be free.
        for _ in range(6):
            phones.move_clock(10_000)
        self.assertEqual(len(phones.orders), 1)
        self.assertEqual(self.standing()["second"]["fresh"], 1)
        before = phones.now_ms
        status, _ = call.ask(call.action(), Digits="9")
        self.assertEqual(status, 200)
        # It is still in its call, which the lock would keep the other from as well: so it ends.
        self.assertEqual(call.report("completed", CallDuration="62"), 204)
        phones.move_clock(1_000)
        standing = self.standing()["second"]
        self.assertEqual((standing["excluded"], standing["fresh"]), (1, 0), json.dumps(standing))
        for _ in range(5):
            phones.move_clock(600_000)
        self.assertEqual(len(phones.orders), 1)
        self.stop()
        other = Route(call.order["Url"]).attempt[0] == "first" and "second" or "first"
        excluded = [event for event in world.events_of(self.log)
                    if event.type == "ContactExcluded" and event.contact() == (other, 1)]
        self.assertEqual([event.payload["gate"] for event in excluded], ["suppressed"])
        self.assertLessEqual(excluded[0].recorded_at, before + 1_000)
        self.assert_log_is_well(self.log)


    def test_a_run_whose_campaign_is_over_hangs_up_on_nobody(self):
        """The other one was submitted to it, and is left to whoever serves next."""
        phones = world.HandCarrier(1_767_600_000_000)
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
        phones = world.HandCarrier(1_767_600_000_000)
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
