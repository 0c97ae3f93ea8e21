// Puts the shell together in dist/: the page, the boot scripts, what others wrote, and the built libraries and chrome.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { shell } from './workspace.mjs';

const packages = (path) => join(shell, 'node_modules', path);
const VENDOR = [
  'systemjs/dist/system.min.js',
  'single-spa/lib/es2015/system/single-spa.min.js',
  'single-spa-layout/dist/system/single-spa-layout.min.js',
];
/** Latin for the languages of the portal, Greek for units and statistics. */
const SCRIPTS = ['latin', 'latin-ext', 'greek'];
const FONTS = [
  ...SCRIPTS.map((script) => `@fontsource-variable/ibm-plex-sans/files/ibm-plex-sans-${script}-wght-normal.woff2`),
  '@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-400-normal.woff2',
];
const STYLES = ['tokens.css', 'base.css', 'controls.css', 'shell.css'];
const BOOT = ['theme.js', 'esm-hook.js', 'start.js'];
/** Import map names of what the shell brings, and their files. */
const IMPORTS = {
  'single-spa': 'vendor/single-spa.min.js',
  'single-spa-layout': 'vendor/single-spa-layout.min.js',
  '@dcp/root-config': 'root-config/main.mjs',
  '@dcp/api-service': 'api-service/main.mjs',
  '@dcp/charts': 'charts/main.mjs',
  '@dcp/side-menu': 'side-menu/main.js',
  '@dcp/top-navigation': 'top-navigation/main.js',
};

/** Writes shell-ui/dist. */
export function assemble() {
  const dist = join(shell, 'dist');
  rmSync(dist, { recursive: true, force: true });
  const put = (from, to) => {
    mkdirSync(dirname(join(dist, to)), { recursive: true });
    cpSync(from, join(dist, to), { recursive: true, filter: (path) => basename(path) !== '.inputs' });
  };
  for (const file of VENDOR) put(packages(file), `vendor/${basename(file)}`);
  for (const file of FONTS) put(packages(file), `fonts/${basename(file)}`);
  for (const file of BOOT) put(join(shell, 'boot', file), `boot/${file}`);
  for (const name of ['root-config', 'api-service', 'charts', 'side-menu', 'top-navigation']) {
    if (existsSync(join(shell, name, 'dist'))) put(join(shell, name, 'dist'), name);
  }
  put(join(shell, 'favicon.svg'), 'favicon.svg');
  mkdirSync(join(dist, 'styles'), { recursive: true });
  writeFileSync(join(dist, 'styles/portal.css'), styles());
  writeFileSync(join(dist, 'importmap.json'), JSON.stringify(importMap(dist), null, 2) + '\n');
  writeFileSync(join(dist, 'index.html'), page(dist));
}

/** One stylesheet: the fonts this build serves itself, then the portal's own. */
function styles() {
  const ranges = SCRIPTS.map((script) => fontFace(script)).join('');
  const mono = `@font-face{font-family:'IBM Plex Mono';font-display:swap;font-weight:400;src:url(/fonts/ibm-plex-mono-latin-400-normal.woff2) format('woff2')}\n`;
  return ranges + mono + STYLES.map((name) => readFileSync(join(shell, 'styles', name), 'utf8')).join('\n');
}

/** The package's own rule for a script, with our address of the file. */
function fontFace(script) {
  const css = readFileSync(packages('@fontsource-variable/ibm-plex-sans/index.css'), 'utf8');
  const rule = css.split('@font-face').find((text) => text.includes(`-${script}-wght-normal.woff2`));
  return `@font-face${rule.slice(0, rule.indexOf('}') + 1).replace(/url\(\.\/files\//g, 'url(/fonts/')}\n`;
}

/** The shell's part of the import map; a node adds its modules, the versions and the digests. */
function importMap(dist) {
  const there = Object.entries(IMPORTS).filter(([, file]) => existsSync(join(dist, file)));
  return { imports: Object.fromEntries(there.map(([name, file]) => [name, `/${file}`])) };
}

function page(dist) {
  return readFileSync(join(shell, 'index.html'), 'utf8').replace(
    /(src|href)="\/((?:boot|vendor|styles)\/[^"]+)"/g,
    (_, attribute, file) => {
      const integrity = file.endsWith('.js') ? ` integrity="${sri(dist, file)}"` : '';
      return `${attribute}="${versioned(dist, file)}"${integrity}`;
    },
  );
}

function versioned(dist, file) {
  return `/${file}?version=${createHash('sha256')
    .update(readFileSync(join(dist, file)))
    .digest('hex')
    .slice(0, 12)}`;
}

function sri(dist, file) {
  return `sha384-${createHash('sha384')
    .update(readFileSync(join(dist, file)))
    .digest('base64')}`;
}
