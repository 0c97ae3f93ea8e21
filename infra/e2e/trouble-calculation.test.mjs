// Calculations that fail, are cancelled, put away or asked for wrongly: what the user reads and can do.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { accessible, faults, inBothLanguages, openBrowser, portal, screenshot, Tool, unitAddress } from './platform.mjs';

let browser, page, german, analyst;
// A platform that is tested twice keeps its models.
const stamp = Date.now().toString(36);

before(async () => {
  browser = await openBrowser();
  analyst = await Tool.of('analyst');
  ({ page, german } = await inBothLanguages(browser, 'analyst'));
});
afterEach(() => faults.clear());
after(() => browser.close());

async function calculate(name) {
  await page.goto(await unitAddress(analyst, 'Dryer 1', { tab: 'models', create: 'evolution' }));
  await page.getByRole('button', { name: 'All complete batches' }).click();
  await page.getByLabel('Name', { exact: true }).fill(`${name} ${stamp}`);
  await page.getByRole('button', { name: 'Calculate' }).click();
}

test('a calculation shows how far it is and can be cancelled', async () => {
  await faults.add({ kind: 'latency', milliseconds: 1500, path: 'interpolated' });
  await calculate('Cancelled');
  await page.getByText(/Reading batch \d+ of 71/).first().waitFor();
  await accessible(page, 'a calculation that runs');
  await screenshot(page, 'trouble-running');
  await german.goto(page.url());
  await german.getByText(/Charge \d+ von 71 wird gelesen/).first().waitFor();
  await screenshot(german, 'trouble-running-de');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('heading', { name: 'cancelled', exact: true }).waitFor();
  await screenshot(page, 'trouble-cancelled');
  await page.getByRole('link', { name: 'Calculate again' }).click();
  await page.getByRole('heading', { name: 'New model' }).waitFor();
});

test('a calculation whose data cannot be read says why', async () => {
  await faults.add({ kind: 'reset', path: 'interpolated' });
  await calculate('Unread');
  await page.getByRole('heading', { name: 'The process data could not be read' }).waitFor();
  await page.getByText(/PI server does not answer/).first().waitFor();
  await accessible(page, 'a calculation that failed');
  await screenshot(page, 'trouble-failed-data');
});

test('a calculation that R stops shows the message of R', async () => {
  await faults.add({ kind: 'state', tag: 'Dryer 1', name: 'No Data', value: 248 });
  await calculate('Stopped');
  await page.getByRole('heading', { name: 'The R function stopped with an error' }).waitFor();
  await page.getByText(/there are no usable values of batch/).first().waitFor();
  await screenshot(page, 'trouble-failed-r');
  await german.goto(page.url());
  await german.getByRole('heading', { name: 'Die R-Funktion hat mit einem Fehler angehalten' }).waitFor();
  await screenshot(german, 'trouble-failed-r-de');
});

test('a tag in a system state and a batch without data are named at the model', async () => {
  await faults.add({ kind: 'state', tag: 'DryerTemp', name: 'Bad Input', value: 255 });
  const address = new URL(await unitAddress(analyst, 'Dryer 1'));
  const [source, unit, path] = ['source', 'unit', 'path'].map((key) => address.searchParams.get(key));
  const at = `/api/mvda/sources/${source}/elements/${unit}`;
  const tags = (await analyst.ask(`${at}/tags`)).body;
  const complete = (await analyst.ask(`${at}/batches`)).body.items.filter(({ status }) => status === 'complete');
  const batches = complete.slice(0, 20).map(({ id, start, end }) => ({ id, start, end, reference: true }));
  batches.push({ id: 'WITHOUT-DATA', start: '2001-01-01T00:00:00Z', end: '2001-01-01T02:00:00Z', reference: false });
  const asked = await analyst.ask('/api/mvda/models', {
    method: 'POST',
    body: {
      name: `Partly ${stamp}`, kind: 'evolution', source, unit: { web_id: unit, path, name: 'Dryer 1' }, batches,
      tags: tags.map(({ name, web_id }) => ({ name, web_id })), components: 3, alpha: 0.95, interpolation: { interval: '60s' }, maturity: 'percent',
    },
  });
  assert.equal(asked.status, 202, JSON.stringify(asked.body));
  await page.goto(await unitAddress(analyst, 'Dryer 1', { tab: 'models', model: asked.body.id }));
  await page.getByText('Abnormal batches').first().waitFor({ timeout: 60_000 });
  const left = page.getByRole('note');
  await left.waitFor();
  assert.match(await left.textContent(), /DryerTemp/);
  assert.match(await left.textContent(), /WITHOUT-DATA/);
  await accessible(page, 'a model without some of its data');
  await screenshot(page, 'trouble-left-out');
});

test('a model is archived, and taken back by undo', async () => {
  await page.goto(await unitAddress(analyst, 'Dryer 1', { tab: 'models' }));
  const row = page.getByRole('row', { name: new RegExp(`Partly ${stamp}`) });
  await row.getByRole('button', { name: 'Archive' }).click();
  await row.getByText('archived').waitFor();
  await page.getByText(/is archived/).first().waitFor();
  await screenshot(page, 'trouble-archived');
  await page.getByRole('button', { name: 'Undo' }).click();
  await row.getByRole('button', { name: 'Archive' }).waitFor();
  await page.getByText(/is back/).first().waitFor();
});

test('the form of a control chart says at the field what is wrong with it', async () => {
  await page.goto(`${portal}/app/basel/saw`);
  await page.getByLabel('Title').fill(`Wrong ${stamp}`);
  await page.getByLabel('Values', { exact: true }).fill('1 2 3 four 5 6 7 8 9');
  await page.getByText(/1 entry is no number: four/).waitFor();
  await page.getByLabel('Lower specification limit').fill('ten');
  await page.getByText('“ten” is no number.').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Calculate' }).isDisabled());
  await screenshot(page, 'trouble-form');
  await accessible(page, 'a form with wrong input');
  await page.getByLabel('Lower specification limit').fill('9');
  await page.getByLabel('Upper specification limit').fill('2');
  await page.getByText('The upper limit must be greater than the lower one.').first().waitFor();
  await page.getByLabel('Lower specification limit').fill('');
  await page.getByLabel('Upper specification limit').fill('');
  await page.getByLabel('Values', { exact: true }).fill('5 5 5 5 5 5 5 5 5');
  await page.getByRole('button', { name: 'Calculate' }).click();
  await page.getByRole('alert').getByText('The values do not vary.').first().waitFor();
  await screenshot(page, 'trouble-form-refused');
});

test('an R function that stops shows its message, and the input can be changed', async () => {
  await page.goto(`${portal}/app/basel/saw`);
  await page.getByLabel('Title').fill(`Stops ${stamp}`);
  // their differences are larger than the largest number
  await page.getByLabel('Values', { exact: true }).fill(Array.from({ length: 10 }, (_, at) => (at % 2 ? '1.7e308' : '-1.7e308')).join('\n'));
  await page.getByRole('button', { name: 'Calculate' }).click();
  await page.getByRole('heading', { name: 'The R function stopped with an error' }).waitFor();
  await accessible(page, 'a chart that R stopped');
  await screenshot(page, 'trouble-chart-failed');
  await page.getByRole('button', { name: 'Change the input' }).click();
  assert.equal(await page.getByLabel('Title').inputValue(), `Stops ${stamp}`);
});

test('nothing of this was an error of a script', () => {
  assert.deepEqual([...page.problems, ...german.problems], []);
});
