// Promise P20 on the whole platform: every secret it has, and what people type and send, is looked for wherever something is written, told or shown.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { dcp, eventually, home, passwords, portal, simulator, Tool } from './platform.mjs';

const run = promisify(execFile);
const infra = join(import.meta.dirname, '..');

/** What may be found nowhere, by what it is. */
const canaries = new Map();
/** What was told to somebody, by where. */
const told = new Map();

/** A secret of this test, as long as one that people choose. */
function canary(what) {
  const value = `Canary-${randomBytes(9).toString('hex')}`;
  canaries.set(what, value);
  return value;
}

const typed = canary('a wrong password');
const queried = canary('a query');
const inUrl = canary('a password in a URL');
const wrongPi = canary('a wrong password of PI');
const ofBody = canary('a password in a broken body');
const shown = ['authorization', 'cookie', 'edge key'].map((what) => canary(`a wrong ${what}`));

// What no log may hold and a search that finds nothing would miss: the text of a key has several lines.
const lines = (value) => value.split('\n').filter((line) => line && !line.startsWith('-----'));

/** Each secret of the platform, but those that are none: names, and the public key. */
function secretsOfPlatform() {
  const text = readFileSync(join(home, 'secrets.toml'), 'utf8');
  const open = /^(?:key|user|login)$/;
  let section = '';
  for (const [, table, key, long, short] of text.matchAll(/^\[(.*)\]$|^(\w+) = (?:"""([\s\S]*?)"""|"(.*)")$/gm)) {
    if (table !== undefined) section = table.replaceAll('"', '');
    else if (!(section === 'identity/public' || (open.test(key) && section !== 'edge')))
      for (const line of lines(long ?? short)) canaries.set(`${section}#${key}`, line);
  }
}

const traced = [];
let collector;

async function startAgain(env) {
  await run(join(infra, 'down'), [], { env: process.env });
  await run(join(infra, 'up'), ['--built'], { env: { ...process.env, ...env } });
}

before(async () => {
  secretsOfPlatform();
  collector = createServer((request, answer) => request.on('data', (bytes) => traced.push(bytes)).on('end', () => answer.end()));
  await new Promise((go) => collector.listen(0, '127.0.0.1', go));
  const otlp = `http://127.0.0.1:${collector.address().port}`;
  await startAgain({ DCP__TELEMETRY__OTLP: otlp, DCP__LOG__LEVEL: 'debug' });
});

after(async () => {
  collector.close();
  await startAgain({});
});

/** A request whose whole answer is kept for the search. */
async function ask(what, path, options = {}) {
  const answer = await fetch(path.startsWith('http') ? path : `${portal}${path}`, options);
  const body = await answer.text();
  const headers = [...answer.headers].filter(([name]) => name !== 'set-cookie');
  told.set(`the answer to ${what}`, Buffer.from(`${JSON.stringify(headers)}\n${body}`));
  return { status: answer.status, body, answer };
}

const own = { 'content-type': 'application/json', origin: portal, 'sec-fetch-site': 'same-origin' };
const post = (body, headers = {}) => ({
  method: 'POST',
  headers: { ...own, ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

test('people sign in, mistype, and send what cannot be understood', async () => {
  const wrong = await ask('a wrong password', '/api/login/session', post({ login: 'analyst', password: typed }));
  assert.equal(wrong.status, 401);
  const unknown = await ask('an unknown user', '/api/login/session', post({ login: 'nobody', password: typed }));
  assert.equal(unknown.status, 401);
  for (const body of [
    `{"login": "analyst", "password": "${ofBody}"`,
    { login: 'analyst', password: { of: ofBody } },
    { login: 'analyst', secret: ofBody },
    { login: 'analyst', password: ofBody.repeat(60) },
  ]) {
    const { status } = await ask(`a body ${JSON.stringify(body).length} long`, '/api/login/session', post(body));
    assert.ok(status >= 400 && status < 500, `${status}`);
  }
  const signed = await ask('a sign-in', '/api/login/session', post({ login: 'analyst', password: passwords.analyst }));
  assert.equal(signed.status, 200, signed.body);
  const [cookie] = signed.answer.headers.getSetCookie()[0].split(';');
  canaries.set('a session', cookie.split('=')[1]);
  const tool = await Tool.of('administrator');
  canaries.set('an API token', tool.token);
  assert.equal((await ask('a session', '/api/login/session', { headers: { cookie } })).status, 200);
  assert.equal(
    (await ask('a change of the password', '/api/login/password', post({ current: typed, new: ofBody }, { cookie }))).status >= 400,
    true,
  );
});

test('requests carry credentials that are none', async () => {
  const [authorization, cookie, edge] = shown;
  const path = `/api/mvda/models?access_token=${queried}`;
  for (const headers of [
    { authorization: `Bearer ${authorization}` },
    { authorization: `Basic ${Buffer.from(`a:${authorization}`).toString('base64')}` },
    { cookie: `__Host-dcp-session=${cookie}` },
    { 'dcp-edge-key': edge },
  ]) {
    const { status } = await ask(`a wrong ${Object.keys(headers)[0]}`, path, { headers });
    assert.equal(status, 401);
  }
  const asked = await ask('a question of an edge', '/internal/resolve', post({ credential: cookie }, { 'dcp-edge-key': edge }));
  assert.ok(asked.status >= 400);
});

/** Writes a secret as an operator does. */
async function keep(path, key, value) {
  const set = execFile(join(home, 'bin', 'dcp'), ['secrets', 'set', path, key]);
  set.stdin.end(value);
  const code = await new Promise((go) => set.on('exit', go));
  assert.equal(code, 0);
}

test('a PI source refuses its credentials, and another has them in its address', async () => {
  const administrator = await Tool.of('administrator');
  await keep('pi/canary', 'user', 'reader');
  await keep('pi/canary', 'password', wrongPi);
  const setup = {
    name: 'Canary',
    url: `${simulator}/piwebapi`,
    asset_server: 'PIAF',
    database: 'Visp',
    data_server: 'PIMAM',
    credentials: 'pi/canary',
    ca_file: null,
  };
  const withPassword = `${simulator}/piwebapi`.replace('http://', `http://reader:${inUrl}@`);
  for (const one of [setup, { ...setup, url: withPassword }]) {
    const answer = await administrator.ask('/api/framework/data-sources/try?site=basel', {
      method: 'POST',
      body: { id: 'canary', setup: one },
    });
    // What somebody sends may come back to them, but is written down nowhere.
    assert.ok(answer.status === 422 || answer.body.findings.length > 0, JSON.stringify(answer.body));
  }
  const kept = await administrator.ask('/api/framework/data-sources?site=basel', {
    method: 'POST',
    body: { id: 'canary', seen: 0, reason: 'Canary of a test', setup: { ...setup, url: withPassword }, unconfirmed: true },
  });
  assert.equal(kept.status, 422, `an address with a password is not kept: ${JSON.stringify(kept.body)}`);
});

test('an R function looks for secrets in its process', async () => {
  const scientist = await Tool.of('scientist');
  const headers = { 'dcp-node': 'nongxp-node' };
  const source = 'look <- function() c(unlist(as.list(Sys.getenv())), commandArgs(), list.files(".", all.files = TRUE))\n';
  const published = await scientist.ask('/api/calc/scripts/canary', {
    method: 'PUT',
    body: source,
    headers: { ...headers, 'content-type': 'text/x-r' },
  });
  assert.equal(published.status, 200, JSON.stringify(published.body));
  const seen = await scientist.ask('/api/calc/r/canary/look', { method: 'POST', headers, body: {} });
  assert.equal(seen.status, 200, JSON.stringify(seen.body));
  told.set('what R sees', Buffer.from(JSON.stringify(seen.body)));
});

/** The processes of the platform: the nodes and all that they have started. */
function processes() {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [
          [
            pid,
            readFileSync(`/proc/${pid}/stat`, 'latin1')
              .replace(/^.*\) /, '')
              .split(' ')[1],
          ],
        ];
      } catch {
        return [];
      }
    });
  const below = (pid) => [pid, ...parents.filter(([, parent]) => parent === pid).flatMap(([child]) => below(child))];
  return ['gxp-node', 'nongxp-node'].flatMap((node) => below(readFileSync(join(home, 'run', `${node}.pid`), 'utf8').split(' ')[0]));
}

test('a process that dies leaves no image of its memory', async () => {
  // The command fails while a module is away, and says the same.
  const status = async () =>
    JSON.parse(await dcp(['status', '--json']).catch(({ stdout }) => stdout))
      .flatMap(({ modules }) => modules)
      .find(({ module }) => module === 'login');
  const { pid } = (await status()).instances[0];
  assert.match(readFileSync(`/proc/${pid}/limits`, 'utf8'), /^Max core file size +0 +0 /m);
  const [folder, pattern] = [readlinkSync(`/proc/${pid}/cwd`), readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim()];
  process.kill(pid, 'SIGABRT');
  await eventually('login to be back', async () => {
    const now = await status();
    return now.state === 'ready' && now.instances[0].pid !== pid;
  });
  assert.deepEqual(
    readdirSync(folder).filter((name) => /^core/.test(name)),
    [],
    `core_pattern is ${pattern}`,
  );
});

test('what the platform tells of itself is kept', async () => {
  for (const args of [
    ['config', 'check'],
    ['config', 'show'],
    ['config', 'show', '--json'],
    ['secrets', 'ls'],
    ['status', '--json'],
  ])
    told.set(`dcp ${args.join(' ')}`, Buffer.from(await dcp(args)));
  const operator = await Tool.of('operator');
  for (const path of ['/api/node/settings', '/api/node/status', '/api/administration/modules'])
    told.set(path, Buffer.from(JSON.stringify((await operator.ask(path)).body)));
  for (const path of [
    '/',
    '/importmap.json',
    '/portal.json',
    '/asyncapi.json',
    '/health/ready',
    '/api/node/nothing',
    '/%00',
    '/ui/mvda/main.js',
  ])
    await ask(path, path);
  const status = JSON.parse(await dcp(['status', '--json']));
  for (const { module, instances } of status.flatMap(({ modules }) => modules)) {
    for (const { port } of instances)
      for (const path of ['/metrics', '/health/ready', '/openapi.json', '/nothing'])
        await ask(`${path} of ${module}`, `http://127.0.0.1:${port}${path}`);
  }
  for (const pid of processes())
    for (const file of ['cmdline', 'environ']) told.set(`/proc/${pid}/${file}`, readFileSync(`/proc/${pid}/${file}`));
  await eventually('traces', () => traced.length > 3);
  told.set('the traces', Buffer.concat(traced));
});

/** Whether a file is one that was built before any secret was there. */
const isProgram = (file) => {
  const [bytes, open] = [Buffer.alloc(4), openSync(file, 'r')];
  try {
    readSync(open, bytes, 0, 4, 0);
  } finally {
    closeSync(open);
  }
  return bytes.equals(Buffer.from('\x7fELF', 'latin1'));
};

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(file);
    else if (entry.isFile() && !isProgram(file)) yield file;
  }
}

const find = (bytes) => [...canaries].filter(([, value]) => bytes.includes(value)).map(([what]) => what);

test('no secret is anywhere', () => {
  assert.ok(canaries.size > 20, `${[...canaries.keys()]}`);
  assert.deepEqual(find(readFileSync(join(home, 'secrets.toml'))).includes('edge#key'), true, 'the search finds what is there');
  const hits = [];
  let [places, bytes] = [0, 0];
  const look = (where, content) => {
    places += 1;
    bytes += content.length;
    for (const what of find(content)) hits.push(`${what} in ${where}`);
    // A signed token says who somebody is for a minute.
    if (content.includes('eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.')) hits.push(`a signed token in ${where}`);
  };
  for (const [where, content] of told) look(where, content);
  for (const folder of ['log', 'state', 'deploy', 'run']) {
    for (const file of filesBelow(join(home, folder))) if (statSync(file).size > 0) look(file, readFileSync(file));
  }
  console.log(`P20: ${canaries.size} secrets looked for in ${places} places, ${(bytes / 2 ** 20).toFixed(0)} MiB: ${hits.length} hits`);
  assert.deepEqual(hits, []);
});
