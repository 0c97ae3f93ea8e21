// The data scientist publishes a folder with data and tests in the portal: dropped on the page as a file manager does it, or chosen.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

import { accessible, eventually, home, openBrowser, openPage, portal, screenshot, signIn, Tool } from './platform.mjs';

// A platform that is tested twice keeps its scripts.
const stamp = Date.now().toString(36);
const name = `limits-${stamp}`;
const within = mkdtempSync(join(home, 'calc-folder-'));
const at = (path = '', query = '') => `${portal}/app/basel/calc${path}${query}`;

const FILES = {
  'dcp.toml': `name = "${name}"\n`,
  'R/a-limits.R':
    "#' Limits of a product.\n#' @param product Its name.\n#' @examples limits('a')\nlimits <- function(product) .limits$upper[.limits$product == product]\n",
  'R/b-data.R': '.limits <- read.csv(dcp_data("limits.csv"))\n',
  'data/limits.csv': `product,upper\na,4.5\nb,9\n${stamp},0\n`,
  'tests/limits.R': 'stopifnot(limits("a") == 4.5)\n',
  'README.md': 'stays where it is\n',
  '.git/config': 'stays where it is\n',
  'data/.hidden': 'stays where it is\n',
};

/** Writes a folder and answers where it is. */
function folder(title, files) {
  const root = join(within, title);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

let browser, page;
before(async () => {
  browser = await openBrowser();
  page = await openPage(browser);
  await page.goto(at('/publish'));
  await signIn(page, 'scientist');
  await page.getByRole('heading', { name: 'Publish a script', level: 1 }).waitFor();
});
after(() => browser.close());

/** Lets a file or a folder of this machine fall on the form, as the browser gets it from a file manager. */
async function drop(path) {
  const target = await page.locator('form').filter({ hasText: 'or drop it' }).boundingBox();
  const session = await page.context().newCDPSession(page);
  const where = { x: target.x + target.width / 2, y: target.y + 40, data: { items: [], files: [path], dragOperationsMask: 1 } };
  for (const type of ['dragEnter', 'dragOver', 'drop']) await session.send('Input.dispatchDragEvent', { type, ...where });
  await session.detach();
}

const listed = () => page.getByRole('region', { name: /files? of the folder$/ }).getByRole('listitem');
const publish = () => page.getByRole('button', { name: 'Publish a script' }).click();

test('a folder that is dropped shows what of it is sent, and is published with its tests', async () => {
  await drop(folder('Limits', FILES));
  await page.getByRole('heading', { name: '5 files of the folder' }).waitFor();
  const paths = await listed().locator('code').allInnerTexts();
  assert.deepEqual(paths, ['R/a-limits.R', 'R/b-data.R', 'data/limits.csv', 'dcp.toml', 'tests/limits.R']);
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), name, 'the name it gives itself');
  await accessible(page, 'a folder before it is published');
  await screenshot(page, 'calc-folder');
  await publish();
  await page.getByRole('heading', { name: `“${name}” is published` }).waitFor();
  await page.getByText('1 test passed').waitFor();
  await screenshot(page, 'calc-folder-published');
  await page.getByRole('link', { name: /^limits\(product\)/ }).click();
  await page.getByLabel(/^product /).fill('b');
  await page.getByRole('button', { name: 'Call', exact: true }).click();
  await page.locator('calc-result').getByText('9', { exact: true }).first().waitFor();
});

test('a folder that is chosen is another version when one line of its data differs, and its changes are shown', async () => {
  const changed = { ...FILES, 'data/limits.csv': FILES['data/limits.csv'].replace('b,9', 'b,9.5') };
  await page.goto(at('/publish'));
  await page.getByLabel('Choose a folder').setInputFiles(folder('chosen', changed));
  await eventually('the files', async () => (await listed().count()) === 5);
  await publish();
  await page.getByRole('heading', { name: `“${name}” is published` }).waitFor();
  const { versions } = (await (await Tool.of('scientist')).ask(`/api/calc/scripts/${name}`)).body;
  assert.equal(versions.length, 2);
  const latest = versions.toSorted((one, other) => one.published_at.localeCompare(other.published_at))[1];
  await page.goto(at(`/scripts/${name}`, `?version=${latest.version}&view=changes`));
  const source = page.getByRole('region', { name: 'Changed source' });
  await source.getByText('data/limits.csv').first().waitFor();
  await source.getByRole('row').filter({ hasText: 'b,9.5' }).waitFor();
  await accessible(page, 'the changes of a folder');
  await screenshot(page, 'calc-folder-changes');
});

test('what is wrong with a folder is said with file, line and reason, and nothing of it is published', async () => {
  const wrong = async (title, files, ...said) => {
    await page.goto(at('/publish'));
    await drop(folder(title, { ...FILES, ...files }));
    await eventually('the files', async () => (await listed().count()) >= 5);
    await publish();
    const alert = page.getByRole('alert').filter({ hasText: said[0] });
    await alert.waitFor();
    for (const text of said) assert.ok((await alert.innerText()).includes(text), `${title}: ${text} in ${await alert.innerText()}`);
    await accessible(page, title);
  };
  await wrong('syntax', { 'R/a-limits.R': 'limits <- function(product) 1\nlimits(\n' }, 'R cannot use R/a-limits.R, line 3');
  await wrong(
    'test',
    { 'tests/limits.R': 'stopifnot(limits("a") == 5)\n' },
    'The folder cannot be published',
    'tests/limits.R',
    'limits("a") == 5 is not TRUE',
  );
  await screenshot(page, 'calc-folder-test-fails');
  await wrong('package', { 'R/a-limits.R': 'library(notInstalledHere)\n' }, 'notInstalledHere', 'line 1');
  await wrong('data', { 'R/b-data.R': '\n.limits <- read.csv(dcp_data("none.csv"))\n' }, 'R/b-data.R', 'none.csv');
  const { versions } = (await (await Tool.of('scientist')).ask(`/api/calc/scripts/${name}`)).body;
  assert.equal(versions.length, 2);
});

test('a folder with nothing of a script in it, or of one file, says so before anything is sent', async () => {
  await page.goto(at('/publish'));
  await drop(folder('beside', { 'notes.txt': 'x', 'README.md': 'y' }));
  await page.getByText('Nothing in it belongs to a script').waitFor();
  await accessible(page, 'a folder without a script');
  await page.getByRole('button', { name: 'Write a source instead' }).click();
  writeFileSync(join(within, 'Single File.R'), 'single <- function() 1\n');
  await drop(join(within, 'Single File.R'));
  await eventually(
    'the source',
    async () => (await page.getByLabel('Source', { exact: true }).inputValue()) === 'single <- function() 1\n',
  );
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'single-file');
});

test('a file that is not taken says why, and what was there stays', async () => {
  const source = page.getByLabel('Source', { exact: true });
  writeFileSync(join(within, 'latin1.R'), Buffer.from('# one\n# gr\u00f6\u00dfe\nf <- function() 1\n', 'latin1'));
  await drop(join(within, 'latin1.R'));
  await page.getByRole('alert').getByText('latin1.R was not taken: line 2 is no UTF-8 text').waitFor();
  writeFileSync(join(within, 'large.R'), '# a line of a comment\n'.repeat(60_000));
  await drop(join(within, 'large.R'));
  await page.getByRole('alert').getByText(/large\.R was not taken: it may have 1\.0 MB at most/).waitFor();
  await drop(folder('deep', { [`R/${'d'.repeat(90)}/${'x'.repeat(120)}.R`]: 'f <- function() 1\n' }));
  await page.getByRole('alert').getByText(/It was not taken: the path R.*is too long/).waitFor();
  await accessible(page, 'a file that is not taken');
  await screenshot(page, 'calc-file-not-taken');
  assert.equal(await source.inputValue(), 'single <- function() 1\n');
  assert.deepEqual(page.problems, []);
});
