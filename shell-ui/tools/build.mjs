// Builds what changed, two at a time, then puts the shell together.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install } from './install.mjs';
import { assemble } from './shell.mjs';
import { digest, inputs, linkModules, packages } from './workspace.mjs';

/** More would not be faster on two cores and an Angular build takes up to 1 GB. */
const AT_ONCE = 2;

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const force = process.argv.includes('--force');
const started = Date.now();

linkModules();
install();
const all = packages();
const buildable = [...all.values()].filter(({ manifest, folder }) => manifest.scripts?.build && hasSources(folder));
const chosen = wanted.length ? wanted.map(named) : buildable;
const queue = chosen.map((entry) => ({ ...entry, digest: digest(inputs(entry, all)) })).filter(outOfDate);
console.log(`${queue.length} of ${chosen.length} micro-frontends to build`);

const failed = [];
await Promise.all(Array.from({ length: AT_ONCE }, work));
if (failed.length) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exit(1);
}
assemble(all);
console.log(`portal built in ${seconds(started)} s`);

function named(word) {
  const entry = all.get(word) ?? all.get(`@dcp/${word}`);
  if (!entry || !buildable.includes(entry))
    throw new Error(`no micro-frontend "${word}"; there are ${buildable.map(({ name }) => name).join(', ')}`);
  return entry;
}

function outOfDate(entry) {
  const mark = join(entry.folder, 'dist', '.inputs');
  return force || !existsSync(mark) || readFileSync(mark, 'utf8') !== entry.digest;
}

async function work() {
  for (let entry = queue.shift(); entry; entry = queue.shift()) {
    const begun = Date.now();
    rmSync(join(entry.folder, 'dist'), { recursive: true, force: true });
    const { status, output } = await run(entry.folder);
    if (status === 0) {
      writeFileSync(join(entry.folder, 'dist', '.inputs'), entry.digest);
      console.log(`  ${entry.name.padEnd(24)} ${seconds(begun)} s`);
    } else {
      failed.push(entry.name);
      console.error(`${entry.name} failed:\n${output}`);
    }
  }
}

function run(folder) {
  return new Promise((done) => {
    const child = spawn('npm', ['run', '--silent', 'build'], { cwd: folder, env: { ...process.env, NG_CLI_ANALYTICS: 'false' } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('close', (status) => done({ status, output }));
  });
}

function seconds(since) {
  return ((Date.now() - since) / 1000).toFixed(1);
}

/** A module may bring its package.json before its first page. */
function hasSources(folder) {
  const sources = join(folder, 'src');
  return existsSync(sources) && readdirSync(sources).length > 0;
}
