// Where the commands of `dcp` go: to the portal of the last login, unless something closer names another.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { home, passwords, portal } from './platform.mjs';

const run = promisify(execFile);

test('a login at another portal holds for the commands after it, and says so where a platform stands around', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dcp-login-'));
  // A platform around, at which nothing answers.
  mkdirSync(join(folder, '.dcp/run'), { recursive: true });
  writeFileSync(join(folder, '.dcp/run/portal_url'), 'http://localhost:1');
  const { DCP_HOME: _, DCP_URL: __, ...rest } = process.env;
  const env = { ...rest, XDG_CONFIG_HOME: folder, DCP_PASSWORD: passwords.scientist };
  const dcp = (args, more = {}) => run(join(home, 'bin', 'dcp'), args, { cwd: folder, env: { ...env, ...more } });
  await assert.rejects(dcp(['calc', 'list']), /not logged in at http:\/\/localhost:1;/);
  const login = await dcp(['--url', `${portal}/`, 'login', 'scientist']);
  assert.ok(login.stdout.startsWith(`logged in at ${portal} as `), login.stdout);
  const listed = await dcp(['calc', 'list', '--node', 'nongxp-node']);
  assert.match(listed.stderr, new RegExp(`^at ${portal}, where you have logged in last;.*such as http://localhost:1 of this folder`));
  // What stands closer goes before: the command line, the variables.
  await assert.rejects(dcp(['--url', 'http://localhost:1', 'calc', 'list']), /not logged in at http:\/\/localhost:1;/);
  await assert.rejects(dcp(['calc', 'list'], { DCP_HOME: join(folder, '.dcp') }), /not logged in at http:\/\/localhost:1;/);
  const quiet = await dcp(['calc', 'list', '--node', 'nongxp-node'], { DCP_URL: portal });
  assert.deepEqual([quiet.stderr, quiet.stdout], ['', listed.stdout]);
});
