// A message that a module must refuse becomes a dead letter; the operator finds out why, tries again and gives up, with a reason.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { accessible, dcp, eventually, home, isProblem, openBrowser, openPage, passwords, portal, screenshot, signIn, Tool } from './platform.mjs';

const TASKS = 'q.calc.task.publish.v1.all';
const ORDERED = 'q.login.administration.user.changed.v1';
// The bus is a file only where no broker was named: no other place to put a wrong message into.
const local = { skip: process.env.DCP_RABBITMQ_URL ? 'the bus is RabbitMQ' : false };
// A platform that is tested twice keeps its decisions.
const stamp = Date.now().toString(36);
let browser, page, operator;

before(async () => {
  browser = await openBrowser();
  page = await openPage(browser);
  operator = await Tool.of('operator');
});
after(() => browser.close());

/** Puts a message into a queue whose content its reaction cannot read. */
function putWrong(queue, type, kind, key) {
  const id = randomUUID();
  const envelope = { id, source: 'mvda', type, kind, key, time: new Date().toISOString(), attempts: 0, data: { wrong: key } };
  const text = JSON.stringify(envelope).replaceAll("'", "''");
  const put = `INSERT INTO message (queue, envelope, not_before) VALUES ('${queue}', '${text}', '1970-01-01T00:00:00.000000Z');`;
  execFileSync('sqlite3', ['-cmd', '.timeout 5000', join(home, 'state/bus/gxp.db'), put]);
  return id;
}

async function lettersOf(module, id) {
  const answer = await operator.ask(`/api/${module}/dead-letters?id=${id}`);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

const died = (module, id) => eventually(`the message ${id} to be a dead letter`, async () => (await lettersOf(module, id))[0]);

async function openMessages(user) {
  await page.goto(`${portal}/app/basel/administration/messages`);
  await signIn(page, user);
  await page.getByRole('heading', { name: 'Dead letters' }).waitFor();
}

test('a platform on which every message took effect says so', async () => {
  await openMessages('operator');
  await page.getByText('No dead letters: every message took effect').waitFor();
  await page.getByRole('grid', { name: 'Queues and outboxes' }).getByText(ORDERED).first().waitFor();
  await accessible(page, 'the messages');
  await screenshot(page, 'messages-none');
});

test('the operator sees why a message died, tries it again and gives it up', local, async () => {
  const id = putWrong(TASKS, 'calc.publish.v1', 'task', `wrong-${Date.now()}`);
  const letter = await died('calc', id);
  assert.match(letter.reason, /missing field/);
  await page.reload();
  const group = page.getByRole('grid', { name: 'Dead letters' }).getByRole('row').filter({ hasText: TASKS });
  await group.click();
  await page.getByRole('heading', { name: /Dead letters of .* in q\.calc/ }).waitFor();
  await page.getByRole('grid', { name: /Dead letters of/ }).getByRole('row').filter({ hasText: letter.key }).click();
  await page.getByText(`"wrong": "${letter.key}"`).waitFor();
  await accessible(page, 'a dead letter');
  await screenshot(page, 'messages-letter');

  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Messages that are tried again: 1.', { exact: false }).waitFor();
  await dialog.getByRole('button', { name: 'Replay' }).click();
  await dialog.getByText('Say in a few words why.').waitFor();
  await accessible(page, 'the dialog of a decision');
  await dialog.getByLabel('Reason').fill(`The engine was replaced ${stamp}`);
  await screenshot(page, 'messages-replay');
  await dialog.getByRole('button', { name: 'Replay' }).click();
  await page.getByText('Tried again: 1').waitFor();
  // Its content is still wrong, so it dies once more.
  await eventually('the message to come back', async () => {
    const [again] = await lettersOf('calc', id);
    return again && again.at > letter.at;
  });

  await page.reload();
  await page.getByRole('button', { name: 'Discard all …' }).click();
  await dialog.getByText('Messages that will never take effect: 1.', { exact: false }).waitFor();
  await dialog.getByLabel('Reason').fill(`The sender was wrong ${stamp}`);
  await dialog.getByRole('button', { name: 'Discard' }).click();
  await page.getByText('Discarded: 1').waitFor();
  await page.getByText('No dead letters: every message took effect').waitFor();
  const decisions = page.getByRole('grid', { name: 'Decisions' });
  await decisions.getByText(`The engine was replaced ${stamp}`).waitFor();
  await decisions.getByText(`The sender was wrong ${stamp}`).waitFor();
  await screenshot(page, 'messages-decided');
  assert.deepEqual(page.problems, []);
});

test('the command line tells the same, and decides only with a reason', local, async () => {
  const key = `wrong-${Date.now()}`;
  const id = putWrong(`${ORDERED}.lane0`, 'administration.user.changed.v1', 'event', key);
  assert.equal((await died('login', id)).ordered, true);
  const folder = { XDG_CONFIG_HOME: join(home, 'operator'), DCP_URL: portal };
  const run = (...args) => dcp(args, { env: folder });
  await dcp(['login', 'operator'], { env: { ...folder, DCP_PASSWORD: passwords.operator } });
  assert.match(await run('messages'), new RegExp(`login .*${ORDERED}`));
  assert.match(await run('dead-letters', 'ls', '--queue', ORDERED), /administration\.user\.changed\.v1 +1 /);
  const shown = await run('dead-letters', 'show', id);
  for (const part of [key, 'missing field', 'it holds up what follows it']) assert.ok(shown.includes(part), `${part} in ${shown}`);
  await assert.rejects(run('dead-letters', 'discard', '--queue', ORDERED), /--why/);
  await assert.rejects(run('dead-letters', 'discard', '--why', 'a test'), /--all/);
  assert.match(await run('dead-letters', 'discard', '--queue', ORDERED, '--module', 'login', '--dry-run'), /1 would be discarded/);
  assert.match(await run('dead-letters', 'discard', '--queue', ORDERED, '--module', 'login', '--why', 'a test'), /1 discarded, 0 remain/);
  assert.deepEqual(await lettersOf('login', id), []);
  assert.match(await run('dead-letters', 'ls'), /every message took effect/);
});

test('a module that is stopped hides the messages of no other', async () => {
  await dcp(['stop', 'mvda']);
  try {
    await page.reload();
    await page.getByText(/Batch monitoring on gxp-node does not tell/).waitFor();
    await page.getByRole('grid', { name: 'Queues and outboxes' }).getByText(ORDERED).first().waitFor();
    await accessible(page, 'the messages without a module');
    await screenshot(page, 'messages-unreached');
  } finally {
    await dcp(['start', 'mvda']);
  }
  await eventually('the module to be ready', async () => (await operator.ask('/api/mvda/messages')).status === 200);
});

test('a module of another node tells of its own messages', async () => {
  const here = await operator.ask('/api/calc/messages', { headers: { 'dcp-node': 'gxp-node' } });
  const there = await operator.ask('/api/calc/messages', { headers: { 'dcp-node': 'nongxp-node' } });
  assert.deepEqual([here.status, there.status], [200, 200]);
  isProblem(await operator.ask('/api/calc/messages', { headers: { 'dcp-node': 'nowhere' } }), 404);
});

test('who may not operate decides nothing', async () => {
  const analyst = await Tool.of('analyst');
  isProblem(await analyst.ask('/api/calc/messages'), 403, 'not-allowed');
  isProblem(await analyst.ask('/api/calc/dead-letters/discard', { method: 'POST', body: { why: 'I want to' } }), 403, 'not-allowed');
});
