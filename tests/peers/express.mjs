// A program as its users write them: Express, Twilio's VoiceResponse and its check of signatures. The
// rehearsal carrier drives it through a whole call, and every webhook passes `validateRequest`, also
// with the fields and encodings that nobody expects.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import https from 'node:https';

import express from 'express';
import twilio from 'twilio';

import * as support from './support.mjs';

const { VoiceResponse } = twilio.twiml;

await support.run(async (scene) => {
  const seen = [];
  const app = express();
  app.use(express.urlencoded({ extended: false }));
  app.use((request, response, next) => {
    const url = base + request.originalUrl;
    const signature = request.header('X-Twilio-Signature');
    const good = twilio.validateRequest(support.token, signature, url, request.body);
    const { path, body, query, method } = request;
    seen.push({ path, good, body, query, method });
    if (!good) return response.status(403).end();
    next();
  });
  app.post('/voice', (request, response) => {
    const twiml = new VoiceResponse();
    const gather = twiml.gather({ numDigits: 1, action: '/answer?question=1', timeout: 5,
                                  language: 'it-IT' });
    gather.say({ language: 'it-IT', voice: 'Polly.Bianca' },
               'Conferma l’appuntamento? Prema 1 per sì & 2 per no.');
    twiml.redirect('/voice');
    response.type('text/xml').send(twiml.toString());
  });
  app.post('/answer', (request, response) => {
    const twiml = new VoiceResponse();
    twiml.say('Grazie.');
    twiml.pause({ length: 1 });
    twiml.play({ digits: '1ww2' });
    twiml.redirect({ method: 'GET' }, '/goodbye');
    response.type('text/xml').send(twiml.toString());
  });
  app.get('/goodbye', (request, response) => {
    const twiml = new VoiceResponse();
    twiml.say('Arrivederci.');
    twiml.connect().stream({ url: `wss://${support.publicHost}/media` })
      .parameter({ name: 'from', value: support.from });
    twiml.hangup();
    response.type('text/xml').send(twiml.toString());
  });
  app.post(['/status', '/recording', '/machine'], (request, response) => response.sendStatus(204));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  scene.ends.push(async () => { server.closeAllConnections(); server.close(); });
  const base = 'http://127.0.0.1:' + server.address().port;

  for (const faults of ['', 'webhook_unknown_fields=1000', 'webhook_odd_encoding=1000']) {
    seen.length = 0;
    const carrier = await scene.carrier('--speed', '20', '--faults', faults);
    const form = new URLSearchParams({
      To: support.to, From: support.from, Url: base + '/voice?a=1#rc=2', Record: 'true',
      StatusCallback: base + '/status', RecordingStatusCallback: base + '/recording',
      MachineDetection: 'Enable', AsyncAmd: 'true', AsyncAmdStatusCallback: base + '/machine',
    });
    for (const event of ['initiated', 'ringing', 'answered', 'completed']) {
      form.append('StatusCallbackEvent', event);
    }
    const created = await new Promise((done, fail) => {
      const request = https.request({
        host: '127.0.0.1', port: carrier.port, servername: support.apiHost, method: 'POST',
        path: `/2010-04-01/Accounts/${support.account}/Calls.json`,
        auth: support.account + ':' + support.token, ca: readFileSync(scene.path('ca.pem')),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded',
                   'Content-Length': Buffer.byteLength(form.toString()) },
      }, (response) => { response.resume(); done(response.statusCode); });
      request.on('error', fail);
      request.end(form.toString());
    });
    assert.equal(created, 201);
    await support.until(() => seen.some((each) => each.path === '/recording'), 'it is recorded');

    assert.deepEqual(seen.filter((each) => !each.good), [], 'validateRequest takes them all');
    const bodies = (path) => seen.filter((each) => each.path === path).map((each) => each.body);
    // Nobody promises that callbacks arrive in order.
    const statuses = bodies('/status').sort((a, b) => a.SequenceNumber - b.SequenceNumber);
    assert.deepEqual(statuses.map((body) => body.CallStatus),
                     ['initiated', 'ringing', 'in-progress', 'completed']);
    assert.ok(Number(statuses[3].CallDuration) > 0);
    assert.equal(bodies('/voice').length, 1);
    assert.match(bodies('/answer')[0].Digits, /^[12]$/);
    assert.equal(bodies('/machine')[0].AnsweredBy, 'human');
    const goodbye = seen.find((each) => each.path === '/goodbye');
    assert.equal(goodbye.method, 'GET');
    assert.equal(goodbye.query.CallStatus, 'in-progress');
    assert.equal(bodies('/recording')[0].RecordingStatus, 'completed');
    if (faults.includes('unknown')) assert.equal(bodies('/voice')[0].NewIn2027,
                                                 'città, però & più ☎');
    carrier.child.kill();
  }
});
