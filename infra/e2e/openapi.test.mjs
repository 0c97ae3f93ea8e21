// The descriptions of the platform's APIs, held against a validator that nobody here wrote.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { home, isProblem, portal, Tool } from './platform.mjs';

const check = join(import.meta.dirname, '../openapi/check');
const folder = mkdtempSync(join(home, 'openapi-'));
// Every kind of argument that a script can declare, and none.
const SOURCE = `#' @param number [numeric(1), >=0, <=100, unit mg/L] One number.
#' @param vector [numeric(2..5)] Numbers.
#' @param rows [matrix] A matrix.
#' @param table [data.frame] A table.
#' @param more [list] A list.
#' @return [list(mean = numeric, sd = numeric)] Both.
#' @examples kinds(1)
kinds <- function(number, whole = 3L, text = "a", flag = TRUE, method = c("plain", "log"), several = c("a", "b"), day = as.Date("2026-01-31"),
                  vector = c(1, 2), rows = NULL, table = NULL, more = NULL, optional = NULL, ...) {
  method <- match.arg(method)
  several <- match.arg(several, several.ok = TRUE)
  list(mean = number, sd = 0)
}
nothing <- function() NULL
`;

let scientist;
before(async () => {
  scientist = await Tool.of('scientist');
});

function written(name, document) {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(document));
  return file;
}

/** Fails with all that is wrong; skips where the validator cannot be had. */
async function areValid(t, files) {
  const { code, told } = await new Promise((ended) => {
    execFile(check, files, { maxBuffer: 1 << 24 }, (error, stdout, stderr) => ended({ code: error?.code ?? 0, told: stdout + stderr }));
  });
  if (code === 3) t.skip(told.trim());
  else assert.equal(code, 0, told);
}

test('every module describes its API as OpenAPI 3.1 to who is signed in', async (t) => {
  const { modules } = await (await fetch(`${portal}/portal.json`)).json();
  const files = [];
  for (const { name, node } of modules) {
    const answer = await scientist.ask(`/api/${name}/openapi.json`, { headers: { 'dcp-node': node } });
    assert.equal(answer.status, 200, `${name} on ${node}`);
    files.push(written(`${name}-${node}`, answer.body));
  }
  assert.ok(files.length >= 8, 'all modules of both nodes');
  const nobody = await fetch(`${portal}/api/calc/openapi.json`);
  isProblem({ status: nobody.status, type: nobody.headers.get('content-type'), body: await nobody.json() }, 401);
  await areValid(t, files);
});

test('every script describes its functions as OpenAPI 3.1, whatever they take', async (t) => {
  const free = { 'dcp-node': 'nongxp-node' };
  const published = await scientist.ask('/api/calc/scripts/describes', { method: 'PUT', body: SOURCE, headers: { ...free, 'content-type': 'text/x-r' } });
  assert.equal(published.status, 200, JSON.stringify(published.body));
  const files = [];
  for (const headers of [free, {}]) {
    for (const { name, effective } of (await scientist.ask('/api/calc/scripts', { headers })).body) {
      if (!effective) continue;
      const answer = await scientist.ask(`/api/calc/scripts/${encodeURIComponent(name)}/versions/${effective}/openapi.json`, { headers });
      assert.equal(answer.status, 200, name);
      files.push(written(`script-${name}-${files.length}`, answer.body));
    }
  }
  assert.ok(files.length >= 2, 'a script of each node at least');
  await areValid(t, files);
});
