// The data scientist and the approver in the portal: publish a script, call it by its form, decide about its versions.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { accessible, eventually, home, openBrowser, openPage, passwords, portal, screenshot, signIn, Tool } from './platform.mjs';

// A platform that is tested twice keeps its scripts and its users.
const stamp = Date.now().toString(36);
const name = `spread-${stamp}`;
const approver = { login: `approver${stamp}`, password: 'a sentence to approve with' };
const at = (path = '', query = '') => `${portal}/app/basel/calc${path}${query}`;
const folder = mkdtempSync(join(home, 'calc-portal-'));

// Equal sources are one version with one cache, whatever the script is called.
const SOURCE = `# Spread of measurements, ${stamp}.

#' Spread of measurements.
#'
#' The sample standard deviation, and the range as a second opinion.
#' @param x [numeric(2..1000), unit mg/L] Measurements in the order they were taken.
#' @param method Which measure.
#' @param factor [numeric(1), >0] Multiplies the result.
#' @cache pure
#' @examples
#' spread(c(1, 2, 3))
spread <- function(x, method = c("sd", "range"), factor = 1) {
  method <- match.arg(method)
  if (anyNA(x)) warning("missing values were left out")
  x <- x[!is.na(x)]
  list(spread = factor * if (method == "sd") sd(x) else diff(range(x)), values = I(x))
}

#' Waits and tells how far it is.
#' @param seconds How long.
wait <- function(seconds = 1) {
  for (step in seq_len(10 * seconds)) {
    Sys.sleep(0.1)
    progress(step / (10 * seconds), paste("step", step))
  }
  seconds
}

#' Draws a line.
#' @param n [integer(1), >=2] How many points; more than 100 are refused.
draw <- function(n = 10L) {
  if (n > 100) stop("more than 100 points")
  plot(seq_len(n), type = "l")
  n
}
`;
const CHANGED = SOURCE.replace('factor = 1)', 'factor = 2)').replace('as a second opinion', 'as another measure');

let browser, scientist;

before(async () => {
  browser = await openBrowser();
  scientist = await openPage(browser, { viewport: { width: 1400, height: 900 }, permissions: ['clipboard-read', 'clipboard-write'] });
  await makeApprover();
});
after(() => browser.close());

/** A person of the quality unit: decides about versions, publishes none. */
async function makeApprover() {
  const administrator = await Tool.of('administrator');
  const permissions = ['calc.approve', 'calc.call', 'calc.read'];
  const role = await administrator.ask('/api/administration/roles', {
    method: 'POST',
    body: { name: `R approver ${stamp}`, description: '', permissions },
  });
  assert.equal(role.status, 200, JSON.stringify(role.body));
  const user = await administrator.ask('/api/administration/users', {
    method: 'POST',
    body: {
      login: approver.login,
      name: 'Quinn Quality',
      email: `${approver.login}@example.org`,
      grants: [{ role: role.body.id, site: 'basel' }],
    },
  });
  assert.equal(user.status, 200, JSON.stringify(user.body));
  const issued = await eventually('an activation code', async () => {
    const answer = await administrator.ask(`/api/login/accounts/${user.body.id}/activation`, { method: 'POST', body: {} });
    return answer.status === 200 && answer.body;
  });
  const page = await openPage(browser);
  await page.goto(`${portal}/login`);
  await page.getByRole('button', { name: /First time here/ }).click();
  await page.getByLabel('User name').fill(approver.login);
  await page.getByLabel('Activation code').fill(issued.code);
  await page.getByLabel('New password', { exact: true }).fill(approver.password);
  await page.getByLabel('New password again').fill(approver.password);
  await page.getByRole('button', { name: 'Activate and sign in' }).click();
  await page.waitForURL(/\/app\/|\/sites/);
  await page.context().close();
}

const field = (page, argument) => page.getByLabel(argument);
const isRefused = (control) => eventually('the control to be marked', async () => (await control.getAttribute('aria-invalid')) === 'true');
const versionPanel = (page) => page.getByRole('region', { name: /^Version [0-9a-f]{8}/ });

test('shows the scripts of both nodes with their zones, and what cannot be shown yet', async () => {
  await scientist.goto(at());
  await signIn(scientist, 'scientist');
  await scientist.getByRole('heading', { name: 'R functions', level: 1 }).waitFor();
  const nodes = scientist.getByRole('navigation', { name: 'Node of the engine' });
  await nodes.getByRole('link', { name: /gxp-node GxP/ }).waitFor();
  await scientist.getByRole('grid', { name: 'Scripts' }).getByRole('link', { name: 'mvda', exact: true }).waitFor();
  await accessible(scientist, 'the list of scripts');
  await screenshot(scientist, 'calc-scripts');
  await nodes.getByRole('link', { name: /nongxp-node/ }).click();
  await scientist.getByText(/This page shows the free node nongxp-node/).waitFor();
  assert.match(scientist.url(), /node=nongxp-node/);
  await accessible(scientist, 'the list of the free node');
  await scientist.goBack();
  await scientist.getByText(/This page shows the free node/).waitFor({ state: 'detached' });
});

test('says in which line R cannot use a source, and loses nothing that was typed', async () => {
  await scientist.getByRole('link', { name: 'Publish a script' }).click();
  await scientist.getByRole('heading', { name: 'Publish a script', level: 1 }).waitFor();
  const broken = SOURCE.replace('  x <- x[!is.na(x)]', '  x <- x[!is.na(x)] x');
  const file = join(folder, `${name}.R`);
  writeFileSync(file, broken);
  await scientist.getByLabel('Choose an R file').setInputFiles(file);
  await eventually('the name of the file', async () => (await scientist.getByLabel('Name', { exact: true }).inputValue()) === name);
  await scientist.getByRole('button', { name: 'Publish a script' }).click();
  const line = broken.split('\n').findIndex((text) => text.endsWith('] x')) + 1;
  await scientist.getByRole('heading', { name: `R cannot use line ${line}` }).waitFor();
  assert.equal(await scientist.getByLabel('Source', { exact: true }).inputValue(), broken);
  await accessible(scientist, 'a source that R cannot use');
  await screenshot(scientist, 'calc-publish-wrong');
  await scientist.getByRole('button', { name: `Go to line ${line}` }).click();
  const cursor = () =>
    scientist.getByLabel('Source', { exact: true }).evaluate((area) => area.value.slice(0, area.selectionStart).split('\n').length);
  await eventually('the cursor in that line', async () => (await cursor()) === line);
});

test('publishes a draft and shows what R found in it', async () => {
  await scientist.getByLabel('Source', { exact: true }).fill(SOURCE);
  await scientist.getByRole('button', { name: 'Publish a script' }).click();
  await scientist.getByRole('heading', { name: `“${name}” is published` }).waitFor();
  await scientist.getByText('R found 3 functions').waitFor();
  await scientist.getByText('draft', { exact: true }).waitFor();
  await accessible(scientist, 'what R found');
  await screenshot(scientist, 'calc-published');
  await scientist.getByRole('link', { name: /^spread\(x, method = / }).click();
  await scientist.getByRole('heading', { name: 'spread', level: 1 }).waitFor();
});

test('says at the field what is wrong with an argument: what the page sees, and what the engine sees', async () => {
  const call = scientist.getByRole('button', { name: 'Call', exact: true });
  await call.click();
  await scientist.getByText('This is needed.').waitFor();
  await isRefused(field(scientist, /^x /));
  await field(scientist, /^x /).fill('1, two');
  await scientist.getByText('“two” is not a number.').waitFor();
  await field(scientist, /^x /).fill('5');
  await call.click();
  await scientist.getByText('must hold 2 to 1000 values, holds 1').waitFor();
  await isRefused(field(scientist, /^x /));
  await scientist.getByText('Correct the marked arguments').waitFor();
  await accessible(scientist, 'a wrong argument');
  await screenshot(scientist, 'calc-wrong-argument');
});

test('calls a draft by its form; the result is marked, drawn, and says how it came to be', async () => {
  await field(scientist, /^x /).fill('9,8\n10,1\n10\nNA\n9,7');
  await field(scientist, /^method /).selectOption('range');
  await field(scientist, /^factor /).fill('10');
  await scientist.getByRole('button', { name: 'Call', exact: true }).click();
  const result = scientist.locator('calc-result');
  await result.getByText('missing values were left out').waitFor();
  await result.getByText('draft', { exact: true }).waitFor();
  await result.getByText('4', { exact: true }).first().waitFor();
  await result.getByRole('figure').waitFor();
  await result.getByText(new RegExp(`^${name}@[0-9a-f]{8}$`)).waitFor();
  await accessible(scientist, 'a result');
  await screenshot(scientist, 'calc-result');
  await scientist.getByRole('button', { name: 'Copy as curl' }).click();
  const copied = await scientist.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, new RegExp(`/api/calc/draft/${name}@[0-9a-f]{64}/spread'`));
  assert.ok(copied.includes(`-d '{"x":[9.8,10.1,10,null,9.7],"method":"range","factor":10}'`), copied);
  const [saved] = await Promise.all([
    scientist.waitForEvent('download'),
    result.getByRole('button', { name: 'CSV', exact: true }).first().click(),
  ]);
  assert.match(saved.suggestedFilename(), new RegExp(`^draft_${name}@`));
});

test('a link opens the same form and the same result', async () => {
  await scientist.waitForURL(/call=/);
  const other = await openPage(browser, { viewport: { width: 1000, height: 900 }, colorScheme: 'dark' });
  await other.goto(scientist.url());
  await signIn(other, 'scientist');
  await other.locator('calc-result').getByText('missing values were left out').waitFor();
  assert.equal(await field(other, /^factor /).inputValue(), '10');
  assert.equal(await field(other, /^method /).inputValue(), 'range');
  await accessible(other, 'a result in the dark on a narrow page');
  await screenshot(other, 'calc-result-dark');
  await other.context().close();
});

test('tells how far a call is, and cancels it', async () => {
  const { versions } = (await (await Tool.of('scientist')).ask(`/api/calc/scripts/${name}`)).body;
  await scientist.goto(at(`/scripts/${name}/wait`, `?version=${versions[0].version}`));
  await field(scientist, /^seconds /).fill('20');
  await scientist.getByRole('button', { name: 'Call', exact: true }).click();
  const result = scientist.locator('calc-result');
  await result.getByText(/step \d+/).waitFor();
  await accessible(scientist, 'a call that goes on');
  const calls = await scientist.context().newPage();
  await calls.goto(at('/calls', '?state=running'));
  await calls.getByRole('link', { name: `${name} · wait` }).waitFor();
  await accessible(calls, 'the calls');
  await screenshot(calls, 'calc-calls');
  await calls.close();
  await result.getByRole('button', { name: 'Cancel the call' }).click();
  await result.getByText('The call was cancelled.').waitFor();
});

test('the author submits a version and cannot approve it', async () => {
  await scientist.goto(at(`/scripts/${name}`));
  await versionPanel(scientist).getByRole('button', { name: 'Submit for review' }).click();
  await accessible(scientist, 'the dialog of a step');
  await screenshot(scientist, 'calc-step');
  await scientist.getByRole('dialog').getByRole('button', { name: 'Submit for review' }).click();
  await versionPanel(scientist).getByText('in review', { exact: true }).last().waitFor();
  await versionPanel(scientist).getByText('“Approve” needs the permission “calc.approve”.').waitFor();
  assert.equal(await versionPanel(scientist).getByRole('button', { name: 'Approve' }).isDisabled(), true);
  await accessible(scientist, 'a version in review');
  await screenshot(scientist, 'calc-review');
});

test('another person sends a version back with a reason, and approves it the next time', async () => {
  const page = await openPage(browser, { viewport: { width: 1400, height: 900 } });
  await page.goto(at(`/scripts/${name}`, '?view=versions'));
  await signIn(page, approver.login, approver.password);
  const panel = versionPanel(page);
  await panel.getByRole('button', { name: 'Send back' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Send back' }).click();
  await isRefused(dialog.getByLabel('Reason'));
  await dialog.getByLabel('Reason').fill('Say what factor means.');
  await dialog.getByRole('button', { name: 'Send back' }).click();
  await page.getByText('Say what factor means.').waitFor();
  await scientist.goto(at(`/scripts/${name}`, '?view=versions'));
  await scientist.getByText('Say what factor means.').waitFor();
  await versionPanel(scientist).getByRole('button', { name: 'Submit for review' }).click();
  await scientist.getByRole('dialog').getByRole('button', { name: 'Submit for review' }).click();
  await versionPanel(scientist).getByText('in review', { exact: true }).last().waitFor();
  await page.reload();
  await panel.getByRole('button', { name: 'Approve' }).click();
  await dialog.getByLabel('Reason').fill('Checked against the reference.');
  await dialog.getByRole('button', { name: 'Approve' }).click();
  await panel.getByRole('button', { name: 'Make effective' }).click();
  await dialog.getByRole('button', { name: 'Make effective' }).click();
  await panel.getByText('effective', { exact: true }).last().waitFor();
  await page.getByText('Checked against the reference.').waitFor();
  await accessible(page, 'the history of a version');
  await screenshot(page, 'calc-versions');
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('an effective version answers anybody, and a known value is not calculated again', async () => {
  await scientist.goto(at(`/scripts/${name}/spread`));
  const result = scientist.locator('calc-result');
  await field(scientist, /^x /).fill('1 2 3 4');
  await scientist.getByRole('button', { name: 'Call', exact: true }).click();
  await result.getByText('calculated', { exact: true }).first().waitFor();
  await result.getByText('draft', { exact: true }).waitFor({ state: 'detached' });
  await eventually('the value to be known', async () => {
    await scientist.getByRole('button', { name: 'Call', exact: true }).click();
    await result.getByText('Provenance').waitFor();
    return result.getByText('known value, not calculated again').first().isVisible();
  });
});

test('shows a plot beside the value, what R says when it stops, and saves the OpenAPI document', async () => {
  await scientist.goto(at(`/scripts/${name}/draw`));
  await scientist.getByRole('button', { name: 'Call', exact: true }).click();
  const plot = scientist.getByRole('img', { name: /^Plot / });
  await plot.waitFor();
  await eventually('the plot to be drawn', () => plot.evaluate((image) => image.complete && image.naturalWidth > 0));
  await accessible(scientist, 'a plot');
  await plot.scrollIntoViewIfNeeded();
  await screenshot(scientist, 'calc-plot');
  for (const [ending, begins] of [
    ['SVG', '<?xml'],
    ['PNG', '\x89PNG'],
  ]) {
    const saving = scientist.getByRole('button', { name: `Save plot-1 as ${ending}` });
    const [saved] = await Promise.all([scientist.waitForEvent('download'), saving.click()]);
    assert.match(saved.suggestedFilename(), new RegExp(`^GxP_${name}@[0-9a-f]{8}_draw_[0-9a-f]{8}_plot-1\\.${ending.toLowerCase()}$`));
    assert.ok(
      readFileSync(await saved.path())
        .toString('latin1')
        .startsWith(begins),
      ending,
    );
  }
  await field(scientist, /^n /).fill('101');
  await scientist.getByRole('button', { name: 'Call', exact: true }).click();
  await scientist.getByRole('alert').getByText('more than 100 points').waitFor();
  await accessible(scientist, 'what R says when it stops');
  await scientist.goto(at('/calls', '?state=done&mine=1'));
  await scientist
    .getByRole('row')
    .filter({ hasText: 'failed' })
    .getByRole('link', { name: `${name} · draw` })
    .first()
    .click();
  await scientist.getByRole('alert').getByText('more than 100 points').waitFor();
  await accessible(scientist, 'a call that failed');
  await screenshot(scientist, 'calc-call-failed');
  await scientist.getByRole('link', { name: 'Open the function' }).click();
  await scientist.getByRole('heading', { name: 'draw', level: 1 }).waitFor();
  await scientist.getByRole('link', { name, exact: true }).click();
  const [saved] = await Promise.all([scientist.waitForEvent('download'), scientist.getByRole('button', { name: 'OpenAPI' }).click()]);
  assert.match(JSON.parse(readFileSync(await saved.path(), 'utf8')).openapi, /^3\.1/);
});

test('a call goes on when its page is left, and is cancelled by the keyboard among the calls', async () => {
  await scientist.goto(at(`/scripts/${name}/wait`));
  await field(scientist, /^seconds /).fill('25');
  await scientist
    .locator('summary')
    .filter({ hasText: /^Options$/ })
    .press('Enter');
  await scientist.getByLabel(/^In the background/).check();
  await scientist.getByRole('button', { name: 'Call', exact: true }).press('Enter');
  await scientist
    .locator('calc-result')
    .getByText(/step \d+/)
    .waitFor();
  await scientist.getByRole('navigation', { name: 'R functions', exact: true }).getByRole('link', { name: 'Calls' }).press('Enter');
  const row = scientist
    .getByRole('row')
    .filter({ has: scientist.getByRole('link', { name: `${name} · wait` }) })
    .filter({ hasText: 'running' });
  await row.getByText(/step \d+/).waitFor();
  const [first, later] = [await row.getByText(/step \d+/).innerText(), () => row.getByText(/step \d+/).innerText()];
  await eventually('the call to come further', async () => (await later()) !== first);
  await row.getByRole('button', { name: `Cancel: ${name} · wait` }).press('Enter');
  await row.waitFor({ state: 'detached' });
  await scientist
    .getByRole('row')
    .filter({ hasText: 'cancelled' })
    .getByRole('link', { name: `${name} · wait` })
    .first()
    .press('Enter');
  await scientist.getByText('The call was cancelled.').waitFor();
  await accessible(scientist, 'a call that was cancelled');
});

test('tells of a result where it comes from: its source, its call, the call that calculated it, and what used it', async () => {
  await scientist.goto(at(`/scripts/${name}/spread`));
  await field(scientist, /^x /).fill('2 4 4 5');
  const provenance = scientist.locator('calc-provenance');
  await scientist.getByRole('button', { name: 'Call', exact: true }).click();
  await provenance.waitFor();
  const tool = await Tool.of('scientist');
  const asked = await tool.ask(`/api/calc/r/${name}/spread`, { method: 'POST', body: { x: [2, 4, 4, 5] } });
  assert.equal(asked.status, 200, JSON.stringify(asked.body));
  const { result_key: key } = asked.body.call;
  await provenance.getByText(key.slice(0, 8)).first().waitFor();
  const used = await tool.ask(`/api/calc/r/${name}/spread`, { method: 'POST', body: { x: { $result: key, path: '/values' } } });
  assert.equal(used.status, 200, JSON.stringify(used.body));
  await eventually('a known value', async () => {
    await scientist.getByRole('button', { name: 'Call', exact: true }).click();
    await provenance.waitFor();
    return provenance.getByRole('link', { name: 'the call that calculated it' }).isVisible();
  });
  await provenance.getByRole('link', { name: 'the call that calculated it' }).press('Enter');
  await scientist.waitForURL(/\/calls\//);
  const uses = scientist.getByRole('region', { name: 'Used by' });
  await uses.getByText(used.body.call.id).waitFor();
  await accessible(scientist, 'where a result comes from');
  await uses.getByRole('link', { name: used.body.call.id }).press('Enter');
  await scientist.getByRole('region', { name: 'Used by' }).getByText(key).waitFor();
  await provenance.getByRole('link', { name: new RegExp(`^${name}@[0-9a-f]{8}$`) }).press('Enter');
  await scientist.getByRole('region', { name: 'Source' }).last().getByText('factor = 1').waitFor();
});

test('a second version shows what it changes', async () => {
  await scientist.goto(at('/publish'));
  await scientist.getByLabel('Name', { exact: true }).fill(name);
  await scientist.getByLabel('Source', { exact: true }).fill(CHANGED);
  await scientist.getByRole('button', { name: 'Publish a script' }).click();
  await scientist.getByRole('link', { name: 'Open the script' }).click();
  await scientist.getByLabel('Version', { exact: true }).selectOption({ index: 0 });
  await scientist.getByRole('link', { name: 'Changes' }).click();
  const source = scientist.getByRole('region', { name: 'Changed source' });
  await source.getByRole('row').filter({ hasText: 'factor = 2)' }).waitFor();
  await source.getByRole('row').filter({ hasText: 'as a second opinion' }).waitFor();
  await scientist.getByRole('region', { name: 'Changed functions' }).last().getByText('spread', { exact: true }).waitFor();
  await scientist
    .getByRole('region', { name: 'Changed results of the examples' })
    .last()
    .getByText('{"spread":2,"values":[1,2,3]}')
    .waitFor();
  await accessible(scientist, 'the changes');
  await screenshot(scientist, 'calc-changes');
  await scientist.getByRole('link', { name: 'Source', exact: true }).click();
  await scientist.getByRole('region', { name: 'Source' }).last().getByText('factor = 2').waitFor();
  await accessible(scientist, 'the source');
});

test('a file that is dropped is published, its version compared with an earlier one of choice, and retired with a reason', async () => {
  await scientist.goto(at('/publish'));
  const form = scientist.locator('form').filter({ has: scientist.getByLabel('Source', { exact: true }) });
  const third = CHANGED.replace('How long.', 'How long it waits.');
  const carried = await scientist.evaluateHandle(
    ([file, text]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], file, { type: 'text/plain' }));
      return transfer;
    },
    [`${name}.R`, third],
  );
  for (const type of ['dragover', 'drop']) await form.dispatchEvent(type, { dataTransfer: carried });
  await eventually('the source of the file', async () => (await scientist.getByLabel('Source', { exact: true }).inputValue()) === third);
  assert.equal(await scientist.getByLabel('Name', { exact: true }).inputValue(), name);
  await scientist.getByRole('button', { name: 'Publish a script' }).click();
  await scientist.getByRole('heading', { name: `“${name}” is published` }).waitFor();
  const { versions } = (await (await Tool.of('scientist')).ask(`/api/calc/scripts/${name}`)).body;
  const [first, second, version] = versions
    .toSorted((one, other) => one.published_at.localeCompare(other.published_at))
    .map((one) => one.version);
  await scientist.goto(at(`/scripts/${name}`, `?version=${version}&view=changes`));
  const source = scientist.getByRole('region', { name: 'Changed source' });
  await source.getByRole('row').filter({ hasText: 'How long it waits.' }).waitFor();
  await scientist.getByLabel('Compared with').selectOption(second);
  await source.getByRole('row').filter({ hasText: 'factor = 2)' }).waitFor({ state: 'detached' });
  await scientist.getByLabel('Compared with').selectOption(first);
  await source.getByRole('row').filter({ hasText: 'factor = 2)' }).waitFor();
  await versionPanel(scientist).getByRole('button', { name: 'Retire' }).press('Enter');
  const dialog = scientist.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Retire' }).press('Enter');
  await isRefused(dialog.getByLabel('Reason'));
  await dialog.getByLabel('Reason').fill('The text was wrong.');
  await accessible(scientist, 'the dialog that retires');
  await dialog.getByRole('button', { name: 'Retire' }).press('Enter');
  await versionPanel(scientist).getByText('retired', { exact: true }).last().waitFor();
  await scientist.goto(at(`/scripts/${name}/wait`, `?version=${version}`));
  await scientist.getByText('This version is retired and can no longer be called.').waitFor();
  assert.equal(await scientist.getByRole('button', { name: 'Call', exact: true }).isDisabled(), true);
  await accessible(scientist, 'a version that is retired');
  await scientist.goto(at(`/scripts/${name}/wait`));
  assert.equal(
    await scientist.getByRole('button', { name: 'Call', exact: true }).isEnabled(),
    true,
    'the effective version is still callable',
  );
});

test('on the free node a script is effective at once, and its result says that it is for information only', async () => {
  await scientist.goto(at('/publish', '?node=nongxp-node'));
  await scientist.getByText(/effective at once/).waitFor();
  await scientist.getByLabel('Name', { exact: true }).fill(name);
  await scientist.getByLabel('Source', { exact: true }).fill(SOURCE);
  await scientist.getByRole('button', { name: 'Publish a script' }).click();
  await scientist.getByRole('link', { name: /^spread\(x, method = / }).click();
  await field(scientist, /^x /).fill('1 2 3');
  await scientist.getByRole('button', { name: 'Call', exact: true }).click();
  await scientist.locator('calc-provenance').getByText('information only').waitFor();
  assert.match(scientist.url(), /node=nongxp-node/);
  await screenshot(scientist, 'calc-free');
  await scientist.getByRole('link', { name: 'Engines' }).click();
  for (const node of ['gxp-node', 'nongxp-node']) await scientist.getByRole('region', { name: node, exact: true }).waitFor();
  await accessible(scientist, 'the engines');
  await screenshot(scientist, 'calc-engines');
});

test('who may only read finds a script by the keyboard, and learns what a call needs', async () => {
  const page = await openPage(browser);
  await page.goto(at());
  await signIn(page, 'analyst');
  await page.getByPlaceholder('Filter').fill(name);
  await page
    .getByRole('status')
    .filter({ hasText: /^\s*1 of/ })
    .waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name, level: 1 }).waitFor();
  await page.getByRole('link', { name: /^spread\(/ }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('Needs the permission “calc.call”.').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Call', exact: true }).isDisabled(), true);
  await accessible(page, 'a function that may not be called');
  await page.context().close();
});

test('speaks German, in the dark and on a narrow page', async () => {
  const page = await openPage(browser, { locale: 'de-DE', colorScheme: 'dark', viewport: { width: 1000, height: 900 } });
  await page.goto(at(`/scripts/${name}/spread`, `?args=${encodeURIComponent('{"x":"1"}')}`));
  await page.getByLabel('Benutzername').fill('scientist');
  await page.getByLabel('Passwort', { exact: true }).fill(passwords.scientist);
  await page.getByRole('button', { name: 'Anmelden', exact: true }).click();
  await page.getByRole('heading', { name: 'Argumente' }).waitFor();
  assert.equal(await field(page, /^x /).inputValue(), '1');
  await accessible(page, 'a function in German');
  await screenshot(page, 'calc-german');
  await page.goto(at());
  await page.getByRole('heading', { name: 'R-Funktionen', level: 1 }).waitFor();
  await page.getByText('gültig', { exact: true }).first().waitFor();
  await accessible(page, 'the list in German');
  assert.equal(
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    true,
    'the page is not wider than the window',
  );
  await screenshot(page, 'calc-scripts-german');
  await page.context().close();
});

test('says what is wrong when the engine does not answer, and tells how to publish where nothing is', async () => {
  await scientist.route('**/api/calc/scripts', (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        type: 'urn:dcp:problem:module-unavailable',
        title: 'The module is not running',
        status: 503,
        module: 'calc',
        trace_id: 'abc',
      }),
    }),
  );
  await scientist.goto(at());
  await scientist.getByRole('alert').waitFor();
  await accessible(scientist, 'the list that cannot be had');
  await screenshot(scientist, 'calc-problem');
  await scientist.unroute('**/api/calc/scripts');
  await scientist.route('**/api/calc/scripts', (route) => route.fulfill({ json: [] }));
  await scientist.getByRole('button', { name: 'Retry' }).click();
  await scientist.getByText('No script is published here').waitFor();
  await scientist.getByText('dcp publish script.R').waitFor();
  await accessible(scientist, 'the empty list');
  await screenshot(scientist, 'calc-empty');
  await scientist.unroute('**/api/calc/scripts');
  assert.deepEqual(scientist.problems, []);
});
