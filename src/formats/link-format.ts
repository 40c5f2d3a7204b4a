// The formats of links, and how a file says which one it is: by the name, or by its first bytes.

import { FOCUS_MAGIC } from './focus-layout.js';

/** Formats that links are read from and written to. */
export type LinkFormat = 'tsv' | 'csv' | 'ndjson' | 'mtx' | 'parquet' | 'focus';

/** All formats, as `--format` takes them. */
export const LINK_FORMATS: readonly LinkFormat[] = [
  'tsv',
  'csv',
  'ndjson',
  'mtx',
  'parquet',
  'focus',
];

/** Bytes that `formatOfBytes` wants to see. */
export const SNIFF_BYTES = 1024;

const EXTENSIONS: ReadonlyMap<string, LinkFormat> = new Map([
  ['tsv', 'tsv'],
  ['tab', 'tsv'],
  ['csv', 'csv'],
  ['ndjson', 'ndjson'],
  ['jsonl', 'ndjson'],
  ['mtx', 'mtx'],
  ['parquet', 'parquet'],
  ['focus', 'focus'],
]);

/**
 * The format an extension announces, under .gz or .zst too; null for any other name (.txt, .edges,
 * stdin).
 */
export function formatOfName(path: string): LinkFormat | null {
  const bare = path.toLowerCase().replace(/\.(gz|zst|zstd)$/, '');
  const dot = bare.lastIndexOf('.');
  return dot < 0 ? null : (EXTENSIONS.get(bare.slice(dot + 1)) ?? null);
}

/**
 * The format the first bytes announce, `text` for an edge list whose separator its reader finds,
 * null for none that is known.
 * The marks of Parquet, `.focus` and Matrix Market are certain; a brace means NDJSON; text holds no
 * control characters.
 */
export function formatOfBytes(head: Uint8Array): LinkFormat | 'text' | null {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  if (text.startsWith('PAR1')) return 'parquet';
  if (FOCUS_MAGIC.every((byte, i) => head[i] === byte)) return 'focus';
  const visible = text.replace(/^\u00ef\u00bb\u00bf/, '').trimStart();
  if (/^%%matrixmarket/i.test(visible)) return 'mtx';
  if (visible.startsWith('{')) return 'ndjson';
  // A JSON array or a binary file is no edge list; both would only give a puzzling error at 1:1.
  if (visible.startsWith('[') || /[\u0000-\u0008\u000e-\u001f]/.test(text)) return null;
  return 'text';
}
