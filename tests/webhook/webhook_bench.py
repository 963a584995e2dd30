"""Our webhook door beside Express with Twilio's library and beside a bare responder: one core each, the
same load of voice requests from the other core, in one run.

  webhook_bench.py BUILD_DIRECTORY PEERS_DIRECTORY

`without the log` is the real server, door and core (tests/webhook/door_server.cpp); `durable` is
`campanile serve`, which answers when the event is synced. Every request is of another call, so that
each appends an event. Prints how many were answered in a second, how long they took, and what each cost
of processor time. The ratios are of the latter: what one core can do, whoever else uses the machine.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "fedcba9876543210" * 2
PUBLIC_URL = "https://voice.example.test"
CONNECTIONS = 64
SECONDS = float(os.environ.get("SECONDS", "5"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
# What the project promises: at least so many times Express, at least this part of the bare one.
WITHOUT_LOG = (18, 0.39)
DURABLE_TIMES = 8
DURABLE_P99_MS = 50


def pinned(core, *command):
    return ["taskset", "-c", str(core), *command]


class Server:
    def __init__(self, folder, command, port=None, env=None):
        self.err = open(os.path.join(folder, "err"), "w+")
        # One that is told its port has no more to say.
        self.process = subprocess.Popen(pinned(0, *command), cwd=folder, env=env, text=True,
                                        stdout=subprocess.PIPE if port is None else self.err,
                                        stderr=self.err)
        if port is None:
            port = int(self.process.stdout.readline())
        else:
            deadline = time.monotonic() + 30
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.err.seek(0)
                    sys.exit("the server did not start: " + self.err.read())
                time.sleep(0.05)
        self.port = port

    def cpu_s(self):
        """Processor time of all its threads so far."""
        with open("/proc/%d/stat" % self.process.pid) as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        self.err.close()


def main():
    build, peers = (os.path.abspath(each) for each in sys.argv[1:3])
    load = os.path.join(build, "tests/bridge/webhook_load")

    def bare(_):
        return Server(scratch, [os.path.join(build, "tests/bridge/bare_responder")])

    def without_log(_):
        return Server(scratch, [os.path.join(build, "tests/webhook/door_server"), ACCOUNT, TOKEN])

    def express(_):
        return Server(scratch, ["node", os.path.join(peers, "express-server.mjs"), TOKEN])

    def durable(number):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        env = {"PATH": os.environ["PATH"], "TWILIO_ACCOUNT_SID": ACCOUNT,
               "TWILIO_AUTH_TOKEN": TOKEN, "SERVER_URL": PUBLIC_URL,
               "TRANSFER_NUMBER_MAIN": "+390698765432", "TWILIO_BASE_URL": "http://127.0.0.1:9"}
        return Server(scratch, [os.path.join(build, "campanile"), "serve", "--carrier", "twilio",
                                "--new-log", "--log", "bench-%d.db" % number, "--listen",
                                "127.0.0.1:%d" % port, "--message", "Ciao."], port, env)

    def measure(server, seconds, rate, first=0):
        before = server.cpu_s()
        done = subprocess.run(
            pinned(1, load, str(server.port), str(CONNECTIONS), str(seconds), str(rate),
                   PUBLIC_URL, ACCOUNT, TOKEN, str(first)),
            check=True, capture_output=True, text=True)
        result = json.loads(done.stdout)
        result["cpu_us"] = (server.cpu_s() - before) * 1e6 / result["answered"]
        if result["refused"]:
            sys.exit("%d requests were refused" % result["refused"])
        return result

    servers = [("bare libuv + llhttp", bare), ("without the log", without_log),
               ("durable", durable), ("Express + twilio", express)]
    results = {name: [] for name, _ in servers}
    number = 0
    with tempfile.TemporaryDirectory(dir=os.environ.get("FOLDER")) as scratch:
        # By turns, so that a machine that slows down slows everybody.
        for _ in range(ROUNDS):
            for name, start in servers:
                number += 1
                server = start(number)
                try:
                    measure(server, 0.5, 0, 100_000)  # warm, with other calls
                    results[name].append(measure(server, SECONDS, 0))
                finally:
                    server.end()
        number += 1
        server = durable(number)
        try:
            calm = measure(server, SECONDS * 2, 300)
        finally:
            server.end()

    def median(name, member):
        values = sorted(each[member] for each in results[name])
        return values[len(values) // 2]

    cost = {name: median(name, "cpu_us") for name, _ in servers}
    print("%d connections, one core each, median of %d rounds of %g s\n"
          % (CONNECTIONS, ROUNDS, SECONDS))
    print("%-20s %10s %8s %8s %11s %10s %7s" % ("", "requests/s", "p50 ms", "p99 ms",
                                                "CPU us each", "x Express", "x bare"))
    for name, _ in servers:
        print("%-20s %10.0f %8.2f %8.2f %11.1f %10.1f %7.2f"
              % (name, median(name, "per_second"), median(name, "p50_us") / 1000,
                 median(name, "p99_us") / 1000, cost[name],
                 cost["Express + twilio"] / cost[name], cost["bare libuv + llhttp"] / cost[name]))
    print("\ndurable at 300 callbacks/s: p50 %.2f ms, p99 %.2f ms"
          % (calm["p50_us"] / 1000, calm["p99_us"] / 1000))

    express_cost, bare_cost = cost["Express + twilio"], cost["bare libuv + llhttp"]
    promises = [
        ("without the log: at least %d times Express" % WITHOUT_LOG[0],
         express_cost >= WITHOUT_LOG[0] * cost["without the log"]),
        ("without the log: at least %.2f of the bare one" % WITHOUT_LOG[1],
         bare_cost >= WITHOUT_LOG[1] * cost["without the log"]),
        ("durable: at least %d times Express" % DURABLE_TIMES,
         express_cost >= DURABLE_TIMES * cost["durable"]),
        ("durable at 300/s: p99 at most %d ms" % DURABLE_P99_MS,
         calm["p99_us"] <= DURABLE_P99_MS * 1000)]
    for text, kept in promises:
        print("%s  %s" % ("kept  " if kept else "MISSED", text))
    return 0 if all(kept for _, kept in promises) else 1


if __name__ == "__main__":
    sys.exit(main())
