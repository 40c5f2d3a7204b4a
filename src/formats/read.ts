// Reads links, whatever their format and compression, and turns them into a graph.
// The format is the one asked for; else what the first bytes prove (Parquet, .focus, Matrix
// Market); else what the name says; else what the text looks like. The digest of the raw bytes
// names the input in a manifest.

import { stat } from 'node:fs/promises';
import { FocusError, check } from '../base/errors.js';
import { type BuildOptions, buildGraph } from '../graph/build.js';
import type { Graph } from '../graph/graph.js';
import { createLinkBuilder } from '../graph/link-builder.js';
import type { Links } from '../graph/links.js';
import { type ByteSource, type Compression, openByteSource } from './byte-source.js';
import { readEdgeList } from './edge-list.js';
import { fieldOfName } from './fields.js';
import { readFocusBinary } from './focus-binary.js';
import {
  type LinkFormat,
  LINK_FORMATS,
  SNIFF_BYTES,
  formatOfBytes,
  formatOfName,
} from './link-format.js';
import { readMatrixMarket } from './matrix-market.js';
import { readNdjson } from './ndjson.js';
import { type RandomAccess, memoryAccess, openRandomAccess, readAll } from './random-access.js';

/** How to read. */
export interface ReadOptions {
  /** Default: found from the content and the name. */
  readonly format?: LinkFormat;
  /** Compute the SHA-256 of the raw bytes. Default false. */
  readonly hash?: boolean;
}

/** What was read besides the links. */
export interface ReadNotes {
  /** The path, or `stdin`. */
  readonly name: string;
  readonly format: LinkFormat;
  readonly compression: Compression;
  /** Raw bytes, before decompression. */
  readonly bytes: number;
  /** Lower-case hex SHA-256 of the raw bytes; null where it was not asked for. */
  readonly sha256: string | null;
  /** Names of columns or keys that were left out because they mean nothing to the engine. */
  readonly ignored: readonly string[];
  /** Whether a header row names no column of amounts, so that every link counts 1. */
  readonly unitAmounts: boolean;
}

/** Links, or for a `.focus` file the graph itself. */
export type ReadResult =
  | ({ readonly kind: 'links'; readonly links: Links } & ReadNotes)
  | ({ readonly kind: 'graph'; readonly graph: Graph } & ReadNotes);

/** What one reader returns. */
interface Content {
  readonly kind: 'links' | 'graph';
  readonly links: Links | null;
  readonly graph: Graph | null;
  readonly format: LinkFormat;
  readonly ignored: readonly string[];
  readonly unitAmounts: boolean;
  /** Raw bytes, where the file was not read through the source. */
  readonly bytes: number | null;
}

/**
 * A link takes at least this many bytes of text, more or less; only the first allocation depends on
 * it.
 */
const BYTES_PER_LINK = 24;
const MAX_EXPECTED_LINKS = 1 << 26;

/**
 * Reads a path, or standard input for `-`.
 *
 * Throws FocusError `bad-input` naming file, place, what was expected and what was found;
 * `too-large` beyond the limits in docs/formats.md. Cost: that of the format's reader; the input is
 * always closed.
 */
export async function readLinks(path: string, options: ReadOptions = {}): Promise<ReadResult> {
  const { format, hash = false } = options;
  check(
    format === undefined || LINK_FORMATS.includes(format),
    'usage',
    () => `expected a format among ${LINK_FORMATS.join(', ')}, found ${String(format)}`,
  );
  const source = await openByteSource(path, { hash });
  try {
    const head = await peek(source);
    const chosen = format ?? chooseFormat(path, source.name, head.bytes);
    const content =
      chosen === 'parquet' || chosen === 'focus'
        ? await readBinary(path, source, head.rest, chosen, hash)
        : await readText(path, source, head.rest, chosen, format !== undefined);
    const notes: ReadNotes = {
      name: source.name,
      format: content.format,
      compression: source.compression,
      bytes: content.bytes ?? source.rawBytes(),
      sha256: source.sha256(),
      ignored: content.ignored,
      unitAmounts: content.unitAmounts,
    };
    if (content.graph !== null) return { kind: 'graph', graph: content.graph, ...notes };
    return { kind: 'links', links: content.links as Links, ...notes };
  } finally {
    await source.close();
  }
}

/**
 * Reads links and builds their graph. A `.focus` file holds a built graph, to which build options
 * no longer apply: with any given, it throws `usage`.
 */
export async function readGraph(
  path: string,
  options: ReadOptions & BuildOptions = {},
): Promise<{ readonly graph: Graph; readonly notes: ReadNotes }> {
  const { format, hash, ...build } = options;
  const result = await readLinks(path, {
    ...(format === undefined ? {} : { format }),
    ...(hash === undefined ? {} : { hash }),
  });
  if (result.kind === 'links') return { graph: buildGraph(result.links, build), notes: result };
  const given = Object.keys(build).filter((key) => build[key as keyof BuildOptions] !== undefined);
  check(
    given.length === 0,
    'usage',
    () => `${result.name}: a .focus file holds a built graph, so ${given.join(', ')} cannot apply`,
    'give the option when converting the links to .focus',
  );
  return { graph: result.graph, notes: result };
}

/** What the first bytes prove, else what the name says, else what they look like. */
function chooseFormat(path: string, name: string, head: Uint8Array): LinkFormat | 'text' {
  const seen = formatOfBytes(head);
  if (seen === 'parquet' || seen === 'focus' || seen === 'mtx') return seen;
  const chosen = formatOfName(path) ?? seen;
  if (chosen !== null) return chosen;
  const known = LINK_FORMATS.join(', ');
  const start = JSON.stringify(Buffer.from(head.subarray(0, 12)).toString('latin1'));
  throw new FocusError(
    'bad-input',
    `${name}: expected links in one of the formats ${known}, found bytes that start ${start}`,
    'name the format with --format; a JSON array becomes NDJSON with `jq -c ".[]"`',
  );
}

/** Reads a format of text as a stream. */
async function readText(
  path: string,
  source: ByteSource,
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  format: LinkFormat | 'text',
  forced: boolean,
): Promise<Content> {
  const { name } = source;
  const size = source.compression === 'none' && path !== '-' ? (await stat(path)).size : 0;
  const builder = createLinkBuilder(Math.min(MAX_EXPECTED_LINKS, Math.ceil(size / BYTES_PER_LINK)));
  const done = (
    kept: LinkFormat,
    ignored: readonly string[],
    header: readonly string[] | null = null,
  ): Content => {
    return {
      kind: 'links',
      links: builder.finish(),
      graph: null,
      format: kept,
      ignored,
      unitAmounts: header !== null && !header.some((column) => fieldOfName(column) === 'amount'),
      bytes: null,
    };
  };
  if (format === 'ndjson') return done(format, (await readNdjson(chunks, builder, name)).ignored);
  if (format === 'mtx')
    return done(format, (await readMatrixMarket(chunks, builder, name)).ignored);
  const separators = { tsv: 'tab', csv: 'comma' } as const;
  const separator = forced || format === 'csv' ? separators[format as 'tsv' | 'csv'] : 'auto';
  const summary = await readEdgeList(chunks, builder, { name, separator });
  return done(summary.separator === 'comma' ? 'csv' : 'tsv', summary.ignored, summary.header);
}

/**
 * Parquet and `.focus` are read by position: from the file itself where it is a plain one, else
 * from memory.
 */
async function readBinary(
  path: string,
  source: ByteSource,
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  format: 'parquet' | 'focus',
  hash: boolean,
): Promise<Content> {
  const plain = path !== '-' && source.compression === 'none' && (await stat(path)).isFile();
  let file: RandomAccess;
  if (plain) {
    // The digest and the count of bytes need one pass over the stream; the page cache serves the
    // second.
    if (hash) await drain(chunks);
    file = await openRandomAccess(path);
  } else {
    file = memoryAccess(source.name, await readAll({ ...source, chunks }));
  }
  const bytes = plain ? file.size : null;
  try {
    if (format === 'focus') {
      const graph = await readFocusBinary(file);
      return { kind: 'graph', links: null, graph, format, ignored: [], unitAmounts: false, bytes };
    }
    const builder = createLinkBuilder();
    // Loaded on demand: its codecs would slow the start of every other command.
    const { readParquet } = await import('./parquet.js');
    const { ignored, unitAmounts } = await readParquet(file, builder);
    const links = builder.finish();
    return { kind: 'links', links, graph: null, format, ignored, unitAmounts, bytes };
  } finally {
    await file.close();
  }
}

/** Reads to the end for the sake of the digest. */
async function drain(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) void chunk;
}

/** The first bytes of the input, and the whole of it after that. */
async function peek(source: ByteSource): Promise<{
  readonly bytes: Uint8Array;
  readonly rest: AsyncGenerator<Uint8Array, void, undefined>;
}> {
  const held: Uint8Array[] = [];
  let length = 0;
  while (length < SNIFF_BYTES) {
    const next = await source.chunks.next();
    if (next.done === true) break;
    held.push(next.value);
    length += next.value.length;
  }
  const rest = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    yield* held;
    yield* source.chunks;
  };
  const bytes = held.length === 1 ? held[0] : Buffer.concat(held);
  return { bytes: bytes.subarray(0, SNIFF_BYTES), rest: rest() };
}
