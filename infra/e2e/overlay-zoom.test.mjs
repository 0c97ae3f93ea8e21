// Zooming into an overlay: every recorded value of the stretch, batch by batch, while the thinned-out line stays in sight.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';

import { accessible, eventually, faults, openBrowser, openPage, portal, retryUntil, screenshot, signIn, Tool, unitAddress } from './platform.mjs';

let browser, page, skid;
/** What became of the readings of stretches. */
const asked = [];

before(async () => {
  browser = await openBrowser();
  skid = await unitAddress(await Tool.of('analyst'), 'Skid 1', {}, { site: 'stein', path: ['Stein', 'Downstream'] });
  page = await openPage(browser);
  const noted = (outcome) => (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname.endsWith('/overlay') && searchParams.has('from')) asked.push({ outcome, from: searchParams.get('from'), to: searchParams.get('to') });
  };
  page.on('request', noted('begun'));
  page.on('requestfinished', noted('answered'));
  page.on('requestfailed', noted('cancelled'));
  await page.goto(portal);
  await signIn(page, 'analyst');
  await page.getByRole('heading', { name: 'Choose a site' }).waitFor();
});
afterEach(() => faults.clear());
after(() => browser.close());

const open = async (state) => {
  await page.goto('about:blank');
  await page.goto(`${skid}&${new URLSearchParams({ tab: 'overlay', tags: 'Conductivity', ...state })}`);
};
const figure = () => page.getByRole('figure', { name: /Batches of Skid 1/ }).first();
const hint = (text) => page.getByRole('status').filter({ hasText: text });

/** The values on show, batch by batch: minutes since its start. */
async function shown() {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download the shown values as CSV' }).first().click()]);
  const rows = readFileSync(await download.path(), 'utf8').split(/\r?\n/).map((line) => line.split(/[,;]/));
  const batches = new Map();
  for (const [batch, , at] of rows) if (/^"?SK1-\d+/.test(batch)) batches.set(batch, [...(batches.get(batch) ?? []), Number(at.replaceAll('"', ''))]);
  return batches;
}

test('the whole is thinned out, and a stretch of it holds every value that PI has', async () => {
  await open({});
  await figure().waitFor();
  await page.getByText(/^\d+ of 120 batches$/).waitFor({ state: 'detached' });
  const before = await shown();
  assert.equal(before.size, 120);
  await open({ from: '30', to: '40' });
  await hint('Every recorded value is shown.').waitFor();
  const after = await shown();
  assert.equal(after.size, 120);
  for (const [batch, minutes] of after) {
    // a value every two seconds, as the skid records them
    assert.ok(minutes.length >= 300 && minutes.length <= 301, `${batch}: ${minutes.length} values in ten minutes`);
    const steps = minutes.slice(1).map((at, place) => Math.round(60 * (at - minutes[place])));
    assert.deepEqual([...new Set(steps)], [2], batch);
    assert.ok(before.get(batch).filter((at) => at >= 30 && at <= 40).length < 100, 'the whole had fewer');
  }
  await accessible(page, 'an overlay seen closer');
  await screenshot(page, 'overlay-zoom');
});

test('of a stretch that is too long for that, more than before is shown, and the page says that it is thinned out', async () => {
  await open({ from: '10', to: '90' });
  await hint('Thinned out; zoom in further').waitFor();
  await screenshot(page, 'overlay-zoom-thinned');
});

test('while a stretch is read the line stays, and a further zoom cancels the reading', async () => {
  await open({});
  await figure().waitFor();
  await page.getByText(/^\d+ of 120 batches$/).waitFor({ state: 'detached' });
  await faults.add({ kind: 'latency', milliseconds: 3000, path: 'recorded' });
  asked.length = 0;
  const plot = figure().getByRole('application');
  await plot.focus();
  for (let turn = 0; turn < 4; turn++) await page.keyboard.press('+');
  await hint('Reading this stretch closer').waitFor();
  await eventually('the reading to be under way', () => asked.some(({ outcome }) => outcome === 'begun'));
  assert.equal((await shown()).size, 120, 'the line stays');
  await screenshot(page, 'overlay-zoom-reading');
  await plot.focus();
  await page.keyboard.press('+');
  await eventually('the first reading to be cancelled', () => asked.some(({ outcome }) => outcome === 'cancelled'));
  await faults.clear();
  await hint('Every recorded value is shown.').waitFor({ timeout: 40_000 });
  const answered = asked.filter(({ outcome }) => outcome === 'answered');
  assert.equal(answered.length, 1, `one request for the stretch: ${JSON.stringify(asked)}`);
});

test('a stretch that cannot be read leaves the picture as it was, and says so', async () => {
  await open({});
  await figure().waitFor();
  await page.getByText(/^\d+ of 120 batches$/).waitFor({ state: 'detached' });
  await faults.add({ kind: 'reset', path: 'recorded' });
  await figure().getByRole('application').focus();
  for (let turn = 0; turn < 5; turn++) await page.keyboard.press('+');
  await page.getByRole('alert').filter({ hasText: 'This stretch could not be read closer' }).waitFor({ timeout: 40_000 });
  await figure().waitFor();
  await accessible(page, 'a stretch that could not be read');
  await screenshot(page, 'overlay-zoom-failed');
  await faults.clear();
  await retryUntil(page, hint('Every recorded value is shown.'));
});

test('by maturity, in a phase, in German', async () => {
  const german = await openPage(browser, { locale: 'de-DE', storageState: await page.context().storageState() });
  await german.goto(`${skid}&${new URLSearchParams({ tab: 'overlay', tags: 'Conductivity', phase: '\\Purify\\Release\\Elute', align: 'maturity', from: '40', to: '60' })}`);
  await german.getByText('Jeder aufgezeichnete Wert ist gezeigt.').waitFor();
  await accessible(german, 'an overlay seen closer in German');
  await screenshot(german, 'overlay-zoom-de');
  assert.deepEqual(german.problems, []);
});

test('nothing of this was an error of a script', () => assert.deepEqual(page.problems, []));
