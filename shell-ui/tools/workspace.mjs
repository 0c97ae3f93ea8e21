// The workspace: which packages there are, where they live, and when their build is out of date.
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const shell = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const modules = resolve(shell, '..', 'modules');
const GENERATED = new Set(['node_modules', 'dist', '.angular']);
/** Read by every build, so a change of one of them makes every build out of date. */
const COMMON = ['package-lock.json', 'tsconfig.base.json', 'tools'];

/** Points `link` at `target` (relative), replacing a link that points elsewhere. */
function ensureLink(link, target) {
  const there = lstatSync(link, { throwIfNoEntry: false });
  if (there?.isSymbolicLink() && readlinkSync(link) === target) return;
  rmSync(link, { force: true, recursive: true });
  symlinkSync(target, link);
}

/**
 * npm takes workspaces only from below its root, and a module looks for its packages above itself:
 * links in both directions let one lockfile serve the shell and every module.
 */
export function linkModules() {
  const apps = join(shell, 'apps');
  mkdirSync(apps, { recursive: true });
  const names = readdirSync(modules).filter((name) => existsSync(join(modules, name, 'ui', 'package.json')));
  for (const stale of readdirSync(apps).filter((name) => !names.includes(name))) rmSync(join(apps, stale));
  for (const name of names) ensureLink(join(apps, name), join('..', '..', 'modules', name, 'ui'));
  ensureLink(join(modules, 'node_modules'), join('..', 'shell-ui', 'node_modules'));
}

/** Every package of the workspace, by name. */
export function packages() {
  const own = readdirSync(shell).filter((name) => existsSync(join(shell, name, 'package.json')));
  const apps = readdirSync(join(shell, 'apps')).map((name) => join('..', 'modules', name, 'ui'));
  const found = [...own, ...apps].map((path) => {
    const folder = resolve(shell, path);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return { name: manifest.name, folder, manifest };
  });
  return new Map(found.map((entry) => [entry.name, entry]));
}

/** The files below a path that people write, in a stable order. */
export function sources(path) {
  if (!existsSync(path)) return [];
  if (!lstatSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !GENERATED.has(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => sources(join(path, entry.name)));
}

/** SHA-256 over names and contents. */
export function digest(paths) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap(sources)) {
    hash.update(relative(shell, file)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

/** What the build of a package reads: itself, the packages of the workspace it uses, and the tools. */
export function inputs(entry, all) {
  const seen = new Set();
  const visit = (name) => {
    const found = all.get(name);
    if (!found || seen.has(name)) return;
    seen.add(name);
    Object.keys({ ...found.manifest.dependencies, ...found.manifest.devDependencies }).forEach(visit);
  };
  visit(entry.name);
  return [...[...seen].sort().map((name) => all.get(name).folder), ...COMMON.map((name) => join(shell, name))];
}
