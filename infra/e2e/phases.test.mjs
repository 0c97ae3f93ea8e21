// Phases of batches (ISA-88): what the analyst sees of them, and the batches of a skid over each other in one phase.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessible, openBrowser, openPage, portal, screenshot, signIn, Tool, unitAddress } from './platform.mjs';

let browser, page, skid;
before(async () => {
  browser = await openBrowser();
  skid = await unitAddress(await Tool.of('analyst'), 'Skid 1', {}, { site: 'stein', path: ['Stein', 'Downstream'] });
  page = await openPage(browser);
  await page.goto(portal);
  await signIn(page, 'analyst');
  await page.getByRole('heading', { name: 'Choose a site' }).waitFor();
});
after(() => browser.close());

const open = async (of, unit, state) => {
  await of.goto('about:blank');
  await of.goto(`${unit}&${new URLSearchParams(state)}`);
};

test('the phases of the selected batch stand below the table, and lead to the trend and to the overlay by keyboard', async () => {
  await open(page, skid, { tab: 'batches', batches: 'SK1-005' });
  const phases = page.getByRole('region', { name: 'Phases of SK1-005' }).last();
  await phases.getByRole('row', { name: /Elute.*Phase/ }).waitFor();
  await accessible(page, 'the phases of a batch');
  await screenshot(page, 'phases');
  await phases.getByRole('button', { name: 'Trend of Elute' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('figure', { name: /Trend of Skid 1/ }).first().waitFor();
  assert.equal(await page.getByLabel('Phase').evaluate((select) => select.selectedOptions[0].textContent.trim()), 'Elute');
  await accessible(page, 'the trend of a phase');
  await screenshot(page, 'phases-trend');
  await page.getByLabel('Phase').selectOption('');
  await page.waitForURL((url) => !url.searchParams.has('from'));
});

test('120 cycles lie over each other in one phase, with its name', async () => {
  await open(page, skid, { tab: 'overlay', tags: 'Conductivity,Flow' });
  await page.getByRole('figure', { name: /Batches of Skid 1, aligned at their start/ }).first().waitFor();
  await page.getByText(/^Bands: phases of SK1-/).waitFor();
  await screenshot(page, 'phases-overlay-whole');
  await page.getByLabel('Phase').selectOption({ label: '\u2003\u2003Elute' });
  await page.getByRole('figure', { name: /Batches of Skid 1, aligned at the start of Elute/ }).first().waitFor();
  assert.equal(new URL(page.url()).searchParams.get('phase'), '\\Purify\\Release\\Elute');
  await page.getByText(/^\d+ of 120 batches$/).waitFor({ state: 'detached' });
  await accessible(page, 'the overlay of a phase');
  await screenshot(page, 'phases-overlay');
});

test('in German, and where a batch has no phases', async () => {
  const german = await openPage(browser, { locale: 'de-DE', storageState: await page.context().storageState() });
  await open(german, skid, { tab: 'overlay', tags: 'Conductivity', phase: '\\Purify\\Release\\Elute' });
  await german.getByRole('figure', { name: /Chargen von Skid 1, am Beginn von Elute ausgerichtet/ }).first().waitFor();
  const dryer = await unitAddress(await Tool.of('analyst'), 'Dryer 1');
  await open(german, dryer, { tab: 'batches', batches: 'DR1-2026-001' });
  await german.getByRole('heading', { name: 'Keine Phasen' }).waitFor();
  await accessible(german, 'a batch without phases');
  await screenshot(german, 'phases-none-de');
  await german.context().close();
});

test('nothing of this was an error of a script', () => assert.deepEqual(page.problems, []));
