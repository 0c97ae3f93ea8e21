// What happens in the free zone shows in the controlled one over the bridge, labelled, and is recorded there.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessible, eventually, openBrowser, openPage, portal, screenshot, signIn, Tool } from './platform.mjs';

let browser, page;
const title = `Moisture ${Date.now().toString(36)}`;
before(async () => {
  browser = await openBrowser();
  page = await openPage(browser);
});
after(() => browser.close());

test('a chart of the free module is calculated on the free node', async () => {
  await page.goto(`${portal}/app/basel/saw`);
  await signIn(page, 'analyst');
  await page.getByLabel('Title').fill(title);
  await page.getByLabel('Values').fill([10.1, 10.3, 9.9, 10.0, 10.2, 9.8, 10.1, 10.0, 10.2, 9.9].join('\n'));
  await page.getByRole('button', { name: 'Calculate' }).click();
  await page.getByText('Individual values').first().waitFor();
});

test('everybody sees in the controlled zone that it is ready, for information only', async () => {
  await page.goto(`${portal}/app/basel/home`);
  const line = page.getByRole('listitem').filter({ hasText: title });
  await line.waitFor();
  await line.getByText('Information only').waitFor();
  await accessible(page, 'the activity of both zones');
  await screenshot(page, 'zones');
  await line.getByRole('link', { name: title }).click();
  await page.getByText('Individual values').first().waitFor();
  assert.deepEqual(page.problems, []);
});

test('the bridge has recorded what passed, and has refused nothing', async () => {
  const tool = await Tool.of('operator');
  const crossing = await eventually('the crossing to be listed', async () => {
    const { status, body } = await tool.ask('/api/bridge/crossings');
    assert.equal(status, 200, JSON.stringify(body));
    return body.items.find(({ name }) => name === 'saw.chart.calculated.v1');
  });
  assert.equal(crossing.zone, 'nongxp');
  assert.equal(crossing.source, 'saw');
  const letters = await tool.ask('/api/bridge/dead-letters/groups');
  assert.deepEqual([letters.status, letters.body], [200, []]);
});
