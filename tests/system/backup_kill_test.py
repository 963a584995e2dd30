"""Backups of a log that another process writes, killed at random moments of their doing:

  under the final name there is never half a backup; what a killed one left does not stand in the
  way of the next; a restored set is well and replays to the digest that the source has at its
  position.

    backup_kill_test.py CAMPANILE [--kills N] [--seed S] [--people N]
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import world


class Source:
    """A log that is always being written: when a campaign has ended, the next one begins."""

    def __init__(self, folder, people):
        self.folder = folder
        self.people = people
        self.log = os.path.join(folder, "L.db")
        self.campaigns = 0
        self.program = None
        self.go_on()
        world.wait_until(lambda: os.path.exists(self.log) or not self.program.running(),
                         "there is a log")

    def go_on(self):
        if self.program and self.program.running():
            return
        if self.program and self.program.wait() != 0:
            raise AssertionError(self.program.err())
        self.campaigns += 1
        name = "prova-%d" % self.campaigns
        # Numbers of their own, so that nobody has been called too often today.
        campaign = world.survey(id=name, contacts={
            "file": name + ".csv", "region": "IT", "zone": "Europe/Rome",
            "columns": {"number": "number", "id": "id"}})
        file = world.write_campaign(self.folder, campaign, self.people, name + ".json")
        self.program = world.Program(self.folder, "run", file, "--log", self.log, name=name)

    def writes(self):
        return self.program.running()


def check_whole(folder):
    """Every file that the manifest names is there as it says; returns the manifest."""
    with open(os.path.join(folder, "MANIFEST.json")) as file:
        manifest = json.load(file)
    for each in manifest["files"]:
        with open(os.path.join(folder, each["name"]), "rb") as file:
            held = file.read()
        if (len(held), hashlib.sha256(held).hexdigest()) != (each["bytes"], each["sha256"]):
            raise AssertionError("PROBLEM: %s is not what the manifest says" % each["name"])
    names = {each["name"] for each in manifest["files"]} | {"MANIFEST.json"}
    if set(os.listdir(folder)) != names:
        raise AssertionError("PROBLEM: %s instead of %s" % (os.listdir(folder), names))
    return manifest


def check_restored(source, saved, folder):
    """The set, copied elsewhere, is a log that is what the source was then."""
    manifest = check_whole(saved)
    restored = os.path.join(folder, "restored")
    shutil.copytree(saved, restored)
    try:
        log = os.path.join(restored, "L.db")
        verified = world.campanile("verify", "--log", log)
        if verified.returncode != 0:
            raise AssertionError("PROBLEM: " + verified.stdout + verified.stderr)
        told = []
        for arguments in (("--log", log),
                          ("--log", source.log, "--until", manifest["position"])):
            replayed = world.campanile("replay", "--json", *arguments)
            if replayed.returncode != 0:
                raise AssertionError("PROBLEM: " + replayed.stderr)
            told.append(world.last_json(replayed.stdout))
        if told[0] != told[1] or told[0]["hash"] != manifest["hash"]:
            raise AssertionError("PROBLEM: the restored set replays to another state: %s" % told)
    finally:
        shutil.rmtree(restored)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("campanile")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=600)
    options = parser.parse_args()
    world.binary = os.path.abspath(options.campanile)
    dice = random.Random(options.seed)
    kills = under_load = whole = 0
    duration = 0.2
    with tempfile.TemporaryDirectory(prefix="campanile-test-") as folder:
        source = Source(folder, options.people)
        try:
            saved = os.path.join(folder, "saved")
            while kills < options.kills or whole < max(2, options.kills // 5):
                source.go_on()
                loaded = source.writes()
                started = time.monotonic()
                program = world.Program(folder, "backup", saved, "--log", source.log,
                                        name="backup")
                # Now and then it may end; from how long that takes, the moments of the kills.
                spared = kills >= options.kills or dice.random() < 0.15
                if not spared:
                    try:
                        program.wait(dice.uniform(0, duration))
                    except subprocess.TimeoutExpired:
                        pass  # the moment of its death has come
                ended = not program.running()
                if not spared and not ended:
                    program.kill()
                    kills += 1
                    under_load += loaded and source.writes()
                elif program.wait() != 0:
                    raise AssertionError("PROBLEM: " + program.err())
                else:
                    duration = time.monotonic() - started
                # Killed after the folder had its name, it is a whole one all the same.
                if os.path.exists(saved):
                    check_restored(source, saved, folder)
                    shutil.rmtree(saved)
                    whole += 1
                elif spared or ended:
                    raise AssertionError("PROBLEM: a backup that ended well is not there")
            left = [name for name in os.listdir(folder) if name.startswith("saved")]
            if whole and left not in ([], ["saved.part"]):
                raise AssertionError("PROBLEM: left behind: %s" % left)
        finally:
            source.program.kill()
    if under_load * 2 < kills:
        raise AssertionError("PROBLEM: only %d of %d kills came while the log was written" %
                             (under_load, kills))
    print("%d kills, %d of them while the log was written; %d whole backups restored" %
          (kills, under_load, whole))


if __name__ == "__main__":
    try:
        main()
    except AssertionError as problem:
        sys.exit(str(problem))
