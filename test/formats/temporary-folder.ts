// A folder for the files of one test file, removed after its last test.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** The folder, and a shorthand that writes a file into it and returns its path. */
export interface TemporaryFolder {
  readonly path: string;
  file(name: string, content: Uint8Array | string): string;
  at(name: string): string;
}

/** Makes a folder; to be called at the top of a test file. */
export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'focus-formats-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  const at = (name: string): string => join(path, name);
  return {
    path,
    at,
    file: (name, content) => {
      writeFileSync(at(name), content);
      return at(name);
    },
  };
}
