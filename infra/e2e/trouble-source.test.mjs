// The PI server fails, each way a server can: what the analyst reads, that nothing else stops, and that it comes back.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { accessible, bringUp, faults, inBothLanguages, kill, openBrowser, retryUntil, screenshot, simulator, Tool, unitAddress } from './platform.mjs';

let browser, page, german, analyst;

before(async () => {
  browser = await openBrowser();
  analyst = await Tool.of('analyst');
  ({ page, german } = await inBothLanguages(browser, 'analyst'));
});
afterEach(() => faults.clear());
after(() => browser.close());

const trouble = (of) => of.getByRole('alert').filter({ hasText: /Trace id|Vorgangsnummer/ }).first();
const views = (of, name) => of.getByRole('navigation', { name: /Views|Ansichten/ }).getByRole('link', { name });

/** Opens a view of a unit; `state` as the address holds it. */
async function open(of, unit, state) {
  await of.goto('about:blank');
  await of.goto(await address(unit, state));
}

const known = new Map();
async function address(unit, state) {
  if (!known.has(unit)) known.set(unit, await unitAddress(analyst, unit));
  return `${known.get(unit)}&${new URLSearchParams(state)}`;
}

async function says(of, ...words) {
  const text = (await trouble(of).textContent()).replace(/\s+/g, ' ');
  for (const word of words) assert.match(text, word);
}

test('the units are known before anything fails', async () => {
  await address('Dryer 1', {});
  await address('Dryer 2', {});
});

test('a PI server that resets its connections is named, the rest goes on, and Retry works afterwards', async () => {
  await faults.add({ kind: 'reset' });
  await open(page, 'Dryer 1', { tab: 'trend' });
  await page.getByRole('heading', { name: 'The PI server does not answer' }).first().waitFor();
  await says(page, /The PI server does not answer/, /Dryers/, new RegExp(simulator), /Trace id/);
  await screenshot(page, 'trouble-reset');
  await accessible(page, 'a PI server that does not answer');
  await views(page, /^Models/).click();
  await page.getByRole('button', { name: 'New model' }).first().waitFor();
  await open(german, 'Dryer 1', { tab: 'trend' });
  await german.getByRole('heading', { name: 'Der PI-Server antwortet nicht' }).first().waitFor();
  await screenshot(german, 'trouble-reset-de');
  await open(page, 'Dryer 1', { tab: 'trend' });
  await page.getByRole('heading', { name: 'The PI server does not answer' }).first().waitFor();
  await faults.clear();
  await retryUntil(page, page.getByRole('figure', { name: /Trend of Dryer 1/ }).first());
  await retryUntil(page, page.getByRole('treeitem', { name: 'Dryer 1' }));
});

test('a PI server whose process has ended is named, and its return needs no reload', async () => {
  await open(page, 'Dryer 1', { tab: 'batches', tags: 'DryerTemp' });
  await page.getByText('71 rows').waitFor();
  await kill('pi-simulator');
  await views(page, /^Overlay/).click();
  await page.getByRole('heading', { name: 'The PI server does not answer' }).first().waitFor();
  await screenshot(page, 'trouble-down');
  await bringUp();
  await retryUntil(page, page.getByRole('figure', { name: /Batches of Dryer 1/ }).first());
});

test('a slow PI server is waited for, and given up before the platform gives up', { timeout: 120_000 }, async () => {
  await faults.add({ kind: 'latency', milliseconds: 2500, path: 'recorded' });
  await open(page, 'Dryer 1', { tab: 'trend' });
  await page.waitForTimeout(1200);
  await screenshot(page, 'trouble-waiting');
  await page.getByRole('figure', { name: /Trend of Dryer 1/ }).first().waitFor();
  await faults.clear();
  await faults.add({ kind: 'latency', milliseconds: 40_000, path: 'recorded' });
  await open(page, 'Dryer 1', { tab: 'trend' });
  await page.getByRole('heading', { name: 'The PI server takes too long' }).first().waitFor({ timeout: 40_000 });
  await says(page, /Dryers/, /25 s/);
  await screenshot(page, 'trouble-slow');
  await faults.clear();
  await retryUntil(page, page.getByRole('figure', { name: /Trend of Dryer 1/ }).first());
});

test('a system state in place of values is shown in the words of PI: in the trend and in the overlay', async () => {
  await faults.add({ kind: 'state', tag: 'DryerTemp', name: 'Bad Input', value: 255 });
  await open(page, 'Dryer 1', { tab: 'trend', tags: 'DryerTemp,JacketTemperature' });
  await page.getByRole('figure', { name: /Trend of Dryer 1/ }).first().waitFor();
  await page.getByText(/Bad Input/).first().waitFor();
  await screenshot(page, 'trouble-state-trend');
  await open(page, 'Dryer 1', { tab: 'overlay', tags: 'DryerTemp,JacketTemperature' });
  await page.getByRole('figure', { name: /Batches of Dryer 1/ }).first().waitFor();
  await page.getByText(/Bad Input/).first().waitFor();
  await screenshot(page, 'trouble-state-overlay');
});

test('an answer that breaks off inside a 200 is no data', async () => {
  await faults.add({ kind: 'web_exception', path: 'recorded' });
  await open(page, 'Dryer 1', { tab: 'trend' });
  await page.getByRole('heading', { name: 'The PI server broke off its answer' }).first().waitFor();
  await says(page, /Dryers/);
  await screenshot(page, 'trouble-web-exception');
});

test('a unit without batches says so in every view', async () => {
  for (const [tab, words] of [['batches', /No batches/], ['overlay', /No batches/], ['trend', /No batches/], ['models', /No models yet/]]) {
    await open(page, 'Dryer 2', { tab });
    await page.getByText(words).first().waitFor();
    await screenshot(page, `trouble-empty-${tab}`);
  }
});

test('nothing of this was an error of a script', () => {
  assert.deepEqual([...page.problems, ...german.problems], []);
});
