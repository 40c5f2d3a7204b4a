// Link valuation: against a second computation from raw links, sums over axons and targets, links
// that leave and come back, scale and order of links, bounds, units, and inputs that cannot be.

import { describe, expect, it } from 'vitest';
import { openCpuExact } from '../../src/backend/cpu/cpu.js';
import { FocusError } from '../../src/base/errors.js';
import { focusExact } from '../../src/focus/exact/focus-exact.js';
import { applyDelta } from '../../src/graph/delta.js';
import { linkGraph, type LinkedGraph } from '../../src/graph/linked.js';
import { karmaOf } from '../../src/valuation/karma.js';
import type { ValuedEpoch } from '../../src/valuation/epoch-view.js';
import {
  valueLinks,
  type Valuation,
  type ValuationOptions,
} from '../../src/valuation/link-valuation.js';
import { weightAt, WEIGHTINGS, type Weighting } from '../../src/valuation/weightings.js';
import {
  denseYields,
  growingGraphs,
  keyOf,
  linkedOf,
  PLAIN,
  rawLinks,
  solved,
  summed,
} from './growth.js';

const WEIGHTED: readonly Weighting[] = [
  { name: 'constant', parameter: null },
  { name: 'exponential', parameter: 0.3 },
  { name: 'half-life', parameter: 2 },
  { name: 'own-weight', parameter: null },
];

/** The formulas again, with the engine's own functions of Math. */
const AGAIN: Readonly<Record<string, (t: number, own: number) => number>> = {
  constant: () => 1,
  exponential: (t) => Math.exp(-0.3 * t),
  'half-life': (t) => 0.5 ** (t / 2),
  'own-weight': (_, own) => own,
};

/** Hand-made focus: no solve, any numbers. */
function view(
  epoch: number,
  linked: LinkedGraph,
  focus: Readonly<Record<string, number>>,
  errorBound: number | null = 0,
): ValuedEpoch {
  const { ids, particles } = linked.graph;
  const phi = Float64Array.from({ length: particles }, (_, i) => focus[ids.at(i)]);
  return { epoch, linked, phi, errorBound };
}

const slotOf = (valuation: Valuation, key: string): number => {
  for (let slot = 0; slot < valuation.count; slot++) {
    if (keyOf(valuation, slot) === key) return slot;
  }
  throw new Error(`no link ${key}`);
};

describe('yields', () => {
  it.each(WEIGHTED)(
    'are those of a second computation from raw links, weighted $name',
    async (w) => {
      expect(Object.keys(WEIGHTINGS)).toEqual(WEIGHTED.map(({ name }) => name));
      for (const seed of [1, 2, 3]) {
        const views = await solved(growingGraphs(seed, 6), [3, 4, 5, 7, 8, 9, 12], 1e-9);
        for (const share of ['axon', 'target'] as const) {
          const valuation = await valueLinks(views, { ...PLAIN, weighting: w, share });
          const rows = denseYields(views, AGAIN[w.name], share);
          const sums = summed(rows);
          for (let slot = 0; slot < valuation.count; slot++) {
            const key = keyOf(valuation, slot);
            const curve = valuation.curves?.of(slot);
            expect(valuation.values[slot]).toBeCloseTo(sums.get(key) ?? 0, 12);
            expect(curve?.cumulative.at(-1)).toBe(valuation.values[slot]);
            const mine = rows.filter((row) => row.key === key);
            expect(valuation.linkAt(slot).epochs).toBe(mine.length);
            for (const { epoch, value } of mine) {
              expect(curve?.yields[valuation.epochs.indexOf(epoch)]).toBeCloseTo(value, 12);
            }
            const alive = curve?.alive.reduce((sum, each) => sum + each, 0) ?? 0;
            const inFirst = rawLinks(views[0].linked).some((link) => link.key === key);
            expect(alive).toBe(mine.length + (inFirst ? 1 : 0));
          }
          expect(new Set([...sums.keys()]).size).toBeLessThanOrEqual(valuation.count);
        }
      }
    },
  );

  it('of the links of an axon sum to that of the axon, and of all links into a target to Δφ', async () => {
    const views = await solved(growingGraphs(5, 4));
    for (const share of ['axon', 'target'] as const) {
      const valuation = await valueLinks(views, { ...PLAIN, share });
      for (let t = 1; t < views.length; t++) {
        const sums = new Map<string, number>();
        for (const { key, from, to, amount } of rawLinks(views[t].linked)) {
          if (from === to || amount === 0) continue;
          const of = share === 'axon' ? `${from} ${to}` : to;
          const each = valuation.curves?.of(slotOf(valuation, key)).yields[t] ?? NaN;
          sums.set(of, (sums.get(of) ?? 0) + each);
        }
        const { ids } = views[t].linked.graph;
        for (const [of, sum] of sums) {
          const to = of.split(' ').at(-1) as string;
          if (ids.indexOf(to) < 0) continue;
          const then = views[t - 1].linked.graph.ids.indexOf(to);
          const before = then < 0 ? 0 : Number(views[t - 1].phi[then]);
          expect(sum).toBeCloseTo(Number(views[t].phi[ids.indexOf(to)]) - before, 14);
        }
      }
    }
  });

  it('begin with the second epoch, and a new particle brings all its focus', async () => {
    const first = linkedOf([['ann', 'a', 'b', 1]]);
    const { after } = applyDelta(first, [
      { neuron: 'bo', links: [{ from: 'a', to: 'c', amount: 3 }], remove: [], change: [] },
    ]);
    const valuation = await valueLinks(
      [view(0, first, { a: 0.5, b: 0.5 }), view(1, after, { a: 0.25, b: 0.25, c: 0.5 })],
      PLAIN,
    );
    expect([...valuation.values]).toEqual([-0.25, 0.5]);
    expect(valuation.linkAt(0)).toMatchObject({ born: 0, epochs: 1, isAlive: true });
    expect(valuation.linkAt(1)).toMatchObject({
      born: 1,
      row: 1,
      neuron: 'bo',
      from: 'a',
      to: 'c',
    });
  });

  it('stop while a link is gone, and go on when the same link comes back', async () => {
    const first = linkedOf([
      ['ann', 'a', 'b', 1],
      ['ann', 'a', 'c', 1],
    ]);
    const without = applyDelta(first, [
      { neuron: 'ann', links: [], remove: [{ from: 'a', to: 'c' }], change: [] },
    ]);
    const again = applyDelta(without.after, without.inverse).after;
    const other = applyDelta(without.after, [
      { neuron: 'ann', links: [{ from: 'b', to: 'c', amount: 1 }], remove: [], change: [] },
    ]).after;
    const halves = (c: number) => ({ a: 0.5, b: 0.5 - c, c });
    const sequence = (last: LinkedGraph) => [
      view(0, first, halves(0)),
      view(1, first, halves(0.125)),
      view(2, without.after, halves(0)),
      view(3, last, halves(0.25)),
    ];
    const back = await valueLinks(sequence(again), PLAIN);
    expect(back.count).toBe(2);
    expect([...(back.curves?.of(1).yields ?? [])]).toEqual([0, 0.125, 0, 0.25]);
    expect([...(back.curves?.of(1).alive ?? [])]).toEqual([1, 1, 0, 1]);
    const replaced = await valueLinks(sequence(other), PLAIN);
    expect(replaced.count).toBe(3);
    expect(replaced.linkAt(1)).toMatchObject({ row: 1, from: 'a', isAlive: false, value: 0.125 });
    expect(replaced.linkAt(2)).toMatchObject({ row: 1, from: 'b', isAlive: true, value: 0.25 });
  });
});

describe('identity', () => {
  it('by occurrence follows links whose positions shift, and tells repeated links apart', async () => {
    const first = linkedOf([
      ['ann', 'a', 'b', 1],
      ['bo', 'a', 'c', 1],
      ['bo', 'a', 'c', 3],
    ]);
    const second = linkedOf([
      ['bo', 'a', 'c', 1],
      ['bo', 'a', 'c', 3],
      ['cy', 'a', 'b', 1],
    ]);
    const views = [
      view(0, first, { a: 0.5, b: 0.25, c: 0.25 }),
      view(1, second, { a: 0.25, b: 0.25, c: 0.5 }),
    ];
    const { count, values, linkAt } = await valueLinks(views, { ...PLAIN, identity: 'occurrence' });
    expect(count).toBe(4);
    expect([...values]).toEqual([0, 0.0625, 0.1875, 0]);
    expect([0, 1, 2, 3].map((slot) => linkAt(slot).isAlive)).toEqual([false, true, true, true]);
    expect((await valueLinks(views, PLAIN)).count).toBe(5);
  });

  it('by row is neuron, from and to as well, and comes back under the same ones', async () => {
    const other = ['bo', 'c', 'd', 1] as const;
    const link = ['ann', 'a', 'b', 1] as const;
    const even = { a: 0.25, b: 0.25, c: 0.25, d: 0.25 };
    for (const changed of [['zoe', 'a', 'b', 1] as const, ['ann', 'd', 'b', 1] as const]) {
      const [first, second] = [linkedOf([other, link]), linkedOf([other, changed])];
      const { a, b, c, d } = { a: 0.125, b: 0.5, c: 0.125, d: 0.25 };
      const valuation = await valueLinks(
        [
          view(0, first, even),
          view(1, second, { a, b, c, d }),
          view(2, first, even),
          view(3, second, { a, b, c, d }),
        ],
        PLAIN,
      );
      expect(valuation.count).toBe(3);
      expect([...valuation.values].slice(1)).toEqual([-0.25, 0.5]);
      expect(valuation.linkAt(2)).toMatchObject({ row: 1, neuron: changed[0], from: changed[1] });
      expect([...(valuation.curves?.of(1).alive ?? [])]).toEqual([1, 0, 1, 0]);
    }
    const turned = linkedOf([other, ['ann', 'a', 'd', 1]]);
    const sequence = [
      view(0, linkedOf([other, link]), even),
      view(1, turned, { a: 0.5, c: 0, d: 0.5 }),
    ];
    expect((await valueLinks(sequence, PLAIN)).count).toBe(3);
  });

  it('does not depend on the table that names particles', async () => {
    const graphs = growingGraphs(7, 5);
    const views = await solved(graphs);
    const rebuilt = views.map((each) => {
      // Same rows in a table of its own, where particles have other numbers.
      const own = linkedOf([
        ['zoe', 'zz', 'zy', 1],
        ...rawLinks(each.linked).map(
          ({ neuron, from, to, amount }) => [neuron, from, to, amount] as const,
        ),
      ]);
      const links = {
        ...own.links,
        count: own.links.count - 1,
        from: own.links.from.subarray(1),
        to: own.links.to.subarray(1),
        amount: own.links.amount.subarray(1),
        neuron: own.links.neuron?.subarray(1) ?? null,
      };
      const linked = { ...linkGraph(links), rows: each.linked.rows };
      expect(linked.graph.particles).toBe(each.linked.graph.particles);
      return { ...each, linked };
    });
    const [ours, theirs] = [await valueLinks(views, PLAIN), await valueLinks(rebuilt, PLAIN)];
    expect(theirs.values).toEqual(ours.values);
    for (let slot = 0; slot < ours.count; slot++) {
      expect(theirs.linkAt(slot)).toEqual(ours.linkAt(slot));
    }
  });
});

describe('values', () => {
  const total = ({ values, count, linkAt }: Valuation): Map<string, number> => {
    const sums = new Map<string, number>();
    for (let slot = 0; slot < count; slot++) {
      const { from, to, neuron } = linkAt(slot);
      const key = `${neuron} ${from} ${to}`;
      sums.set(key, (sums.get(key) ?? 0) + values[slot]);
    }
    return sums;
  };

  it('do not depend on the unit of stake, and own-weight is in that unit', async () => {
    const graphs = growingGraphs(11, 4);
    const scaled = graphs.map((linked) => ({
      ...linkGraph({ ...linked.links, amount: linked.links.amount.map((a) => 4 * a) }),
      rows: linked.rows,
    }));
    for (const [weighting, factor] of [
      [WEIGHTED[1], 1],
      [WEIGHTED[3], 4],
    ] as const) {
      const options = { ...PLAIN, weighting };
      const ours = await valueLinks(await solved(graphs), options);
      const theirs = await valueLinks(await solved(scaled), options);
      ours.values.forEach((value, slot) =>
        expect(theirs.values[slot]).toBeCloseTo(factor * value, 11),
      );
    }
  });

  it('do not depend on the order of links beyond their bounds', async () => {
    const graphs = growingGraphs(13, 4);
    const turned = graphs.map((linked) =>
      linkedOf(
        rawLinks(linked)
          .reverse()
          .map(({ neuron, from, to, amount }) => [neuron, from, to, amount] as const),
      ),
    );
    const options: ValuationOptions = { ...PLAIN, identity: 'occurrence' };
    const [ours, theirs] = [
      await valueLinks(await solved(graphs), options),
      await valueLinks(await solved(turned), options),
    ];
    expect(theirs.count).toBe(ours.count);
    const [a, b] = [total(ours), total(theirs)];
    for (const [key, value] of a) expect(b.get(key)).toBeCloseTo(value, 10);
  });

  it.each(WEIGHTED)(
    'are as far from those of a better focus as their bound, $name',
    async (weighting) => {
      const graphs = growingGraphs(17, 5);
      const options = { ...PLAIN, weighting };
      const rough = await valueLinks(await solved(graphs, undefined, 1e-3), options);
      const close = await valueLinks(await solved(graphs, undefined, 1e-14), options);
      let largest = 0;
      for (let slot = 0; slot < rough.count; slot++) {
        const [a, b] = [rough.linkAt(slot), close.linkAt(slot)];
        const off = Math.abs(a.value - b.value);
        expect(off).toBeLessThanOrEqual((a.errorBound ?? NaN) + (b.errorBound ?? NaN));
        largest = Math.max(largest, off);
      }
      expect(largest).toBeGreaterThan(1e-9);
    },
  );

  it('bound what hand-made errors of focus do, and no bound is no proof', async () => {
    const linked = linkedOf([
      ['ann', 'a', 'b', 1],
      ['bo', 'a', 'b', 3],
    ]);
    const sequence = (off: number, bound: number | null) => [
      view(0, linked, { a: 0.5 + off, b: 0.5 - off }, bound),
      view(1, linked, { a: 0.25 - off, b: 0.75 + off }, bound),
    ];
    const weighting: Weighting = { name: 'own-weight', parameter: null };
    const exact = await valueLinks(sequence(0, 0), { ...PLAIN, weighting });
    const off = await valueLinks(sequence(0.0625, 0.0625), { ...PLAIN, weighting });
    // 3 · ¾ · (0.0625 + 0.0625): all of the bound is used.
    expect(off.values[1] - exact.values[1]).toBe(0.28125);
    expect(off.linkAt(1).errorBound).toBeGreaterThanOrEqual(0.28125);
    expect(off.linkAt(1).errorBound).toBeLessThan(0.28126);
    expect(off.noiseAt(1)).toBe(0.09375);
    const unknown = await valueLinks(sequence(0, null), PLAIN);
    expect(unknown.linkAt(0).errorBound).toBeNull();
    expect(unknown.noiseAt(0)).toBeNull();
  });

  it('of exact focus come from exact differences', async () => {
    const graphs = growingGraphs(19, 3);
    const backend = openCpuExact({ threads: 1 });
    const views: ValuedEpoch[] = [];
    for (const [epoch, linked] of graphs.entries()) {
      const { exact, errorBound } = await focusExact(linked.graph, { tolerance: 1e-12 }, backend);
      views.push({ epoch, linked, phi: exact.units, errorBound });
    }
    backend.destroy();
    const inUnits = await valueLinks(views, PLAIN);
    const inDoubles = await valueLinks(await solved(graphs), PLAIN);
    inUnits.values.forEach((value, slot) => expect(inDoubles.values[slot]).toBeCloseTo(value, 10));
    const first = views[0];
    const nudged = { ...first, epoch: 9, phi: (first.phi as BigInt64Array).map((u) => u + 1n) };
    // One unit of 2⁻⁶¹, which no double of this size could hold.
    const unit = await valueLinks([first, nudged], PLAIN);
    const alone = rawLinks(first.linked).findIndex(
      ({ from, to }, _, all) =>
        from !== to && all.filter((each) => each.from === from && each.to === to).length === 1,
    );
    expect(unit.values[alone]).toBe(2 ** -61);
  });

  it('without curves are the same', async () => {
    const views = await solved(growingGraphs(23, 3));
    const bare = await valueLinks(views, { ...PLAIN, curves: false });
    expect(bare.curves).toBeNull();
    expect(bare.values).toEqual((await valueLinks(views, PLAIN)).values);
  });

  it('hold two epochs at a time', async () => {
    const views = await solved(growingGraphs(29, 4));
    let given = 0;
    const seen: number[] = [];
    async function* stream(): AsyncGenerator<ValuedEpoch, void, undefined> {
      for (const each of views) {
        given++;
        yield each;
      }
    }
    const onEpoch = (): void => void seen.push(given);
    const streamed = await valueLinks(stream(), { ...PLAIN, onEpoch });
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(streamed.values).toEqual((await valueLinks(views, PLAIN)).values);
  });
});

describe('what cannot be valued', () => {
  const linked = linkedOf([['ann', 'a', 'b', 1]]);
  const good = view(4, linked, { a: 0.5, b: 0.5 });
  const refused = async (
    views: readonly ValuedEpoch[],
    code: string,
    message: RegExp,
    options: Partial<ValuationOptions> = {},
  ): Promise<void> => {
    const failed = valueLinks(views, { ...PLAIN, ...options });
    await expect(failed).rejects.toBeInstanceOf(FocusError);
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  };

  it('is refused by name', async () => {
    await refused([], 'bad-input', /at least two epochs, found 0/);
    await refused([good], 'bad-input', /at least two epochs, found 1/);
    await refused([good, good], 'bad-input', /epoch 4: expected an integer after 4/);
    await refused([{ ...good, epoch: 0.5 }], 'bad-input', /epoch 0.5: expected an integer/);
    const short = { ...good, epoch: 5, phi: new Float64Array(1) };
    await refused(
      [good, short],
      'bad-input',
      /epoch 5: expected the focus of 2 particles, found 1/,
    );
    const bad = view(5, linked, { a: 0.5, b: NaN });
    await refused([good, bad], 'bad-input', /epoch 5: particle b: expected a focus ≥ 0, found NaN/);
    const units = { ...good, epoch: 5, phi: new BigInt64Array(2) };
    await refused([good, units], 'bad-input', /same kind of numbers/);
    const loose = { ...good, epoch: 5, errorBound: Infinity };
    await refused([good, loose], 'bad-input', /epoch 5: error bound/);
  });

  it('includes stakes whose yields overflow, and sums of them', async () => {
    const huge = linkedOf([
      ['ann', 'a', 'b', 1.6e308],
      ['ann', 'c', 'b', 1.6e308],
    ]);
    const own = { weighting: { name: 'own-weight', parameter: null } } as const;
    const step = (epoch: number, b: number) => view(epoch, huge, { a: 0, b, c: 0 });
    const twice = [step(0, 0), step(1, 0.75), step(2, 1.5)];
    await refused(twice, 'bad-input', /link "a" → "b": its yields sum to more than 1.8e308/, own);
    const once = await valueLinks(twice.slice(0, 2), { ...PLAIN, ...own });
    expect(() => karmaOf(once)).toThrow(/karma of "ann": .* more than 1.8e308/);
  });

  it('includes weightings out of range and parameters that are missing', async () => {
    for (const [weighting, message] of [
      [{ name: 'exponential', parameter: null }, /exponential: expected a rate.*found none/],
      [{ name: 'exponential', parameter: -1 }, /found -1/],
      [{ name: 'half-life', parameter: 0 }, /half-life in epochs, finite and > 0, found 0/],
      [{ name: 'half-life', parameter: NaN }, /found NaN/],
      [{ name: 'constant', parameter: 1 }, /expected no parameter, found 1/],
      [{ name: 'linear' as 'constant', parameter: null }, /expected one of constant, /],
    ] as const) {
      await refused([good], 'bad-parameter', message, { weighting });
    }
  });
});

describe('weightings', () => {
  it('have the values of their formulas', () => {
    for (const weighting of WEIGHTED) {
      for (const t of [0, 1, 2, 7, 100]) {
        const expected = AGAIN[weighting.name](t, 5);
        expect(Math.abs(weightAt(weighting, t, 5) / expected - 1)).toBeLessThan(1e-14);
      }
    }
    expect(weightAt({ name: 'exponential', parameter: 0 }, 1000, 5)).toBe(1);
    expect(weightAt({ name: 'half-life', parameter: 1e-300 }, 1, 5)).toBe(0);
  });
});
