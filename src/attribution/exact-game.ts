// The game of signals in exact arithmetic: each coalition is the base graph with its own axons
// changed, a column of a block (focus/exact/block.ts) that starts from the coalition before it in its
// chain. Values are integers, so every machine agrees on them to the last bit: focus units of 2⁻⁶¹,
// and entropies of 2⁻⁵⁶ taken 32 times.

import type { ExactBackend } from '../backend/exact.js';
import { check, invariant } from '../base/errors.js';
import { openAxonSums } from '../focus/coalitions/axon-sums.js';
import { openExactBlock, type ExactBlock, type ExactVariation } from '../focus/exact/block.js';
import { distanceOfUnits } from '../focus/exact/delta.js';
import { focusExact, measureUnits, type ExactFocus } from '../focus/exact/focus-exact.js';
import { solveUnits } from '../focus/exact/solve-units.js';
import type { FocusOptions } from '../focus/parameters.js';
import { entropyError } from '../focus/local/shift.js';
import { changedAxons } from '../focus/local/whole.js';
import type { NamedAxonChanges } from '../graph/axon-changes.js';
import type { AxonChange, AxonChanges } from '../graph/change.js';
import type { Graph } from '../graph/graph.js';
import type { OpenedGame } from './coalition-game.js';
import { VALUE_ONE, type Chain, type ChainValues } from './game.js';
import type { ValueName } from './value-function.js';

/** How an exact game is solved. */
export interface ExactGameOptions extends FocusOptions {
  readonly value: ValueName;
  /** L1 error of each coalition's focus to certify; default 1e-9. Part of the result's bits. */
  readonly tolerance?: number | undefined;
  /** Chains solved at once; default 8. No choice changes a bit. */
  readonly columns?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An exact game and the focus it starts from. */
export interface OpenedExactGame extends OpenedGame {
  readonly base: ExactFocus;
}

/** Units of a value in one of an entropy. */
const PER_ENTROPY = VALUE_ONE >> 56n;
const COLUMNS = 8;

/** What a coalition's exact focus says. */
interface ExactMeasures {
  readonly units: BigInt64Array;
  readonly particles: number;
  readonly entropy: bigint;
  readonly syntropy: bigint;
  readonly errorBound: number;
  readonly converged: boolean;
}

/**
 * Opens the game of some changes of a graph: solves the graph before, and each player alone. Throws
 * what focusExact throws, and `bad-parameter` for readings and priors that changed graphs cannot have.
 */
export async function openExactGame(
  graph: Graph,
  changes: readonly NamedAxonChanges[],
  options: ExactGameOptions,
  backend: ExactBackend,
): Promise<OpenedExactGame> {
  const { value, columns = COLUMNS, signal, ...kernel } = options;
  check(
    value !== 'free-energy',
    'bad-parameter',
    () => 'exact game: free-energy is computed in f64 alone',
    'leave --precision exact out, or take another value',
  );
  const base = await focusExact(graph, { ...kernel, signal }, backend);
  const names = [...new Set(changes.flatMap((change) => change.names))];
  const places = new Map(names.map((name, k) => [name, graph.particles + k]));
  const players = changes.map(({ axons, names: own }) => {
    const placeOf = (i: number): number => {
      const place = i < graph.particles ? i : places.get(own[i - graph.particles]);
      invariant(place !== undefined, 'every new particle has a name');
      return place;
    };
    return axons.map(({ from, to, ...weights }): AxonChange => {
      return { from: placeOf(from), to: placeOf(to), ...weights };
    });
  });
  const block = await openExactBlock(
    graph,
    { ...kernel, columns, added: names.length, base: base.exact.units },
    backend,
  );
  const machine = { graph, base, players, added: names.length, block, backend, kernel, value };
  try {
    const alone: ChainValues[] = [];
    const singles = players.map((_, index): Chain => ({ index, steps: [[index]] }));
    for await (const chain of walk(machine, columns, singles, signal)) alone[chain.index] = chain;
    return {
      base,
      players: players.length,
      local: alone.map(({ values, errorBound }) => ({
        value: Number(values[0]) / Number(VALUE_ONE),
        errorBound: errorBound ?? 2,
      })),
      converged: base.converged && alone.every(({ converged }) => converged ?? true),
      superposed: null,
      rowOf: Int32Array.from({ length: graph.particles }, (_, i) => i),
      rows: graph.particles,
      particles: graph.particles,
      walk: (chains, stop) => walk(machine, columns, chains, stop),
      destroy: () => block.destroy(),
    };
  } catch (error) {
    block.destroy();
    throw error;
  }
}

interface Machine {
  readonly graph: Graph;
  readonly base: ExactFocus;
  readonly players: readonly (readonly AxonChange[])[];
  readonly added: number;
  readonly block: ExactBlock;
  readonly backend: ExactBackend;
  readonly kernel: Omit<ExactGameOptions, 'value' | 'columns' | 'signal'>;
  readonly value: ValueName;
}

interface Walking {
  readonly chain: Chain;
  readonly sums: ReturnType<typeof openAxonSums>;
  readonly values: bigint[];
  start: BigInt64Array | undefined;
  errorBound: number;
  converged: boolean;
}

/** Chains side by side, a step of each at a time. */
async function* walk(
  machine: Machine,
  columns: number,
  chains: Iterable<Chain>,
  signal?: AbortSignal,
): AsyncGenerator<ChainValues> {
  const source = chains[Symbol.iterator]();
  let walking: Walking[] = [];
  for (;;) {
    signal?.throwIfAborted();
    while (walking.length < columns) {
      const next = source.next();
      if (next.done === true) break;
      walking.push({
        chain: next.value,
        sums: openAxonSums(),
        values: [],
        start: undefined,
        errorBound: 0,
        converged: true,
      });
    }
    if (walking.length === 0) return;
    for (const each of walking) repeatWhatStays(machine, each);
    const open = walking.filter((each) => !isDone(each));
    const variations = open.map((each) => nextVariation(machine, each));
    const solved = open.length === 0 ? [] : await machine.block.solve(variations, signal);
    for (const [k, each] of open.entries()) {
      const found = solved[k] ?? (await solveAlone(machine, variations[k].changes, signal));
      const { units, errorBound } = valueOf(machine, found);
      each.values.push(units);
      each.errorBound = Math.max(each.errorBound, errorBound);
      each.converged &&= found.converged;
      each.start = found.units;
    }
    for (const { chain, values, errorBound, converged } of walking.filter(isDone)) {
      yield { index: chain.index, values, errorBound, converged };
    }
    walking = walking.filter((each) => !isDone(each));
  }
}

function isDone({ chain, values }: Walking): boolean {
  return values.length === chain.steps.length;
}

/**
 * Steps that change no axon are worth what the one before was, to the unit: another solve would end
 * elsewhere on the plateau of last units.
 */
function repeatWhatStays({ players }: Machine, each: Walking): void {
  const { chain, values } = each;
  const changesNothing = (player: number): boolean =>
    players[player].every(({ before, after }) => before === after);
  while (!isDone(each) && chain.steps[values.length].every(changesNothing)) {
    values.push(values.at(-1) ?? 0n);
  }
}

function nextVariation({ players, added }: Machine, each: Walking): ExactVariation {
  for (const player of each.chain.steps[each.values.length]) each.sums.add(players[player]);
  const axons = [...each.sums.all()]
    .filter(({ difference }) => difference !== 0)
    .map(({ difference, ...axon }) => ({ ...axon, after: axon.before + difference }));
  return { changes: { added, axons }, start: each.start };
}

/** A coalition that does not fit the integers that columns share: its graph by itself. */
async function solveAlone(
  { graph, kernel, backend, added }: Machine,
  changes: AxonChanges,
  signal: AbortSignal | undefined,
): Promise<ExactMeasures> {
  const { axons, kept } = changedAxons(graph.axons, changes);
  check(
    kept.length > 0,
    'bad-input',
    () => 'signals: together they leave no link that counts',
    'keep at least one',
  );
  const changed = { particles: kept.length, axons, largestStake: 0 };
  const [solved] = await solveUnits(changed, { ...kernel, signal }, 1, backend);
  const units = new BigInt64Array(graph.particles + added);
  kept.forEach((i, row) => (units[i] = solved.units[row]));
  const { converged, errorBound } = solved;
  const entropies = measureUnits(solved.units);
  return { units, particles: kept.length, ...entropies, errorBound: errorBound ?? 2, converged };
}

/** The value of a coalition in units, and what it may be wrong by, in 1. */
function valueOf(
  { base, value, graph }: Machine,
  after: ExactMeasures,
): { readonly units: bigint; readonly errorBound: number } {
  const bound = base.errorBound ?? 2;
  if (value === 'delta-norm') {
    const norm = distanceOfUnits(base.exact.units, after.units);
    return { units: norm, errorBound: bound + after.errorBound };
  }
  const entropyPart = (base.exact.entropy - after.entropy) * PER_ENTROPY;
  const errorBound =
    entropyError(bound, graph.particles) + entropyError(after.errorBound, after.particles);
  if (value === 'directed') return { units: entropyPart > 0n ? entropyPart : 0n, errorBound };
  if (value === 'syntropy') return { units: entropyPart, errorBound };
  return { units: (after.syntropy - base.exact.syntropy) * PER_ENTROPY, errorBound };
}
