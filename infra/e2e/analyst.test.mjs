// The lab analyst: finds an abnormal dryer batch, from the sign-in to the raw trend of the tag that explains it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { accessible, eventually, openBrowser, openPage, portal, screenshot, signIn, Tool, unitAddress } from './platform.mjs';

const root = join(import.meta.dirname, '../..');
let browser, page, home, analyst;
let modelLink, worst;

before(async () => {
  browser = await openBrowser();
  page = await openPage(browser);
  home = await openPage(browser);
  analyst = await Tool.of('analyst');
});
after(() => browser.close());

const figure = (of, name) => of.getByRole('figure', { name });

test('signs in, after a wrong password, and picks the site Basel', async () => {
  await page.goto(portal);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await accessible(page, 'the sign-in page');
  await signIn(page, 'analyst', 'not the password at all');
  await page.getByText('User name or password is wrong.').waitFor();
  await signIn(page, 'analyst');
  await page.getByRole('heading', { name: 'Choose a site' }).waitFor();
  await accessible(page, 'the choice of sites');
  await page.getByRole('link', { name: /^Basel/ }).click();
  await page.getByRole('heading', { name: 'Activity' }).waitFor();
  await accessible(page, 'the home page');
  await screenshot(page, 'home');
});

test('sees the asset tree and the 71 batches of Dryer 1 in a table for the keyboard', async () => {
  await page.getByRole('navigation').getByRole('link', { name: /Batch monitoring|Batches/ }).first().click();
  const tree = page.getByRole('tree');
  await tree.waitFor();
  for (const name of ['Dryers', 'Basel', 'Drying']) {
    const item = tree.getByRole('treeitem', { name: new RegExp(`^${name}`) }).first();
    await item.waitFor();
    if ((await item.getAttribute('aria-expanded')) === 'false') {
      await item.click();
      await page.keyboard.press('ArrowRight');
    }
  }
  await tree.getByRole('treeitem', { name: 'Dryer 1' }).first().click();
  await page.getByText('71 rows').waitFor();
  await page.getByText('DR1-2026-001').first().waitFor();
  await page.getByPlaceholder('Filter').last().fill('DR1-2026-07');
  await page.getByText(/^2 (of 71 )?rows|2 of 71/).first().waitFor();
  await page.getByText('running').first().waitFor();
  await page.getByPlaceholder('Filter').last().fill('');
  await page.getByText('71 rows').waitFor();
  await accessible(page, 'the table of batches');
  await screenshot(page, 'batches');
});

test('looks at the trend of tags and at batches laid over each other', async () => {
  const rows = page.getByRole('row');
  await rows.nth(1).click();
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await page.getByText(/selected/).first().waitFor();
  await page.getByRole('button', { name: 'Overlay', exact: true }).click();
  await figure(page, /Batches of Dryer 1/).first().waitFor();
  await accessible(page, 'the overlay');
  await screenshot(page, 'overlay');
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: /^Trend/ }).click();
  await figure(page, /Trend of Dryer 1/).first().waitFor();
  await accessible(page, 'the trend');
  await screenshot(page, 'trend');
});

test('takes a range of time by the clock of the site, wherever the computer stands', async () => {
  const away = await openPage(browser, { timezoneId: 'America/New_York', storageState: await page.context().storageState() });
  await away.goto(await unitAddress(analyst, 'Dryer 1', { tab: 'trend', range: 'own', start: '2026-01-20T10:00:00Z', end: '2026-01-20T12:00:00Z' }));
  await away.getByText('Europe/Zurich (GMT+1)').first().waitFor();
  assert.equal(await away.getByLabel('From', { exact: true }).inputValue(), '2026-01-20T11:00');
  await away.getByLabel('From', { exact: true }).fill('2026-01-20T10:30');
  await eventually('the address to hold the instant', () => new URL(away.url()).searchParams.get('start') === '2026-01-20T09:30:00.000Z');
  await screenshot(away, 'trend-own');
  await away.context().close();
});

test('calculates a batch evolution model on all complete batches, with visible progress', async () => {
  await home.goto(`${portal}/app/basel/home`);
  await signIn(home, 'scientist');
  await home.getByRole('heading', { name: 'Activity' }).waitFor();
  await home.getByText('Live', { exact: false }).first().waitFor();

  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: /^Models/ }).click();
  await page.getByRole('button', { name: 'New model' }).first().click();
  await page.getByRole('button', { name: 'All complete batches' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Evolution of all complete batches');
  await accessible(page, 'the form of a model');
  await page.getByRole('button', { name: 'Calculate' }).click();
  await page.getByText('Abnormal batches').first().waitFor({ timeout: 60_000 });
  modelLink = page.url();
  const id = new URL(modelLink).searchParams.get('model');
  const result = await analyst.ask(`/api/mvda/models/${id}/result`);
  assert.equal(result.status, 200);
  const expected = Number(execFileSync('Rscript', ['--vanilla', join(import.meta.dirname, 'reference.R'), root, '70'], { encoding: 'utf8' }));
  assert.ok(Math.abs(result.body.r2y_total - expected) < 1e-8, `R2Y ${result.body.r2y_total}, R on the recorded file says ${expected}`);
  assert.equal(result.body.batches.length, 71);
  await accessible(page, 'the result');
  await screenshot(page, 'result');
});

test('sees the model on the home page of everybody without reload', async () => {
  await home.getByText(/Evolution of all complete batches/).first().waitFor();
  await screenshot(home, 'activity');
});

test('clicks an abnormal batch and reads in process words what is wrong with it', async () => {
  const first = page.getByRole('button', { name: /DR1-2026-\d+/ }).first();
  worst = /DR1-2026-\d+/.exec(await first.textContent())[0];
  await first.click();
  await page.getByRole('heading', { name: `Why ${worst}?` }).waitFor();
  await eventually('a sentence about the batch', async () => (await page.locator('.sentence').textContent())?.trim().length > 20);
  await accessible(page, 'the contributions');
  await screenshot(page, 'contributions');
});

test('opens the largest contribution as the raw trend beside the reference envelope', async () => {
  const bars = figure(page, /Contributions/).first();
  await bars.locator('[tabindex="0"]').first().focus();
  await page.keyboard.press('Enter');
  await figure(page, new RegExp(`${worst} beside the reference`)).first().waitFor();
  assert.match(page.url(), /section=tag/);
  await accessible(page, 'the raw tag');
  await screenshot(page, 'raw-tag');
});

test('opens the same view from the link, in German and in the dark', async () => {
  const other = await openPage(browser, { locale: 'de-DE', colorScheme: 'dark' });
  await other.goto(page.url());
  await other.getByLabel('Benutzername').fill('analyst');
  await other.getByLabel('Passwort', { exact: true }).fill((await import('./platform.mjs')).passwords.analyst);
  await other.getByRole('button', { name: 'Anmelden', exact: true }).click();
  await figure(other, new RegExp(worst)).first().waitFor();
  assert.equal(new URL(other.url()).search, new URL(page.url()).search);
  await accessible(other, 'the raw tag in the dark');
  await screenshot(other, 'raw-tag-dark-de');
  await other.context().close();
});

test('saves what is shown as CSV and PNG', async () => {
  const saved = async (name) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).first().click()]);
    return readFileSync(await download.path());
  };
  assert.ok((await saved('Download the shown values as CSV')).toString().split('\n').length > 20);
  assert.deepEqual([...(await saved(/as PNG/)).subarray(1, 4)], [...Buffer.from('PNG')]);
});

test('finds in the record of the model how its numbers came to be', async () => {
  const id = new URL(modelLink).searchParams.get('model');
  const { body } = await analyst.ask(`/api/mvda/models/${id}`);
  const kept = JSON.stringify(body.provenance);
  for (const word of ['pi_server', 'tags', 'time_range', 'interpolation', 'script_hash', 'r_version', 'packages', 'result_key']) {
    assert.ok(kept.includes(`"${word}"`), `${word} in ${kept.slice(0, 400)}`);
  }
});

test('calculates a batch level model', async () => {
  await page.goto(modelLink.replace(/([?&])model=[^&]*/, '$1create=level'));
  await page.getByRole('button', { name: 'All complete batches' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Level of all complete batches');
  await page.getByRole('button', { name: 'Calculate' }).click();
  await page.getByText('Abnormal batches').first().waitFor({ timeout: 60_000 });
  await accessible(page, 'the result of a batch level model');
  await screenshot(page, 'level');
});

test('may take the batch whose frame is still open for complete, and is told so', async () => {
  await page.goto(modelLink.replace(/([?&])model=[^&]*/, '$1create=evolution'));
  await page.getByRole('grid', { name: 'Reference batches' }).focus();
  await page.keyboard.press('Control+a');
  await page.getByText('Still running: DR1-2026-071').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('Evolution of all batches');
  await page.getByLabel('Values', { exact: true }).selectOption('recorded');
  await screenshot(page, 'cut-off');
  await page.getByRole('button', { name: 'Calculate' }).click();
  await page.getByText('Abnormal batches').first().waitFor({ timeout: 60_000 });
  const { body } = await analyst.ask(`/api/mvda/models/${new URL(page.url()).searchParams.get('model')}/result`);
  // Computed once from the recorded file with other software.
  assert.ok(Math.abs(body.r2y_total - 0.9359071415) < 1e-8, `R2Y ${body.r2y_total}`);
  await page.getByRole('link', { name: 'Record' }).or(page.getByRole('button', { name: 'Record' })).first().click();
  await page.getByText('Counted as complete').waitFor();
});

test('meets an empty site with words, not with an error', async () => {
  await page.goto(`${portal}/app/dublin/mvda`);
  await page.getByText('This site has no data source').waitFor();
  await accessible(page, 'a site without data');
});

test('never met an error of a script or of the content security policy', () => {
  assert.deepEqual(page.problems, []);
  assert.deepEqual(home.problems, []);
});
