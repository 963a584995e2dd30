"""The program is killed in the middle of a call and started again: the person who answers the
questions, and whoever reads the results, cannot tell.

The carrier is moved by hand, so that every instant is the test's: two runs differ in nothing but the
kill.
"""

import os

import world

START_MS = 1767603600000  # Monday, 5 January 2026, 10:00 in Rome


class Conversation:
    """One survey call from the order to the end, as a list of steps. Before any of them the program
    may be killed and started again."""

    def __init__(self, case, name):
        self.case = case
        self.folder = case.path(name)
        os.mkdir(self.folder)
        self.file = world.write_campaign(self.folder, world.survey(), 1)
        self.log = os.path.join(self.folder, "L.db")
        self.carrier = world.HandCarrier(START_MS)
        case.addCleanup(self.carrier.close)
        self.said = []  # every answer, in order
        self.starts = 0
        self.start()
        # Before a callback can come, or the call would be adopted.
        world.wait_for_event(self.log, "CallAccepted")
        self.carrier.wait_until_quiet()
        self.call = world.HandCall(self.carrier, 1)
        self.asked = [None]  # where each question's answer went, from 1

    def start(self):
        self.starts += 1
        self.program = world.Program(
            self.folder, "run", self.file, "--log", self.log, "--carrier", self.carrier.choice,
            "--listen", "127.0.0.1:%d" % self.case.port, "--json", name="run%d" % self.starts)
        self.case.addCleanup(self.program.kill)

    def kill_and_start_again(self):
        self.program.kill()
        self.carrier.wait_until_alone()
        self.start()
        self.carrier.wait_until_quiet()

    def answer(self, url=None, **fields):
        if url is None:
            url = self.call.action()
            self.asked.append((url, fields))
        self.said.append(self.call.ask(url, **fields))

    def answer_again(self, question):
        """The answer to that question comes once more, late."""
        url, fields = self.asked[question]
        self.said.append(self.call.ask(url, **fields))

    def steps(self):
        report, move = self.call.report, self.carrier.move_clock
        yield lambda: self.said.append(report("initiated"))
        yield lambda: (move(1000), self.said.append(report("ringing")))
        yield lambda: (move(5000), self.said.append(report("in-progress")))
        yield lambda: (move(4000), self.said.append(self.call.ask(AnsweredBy="human")))
        yield lambda: (move(6000), self.answer(Digits="2"))
        yield lambda: (move(4000), self.answer(SpeechResult="sì", Confidence="0.91"))
        yield lambda: (move(3000), self.answer(Digits="4"))
        yield lambda: (move(2000), self.said.append(
            report("completed", CallDuration="19", Duration="1", SipResponseCode="200")))

    def hold(self, kill_before=(), again=()):
        """The whole of it. `again`: (step, question) pairs: before that step the answer to that
        question comes once more."""
        for number, step in enumerate(self.steps(), 1):
            if number in kill_before:
                self.kill_and_start_again()
            for at, question in again:
                if at == number:
                    self.answer_again(question)
            step()
        self.case.assertEqual(self.program.wait(), 0, self.program.err())
        self.told = world.last_json(self.program.out())
        return self

    def exports(self):
        return self.case.exports(self.log)


class ResumeTest(world.Case):
    def setUp(self):
        super().setUp()
        self.port = world.free_port()  # it stands in the documents
        self.control = Conversation(self, "control").hold()
        for said in self.control.said:
            code = said if isinstance(said, int) else said[0]
            self.assertIn(code, (200, 204))

    def test_killed_between_two_questions_the_documents_and_the_results_are_the_same(self):
        killed = Conversation(self, "killed").hold(kill_before=[7], again=[(7, 2)])
        # The late answer got the document of where the call is now, the third question.
        documents = list(self.control.said)
        documents.insert(6, documents[5])
        self.assertEqual(killed.said, documents)
        self.assertIn(b"quanto \xc3\xa8 contento", documents[5][1])
        self.assertEqual(killed.exports(), self.control.exports())
        self.assertEqual(killed.told["outcome_digest"], self.control.told["outcome_digest"])
        self.assertEqual(self.assert_log_is_well(killed.log)["state_digest"],
                         killed.told["state_digest"])
        # The late answer appended nothing: the log differs by a start alone.
        # Whether the carrier's 201 or its first callback is read first is no matter of the kill.
        types = [[e.type.replace("CallAdopted", "CallAccepted")
                  for e in world.events_of(each.log) if e.stream != "runner"]
                 for each in (killed, self.control)]
        self.assertEqual(types[0], types[1])

    def test_a_late_answer_gets_the_same_without_a_kill(self):
        again = Conversation(self, "again").hold(again=[(7, 2), (7, 1)])
        documents = list(self.control.said)
        documents[6:6] = [documents[5], documents[5]]
        self.assertEqual(again.said, documents)
        self.assertEqual(again.exports(), self.control.exports())

    def test_killed_before_every_step_it_is_still_the_same(self):
        killed = Conversation(self, "killed").hold(kill_before=range(1, 9))
        self.assertEqual(killed.said, self.control.said)
        self.assertEqual(killed.exports(), self.control.exports())
        self.assertEqual(killed.told["outcome_digest"], self.control.told["outcome_digest"])
        self.assert_log_is_well(killed.log)

    def test_another_answer_gives_other_documents_and_other_results(self):
        # Else the equalities above would say nothing.
        other = Conversation(self, "other")
        steps = list(other.steps())
        steps[4] = lambda: (other.carrier.move_clock(6000), other.answer(Digits="1"))
        for step in steps:
            step()
        self.assertEqual(other.program.wait(), 0)
        self.assertNotEqual(other.exports(), self.control.exports())


if __name__ == "__main__":
    world.main()
