// What nobody may do, and how it is said.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { external, isProblem, portal, Tool } from './platform.mjs';

let analyst;
before(async () => {
  analyst = await Tool.of('analyst');
});

async function plain(url, options) {
  const answer = await fetch(url, options);
  const text = await answer.text();
  return { status: answer.status, type: answer.headers.get('content-type'), body: text && JSON.parse(text) };
}

test('a wrong password is refused', async () => {
  const answer = await plain(`${portal}/api/login/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', origin: portal },
    body: JSON.stringify({ login: 'nobody', password: 'a password that is wrong' }),
  });
  isProblem(answer, 401, 'bad-credentials');
});

test('nothing is told without a session', async () => {
  isProblem(await plain(`${portal}/api/mvda/models`, { headers: { 'dcp-site': 'basel' } }), 401);
});

test('a foreign page can change nothing', async () => {
  const answer = await plain(`${portal}/api/login/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' },
    body: JSON.stringify({ login: 'analyst', password: 'x' }),
  });
  isProblem(answer, 403);
});

test('an analyst sees no users and no other site', async () => {
  isProblem(await analyst.ask('/api/administration/users'), 403);
  isProblem(await analyst.ask('/api/mvda/sources', { site: 'atlantis' }), 403);
});

test('an unknown module and a wrong shape are problems', async () => {
  isProblem(await analyst.ask('/api/nothing/at/all'), 404);
  const wrong = await analyst.ask('/api/mvda/models', { method: 'POST', body: { name: 7 } });
  isProblem(wrong, 422);
  isProblem(await analyst.ask('/api/mvda/models', { method: 'POST', body: '{"name": ' }), 400);
});

test('the external listener offers what manifests expose and no administration', async () => {
  for (const path of ['/api/administration/users', '/api/node/modules', '/api/mvda/models']) {
    const { status } = await fetch(`${external}${path}`);
    assert.equal(status, 404, path);
  }
});
