// What a command says about the graph it has read: counts, and everything that was dropped, merged
// or left out.

import type { ReadNotes } from '../formats/read.js';
import type { Graph } from '../graph/graph.js';

/** Writes one line for humans. */
export type Say = (line: string) => void;

/** Lines about an input, for stderr. */
export function describeInput(graph: Graph, notes: ReadNotes, elapsedMs: number): string[] {
  const { report } = graph;
  const seconds = (elapsedMs / 1000).toFixed(2);
  const lines = [
    `read ${notes.name}: ${report.links} links, ${graph.particles} particles, ${report.axons} axons in ${seconds} s`,
  ];
  const { selfLoops, zeroWeight, isolatedParticles } = report.dropped;
  const remarks = [
    [report.merged, 'merged into an axon already there'],
    [selfLoops, 'dropped as self-loops'],
    [zeroWeight, 'dropped for weight zero'],
  ] as const;
  for (const [count, what] of remarks) if (count > 0) lines.push(`  ${count} links ${what}`);
  if (isolatedParticles > 0)
    lines.push(`  ${isolatedParticles} particles dropped: no link of theirs counts`);
  if (report.roundedAmounts > 0) {
    lines.push(`  ${report.roundedAmounts} amounts above 2^53 rounded to the nearest double`);
  }
  if (notes.unitAmounts) lines.push('  no column of amounts: every link counts 1');
  if (notes.ignored.length > 0) lines.push(`  columns left out: ${notes.ignored.join(', ')}`);
  return lines;
}
