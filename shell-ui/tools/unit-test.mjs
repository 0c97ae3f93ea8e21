// unit-test.mjs: bundles test/*.test.ts of the package in the current folder for node and runs them with node's own test runner.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const files = existsSync('test') ? readdirSync('test').filter((name) => name.endsWith('.test.ts')) : [];
if (files.length === 0) throw new Error(`no test/*.test.ts in ${process.cwd()}`);
const folder = mkdtempSync(join(tmpdir(), 'dcp-unit-'));
try {
  await build({
    entryPoints: files.map((name) => join('test', name)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  const { status } = spawnSync(process.execPath, ['--test', folder], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
