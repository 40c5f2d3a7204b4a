// What a reward function is: a name, a definition, what it needs, and one evaluation that serves
// both precisions (arithmetic.ts). The table of them all is reward.ts.

import { check } from '../base/errors.js';
import type { Arithmetic } from './arithmetic.js';
import type { BlockPlace } from './block-dag.js';

/** What a change did to focus. */
export interface ShiftMeasures<N> {
  /** ‖Δφ‖₁ over the union of particles, absent = 0. */
  readonly norm: N;
  /** H before − H after, in nats: attributable to the change. */
  readonly entropyPart: N;
  /** ln n after − ln n before: what new particles add for everybody. */
  readonly discoveryPart: N;
}

/** Spectral quantities of one graph. */
export interface SpectrumMeasures<N> {
  /** |λ₂| of R on the zero-sum space. */
  readonly lambda2R: N;
  /** |λ₂| of D on the zero-sum space, teleport included. */
  readonly lambda2Diffusion: N;
  /** Second smallest eigenvalue of the Laplacian. */
  readonly fiedler: N;
}

/** The spectra on both sides of a change. */
export interface SpectraPair<N> {
  readonly before: SpectrumMeasures<N>;
  readonly after: SpectrumMeasures<N>;
}

/** How closeness of two distributions is measured; each is 1 for equal ones. */
export type Closeness = 'cosine' | 'total-variation' | 'jensen-shannon';

/** The closeness of the focus before and after to a later checkpoint. */
export interface ClosenessMeasures<N> {
  readonly before: N;
  readonly after: N;
  /** after − before, with tighter ends than the two alone give. */
  readonly difference: N;
}

/** The focus before and after a change beside a checkpoint. */
export interface FocusComparison<N> {
  /** Null while the checkpoint is not known. */
  readonly measure: ((closeness: Closeness) => ClosenessMeasures<N>) | null;
}

/** What rewards are computed from; each function says which of it it needs. */
export interface RewardInputs<N> {
  readonly shift?: ShiftMeasures<N> | undefined;
  readonly spectra?: SpectraPair<N> | undefined;
  readonly focuses?: FocusComparison<N> | undefined;
  /** A DAG and the blocks that carry the change. */
  readonly blocks?: BlockPlace | undefined;
}

/** The name of an input. */
export type RewardInput = keyof RewardInputs<unknown>;

/** A reward, with entropy and discovery part apart. */
export interface Reward<N> {
  /** Null while it waits for what lies in the future. */
  readonly value: N | null;
  /** What it waits for; null where the value is known. */
  readonly pending: string | null;
  /** The parts of ΔJ of the change; null where the function does not look at the shift. */
  readonly parts: { readonly entropy: N | null; readonly discovery: N | null };
  /** What else was computed on the way, by name. */
  readonly terms: Readonly<Record<string, N>>;
  /** The reading of the definition that was taken, and the sign; null where there is one only. */
  readonly remark: string | null;
}

/** A reward function; `Options` are its own. */
export interface RewardFunction<Name extends string = string, Options = unknown> {
  readonly name: Name;
  /** One sentence with the formula. */
  readonly definition: string;
  /** Whether integers suffice for it; spectral quantities are known as intervals of doubles only. */
  readonly hasExactForm: boolean;
  /** What it needs under these options. Throws `bad-parameter` for options out of range. */
  needs(options: Options | undefined): readonly RewardInput[];
  /**
   * The reward. Throws `bad-parameter` where an input is missing or an option is out of range.
   */
  evaluate<N>(
    inputs: RewardInputs<N>,
    options: Options | undefined,
    arithmetic: Arithmetic<N>,
  ): Reward<N>;
}

const INPUTS: Readonly<Record<RewardInput, string>> = {
  shift: 'the shift of a change',
  spectra: 'the spectra before and after',
  focuses: 'the focus before, after and at a checkpoint',
  blocks: 'a DAG of blocks',
};

/** An input that must be there. Throws `bad-parameter` naming function and input. */
export function needed<N, Name extends RewardInput>(
  reward: string,
  inputs: RewardInputs<N>,
  name: Name,
): NonNullable<RewardInputs<N>[Name]> {
  const found = inputs[name];
  check(
    found !== undefined,
    'bad-parameter',
    () => `reward ${reward}: expected ${INPUTS[name]} as input "${name}", found none`,
  );
  return found as NonNullable<RewardInputs<N>[Name]>;
}

/** A known reward without anything beside it. */
export function known<N>(
  value: N,
  more: Partial<Omit<Reward<N>, 'value' | 'pending'>> = {},
): Reward<N> {
  return {
    value,
    pending: null,
    parts: more.parts ?? { entropy: null, discovery: null },
    terms: more.terms ?? {},
    remark: more.remark ?? null,
  };
}

/** The parts of ΔJ, where the inputs have a shift. */
export function partsOf<N>({ shift }: RewardInputs<N>): Reward<N>['parts'] {
  return { entropy: shift?.entropyPart ?? null, discovery: shift?.discoveryPart ?? null };
}
