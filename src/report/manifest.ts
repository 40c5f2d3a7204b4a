// The manifest that stands next to every output: what went in, what was asked, what came out,
// enough to compute it again. Written as `<output>.manifest.json`; holds no time and no machine
// path beyond the names the caller gave.

import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { writeAtomically } from '../formats/atomic-file.js';

/** An input or output file of a run. */
export interface FileRecord {
  readonly name: string;
  readonly format: string;
  readonly bytes: number;
  /** Of the raw bytes; null where they were not hashed. */
  readonly sha256: string | null;
}

/** What a manifest says. */
export interface Manifest {
  readonly command: string;
  readonly input: FileRecord;
  /** What was read besides it: signals, a checkpoint. */
  readonly alsoRead?: readonly FileRecord[];
  readonly output: FileRecord;
  /** Result as in --json, certificate and digest included. */
  readonly result: Readonly<Record<string, unknown>>;
}

/** Version of this package. */
export const ENGINE_VERSION: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  }
).version;

/** Describes a file that was written, by reading it back. */
export async function fileRecord(path: string, format: string): Promise<FileRecord> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { name: path, format, bytes, sha256: hash.digest('hex') };
}

/** Writes the manifest of an output, all or nothing. Returns its path. */
export async function writeManifest(output: string, manifest: Manifest): Promise<string> {
  const path = `${output}.manifest.json`;
  const text = JSON.stringify({ engine: `focus-engine ${ENGINE_VERSION}`, ...manifest }, null, 2);
  await writeAtomically(path, (sink) => sink.write(Buffer.from(`${text}\n`)));
  return path;
}
