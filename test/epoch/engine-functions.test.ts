// What an epoch is computed with: functions whose last bits ECMAScript leaves to the engine may be
// called only where no bit of an epoch's files depends on them.

import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url));
const ENGINE = /Math\.(?:log|exp|pow|sin|cos|tan|hypot|cbrt|expm1|log1p|log2|log10|a\w+h?2?)\(/g;
const FIXED = ['Math.abs('];

/** Files that a file imports, itself included, by way of others too. */
function reachedFrom(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const [, name] of readFileSync(path, 'utf8').matchAll(/from '(\.[^']+)\.js'/g))
    reachedFrom(join(dirname(path), `${name}.ts`), seen);
  return seen;
}

it('no figure of an epoch comes from a function that engines may round as they like', () => {
  const called = [...reachedFrom(join(SOURCE, 'epoch/compute.ts'))].flatMap((path) => {
    const code = readFileSync(path, 'utf8').replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
    const names = [...code.matchAll(ENGINE)].map(([name]) => name);
    return names.some((name) => !FIXED.includes(name)) ? [relative(SOURCE, path)] : [];
  });
  expect(called.sort()).toEqual([
    'epoch/compute.ts', // the progress that is shown
    'focus/measures.ts', // entropies of solves in doubles; an epoch's are integers
    'graph/build.ts', // how many parts a sort has, not its order
  ]);
});
