"""Makes the golden log of this program's shape: a small whole set as the real program writes it in a
rehearsal, with what a replay says of it. Run once for each released shape; what lies there is never
made anew after its release, because logs of people's look like it.

    python3 tests/golden/make.py CAMPANILE FOLDER          for example tests/golden/v1
"""

import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

import world  # noqa: E402

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


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    world.binary = os.path.abspath(sys.argv[1])
    to = sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="campanile-golden-") as folder:
        log = os.path.join(folder, "L.db")
        run(folder, log, "prima", 20, 1, "--skip-bad-rows", "--people",
            "human=600,no_answer=100,busy=100,machine=100,failed=50,fax=50,"
            "right_key=300,speech=200,wrong_key=100,silence=100,opt_out=300",
            budget={"limit": "100", "per_minute": "0.05"})
        run(folder, log, "seconda", 40, 101, "--faults", FAULTS, in_doubt="redial")
        run(folder, log, "terza", 6, 201, "--faults", "post_unanswered=1000", in_doubt="hold")
        # Who opted out of the first is excluded from this one; and its text changes afterwards.
        run(folder, log, "quarta", 20, 1)
        run(folder, log, "quarta", 20, 1, "--accept-change", goodbye="Arrivederci.")
        done = world.campanile("forget", world.number_of(3), "--log", log)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        os.makedirs(to)
        done = world.campanile("backup", os.path.join(folder, "saved"), "--log", log)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
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
