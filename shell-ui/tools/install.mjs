// Brings node_modules in step with the lockfile.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digest, packages, shell } from './workspace.mjs';

const MARK = join(shell, 'node_modules', '.installed');
/**
 * `npm ci` refuses a lockfile that lacks the native packages of operating systems a registry mirror does not carry;
 * `install --no-save` obeys the same lockfile and its digests. No package needs its install script.
 */
const ARGUMENTS = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];

/** Installs when the lockfile or a package.json changed since the last time. */
export function install() {
  const wanted = digest([join(shell, 'package-lock.json'), ...manifests()]);
  if (existsSync(MARK) && readFileSync(MARK, 'utf8') === wanted) return;
  console.log('installing npm packages');
  const { status } = spawnSync('npm', ARGUMENTS, { cwd: shell, stdio: 'inherit' });
  if (status !== 0) throw new Error('npm could not install the packages');
  writeFileSync(MARK, wanted);
}

function manifests() {
  return [join(shell, 'package.json'), ...[...packages().values()].map(({ folder }) => join(folder, 'package.json'))];
}
