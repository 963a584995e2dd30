// The way Node + Twilio projects place calls, against our door: their script, their .env with a bare
// host, Twilio's own client over TLS. The carrier is the rehearsal's, the door is that of `serve`.
//
//   node outbound.mjs [simple|agent|WORD]
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { fileURLToPath } from 'node:url';
import twilio from 'twilio';

import { canonical } from './canonical.mjs';
import * as support from './support.mjs';

const mode = process.argv[2];
const script = fileURLToPath(new URL('./test-outbound.mjs', import.meta.url));

// The documents of design.md 7.
const message = 'Ciao! Questo è un messaggio di prova. Il sistema di chiamate funziona. ' +
  'Grazie e arrivederci!';
const simple = `<?xml version="1.0" encoding="UTF-8"?>
<Response>
  <Say language="it-IT">${message}</Say>
  <Pause length="1"/>
  <Hangup/>
</Response>`;
// What the door answers to a webhook that Twilio's own code signs.
function ask(scene, port, url, params) {
  const body = new URLSearchParams(params).toString();
  return new Promise((done, fail) => {
    const request = https.request({
      host: '127.0.0.1', port, servername: support.publicHost, method: 'POST',
      path: url.slice(url.indexOf('/', 'https://'.length)), ca: readFileSync(scene.path('ca.pem')),
      headers: {
        Host: support.publicHost,
        'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8',
        'Content-Length': Buffer.byteLength(body),
        'X-Twilio-Signature': twilio.getExpectedTwilioSignature(support.token, url, params),
      },
    }, (response) => {
      let text = '';
      response.on('data', (bytes) => (text += bytes));
      response.on('end', () => done({ status: response.statusCode, text }));
    });
    request.on('error', fail);
    request.end(body);
  });
}

await support.run(async (scene) => {
  const doorPort = await support.freePort();
  const carrier = await scene.carrier('--webhooks-to', '127.0.0.1:' + doorPort, '--speed', '5');
  const door = await scene.door(carrier.port, doorPort);
  const proxy = await scene.proxyTo(carrier.port);
  const said = await scene.node(script, [support.to, ...(mode ? [mode] : [])],
                                { ...support.envOf(scene), HTTP_PROXY: proxy });
  const sid = said.trim();
  assert.match(sid, /^CA[0-9a-f]{32}$/);

  const ended = await support.until(
    () => scene.events(sid).find((event) => event.type === 'CallEnded'), 'the call has ended');
  const types = scene.events(sid).map((event) => event.type);
  assert.deepEqual(types, ['CallInitiated', 'CallRinging', 'CallAnswered', 'CallEnded']);
  const ending = ended.payload ?? ended;
  assert.equal(ending.status, 'completed');
  assert.ok(Number(ending.seconds) > 0, 'the seconds are there: ' + JSON.stringify(ended));

  // The carrier's own account of it: every webhook was answered as it should be.
  const truth = JSON.parse(await new Promise((done, fail) => https.get({
    host: '127.0.0.1', port: carrier.port, servername: support.apiHost,
    path: '/rehearsal/truth.json', ca: readFileSync(scene.path('ca.pem')),
  }, (response) => {
    let text = '';
    response.on('data', (bytes) => (text += bytes));
    response.on('end', () => done(text));
  }).on('error', fail)));
  const { counters } = truth;
  assert.equal(counters.callbacks_due, 4);
  assert.equal(counters.callbacks_delivered, 4);
  assert.equal(counters.documents_asked, 1);
  assert.equal(counters.documents_failed, 0);

  // The document itself.
  const url = `https://${support.publicHost}/outbound-call` + (mode ? '?mode=' + mode : '');
  const answer = await ask(scene, doorPort, url, {
    CallSid: sid, AccountSid: support.account, From: support.from, To: support.to,
    CallStatus: 'in-progress', Direction: 'outbound-api', ApiVersion: '2010-04-01',
  });
  assert.equal(answer.status, 200);
  assert.equal(canonical(answer.text), canonical(simple));

  // Somebody who mistypes the mode hears of it.
  const known = !mode || mode === 'simple' || mode === 'agent';
  assert.equal(door.out.includes('unknown mode'), !known, door.out);
  // And whoever wants an agent where none is named.
  assert.equal(door.out.includes('no voice model is configured'), mode === 'agent', door.out);
});
