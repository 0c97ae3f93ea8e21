// Engines in the portal: whether the environment of each is registered, what that means, and registering it.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { accessible, bringUp, eventually, home, isProblem, kill, openBrowser, openPage, passwords, portal, screenshot, signIn, Tool } from './platform.mjs';

const stamp = Date.now().toString(36);
const name = `environment-${stamp}`;
const free = { 'dcp-node': 'nongxp-node' };
const settings = join(home, 'run', 'nongxp-node.toml');

let browser, scientist, careful;

/** A library with a package that no engine had before: its environment is one that nobody has registered. */
function newLibrary() {
  const library = mkdtempSync(join(home, 'library-'));
  const source = mkdtempSync(join(home, 'package-'));
  writeFileSync(join(source, 'DESCRIPTION'), `Package: stamp${stamp}\nVersion: 1.0.0\nTitle: New\nDescription: New.\nLicense: none\nAuthor: None\nMaintainer: None <none@example.org>\n`);
  writeFileSync(join(source, 'NAMESPACE'), '');
  execFileSync('R', ['CMD', 'INSTALL', '--no-test-load', '-l', library, source], { stdio: 'pipe' });
  return library;
}

/** The free node with an engine that waits for a registration, as the controlled node does. */
async function startCareful() {
  await kill('nongxp-node');
  const changed = readFileSync(settings, 'utf8').replace('settings = { sites = ', `settings = { registered_only = true, r_libs = "${newLibrary()}", sites = `);
  assert.match(changed, /registered_only = true/);
  writeFileSync(settings, changed);
  careful = spawn(join(home, 'bin', 'nongxp-node'), ['--config', settings], { stdio: 'ignore' });
  await eventually('the engine to be another', async () => {
    const answer = await scientist.ask('/api/calc/environments', { headers: free }).catch(() => undefined);
    return answer?.status === 200 && answer.body.is_required;
  }, 60);
}

const call = () => scientist.ask(`/api/calc/r/${name}/twice`, { method: 'POST', headers: free, body: { x: 4 } });
const panel = (page) => page.getByRole('region', { name: 'nongxp-node', exact: true });

before(async () => {
  browser = await openBrowser();
  scientist = await Tool.of('scientist');
  const options = { method: 'PUT', body: 'twice <- function(x) 2 * x\n', headers: { ...free, 'content-type': 'text/x-r' } };
  const published = await scientist.ask(`/api/calc/scripts/${name}`, options);
  assert.equal(published.status, 200, JSON.stringify(published.body));
  await startCareful();
});
after(async () => {
  if (careful?.exitCode === null) {
    careful.kill('SIGKILL');
    await new Promise((ended) => careful.once('exit', ended));
  }
  await bringUp();
  await browser.close();
});

test('an engine whose environment is not registered says what it refuses, who registers it, and how', async () => {
  isProblem(await call(), 409, 'unregistered-environment');
  const { facts } = (await scientist.ask('/api/calc/environments', { headers: free })).body;
  assert.equal(facts.packages[`stamp${stamp}`], '1.0.0');
  const page = await openPage(browser);
  await page.goto(`${portal}/app/basel/calc/engines`);
  await signIn(page, 'scientist');
  await panel(page).getByText('This engine answers drafts only').waitFor();
  await panel(page).getByText('not registered', { exact: true }).waitFor();
  for (const command of ['dcp calc --node nongxp-node verify --output report.json', 'dcp calc --node nongxp-node register --reason "report.json"']) {
    await panel(page).getByText(command, { exact: true }).waitFor();
  }
  assert.equal(await panel(page).getByRole('button', { name: 'Register …' }).isDisabled(), true);
  await panel(page).getByText('Needs the permission “calc.approve”.').waitFor();
  // The other engine does not ask for it.
  await page.getByRole('region', { name: 'gxp-node', exact: true }).getByText('This node does not ask for a registration').waitFor();
  await accessible(page, 'an engine that is not registered');
  await screenshot(page, 'calc-unregistered');
  await page.context().close();
});

test('who may approve registers it by the keyboard with a reason, in German and in the dark, and it answers', async () => {
  const page = await openPage(browser, { locale: 'de-DE', colorScheme: 'dark' });
  await page.goto(`${portal}/app/basel/calc/engines`);
  await page.getByLabel('Benutzername').fill('operator');
  await page.getByLabel('Passwort', { exact: true }).fill(passwords.operator);
  await page.getByRole('button', { name: 'Anmelden', exact: true }).click();
  await panel(page).getByText('Dieser Rechenkern beantwortet nur Entwürfe').waitFor();
  await accessible(page, 'an engine that is not registered, in German');
  await screenshot(page, 'calc-unregistered-german');
  await panel(page).getByRole('button', { name: 'Registrieren …' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Die Umgebung von nongxp-node registrieren' });
  await dialog.getByRole('button', { name: 'Registrieren', exact: true }).click();
  // A reason is needed.
  await dialog.getByLabel('Grund').and(page.locator('[aria-invalid="true"]')).waitFor();
  await dialog.getByLabel('Grund').focus();
  await page.keyboard.type('Bericht von heute');
  await accessible(page, 'the dialog that registers');
  await screenshot(page, 'calc-registering-german');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await panel(page).getByText('registriert', { exact: true }).waitFor();
  await panel(page).getByText(/: Bericht von heute$/).waitFor();
  await accessible(page, 'an engine that is registered, in German');
  await screenshot(page, 'calc-registered-german');
  const answer = await call();
  assert.deepEqual([answer.status, answer.body.value], [200, 8]);
  await page.context().close();
});
