// Type checks a package that esbuild only strips of its types.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { shell } from './workspace.mjs';

/** Ends the build with the compiler's messages when the types do not fit. */
export function typeCheck(folder) {
  if (!existsSync(join(folder, 'tsconfig.json'))) throw new Error(`${folder} has no tsconfig.json`);
  const compiler = join(shell, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [compiler, '--noEmit', '-p', folder], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
