"""The media bridge beside one as Node users write it, in one run (performance.md section c).

usage: media_bench.py BUILD PEERS     BUILD has media_load and media_bridge, PEERS is tests/peers with its packages

A bridge has core 0, the load core 1, so nothing else should run. First both at saturation; then the largest load
that Node's bridge carries is looked for, and both are held to the same one there; then memory and TLS. Whatever is
compared is measured ROUNDS times in turn, and its median counts. Each figure is printed with its limit; the end is
red where one is missed.

In the environment: SECONDS (8) of each measurement, ROUNDS (3), CALLS to take a load instead of looking for it.
"""
import json
import os
import statistics
import subprocess
import sys

SECONDS = os.environ.get("SECONDS") or "8"
ROUNDS = int(os.environ.get("ROUNDS") or 3)
CALLS = int(os.environ.get("CALLS") or 0)

HEARD_P99_US = 20_000  # added, in either direction: beyond, a bridge does not carry its load
CALLS_LEAST, CALLS_MOST, CALLS_STEP = 50, 1600, 25
CALLS_CLOSED = 100  # at saturation and for memory
LOAD_BUSY_MOST = 0.97  # of its core: beyond, it is the load that is measured

missed = []


class Bench:
    def __init__(self, build, peers):
        self.load = f"{build}/tests/bridge/media_load"
        self.bridges = {"ours": ["taskset", "-c", "0", f"{build}/tests/bridge/media_bridge"],
                        "node": ["taskset", "-c", "0", "node", f"{peers}/media-bridge.mjs"]}

    def run(self, mode, calls, secured, who):
        """One measurement, as the load tells it."""
        command = ["taskset", "-c", "1", self.load, mode, str(calls), SECONDS, secured, *self.bridges[who]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0 or not done.stdout.startswith("{"):
            sys.exit(f"{' '.join(command)}: {done.returncode} {done.stdout} {done.stderr}")
        return json.loads(done.stdout)

    def whole(self, mode, calls, secured, who):
        """The same, of a measurement in which no call may be lost."""
        told = self.run(mode, calls, secured, who)
        if not told["all"] or told["broken"]:
            missed.append(f"{who}, {mode}, {calls} calls, {secured}: calls were lost")
        return told

    def in_turn(self, mode, calls, kinds):
        """For each (who, secured) of `kinds` its ROUNDS measurements, taken in turn."""
        rounds = {kind: [] for kind in kinds}
        for _ in range(ROUNDS):
            for who, secured in kinds:
                rounds[who, secured].append(self.whole(mode, calls, secured, who))
        return rounds


def median(rounds, figure):
    return statistics.median(each[figure] for each in rounds)


def load_is_busy(rounds):
    """Whether it is the load that is measured."""
    return median(rounds, "load_share") > LOAD_BUSY_MOST


def worst_p99(told):
    return max(told["up_p99_us"], told["down_p99_us"])


def carries(told):
    """Whether a bridge has kept up with its load: nobody lost, nobody late, and no sound left behind."""
    return (told["all"] and not told["broken"] and worst_p99(told) < HEARD_P99_US and
            told["cpu_share"] > 0 and told["trips_per_second"] > 0.98 * told["offered_per_second"])


def largest_load(bench, who):
    """The most calls that it carries, to CALLS_STEP, in two of three measurements."""
    def carries_it(calls):
        told = bench.run("paced", calls, "plain", who)
        print(f"  {calls} calls: p99 up {told['up_p99_us']:.0f} us, down {told['down_p99_us']:.0f} us,"
              f" busy {told['cpu_share']:.2f}: {'carried' if carries(told) else 'not carried'}", flush=True)
        return carries(told)

    low, high = CALLS_LEAST, CALLS_MOST
    while high - low > CALLS_STEP:
        middle = (low + high) // 2 // CALLS_STEP * CALLS_STEP
        if middle <= low:
            break
        if carries_it(middle):
            low = middle
        else:
            high = middle
    while low > CALLS_LEAST and sum(carries_it(low) for _ in range(3)) < 2:
        low -= CALLS_STEP
    if low <= CALLS_LEAST and not carries_it(low):
        sys.exit(f"the bridge of {who} does not carry {low} calls: this machine does other things")
    return low


def judge(what, value, limit, at_least=False, aim=None):
    good = value >= limit if at_least else value <= limit
    words = f"{'at least' if at_least else 'at most'} {limit}" + (f", aim {aim}" if aim else "")
    print(f"  {'holds ' if good else 'MISSED'} {what}: {value:.2f} ({words})", flush=True)
    if not good:
        missed.append(what)


def saturation(bench):
    print(f"closed loop, {CALLS_CLOSED} calls, one round trip under way in each")
    rounds = bench.in_turn("closed", CALLS_CLOSED, [("ours", "plain"), ("node", "plain")])
    for (who, _), each in rounds.items():
        print(f"  {who}: {median(each, 'trips_per_second'):.0f} trips/s, {median(each, 'cpu_us_per_trip'):.2f} us"
              f" of processor a trip, busy {median(each, 'cpu_share'):.2f}, the load {median(each, 'load_share'):.2f}")
    ours, node = rounds["ours", "plain"], rounds["node", "plain"]
    if load_is_busy(ours):
        print("  the load's own core is the limit of ours: its round trips are a lower bound")
    judge("round trips a second, times Node's",
          median(ours, "trips_per_second") / median(node, "trips_per_second"), 2.7, at_least=True, aim=3.3)
    print(f"  (for the same processor time: "
          f"{median(node, 'cpu_us_per_trip') / median(ours, 'cpu_us_per_trip'):.2f} times)")


def at_nodes_maximum(bench):
    print(f"paced, 20 ms frames: the largest load of Node's bridge, p99 below {HEARD_P99_US // 1000} ms both ways")
    calls = CALLS or largest_load(bench, "node")
    print(f"both at {calls} calls")
    rounds = bench.in_turn("paced", calls, [("ours", "plain"), ("node", "plain")])
    for (who, _), each in rounds.items():
        print(f"  {who}: p99 up {median(each, 'up_p99_us'):.0f} us, down {median(each, 'down_p99_us'):.0f} us,"
              f" busy {median(each, 'cpu_share'):.2f}, {median(each, 'rss_kb_per_call'):.1f} kB a call,"
              f" the load {median(each, 'load_share'):.2f}")
    for (who, _), each in rounds.items():
        if load_is_busy(each):
            print(f"  the load's own core is the limit of {who}: some of its latency is the load's")
    ours, node = rounds["ours", "plain"], rounds["node", "plain"]
    for way in ("up", "down"):
        figure = f"{way}_p99_us"
        judge(f"p99 added latency {way}, of Node's", median(ours, figure) / median(node, figure), 0.1)
    judge("processor, of Node's", median(ours, "cpu_share") / median(node, "cpu_share"), 0.75)
    return calls


def memory_and_tls(bench, calls):
    kinds = [("ours", "plain"), ("ours", "model-tls"), ("ours", "tls")]
    print(f"memory, closed loop, {CALLS_CLOSED} calls")
    rounds = bench.in_turn("closed", CALLS_CLOSED, kinds)
    for kind, limit in zip(kinds, (40, 80, 120)):
        judge(f"kB a call, {kind[1]}", median(rounds[kind], "rss_kb_per_call"), limit)
    print(f"processor, paced, {calls} calls")
    rounds = bench.in_turn("paced", calls, kinds[:2])
    for kind in kinds[:2]:
        print(f"  {kind[1]}: {median(rounds[kind], 'cpu_us_per_call_second'):.0f} us a call and second,"
              f" busy {median(rounds[kind], 'cpu_share'):.2f}")
    judge("processor a call with TLS to the model, of plain",
          median(rounds[kinds[1]], "cpu_us_per_call_second") / median(rounds[kinds[0]], "cpu_us_per_call_second"),
          1.6)


def main():
    bench = Bench(*sys.argv[1:3])
    saturation(bench)
    calls = at_nodes_maximum(bench)
    # A load that one core carries with TLS, too, where the load's own core has to do it as well.
    memory_and_tls(bench, min(calls, 300))
    if missed:
        sys.exit("missed: " + "; ".join(missed))
    print("all of it holds")


if __name__ == "__main__":
    main()
