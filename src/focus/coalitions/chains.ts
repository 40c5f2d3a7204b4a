// Chains of nested coalitions, solved as columns of one block over the core of the graph before: a
// column holds one chain, each of its coalitions starts from the one before plus what the joining
// player moves alone, and a column whose chain is done takes the next. What a column does depends
// on its own chain only: degrees and numbers of iterations are fixed for the whole game.
//   χ_S = Q_S χ_S + β b_S      ‖χ/Σχ − φ_S‖₁ ≤ (‖ρ‖₁ + |Σρ|)/((1 − κ) Σχ)      ρ = Q_S χ + β b_S − χ
// A tick: add the joining players, measure ρ at a high degree, correct χ where it is needed:
// δ = Qδ + ρ roughly, and ρ + Qδ − δ is the residual of χ + δ, with the truncation of both.

import type { Backend, Scalars, Term, Vector, Workspace } from '../../backend/backend.js';
import { FocusError } from '../../base/errors.js';
import { eventTurn } from '../../base/turn.js';
import { withSpareRows } from '../adjacency.js';
import { anderson } from '../anderson.js';
import { measure, type Measured } from '../certificate.js';
import type { ShiftBase } from '../local/base.js';
import { operatorOf, type FocusOperator } from '../operator.js';
import { openParts } from '../operator-parts.js';
import { openSolveScratch, type SolveScratch } from '../solve.js';
import { coalitionsOf, type Coalition, type Coalitions, type PlayerChange } from './coalition.js';
import type { Core } from './core.js';
import {
  measureBaseOf,
  measureColumns,
  type CoalitionMeasures,
  type MeasureBase,
} from './measures.js';

/** Nested coalitions: step s adds its players to those of the steps before. */
export interface CoalitionChain {
  readonly index: number;
  readonly steps: readonly (readonly number[])[];
}

/** What the coalitions of a chain moved, one by one. */
export interface SolvedChain {
  readonly index: number;
  readonly measures: readonly CoalitionMeasures[];
  /** Whether every coalition met the tolerance. */
  readonly converged: boolean;
}

/** What is played: the graph before, its core, and what each player changes on the core's rows. */
export interface CoalitionGame {
  readonly base: ShiftBase;
  readonly core: Core;
  readonly players: readonly PlayerChange[];
  /** Spare rows that players' new particles take. */
  readonly spare: number;
}

/** How chains are solved. */
export interface ChainOptions {
  /** L1 error of each coalition's focus to certify. */
  readonly tolerance: number;
  /** Columns of the block: chains at once. */
  readonly columns: number;
  /** Bytes that the players' own moves may take; without them each start is the one before. */
  readonly responseBytes?: number | undefined;
}

/** A machine for chains of one game. */
export interface ChainSolver {
  readonly columns: number;
  /** Solves chains as they come; results in the order in which they end. */
  solve(chains: Iterable<CoalitionChain>, signal?: AbortSignal): AsyncGenerator<SolvedChain>;
  /** Ticks and columns × ticks that were of use, for benches. */
  readonly spent: () => { readonly ticks: number; readonly steps: number };
  destroy(): void;
}

/** Share of the allowed residual that truncation may use. */
const TRUNCATION_SHARE = 0.25;
/** Applications in a correction, and what its expansions leave, relative to what they act on. */
const CORRECTION_ITERATIONS = 5;
const ROUGH_TRUNCATION = 0.01;
const UPDATE_TRUNCATION = 3e-4;
/** Ticks after which a coalition is taken as it is. */
const MOST_TICKS = 60;
const RESPONSE_BYTES = 2 ** 29;

interface Column {
  chain: CoalitionChain | null;
  step: number;
  coalition: Coalition;
  measures: CoalitionMeasures[];
  converged: boolean;
  /** Ticks spent on this step. */
  ticks: number;
}

/** Places the core and solves what each player moves alone. */
export async function openChains(
  game: CoalitionGame,
  backend: Backend,
  options: ChainOptions,
): Promise<ChainSolver> {
  const { base, core, players, spare } = game;
  const adjacency = withSpareRows(core.adjacency, spare);
  const workspace = await backend.open(adjacency.axons, 'both');
  const parts = openParts(workspace, adjacency, base.parameters, leastNewDegree(game));
  const operator = operatorOf(parts, options.columns);
  const block = new ChainBlock(game, workspace, operator, options);
  const bytes = 8 * adjacency.axons.rows * players.length;
  if (bytes <= (options.responseBytes ?? RESPONSE_BYTES)) await block.findResponses();
  return {
    columns: options.columns,
    solve: (chains, signal) => block.solve(chains, signal),
    spent: () => ({ ticks: block.ticks, steps: block.steps }),
    destroy: () => workspace.destroy(),
  };
}

/** A lower bound of the degrees of new particles, 1 where there is none. */
function leastNewDegree({ core, players }: CoalitionGame): number {
  let least = Infinity;
  for (const { axons } of players) {
    for (const { from, to, after } of axons) {
      const isNew = Math.max(from, to) >= core.adjacency.particles;
      if (after > 0 && isNew) least = Math.min(least, after);
    }
  }
  return least === Infinity ? 1 : least;
}

/** The block and its columns. */
class ChainBlock {
  ticks = 0;
  steps = 0;
  private readonly z: Vector;
  private readonly start: Vector;
  private readonly scratch: SolveScratch;
  private readonly share: Scalars;
  private readonly degrees: {
    readonly high: number;
    readonly rough: number;
    readonly update: number;
  };
  private readonly coalitions: Coalitions;
  private readonly measureBase: MeasureBase;
  private readonly allowed: number;
  private responses: readonly Vector[] = [];

  constructor(
    private readonly game: CoalitionGame,
    private readonly workspace: Workspace,
    private readonly operator: FocusOperator,
    private readonly options: ChainOptions,
  ) {
    const { base, core } = game;
    const { parameters } = base;
    const { columns } = options;
    const h = operator.hostMeasure;
    this.z = workspace.vector(columns);
    this.scratch = openSolveScratch(workspace, columns);
    this.start = workspace.vector(1);
    const start = new Float64Array(h.length);
    core.phi.forEach((value, row) => (start[row] = value / h[row]));
    workspace.write(this.start, start);
    const weight =
      parameters.prior === 'degree' ? core.adjacency.totalDegree : core.adjacency.particles;
    this.share = constants(operator, columns, base.injection * weight);
    this.coalitions = coalitionsOf(core.adjacency);
    this.measureBase = measureBaseOf(core, h, base.graph.particles, base.errorBound);
    this.allowed = options.tolerance * parameters.lambda[0] * parameters.teleport;
    const { expansion } = operator;
    this.degrees = {
      high: expansion.degreeFor((TRUNCATION_SHARE * this.allowed) / spreadOf(core, h)),
      rough: expansion.degreeFor(ROUGH_TRUNCATION),
      update: expansion.degreeFor(UPDATE_TRUNCATION),
    };
  }

  /** χ_i − χ of every player alone, kept as a column of its own. */
  async findResponses(): Promise<void> {
    const found: Vector[] = [];
    const { workspace } = this;
    const h = this.operator.hostMeasure;
    const start = await workspace.read(this.start);
    const alone = this.game.players.map((_, i) => ({ index: i, steps: [[i]] }));
    const keep = (chain: number, z: Float64Array, column: number): void => {
      const width = this.options.columns;
      const response = workspace.vector(1);
      workspace.write(
        response,
        h.map((_, row) => z[row * width + column] - start[row]),
      );
      found[chain] = response;
    };
    for await (const _ of this.solve(alone, undefined, keep)) void _;
    this.responses = found;
  }

  async *solve(
    chains: Iterable<CoalitionChain>,
    signal?: AbortSignal,
    keep?: (chain: number, z: Float64Array, column: number) => void,
  ): AsyncGenerator<SolvedChain> {
    const source = chains[Symbol.iterator]();
    const columns = Array.from({ length: this.options.columns }, () => this.idle());
    let ready = columns.map(() => true);
    for (;;) {
      await eventTurn();
      signal?.throwIfAborted();
      this.advance(columns, ready, source);
      if (columns.every(({ chain }) => chain === null)) return;
      const solved = await this.tick(columns);
      const done = columns.flatMap((state, column) => {
        if (state.chain === null) return [];
        const last = ++state.ticks >= MOST_TICKS;
        if (solved[column].met || last) return [{ column, ...solved[column] }];
        return [];
      });
      ready = columns.map(({ chain }) => chain === null);
      if (done.length === 0) continue;
      const z = await this.workspace.read(this.z);
      const width = this.options.columns;
      const measures = measureColumns(this.measureBase, z, width, done);
      for (const [k, { column, met }] of done.entries()) {
        const state = columns[column];
        const chain = state.chain as CoalitionChain;
        state.measures.push(measures[k]);
        state.converged &&= met;
        state.ticks = 0;
        ready[column] = true;
        this.steps++;
        keep?.(chain.index, z, column);
        if (++state.step < chain.steps.length) continue;
        yield { index: chain.index, measures: state.measures, converged: state.converged };
        columns[column] = this.idle();
      }
    }
  }

  private idle(): Column {
    const coalition = this.coalitions.open();
    return { chain: null, step: 0, coalition, measures: [], converged: true, ticks: 0 };
  }

  /** Gives free columns their next chain, and ready ones their next step and its start. */
  private advance(
    columns: Column[],
    ready: readonly boolean[],
    source: Iterator<CoalitionChain>,
  ): void {
    const keeps = new Float64Array(columns.length).fill(1);
    const resets = new Float64Array(columns.length);
    const joining: number[][] = columns.map(() => []);
    columns.forEach((state, b) => {
      if (!ready[b]) return;
      if (state.chain === null) {
        const next = source.next();
        keeps[b] = 0;
        resets[b] = 1;
        if (next.done === true) return;
        state.chain = next.value;
      }
      for (const player of state.chain.steps[state.step]) {
        state.coalition.add(this.game.players[player]);
        joining[b].push(player);
      }
    });
    this.operator.vary(columns.map(({ coalition }) => coalition.changed()));
    const terms: Term[] = [
      { coefficient: keeps, vector: this.z },
      { coefficient: resets, vector: this.start },
    ];
    joining.forEach((list, b) => {
      for (const player of list) {
        const vector = this.responses.at(player);
        if (vector === undefined) continue;
        const coefficient = new Float64Array(columns.length);
        coefficient[b] = 1;
        terms.push({ coefficient, vector });
      }
    });
    this.accumulate(terms);
    this.operator.varied()?.clear(this.z);
  }

  /** z = Σ terms, however many. */
  private accumulate(terms: readonly Term[]): void {
    const most = 24;
    this.workspace.combine(this.z, terms.slice(0, most));
    for (let k = most; k < terms.length; k += most - 1) {
      const some = terms.slice(k, k + most - 1);
      this.workspace.combine(this.z, [{ coefficient: 1, vector: this.z }, ...some]);
    }
  }

  /** Measures all columns, and corrects those above the tolerance. */
  private async tick(
    columns: readonly Column[],
  ): Promise<
    readonly { readonly error: number; readonly met: boolean; particlesGained: number }[]
  > {
    this.ticks++;
    const { operator, workspace, scratch, z, degrees } = this;
    const { f, delta } = scratch;
    operator.grow(f, z, degrees.high, this.share, null);
    workspace.combine(f, [one(f), { coefficient: -1, vector: z }]);
    const at = await this.measured(degrees.high, z);
    const unsure = doubled(at);
    let errors = at.residual.map((r, b) => r + Math.abs(at.drift[b]) + unsure[b]);
    const tolerance = (b: number): number => this.allowed * at.mass[b];
    const wrong = columns.map(({ chain }, b) => chain !== null && !(errors[b] <= tolerance(b)));
    if (wrong.some(Boolean)) {
      await anderson({
        workspace,
        history: scratch.history,
        measure: operator.measure,
        x: delta,
        imageOfZero: f,
        image: (out, point) => operator.grow(out, point, degrees.rough, null, f),
        target: 0,
        mostIterations: CORRECTION_ITERATIONS,
      });
      const { image } = scratch.history.points[0];
      operator.grow(image, delta, degrees.update, null, null);
      workspace.combine(f, [one(f), one(image), { coefficient: -1, vector: delta }]);
      const then = await this.measured(degrees.update, delta);
      const more = doubled(then);
      const mask = Float64Array.from(wrong, Number);
      workspace.combine(z, [one(z), { coefficient: mask, vector: delta }]);
      errors = errors.map((error, b) => {
        if (!wrong[b]) return error;
        // What adding δ to χ rounds, and f.
        const sums = 8 * workspace.unitRoundoff * (at.mass[b] + at.residual[b]);
        return then.residual[b] + Math.abs(then.drift[b]) + unsure[b] + more[b] + sums;
      });
    }
    const { lambda, teleport } = this.game.base.parameters;
    return Array.from(errors, (error, b) => ({
      error: error / (lambda[0] * teleport),
      met: error <= tolerance(b),
      particlesGained: this.gained(columns[b].coalition),
    }));
  }

  /** measure() of a point whose residual is in f, and Σ f. */
  private async measured(
    degree: number,
    point: Vector,
  ): Promise<Measured & { readonly drift: Float64Array }> {
    const { operator, workspace, scratch } = this;
    const { lambda } = this.game.base.parameters;
    const sums = workspace.reduce([{ kind: 'sum', x: scratch.f, weight: operator.measure }]);
    const measured = await measure(operator, degree, point, scratch.f, lambda[0]);
    const [drift] = await workspace.numbers(sums);
    if (measured.residual.some((value) => !Number.isFinite(value))) throw beyondPrecision();
    return { ...measured, drift };
  }

  private gained(coalition: Coalition): number {
    const { degree } = this.game.core.adjacency;
    return coalition
      .changed()
      .reduce((sum, each) => sum + Number(each.degree > 0) - Number(degree[each.index] > 0), 0);
  }
}

/** Truncation and rounding, which may have a sum of their own. */
function doubled({ truncation, rounding }: Measured): Float64Array {
  return truncation.map((value, b) => 2 * (value + rounding[b]));
}

function one(vector: Vector): Term {
  return { coefficient: 1, vector };
}

/** The same number for every column, on the machine. */
function constants(operator: FocusOperator, columns: number, value: number): Scalars {
  const { workspace, measure: h, hostMeasure } = operator;
  const scalars = workspace.scalars(columns);
  const entries = workspace.place(
    Array.from({ length: columns }, (_, column) => ({
      row: null,
      column,
      keep: 0,
      parts: [{ source: 0, row: 0, column: 0, weight: value / hostMeasure[0] }],
    })),
  );
  workspace.amend(scalars, entries, [{ numbers: h, factor: 1 }]);
  workspace.release(entries);
  return scalars;
}

/** √(Σh · Σh(z − z̄)²) of the graph before, and 1 at least. */
function spreadOf({ phi }: Core, h: Float64Array): number {
  let [measure, mass, squares] = [0, 0, 0];
  phi.forEach((value, row) => {
    measure += h[row];
    mass += value;
    squares += (value * value) / h[row];
  });
  return Math.max(1, Math.sqrt(Math.max(0, measure * squares - mass * mass)));
}

function beyondPrecision(): FocusError {
  return new FocusError(
    'bad-input',
    'stakes: expected a span that f64 arithmetic holds, found numbers that are not finite',
    'remove links of vanishing or astronomic stake',
  );
}
