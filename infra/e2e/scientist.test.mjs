// The data scientist: publishes plain R functions and calls them.

import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { dcp, eventually, home, isProblem, passwords, portal, Tool } from './platform.mjs';

const examples = join(import.meta.dirname, '../../modules/calc/examples');
const config = mkdtempSync(join(home, 'scientist-'));
const env = { XDG_CONFIG_HOME: config, DCP_PASSWORD: passwords.scientist };
// On the free node what is published answers at once.
const free = { 'dcp-node': 'nongxp-node' };
let scientist;

before(async () => {
  scientist = await Tool.of('scientist');
});

test('publishes an R script with one command and calls it by curl', async () => {
  await dcp(['login', 'scientist'], { env });
  const told = await dcp(['publish', join(examples, 'capability.R'), '--node', 'nongxp-node'], { env });
  assert.match(told, /effective/);
  assert.match(told, /cpk/);
  const token = (await dcp(['token'], { env })).trim();
  const x = [9.9, 10.1, 10.0, 10.2, 9.8, 10.0, 10.1, 9.9, 10.05, 9.95, 10.0, 10.1];
  const answer = await fetch(`${portal}/api/calc/r/capability/cpk`, {
    method: 'POST',
    headers: { ...free, authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: JSON.stringify({ x, lsl: 9, usl: 11 }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  const { value, warnings, call } = await answer.json();
  const moving = x.slice(1).map((one, at) => Math.abs(one - x[at]));
  const sigma = moving.reduce((sum, one) => sum + one, 0) / moving.length / 1.1283791670955126;
  const mean = x.reduce((sum, one) => sum + one, 0) / x.length;
  const expected = Math.min(11 - mean, mean - 9) / (3 * sigma);
  const cpk = value.indices.cpk.value;
  assert.ok(Math.abs(cpk / expected - 1) < 1e-9, `${cpk} and ${expected}`);
  assert.deepEqual(warnings, []);
  assert.ok(call.result_key);
});

test('gives the result of one call to the next', async () => {
  const source =
    'twice <- function(x) 2 * x\ntotal <- function(x) sum(x)\nwarns <- function(x) sqrt(x)\nstops <- function() stop("the probe is dry")\n';
  const published = await scientist.ask('/api/calc/scripts/chain', {
    method: 'PUT',
    body: source,
    headers: { ...free, 'content-type': 'text/x-r' },
  });
  assert.equal(published.status, 200, JSON.stringify(published.body));
  const first = await scientist.ask('/api/calc/r/chain/twice', {
    method: 'POST',
    headers: free,
    body: { x: [0.1, 0.2, 0.30000000000000004] },
  });
  assert.deepEqual(first.body.value, [0.2, 0.4, 0.6000000000000001]);
  const next = await scientist.ask('/api/calc/r/chain/total', {
    method: 'POST',
    headers: free,
    body: { x: { $result: first.body.call.result_key } },
  });
  assert.equal(next.body.value, 0.2 + 0.4 + 0.6000000000000001);
  const warned = await scientist.ask('/api/calc/r/chain/warns', { method: 'POST', headers: free, body: { x: -1 } });
  assert.match(warned.body.warnings.join(' '), /NaN/);
});

test('is told what was wrong with a call', async () => {
  const stops = await scientist.ask('/api/calc/r/chain/stops', { method: 'POST', headers: free, body: {} });
  isProblem(stops, 422, 'r-error');
  assert.match(stops.body.detail, /the probe is dry/);
  isProblem(await scientist.ask('/api/calc/r/chain/nothing', { method: 'POST', headers: free, body: {} }), 404, 'unknown-function');
  isProblem(await scientist.ask('/api/calc/r/nothing/twice', { method: 'POST', headers: free, body: {} }), 404, 'unknown-script');
  isProblem(await scientist.ask('/api/calc/r/chain/twice', { method: 'POST', headers: free, body: { y: 1 } }), 422, 'invalid-arguments');
  isProblem(await scientist.ask('/api/calc/r/chain/twice', { method: 'POST', headers: free, body: '{"x": [1,' }), 422, 'invalid-arguments');
});

test('a function that is not as pure as it says stands in the activity of the platform as soon as somebody compares', async () => {
  const script = `impure-${Date.now().toString(36)}`;
  // A name that is put together is not seen when the source is looked through.
  const source = `#' @cache pure\nnow <- function(x) as.numeric(get(paste0("Sys", ".time"))()) + x\n`;
  const published = await scientist.ask(`/api/calc/scripts/${script}`, { method: 'PUT', body: source, headers: { 'content-type': 'text/x-r' } });
  assert.equal(published.status, 200, JSON.stringify(published.body));
  const operator = await Tool.of('operator');
  for (const [who, state] of [[scientist, 'review'], [operator, 'approved'], [operator, 'effective']]) {
    const step = await who.ask(`/api/calc/scripts/${script}/versions/${published.body.version}/state`, { method: 'POST', body: { state } });
    assert.equal(step.status, 200, `${state}: ${JSON.stringify(step.body)}`);
  }
  const ask = (headers) => scientist.ask(`/api/calc/r/${script}/now`, { method: 'POST', body: { x: 1 }, headers });
  const first = await ask({});
  const again = await ask({ 'cache-control': 'no-cache' });
  assert.equal(again.body.call.deviates_from, first.body.call.result_key);
  await eventually('the deviation among the activity', async () => {
    const { items } = (await scientist.ask('/api/framework/activity')).body;
    return items.find(({ kind, title }) => kind === 'calc.result.deviated' && title.en.startsWith(`${script}/now gave another value`));
  });
});
