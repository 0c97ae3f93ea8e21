// Setting up a source in the portal: tried before it is kept, used by the analysis without a restart, recorded, and undone.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessible, eventually, openBrowser, openPage, portal, screenshot, signIn, simulator, Tool } from './platform.mjs';

let browser, page, analyst;
before(async () => {
  browser = await openBrowser();
  analyst = await Tool.of('analyst');
  page = await openPage(browser);
  await page.goto(`${portal}/app/basel/sources`);
  await signIn(page, 'administrator');
});
after(() => browser.close());

const button = (name) => page.getByRole('button', { name, exact: true });
const field = (name) => page.getByRole('dialog').getByLabel(name, { exact: true });
const row = (name) => page.getByRole('table', { name: 'Data sources' }).or(page.getByRole('grid', { name: 'Data sources' })).getByRole('row').filter({ hasText: name });
const record = () => page.getByRole('region', { name: 'Changes' });
/** What the analysis knows of the sources of Dublin. */
const known = async () => (await analyst.ask('/api/mvda/sources', { site: 'dublin' })).body.map(({ name }) => name).join();

test('a source of the site file says so, and is not changed here', async () => {
  const about = page.getByRole('region', { name: 'About Dryers' });
  await about.getByText('from the site file; it is changed there').waitFor();
  assert.equal(await button('Take out').count(), 0);
  await record().getByText('The site file says so.').first().waitFor();
});

test('who may not set up sources is not asked to', async () => {
  assert.equal((await analyst.ask('/api/framework/data-sources/changes')).status, 403);
  const problem = await analyst.ask('/api/framework/data-sources/dryers/remove', { method: 'POST', body: { seen: 1, reason: 'No' } });
  assert.equal(problem.status, 403);
});

test('what is wrong is said at its field before anything is kept', async () => {
  await page.goto(`${portal}/app/dublin/sources`);
  await page.getByText('No data source yet').waitFor();
  await button('Add a data source').focus();
  await page.keyboard.press('Enter');
  await page.locator('dialog input:focus').waitFor();
  await page.keyboard.type('Nylon of Dublin');
  await eventually('the id to follow the name', async () => (await field('Id').inputValue()) === 'nylon-of-dublin');
  await button('Try it').click();
  await page.getByText('This is needed.').first().waitFor();
  await field('Address of the PI Web API').fill(`${simulator}/piwebapi`);
  await field('Asset server (AF)').fill('PIAF');
  await field('Asset database').fill('Cork');
  await field('Data server').fill('PIMAM');
  await field('Path of the credentials').fill('pi/dryers');
  await button('Try it').click();
  await page.getByText('The server does not confirm this:').waitFor();
  await page.getByText(/the database .*Cork does not exist/).first().waitFor();
  assert.equal(await field('Asset database').getAttribute('aria-invalid'), 'true');
  await accessible(page, 'a set-up that the server does not confirm');
  await screenshot(page, 'source-setup-refused');
});

test('a source that the server confirms is kept with its reason, and its values can be seen', async () => {
  await field('Asset database').fill('Visp');
  await button('Try it').click();
  await page.getByText(/The server answers as described: PI Web API simulator/).waitFor();
  await screenshot(page, 'source-setup-confirmed');
  await button('Save').click();
  await page.getByText('Say why in at least 3 characters.').waitFor();
  await field('Reason').fill('The line starts on Monday');
  await button('Save').click();
  await row('Nylon of Dublin').getByText('reachable', { exact: true }).waitFor();
  await record().getByText('The line starts on Monday').waitFor();
  await accessible(page, 'a source that was added');
  await screenshot(page, 'source-setup-added');
});

test('the analysis uses what was set up, and what was changed, without a restart', async () => {
  await eventually('the analysis to know the source', async () => (await known()) === 'Nylon of Dublin');
  await button('Change').click();
  await field('Name').fill('Nylon line');
  await field('Reason').fill('As the operators call it');
  await button('Save').click();
  await record().getByText('Name: Nylon of Dublin → Nylon line').waitFor();
  await eventually('the analysis to know the change', async () => (await known()) === 'Nylon line');
});

test('a server that does not answer is kept when somebody insists, and the record says so', async () => {
  await button('Change').click();
  await field('Address of the PI Web API').fill('http://127.0.0.1:1/piwebapi');
  await field('Reason').fill('It moves tonight');
  await button('Save').click();
  await page.getByRole('dialog').getByText('The PI server does not answer.').first().waitFor();
  await page.getByRole('dialog').getByLabel(/Keep it all the same/).check();
  await button('Save').click();
  await row('Nylon line').getByText('not reachable').waitFor();
  await record().getByText('changed, not confirmed by the server').waitFor();
});

test('an earlier state is restored, and a source that was taken out comes back', async () => {
  await page.getByRole('button', { name: 'Restore Nylon line, version 2' }).click();
  await field('Reason').fill('It stays where it is');
  await button('Restore').click();
  await row('Nylon line').getByText('reachable', { exact: true }).waitFor();
  await button('Take out').click();
  await field('Reason').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await button('Take out').click();
  await field('Reason').fill('The line is closed');
  await page.getByRole('dialog').getByRole('button', { name: 'Take out' }).click();
  await page.getByText('No data source yet').waitFor();
  await eventually('the analysis to forget the source', async () => (await known()) === '');
  await page.getByRole('button', { name: 'Restore Nylon of Dublin, version 1' }).click();
  await field('Reason').fill('It was the wrong one');
  await button('Restore').click();
  await row('Nylon of Dublin').getByText('reachable', { exact: true }).waitFor();
  await screenshot(page, 'source-setup-restored');
  await button('Take out').click();
  await field('Reason').fill('The test ends');
  await page.getByRole('dialog').getByRole('button', { name: 'Take out' }).click();
  await page.getByText('No data source yet').waitFor();
});

test('it is German in German', async () => {
  const german = await openPage(browser, { locale: 'de-DE', storageState: await page.context().storageState() });
  await german.goto(`${portal}/app/dublin/sources`);
  await german.getByRole('region', { name: 'Änderungen' }).getByText('Nylon of Dublin').first().waitFor();
  await german.getByRole('button', { name: 'Datenquelle anlegen' }).click();
  await german.getByLabel('Name', { exact: true }).fill('Müller');
  await german.getByLabel('Adresse der PI Web API').fill('http://pi.example/piwebapi');
  for (const name of ['Asset-Server (AF)', 'Asset-Datenbank', 'Datenserver']) await german.getByLabel(name).fill('X');
  await german.getByRole('button', { name: 'Ausprobieren' }).click();
  await german.getByText(/nicht verschlüsselt und nur auf dieser Maschine möglich/).waitFor();
  await accessible(german, 'the set-up of a source in German');
  await screenshot(german, 'source-setup-de');
  assert.deepEqual(german.problems, []);
});

test('nothing of this was an error of a script', () => assert.deepEqual(page.problems, []));
