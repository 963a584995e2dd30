"""Whoever is not the carrier, or comes a second time, gets no media stream and costs no word of the
voice model: forged upgrades, streams with a stolen, an invented or no token, and every good one sent
again. The call that each token was made for has its stream all the same.

CAMPANILE_THEFTS says how many of each.
"""

import base64
import json
import os
import random
import signal
import socket
import struct
import time
import urllib.request
import xml.etree.ElementTree

import world

THEFTS = int(os.environ.get("CAMPANILE_THEFTS") or 40)
TEXT, CLOSE = 1, 8


class Stream:
    """A WebSocket as the carrier opens it: the upgrade, then frames. Only as much as it takes."""

    def __init__(self, port, signature):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=world.PATIENCE_S)
        lines = ["GET /media-stream HTTP/1.1", "Host: 127.0.0.1:%d" % port, "Upgrade: websocket",
                 "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode()]
        if signature is not None:
            lines.append("X-Twilio-Signature: " + signature)
        self.socket.sendall("\r\n".join(lines + ["", ""]).encode())
        self.bytes = b""
        while b"\r\n\r\n" not in self.bytes and self.more():
            pass
        head, _, self.bytes = self.bytes.partition(b"\r\n\r\n")
        self.status = int(head.split(b" ", 2)[1])

    def more(self):
        got = self.socket.recv(65536)
        self.bytes += got
        return got

    def send(self, message):
        data = json.dumps(message).encode()
        size = struct.pack("!BH", 0x80 | 126, len(data)) if len(data) > 125 else bytes([0x80 | len(data)])
        mask = os.urandom(4)
        self.socket.sendall(bytes([0x80 | TEXT]) + size + mask +
                            bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))

    def frame(self):
        """The next frame as (kind, content); nothing when the other side is gone."""
        def take(count):
            while len(self.bytes) < count:
                if not self.more():
                    raise EOFError
            taken, self.bytes = self.bytes[:count], self.bytes[count:]
            return taken

        try:
            kind, size = take(2)
            if size == 126:
                size = struct.unpack("!H", take(2))[0]
            elif size == 127:
                size = struct.unpack("!Q", take(8))[0]
            return kind & 15, take(size)
        except (EOFError, ConnectionError):
            return None

    def begin(self, stream, call, account, token):
        self.send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        self.send({"event": "start", "sequenceNumber": "1", "streamSid": stream,
                   "start": {"streamSid": stream, "accountSid": account, "callSid": call,
                             "tracks": ["inbound"],
                             "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000,
                                             "channels": 1},
                             "customParameters": {} if token is None else {"token": token}}})

    def is_let_in(self):
        """Whether sound comes, rather than the end."""
        while frame := self.frame():
            if frame[0] == CLOSE:
                return False
            if frame[0] == TEXT and json.loads(frame[1])["event"] == "media":
                return True
        return False

    def close(self):
        self.socket.close()


class StreamThievesTest(world.Case):
    def setUp(self):
        super().setUp()
        with open(self.path("arthur.json"), "w") as file:
            json.dump({"id": "arthur", "kind": "callback", "mode": "agent", "contacts": [],
                       "message": "Sono Arthur. Arrivederci.",
                       "agent": {"disclosure": "Parla un'intelligenza artificiale.",
                                 "instructions": "Saluti e chiuda."}}, file)
        self.rehearsal = self.carrier("--speed", 1)
        self.log, self.port = self.path("L.db"), world.free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        self.door = self.start("serve", "--log", self.log, "--carrier", self.rehearsal.choice,
                               "--agent", self.path("arthur.json"), "--listen",
                               "127.0.0.1:%d" % self.port)
        world.wait_until(lambda: "serving" in self.door.out() or not self.door.running(),
                         "it serves")
        self.assertTrue(self.door.running(), self.door.err())
        self.random = random.Random(5)

    def sid(self, kind):
        return kind + "%032x" % self.random.getrandbits(128)

    def signed(self, url=None, token=None):
        return world.signature(token or self.rehearsal.auth_token,
                               url or "ws://127.0.0.1:%d/media-stream" % self.port, [])

    def answered_call(self):
        """A call that asks for its document: its sid, and the token of its stream."""
        sid = self.sid("CA")
        status, document = world.post(
            self.url + "/outbound-call?mode=agent",
            {"CallSid": sid, "AccountSid": self.rehearsal.account_sid, "From": "+390698765432",
             "To": "+390612345678", "CallStatus": "in-progress"}, self.rehearsal.auth_token)
        self.assertEqual(status, 200)
        parameters = {each.get("name"): each.get("value")
                      for each in xml.etree.ElementTree.fromstring(document).iter("Parameter")}
        return sid, parameters["token"]

    def met_the_model(self):
        """How often somebody connected with the voice model."""
        with urllib.request.urlopen("http://127.0.0.1:%d/rehearsal/truth.json" %
                                    self.rehearsal.port, timeout=world.PATIENCE_S) as answer:
            voice = json.load(answer)["voice"]
        return voice["sessions"] + voice["refused"]

    def test_nobody_but_the_call_itself_gets_its_stream_and_it_once(self):
        account = self.rehearsal.account_sid
        mine, theirs = self.answered_call(), self.answered_call()

        # Upgrades that nobody signed, or somebody else, or for another address.
        good = self.signed()
        forgeries = [
            None, "", good[:-1], good.swapcase(), self.signed(token="0" * 32),
            self.signed("wss://127.0.0.1:%d/media-stream" % (self.port + 1)),
            self.signed(self.url + "/outbound-call"), self.signed("ws://example.org/media-stream")]
        for i in range(THEFTS):
            forged = (base64.b64encode(self.random.randbytes(20)).decode() if i >= len(forgeries)
                      else forgeries[i])
            stream = Stream(self.port, forged)
            self.assertEqual(stream.status, 403)
            stream.close()

        # Streams that the carrier signed, about calls that are not theirs.
        def flipped(token):
            at = self.random.randrange(len(token))
            return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1:]

        thefts = [
            lambda: (mine[0], account, theirs[1]),
            lambda: (theirs[0], account, mine[1]),
            lambda: (self.sid("CA"), account, mine[1]),
            lambda: (mine[0], self.sid("AC"), mine[1]),
            lambda: (mine[0], account, None),
            lambda: (mine[0], account, ""),
            lambda: (mine[0], account, flipped(mine[1])),
            lambda: (mine[0], account, mine[1][:-1]),
            lambda: ("", account, mine[1]),
        ]
        for i in range(THEFTS):
            call, of, token = thefts[i % len(thefts)]()
            stream = Stream(self.port, good)
            self.assertEqual(stream.status, 101)
            stream.begin(self.sid("MZ"), call, of, token)
            self.assertFalse(stream.is_let_in())
            stream.close()
        self.assertEqual(self.met_the_model(), 0)

        # The tokens are as good as new to the calls that they were made for, each once; meanwhile
        # and afterwards they are worth nothing.
        for call, token in (mine, theirs):
            first = Stream(self.port, good)
            first.begin(self.sid("MZ"), call, account, token)
            self.assertTrue(first.is_let_in())
            met = self.met_the_model()
            for i in range(THEFTS // 2):
                if i == THEFTS // 4:
                    first.close()
                again = Stream(self.port, good)
                again.begin(self.sid("MZ"), call, account, token)
                self.assertFalse(again.is_let_in())
                again.close()
            self.assertEqual(self.met_the_model(), met)
        self.assertEqual(self.met_the_model(), 2)

        self.door.interrupt()
        self.door.wait()
        opened = [event.stream for event in world.events_of(self.log)
                  if event.type == "StreamOpened"]
        self.assertEqual(sorted(opened), sorted("call/" + sid for sid, _ in (mine, theirs)))
        self.assert_log_is_well(self.log)

    def test_a_talk_that_is_open_when_the_program_is_told_to_stop_goes_on_to_its_end(self):
        call, token = self.answered_call()
        talk = Stream(self.port, self.signed())
        talk.begin(self.sid("MZ"), call, self.rehearsal.account_sid, token)
        self.assertTrue(talk.is_let_in())
        world.wait_for_event(self.log, "StreamOpened")
        self.door.process.send_signal(signal.SIGTERM)
        world.wait_until(lambda: (world.Control(self.log).ask("GET", "/readyz") or (0,))[0] == 503 or
                         not self.door.running(), "it has heard the signal")
        time.sleep(1)
        self.assertTrue(self.door.running(), self.door.err())
        self.assertTrue(talk.is_let_in())
        talk.close()
        self.assertEqual(self.door.wait(), 0, self.door.err())
        ends = [event.payload["why"] for event in world.events_of(self.log)
                if event.type == "StreamClosed"]
        self.assertEqual(len(ends), 1)
        self.assert_log_is_well(self.log)


if __name__ == "__main__":
    world.main()
