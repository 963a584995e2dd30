"""Makes a golden log: a small whole set as the real program writes it in a rehearsal, with what a
replay says of it. Run once for each; what lies there is never made anew after its release, because logs
of people's look like it.

    python3 tests/golden/make.py CAMPANILE FOLDER          tests/golden/v1, tests/golden/v2 …

v1: calls by key, and what goes wrong with orders and callbacks; v2: voice agents, quotas, priorities,
what people ask for besides an answer, and what an operator does.
"""

import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

import world  # noqa: E402

PATIENCE_S = 600
FAULTS = ("callback_lost=150,callback_doubled=150,callback_late=100,callback_reordered=150,"
          "post_refused=60,post_failed=40,post_failed_accepted=60,post_dropped=60,"
          "post_unanswered=40,post_delayed=40,list_lag_s=20")


def campaign(name, **members):
    made = world.survey(id=name, contacts={
        "file": name + ".csv", "region": "IT", "zone": "Europe/Rome",
        "columns": {"number": "number", "id": "id"}}, **members)
    # Where people listen for the way out.
    made["questions"][0]["ask"] += " Per non essere più chiamato, prema 9."
    return made


def run(folder, log, name, people, first, *arguments, **members):
    """A campaign of so many people, with numbers from `first` on, run to its end."""
    file = world.write_campaign(folder, campaign(name, **members), people, name + ".json")
    with open(os.path.join(folder, name + ".csv"), "w", encoding="utf-8") as rows:
        rows.write("id,number,name\n")
        for n in range(first, first + people):
            rows.write("P-%04d,%s,\"Zoë \"\"%d\"\" 😀\"\n" % (n, world.number_of(n), n))
        if "--skip-bad-rows" in arguments:
            rows.write("P-bad,12,Nessuno\n")
    done = world.campanile("run", file, "--log", log, "--seed", 4, *arguments)
    if done.returncode not in (0, 1):  # 1: somebody is held, which is an event to keep too
        raise SystemExit(done.stderr)


def order(*arguments):
    done = world.campanile(*arguments, timeout=PATIENCE_S)
    if done.returncode != 0:
        raise SystemExit(done.stderr)


def make_v1(folder, log):
    run(folder, log, "prima", 20, 1, "--skip-bad-rows", "--people",
        "human=600,no_answer=100,busy=100,machine=100,failed=50,fax=50,"
        "right_key=300,speech=200,wrong_key=100,silence=100,opt_out=300",
        budget={"limit": "100", "per_minute": "0.05"})
    run(folder, log, "seconda", 40, 101, "--faults", FAULTS, in_doubt="redial")
    run(folder, log, "terza", 6, 201, "--faults", "post_unanswered=1000", in_doubt="hold")
    # Who opted out of the first is excluded from this one; and its text changes afterwards.
    run(folder, log, "quarta", 20, 1)
    run(folder, log, "quarta", 20, 1, "--accept-change", goodbye="Arrivederci.")
    order("forget", world.number_of(3), "--log", log)


AGENT = {"name": "Arthur", "columns": ["name"], "time_max": "3m", "turns_max": 12,
         "disclosure": "Le parla un'intelligenza artificiale.",
         "opening": "Buongiorno {{name}}, sono Arthur. Ho tre domande.",
         "on_failure": "go_on_simple", "transfer": ["+390233333333", "+390244444444"]}
REPLIES = {"refused": True, "dont_know": True, "repeat": {"key": "*"}, "back": {"key": "7"},
           "operator": {"key": "0", "numbers": ["+390255555555"]},
           "stop": {"key": "8", "goodbye": "Ci fermiamo."}}


def with_order(rows):
    """The members of a campaign whose list says who is called first."""
    made = world.survey()
    made["questions"][0]["replies"] = ["refused", "dont_know"]
    made["contacts"]["columns"].update(priority="prima")
    return {"contacts": made["contacts"] | {"file": rows}, "questions": made["questions"],
            "results": {"columns": ["sesso"]}, "quota_full": "Abbiamo già abbastanza risposte.",
            "variants": [{"column": "invito", "values": [
                {"code": "breve", "say": "Tre domande."},
                {"code": "lungo", "say": "Tre domande, e grazie.", "share": 2}]}]}


def write_list(folder, name, first, people):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as rows:
        rows.write("id,number,name,prima,sesso\n")
        for n in range(first, first + people):
            rows.write("P-%04d,%s,Zoë %d,%s,%s\n" % (n, world.number_of(n), n,
                                                     "" if n % 3 else n % 9 + 1, "mf"[n % 2]))


def make_v2(folder, log):
    def play(name, people, first, *arguments, **members):
        write_list(folder, name + ".csv", first, people)
        made = world.survey(id=name, **(with_order(name + ".csv") | members))
        file = os.path.join(folder, name + ".json")
        with open(file, "w", encoding="utf-8") as out:
            json.dump(made, out, ensure_ascii=False)
        done = world.campanile("run", file, "--log", log, "--seed", 4, "--calls-per-second", 5,
                               "--listen", "127.0.0.1:%d" % world.free_port(), *arguments,
                               timeout=PATIENCE_S)
        if done.returncode not in (0, 1):
            raise SystemExit(done.stderr)

    women = {"name": "donne", "if": {"column": "sesso", "is": ["f"]}}
    play("arthur", 8, 1, "--people", "human=1000,no_answer=50,busy=0,machine=0,failed=0,fax=0,"
         "other_time=150,wants_human=250,opt_out=100,declines=150,barge_in=400",
         mode="agent", greeting="Buongiorno.", agent=AGENT,
         quotas=[women | {"completes": 2},
                 {"name": "rossi", "if": {"question": "colore", "is": ["rosso"]}, "completes": 20}])
    play("guasti", 4, 101, "--people", "human=1000,no_answer=0,busy=0,machine=0,failed=0,fax=0",
         "--faults", "voice_dropped=400,voice_limited=300,stream_refused=200,"
         "voice_transcript_late=300,voice_bad_arguments=200",
         mode="agent", greeting="Buongiorno.", agent=AGENT, quotas=[women | {"completes": 50}])
    order("suppress", world.number_of(203), "--log", log, "--reason", "lo ha chiesto")
    play("tasti", 10, 201, "--people", "human=1000,no_answer=100,busy=50,machine=100,failed=0,fax=0,"
         "right_key=300,speech=300,wrong_key=350,declines=200,screening=200,hang_up=50",
         replies=REPLIES, quotas=[women | {"completes": 1}],
         recording={"record": True, "announcement": "La chiamata è registrata."},
         screening="È un sondaggio di tre domande.",
         greeting="Buongiorno {{name}}, {{invito_text}} Per non essere più chiamato prema 9.",
         answering_machine={"action": "leave_message", "message": "Richiameremo."})
    order("unsuppress", world.number_of(203), "--log", log, "--reason", "ci ha ripensato")
    write_list(folder, "more.csv", 203, 9)
    order("add-contacts", "tasti", os.path.join(folder, "more.csv"), "--log", log)
    order("cancel", "--all", "--log", log, "--reason", "basta così")
    # One whom the agent talked with, so that words of both are gone.
    order("forget", world.number_of(1), "--log", log)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    world.binary = os.path.abspath(sys.argv[1])
    to = sys.argv[2]
    make = {"v1": make_v1, "v2": make_v2}[os.path.basename(os.path.abspath(to))]
    with tempfile.TemporaryDirectory(prefix="campanile-golden-") as folder:
        log = os.path.join(folder, "L.db")
        make(folder, log)
        os.makedirs(to)
        order("backup", os.path.join(folder, "saved"), "--log", log)
        for name in sorted(os.listdir(os.path.join(folder, "saved"))):
            if name != "MANIFEST.json":
                shutil.copy(os.path.join(folder, "saved", name), os.path.join(to, name))
        said = {"replay": world.last_json(
            world.campanile("replay", "--log", log, "--json").stdout)}
        half = said["replay"]["position"] // 2
        said["replay_until"] = world.last_json(
            world.campanile("replay", "--log", log, "--json", "--until", half).stdout)
        types = sorted({event.type for event in world.events_of(log)})
        said["types"] = types
        with open(os.path.join(to, "replay.json"), "w", encoding="utf-8") as file:
            json.dump(said, file, indent=1)
            file.write("\n")
        print("%d events of %d types: %s" % (said["replay"]["position"], len(types),
                                             " ".join(types)))


if __name__ == "__main__":
    main()
