// History that is kept on disk: what the analyst reads of its age, and that it can be read anew.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessible, openBrowser, openPage, portal, screenshot, signIn, Tool, unitAddress } from './platform.mjs';

let browser, page, unit;
before(async () => {
  browser = await openBrowser();
  unit = await unitAddress(await Tool.of('analyst'), 'Dryer 1');
  page = await openPage(browser);
  await page.goto(portal);
  await signIn(page, 'analyst');
  await page.getByRole('heading', { name: 'Choose a site' }).waitFor();
});
after(() => browser.close());

/** Opens a view of the unit anew. */
async function open(state) {
  await page.goto('about:blank');
  await page.goto(`${unit}&${new URLSearchParams(state)}`);
  await page.getByRole('figure', { name: /Trend of Dryer 1|Batches of Dryer 1/ }).first().waitFor();
}

const age = () => page.getByText(/^Some values were read at/);
const anew = () => page.getByRole('button', { name: 'Read anew' });

for (const [name, state] of [
  ['trend', { tab: 'trend', batch: 'DR1-2026-003', tags: 'DryerTemp' }],
  ['overlay', { tab: 'overlay', tags: 'DryerTemp' }],
]) {
  test(`the ${name} says when kept values were read, and reads them anew`, async () => {
    await open(state);
    await open(state);
    await age().waitFor();
    await page.getByText(/\d %.* of all values since the start came from .* on disk/).waitFor();
    await accessible(page, `a ${name} of kept values`);
    await screenshot(page, `kept-${name}`);
    await anew().click();
    await age().waitFor({ state: 'detached' });
    await open(state);
    await age().waitFor();
  });
}

test('nothing of this was an error of a script', () => assert.deepEqual(page.problems, []));
