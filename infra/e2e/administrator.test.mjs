// The administrator makes a user; the user activates the account and signs in. The operator stops and starts a module.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  accessible,
  bringUp,
  dcp,
  eventually,
  isProblem,
  kill,
  openBrowser,
  openPage,
  portal,
  retryUntil,
  screenshot,
  signIn,
  Tool,
} from './platform.mjs';

let browser, page;
// A platform that is tested twice keeps its users.
const stamp = Date.now().toString(36);
before(async () => {
  browser = await openBrowser();
  page = await openPage(browser);
});
after(() => browser.close());

test('sees users, roles and every module with node, zone, version and health', async () => {
  await page.goto(`${portal}/app/basel/administration`);
  await signIn(page, 'administrator');
  await page.getByRole('heading', { name: 'Administration' }).waitFor();
  await page.getByText('analyst').first().waitFor();
  await accessible(page, 'the users');
  await screenshot(page, 'users');
  await page.getByRole('link', { name: 'Roles' }).first().click();
  await page.getByText('mvda', { exact: false }).first().waitFor();
  await accessible(page, 'the roles');
  await screenshot(page, 'roles');
  await page.getByRole('link', { name: 'Modules' }).first().click();
  for (const node of ['gxp-node', 'nongxp-node']) await page.getByText(node, { exact: true }).first().waitFor();
  await page.getByText('ready').first().waitFor();
  await accessible(page, 'the modules');
  await screenshot(page, 'modules');
});

test('opens a built-in role for reading, and makes a copy that can be changed', async () => {
  await page.goto(`${portal}/app/basel/administration/roles?role=analyst`);
  const dialog = page.getByRole('dialog');
  await dialog.getByText(/built in and cannot be changed/).waitFor();
  assert.equal(await dialog.getByRole('button', { name: 'Save' }).count(), 0);
  await accessible(page, 'a built-in role');
  await screenshot(page, 'role-built-in');
  await dialog.getByRole('button', { name: 'Copy', exact: true }).click();
  await dialog.getByLabel('Name', { exact: true }).fill(`Night analyst ${stamp}`);
  await dialog.getByLabel('Description').fill('Night shift');
  await dialog.getByRole('checkbox', { name: /saw\.use/ }).uncheck();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText(`Night analyst ${stamp}`).first().waitFor();
});

test('creates a user who activates the account with the code and signs in', async () => {
  await page.getByRole('link', { name: 'Users' }).first().click();
  await page.getByRole('button', { name: 'New user' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('Ada Example');
  await dialog.getByLabel('User name').fill(`ada${stamp}`);
  await dialog.getByLabel('E-mail').fill(`ada${stamp}@example.org`);
  await accessible(page, 'the dialog of a user');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: /Activation code for Ada/ }).waitFor();
  await screenshot(page, 'activation-code');
  const code = (await page.getByRole('dialog').locator('code').first().textContent()).trim();
  const other = await openPage(browser);
  await other.goto(`${portal}/login`);
  await other.getByRole('button', { name: /First time here/ }).click();
  await other.getByLabel('User name').fill(`ada${stamp}`);
  await other.getByLabel('Activation code').fill(code);
  await other.getByLabel('New password', { exact: true }).fill('a sentence to remember');
  await other.getByLabel('New password again').fill('a sentence to remember');
  await other.getByRole('button', { name: 'Activate and sign in' }).click();
  await other.getByRole('heading', { name: 'Choose a site' }).waitFor();
  await screenshot(other, 'no-site');
  await other.context().close();
});

test('the operator sees everything running and stops one module; the rest goes on', async () => {
  const status = JSON.parse(await dcp(['status', '--json']));
  assert.ok(JSON.stringify(status).includes('mvda'));
  const analyst = await openPage(browser);
  await analyst.goto(`${portal}/app/basel/mvda`);
  await signIn(analyst, 'analyst');
  await analyst.getByRole('tree').waitFor();
  await dcp(['stop', 'mvda']);
  await analyst.getByRole('button', { name: 'Retry' }).first().waitFor();
  await accessible(analyst, 'the panel of a stopped module');
  await screenshot(analyst, 'stopped');
  const tool = await Tool.of('analyst');
  isProblem(await tool.ask('/api/mvda/models'), 503, 'module-unavailable');
  assert.equal((await tool.ask('/api/framework/sites')).status, 200);
  await analyst.getByRole('navigation').getByRole('link', { name: 'Home' }).first().click();
  await analyst.getByRole('heading', { name: 'Activity' }).waitFor();
  await analyst.goBack();
  await dcp(['start', 'mvda']);
  await eventually('the module to be ready', async () => (await tool.ask('/api/mvda/models')).status === 200);
  // The panel of the stopped module goes away by itself or with its button, whichever comes first.
  await retryUntil(analyst, analyst.getByRole('tree'));
  await analyst.context().close();
});

test('a free module loads from the other origin and calculates there', async () => {
  const analyst = await openPage(browser);
  const origins = new Set();
  analyst.on('request', (request) => origins.add(new URL(request.url()).origin));
  await analyst.goto(`${portal}/app/basel/saw`);
  await signIn(analyst, 'analyst');
  await analyst.getByRole('heading', { level: 1 }).waitFor();
  await eventually('the free node to be asked', () => [...origins].some((origin) => origin.startsWith('http') && origin !== portal));
  await analyst
    .getByText(/information only/i)
    .first()
    .waitFor();
  await accessible(analyst, 'the free module');
  await screenshot(analyst, 'saw');
  assert.deepEqual(analyst.problems, []);
  await analyst.context().close();
});

test('the settings name a node that does not tell its own, with the reason, and show the rest', async () => {
  const operator = await openPage(browser);
  await operator.goto(`${portal}/app/basel/administration/settings`);
  await signIn(operator, 'operator');
  const grid = operator.getByRole('grid', { name: 'Settings' });
  await grid.getByText('nongxp-node', { exact: true }).first().waitFor();
  assert.equal(await operator.getByRole('alert').count(), 0);
  await kill('nongxp-node');
  try {
    await operator.reload();
    const alert = operator.getByRole('alert').filter({ hasText: 'does not tell its settings' });
    await alert.getByText('the node nongxp-node cannot be reached').waitFor();
    await grid.getByText('gxp-node', { exact: true }).first().waitFor();
    await accessible(operator, 'the settings without one node');
    await screenshot(operator, 'settings-without-a-node');
  } finally {
    await bringUp();
  }
  await operator.reload();
  await grid.getByText('nongxp-node', { exact: true }).first().waitFor();
  await operator.context().close();
});
