// Our bridge between other people's ends: npm ws as the carrier's media stream, signed by Twilio's own
// code, at the public door over TLS, with pings, fragments, a key and ends without a word; and what we tell the voice model, held by the compiler against the
// types of npm openai. The model is the rehearsal's; a relay in between writes down what it is told.
//
//   node media.mjs
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { fileURLToPath } from 'node:url';
import twilio from 'twilio';
import WebSocket, { WebSocketServer } from 'ws';

import * as support from './support.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const sid = (kind) => kind + randomBytes(16).toString('hex');

// Takes sessions as the model does, and passes on what either side says.
async function relay(scene, ca, to, told) {
  const server = https.createServer({
    cert: readFileSync(scene.path(support.apiHost + '.pem')),
    key: readFileSync(scene.path(support.apiHost + '.key')),
  });
  new WebSocketServer({ server }).on('connection', (ours, request) => {
    told.requests.push(request);
    const model = new WebSocket(`wss://localhost:${to}${request.url}`, {
      ca, headers: { Authorization: request.headers.authorization },
    });
    const early = [];
    ours.on('message', (bytes) => {
      told.events.push(JSON.parse(bytes));
      if (model.readyState === 1) model.send(bytes.toString()); else early.push(bytes.toString());
    });
    model.on('open', () => early.splice(0).forEach((text) => model.send(text)));
    model.on('message', (bytes) => {
      const event = JSON.parse(bytes);
      if (event.type === 'error') told.errors.push(event.error.message);
      ours.send(bytes.toString());
    });
    ours.on('close', () => { told.closed += 1; model.close(); });
    model.on('close', () => ours.close());
    for (const socket of [ours, model]) socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  scene.ends.push(async () => { server.closeAllConnections(); server.close(); });
  return server.address().port;
}

// A webhook to the door, signed by Twilio's own code; resolves to the body.
function ask(port, ca, path, params) {
  const url = 'https://' + support.publicHost + path;
  const body = new URLSearchParams(params).toString();
  return new Promise((done, fail) => {
    const request = https.request({
      host: '127.0.0.1', port, servername: support.publicHost, ca, method: 'POST', path,
      headers: {
        Host: support.publicHost,
        'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8',
        'Content-Length': Buffer.byteLength(body),
        'X-Twilio-Signature': twilio.getExpectedTwilioSignature(support.token, url, params),
      },
    }, (response) => {
      let text = '';
      response.on('data', (bytes) => (text += bytes));
      response.on('end', () => done(text));
    });
    request.on('error', fail);
    request.end(body);
  });
}

// The carrier is told to call; resolves to the call's sid.
function place(port, ca) {
  const form = new URLSearchParams({
    To: support.to, From: support.from, Url: `https://${support.publicHost}/outbound-call?mode=agent`,
    StatusCallback: `https://${support.publicHost}/call-status`,
  }).toString();
  return new Promise((done, fail) => {
    const request = https.request({
      host: '127.0.0.1', port, servername: support.apiHost, ca, method: 'POST',
      path: `/2010-04-01/Accounts/${support.account}/Calls.json`,
      auth: support.account + ':' + support.token,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    }, (response) => {
      let text = '';
      response.on('data', (bytes) => (text += bytes));
      response.on('end', () => done(JSON.parse(text).sid));
    });
    request.on('error', fail);
    request.end(form);
  });
}

// What comes of an upgrade: the status that refuses it, or an open socket.
function connect(port, ca, signature) {
  const socket = new WebSocket(`wss://127.0.0.1:${port}/media-stream`, {
    ca, servername: support.publicHost,
    headers: { Host: support.publicHost, ...(signature ? { 'X-Twilio-Signature': signature } : {}) },
  });
  return new Promise((done) => {
    socket.on('open', () => done({ socket }));
    socket.on('unexpected-response', (_request, response) => done({ status: response.statusCode }));
    socket.on('error', () => {});
  });
}

// A text in pieces, the first cut within the first character that allows it, with a ping in between.
function sendInPieces(socket, text) {
  const whole = Buffer.from(text);
  const wide = whole.findIndex((byte) => byte >= 0xc0);
  const cut = wide < 0 ? Math.floor(whole.length / 2) : wide + 1;
  socket.send(whole.subarray(0, cut), { binary: false, fin: false });
  socket.ping('in between');
  socket.send(whole.subarray(cut, cut + 1), { binary: false, fin: false });
  socket.send(whole.subarray(cut + 1), { binary: false, fin: true });
}

const silence = Buffer.alloc(160, 0xff).toString('base64');

// The carrier's side of a talk: a frame of silence each 20 ms, sound played in real time, a mark sent
// back when what was before it has been heard or was cleared. Every tenth message comes in pieces.
class Talk {
  constructor(socket, call, token) {
    this.socket = socket;
    this.call = call;
    this.token = token;
    this.stream = sid('MZ');
    this.got = { media: 0, bytes: 0, marks: 0, clears: 0, pongs: 0, kinds: new Set() };
    this.number = 0;
    this.marks = [];  // not sent back yet: when, and the event
    this.heardUntil = 0;
    this.pings = 0;
    this.closed = new Promise((done) => socket.on('close', (code) => done(code)));
    this.firstSound = new Promise((done, fail) => {
      this.onFirstSound = done;
      this.closed.then((code) => fail(new Error('closed with ' + code + ' before any sound')));
    });
    this.firstSound.catch(() => {});
    socket.on('message', (bytes, binary) => this.hear(bytes, binary));
    socket.on('pong', (data) => {
      assert.equal(String(data), 'in between');
      this.got.pongs += 1;
    });
    this.closed.then(() => clearInterval(this.clock));
  }

  send(event) {
    const text = JSON.stringify({ ...event, sequenceNumber: String(++this.number) });
    if (this.number % 10 !== 1) return this.socket.send(text);
    this.pings += 1;
    return sendInPieces(this.socket, text);
  }

  // What a carrier says to open a talk; the start has a Parameter that nobody asked for.
  start() {
    this.socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }));
    this.send({ event: 'start', streamSid: this.stream, start: {
      streamSid: this.stream, accountSid: support.account, callSid: this.call, tracks: ['inbound'],
      mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      customParameters: { città: 'Forlì', token: this.token },
    } });
    const begun = Date.now();
    let chunk = 0;
    this.clock = setInterval(() => {
      if (this.socket.readyState !== 1) return;
      this.send({ event: 'media', streamSid: this.stream, media: {
        track: 'inbound', chunk: String(++chunk), timestamp: String(Date.now() - begun), payload: silence,
      } });
      while (this.marks.length > 0 && this.marks[0].at <= Date.now()) this.sendBack(this.marks.shift());
    }, 20);
  }

  press(digit) {
    this.send({ event: 'dtmf', streamSid: this.stream, dtmf: { track: 'inbound_track', digit } });
  }

  sendBack({ event }) {
    this.send({ event: 'mark', streamSid: this.stream, mark: event.mark });
  }

  hear(bytes, binary) {
    assert.equal(binary, false);
    const event = JSON.parse(bytes);
    this.got.kinds.add(event.event);
    assert.equal(event.streamSid, this.stream);
    if (event.event === 'media') {
      const sound = Buffer.from(event.media.payload, 'base64');
      assert.equal(sound.toString('base64'), event.media.payload);
      this.got.media += 1;
      this.got.bytes += sound.length;
      this.heardUntil = Math.max(this.heardUntil, Date.now()) + sound.length / 8;
      this.onFirstSound();
    } else if (event.event === 'mark') {
      this.got.marks += 1;
      this.marks.push({ at: this.heardUntil, event });
    } else if (event.event === 'clear') {
      this.got.clears += 1;
      this.heardUntil = Date.now();
      this.marks.splice(0).forEach((mark) => this.sendBack(mark));
    }
  }
}

await support.run(async (scene) => {
  const ca = readFileSync(scene.path('ca.pem'));
  const doorPort = await support.freePort();
  const carrier = await scene.carrier(
    '--webhooks-to', '127.0.0.1:' + doorPort,
    '--people', support.everybodyAnswers.replace('barge_in=0', 'barge_in=1000'));
  const { voice_port: voicePort } = JSON.parse(carrier.out.split('\n')[0]);
  const told = { requests: [], events: [], errors: [], closed: 0 };
  const relayPort = await relay(scene, ca, voicePort, told);
  writeFileSync(scene.path('arthur.json'), JSON.stringify({
    id: 'arthur', kind: 'callback', mode: 'agent', contacts: [],
    message: "Sono Arthur, l'assistente automatico della ditta che ha riparato la sua caldaia la settimana " +
      'scorsa, e la chiamo per sapere se tutto funziona come deve. Arrivederci.',
    agent: { disclosure: "Parla un'intelligenza artificiale.", instructions: 'Saluti e chiuda.' },
  }));
  await scene.door(carrier.port, doorPort, ['--agent', scene.path('arthur.json')], {
    OPENAI_BASE_URL: `https://localhost:${relayPort}/v1`,
    OPENAI_API_KEY: 'any key',
    OPENAI_REALTIME_MODEL: 'any-model',
    OPENAI_TRANSCRIPTION_MODEL: 'gpt-4o-transcribe',
  });

  // A call that has been answered: its sid and the token of its stream.
  const answered = async () => {
    const call = sid('CA');
    const document = await ask(doorPort, ca, '/outbound-call?mode=agent', {
      CallSid: call, AccountSid: support.account, From: support.from, To: support.to,
      CallStatus: 'in-progress',
    });
    assert.match(document, /<Stream url="wss:\/\/voice\.example\.test\/media-stream"/);
    return [call, /<Parameter name="token" value="([^"]+)"/.exec(document)[1]];
  };
  // Only whom Twilio's code signed for.
  const signature = twilio.getExpectedTwilioSignature(
    support.token, `wss://${support.publicHost}/media-stream`, {});
  assert.equal((await connect(doorPort, ca)).status, 403);
  const other = twilio.getExpectedTwilioSignature(
    'another', `wss://${support.publicHost}/media-stream`, {});
  assert.equal((await connect(doorPort, ca, other)).status, 403);
  // A talk to its end: what there was of it, with what the log says of it.
  const held = async (act) => {
    const [call, token] = await answered();
    const { socket } = await connect(doorPort, ca, signature);
    assert.ok(socket, 'the door opens');
    const talk = new Talk(socket, call, token);
    talk.start();
    await talk.firstSound;
    act(talk);
    const code = await Promise.race(
      [talk.closed, new Promise((done) => setTimeout(done, 60_000, 'late').unref())]);
    assert.equal(code, 1000);
    const { got } = talk;
    assert.ok(got.bytes > 8000, 'the agent was heard');
    assert.ok(got.marks > 0);
    for (const kind of got.kinds) assert.ok(['media', 'mark', 'clear'].includes(kind), kind);
    // The last ones may have crossed the close.
    assert.ok(got.pongs > 3 && got.pongs <= talk.pings && got.pongs >= talk.pings - 2,
              `${got.pongs} of ${talk.pings} pings were answered`);
    const events = await support.until(() => {
      const all = scene.events(call);
      return all.some((event) => event.type === 'StreamClosed') && all;
    }, 'the log knows the end of the stream');
    const types = events.map((event) => event.type);
    assert.equal(types.filter((type) => type === 'StreamOpened').length, 1);
    const end = events.find((event) => event.type === 'StreamClosed').payload;
    assert.ok(end.first_sound_ms > 0);
    return { ...talk.got, why: end.why };
  };

  // Nobody speaks.
  assert.equal((await held(() => {})).why, 'silence');

  // The model's side: one session, with the key, never before the door had checked the token.
  assert.equal(told.requests.length, 1);
  await support.until(() => told.closed === 1, 'the session is closed with the call');

  // A key while the agent is still being thought of: it interrupts, and is answered.
  const pressed = await held((talk) => talk.press('4'));
  assert.equal(pressed.why, 'goodbye');
  assert.equal(pressed.clears, 1);
  await support.until(() => told.closed === 2, 'the second session is closed with its call');

  // Ends without a word, wherever they come: each talk that had begun ends once, with its session, and
  // those that follow are none the worse.
  const lastly = {
    'before the start': null,
    'while the agent talks': () => {},
    'behind a ping': (it, sent) => it.socket.ping('in between', true, sent),
    'in the middle of a message': (it, sent) =>
      it.socket.send('{"event":"media",', { binary: false, fin: false }, sent),
    // A text of 100 bytes, of which 10 come.
    'in the middle of a frame': (it, sent) =>
      it.socket._socket.write(Buffer.from([0x81, 0x80 | 100, 1, 2, 3, 4, ...Buffer.alloc(10, 'x')]), sent),
  };
  let sessions = 2;
  for (const [when, act] of Object.entries(lastly)) {
    const [cut, its] = await answered();
    const it = new Talk((await connect(doorPort, ca, signature)).socket, cut, its);
    if (act) {
      it.start();
      await it.firstSound;
      clearInterval(it.clock);
      await new Promise((sent) => { if (act.length > 0) act(it, sent); else sent(); });
    }
    it.socket.terminate();
    assert.equal(await it.closed, 1006);
    if (!act) continue;
    sessions += 1;
    await support.until(() => told.closed === sessions, when + ': the session is closed');
    const ends = await support.until(() => {
      const all = scene.events(cut).filter((event) => event.type === 'StreamClosed');
      return all.length > 0 && all;
    }, when + ': the log knows the end of the stream');
    assert.deepEqual(ends.map((event) => event.payload.why), ['hung_up'], when);
  }
  assert.equal(told.requests.length, sessions);

  // Once more with somebody who listens, breaks in and speaks: the carrier's own person.
  const placed = await place(carrier.port, ca);
  await support.until(() => scene.events(placed).some((event) => event.type === 'StreamClosed'),
                      'a person has talked with the agent');
  sessions += 1;
  await support.until(() => told.closed === sessions, 'the last session is closed with its call');
  assert.equal(told.requests.length, sessions);
  assert.equal(told.requests[0].headers.authorization, 'Bearer any key');
  assert.equal(told.requests[0].url, '/v1/realtime?model=any-model');
  assert.equal(told.requests[0].headers['openai-beta'], undefined);
  assert.deepEqual(told.errors, []);
  assert.equal(told.events[0].type, 'session.update');

  // Every kind of event that we ever send, each as it was sent, each field by the client's own types: a
  // literal with a member that they do not know, or without one that they want, does not compile.
  const shapeOf = (value, name) => {
    if (value === null || typeof value !== 'object') {
      return ['type', 'role'].includes(name) ? value : typeof value;
    }
    if (Array.isArray(value)) return value.map((each) => shapeOf(each));
    return Object.entries(value).map(([key, each]) => [key, shapeOf(each, key)]);
  };
  const seen = new Map();
  for (const event of told.events) {
    if (event.type === 'session.update') {
      // The service's own examples say that there is none by null (protocols.md 6.2); the types know
      // only its absence.
      assert.equal(event.session.audio.input.noise_reduction, null);
      delete event.session.audio.input.noise_reduction;
    }
    const shape = JSON.stringify(shapeOf(event));
    if (!seen.has(shape)) seen.set(shape, event);
  }
  const kinds = new Set([...seen.values()].map((event) =>
    [event.type, event.item?.type, event.item?.role].filter(Boolean).join(' ')));
  assert.deepEqual([...kinds].sort(), [
    'conversation.item.create function_call_output', 'conversation.item.create message system',
    'conversation.item.create message user', 'conversation.item.truncate', 'input_audio_buffer.append',
    'response.cancel', 'response.create', 'session.update']);
  const check = (literals) => {
    writeFileSync(here + 'told.ts', [
      "import type { RealtimeClientEvent } from 'openai/resources/realtime/realtime';",
      ...literals.map((each, i) => `export const event${i}: RealtimeClientEvent = ${each};`),
    ].join('\n') + '\n');
    try {
      execFileSync(process.execPath, [here + 'node_modules/typescript/bin/tsc', '--noEmit', '--strict',
        '--skipLibCheck', '--module', 'nodenext', '--moduleResolution', 'nodenext', '--target', 'es2022',
        'told.ts'], { cwd: here, encoding: 'utf8' });
      return '';
    } catch (error) {
      return error.stdout;
    }
  };
  const literals = [...seen.values()].map((event) => JSON.stringify(event));
  assert.equal(check(literals), '');
  // It would tell: the same with a field that nobody knows, and with a wrong word.
  const spoiled = { ...told.events[0] };
  assert.match(check([JSON.stringify({ ...spoiled, surprise: 1 })]), /surprise/);
  assert.notEqual(check([JSON.stringify({ ...spoiled, session: { ...spoiled.session, type: 'x' } })]), '');
});
