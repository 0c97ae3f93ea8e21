// The page of the data sources: what an operator and an analyst see of a PI server that answers, fails and comes back.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { accessible, faults, openBrowser, openPage, portal, screenshot, signIn, simulator } from './platform.mjs';

let browser, page;
before(async () => {
  browser = await openBrowser();
  page = await openPage(browser);
  await page.goto(`${portal}/app/basel/home`);
  await signIn(page, 'analyst');
});
afterEach(() => faults.clear());
after(() => browser.close());

const row = () => page.getByRole('row').filter({ hasText: 'Dryers' });
const ask = () => page.getByRole('button', { name: 'Ask now: Dryers' }).click();

test('the home page says how the source is, and leads to the page of all', async () => {
  const panel = page.getByRole('region', { name: 'Data sources' });
  await panel.getByText('reachable', { exact: true }).waitFor();
  await panel.getByRole('link', { name: 'Details' }).click();
  await page.getByRole('heading', { name: 'Data sources', level: 1 }).waitFor();
  await row().getByText('reachable', { exact: true }).waitFor();
});

test('it says who answers, how fast, and which time it has', async () => {
  const about = page.getByRole('region', { name: 'About Dryers' });
  await about.getByText(/PI Web API simulator/).waitFor();
  await about.getByText(/PIMAM.*connected/).waitFor();
  await about.getByText(/the connection is not encrypted/).waitFor();
  await about.getByText(`${simulator}/piwebapi`, { exact: true }).waitFor();
  await page.getByRole('img', { name: /\d+ of \d+ answers/ }).waitFor();
  await accessible(page, 'the data sources');
  await screenshot(page, 'data-sources');
});

test('a source that fails is named with its error, and stays named when it is back', async () => {
  await faults.add({ kind: 'reset' });
  await ask();
  await row().getByText('not reachable').waitFor();
  await page.getByText(/The PI server does not answer/).first().waitFor();
  await accessible(page, 'a data source that fails');
  await screenshot(page, 'data-sources-failed');
  await faults.clear();
  await ask();
  await row().getByText('reachable', { exact: true }).waitFor({ timeout: 60_000 });
  await page.getByText(/The PI server does not answer/).first().waitFor();
});

test('what it holds is shown with the same tree and table as in the analysis', async () => {
  const contents = page.getByRole('region', { name: 'What it holds' });
  for (const name of [/^Drying/, /^Dryer 1/]) await contents.getByRole('treeitem', { name }).click();
  await contents.getByRole('table', { name: 'Tags of Dryer 1' }).or(contents.getByRole('grid', { name: 'Tags of Dryer 1' })).first().waitFor();
  await contents.getByText('DryerTemp').first().waitFor();
  await contents.getByText('71 rows').waitFor();
  await accessible(page, 'what a data source holds');
  await screenshot(page, 'data-sources-contents');
});

test('the keyboard chooses, sorts and asks', async () => {
  await page.reload();
  const button = page.getByRole('button', { name: 'Ask now: Dryers' });
  await button.focus();
  await page.keyboard.press('Enter');
  await page.getByText(/Dryers answers in/).waitFor();
});

test('it is German in German, and dark in the dark', async () => {
  const german = await openPage(browser, { locale: 'de-DE', colorScheme: 'dark', storageState: await page.context().storageState() });
  await german.goto(`${portal}/app/basel/sources`);
  await german.getByRole('heading', { name: 'Datenquellen', level: 1 }).waitFor();
  await german.getByText('erreichbar', { exact: true }).first().waitFor();
  await german.getByRole('region', { name: 'Über Dryers' }).waitFor();
  await accessible(german, 'the data sources in German');
  await screenshot(german, 'data-sources-de');
  assert.deepEqual(german.problems, []);
});

test('a site without sources says so', async () => {
  await page.goto(`${portal}/app/dublin/sources`);
  await page.getByText('No data source yet').waitFor();
  await screenshot(page, 'data-sources-none');
});

test('nothing of this was an error of a script', () => assert.deepEqual(page.problems, []));
