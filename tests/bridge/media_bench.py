"""The media bridge beside one as Node users write it, in one run (performance.md section c).

usage: media_bench.py BUILD PEERS     BUILD has media_load and media_bridge, PEERS is tests/peers with its packages

The bridge has core 0, the load core 1. What is compared is processor time a round trip, which does
not hang on what else the machine does, and round trips a second, which does. Red where a goal is
missed by processor time or memory; CALLS and SECONDS in the environment make it longer.
"""
import json
import os
import subprocess
import sys

build, peers = sys.argv[1], sys.argv[2]
load = f"{build}/tests/bridge/media_load"
ours = ["taskset", "-c", "0", f"{build}/tests/bridge/media_bridge"]
node = ["taskset", "-c", "0", "node", f"{peers}/media-bridge.mjs"]
seconds = os.environ.get("SECONDS", "8")
calls = int(os.environ.get("CALLS", "500"))
missed = []


def run(mode, number, secured, bridge):
    command = ["taskset", "-c", "1", load, mode, str(number), seconds, secured, *bridge]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0 or not done.stdout.startswith("{"):
        sys.exit(f"{' '.join(command)}: {done.returncode} {done.stdout} {done.stderr}")
    result = json.loads(done.stdout)
    if not result["all"] or result["broken"]:
        missed.append(f"{mode} {number} {secured}: calls were lost")
    return result


def goal(what, value, limit, at_least=False):
    good = value >= limit if at_least else value <= limit
    print(f"  {what}: {value:.2f} ({'at least' if at_least else 'at most'} {limit}){'' if good else ' MISSED'}")
    if not good:
        missed.append(what)


print("closed loop, 100 calls, one round trip under way in each (median of three, in turn)")
pairs = [(run("closed", 100, "plain", ours), run("closed", 100, "plain", node)) for _ in range(3)]
for name, which in (("ours", 0), ("node", 1)):
    for pair in pairs:
        r = pair[which]
        print(f"  {name}: {r['trips_per_second']:.0f} trips/s, {r['cpu_us_per_trip']:.2f} us of processor a trip,"
              f" busy {r['cpu_share']:.2f}")
median = sorted(n["cpu_us_per_trip"] / o["cpu_us_per_trip"] for o, n in pairs)[1]
goal("round trips for the same processor time, times Node's", median, 2.7, at_least=True)
print(f"  round trips a second, times Node's: "
      f"{sorted(o['trips_per_second'] / n['trips_per_second'] for o, n in pairs)[1]:.2f}")

print(f"paced, {calls} calls of 20 ms frames")
o, n = run("paced", calls, "plain", ours), run("paced", calls, "plain", node)
for name, r in (("ours", o), ("node", n)):
    print(f"  {name}: p99 up {r['up_p99_us']:.0f} us, down {r['down_p99_us']:.0f} us, busy {r['cpu_share']:.2f},"
          f" {r['rss_kb_per_call']:.1f} kB a call")
goal("p99 added latency, of Node's", max(o["up_p99_us"] / n["up_p99_us"], o["down_p99_us"] / n["down_p99_us"]), 0.1)
goal("processor, of Node's", o["cpu_us_per_trip"] / n["cpu_us_per_trip"], 0.75)

print("memory and TLS, closed loop, 100 calls")
results = {how: run("closed", 100, how, ours) for how in ("plain", "model-tls", "tls")}
for how, limit in (("plain", 40), ("model-tls", 80), ("tls", 120)):
    goal(f"kB a call, {how}", results[how]["rss_kb_per_call"], limit)
goal("processor a call with TLS to the model, of plain",
     results["model-tls"]["cpu_us_per_trip"] / results["plain"]["cpu_us_per_trip"], 1.6)

if missed:
    sys.exit("missed: " + "; ".join(missed))
