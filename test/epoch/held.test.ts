// Held stake in chains of epochs: what it does to graph, prior and focus, that a chain with it verifies
// without the ledger, and that nothing but the ledger changes it.

import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attentionBetween, epochAttention } from '../../src/epoch/attention.js';
import { epochFolder, manifestOf } from '../../src/epoch/chain.js';
import { afterSignals, computeState } from '../../src/epoch/compute.js';
import { differencesOf } from '../../src/epoch/diff.js';
import { sha256, unitsOf } from '../../src/epoch/files.js';
import { epochParameters, heldPrior, withHeldLinks } from '../../src/epoch/held-stake.js';
import { marginalsOf } from '../../src/epoch/marginals.js';
import { stateBefore } from '../../src/epoch/replay.js';
import { readRulesets, rulesetText } from '../../src/epoch/ruleset.js';
import { runEpoch } from '../../src/epoch/run.js';
import type { EpochState } from '../../src/epoch/state.js';
import { verifyChain } from '../../src/epoch/verify.js';
import { focusExact } from '../../src/focus/exact/focus-exact.js';
import { distributionOf } from '../../src/focus/exact/operator.js';
import { ONE } from '../../src/focus/exact/units.js';
import { integerWeights } from '../../src/focus/exact/weights.js';
import type { EpochHeader } from '../../src/focus/header.js';
import { readLinks } from '../../src/formats/read.js';
import { readDeltaLog } from '../../src/formats/signals.js';
import { axonChangesOf } from '../../src/graph/axon-changes.js';
import { axonWeight } from '../../src/graph/change.js';
import { replay } from '../../src/graph/delta.js';
import type { Graph } from '../../src/graph/graph.js';
import { linkGraph, type LinkedGraph } from '../../src/graph/linked.js';
import { heldText } from '../../src/payouts/held/held-file.js';
import type { HeldStake } from '../../src/payouts/held/held.js';
import type { Target } from '../../src/payouts/held/target.js';
import {
  beaconOf,
  folder,
  linksFile,
  machinesOf,
  RULES,
  signalsFile,
  type Book,
} from './chains.js';

const HELD_RULES = {
  ...RULES,
  held: { token: 'CYB', unitsPerStake: 1_000_000_000, priorWeight: 2 },
};
const RULESETS = readRulesets([HELD_RULES], 'rules');
const EPOCHS = 3;
const machines = machinesOf(2);

/** Stake on a particle and a link from epoch 1 on, more burned in epoch 2, the lock gone in 3. */
function heldOfEpoch(epoch: number): HeldStake {
  const units = 40_000_000_000n;
  const id = 'c'.repeat(64);
  const lock = { id, neuron: 'neuron:ann', target: { from: 'p3', to: 'p7' }, token: 'CYB' };
  return {
    token: 'CYB',
    through: epoch - 1,
    seal: 'd'.repeat(64),
    burns: [
      { target: { from: 'p1', to: 'p2' }, units },
      { target: { particle: 'p5' }, units: epoch > 1 ? 2n * units : units },
    ],
    locks: epoch > 2 ? [] : [{ ...lock, valence: 1, units, untilMs: 5, epoch: 0 }],
  };
}

async function heldChain(held: (epoch: number) => HeldStake = heldOfEpoch): Promise<string> {
  const [chain, inputs] = [folder(), folder()];
  const book: Book = new Map();
  for (let epoch = 0; epoch <= EPOCHS; epoch++) {
    const path = join(inputs, `held-${epoch}.ndjson`);
    if (epoch > 0) writeFileSync(path, heldText(held(epoch)));
    const links = epoch === 0 ? linksFile(inputs) : null;
    const signals = epoch === 0 ? null : signalsFile(inputs, epoch, book);
    const request = { chain, epoch, links, signals, rulesets: RULESETS, beacon: beaconOf(epoch) };
    await runEpoch({ ...request, held: epoch === 0 ? null : path }, machines);
  }
  return chain;
}

let chain = '';
beforeAll(async () => {
  chain = await heldChain();
}, 120_000);
afterAll(() => machines.destroy());

const read = (epoch: number, name: string, of = chain): Buffer =>
  readFileSync(join(epochFolder(of, epoch), name));
const lines = (epoch: number, name: string): Record<string, unknown>[] =>
  read(epoch, name)
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** The graph of an epoch by signals alone, read from the chain's files. */
async function signedGraph(epoch: number): Promise<LinkedGraph> {
  const read = await readLinks(join(chain, 'links.tsv'));
  if (read.kind !== 'links') throw new Error('expected links');
  let linked = linkGraph(read.links, { order: 'first-seen' });
  for (let each = 1; each <= epoch; each++) {
    const { log } = await readDeltaLog(join(epochFolder(chain, each), 'signals.ndjson'));
    linked = replay(linked, [log.flat()]);
  }
  return linked;
}

/** Held links of 40 tokens as links of a signal, which come after all others. */
function withLinks(linked: LinkedGraph, held: HeldStake): LinkedGraph {
  const onLinks = [...held.burns, ...held.locks].flatMap(({ target }) =>
    'from' in target ? [{ ...target, amount: 40 }] : [],
  );
  return replay(linked, [[{ neuron: 'someone', links: onLinks, remove: [], change: [] }]]);
}

/** Degrees by adding up axons, and twice the tokens that are held on a particle. */
function priorBySums({ graph }: LinkedGraph, held: HeldStake): Float64Array {
  const { axons, ids, particles } = graph;
  const prior = new Float64Array(particles);
  for (let p = 0; p < particles; p++) {
    for (let k = axons.offsets[p]; k < axons.offsets[p + 1]; k++) {
      prior[p] += axons.weights[k];
      prior[axons.columns[k]] += axons.weights[k];
    }
  }
  for (const { target, units } of held.burns) {
    if ('particle' in target) prior[ids.indexOf(target.particle)] += (2 * Number(units)) / 1e9;
  }
  return prior;
}

describe('a chain with held stake', () => {
  it('verifies from its files alone, to the byte, with other threads', async () => {
    const others = machinesOf(1);
    const { epochs } = await verifyChain(chain, { rulesets: RULESETS }, others);
    expect(epochs).toBe(EPOCHS + 1);
    const sample = { count: 4, beacon: 'e'.repeat(64) };
    expect((await verifyChain(chain, { sample }, others)).recomputed).toBe(4);
    const again = await heldChain();
    expect(await differencesOf(chain, again)).toEqual([]);
    others.destroy();
  });

  it('has the focus of its links, held links and prior, put together another way', async () => {
    let start: { units: BigInt64Array; name: string } | undefined;
    let ids: Graph['ids'] | null = null;
    for (let epoch = 0; epoch <= EPOCHS; epoch++) {
      const held = epoch === 0 ? null : heldOfEpoch(epoch);
      const signed = await signedGraph(epoch);
      const linked = held === null ? signed : withLinks(signed, held);
      const { graph } = linked;
      const prior = held === null ? 'degree' : priorBySums(linked, held);
      if (start !== undefined && ids !== null) {
        const [known, units] = [ids, start.units];
        const aligned = Array.from({ length: graph.ids.count }, (_, i) => {
          const at = known.indexOf(graph.ids.at(i));
          return at < 0 ? 0n : units[at];
        });
        start = { ...start, units: BigInt64Array.from(aligned) };
      }
      const { exact } = await focusExact(graph, { prior, start });
      expect([...unitsOf(read(epoch, 'focus.units'))]).toEqual([...exact.units]);
      const header = JSON.parse(read(epoch, 'header.json').toString('utf8')) as EpochHeader;
      expect(header.focusDigest).toBe(exact.digest);
      expect(header.focus.prior === 'degree').toBe(held === null);
      [start, ids] = [{ units: exact.units, name: exact.digest }, graph.ids];
    }
  });

  it('moves rank up for what stake is held on, and back when it is unlocked', async () => {
    const focusOf = async (held: HeldStake): Promise<(id: string) => number> => {
      const { signed } = await stateOf(1);
      const linked = withHeldLinks(signed, held, RULESETS[0]);
      const options = epochParameters(linked.graph, held, RULESETS[0]);
      const { phi } = await focusExact(linked.graph, options);
      return (id) => phi.data[linked.graph.ids.indexOf(id)];
    };
    const none = { ...heldOfEpoch(1), burns: [], locks: [] };
    const on = (target: Target, units: bigint): HeldStake => ({
      ...none,
      burns: [{ target, units }],
    });
    const base = await focusOf(none);
    const { signed } = await stateOf(1);
    // A theorem: visits to i from i are at least those from anywhere, so mass that enters at i helps i.
    for (let i = 0; i < signed.graph.particles; i++) {
      const id = signed.graph.ids.at(i);
      const small = await focusOf(on({ particle: id }, 10n ** 9n));
      const large = await focusOf(on({ particle: id }, 10n ** 11n));
      expect(small(id)).toBeGreaterThan(base(id));
      expect(large(id)).toBeGreaterThan(small(id));
    }
    const link = await focusOf(on({ from: 'p1', to: 'p9' }, 10n ** 11n));
    expect(link('p9')).toBeGreaterThan(base('p9'));
  });

  it('conserves Σu = 1 to the unit, and shares it as stated', async () => {
    const { linked, held } = await stateOf(2);
    const own = heldPrior(linked.graph, held, RULESETS[0]);
    if (own === null || held === null) throw new Error('expected a prior');
    const weights = integerWeights(linked.graph.axons);
    const units = distributionOf(own.prior, weights);
    expect(units.reduce((sum, each) => sum + each, 0n)).toBe(ONE);
    // u = (1 − w) u₀ + w b/Σb with w = Σb/Σ(P + b).
    const degree = distributionOf('degree', weights);
    const total = own.prior.reduce((sum, each) => sum + each, 0);
    const w = own.fixed / total;
    const at = linked.graph.ids.indexOf('p5');
    units.forEach((u, i) => {
      const expected = (1 - w) * Number(degree[i]) + (i === at ? w * Number(ONE) : 0);
      expect(Number(u) / expected).toBeCloseTo(1, 12);
    });
  });

  it('keeps held links out of the reach of signals, wills and decay', async () => {
    const state = await stateOf(1);
    const { linked, signed, held } = state;
    expect(linked.links.count).toBe(signed.links.count + 2);
    const remove = [
      { neuron: 'focus:held-stake', links: [], remove: [{ from: 'p1', to: 'p2' }], change: [] },
    ];
    expect(() => afterSignals(state, remove)).toThrow(/signs what the ledger holds/);
    for (const neuron of [null, 'ann', 'someone']) {
      const signal = { neuron, links: [], remove: [{ from: 'p3', to: 'p7' }], change: [] };
      expect(() => axonChangesOf(linked, [signal])).toThrow(/expected a live link/);
    }
    // Half of every other link is gone after one half-life; held links are as they were.
    const { links } = signed;
    const time = new Float64Array(links.count).fill(100);
    const rate = Math.log(2) / 100;
    const aged = linkGraph({ ...links, time }, { decay: { rate, epochTime: 200 } });
    const older = linkGraph({ ...links, time }, { decay: { rate, epochTime: 20_000 } });
    for (const each of [aged, older]) {
      const bare = axonOf(each, 'p1', 'p2');
      expect(axonOf(withHeldLinks(each, held, RULESETS[0]), 'p1', 'p2') - bare).toBeCloseTo(40, 10);
    }
    expect(axonOf(older, 'p0', firstTo(older, 'p0'))).toBeLessThan(1e-10);
    // A will is shared over its neuron's links: held ones are none of them.
    const willing = new Float64Array(links.count).fill(1000);
    const shares = linkGraph({ ...links, will: willing });
    const withStake = withHeldLinks(shares, held, RULESETS[0]);
    expect(axonOf(withStake, 'p3', 'p7') - axonOf(shares, 'p3', 'p7')).toBeCloseTo(40, 10);
    expect(axonOf(withStake, 'p0', firstTo(shares, 'p0'))).toBe(
      axonOf(shares, 'p0', firstTo(shares, 'p0')),
    );
  });

  it('lets stake on a particle wait until a link names it', async () => {
    const { linked } = await stateOf(1);
    const burns = [{ target: { particle: 'nobody' }, units: 10n ** 9n }];
    const held = { ...heldOfEpoch(1), burns, locks: [] };
    expect(heldPrior(linked.graph, held, RULESETS[0])).toBeNull();
    const link = { from: 'p1', to: 'nobody', amount: 1 };
    const named = replay(linked, [[{ neuron: 'ann', links: [link], remove: [], change: [] }]]);
    const own = heldPrior(named.graph, held, RULESETS[0]);
    expect(own?.fixed).toBe(2);
    expect(own?.prior[named.graph.ids.indexOf('nobody')]).toBe(3);
  });
});

describe('rewards of signals where stake is held', () => {
  it('near: are those of whole exact solves of the graph with and without the signal', async () => {
    const before = await stateOf(1);
    const rows = lines(2, 'marginals.ndjson').filter((row) => row['function'] === 'syntropy');
    const { log } = await readDeltaLog(join(epochFolder(chain, 2), 'signals.ndjson'));
    const held = heldOfEpoch(1);
    for (const [k, signal] of log.flat().entries()) {
      const signed = replay(before.signed, [[signal]]);
      const linked = withLinks(signed, held);
      const prior = priorBySums(linked, held);
      const { exact } = await focusExact(linked.graph, { prior });
      const change = Number(before.focus.entropy - exact.entropy) / 2 ** 56;
      const { value, lower, upper } = rows[k] as unknown as Record<string, number>;
      expect(Math.abs(value - change)).toBeLessThan(1e-6);
      expect(lower - 1e-12).toBeLessThanOrEqual(change);
      expect(change).toBeLessThanOrEqual(upper + 1e-12);
    }
  });

  for (const prior of ['degree', 'uniform'] as const) {
    it(`adjoint: are right to first order with the ${prior} prior`, async () => {
      const rules = { ...RULESETS[0], prior };
      const { signed } = await stateOf(1);
      const held = heldOfEpoch(1);
      const { state } = await computeState(
        { before: null, linked: signed, held, delta: [], ruleset: rules },
        machines,
      );
      const gap = async (amount: number): Promise<number[]> => {
        const delta = [
          { neuron: 'ann', links: [{ from: 'p5', to: 'p8', amount }], remove: [], change: [] },
          { neuron: 'bo', links: [{ from: 'p2', to: 'p5', amount }], remove: [], change: [] },
          { neuron: 'cy', links: [{ from: 'p4', to: 'p6', amount }], remove: [], change: [] },
        ];
        const by = async (method: 'adjoint' | 'near') => {
          const marginals = {
            method,
            functions: ['syntropy'],
            tolerance: 1e-12,
            arcs: 1e6,
          } as const;
          return marginalsOf(state, delta, { ...rules, marginals }, { backend: machines.cpu });
        };
        const [first, whole] = [await by('adjoint'), await by('near')];
        return first.map((row, k) => {
          expect([row.method, whole[k].method]).toEqual(['adjoint', 'near']);
          return Math.abs(((row.value ?? 0) - (whole[k].value ?? 0)) / amount);
        });
      };
      // The error a unit of stake falls with the stake: what is left out is of second order.
      const [rough, fine] = [await gap(1), await gap(0.1)];
      fine.forEach((each, k) => expect(each).toBeLessThan(0.25 * rough[k] + 1e-9));
    });
  }
});

describe('stake that waits for its particle', () => {
  for (const method of ['near', 'adjoint'] as const) {
    it(`enters the prior with the signal that links it, under ${method}`, async () => {
      const ruleset = RULESETS[0];
      const { signed } = await stateOf(1);
      const burns = [{ target: { particle: 'nobody' }, units: 10n ** 11n }];
      const held = { ...heldOfEpoch(1), burns, locks: [] };
      const inputs = { before: null, linked: signed, held, delta: [], ruleset };
      const { state } = await computeState(inputs, machines);
      const link = { from: 'p1', to: 'nobody', amount: 1 };
      const delta = [{ neuron: 'ann', links: [link], remove: [], change: [] }];
      const marginals = { method, functions: ['syntropy'], tolerance: 1e-9, arcs: 1e6 } as const;
      const rules = { ...ruleset, marginals };
      const [row] = await marginalsOf(state, delta, rules, { backend: machines.cpu });
      const after = replay(signed, [delta]);
      const { exact } = await focusExact(after.graph, { prior: priorBySums(after, held) });
      const change = Number(state.focus.entropy - exact.entropy) / 2 ** 56;
      expect(row.method).toBe('near');
      expect(Math.abs((row.value ?? 0) - change)).toBeLessThan(1e-6);
    });
  }
});

describe('attention', () => {
  it('is what a particle gained in focus units, and a link’s that of its end', async () => {
    const [before, after] = [await stateOf(1), await stateOf(2)];
    const attentionOf = attentionBetween(before, after);
    const [known, ids] = [before.linked.graph.ids, after.linked.graph.ids];
    let losers = 0;
    for (let i = 0; i < ids.count; i++) {
      const at = known.indexOf(ids.at(i));
      const gained = after.focus.units[i] - (at < 0 ? 0n : before.focus.units[at]);
      const expected = gained > 0n ? gained : 0n;
      losers += Number(gained < 0n);
      expect(attentionOf({ particle: ids.at(i) })).toBe(expected);
      expect(attentionOf({ from: 'p0', to: ids.at(i) })).toBe(expected);
    }
    expect(losers).toBeGreaterThan(0);
    expect(attentionOf({ particle: 'never seen' })).toBe(0n);
    const { held, evidence, earningThrough } = await epochAttention(chain, 2);
    expect(earningThrough).toBe(0);
    expect((await epochAttention(chain, 1)).earningThrough).toBe(-1);
    expect(heldText(held)).toBe(heldText(heldOfEpoch(2)));
    expect(evidence).toBe((await manifestOf(chain, 2)).digest);
    await expect(epochAttention(chain, 0)).rejects.toThrow(/expected one that holds stake/);
  });
});

describe('a particle that joins where the prior is uniform', () => {
  it('is worth what the fixed weights leave of it, to first order', async () => {
    const rules = { ...RULESETS[0], prior: 'uniform' } as const;
    const { signed } = await stateOf(1);
    // So much is held that a newcomer's part of the prior is small, and first order is enough.
    const burns = [{ target: { particle: 'p5' }, units: 10n ** 15n }];
    const held = { ...heldOfEpoch(1), burns, locks: [] };
    const inputs = { before: null, linked: signed, held, delta: [], ruleset: rules };
    const { state } = await computeState(inputs, machines);
    const link = { from: 'fresh', to: 'p6', amount: 1e-6 };
    const delta = [{ neuron: 'ann', links: [link], remove: [], change: [] }];
    const by = async (method: 'adjoint' | 'near') => {
      const marginals = { method, functions: ['syntropy'], tolerance: 1e-12, arcs: 1e6 } as const;
      const options = { backend: machines.cpu };
      const [row] = await marginalsOf(state, delta, { ...rules, marginals }, options);
      expect(row.method).toBe(method);
      return row.value ?? 0;
    };
    const [first, whole] = [await by('adjoint'), await by('near')];
    expect(Math.abs(first / whole - 1)).toBeLessThan(0.01);
  });
});

describe('held stake that does not fit', () => {
  const attempt =
    (held: HeldStake | null, rulesets = RULESETS) =>
    async (): Promise<unknown> => {
      const copy = folder();
      cpSync(chain, copy, { recursive: true });
      const inputs = folder();
      const path = join(inputs, 'held.ndjson');
      if (held !== null) writeFileSync(path, heldText(held));
      const signals = signalsFile(inputs, EPOCHS + 1, new Map());
      const request = { chain: copy, epoch: EPOCHS + 1, links: null, signals, rulesets };
      const beacon = beaconOf(EPOCHS + 1);
      return runEpoch({ ...request, beacon, held: held === null ? null : path }, machines);
    };
  const next = heldOfEpoch(EPOCHS + 1);
  const wrong: readonly (readonly [string, HeldStake | null, RegExp])[] = [
    ['none at all', null, /epoch 4: expected held stake by the rules of epoch 4/],
    [
      'of an earlier epoch of the ledger',
      { ...next, through: 1 },
      /through: expected at least 2 as before, found 1/,
    ],
    ['of another token', { ...next, token: 'BLY' }, /token: expected CYB for epoch 4, found BLY/],
    ['with a burn that is gone', { ...next, burns: next.burns.slice(1) }, /p1 → p2: expected 40/],
    [
      'with a burn that is less',
      { ...next, burns: [next.burns[0], { ...next.burns[1], units: 79_999_999_999n }] },
      /p5: expected 80000000000 units burned, found 79999999999/,
    ],
  ];
  for (const [name, held, expected] of wrong) {
    it(`is refused: ${name}`, async () => {
      await expect(attempt(held)()).rejects.toThrow(expected);
    });
  }

  it('is taken where it fits, and rules may change what it weighs but not whether', async () => {
    await expect(attempt(next)()).resolves.toBeDefined();
    const later = (over: object): object => ({ ...HELD_RULES, startEpoch: 9, ...over });
    const weigh = { token: 'CYB', unitsPerStake: 5, priorWeight: 1 };
    expect(readRulesets([HELD_RULES, later({ held: weigh })], 'r')).toHaveLength(2);
    expect(() => readRulesets([HELD_RULES, { ...RULES, startEpoch: 9 }], 'r')).toThrow(
      /held\.token/,
    );
    for (const held of [
      { ...weigh, unitsPerStake: 0 },
      { ...weigh, priorWeight: 0 },
      { token: 'CYB' },
    ]) {
      expect(() => readRulesets([{ ...HELD_RULES, held }], 'r')).toThrow(/r\[0\]\.held\./);
    }
    expect(rulesetText(readRulesets([RULES], 'r')[0])).not.toContain('held');
  });

  it('is found by verification: a flipped digit, a missing file, a burn undone and sealed again', async () => {
    const copyOf = (): string => {
      const copy = folder();
      cpSync(chain, copy, { recursive: true });
      return copy;
    };
    const flipped = copyOf();
    const path = join(epochFolder(flipped, 2), 'held.ndjson');
    writeFileSync(path, readFileSync(path, 'utf8').replace('80000000000', '80000000001'));
    await expect(verifyChain(flipped, {}, machines)).rejects.toThrow(
      /000002\/held\.ndjson: expected SHA/,
    );
    const missing = copyOf();
    rmSync(join(epochFolder(missing, 1), 'held.ndjson'));
    await expect(verifyChain(missing, {}, machines)).rejects.toThrow(
      /000001\/held\.ndjson: expected a file/,
    );
    // Whoever seals the whole chain again cannot make a burn smaller than the epoch before says.
    const undone = await heldChain((epoch) =>
      epoch === 2 ? heldOfEpoch(2) : { ...heldOfEpoch(epoch), burns: heldOfEpoch(2).burns },
    );
    const second = join(epochFolder(undone, 3), 'held.ndjson');
    const less = readFileSync(second, 'utf8').replace('80000000000', '70000000000');
    writeFileSync(second, less);
    const manifest = join(epochFolder(undone, 3), 'manifest.json');
    const [from, to] = [readFileSync(second, 'utf8').replace('70000000000', '80000000000'), less];
    const text = readFileSync(manifest, 'utf8');
    expect(text).toContain(sha256(from));
    writeFileSync(manifest, text.replace(sha256(from), sha256(to)));
    await expect(verifyChain(undone, {}, machines)).rejects.toThrow(
      /p5: expected 80000000000 units burned/,
    );
  });
});

async function stateOf(epoch: number): Promise<EpochState> {
  const state = await stateBefore(chain, epoch + 1);
  if (state === null) throw new Error('expected a state');
  return state;
}

function axonOf({ graph }: LinkedGraph, from: string, to: string): number {
  return axonWeight(graph, graph.ids.indexOf(from), graph.ids.indexOf(to));
}

function firstTo({ graph }: LinkedGraph, from: string): string {
  return graph.ids.at(graph.axons.columns[graph.axons.offsets[graph.ids.indexOf(from)]]);
}
