// Events and tasks: the document of what the modules tell and ask each other, from the edge, the command line and the portal's page.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import Ajv from 'ajv';
import addFormats from 'ajv-formats';

import { accessible, bringUp, dcp, eventually, external, isProblem, kill, openBrowser, openPage, passwords, portal, screenshot, signIn, Tool } from './platform.mjs';

const page = `${portal}/app/basel/contracts`;
const finished = 'calc.call.finished.v1';
let browser, analyst, document;
before(async () => {
  browser = await openBrowser();
  analyst = await Tool.of('analyst');
  document = (await analyst.ask('/asyncapi.json')).body;
});
after(() => browser.close());

async function signedIn(address, options) {
  const opened = await openPage(browser, options);
  await opened.goto(address);
  await signIn(opened, 'analyst');
  return opened;
}

test('the document is valid by the official schema of AsyncAPI 3.0', () => {
  const schema = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0.json');
  // The file brings the schema of schemas itself.
  const ajv = new Ajv({ strict: false, allErrors: true, meta: false, validateSchema: false });
  addFormats(ajv);
  const validate = ajv.compile(schema);
  const told = (errors) => (errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  assert.ok(validate(document), told(validate.errors).join('\n'));
  assert.ok(!validate({ ...document, channels: 1 }), 'the schema refuses what is none');
});

test('the document tells of both nodes what their modules send and read', () => {
  assert.equal(document.asyncapi, '3.0.0');
  const nodes = new Set(document.info['x-dcp-deployed'].map(({ node }) => node));
  assert.deepEqual([...nodes].sort(), ['gxp-node', 'nongxp-node']);
  assert.deepEqual(document.info['x-dcp-missing'], []);
  assert.equal(document.operations[`calc.send.${finished}`].action, 'send');
  for (const module of ['mvda', 'saw']) assert.deepEqual(document.operations[`${module}.receive.${finished}`]['x-dcp-queues'], [`q.${module}.${finished}`]);
  assert.equal(document.operations['login.receive.administration.user.changed.v1']['x-dcp-ordered'], true);
  assert.equal(document.channels['calc.call.v1'].address, 'q.calc.task.call.v1.{site}');
});

test('nobody reads the document without signing in, and from outside only what is exposed', async () => {
  const answer = await fetch(`${portal}/asyncapi.json`);
  isProblem({ status: answer.status, type: answer.headers.get('content-type'), body: await answer.json() }, 401, 'not-signed-in');
  const outside = await fetch(`${external}/asyncapi.json`, { headers: { authorization: `Bearer ${analyst.token}` } });
  assert.equal(outside.status, 200);
  const { info } = await outside.json();
  assert.deepEqual(info['x-dcp-deployed'].map(({ module }) => module).sort(), ['framework', 'login']);
});

test('the command shows the same document, one contract, and that all fit', async () => {
  const shown = JSON.parse(await dcp(['contracts', 'asyncapi']));
  assert.deepEqual(Object.keys(shown.operations).sort(), Object.keys(document.operations).sort());
  assert.match(await dcp(['contracts', 'show']), /calc\.call\.finished\.v1 +event +calc +mvda, saw/);
  assert.match(await dcp(['contracts', 'show', 'calc.call']), /deadline +string or null \(date-time\) +no/);
  assert.match(await dcp(['contracts', 'check']), /keep their contracts/);
});

test('the page lists every event and task, by module, kind and word', async () => {
  const shown = await signedIn(page);
  await shown.getByRole('heading', { name: 'Events and tasks', level: 1 }).waitFor();
  const count = Object.keys(document.channels).length;
  const table = shown.getByRole('grid', { name: 'Events and tasks' });
  const status = shown.getByRole('status').filter({ hasText: /row/ });
  await status.filter({ hasText: `${count} rows` }).waitFor();
  await accessible(shown, 'the list of events and tasks');
  await screenshot(shown, 'contracts');
  await shown.getByLabel('Kind', { exact: true }).selectOption('task');
  await status.filter({ hasText: '3 rows' }).waitFor();
  await shown.getByLabel('Kind', { exact: true }).selectOption('');
  await shown.getByLabel('Module', { exact: true }).selectOption('saw');
  await table.getByText(finished).waitFor();
  await status.filter({ hasText: /^\s*2 rows/ }).waitFor();
  await shown.getByLabel('Kind', { exact: true }).selectOption('task');
  await shown.getByText('Nothing fits these filters').waitFor();
  await accessible(shown, 'the list that nothing fits');
  await screenshot(shown, 'contracts-nothing');
  await shown.getByRole('button', { name: 'Clear the filters' }).click();
  await status.filter({ hasText: `${count} rows` }).waitFor();
  await shown.getByPlaceholder('Filter').fill('model.failed');
  await table.getByText('mvda.model.failed.v1').waitFor();
  assert.match(shown.url(), /q=model\.failed/);
  assert.deepEqual(shown.problems, []);
  await shown.context().close();
});

test('a contract opens by keyboard with who sends and reads it, its fields and an example to copy', async () => {
  const shown = await signedIn(page, { permissions: ['clipboard-read', 'clipboard-write'] });
  const table = shown.getByRole('grid', { name: 'Events and tasks' });
  await table.getByText(finished).waitFor();
  await shown.getByPlaceholder('Filter').fill('finished');
  await shown.keyboard.press('ArrowDown');
  await shown.keyboard.press('Space');
  const panel = shown.getByRole('region', { name: finished });
  await panel.waitFor();
  assert.match(shown.url(), /message=calc\.call\.finished\.v1/);
  await panel.getByText('q.mvda.calc.call.finished.v1').waitFor();
  await panel.getByText('q.saw.calc.call.finished.v1').waitFor();
  const fields = panel.getByRole('region', { name: 'Fields' });
  const duration = fields.getByRole('row').filter({ has: shown.getByTitle('outcome.ok.duration_ms') });
  assert.match(await duration.innerText(), /integer \(uint64\)\s+yes\s+How long it took\./);
  await fields.getByRole('row').filter({ has: shown.getByTitle('outcome.error', { exact: true }) }).getByText('one of these').waitFor();
  await panel.getByRole('button', { name: 'Copy the example' }).click();
  await panel.getByText('Copied').last().waitFor({ state: 'attached' });
  const copied = JSON.parse(await shown.evaluate(() => navigator.clipboard.readText()));
  assert.deepEqual(copied, document.components.messages[finished].examples[0].payload);
  await accessible(shown, 'a contract');
  await shown.evaluate(() => scrollTo(0, 0));
  await screenshot(shown, 'contract');
  await panel.getByText('What every message carries').click();
  await panel.getByText('traceparent').waitFor();
  await accessible(shown, 'a contract with its envelope');
  await panel.getByRole('button', { name: 'Close' }).click();
  await panel.waitFor({ state: 'detached' });
  assert.deepEqual(shown.problems, []);
  await shown.context().close();
});

test('the document can be opened and saved from the page', async () => {
  const shown = await signedIn(page);
  const [saved] = await Promise.all([shown.waitForEvent('download'), shown.getByRole('button', { name: 'Download', exact: true }).click()]);
  assert.equal(saved.suggestedFilename(), 'asyncapi.json');
  assert.deepEqual(JSON.parse(readFileSync(await saved.path(), 'utf8')).channels, document.channels);
  assert.equal(await shown.getByRole('link', { name: 'AsyncAPI document' }).getAttribute('href'), '/asyncapi.json');
  await shown.context().close();
});

test('a link to a contract opens it, in German and in the dark', async () => {
  const shown = await openPage(browser, { locale: 'de-DE', colorScheme: 'dark' });
  await shown.goto(`${page}?message=calc.call.v1`);
  await shown.getByLabel('Benutzername').fill('analyst');
  await shown.getByLabel('Passwort', { exact: true }).fill(passwords.analyst);
  await shown.getByRole('button', { name: 'Anmelden', exact: true }).click();
  const panel = shown.getByRole('region', { name: 'calc.call.v1' });
  await panel.getByText('Erledigt von').waitFor();
  await panel.getByText('jedem Modul').waitFor();
  await shown.getByRole('heading', { name: 'Ereignisse und Aufträge', level: 1 }).waitFor();
  await accessible(shown, 'a contract in German');
  await screenshot(shown, 'contract-german');
  await shown.goto(`${page}?message=calc.call.v9`);
  await shown.getByText('Hier gibt es calc.call.v9 nicht').waitFor();
  await shown.context().close();
});

test('the page says what is wrong when the document cannot be had, and what is missing when a node is silent', async () => {
  const shown = await openPage(browser);
  await shown.route('**/asyncapi.json', (route) =>
    route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ type: 'urn:dcp:problem:module-unavailable', title: 'The module is not running', status: 503, module: 'login', trace_id: 'abc' }) }),
  );
  await shown.goto(page);
  await signIn(shown, 'analyst');
  await shown.getByRole('alert').waitFor();
  await accessible(shown, 'the page without the document');
  await screenshot(shown, 'contracts-problem');
  await shown.unroute('**/asyncapi.json');
  const silent = { ...document, info: { ...document.info, 'x-dcp-missing': ['nongxp-node'] } };
  await shown.route('**/asyncapi.json', (route) => route.fulfill({ json: silent }));
  await shown.getByRole('button', { name: 'Retry' }).click();
  await shown.getByText(/These nodes do not answer.*nongxp-node/).waitFor();
  await shown.unroute('**/asyncapi.json');
  await shown.route('**/asyncapi.json', (route) => route.fulfill({ json: { ...document, channels: {}, operations: {} } }));
  await shown.reload();
  await eventually('the empty state', () => shown.getByText('No events and tasks').isVisible());
  await accessible(shown, 'the page without any contract');
  await screenshot(shown, 'contracts-empty');
  await shown.context().close();
});

test('a node that has ended is named as missing, and its modules come back with it', async () => {
  const read = async () => (await analyst.ask('/asyncapi.json')).body;
  await kill('nongxp-node');
  const without = await read();
  assert.deepEqual(without.info['x-dcp-missing'], ['nongxp-node']);
  assert.equal(without.operations[`saw.receive.${finished}`], undefined);
  assert.ok(without.operations[`mvda.receive.${finished}`], 'the modules of the other node are there');
  await bringUp();
  const again = await eventually('the node to be asked again', async () => {
    const found = await read();
    return found.info['x-dcp-missing'].length === 0 ? found : undefined;
  });
  assert.ok(again.operations[`saw.receive.${finished}`]);
});
