// The block of chains.ts: columns, their coalitions, and what a tick does to all of them.

import type { Scalars, Term, Vector, Workspace } from '../../backend/backend.js';
import { FocusError } from '../../base/errors.js';
import { eventTurn } from '../../base/turn.js';
import { anderson } from '../anderson.js';
import { measure, type Measured } from '../certificate.js';
import { expand } from '../chebyshev.js';
import type { FocusOperator } from '../operator.js';
import { openSolveScratch, type SolveScratch } from '../solve.js';
import type { CoalitionChain, CoalitionGame, ChainOptions, SolvedChain } from './chain.js';
import { coalitionsOf, type Coalition, type Coalitions } from './coalition.js';
import type { Core } from './core.js';
import { energyReduction } from './energy.js';
import {
  measureBaseOf,
  measureColumns,
  type CoalitionMeasures,
  type MeasureBase,
} from './measures.js';

/** Share of the allowed residual that truncation may use. */
const TRUNCATION_SHARE = 0.25;
/** Applications in a correction, and what its expansions leave, relative to what they act on. */
const CORRECTION_ITERATIONS = 4;
const ROUGH_TRUNCATION = 0.01;
const UPDATE_TRUNCATION = 3e-4;
/** Corrections after which a coalition is taken as it is. */
const MOST_CORRECTIONS = 12;
/** Share of the columns in use that must wait for a correction before all have one. */
const CORRECTED_SHARE = 0.25;

interface Column {
  chain: CoalitionChain | null;
  step: number;
  coalition: Coalition;
  measures: CoalitionMeasures[];
  converged: boolean;
  /** Corrections spent on this step. */
  corrections: number;
}

/** What a tick says of a column. */
interface TickResult {
  /** Bound of ‖ρ‖₁ + |Σρ| over 1 − κ. */
  readonly error: number;
  readonly met: boolean;
  readonly corrected: boolean;
  readonly particlesGained: number;
}

/** The block and its columns. */
export class ChainBlock {
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
  /** Coefficients of H alone. */
  private readonly heat: Float64Array;
  private readonly measureBase: MeasureBase;
  private readonly allowed: number;
  private moves: readonly Vector[] = [];

  constructor(
    private readonly game: CoalitionGame,
    private readonly workspace: Workspace,
    private readonly operator: FocusOperator,
    private readonly options: ChainOptions,
  ) {
    const { core, parameters } = game;
    const { columns } = options;
    const h = operator.hostMeasure;
    this.z = workspace.vector(columns);
    this.scratch = openSolveScratch(workspace, columns);
    this.start = workspace.vector(1);
    const start = new Float64Array(h.length);
    core.phi.forEach((value, row) => (start[row] = value / h[row]));
    workspace.write(this.start, start);
    const weight = parameters.prior === 'degree' ? core.totalDegree : core.axons.rows;
    this.share = constants(operator, columns, game.injection * weight);
    this.coalitions = coalitionsOf(core);
    // φ as the block has it: what nobody changes is then worth nothing, to the last bit.
    const phi = core.phi.map((value, row) => (value / h[row]) * h[row]);
    this.measureBase = measureBaseOf({ ...core, phi }, h, game.particles, game.errorBound);
    // The error of φ counts twice in that of φ_S, and once more in that of the difference.
    const left = options.tolerance - 3.2 * game.errorBound;
    this.allowed = left * parameters.lambda[0] * parameters.teleport;
    const alone = expand({ springs: 0, mu: 1, heat: 1, tau: parameters.tau, spectrum: 2 });
    this.heat = alone.coefficients(alone.degree);
    const { expansion } = operator;
    this.degrees = {
      high: expansion.degreeFor((TRUNCATION_SHARE * this.allowed) / spreadOf(core, h)),
      rough: expansion.degreeFor(ROUGH_TRUNCATION),
      update: expansion.degreeFor(UPDATE_TRUNCATION),
    };
  }

  /**
   * Solves players alone and writes χ_i − χ of each into row i of `moves`, players × rows, where
   * it is given. Returns what each moved.
   */
  async alone(
    players: readonly number[],
    moves: Float64Array | null,
    signal?: AbortSignal,
  ): Promise<readonly SolvedChain[]> {
    const { rows } = this.workspace;
    const h = this.operator.hostMeasure;
    const start = await this.workspace.read(this.start);
    const width = this.options.columns;
    const keep = (player: number, z: Float64Array, column: number): void => {
      if (moves === null) return;
      const first = player * rows;
      for (let i = 0; i < rows; i++) moves[first + i] = (z[i * width + column] - start[i]) * h[i];
    };
    const chains = players.map((player) => ({ index: player, steps: [[player]] }));
    const solved: SolvedChain[] = [];
    for await (const chain of this.solve(chains, signal, keep)) solved.push(chain);
    return solved;
  }

  /** From now on a joining player brings what it moves alone: rows of `moves`. */
  useMoves(moves: Float64Array): void {
    const { rows } = this.workspace;
    const h = this.operator.hostMeasure;
    this.moves = Array.from({ length: moves.length / rows }, (_, player) => {
      const vector = this.workspace.vector(1);
      const own = moves.subarray(player * rows, (player + 1) * rows);
      this.workspace.write(
        vector,
        own.map((value, i) => value / h[i]),
      );
      return vector;
    });
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
        if (solved[column].corrected) state.corrections++;
        const last = state.corrections >= MOST_CORRECTIONS;
        if (solved[column].met || last) return [{ column, ...solved[column] }];
        return [];
      });
      ready = columns.map(({ chain }) => chain === null);
      if (done.length === 0) continue;
      const z = await this.workspace.read(this.z);
      const width = this.options.columns;
      const energyOf = await this.energies(z);
      const measures = measureColumns(this.measureBase, z, width, done, energyOf);
      for (const [k, { column, met }] of done.entries()) {
        const state = columns[column];
        const chain = state.chain as CoalitionChain;
        state.measures.push(measures[k]);
        state.converged &&= met;
        state.corrections = 0;
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
    return { chain: null, step: 0, coalition, measures: [], converged: true, corrections: 0 };
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
        const vector = this.moves.at(player);
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

  /**
   * Measures all columns; corrects those above the tolerance once they are a quarter of those in
   * use. The others are met, or wait as they are.
   */
  private async tick(columns: readonly Column[]): Promise<readonly TickResult[]> {
    this.ticks++;
    const { operator, workspace, scratch, z, degrees } = this;
    const { f } = scratch;
    operator.grow(f, z, degrees.high, this.share, null);
    workspace.combine(f, [one(f), { coefficient: -1, vector: z }]);
    const at = await this.measured(degrees.high, z);
    const unsure = uncertaintyOf(at);
    const first = at.residual.map((r, b) => r + Math.abs(at.drift[b]) + unsure[b]);
    const tolerance = (b: number): number => this.allowed * at.mass[b];
    const wrong = columns.map(({ chain }, b) => chain !== null && !(first[b] <= tolerance(b)));
    const inUse = columns.filter(({ chain }) => chain !== null).length;
    const waiting = wrong.filter(Boolean).length;
    const corrects = waiting > 0 && waiting >= CORRECTED_SHARE * inUse;
    const errors = corrects ? await this.correct(wrong, at, first) : first;
    const { lambda, teleport } = this.game.parameters;
    return Array.from(errors, (error, b) => ({
      error: error / (lambda[0] * teleport),
      met: error <= tolerance(b),
      corrected: corrects && wrong[b],
      particlesGained: this.gained(columns[b].coalition),
    }));
  }

  /** Corrects the columns of a mask by their residual f, and measures what is left of it. */
  private async correct(
    wrong: readonly boolean[],
    at: Measured,
    errors: Float64Array,
  ): Promise<Float64Array> {
    const { operator, workspace, scratch, z, degrees } = this;
    const { f, delta, history } = scratch;
    await anderson({
      workspace,
      history,
      measure: operator.measure,
      x: delta,
      imageOfZero: f,
      image: (out, point) => operator.grow(out, point, degrees.rough, null, f),
      target: 0,
      mostIterations: CORRECTION_ITERATIONS,
    });
    const { image } = history.points[0];
    operator.grow(image, delta, degrees.update, null, null);
    workspace.combine(f, [one(f), one(image), { coefficient: -1, vector: delta }]);
    const then = await this.measured(degrees.update, delta);
    const [unsure, more] = [uncertaintyOf(at), uncertaintyOf(then)];
    const mask = Float64Array.from(wrong, Number);
    workspace.combine(z, [one(z), { coefficient: mask, vector: delta }]);
    return errors.map((error, b) => {
      if (!wrong[b]) return error;
      // What adding δ to χ rounds, and f.
      const sums = 8 * workspace.unitRoundoff * (at.mass[b] + at.residual[b]);
      return then.residual[b] + Math.abs(then.drift[b]) + unsure[b] + more[b] + sums;
    });
  }

  /** measure() of a point whose residual is in f, and Σ f. */
  private async measured(
    degree: number,
    point: Vector,
  ): Promise<Measured & { readonly drift: Float64Array }> {
    const { operator, workspace, scratch } = this;
    const { lambda } = this.game.parameters;
    const sums = workspace.reduce([{ kind: 'sum', x: scratch.f, weight: operator.measure }]);
    const measured = await measure(operator, degree, point, scratch.f, lambda[0]);
    const [drift] = await workspace.numbers(sums);
    if (measured.residual.some((value) => !Number.isFinite(value))) throw beyondPrecision();
    return { ...measured, drift };
  }

  /** Free energies of the columns, where the game asks for them: heat and two products more. */
  private async energies(
    z: Float64Array,
  ): Promise<((column: number, mass: number, particles: number) => number) | undefined> {
    const { operator, workspace, scratch, game } = this;
    const { energy, parameters } = game;
    if (energy === null) return undefined;
    const at = async (apply: (out: Vector) => void): Promise<Float64Array> => {
      apply(scratch.delta);
      return workspace.read(scratch.delta);
    };
    const spread = await at((out) => operator.disperse(out, this.z, this.share));
    const blocks = {
      width: this.options.columns,
      z,
      diffusion: spread.map((value) => value / parameters.lambda[0]),
      heat: await at((out) => operator.spectral(out, this.z, this.heat)),
      laplacian: await at((out) => operator.spectral(out, this.z, Float64Array.of(1, 1))),
    };
    const h = operator.hostMeasure;
    return (column, mass, particles) =>
      energyReduction(energy, parameters, h, blocks, column, mass, particles);
  }

  private gained(coalition: Coalition): number {
    const { degree } = this.game.core;
    return coalition
      .changed()
      .reduce((sum, each) => sum + Number(each.degree > 0) - Number(degree[each.index] > 0), 0);
  }
}

/** What truncation, whose sum is zero, and rounding, whose sum may not be, add to ‖ρ‖ + |Σρ|. */
function uncertaintyOf({ truncation, rounding }: Measured): Float64Array {
  return truncation.map((value, b) => value + 2 * rounding[b]);
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
