// A micro-frontend is replaced while people work, and a node is lost and comes back: nobody else notices.

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { accessible, bringUp, dcp, home, kill, openBrowser, openPage, portal, screenshot, signIn, Tool, unitAddress } from './platform.mjs';

let browser, page, analyst;
const bundle = join(home, 'deploy/mvda/ui/main.js');
const kept = join(home, 'mvda-main.js');

before(async () => {
  browser = await openBrowser();
  analyst = await Tool.of('analyst');
  page = await openPage(browser);
  await page.goto(portal);
  await signIn(page, 'analyst');
  await page.getByRole('heading', { name: 'Choose a site' }).waitFor();
  copyFileSync(bundle, kept);
});
after(async () => {
  copyFileSync(kept, bundle);
  await browser.close();
});

test('a new version of a micro-frontend is offered, and taken without loading the page again', async () => {
  const working = await page.context().newPage();
  await working.goto(`${portal}/app/basel/saw`);
  await working.getByLabel('Title').fill('not to be lost');
  await page.goto(await unitAddress(analyst, 'Dryer 1', { tab: 'batches', search: 'DR1-2026-00' }));
  await page.getByText('9 of 71 rows').waitFor();
  await page.evaluate(() => (window.stays = true));
  writeFileSync(bundle, readFileSync(bundle, 'utf8').replaceAll('Batches of {unit}', 'Charges of {unit}'));
  await page.getByText(/has a new version/).waitFor({ timeout: 40_000 });
  await accessible(page, 'the offer of a new version');
  await screenshot(page, 'upgrade-offered');
  await page.getByRole('button', { name: 'Switch now' }).click();
  await page.getByRole('grid', { name: 'Charges of Dryer 1' }).or(page.getByRole('table', { name: 'Charges of Dryer 1' })).first().waitFor();
  await page.getByText('9 of 71 rows').waitFor();
  assert.equal(await page.evaluate(() => window.stays), true);
  await screenshot(page, 'upgrade-taken');
  assert.equal(await working.getByLabel('Title').inputValue(), 'not to be lost');
  await working.close();
});

test('going back to the version before is the same', async () => {
  copyFileSync(kept, bundle);
  await dcp(['restart', 'mvda', '--node', 'gxp-node']);
  await page.getByRole('button', { name: 'Switch now' }).click({ timeout: 40_000 });
  await page.getByRole('grid', { name: 'Batches of Dryer 1' }).or(page.getByRole('table', { name: 'Batches of Dryer 1' })).first().waitFor();
  assert.equal(await page.evaluate(() => window.stays), true);
});

test('a node that is lost is named on its page, and the rest goes on', async () => {
  await page.goto(`${portal}/app/basel/saw`);
  await page.getByLabel('Title').waitFor();
  await kill('nongxp-node');
  await page.getByRole('button', { name: 'Retry' }).waitFor();
  await page.getByText(/nongxp-node/).first().waitFor();
  await accessible(page, 'the page of a lost node');
  await screenshot(page, 'lost-node');
  await page.getByRole('navigation').getByRole('link', { name: 'Batches' }).first().click();
  await page.getByRole('tree').waitFor();
  await page.getByRole('navigation').getByRole('link', { name: 'Control charts' }).first().click();
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByRole('button', { name: 'Retry' }).waitFor();
});

test('a node that comes back brings its pages back', async () => {
  await bringUp();
  await page.getByLabel('Title').waitFor({ timeout: 40_000 });
  await screenshot(page, 'lost-node-back');
});

test('nothing of this was an error of a script', () => {
  assert.deepEqual(page.problems, []);
});
