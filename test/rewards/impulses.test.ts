// The golden impulses: norm, entropy part, discovery part and ΔJ of an independent implementation, by
// shifts of changes, by whole focuses and in exact arithmetic.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openCpuExact } from '../../src/backend/cpu/cpu.js';
import { alignUnits } from '../../src/focus/exact/delta.js';
import { focusExact } from '../../src/focus/exact/focus-exact.js';
import { focus } from '../../src/focus/focus.js';
import { axonChangesOf } from '../../src/graph/axon-changes.js';
import { applyDelta } from '../../src/graph/delta.js';
import { linkGraph } from '../../src/graph/linked.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { doubleOf, isEqual, EXACT_NUMBERS } from '../../src/rewards/exact-number.js';
import { measuresOfExact, measuresOfFocuses } from '../../src/rewards/measures.js';
import { evaluateReward, evaluateRewardExact } from '../../src/rewards/reward.js';
import { rewardsOf } from '../../src/rewards/rewards-of.js';
import { bigintFocus } from '../exact/bigint-focus.js';
import type { LinkTuple } from '../graphs.js';

interface Impulse {
  readonly base: LinkTuple[];
  readonly batch: LinkTuple[];
  readonly norm_l1: number;
  readonly entropy_drop: number;
  readonly discovery: number;
  readonly delta_j: number;
}

const { impulses } = JSON.parse(
  readFileSync(new URL('../golden/impulses.json', import.meta.url), 'utf8'),
) as { readonly impulses: Record<string, Impulse> };

function linked(rows: readonly LinkTuple[]) {
  const builder = createLinkBuilder();
  for (const [from, to, amount] of rows) {
    builder.addRow(builder.particleOf(from), builder.particleOf(to), amount);
  }
  return linkGraph(builder.finish());
}

function deltaOf(batch: readonly LinkTuple[]) {
  const links = batch.map(([from, to, amount]) => ({ from, to, amount }));
  return [{ neuron: 'n1', links, remove: [], change: [] }];
}

const FUNCTIONS = ['delta-norm', 'syntropy', 'directed'] as const;
/** The goldens agree with the truth to this. */
const GOLDEN = 1e-9;

describe.each(Object.entries(impulses))('the impulse %s', (_, golden) => {
  const base = linked(golden.base);
  const expectGolden = (
    deltaNorm: number,
    entropy: number,
    directed: number,
    discovery: number,
    deltaJ: number,
  ): void => {
    expect(Math.abs(deltaNorm - golden.norm_l1)).toBeLessThan(GOLDEN);
    expect(Math.abs(entropy - golden.entropy_drop)).toBeLessThan(GOLDEN);
    expect(Math.abs(directed - Math.max(0, golden.entropy_drop))).toBeLessThan(GOLDEN);
    expect(Math.abs(discovery - golden.discovery)).toBeLessThan(GOLDEN);
    expect(Math.abs(deltaJ - golden.delta_j)).toBeLessThan(GOLDEN);
  };

  it('is what the shift of its change gives, alone and as all of one', async () => {
    const { graph } = base;
    const { parameters, phi, errorBound } = await focus(graph, { tolerance: 1e-12 });
    const change = axonChangesOf(base, deltaOf(golden.batch));
    const { changes, joint } = await rewardsOf(
      graph,
      { parameters, phi: phi.data, errorBound: errorBound ?? 0 },
      [change],
      FUNCTIONS,
      { tolerance: 1e-11, joint: change },
    );
    for (const { rewards, converged } of [changes[0], joint ?? changes[0]]) {
      const { syntropy, directed } = rewards;
      expectGolden(
        rewards['delta-norm'].value ?? NaN,
        syntropy.value ?? NaN,
        directed.value ?? NaN,
        syntropy.parts.discovery?.value ?? NaN,
        syntropy.terms.deltaJ.value,
      );
      expect(syntropy.parts.entropy?.value).toBe(syntropy.value);
      expect(converged).toBe(true);
      expect(rewards['delta-norm'].errorBound).toBeLessThan(2e-11);
    }
  });

  it('is what two whole focuses give', async () => {
    const { graph } = applyDelta(base, deltaOf(golden.batch)).after;
    const [before, after] = await Promise.all(
      [base.graph, graph].map(async (each) => {
        const { phi, errorBound } = await focus(each, { tolerance: 1e-12 });
        return { ids: each.ids, values: phi.data, errorBound };
      }),
    );
    const inputs = { shift: measuresOfFocuses(before, after) };
    const [norm, syntropy, directed] = FUNCTIONS.map((name) => evaluateReward(name, inputs));
    expectGolden(
      norm.value ?? NaN,
      syntropy.value ?? NaN,
      directed.value ?? NaN,
      syntropy.parts.discovery?.value ?? NaN,
      syntropy.terms.deltaJ.value,
    );
  });

  it('has the digests that the second implementation finds, cold and warm', async () => {
    const { graph } = applyDelta(base, deltaOf(golden.batch)).after;
    const cold = await focusExact(base.graph);
    expect(cold.exact.digest).toBe(bigintFocus(base.graph).digest());
    const units = alignUnits({ ids: base.graph.ids, units: cold.exact.units }, graph.ids);
    const name = cold.exact.digest;
    const warm = await focusExact(graph, { start: { units, name } });
    const theirs = bigintFocus(graph, {}, { start: [...units], startName: name });
    expect(warm.exact.digest).toBe(theirs.digest());
  });

  it('is what exact focuses give, and there ΔJ is the sum of its parts to the unit', async () => {
    const { graph } = applyDelta(base, deltaOf(golden.batch)).after;
    const backend = openCpuExact({ threads: 1 });
    const [before, after] = await Promise.all(
      [base.graph, graph].map(async (each) => {
        const { exact } = await focusExact(each, {}, backend);
        return { ids: each.ids, exact };
      }),
    );
    backend.destroy();
    const inputs = { shift: measuresOfExact(before, after) };
    const [norm, syntropy, directed] = FUNCTIONS.map((name) => evaluateRewardExact(name, inputs));
    const { entropy, discovery } = syntropy.parts;
    if (norm.value === null || syntropy.value === null || directed.value === null)
      throw new Error();
    if (entropy === null || discovery === null) throw new Error();
    const { deltaJ } = syntropy.terms;
    expect(isEqual(deltaJ, EXACT_NUMBERS.plus(entropy, discovery))).toBe(true);
    expect(deltaJ.units).toBe(after.exact.syntropy - before.exact.syntropy);
    expectGolden(
      ...([norm.value, syntropy.value, directed.value, discovery, deltaJ].map(doubleOf) as [
        number,
        number,
        number,
        number,
        number,
      ]),
    );
  });
});
