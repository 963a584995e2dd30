// Our bridge between other people's ends: npm ws as the carrier's media stream, signed by Twilio's own
// code, at the public door over TLS; and what we tell the voice model, held by the compiler against the
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

await support.run(async (scene) => {
  const ca = readFileSync(scene.path('ca.pem'));
  const doorPort = await support.freePort();
  const carrier = await scene.carrier('--webhooks-to', '127.0.0.1:' + doorPort);
  const { voice_port: voicePort } = JSON.parse(carrier.out.split('\n')[0]);
  const told = { requests: [], events: [], errors: [], closed: 0 };
  const relayPort = await relay(scene, ca, voicePort, told);
  writeFileSync(scene.path('arthur.json'), JSON.stringify({
    id: 'arthur', kind: 'callback', mode: 'agent', contacts: [],
    message: 'Sono Arthur. Arrivederci.',
    agent: { disclosure: "Parla un'intelligenza artificiale.", instructions: 'Saluti e chiuda.' },
  }));
  await scene.door(carrier.port, doorPort, ['--agent', scene.path('arthur.json')], {
    OPENAI_BASE_URL: `https://localhost:${relayPort}/v1`,
    OPENAI_API_KEY: 'any key',
    OPENAI_REALTIME_MODEL: 'any-model',
    OPENAI_TRANSCRIPTION_MODEL: 'gpt-4o-transcribe',
  });

  const call = sid('CA');
  const document = await ask(doorPort, ca, '/outbound-call?mode=agent', {
    CallSid: call, AccountSid: support.account, From: support.from, To: support.to,
    CallStatus: 'in-progress',
  });
  assert.match(document, /<Stream url="wss:\/\/voice\.example\.test\/media-stream"/);
  const token = /<Parameter name="token" value="([^"]+)"/.exec(document)[1];

  // Only whom Twilio's code signed for.
  const signature = twilio.getExpectedTwilioSignature(
    support.token, `wss://${support.publicHost}/media-stream`, {});
  assert.equal((await connect(doorPort, ca)).status, 403);
  const other = twilio.getExpectedTwilioSignature(
    'another', `wss://${support.publicHost}/media-stream`, {});
  assert.equal((await connect(doorPort, ca, other)).status, 403);
  const { socket } = await connect(doorPort, ca, signature);
  assert.ok(socket, 'the door opens');

  // The carrier's side of a talk: a frame of silence each 20 ms, sound played in real time, a mark sent
  // back when what was before it has been heard.
  const stream = sid('MZ');
  const got = { media: 0, bytes: 0, marks: 0, clears: 0, kinds: new Set() };
  let number = 0;
  const send = (event) => socket.send(JSON.stringify({ ...event, sequenceNumber: String(++number) }));
  socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }));
  send({ event: 'start', streamSid: stream, start: {
    streamSid: stream, accountSid: support.account, callSid: call, tracks: ['inbound'],
    mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
    customParameters: { token },
  } });
  const begun = Date.now();
  let heardUntil = begun;
  let chunk = 0;
  const silence = Buffer.alloc(160, 0xff).toString('base64');
  const clock = setInterval(() => send({ event: 'media', streamSid: stream, media: {
    track: 'inbound', chunk: String(++chunk), timestamp: String(Date.now() - begun), payload: silence,
  } }), 20);
  const closed = new Promise((done) => socket.on('close', (code) => done(code)));
  socket.on('message', (bytes, binary) => {
    assert.equal(binary, false);
    const event = JSON.parse(bytes);
    got.kinds.add(event.event);
    assert.equal(event.streamSid, stream);
    if (event.event === 'media') {
      const sound = Buffer.from(event.media.payload, 'base64');
      assert.equal(sound.toString('base64'), event.media.payload);
      got.media += 1;
      got.bytes += sound.length;
      heardUntil = Math.max(heardUntil, Date.now()) + sound.length / 8;
    } else if (event.event === 'mark') {
      got.marks += 1;
      setTimeout(() => {
        if (socket.readyState === 1) send({ event: 'mark', streamSid: stream, mark: event.mark });
      }, Math.max(0, heardUntil - Date.now()));
    }
  });
  const code = await Promise.race([closed, new Promise((done) => setTimeout(done, 60_000, 'late'))]);
  clearInterval(clock);
  assert.equal(code, 1000);
  assert.ok(got.bytes > 8000, 'the agent was heard');
  assert.ok(got.marks > 0);
  for (const kind of got.kinds) assert.ok(['media', 'mark', 'clear'].includes(kind), kind);

  const events = await support.until(() => {
    const all = scene.events(call);
    return all.some((event) => event.type === 'StreamClosed') && all;
  }, 'the log knows the end of the stream');
  const types = events.map((event) => event.type);
  assert.equal(types.filter((type) => type === 'StreamOpened').length, 1);
  const end = events.find((event) => event.type === 'StreamClosed').payload;
  assert.equal(end.why, 'silence');  // nobody spoke
  assert.ok(end.first_sound_ms > 0);

  // The model's side: one session, with the key, never before the door had checked the token.
  assert.equal(told.requests.length, 1);
  await support.until(() => told.closed === 1, 'the session is closed with the call');

  // Once more with somebody who listens and speaks: the carrier's own person.
  const placed = await place(carrier.port, ca);
  await support.until(() => scene.events(placed).some((event) => event.type === 'StreamClosed'),
                      'a person has talked with the agent');
  await support.until(() => told.closed === 2, 'the second session is closed with its call');
  assert.equal(told.requests.length, 2);
  assert.equal(told.requests[0].headers.authorization, 'Bearer any key');
  assert.equal(told.requests[0].url, '/v1/realtime?model=any-model');
  assert.equal(told.requests[0].headers['openai-beta'], undefined);
  assert.deepEqual(told.errors, []);
  assert.equal(told.events[0].type, 'session.update');

  // Each kind of event as it was sent, each field by the client's own types: a literal with a member that
  // they do not know, or without one that they want, does not compile.
  const seen = new Map();
  for (const event of told.events) {
    if (event.type === 'session.update') {
      // The service's own examples say that there is none by null (protocols.md 6.2); the types know
      // only its absence.
      assert.equal(event.session.audio.input.noise_reduction, null);
      delete event.session.audio.input.noise_reduction;
    }
    const shape = event.type + JSON.stringify(Object.keys(event)) + (event.item?.type ?? '');
    if (!seen.has(shape)) seen.set(shape, event);
  }
  for (const wanted of ['session.update', 'input_audio_buffer.append', 'response.create',
                        'conversation.item.create']) {
    assert.ok([...seen.values()].some((event) => event.type === wanted), wanted);
  }
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
