// What the cases share: Campanile's two programs started as people start them, a way for Twilio's own
// client to reach a local carrier under Twilio's own name, and patience.
//
// The environment names the binaries: CAMPANILE, and MAKE_CERTIFICATES (tests/bridge).
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const account = 'AC' + '0123456789abcdef'.repeat(2);
export const token = 'fedcba9876543210'.repeat(2);
export const apiKey = 'SK' + 'a'.repeat(32);
export const apiSecret = 'secret of the key';
export const apiHost = 'api.twilio.com';
export const publicHost = 'voice.example.test';
export const from = '+390698765432';
export const to = '+390612345678';
export const everybodyAnswers =
  'human=1,no_answer=0,busy=0,machine=0,failed=0,fax=0,hang_up=0,hang_up_at_once=0,' +
  'right_key=1,speech=0,wrong_key=0,silence=0,opt_out=0,barge_in=0';

const patience_ms = 60_000;

export async function until(condition, what) {
  const deadline = Date.now() + patience_ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error('waited in vain until ' + what);
    await new Promise((done) => setTimeout(done, 20));
  }
}

// Nobody's, and none that the system lends to a connection meanwhile (32768 and above).
export async function freePort() {
  for (;;) {
    const port = 20000 + Math.floor(Math.random() * 12000);
    const probe = net.createServer().listen(port, '127.0.0.1');
    const free = await new Promise((tell) => {
      probe.once('listening', () => tell(true));
      probe.once('error', () => tell(false));
    });
    if (!free) continue;
    await new Promise((done) => probe.close(done));
    return port;
  }
}

// A folder, an authority, and everything that has to end with the case.
export class Scene {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'campanile-peer-'));
    this.ends = [];
    execFileSync(process.env.MAKE_CERTIFICATES, [this.folder, apiHost, publicHost]);
  }

  path(name) {
    return join(this.folder, name);
  }

  // A program of ours. What it says is kept.
  start(args, environment = {}) {
    const { PATH, HOME, TMPDIR } = process.env;
    const child = spawn(process.env.CAMPANILE, args, {
      cwd: this.folder,
      env: { PATH, HOME, ...(TMPDIR ? { TMPDIR } : {}), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const program = { child, out: '', err: '' };
    child.stdout.on('data', (bytes) => (program.out += bytes));
    child.stderr.on('data', (bytes) => (program.err += bytes));
    const ended = new Promise((done) => child.once('exit', done));
    this.ends.push(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    return program;
  }

  async said(program, text) {
    await until(() => {
      if (program.child.exitCode !== null) throw new Error('it ended: ' + program.err);
      return program.out.includes(text);
    }, 'it says ' + text);
  }

  // `campanile rehearsal` with an account of its own, behind TLS under Twilio's name. Where `more` does
  // not say who answers, everybody does.
  async carrier(...more) {
    if (!more.includes('--people')) more.push('--people', everybodyAnswers);
    const program = this.start(
      ['rehearsal', '--listen', '127.0.0.1:0', '--account', account,
       '--tls-cert', this.path(apiHost + '.pem'), '--tls-key', this.path(apiHost + '.key'),
       '--ca-file', this.path('ca.pem'), ...more],
      { REHEARSAL_TOKEN: token, REHEARSAL_API_SECRET: apiSecret });
    await this.said(program, '\n');
    program.port = JSON.parse(program.out.split('\n')[0]).port;
    return program;
  }

  // `campanile serve` for real, with a carrier that is not: its .env is one that such projects have.
  async door(carrierPort, port, more = [], environment = {}) {
    writeFileSync(this.path('.env'), [
      'TWILIO_ACCOUNT_SID=' + account,
      'TWILIO_AUTH_TOKEN=' + token,
      'TRANSFER_NUMBER_MAIN=' + from,
      'SERVER_URL=' + publicHost,
      'TWILIO_BASE_URL=https://localhost:' + carrierPort,
    ].join('\n') + '\n', { mode: 0o600 });
    const program = this.start([
      'serve', '--carrier', 'twilio', '--new-log', '--log', this.path('calls.db'),
      '--listen', '127.0.0.1:' + port, '--ca-file', this.path('ca.pem'),
      '--tls-cert', this.path(publicHost + '.pem'), '--tls-key', this.path(publicHost + '.key'),
      ...more,
    ], environment);
    await this.said(program, 'serving');
    return program;
  }

  // What `campanile log` shows of one call.
  events(sid) {
    const lines = execFileSync(process.env.CAMPANILE, ['log', '--log', this.path('calls.db')],
                               { encoding: 'utf8', cwd: this.folder });
    return lines.trim().split('\n').map((line) => JSON.parse(line))
      .filter((event) => event.stream === 'call/' + sid);
  }

  // HTTP_PROXY is Twilio's client's own setting; this proxy leads every host to the carrier, which
  // has a certificate for Twilio's name. So a script needs no change at all.
  async proxyTo(port) {
    const proxy = http.createServer();
    proxy.on('connect', (_request, client) => {
      const far = net.connect(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        far.pipe(client).pipe(far);
      });
      for (const socket of [client, far]) {
        socket.on('error', () => { client.destroy(); far.destroy(); });
      }
    });
    proxy.listen(0, '127.0.0.1');
    await new Promise((done) => proxy.once('listening', done));
    this.ends.push(async () => {
      proxy.closeAllConnections();
      proxy.close();
    });
    return 'http://127.0.0.1:' + proxy.address().port;
  }

  // Another process with this program, as Node projects run theirs; resolves to what it prints.
  node(file, args, environment) {
    const child = spawn(process.execPath, [file, ...args], {
      cwd: this.folder,
      env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: this.path('ca.pem'), ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.ends.push(async () => child.kill('SIGKILL'));
    let out = '';
    child.stdout.on('data', (bytes) => (out += bytes));
    return new Promise((done, fail) => child.once('exit', (code) =>
      code === 0 ? done(out) : fail(new Error(file + ' ended with ' + code))));
  }

  async end() {
    for (const end of this.ends.reverse()) await end();
    rmSync(this.folder, { recursive: true });
  }
}

// Runs one case; what it throws is shown and makes the process fail.
export async function run(story) {
  const scene = new Scene();
  try {
    await story(scene);
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  } finally {
    await scene.end();
  }
}

export function envOf(scene) {
  return Object.fromEntries(readFileSync(scene.path('.env'), 'utf8').trim().split('\n')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}
