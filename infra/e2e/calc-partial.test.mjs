// A calculation that tells what it has before it ends: the values are on the page while R works, and stay when it is cancelled.

import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { accessible, eventually, home, openBrowser, openPage, portal, screenshot, signIn } from './platform.mjs';

const name = `search-${Date.now().toString(36)}`;
const SOURCE = `#' Looks for the best fit, for ever.
search <- function() {
  step <- 0
  repeat {
    step <- step + 1
    emit("best", list(step = step, error = 1 / step))
    emit("trace", data.frame(step = seq_len(5), error = 1 / seq_len(5)))
    progress(0.25, paste("step", step))
    Sys.sleep(0.2)
  }
}
`;

let browser, page;
before(async () => {
  browser = await openBrowser();
  page = await openPage(browser, { viewport: { width: 1400, height: 900 } });
});
after(() => browser.close());

test('shows what a running call has already, and keeps it when somebody cancels', async () => {
  const file = join(mkdtempSync(join(home, 'calc-partial-')), `${name}.R`);
  writeFileSync(file, SOURCE);
  await page.goto(`${portal}/app/basel/calc/publish?node=nongxp-node`);
  await signIn(page, 'scientist');
  await page.getByLabel('Choose an R file').setInputFiles(file);
  await eventually('the name of the file', async () => (await page.getByLabel('Name', { exact: true }).inputValue()) === name);
  await page.getByRole('button', { name: 'Publish a script' }).click();
  await page.getByRole('heading', { name: `“${name}” is published` }).waitFor();
  await page.getByRole('link', { name: /^search\(/ }).click();
  await page.getByRole('button', { name: 'Call', exact: true }).click();

  const soFar = page.getByRole('region', { name: 'So far, for information only' });
  await soFar.getByRole('heading', { name: 'best' }).waitFor();
  await soFar.getByRole('region', { name: 'trace' }).waitFor();
  await page.getByRole('status').filter({ hasText: 'step' }).waitFor();
  await accessible(page, 'a call with partial results');
  await screenshot(page, 'calc-partial');

  await page.getByRole('button', { name: 'Cancel the call' }).click();
  await page.getByText('The call was cancelled.').waitFor();
  const before = page.getByRole('region', { name: 'What it had told before, for information only' });
  await before.getByRole('heading', { name: 'best' }).waitFor();
  await screenshot(page, 'calc-partial-cancelled');

  await page.goto(`${portal}/app/basel/calc/calls?node=nongxp-node`);
  await page
    .getByRole('link', { name: /search/ })
    .first()
    .click();
  await before.getByRole('heading', { name: 'trace' }).waitFor();
  assert.match(page.url(), /calls\//);
});
