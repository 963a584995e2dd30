"""Our webhook door beside Express with Twilio's library and beside a bare responder: one core each, the
same load from the other core, in one run.

  webhook_bench.py BUILD_DIRECTORY PEERS_DIRECTORY

`without the log` is the real server, door and core (tests/webhook/door_server.cpp); `durable` is
`campanile serve`, which answers when the event is synced. Every callback is another one, so that each
appends an event. Prints how many were answered in a second, how long they took, and the ratios.
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
        self.process = subprocess.Popen(pinned(0, *command), cwd=folder, env=env, text=True,
                                        stdout=subprocess.PIPE, stderr=self.err)
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

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
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
                                "127.0.0.1:%d" % port], port, env)

    def measure(server, seconds, rate, first=0):
        done = subprocess.run(
            pinned(1, load, str(server.port), str(CONNECTIONS), str(seconds), str(rate),
                   PUBLIC_URL, ACCOUNT, TOKEN, str(first)),
            check=True, capture_output=True, text=True)
        result = json.loads(done.stdout)
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

    speeds = {name: median(name, "per_second") for name, _ in servers}
    print("%d connections, one core each, median of %d rounds of %g s\n"
          % (CONNECTIONS, ROUNDS, SECONDS))
    print("%-22s %10s %9s %9s %11s %8s" % ("", "requests/s", "p50 ms", "p99 ms", "x Express",
                                           "x bare"))
    for name, _ in servers:
        print("%-22s %10.0f %9.2f %9.2f %11.1f %8.2f"
              % (name, speeds[name], median(name, "p50_us") / 1000, median(name, "p99_us") / 1000,
                 speeds[name] / speeds["Express + twilio"],
                 speeds[name] / speeds["bare libuv + llhttp"]))
    print("\ndurable at 300 callbacks/s: p50 %.2f ms, p99 %.2f ms"
          % (calm["p50_us"] / 1000, calm["p99_us"] / 1000))

    express_speed, bare_speed = speeds["Express + twilio"], speeds["bare libuv + llhttp"]
    promises = [
        ("without the log: at least %d times Express" % WITHOUT_LOG[0],
         speeds["without the log"] >= WITHOUT_LOG[0] * express_speed),
        ("without the log: at least %.2f of the bare one" % WITHOUT_LOG[1],
         speeds["without the log"] >= WITHOUT_LOG[1] * bare_speed),
        ("durable: at least %d times Express" % DURABLE_TIMES,
         speeds["durable"] >= DURABLE_TIMES * express_speed),
        ("durable at 300/s: p99 at most %d ms" % DURABLE_P99_MS,
         calm["p99_us"] <= DURABLE_P99_MS * 1000)]
    for text, kept in promises:
        print("%s  %s" % ("kept  " if kept else "MISSED", text))
    return 0 if all(kept for _, kept in promises) else 1


if __name__ == "__main__":
    sys.exit(main())
