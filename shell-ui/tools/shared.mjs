// What the micro-frontends share through the import map instead of bundling it.
import { join } from 'node:path';
import { build } from 'esbuild';
import { shell } from './workspace.mjs';

export const SHARED = ['@dcp/api-service', '@dcp/charts', 'single-spa', 'single-spa-layout'];

const TYPESCRIPT = { '@dcp/api-service': 'api-service/src/index.ts', '@dcp/charts': 'charts/src/index.ts' };
const ES_MODULES = { 'single-spa': 'lib/es2015/esm/single-spa.min.js', 'single-spa-layout': 'dist/esm/single-spa-layout.min.js' };

/** The names a shared module exports. */
async function exportsOf(name) {
  const file = TYPESCRIPT[name] ? join(shell, TYPESCRIPT[name]) : join(shell, 'node_modules', name, ES_MODULES[name]);
  const external = SHARED.filter((other) => other !== name);
  const result = await build({ entryPoints: [file], bundle: true, format: 'esm', metafile: true, write: false, external });
  return Object.values(result.metafile.outputs)[0].exports;
}

/**
 * An esbuild plugin: a native module takes what is shared from SystemJS, whose map knows the current address.
 * A native import map would have to stand inline in the page, which the content security policy forbids.
 */
export const sharedModules = {
  name: 'dcp-shared',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(${SHARED.join('|')})$`);
    onResolve({ filter }, ({ path, kind }) => (kind === 'entry-point' ? undefined : { path, namespace: 'shared' }));
    onLoad({ filter: /.*/, namespace: 'shared' }, async ({ path }) => {
      const names = (await exportsOf(path)).filter((name) => name !== 'default');
      return { contents: `const shared = await System.import(${JSON.stringify(path)});\nexport const { ${names.join(', ')} } = shared;\n` };
    });
  },
};
