// The Chromium binaries that this machine may run: one that FOCUS_CHROMIUM names, else the headless
// one of a development dependency, which brings SwiftShader and the libraries that it needs, else
// one that is installed.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { filesInTar } from '../tar.js';

export interface Binary {
  readonly path: string;
  /** Folder of the libraries to give it; null: the system's. */
  readonly libraries: string | null;
}

const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url));
const folder = join(modules, '.cache', 'focus-engine', 'chromium-147.0.0');
const INSTALLED = ['chromium', 'chromium-browser', 'google-chrome'];

/** Candidates, best first, found when they are asked for. */
export function* binariesHere(): Generator<Binary> {
  const named = process.env['FOCUS_CHROMIUM'];
  if (named !== undefined && named !== '') {
    yield { path: named, libraries: null };
    return;
  }
  if (process.platform === 'linux' && process.arch === 'x64') yield unpackChromium();
  const path = (process.env['PATH'] ?? '').split(':').filter((part) => part !== '');
  for (const name of INSTALLED) {
    const found = path.map((part) => join(part, name)).find((file) => existsSync(file));
    if (found !== undefined) yield { path: found, libraries: null };
  }
}

/** Unpacks 230 MB on first use, in two seconds. */
function unpackChromium(): Binary {
  const binary = { path: join(folder, 'chromium'), libraries: join(folder, 'lib') };
  if (existsSync(binary.path)) return binary;
  const unpacked = (name: string): Buffer =>
    brotliDecompressSync(readFileSync(join(modules, '@sparticuz', 'chromium', 'bin', name)));
  mkdirSync(dirname(folder), { recursive: true });
  // Made aside and renamed, so that nobody starts half a browser.
  const partial = mkdtempSync(`${folder}.`);
  mkdirSync(join(partial, 'lib'));
  writeFileSync(join(partial, 'chromium'), unpacked('chromium.br'));
  chmodSync(join(partial, 'chromium'), 0o755);
  // Chromium looks for its drivers beside itself.
  for (const [name, bytes] of filesInTar(unpacked('swiftshader.tar.br')))
    writeFileSync(join(partial, name), bytes);
  for (const [name, bytes] of filesInTar(unpacked('al2023.tar.br')))
    writeFileSync(join(partial, 'lib', name), bytes);
  try {
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(binary.path)) throw error;
  }
  return binary;
}
