"""The heartbeat: somebody who is asked while all is well, and what is told when nobody hears."""

import http.server
import threading

import world


class Watcher(http.server.BaseHTTPRequestHandler):
    status = 200
    asked = []

    def do_GET(self):
        Watcher.asked.append(self.path)
        self.send_response(Watcher.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class HeartbeatTest(world.Case):
    def setUp(self):
        super().setUp()
        Watcher.status, Watcher.asked = 200, []
        self.watcher = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Watcher)
        threading.Thread(target=self.watcher.serve_forever, daemon=True).start()
        self.addCleanup(self.watcher.server_close)
        self.addCleanup(self.watcher.shutdown)

    def serve(self, **env):
        # Sixty times as fast: a beat a second.
        return self.start("serve", "--log", self.path("L.db"), "--speed", 60,
                          env=world.environment(**env))

    def beats(self, more):
        before = len(Watcher.asked)
        world.wait_until(lambda: len(Watcher.asked) >= before + more, "it is asked again")

    def test_the_watcher_is_asked_each_minute_and_its_silence_is_told_once(self):
        secret = "/ping/0123456789abcdef"
        # As it is copied, with a line end.
        program = self.serve(HEARTBEAT_URL="http://127.0.0.1:%d%s\n" %
                                           (self.watcher.server_port, secret))
        self.beats(3)
        self.assertEqual(set(Watcher.asked), {secret})
        Watcher.status = 500
        self.beats(3)
        Watcher.status = 200
        world.wait_until(lambda: "heard again" in program.out(), "it is told")
        self.assertEqual(program.out().count("the heartbeat is not heard: answered 500"), 1)
        # Whoever has the address could pretend that all is well.
        self.assertNotIn(secret, program.out() + program.err())
        program.interrupt()
        self.assertEqual(program.wait(), 0)

    def test_an_address_that_is_none(self):
        done = self.campanile("serve", "--log", self.path("L.db"), "--speed", 60,
                              "--heartbeat", "ftp://secret", expect=2)
        self.assertIn("--heartbeat", done.stderr)
        self.assertNotIn("secret", done.stderr)


if __name__ == "__main__":
    world.main()
