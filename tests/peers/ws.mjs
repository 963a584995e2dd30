// Node's ws 8 against our WebSocket, both ways: an echo of text, large and in fragments, pings from
// either side, close codes from either side, ends without a word, and what is refused.
//
// The environment names the binary: WS_ECHO (tests/bridge).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import WebSocket, { WebSocketServer } from 'ws';

function echo(...args) {
  const child = spawn(process.env.WS_ECHO, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value };
}

const texts = ['', 'short', 'è già così 🎉', 'x'.repeat(125), 'y'.repeat(126), 'z'.repeat(65_535),
  'ò'.repeat(40_000), 'w'.repeat(1 << 20)];

async function closed(socket) {
  const [code, reason] = await once(socket, 'close');
  return `${code} ${reason}`;
}

// `socket` is ws's end, open; the other end is our echo, and `line` tells what it says.
const scenes = {
  async texts(socket, line) {
    const got = [];
    socket.on('message', (data, binary) => got.push(binary ? null : data.toString()));
    for (const text of texts) socket.send(text);
    while (got.length < texts.length) await once(socket, 'message');
    assert.deepEqual(got, texts);
    socket.close(1000, 'thank you');
    assert.equal(await closed(socket), '1000 ');
    assert.equal(await line(), 'end 1000 peer thank you');
  },
  async fragments(socket, line) {
    // Cut within a character, and with a ping in between.
    const whole = Buffer.from('uno due trè quattro');
    socket.send(whole.subarray(0, 11), { binary: false, fin: false });
    socket.ping('in between');
    socket.send(whole.subarray(11, 12), { binary: false, fin: false });
    socket.send(whole.subarray(12), { binary: false, fin: true });
    const pong = once(socket, 'pong');
    const [data] = await once(socket, 'message');
    assert.equal(String((await pong)[0]), 'in between');
    assert.equal(String(data), String(whole));
    socket.close(4001);
    assert.equal(await closed(socket), '4001 ');
    assert.equal(await line(), 'end 4001 peer ');
  },
  async pings(socket, line) {
    // Ours pings after half a second of silence and leaves who does not answer.
    await once(socket, 'ping');
    await once(socket, 'ping');
    assert.equal(socket.readyState, WebSocket.OPEN);
    socket._autoPong = false;
    assert.equal(await line(), 'end 1006 ours ');
  },
  async close_by_us(socket, line) {
    socket.send('close 1001');
    assert.equal(await closed(socket), '1001 as you wish');
    assert.equal(await line(), 'end 1001 ours as you wish');
  },
  async close_without_code(socket, line) {
    socket.close();
    assert.equal(await closed(socket), '1005 ');
    assert.equal(await line(), 'end 1005 peer ');
  },
  async abrupt(socket, line) {
    socket.send('the last words');
    await once(socket, 'message');
    socket.terminate();
    assert.equal(await line(), 'end 1006 ours ');
  },
  async binary(socket, line) {
    socket.send(Buffer.from([0, 255]));
    assert.equal(await closed(socket), '1003 ');
    assert.equal(await line(), 'end 1003 ours ');
  },
  async too_large(socket, line) {
    socket.send('x'.repeat((1 << 20) + 1));
    assert.equal(await closed(socket), '1009 ');
    assert.equal(await line(), 'end 1009 ours ');
  },
  async not_utf8(socket, line) {
    socket.send(Buffer.from([0x61, 0xff]), { binary: false });
    assert.equal(await closed(socket), '1007 ');
    assert.equal(await line(), 'end 1007 ours ');
  },
  async reserved_bit(socket, line) {
    // ws would not send it: a text with RSV2, empty, masked as a client's has to be.
    socket._socket.write(socket._isServer ? Buffer.from([0xa1, 0]) : Buffer.from([0xa1, 0x80, 1, 2, 3, 4]));
    assert.equal(await closed(socket), '1002 ');
    assert.equal(await line(), 'end 1002 ours ');
  },
};

async function play(name, socket, line) {
  socket.on('error', () => {});
  await scenes[name](socket, line);
  console.log(`${name}: as it should be`);
}

// --- ws is the client

const server = echo('serve');
const port = Number(await server.line());
for (const name of Object.keys(scenes)) {
  // Offers compression, which is not taken.
  const socket = new WebSocket(`ws://127.0.0.1:${port}/media-stream`);
  await once(socket, 'open');
  assert.equal(socket.extensions, '');
  await play(name, socket, server.line);
}
const old = new WebSocket(`ws://127.0.0.1:${port}/`, { protocolVersion: 8 });
const [error] = await once(old, 'error');
assert.match(error.message, /426/);
server.child.kill();

// --- ws is the server

for (const name of Object.keys(scenes)) {
  const listener = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true });
  await once(listener, 'listening');
  const client = echo('connect', String(listener.address().port), '/v1/realtime?model=x');
  const [socket, request] = await once(listener, 'connection');
  assert.equal(request.url, '/v1/realtime?model=x');
  await play(name, socket, client.line);
  listener.close();
}
const refusing = new WebSocketServer({
  port: 0, host: '127.0.0.1', verifyClient: (info, done) => done(false, 401, 'no, sorry') });
await once(refusing, 'listening');
const refused = echo('connect', String(refusing.address().port));
assert.equal(await refused.line(), 'refused 401 no, sorry');
refusing.close();

// A server that accepts and then says nothing at all is no server.
const mute = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1');
await once(mute, 'listening');
const nobody = echo('connect', String(mute.address().port));
assert.equal(await nobody.line(), 'refused 0 ');
mute.close();
console.log('ws: all as it should be');
