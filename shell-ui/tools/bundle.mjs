// bundle.mjs ENTRY OUTPUT: bundles TypeScript (or TSX) into one native ES module.
import { dirname, resolve } from 'node:path';
import { build } from 'esbuild';
import { typeCheck } from './type-check.mjs';
import { sharedModules } from './shared.mjs';

const [entry, output] = process.argv.slice(2);
if (!entry || !output) throw new Error('usage: bundle.mjs ENTRY OUTPUT');
typeCheck(process.cwd());
const file = resolve(output);
const result = await build({
  entryPoints: { main: entry },
  outdir: dirname(file),
  outExtension: { '.js': '.mjs' },
  entryNames: '[name]',
  chunkNames: 'chunk-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  minify: true,
  legalComments: 'none',
  define: { 'process.env.NODE_ENV': '"production"' },
  plugins: [sharedModules],
  metafile: true,
});
for (const [name, { bytes }] of Object.entries(result.metafile.outputs)) console.log(`${name} ${(bytes / 1024).toFixed(1)} kB`);
