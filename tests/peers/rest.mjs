// Twilio's helper library against the REST resource of the rehearsal carrier: create, fetch, update,
// list with its paging, and the errors it makes of ours.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import twilio from 'twilio';

import * as support from './support.mjs';

const count = 120;

async function story(client, apiKeyClient, wrongClient) {
  const create = (to, more = {}) => client.calls.create({
    from: support.from, to, twiml: '<Response><Pause length="600"/></Response>', ...more,
  });
  const call = await create(support.to, { timeout: 40, machineDetection: 'Enable' });
  assert.equal(call.status, 'queued');
  assert.equal(call.to, support.to);
  assert.equal(call.accountSid, support.account);
  assert.equal(call.direction, 'outbound-api');
  assert.ok(call.dateCreated instanceof Date && !Number.isNaN(call.dateCreated.getTime()));
  assert.equal(call.startTime, null);
  assert.equal(call.price, null);

  const live = await support.until(async () => {
    const seen = await client.calls(call.sid).fetch();
    return seen.status === 'in-progress' && seen;
  }, 'the call is answered');
  assert.ok(live.startTime >= call.dateCreated);
  await client.calls(call.sid).update({ twiml: '<Response><Pause length="900"/></Response>' });
  const ended = await client.calls(call.sid).update({ status: 'completed' });
  assert.equal(ended.status, 'completed');
  assert.ok(Number(ended.duration) > 0);
  await assert.rejects(client.calls(call.sid).update({ twiml: '<Response/>' }),
                       (error) => error.status === 400 && error.code === 21220);

  const number = (i) => '+39061000' + String(1000 + i);
  for (let i = 0; i < count; ++i) await create(number(i));
  const all = await client.calls.list({ from: support.from, pageSize: 50 });
  assert.equal(all.length, count + 1);
  assert.equal(new Set(all.map((each) => each.sid)).size, count + 1);
  assert.equal(all[0].to, number(count - 1), 'the newest first');
  assert.equal((await client.calls.list({ limit: 70, pageSize: 30 })).length, 70);
  assert.deepEqual((await client.calls.list({ to: number(7) })).map((each) => each.to),
                   [number(7)]);
  assert.deepEqual((await client.calls.list({ status: 'completed' })).map((each) => each.sid),
                   [call.sid]);
  const day = new Date(call.dateCreated.toISOString().slice(0, 10) + 'T00:00:00Z');
  const nextDay = new Date(day.getTime() + 2 * 86_400_000);
  assert.ok((await client.calls.list({ startTimeAfter: day })).length >= 1);
  assert.equal((await client.calls.list({ startTimeAfter: nextDay })).length, 0);

  const first = await client.calls.page({ pageSize: 100 });
  assert.equal(first.instances.length, 100);
  const second = await first.nextPage();
  assert.equal(second.instances.length, count + 1 - 100);
  assert.equal(await second.nextPage(), undefined);
  const again = await second.previousPage();
  assert.deepEqual(again.instances.map((each) => each.sid),
                   first.instances.map((each) => each.sid));

  const refused = (promise, status, code) => assert.rejects(promise, (error) => {
    assert.equal(error.status, status);
    assert.equal(error.code, code);
    assert.ok(error.moreInfo.endsWith('/' + code));
    return true;
  });
  await refused(create('anna'), 400, 21211);
  await refused(create(support.from), 400, 21211);
  await refused(create(support.to, { machineDetection: 'Perhaps' }), 400, 21234);
  await refused(client.calls('CA' + '0'.repeat(32)).fetch(), 404, 20404);
  await refused(wrongClient.calls(call.sid).fetch(), 401, 20003);
  assert.equal((await apiKeyClient.calls(call.sid).fetch()).sid, call.sid);
  assert.equal(await client.calls(call.sid).remove(), true);
  await refused(client.calls(call.sid).fetch(), 404, 20404);
}

if (process.argv[2] === 'inside') {
  // Started by the other half, with the proxy and the authority in the environment.
  const { account, token } = support;
  await story(twilio(account, token),
              twilio(support.apiKey, support.apiSecret, { accountSid: account }),
              twilio(account, '0'.repeat(32)));
} else {
  await support.run(async (scene) => {
    const carrier = await scene.carrier('--api-key', support.apiKey, '--speed', '20');
    const proxy = await scene.proxyTo(carrier.port);
    await scene.node(fileURLToPath(import.meta.url), ['inside'], { HTTP_PROXY: proxy });
  });
}
