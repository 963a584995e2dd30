// A voice agent as Node projects write one (npm ws for the carrier's media stream, npm openai for the
// Realtime API) between the rehearsal's carrier and its voice model. Nothing of it is ours but the two
// ends: the person is called, hears the agent, answers, is heard; the agent says goodbye and closes.
//
//   node agent.mjs
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import twilio from 'twilio';
import { WebSocketServer } from 'ws';

import * as support from './support.mjs';

const question = 'Da uno a cinque, quanto è soddisfatto?';
const instructions = [
  '<person>', '{}', '</person>',
  '<survey>',
  JSON.stringify([{ id: 'q1', type: 'rating', ask: question, required: true, least: 1, most: 5,
                    answered: false }]),
  '</survey>',
  '<opening>', 'Buongiorno.', '</opening>',
  '<goodbye>', 'Grazie, arrivederci.', '</goodbye>',
].join('\n');
const tool = (name) => ({
  type: 'function', name, description: name, parameters: { type: 'object', properties: {} },
});

// The client's own types name every event; these are all that a telephone call needs.
const session = {
  type: 'realtime',
  output_modalities: ['audio'],
  instructions,
  audio: {
    input: {
      format: { type: 'audio/pcmu' },
      transcription: { model: 'gpt-transcribe', language: 'it' },
      turn_detection: { type: 'server_vad', silence_duration_ms: 500, create_response: true,
                        interrupt_response: true },
    },
    output: { format: { type: 'audio/pcmu' }, voice: 'cedar' },
  },
  tools: [tool('record_answer'), tool('end_call')],
};

// The bridge between one call and one session.
function bridge(call, client, ca, told) {
  let stream;
  let goodbye = false;
  const model = new OpenAIRealtimeWS({ model: 'any-model', options: { ca } }, client);
  model.on('error', (error) => told.errors.push(error.message));
  model.on('session.created', () => model.send({ type: 'session.update', session }));
  model.on('session.updated', (event) => {
    told.formats = [event.session.audio.input.format.type, event.session.audio.output.format.type];
    model.send({ type: 'response.create' });
  });
  model.on('response.output_audio.delta', (event) => call.send(JSON.stringify({
    event: 'media', streamSid: stream, media: { payload: event.delta },
  })));
  model.on('input_audio_buffer.speech_started', () => call.send(JSON.stringify({
    event: 'clear', streamSid: stream,
  })));
  model.on('response.output_audio_transcript.done', (event) => told.agent.push(event.transcript));
  model.on('conversation.item.input_audio_transcription.completed',
           (event) => told.person.push(event.transcript));
  model.on('response.done', ({ response }) => {
    told.tokens += response.usage.output_tokens;
    for (const item of response.output.filter((each) => each.type === 'function_call')) {
      const answer = JSON.parse(item.arguments);
      told.calls.push([item.name, answer]);
      const output = item.name === 'record_answer' ? { ok: true, next: null } : { ok: true };
      model.send({ type: 'conversation.item.create', item: {
        type: 'function_call_output', call_id: item.call_id, output: JSON.stringify(output),
      } });
      if (item.name === 'record_answer') {
        model.send({ type: 'response.create' });
      } else {
        goodbye = true;
        call.send(JSON.stringify({ event: 'mark', streamSid: stream, mark: { name: 'bye' } }));
      }
    }
  });
  call.on('message', (bytes) => {
    const event = JSON.parse(bytes);
    if (event.event === 'start') {
      stream = event.streamSid;
      told.start = event.start;
    } else if (event.event === 'media') {
      told.frames.add(Buffer.from(event.media.payload, 'base64').length);
      if (model.socket.readyState === 1) {
        model.send({ type: 'input_audio_buffer.append', audio: event.media.payload });
      }
    } else if (event.event === 'mark' && goodbye) {
      call.close();
    }
  });
  call.on('close', () => model.close());
}

await support.run(async (scene) => {
  const ca = readFileSync(scene.path('ca.pem'));
  const carrier = await scene.carrier('--speed', '4');
  const { voice_port: voicePort } = JSON.parse(carrier.out.split('\n')[0]);
  const client = new OpenAI({ apiKey: 'any key', baseURL: `https://localhost:${voicePort}/v1` });
  const told = { agent: [], person: [], calls: [], errors: [], frames: new Set(), tokens: 0 };

  const port = await support.freePort();
  const upgrades = [];
  const statuses = [];
  const web = http.createServer((request, response) => {
    let body = '';
    request.on('data', (bytes) => (body += bytes));
    request.on('end', () => {
      if (request.url === '/status') statuses.push(new URLSearchParams(body).get('CallStatus'));
      response.setHeader('Content-Type', 'text/xml');
      response.end(request.url === '/talk'
        ? `<Response><Connect><Stream url="ws://127.0.0.1:${port}/media"/></Connect><Hangup/></Response>`
        : '<Response/>');
    });
  });
  new WebSocketServer({ server: web }).on('connection', (call, request) => {
    upgrades.push(request);
    bridge(call, client, ca, told);
  });
  web.listen(port, '127.0.0.1');
  scene.ends.push(async () => { web.closeAllConnections(); web.close(); });

  const form = new URLSearchParams({
    To: support.to, From: support.from, Url: `http://127.0.0.1:${port}/talk`,
    StatusCallback: `http://127.0.0.1:${port}/status`,
  });
  for (const event of ['initiated', 'ringing', 'answered', 'completed']) {
    form.append('StatusCallbackEvent', event);
  }
  const placed = await new Promise((done, fail) => {
    const request = https.request({
      host: '127.0.0.1', port: carrier.port, servername: support.apiHost, ca, method: 'POST',
      path: `/2010-04-01/Accounts/${support.account}/Calls.json`,
      auth: support.account + ':' + support.token,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    }, (response) => done(response.statusCode));
    request.on('error', fail);
    request.end(form.toString());
  });
  assert.equal(placed, 201);
  await support.until(() => statuses.includes('completed'), 'the call has ended');

  assert.equal(upgrades.length, 1);
  assert.ok(twilio.validateRequest(support.token, upgrades[0].headers['x-twilio-signature'],
                                   `ws://127.0.0.1:${port}/media`, {}), 'the upgrade is signed');
  assert.deepEqual(told.formats, ['audio/pcmu', 'audio/pcmu']);
  assert.deepEqual([...told.frames], [160]);
  assert.deepEqual(told.errors, []);
  assert.equal(told.agent[0], 'Buongiorno. ' + question);
  assert.equal(told.agent.at(-1), 'Grazie. Grazie, arrivederci.');
  assert.ok(told.person.length > 0, 'the person was heard');
  const recorded = told.calls.find(([name]) => name === 'record_answer');
  assert.ok(Number(recorded[1].value) >= 1 && Number(recorded[1].value) <= 5);
  assert.equal(recorded[1].words, told.person[0]);
  assert.deepEqual(told.calls.at(-1), ['end_call', { reason: 'done' }]);
  assert.ok(told.tokens > 0);
});
