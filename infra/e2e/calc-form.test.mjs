// The form of a function for every kind of argument, by the keyboard: typed values, what is wrong with them, earlier results, process data.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessible, eventually, openBrowser, openPage, portal, screenshot, signIn, Tool } from './platform.mjs';

const stamp = Date.now().toString(36);
const name = `form-${stamp}`;
const free = { 'dcp-node': 'nongxp-node' };
const SOURCE = `# ${stamp}
#' Says what R was given.
#' @param number [numeric(1), >=0, <=100, unit mg/L] One number.
#' @param vector [numeric(2..5)] Two to five numbers.
#' @param names [character] Names.
#' @param flags [logical(2..3)] Truth values.
#' @param rows [matrix] A matrix.
#' @param table [data.frame] A table.
kinds <- function(number, whole = 3L, text = "a", flag = TRUE, method = c("plain", "log"), several = c("a", "b", "c"),
                  vector = c(1, 2), names = NULL, flags = NULL, rows = NULL, table = NULL, more = NULL) {
  method <- match.arg(method)
  several <- match.arg(several, several.ok = TRUE)
  lapply(as.list(environment()), function(x) paste(class(x)[1], paste(format(unlist(x)), collapse = " ")))
}
#' A mean.
#' @param x [numeric] Numbers.
middle <- function(x) list(mean = mean(x), n = length(x))
#' Days and instants as R has them.
#' @param day [Date(1)] A day.
#' @param at [POSIXct(1)] An instant.
#' @param days [Date] Days.
#' @param grade [factor(1), one of low|mid|high] A grade.
dates <- function(day, at, days = Sys.Date(), since = as.POSIXct("2026-01-01 06:00", tz = "UTC"), grade = "low") {
  told <- function(x) paste(c(class(x)[1], format(x)), collapse = " ")
  list(day = told(day), at = told(at), days = told(days), since = told(since), grade = paste(class(grade), as.integer(grade)))
}
#' What a table holds.
#' @param data [data.frame] A table.
shape <- function(data) list(rows = nrow(data), names = names(data), usable = sum(!is.na(data[[3]])))
`;

let browser, page, scientist;

before(async () => {
  browser = await openBrowser();
  scientist = await Tool.of('scientist');
  const published = await scientist.ask(`/api/calc/scripts/${name}`, {
    method: 'PUT',
    body: SOURCE,
    headers: { ...free, 'content-type': 'text/x-r' },
  });
  assert.equal(published.status, 200, JSON.stringify(published.body));
  page = await openPage(browser);
  await page.goto(`${portal}/app/basel/calc?node=nongxp-node`);
  await signIn(page, 'scientist');
  await page.getByRole('heading', { name: 'R functions', level: 1 }).waitFor();
});
after(() => browser.close());

const open = async (one) => {
  await page.goto(`${portal}/app/basel/calc/scripts/${name}/${one}?node=nongxp-node`);
  await page.getByRole('heading', { name: 'Arguments' }).waitFor();
};
const field = (argument) => page.locator(`#calc-argument-${argument}`);
const call = () => page.getByRole('button', { name: 'Call', exact: true }).click();
const focused = (argument) =>
  eventually(`the focus on ${argument}`, () => page.evaluate((id) => document.activeElement?.id === id, `calc-argument-${argument}`));
const said = (argument) => page.locator(`#calc-argument-${argument}-wrong`).innerText();
const calculated = () => page.locator('calc-provenance').waitFor();

test('says at each field what is wrong with it, and goes to the first', async () => {
  await open('kinds');
  const wrong = { number: '101', whole: '1.5', flags: 'true, maybe', rows: '1 2\n3', table: 'nonsense' };
  for (const [argument, entry] of Object.entries(wrong)) await field(argument).fill(entry);
  await call();
  await focused('number');
  assert.deepEqual(await Promise.all(Object.keys(wrong).map(said)), [
    '“101” is outside what is allowed: ≥ 0, ≤ 100.',
    '“1.5” is not a whole number.',
    '“maybe” is neither true nor false.',
    'Row 2 has not as many values as the first.',
    'This is neither a table with headings, its columns divided by tabs, nor JSON.',
  ]);
  await accessible(page, 'a form with mistakes');
  await screenshot(page, 'calc-form-wrong');
});

test('what only the engine sees is said at its field, which has the focus', async () => {
  await open('kinds');
  await field('number').fill('1');
  await field('vector').fill('7');
  await call();
  await focused('vector');
  assert.match(await said('vector'), /2 to 5 values/);
});

test('gives R every kind of argument as it was typed, pasted or chosen', async () => {
  await open('kinds');
  const entries = {
    number: '3,5',
    vector: '1\n2\nNA',
    names: 'Anna, Bob',
    flags: 'TRUE NA',
    rows: '1\t2,5\n3\tNA',
    table: 'a\tb\n1\tx\n2\ty',
    more: '{"k": [1, 2]}',
  };
  for (const [argument, entry] of Object.entries(entries)) await field(argument).fill(entry);
  await field('several').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await field('method').selectOption('log');
  // Enter in a line of the form calls, as in every form.
  await field('number').press('Enter');
  await calculated();
  const told = await page.locator('calc-result').innerText();
  for (const text of [
    'numeric 3.5',
    'logical TRUE',
    'character log',
    'character b c',
    'numeric 1 2 NA',
    'character Anna Bob',
    'matrix 1.0 3.0 2.5',
    'data.frame 1 2 x y',
    'list 1 2',
  ]) {
    assert.ok(told.includes(text), `${text} in ${told}`);
  }
  await accessible(page, 'a form of every kind');
});

const part = (name) => page.evaluate((id) => document.getElementById(id).closest('calc-field').innerText, `calc-argument-${name}`);

test('a date is typed into the field of the browser, an instant by the clock of the site, and R gets both as what they are', async () => {
  await open('dates');
  assert.match(await part('day'), /date · required/);
  assert.match(await part('at'), /The time is that of Europe\/Zurich \(GMT\+[12]\); R gets it in UTC\./);
  assert.match(await part('since'), /one or more dates and times · default as\.POSIXct/);
  await call();
  await focused('day');
  assert.deepEqual(await Promise.all(['day', 'at'].map(said)), ['This is needed.', 'This is needed.']);
  // A date that is begun is neither none nor one.
  await field('day').pressSequentially('31');
  await call();
  await focused('day');
  assert.equal(await said('day'), 'The date is not complete.');
  await accessible(page, 'a form of dates');
  await screenshot(page, 'calc-form-dates-wrong');
  await field('day').fill('2026-01-31');
  await field('at').fill('2026-01-31T08:30');
  await field('since').fill('2026-07-01T06:00');
  assert.match(await part('since'), /Europe\/Zurich \(GMT\+2\)/);
  await page.getByRole('button', { name: 'Write several days' }).press('Enter');
  // Once the field to write into has come.
  await page.locator('textarea#calc-argument-days').fill('2026-02-28\n2026-02-30');
  await call();
  await focused('days');
  assert.equal(await said('days'), '“2026-02-30” is no date: write it as 2026-01-31.');
  await field('days').fill('2026-02-28\nNA');
  await field('grade').selectOption('high');
  await call();
  await calculated();
  const told = await page.locator('calc-result').innerText();
  for (const text of ['Date 2026-01-31', 'POSIXct 2026-01-31 07:30:00', 'Date 2026-02-28 NA', 'POSIXct 2026-07-01 04:00:00', 'factor 3']) {
    assert.ok(told.includes(text), `${text} in ${told}`);
  }
  await screenshot(page, 'calc-form-dates');
  // The address holds the instant, not what a clock shows of it.
  assert.match(decodeURIComponent(page.url()), /"at":"2026-01-31T07:30:00Z"/);
});

test('an instant that is written needs its time zone', async () => {
  await open('dates');
  await field('day').fill('2026-01-31');
  await page.getByRole('button', { name: 'Write it at' }).click();
  await page.locator('#calc-argument-at:not([type])').fill('2026-01-31T08:30:00');
  await call();
  await focused('at');
  assert.equal(await said('at'), '“2026-01-31T08:30:00” does not say which time zone: add Z for UTC, or the offset such as +01:00.');
  await field('at').fill('2026-01-31T08:30:00.25-05:00');
  await call();
  await calculated();
  assert.ok((await page.locator('calc-result').innerText()).includes('POSIXct 2026-01-31 13:30:00'));
  await page.getByRole('button', { name: 'Choose it at' }).click();
  await eventually('the instant by the clock of the site', async () => (await field('at').inputValue()) === '2026-01-31T14:30');
});

test('an earlier result, or a part of it, is chosen from a list', async () => {
  await open('middle');
  await field('x').fill('2 4 9');
  await call();
  await calculated();
  await field('x').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'A value for x' });
  await dialog.getByRole('button', { name: 'Take it' }).click();
  await dialog.getByText('Choose a result.').waitFor();
  await dialog
    .getByRole('row', { name: new RegExp(`${name} · middle`) })
    .first()
    .click();
  await dialog.getByLabel('Part of it').fill('mean');
  await dialog.getByText('A JSON pointer begins with /.').first().waitFor();
  await dialog.getByLabel('Part of it').fill('/mean');
  await accessible(page, 'the choice of a result');
  await screenshot(page, 'calc-form-result');
  await dialog.getByRole('button', { name: 'Take it' }).click();
  await focused('x');
  assert.match(await field('x').inputValue(), /^\{"\$result":"[0-9a-f]{64}","path":"\/mean"\}$/);
  await call();
  await eventually('the mean of one value', async () => /mean\s+5\s+n\s+1/.test(await page.locator('calc-result').innerText()));
});

test('tags and a period, or batches, are chosen from the plant, and R gets them', async () => {
  await open('shape');
  await page.getByRole('button', { name: 'Process data or earlier result … data' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'A value for data' });
  await dialog.getByRole('treeitem', { name: 'Drying' }).waitFor();
  await dialog.getByRole('treeitem', { name: 'Drying' }).click();
  await dialog.getByRole('treeitem', { name: 'Dryer 1' }).click();
  for (const tag of ['DryerTemp', 'DryerPressure']) await dialog.getByRole('checkbox', { name: new RegExp(`^${tag} `) }).check();
  await accessible(page, 'the choice of process data');
  await screenshot(page, 'calc-form-data');
  await dialog.getByRole('radio', { name: 'batches' }).check();
  await dialog.getByRole('button', { name: 'Take it' }).click();
  await dialog.getByText('Choose at least one batch.').waitFor();
  // The first is the newest and may still run.
  await dialog.getByRole('row', { name: /DR1-/ }).nth(2).click();
  await accessible(page, 'the choice of batches');
  await screenshot(page, 'calc-form-batches');
  await dialog.getByRole('button', { name: 'Take it' }).click();
  await focused('data');
  assert.match(await field('data').inputValue(), /"source":"dryers".*"interval":"60s"/);
  await call();
  await calculated();
  const told = (await page.locator('calc-result').innerText()).replaceAll('\n', ' ');
  assert.match(told, /batch/);
  assert.match(told, /DryerTemp/);
  await screenshot(page, 'calc-form-data-called');
});

test('a person names a data source of the site by its id, and no server', async () => {
  const tags = [{ name: 'T', web_id: 'x' }];
  const ask = (source) =>
    scientist.ask(`/api/calc/r/${name}/shape`, {
      method: 'POST',
      headers: free,
      body: { data: { $pi: { source, tags, batches: [{ id: 'b', start: '2026-06-01T00:00:00Z' }], interpolation: 'recorded' } } },
    });
  const server = await ask({ id: 'dryers', url: 'http://127.0.0.1:1/piwebapi', credentials: 'pi/dryers' });
  assert.deepEqual(
    [server.status, server.body.errors],
    [422, [{ pointer: '/data/$pi/source', detail: 'must be the id of a data source of the site; only modules name servers' }]],
  );
  const unknown = await ask('mixers');
  assert.equal(unknown.status, 422);
  assert.match(unknown.body.errors[0].detail, /^is no data source of the site basel; there are: dryers/);
});
