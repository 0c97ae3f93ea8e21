// The running platform as its users meet it: a browser, the command line, the API.

import { execFile } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import assert from 'node:assert/strict';

import AxeBuilder from '@axe-core/playwright';
import { chromium } from 'playwright-core';

export const home = process.env.DCP_HOME;
const port = process.env.DCP_PORT ?? '7400';
export const portal = `http://localhost:${port}`;
export const external = `http://localhost:${Number(port) + 1}`;
export const simulator = `http://127.0.0.1:${Number(port) + 20}`;

/** The passwords of the demo users, as infra/up prints them. */
export const passwords = Object.fromEntries(
  section(readFileSync(join(home, 'secrets.toml'), 'utf8'), 'demo/users').map((line) => {
    const [, name, value] = /^(\w+) = "(.*)"$/.exec(line) ?? assert.fail(line);
    return [name, value];
  }),
);

function section(text, name) {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line === `["${name}"]`) + 1;
  const to = lines.findIndex((line, at) => at >= from && line.startsWith('['));
  return lines.slice(from, to < 0 ? undefined : to).filter((line) => line.trim());
}

const run = promisify(execFile);

/** The dcp command; fails the test with its message when it fails. */
export async function dcp(args, options = {}) {
  const { stdout } = await run(join(home, 'bin', 'dcp'), args, { ...options, env: { ...process.env, ...options.env } });
  return stdout;
}

export async function openBrowser() {
  const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless', ...quiet] });
}

/** A page whose console errors fail the test that opened it. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|Refused to/.test(message.text())) page.problems.push(message.text());
  });
  return page;
}

export async function signIn(page, user, password = passwords[user]) {
  await page.getByLabel('User name').fill(user);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** A page of somebody who is signed in and has chosen no site yet, and another of the same session in German. */
export async function inBothLanguages(browser, user) {
  const page = await openPage(browser);
  await page.goto(portal);
  await signIn(page, user);
  await page.getByRole('heading', { name: 'Choose a site' }).waitFor();
  const german = await openPage(browser, { locale: 'de-DE', storageState: await page.context().storageState() });
  return { page, german };
}

/** Presses Retry as often as it is offered before `wanted` is there: parts of a page fail apart from each other, and one may come back by itself. */
export async function retryUntil(of, wanted) {
  const retry = of.getByRole('button', { name: 'Retry' }).first();
  await wanted.or(retry).first().waitFor();
  while (!(await wanted.isVisible())) {
    // A button that goes away while it is pressed belonged to what has come back.
    await retry.click({ timeout: 1000 }).catch(() => undefined);
    await wanted.or(retry).first().waitFor();
  }
}

export async function screenshot(page, name) {
  await page.screenshot({ path: join(process.env.DCP_SCREENSHOTS ?? home, `${name}.png`) });
}

/** No violation that axe knows of, in the theme that is on. */
export async function accessible(page, where) {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze();
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.map(({ target }) => target.join(' ')).join('\n    ')}`);
  assert.deepEqual(told, [], `axe on ${where}`);
}

/** Calls the API as a tool does, with a token of that user. */
export class Tool {
  static async of(user) {
    const answer = await fetch(`${portal}/api/login/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: portal, 'sec-fetch-site': 'same-origin' },
      body: JSON.stringify({ login: user, password: passwords[user] }),
    });
    assert.equal(answer.status, 200, await answer.clone().text());
    const cookie = answer.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ');
    const made = await fetch(`${portal}/api/login/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: portal, 'sec-fetch-site': 'same-origin', cookie },
      body: JSON.stringify({ name: 'end-to-end test', ttl_days: 1 }),
    });
    assert.equal(made.status, 200, await made.clone().text());
    return new Tool((await made.json()).token);
  }

  constructor(token) {
    this.token = token;
  }

  async ask(path, { method = 'GET', body, headers = {}, site = 'basel' } = {}) {
    const answer = await fetch(`${portal}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'dcp-site': site, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, type: answer.headers.get('content-type'), body: text && JSON.parse(text) };
  }
}

/** Asks again until `look` answers with something true; says what it waited for. */
export async function eventually(what, look, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await new Promise((go) => setTimeout(go, 100));
  }
}

/** A problem document with a title and a trace id. */
export function isProblem(answer, status, kind) {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.match(answer.type, /^application\/problem\+json/);
  assert.equal(answer.body.status, status);
  assert.ok(answer.body.title, 'a problem has a title');
  assert.ok(answer.body.trace_id, 'a problem has a trace id');
  if (kind) assert.match(answer.body.type, new RegExp(`${kind}$`));
}

const root = join(import.meta.dirname, '../..');

/** Takes away what is kept on disk of process data. Moved aside first, because modules may be writing into it. */
function forgetHistory() {
  const kept = join(home, 'state', 'pi');
  const aside = `${kept}-${process.pid}-${Date.now()}`;
  if (!existsSync(kept)) return;
  renameSync(kept, aside);
  rmSync(aside, { recursive: true, force: true });
}

/** What the PI simulator does wrong from now on. What was read before is forgotten: what is kept on disk would hide the fault. */
export const faults = {
  async add(fault) {
    forgetHistory();
    const answer = await fetch(`${simulator}/_simulator/faults`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(fault) });
    assert.ok(answer.ok, await answer.text());
  },
  async clear() {
    await fetch(`${simulator}/_simulator/faults`, { method: 'DELETE' });
  },
};

/** Ends a process that infra/up has started, as a failure would: without asking it. */
export async function kill(name) {
  const pid = Number(readFileSync(join(home, 'run', `${name}.pid`), 'utf8').split(' ')[0]);
  process.kill(pid, 'SIGKILL');
  await eventually(`${name} to end`, () => !isAlive(pid));
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Starts again what has ended. */
export async function bringUp() {
  await run(join(root, 'infra', 'up'), ['--built'], { env: process.env });
  await eventually('the simulator to answer', () => fetch(`${simulator}/_simulator/faults`).then(({ ok }) => ok, () => false));
}

/** The address of a unit of the demo plant in the batch monitoring, with more of the view's state. */
export async function unitAddress(tool, name, state = {}, { site = 'basel', path = ['Basel', 'Drying'] } = {}) {
  const [source] = (await tool.ask('/api/mvda/sources', { site })).body;
  const below = async (parent) => (await tool.ask(`/api/mvda/sources/${source.id}/elements${parent ? `?parent=${parent.web_id}` : ''}`, { site })).body;
  let elements = await below();
  for (const step of path) elements = await below(elements.find((one) => one.name === step));
  const unit = elements.find((one) => one.name === name);
  const query = new URLSearchParams({ source: source.id, unit: unit.web_id, path: unit.path, ...state });
  return `${portal}/app/${site}/mvda?${query}`;
}
