// The sink every reader writes to: interns ids and appends links to growing columns; `finish`
// freezes them. Values are checked by the reader, which alone knows their place; ids are checked
// here, once per distinct id. Optional columns appear with their first value and are back-filled
// with the default (karma 1, price 1, valence 0, will 0, no neuron, no time). Columns double one at
// a time, so growth adds at most one column to the peak.

import { FocusError, invariant } from '../base/errors.js';
import {
  MAX_BATCH_IDS,
  createIdTable,
  freezeIds,
  internBatch,
  internId,
  internInteger,
} from './id-table.js';
import { encodeId } from './id-list.js';
import type { IdTable } from './id-table.js';
import { NO_NEURON } from './links.js';
import type { Links } from './links.js';

/** One link with its optional values; NaN, or −1 for the neuron, mean "absent". */
export interface LinkRow {
  readonly from: number;
  readonly to: number;
  readonly amount: number;
  readonly neuron?: number;
  readonly karma?: number;
  readonly price?: number;
  readonly valence?: number;
  readonly will?: number;
  readonly time?: number;
}

/** The optional columns that hold numbers. */
export type ValueColumn = 'karma' | 'price' | 'valence' | 'will' | 'time';

/**
 * Collects links. Particle and neuron ids throw FocusError `bad-input`, without a place, where they
 * are not ids.
 */
export interface LinkBuilder {
  /**
   * Index of a particle id given as UTF-8 bytes [start, end) of a buffer. Equal bytes give equal
   * indices.
   */
  particle(bytes: Uint8Array, start: number, end: number): number;
  /** The same, from a string. */
  particleOf(id: string): number;
  /** The same, from an integer in 0…10¹⁵−1: the id of its decimal digits. */
  particleNumber(value: number): number;
  /** Index of a neuron id given as UTF-8 bytes [start, end) of a buffer. */
  neuron(bytes: Uint8Array, start: number, end: number): number;
  /** The same, from a string. */
  neuronOf(id: string): number;
  /**
   * Interns up to 1024 ids at once, id i from bytes [bounds[2i], bounds[2i+1]), index to out[i];
   * faster on large tables, where cache misses overlap. Returns `count`, or the position of the
   * first id that is refused.
   */
  internBatch(
    table: 'particle' | 'neuron',
    bytes: Uint8Array,
    bounds: Int32Array,
    count: number,
    out: Uint32Array,
  ): number;
  /** Appends one link with any optional values. For slow readers. */
  add(link: LinkRow): void;
  /** Appends one link; no allocation. Amount finite and ≥ 0. Throws `too-large` at 2³² links. */
  addRow(from: number, to: number, amount: number): void;
  /** Appends `count` links: ends[2i] → ends[2i+1] with amounts[i]. */
  addRows(ends: Uint32Array, amounts: Float64Array, count: number): void;
  /** Sets optional columns of the link just added; NaN (−1 for the neuron) leaves the default. */
  setNeuron(index: number): void;
  setKarma(value: number): void;
  setPrice(value: number): void;
  setValence(value: number): void;
  setWill(value: number): void;
  setTime(value: number): void;
  /** Sets a column of the `count` links added last; NaN leaves the default. */
  setValues(column: ValueColumn, values: Float64Array, count: number): void;
  /** Sets the neurons of the `count` links added last; NO_NEURON for none. */
  setNeurons(neurons: Uint32Array, count: number): void;
  /** Counts an integer amount above 2⁵³ that had to be rounded. */
  noteRoundedAmount(): void;
  readonly count: number;
  /** The links, frozen; the builder must not be used afterwards. */
  finish(): Links;
}

type Column = Uint32Array | Float64Array | Int8Array;

/** What the builder holds while it grows. */
interface State {
  count: number;
  capacity: number;
  from: Uint32Array;
  to: Uint32Array;
  amount: Float64Array;
  neuron: Uint32Array | null;
  karma: Float64Array | null;
  price: Float64Array | null;
  valence: Int8Array | null;
  will: Float64Array | null;
  time: Float64Array | null;
  roundedAmounts: number;
  readonly particles: IdTable;
  neurons: IdTable | null;
}

const MAX_LINKS = 2 ** 32 - 1;
const DEFAULTS = { karma: 1, price: 1, valence: 0, will: 0, time: NaN } as const;

/**
 * A builder with room for `expectedLinks`; it grows beyond. Cost of a link: O(1), 16 bytes and its
 * new ids.
 */
export function createLinkBuilder(expectedLinks = 1024): LinkBuilder {
  const capacity = Math.max(16, Math.min(Math.floor(expectedLinks), MAX_LINKS));
  const state: State = {
    count: 0,
    capacity,
    from: new Uint32Array(capacity),
    to: new Uint32Array(capacity),
    amount: new Float64Array(capacity),
    neuron: null,
    karma: null,
    price: null,
    valence: null,
    will: null,
    time: null,
    roundedAmounts: 0,
    particles: createIdTable(),
    neurons: null,
  };
  const neurons = (): IdTable => (state.neurons ??= createIdTable());
  const set = (column: ValueColumn, value: number): void => setOne(state, column, value);
  return {
    particle: (bytes, start, end) => internId(state.particles, bytes, start, end),
    particleOf: (id) => internText(state.particles, id),
    particleNumber: (value) => internInteger(state.particles, value),
    neuron: (bytes, start, end) => internId(neurons(), bytes, start, end),
    neuronOf: (id) => internText(neurons(), id),
    internBatch: (table, bytes, bounds, count, out) => {
      invariant(count <= MAX_BATCH_IDS, 'a batch has at most 1024 ids');
      return internBatch(
        table === 'particle' ? state.particles : neurons(),
        bytes,
        bounds,
        count,
        out,
      );
    },
    add: (link) => addLink(state, link),
    addRow: (from, to, amount) => appendRow(state, from, to, amount),
    addRows: (ends, amounts, count) => {
      for (let i = 0; i < count; i++) appendRow(state, ends[2 * i], ends[2 * i + 1], amounts[i]);
    },
    setNeuron: (index) => setNeuron(state, state.count - 1, index),
    setKarma: (value) => set('karma', value),
    setPrice: (value) => set('price', value),
    setValence: (value) => set('valence', value),
    setWill: (value) => set('will', value),
    setTime: (value) => set('time', value),
    setValues: (column, values, count) => setMany(state, column, values, count),
    setNeurons: (indices, count) => {
      const first = state.count - count;
      for (let i = 0; i < count; i++) setNeuron(state, first + i, indices[i]);
    },
    noteRoundedAmount: () => {
      state.roundedAmounts++;
    },
    get count() {
      return state.count;
    },
    finish: () => freeze(state),
  };
}

function internText(table: IdTable, id: string): number {
  const bytes = encodeId(id);
  return internId(table, bytes, 0, bytes.length);
}

/** The one place where a link is added. */
function appendRow(state: State, from: number, to: number, amount: number): void {
  const row = state.count;
  if (row === state.capacity) grow(state);
  state.from[row] = from;
  state.to[row] = to;
  state.amount[row] = amount;
  state.count = row + 1;
}

function addLink(state: State, link: LinkRow): void {
  appendRow(state, link.from, link.to, link.amount);
  if (link.neuron !== undefined) setNeuron(state, state.count - 1, link.neuron);
  if (link.karma !== undefined) setOne(state, 'karma', link.karma);
  if (link.price !== undefined) setOne(state, 'price', link.price);
  if (link.valence !== undefined) setOne(state, 'valence', link.valence);
  if (link.will !== undefined) setOne(state, 'will', link.will);
  if (link.time !== undefined) setOne(state, 'time', link.time);
}

/** Sets a column of the last row; NaN leaves the column unmade. */
function setOne(state: State, column: ValueColumn, value: number): void {
  if (!Number.isNaN(value)) openColumn(state, column)[state.count - 1] = value;
}

/** Sets a column of the last rows; NaN leaves what stands there. */
function setMany(state: State, column: ValueColumn, values: Float64Array, count: number): void {
  const first = state.count - count;
  const target = openColumn(state, column);
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (value === value) target[first + i] = value;
  }
}

function setNeuron(state: State, row: number, index: number): void {
  // −1 and NO_NEURON are the same 32 bits.
  if ((index | 0) === -1) return;
  state.neuron ??= new Uint32Array(state.capacity).fill(NO_NEURON);
  state.neuron[row] = index;
}

/** The column, made on first use with its default in every row there is and will be. */
function openColumn(state: State, column: ValueColumn): Float64Array | Int8Array {
  const there = state[column];
  if (there !== null) return there;
  const { capacity } = state;
  if (column === 'valence') return (state.valence = new Int8Array(capacity));
  const made = new Float64Array(capacity);
  if (DEFAULTS[column] !== 0) made.fill(DEFAULTS[column]);
  return (state[column] = made);
}

/** Doubles every column, one after the other: the peak is one column above what the links need. */
function grow(state: State): void {
  if (state.capacity >= MAX_LINKS) {
    throw new FocusError('too-large', 'more than 4294967295 links', 'aggregate or split the input');
  }
  const capacity = Math.min(state.capacity * 2, MAX_LINKS);
  const resized = <T extends Column>(column: T, made: T, filler: number): T => {
    made.set(column as ArrayLike<number> & T);
    if (filler !== 0) made.fill(filler, column.length);
    return made;
  };
  const doubles = (column: Float64Array | null, filler: number): Float64Array | null =>
    column && resized(column, new Float64Array(capacity), filler);
  state.from = resized(state.from, new Uint32Array(capacity), 0);
  state.to = resized(state.to, new Uint32Array(capacity), 0);
  state.amount = resized(state.amount, new Float64Array(capacity), 0);
  state.neuron &&= resized(state.neuron, new Uint32Array(capacity), NO_NEURON);
  state.valence &&= resized(state.valence, new Int8Array(capacity), 0);
  state.karma = doubles(state.karma, DEFAULTS.karma);
  state.price = doubles(state.price, DEFAULTS.price);
  state.will = doubles(state.will, DEFAULTS.will);
  state.time = doubles(state.time, DEFAULTS.time);
  state.capacity = capacity;
}

/** Hands the columns over as they are, longer than `count`: trimming would copy them. */
function freeze(state: State): Links {
  const { count, from, to, amount, neuron, karma, price, valence, will, time } = state;
  return {
    count,
    from,
    to,
    amount,
    karma,
    price,
    valence,
    will,
    time,
    particles: freezeIds(state.particles),
    neurons: neuron && state.neurons ? freezeIds(state.neurons) : null,
    neuron: state.neurons ? neuron : null,
    roundedAmounts: state.roundedAmounts,
  };
}
