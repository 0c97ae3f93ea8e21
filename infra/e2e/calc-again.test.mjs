// A result that is no longer kept, in the portal: what its call says, and calculating it again to compare.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { accessible, bringUp, eventually, home, kill, openBrowser, openPage, portal, screenshot, signIn, Tool } from './platform.mjs';

const stamp = Date.now().toString(36);
const name = `again-${stamp}`;
const free = { 'dcp-node': 'nongxp-node' };
const settings = join(home, 'run', 'nongxp-node.toml');
const SOURCE = `# ${stamp}
#' @cache pure
twice <- function(x) 2 * x
#' @cache volatile
now <- function(x) as.numeric(Sys.time()) + x
#' It says that it is pure and is not: a name that is put together is not seen.
#' @cache pure
hidden <- function(x) as.numeric(get(paste0("Sys", ".time"))()) + x
`;

let browser, page, scientist, forgetful;
const calls = {};

/** The free node with an engine that keeps what is not retained no longer than until its next start. */
async function startForgetful() {
  await kill('nongxp-node');
  const changed = readFileSync(settings, 'utf8').replace('settings = { sites = ', 'settings = { keep_hours = 0, sites = ');
  assert.match(changed, /keep_hours = 0/);
  writeFileSync(settings, changed);
  forgetful = spawn(join(home, 'bin', 'nongxp-node'), ['--config', settings], { stdio: 'ignore' });
  await eventually(
    'the results to be gone',
    async () => {
      const answers = await Promise.all(
        Object.values(calls).map(({ key }) => scientist.ask(`/api/calc/results/${key}`, { headers: free }).catch(() => ({}))),
      );
      return answers.every(({ status }) => status === 410);
    },
    60,
  );
}

before(async () => {
  browser = await openBrowser();
  scientist = await Tool.of('scientist');
  const published = await scientist.ask(`/api/calc/scripts/${name}`, {
    method: 'PUT',
    body: SOURCE,
    headers: { ...free, 'content-type': 'text/x-r' },
  });
  assert.equal(published.status, 200, JSON.stringify(published.body));
  for (const one of ['twice', 'now', 'hidden']) {
    const answer = await scientist.ask(`/api/calc/r/${name}/${one}`, { method: 'POST', headers: free, body: { x: 20.25 } });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    calls[one] = { id: answer.body.call.id, key: answer.body.call.result_key };
    await eventually(
      'the record',
      async () => (await scientist.ask(`/api/calc/results/${calls[one].key}/facts`, { headers: free })).status === 200,
    );
  }
  await startForgetful();
  page = await openPage(browser);
  await page.goto(`${portal}/app/basel/calc/calls?node=nongxp-node`);
  await signIn(page, 'scientist');
  await page
    .getByRole('link', { name: `${name} · twice` })
    .first()
    .waitFor();
});
after(async () => {
  if (forgetful?.exitCode === null) {
    forgetful.kill('SIGKILL');
    await new Promise((ended) => forgetful.once('exit', ended));
  }
  await bringUp();
  await browser.close();
});

async function open(one) {
  await page.goto(`${portal}/app/basel/calc/calls/${calls[one].id}?node=nongxp-node`);
  await page.getByText('The call has ended; its value is no longer kept.').waitFor();
}
const again = () => page.getByRole('button', { name: 'Calculate again and compare' }).click();

test('a value that is gone is calculated again from its record, is the same, and is there again', async () => {
  await open('twice');
  await accessible(page, 'a call whose value is gone');
  await screenshot(page, 'calc-again-gone');
  await again();
  await page.getByText('The value is the same as then; it is kept again.').waitFor();
  await page.locator('calc-result').getByText('40.5', { exact: true }).first().waitFor();
  await accessible(page, 'a value that was calculated again');
  await screenshot(page, 'calc-again-same');
  const back = await scientist.ask(`/api/calc/results/${calls.twice.key}`, { headers: free });
  assert.deepEqual([back.status, back.body], [200, 40.5]);
});

test('another value says so and leads to its call; that of a volatile function is no deviation', async () => {
  await open('now');
  await again();
  const alert = page.getByRole('alert').filter({ hasText: calls.now.key.slice(0, 8) });
  await alert.waitFor();
  assert.doesNotMatch(await alert.innerText(), /deviation is recorded/, 'a volatile function gives another value each time');
  await accessible(page, 'another value of a volatile function');
  await open('hidden');
  await again();
  const deviation = page.getByRole('alert').filter({ hasText: 'the deviation is recorded' });
  await deviation.waitFor();
  await accessible(page, 'a deviation');
  await screenshot(page, 'calc-again-deviates');
  await deviation.getByRole('link', { name: 'Call' }).click();
  await page.locator('calc-provenance').waitFor();
  assert.deepEqual(page.problems, []);
});
