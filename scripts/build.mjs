// Builds the package: TypeScript to dist/, the AssemblyScript kernels to two modules in kernels/.
// Skips a step whose output is newer than all of its inputs, so that tests and commands start fast.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kernelArguments, merkleArguments } from './kernel-arguments.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const newest = (folder, extension) => {
  let time = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(extension)) continue;
    time = Math.max(time, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
  }
  return time;
};
const age = (file) => (existsSync(file) ? statSync(file).mtimeMs : 0);
const settings = Math.max(age('package-lock.json'), age('tsconfig.json'), newest('scripts', '.mjs'));
const run = (script, ...args) =>
  execFileSync(process.execPath, [script, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });

// The kernels compile the layout of their control block from src, so it is one of their inputs.
const modules = [
  ['kernels/kernels.wasm', 'src/backend/cpu/layout.ts', kernelArguments],
  ['kernels/merkle.wasm', 'src/base/merkle-layout.ts', merkleArguments],
];
for (const [output, layout, options] of modules) {
  if (age(output) < Math.max(newest('kernels', '.ts'), age(layout), settings)) {
    run('node_modules/assemblyscript/bin/asc.js', ...options);
  }
}
if (age('dist/.built') < Math.max(newest('src', '.ts'), settings)) {
  rmSync('dist', { recursive: true, force: true });
  run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.json');
  if (existsSync('dist/cli/main.js')) chmodSync('dist/cli/main.js', 0o755);
  writeFileSync('dist/.built', '');
}
