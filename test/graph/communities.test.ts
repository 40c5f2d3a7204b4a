// Louvain's communities: known graphs, modularity by its definition over all pairs, moves that cannot
// be bettered, and independence of the names of particles.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { communitiesOf } from '../../src/graph/communities.js';
import type { Csr } from '../../src/graph/csr.js';
import { graphOf, randomLinks, type LinkTuple } from '../graphs.js';
import { KARATE } from '../cli/run.js';

/** Σ over pairs of one community of W(i,j)/2m − d_i d_j/(2m)². */
function densely({ rows, offsets, columns, weights }: Csr, labels: ArrayLike<number>): number {
  const matrix = Array.from({ length: rows }, () => new Float64Array(rows));
  for (let i = 0; i < rows; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) {
      matrix[i][columns[k]] += weights[k];
      matrix[columns[k]][i] += weights[k];
    }
  }
  const degree = matrix.map((row) => row.reduce((sum, each) => sum + each, 0));
  const all = degree.reduce((sum, each) => sum + each, 0);
  let quality = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rows; j++) {
      if (labels[i] !== labels[j]) continue;
      quality += matrix[i][j] / all - ((degree[i] / all) * degree[j]) / all;
    }
  }
  return quality;
}

function karate(): LinkTuple[] {
  const lines = readFileSync(KARATE, 'utf8')
    .split('\n')
    .filter((line) => /^\d/.test(line));
  return lines.map((line) => {
    const [from, to, amount = '1'] = line.split('\t');
    return [from, to, Number(amount)];
  });
}

const clique = (name: string, size: number): LinkTuple[] =>
  Array.from({ length: size }, (_, i) => i).flatMap((i) =>
    Array.from({ length: i }, (_, j): LinkTuple => [`${name}${i}`, `${name}${j}`, 1]),
  );

describe('communities', () => {
  it('of the karate club have nearly the best modularity there is, 0.4198', () => {
    const { axons } = graphOf(karate());
    const { count, labels, modularity } = communitiesOf(axons);
    expect(count).toBeGreaterThanOrEqual(3);
    expect(count).toBeLessThanOrEqual(5);
    expect(modularity).toBeCloseTo(densely(axons, labels), 12);
    expect(modularity).toBeGreaterThan(0.4);
    expect(modularity).toBeLessThan(0.4198);
  });

  it('are cliques that few links join, whatever the directions', () => {
    const links = [...clique('a', 6), ...clique('b', 5), ...clique('c', 7)];
    const joined: LinkTuple[] = [...links, ['b0', 'a0', 1], ['c0', 'b1', 1]];
    const { ids, axons, particles } = graphOf(joined);
    const { count, labels } = communitiesOf(axons);
    expect(count).toBe(3);
    for (let i = 0; i < particles; i++) {
      for (let j = 0; j < particles; j++) {
        expect(labels[i] === labels[j]).toBe(ids.at(i)[0] === ids.at(j)[0]);
      }
    }
  });

  it('never join components, and merge over levels', () => {
    // A ring of 30 cliques of 5: one level alone leaves cliques, merging may pair neighbours.
    const ring = Array.from({ length: 30 }, (_, k) => [
      ...clique(`k${k}.`, 5),
      [`k${k}.0`, `k${(k + 1) % 30}.1`, 1] as LinkTuple,
    ]).flat();
    const { axons } = graphOf([...ring, ['x', 'y', 3]]);
    const { labels, count, modularity } = communitiesOf(axons);
    expect(labels.at(-1)).toBe(labels.at(-2));
    expect(labels.slice(0, -2)).not.toContain(labels.at(-1));
    expect(count).toBeLessThan(31);
    expect(modularity).toBeGreaterThan(0.87);
  });

  it.each([1, 2, 3, 4])(
    'of random graphs are counted rightly and bettered by no single move, %i',
    (seed) => {
      const { axons } = graphOf(randomLinks(seed, 40, 120));
      const { count, labels, modularity } = communitiesOf(axons);
      expect(modularity).toBeCloseTo(densely(axons, labels), 11);
      expect(modularity).toBeGreaterThanOrEqual(
        densely(axons, new Uint32Array(axons.rows)) - 1e-12,
      );
      // Numbered by first member.
      let next = 0;
      for (const label of labels) {
        expect(label).toBeLessThanOrEqual(next);
        if (label === next) next++;
      }
      expect(next).toBe(count);
      expect(communitiesOf(axons)).toEqual({ count, labels, modularity });
    },
  );

  it('at the first level leave no particle that would rather be elsewhere', () => {
    // Two cliques: no second level, so every single move must lower modularity.
    const { axons } = graphOf([...clique('a', 5), ...clique('b', 5), ['a0', 'b0', 2]]);
    const { labels, count, modularity } = communitiesOf(axons);
    for (let i = 0; i < axons.rows; i++) {
      for (let c = 0; c < count; c++) {
        const moved = labels.slice();
        moved[i] = c;
        expect(densely(axons, moved)).toBeLessThanOrEqual(modularity + 1e-12);
      }
    }
  });
});
