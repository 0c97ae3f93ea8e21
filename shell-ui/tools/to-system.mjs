// to-system.mjs ENTRY FOLDER: turns an ES-module build (Angular's) into System.register modules.
// Lazy chunks stay, named by their content, because a relative import drops the `?version=` of its importer.
import { rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { rollup } from '@rollup/wasm-node';

const [entry, folder] = process.argv.slice(2);
if (!entry || !folder) throw new Error('usage: to-system.mjs ENTRY FOLDER');
const QUIET = new Set(['THIS_IS_UNDEFINED', 'CIRCULAR_DEPENDENCY']);
const bundle = await rollup({
  input: { main: entry },
  external: (name) => !/^[./]/.test(name),
  treeshake: false,
  onwarn: (warning) => QUIET.has(warning.code) || console.warn(warning.message),
});
const { output } = await bundle.write({
  dir: folder,
  format: 'system',
  compact: true,
  entryFileNames: '[name].js',
  chunkFileNames: 'chunk-[hash].js',
});
const from = dirname(resolve(entry));
if (from !== resolve(folder)) rmSync(from, { recursive: true });
for (const { fileName, code } of output) console.log(`${fileName} ${(code.length / 1024).toFixed(1)} kB`);
