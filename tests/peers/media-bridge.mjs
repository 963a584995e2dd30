// A media bridge as its users write it today, on `ws`: Media Streams on one side, the Realtime API
// on the other, JSON parsed and made for every message. For tests/full.sh bench-media. Prints its
// port; MODEL_PORT is where the model listens.
import { createServer } from 'node:http';

import WebSocket, { WebSocketServer } from 'ws';

const told = new Set(['error', 'response.done', 'session.created', 'session.updated']);

function bridge(carrier) {
  let streamSid = null;
  let latestTimestamp = 0;
  let item = null;
  let answerBegan = null;
  const marks = [];
  const model = new WebSocket(`ws://127.0.0.1:${process.env.MODEL_PORT}/v1/realtime?model=bench`, {
    headers: { Authorization: 'Bearer sk-bench' },
  });
  const send = (message) => model.send(JSON.stringify(message));

  function interrupt() {
    if (marks.length === 0 || answerBegan === null) return;
    if (item) {
      send({ type: 'conversation.item.truncate', item_id: item, content_index: 0,
             audio_end_ms: latestTimestamp - answerBegan });
    }
    carrier.send(JSON.stringify({ event: 'clear', streamSid }));
    marks.length = 0;
    item = null;
    answerBegan = null;
  }

  model.on('message', (data) => {
    const message = JSON.parse(data);
    if (told.has(message.type) && process.env.VERBOSE) console.error(message.type);
    switch (message.type) {
      case 'session.created':
        send({ type: 'session.update', session: {
          type: 'realtime', output_modalities: ['audio'], instructions: 'Talk.',
          audio: { input: { format: { type: 'audio/pcmu' }, turn_detection: { type: 'server_vad' } },
                   output: { format: { type: 'audio/pcmu' }, voice: 'marin' } } } });
        break;
      case 'session.updated':
        send({ type: 'response.create' });
        break;
      case 'response.output_audio.delta':
        if (!message.delta) break;
        carrier.send(JSON.stringify({ event: 'media', streamSid, media: { payload: message.delta } }));
        if (answerBegan === null) answerBegan = latestTimestamp;
        if (message.item_id) item = message.item_id;
        if (streamSid) {
          carrier.send(JSON.stringify({ event: 'mark', streamSid, mark: { name: 'responsePart' } }));
          marks.push('responsePart');
        }
        break;
      case 'input_audio_buffer.speech_started':
        interrupt();
        break;
    }
  });
  model.on('close', () => carrier.close());
  model.on('error', () => carrier.close());

  carrier.on('message', (data) => {
    const message = JSON.parse(data);
    switch (message.event) {
      case 'media':
        latestTimestamp = Number(message.media.timestamp);
        if (model.readyState === WebSocket.OPEN) {
          send({ type: 'input_audio_buffer.append', audio: message.media.payload });
        }
        break;
      case 'start':
        streamSid = message.start.streamSid;
        answerBegan = null;
        latestTimestamp = 0;
        break;
      case 'mark':
        if (marks.length > 0) marks.shift();
        break;
    }
  });
  carrier.on('close', () => model.close());
}

const server = createServer();
new WebSocketServer({ server, path: '/media-stream' }).on('connection', bridge);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
