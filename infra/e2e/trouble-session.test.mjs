// Sessions that end, sites that are not there, permissions that are missing: what the user reads, and how it goes on.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessible, eventually, openBrowser, openPage, portal, screenshot, signIn, Tool, unitAddress } from './platform.mjs';

let browser, page, analyst;
let german = { problems: [] };
before(async () => {
  browser = await openBrowser();
  analyst = await Tool.of('analyst');
  page = await openPage(browser);
  await page.goto(portal);
  await signIn(page, 'analyst');
  await page.getByRole('heading', { name: 'Choose a site' }).waitFor();
});
after(() => browser.close());

/** Ends the session of a page on the server; the browser keeps its cookie. */
async function endSession(of) {
  const cookie = (await of.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  const headers = { cookie, 'content-type': 'application/json', origin: portal, 'sec-fetch-site': 'same-origin' };
  const { status } = await fetch(`${portal}/api/login/session`, { method: 'DELETE', headers });
  assert.equal(status, 204);
  await eventually('the session to be forgotten', async () => (await fetch(`${portal}/api/framework/sites`, { headers })).status === 401);
}

test('a session that has ended leads to the sign-in and back to the same view', async () => {
  await page.goto(await unitAddress(analyst, 'Dryer 1', { tab: 'batches', batches: 'DR1-2026-003,DR1-2026-004', search: 'DR1' }));
  await page.getByText('71 rows').waitFor();
  await endSession(page);
  // the page may have noticed by itself
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: /^Overlay/ }).click({ timeout: 3000 }).catch(() => undefined);
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  await page.getByText(/session has ended/i).first().waitFor();
  await accessible(page, 'the sign-in after the end of a session');
  await screenshot(page, 'trouble-session');
  await signIn(page, 'analyst');
  await page.getByRole('heading', { name: 'Dryer 1' }).waitFor();
  const query = new URL(page.url()).searchParams;
  assert.equal(query.get('batches'), 'DR1-2026-003,DR1-2026-004');
  assert.equal(query.get('search'), 'DR1');
});

test('signing out in one tab signs the other one out', async () => {
  const other = await page.context().newPage();
  await other.goto(`${portal}/app/basel/home`);
  await other.getByRole('heading', { name: 'Activity' }).waitFor();
  await other.getByRole('button', { name: /Ana Keller/ }).click();
  await other.getByRole('menuitem', { name: 'Sign out' }).click();
  await other.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.bringToFront();
  for (const view of [/^Batches/, /^Trend/, /^Overlay/]) {
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click({ timeout: 3000 }).catch(() => undefined);
  }
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  await other.close();
  await signIn(page, 'analyst');
  await page.getByRole('heading', { name: 'Dryer 1' }).waitFor();
});

test('a site that is not there is named, and the sites are offered', async () => {
  await page.goto(`${portal}/app/atlantis/mvda`);
  await page.getByRole('heading', { name: /No site “atlantis”/ }).waitFor();
  await accessible(page, 'an unknown site');
  await screenshot(page, 'trouble-site');
  await page.getByRole('link', { name: 'Choose a site' }).first().click();
  await page.getByRole('heading', { name: 'Choose a site' }).waitFor();
});

test('a page that no module has is said to be none', async () => {
  await page.goto(`${portal}/app/basel/nothing`);
  await page.getByRole('heading', { name: 'There is no page here' }).waitFor();
  await screenshot(page, 'trouble-page');
});

test('a page without the permission says which one is missing', async () => {
  await page.goto(`${portal}/app/basel/administration`);
  await page.getByText(/administration\.read/).first().waitFor();
  await accessible(page, 'a page without permission');
  await screenshot(page, 'trouble-permission');
  german = await openPage(browser, { locale: 'de-DE', storageState: await page.context().storageState() });
  await german.goto(`${portal}/app/basel/administration`);
  await german.getByRole('heading', { name: /Kein Zugriff auf/ }).waitFor();
  await screenshot(german, 'trouble-permission-de');
});

test('a model and a chart that are not there are named', async () => {
  await page.goto(await unitAddress(analyst, 'Dryer 1', { tab: 'models', model: '00000000-0000-7000-8000-000000000000' }));
  await page.getByRole('heading', { name: 'Not found' }).waitFor();
  await screenshot(page, 'trouble-model-unknown');
  await page.goto(`${portal}/app/basel/saw?chart=00000000-0000-7000-8000-000000000000`);
  await page.getByRole('heading', { name: 'Not found' }).waitFor();
  await screenshot(page, 'trouble-chart-unknown');
});

test('nothing of this was an error of a script', () => {
  assert.deepEqual([...page.problems, ...german.problems], []);
});
