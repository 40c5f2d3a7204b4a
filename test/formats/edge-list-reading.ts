// Reads edge lists from text or bytes, cut into chunks, for the tests of this folder.

import { readEdgeList } from '../../src/formats/edge-list.js';
import type { EdgeListOptions, EdgeListSummary } from '../../src/formats/edge-list.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import type { Links } from '../../src/graph/links.js';

/** What came of reading. */
export interface Read {
  readonly links: Links;
  readonly summary: EdgeListSummary;
}

/**
 * Reads bytes cut into chunks of the given sizes (the last size repeats); every chunk is
 * overwritten after use.
 */
export async function read(
  input: string | Uint8Array,
  options: Partial<EdgeListOptions> = {},
  sizes: readonly number[] = [1 << 16],
): Promise<Read> {
  const bytes = Buffer.from(input as string);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0, k = 0; at < bytes.length; k++) {
      const size = sizes[Math.min(k, sizes.length - 1)];
      const chunk = Uint8Array.from(bytes.subarray(at, at + size));
      yield chunk;
      chunk.fill(0x21);
      at += size;
    }
  }
  const builder = createLinkBuilder();
  const summary = await readEdgeList(chunks(), builder, { name: 'graph.tsv', ...options });
  return { links: builder.finish(), summary };
}

/** A link by its ids. */
export type Row = readonly [from: string, to: string, amount: number];

/** The links in order. */
export function rowsOf({ links }: Read): Row[] {
  return Array.from({ length: links.count }, (_, i) => [
    links.particles.at(links.from[i]),
    links.particles.at(links.to[i]),
    links.amount[i],
  ]);
}
