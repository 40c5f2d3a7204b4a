// --dry-run: what a run would do and need, from the size of the input and a sample of its first
// rows; nothing is computed.

import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { check } from '../base/errors.js';
import { formatOfName, type LinkFormat } from '../formats/link-format.js';
import { openByteSource } from '../formats/byte-source.js';

/** What of a command's options the plan depends on. */
export interface PlannedRun {
  readonly reading?: string | undefined;
  readonly precision?: string | undefined;
  readonly backend?: string | undefined;
  readonly threads?: number | undefined;
  readonly tolerance?: number | undefined;
  readonly format?: LinkFormat | undefined;
}

const SAMPLE_BYTES = 4 << 20;
/** Bytes a link takes in binary and columnar formats, about. */
const BINARY_BYTES_PER_LINK = 20;
/** Measured: links in columns and their sort (bench/build-graph). */
const READ_BYTES_PER_LINK = 64;
/** A and Aᵀ with f64 weights. */
const SOLVE_BYTES_PER_LINK = 24;
/** Eighteen vectors of the solver, six on the host, two offset arrays. */
const SOLVE_BYTES_PER_PARTICLE = 8 * 24 + 8;

/** The plan as lines of text. Throws `usage` for standard input, which cannot be read twice. */
export async function planOf(path: string, run: PlannedRun): Promise<string> {
  check(
    path !== '-',
    'usage',
    () => 'dry run: expected a file, found standard input',
    'give a file: a plan would use up the stream',
  );
  const { links, basis } = await estimateLinks(path, run.format);
  // A dump has about as many particles as links; ids of text are the largest part of reading it.
  const particles = links;
  const reading = links * READ_BYTES_PER_LINK + particles * 64;
  const solving = links * SOLVE_BYTES_PER_LINK + particles * SOLVE_BYTES_PER_PARTICLE;
  const precision = run.precision ?? 'f64';
  const lines = [
    `input      ${path}: about ${links.toLocaleString('en')} links (${basis})`,
    `reading    ${run.reading ?? 'focus-1'}, ${precision}, certified L1 error ${
      run.tolerance ?? (precision === 'f32' ? 1e-5 : 1e-9)
    }`,
    `backend    ${run.backend ?? 'auto'}, ${run.threads ?? availableParallelism()} threads on the CPU`,
    `memory     about ${mebibytes(Math.max(reading, solving + links * 20))} at the peak`,
    `           (${mebibytes(reading)} to read, ${mebibytes(solving)} to solve, if particles are as many as links)`,
  ];
  return `${lines.join('\n')}\n`;
}

async function estimateLinks(
  path: string,
  format: LinkFormat | undefined,
): Promise<{ readonly links: number; readonly basis: string }> {
  const source = await openByteSource(path);
  try {
    const { size } = await stat(path);
    const chosen = format ?? formatOfName(path);
    if (chosen === 'parquet' || chosen === 'focus') {
      return { links: Math.ceil(size / BINARY_BYTES_PER_LINK), basis: `from ${size} bytes` };
    }
    let bytes = 0;
    let rows = 0;
    let ended = true;
    for await (const chunk of source.chunks) {
      for (const byte of chunk) if (byte === 0x0a) rows++;
      bytes += chunk.length;
      if (bytes >= SAMPLE_BYTES) {
        ended = false;
        break;
      }
    }
    if (ended) return { links: rows, basis: 'counted' };
    // Raw bytes run ahead of the decompressed ones by at most a chunk, which a sample of megabytes
    // makes small.
    const ratio = size / Math.max(1, source.compression === 'none' ? bytes : source.rawBytes());
    return { links: Math.ceil(rows * ratio), basis: `from the first ${rows} rows` };
  } finally {
    await source.close();
  }
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`;
}
