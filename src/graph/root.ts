// The root of a graph: an RFC 6962 tree over its axons in canonical order (axon-order.ts), so the
// order of the particles does not matter. The leaf of an axon, integers big-endian:
//   "axon-1" 0x0a ‖ bytes of from (u16) ‖ from ‖ bytes of to (u16) ‖ to ‖ weight (IEEE 754 binary64)
// with ids in UTF-8. That an axon is absent is proven by the two that stand around its place, which
// holds for roots made by these rules: a tree cannot show that its leaves are sorted.

import { FocusError, invariant, shown } from '../base/errors.js';
import { openMerkleTree, type Leaves, type MerkleOptions } from '../base/merkle.js';
import {
  recordOf,
  rejected,
  shownValue,
  verifyInclusion,
  verifyNeighbours,
  type InclusionProof,
  type TreeHead,
  type Verdict,
} from '../base/merkle-proof.js';
import { axonOrderOf, placeOf, rowAt, type AxonOrder } from './axon-order.js';
import type { Graph } from './graph.js';
import { encodeId, readId } from './id-list.js';
import { compareBytes } from './id-order.js';
import { MAX_ID_BYTES } from './ids.js';

/** An axon by its ids. */
export interface Axon {
  readonly from: string;
  readonly to: string;
  /** A(from, to), finite and > 0. */
  readonly weight: number;
}

/** An axon of the graph, with its audit path. Plain data: JSON carries it. */
export interface AxonProof extends InclusionProof {
  readonly axon: Axon;
}

/** The axons around the place that an axon would have; null at either end of the list. */
export interface AbsentAxonProof {
  readonly before: AxonProof | null;
  readonly after: AxonProof | null;
}

/** The root of a graph, and proofs of what is in it. */
export interface GraphRoot {
  /** Root and number of axons. */
  readonly head: TreeHead;
  /**
   * Proofs of axons by their ids, in the order asked. Throws `bad-parameter` for one that is not
   * there. About 40 µs each, less where they stand close together.
   */
  prove(axons: readonly Pick<Axon, 'from' | 'to'>[]): readonly AxonProof[];
  /** A proof that there is no axon from → to. Throws `bad-parameter` where there is one. */
  proveAbsent(from: string, to: string): AbsentAxonProof;
}

/** Options of a root; none changes it. */
export interface RootOptions extends MerkleOptions {
  /** sortedOrder(graph.ids), where it is known already. */
  readonly particles?: Uint32Array | undefined;
}

const TAG = Buffer.from('axon-1\n', 'latin1');
const ID_LENGTH_BYTES = 2;
const WEIGHT_BYTES = 8;
/** Rows to look at before the row of an axon is searched. */
const STEPS = 16;

/**
 * The root of a graph. About 0.7 µs an axon with ids of 46 bytes, half on two threads, and the sort
 * of the ids; 5 bytes an axon while it is in use.
 */
export function openGraphRoot(
  graph: Pick<Graph, 'axons' | 'ids'>,
  options: RootOptions = {},
): GraphRoot {
  const order = axonOrderOf(graph, options.particles);
  const tree = openMerkleTree(axonLeaves(graph, order), options);
  const proofsAt = (places: readonly number[]): readonly AxonProof[] =>
    tree.prove(places).map((proof) => ({ axon: axonAt(graph, order, proof.index), ...proof }));
  return {
    head: tree.head,
    prove: (axons) =>
      proofsAt(
        axons.map(({ from, to }) => {
          const { place, found } = placeOf(graph, order, encodeId(from), encodeId(to));
          if (found) return place;
          const message = `no axon ${shown(from)} → ${shown(to)} in the graph`;
          throw new FocusError('bad-parameter', message, 'ask for a proof that it is absent');
        }),
      ),
    proveAbsent: (from, to) => {
      const { place, found } = placeOf(graph, order, encodeId(from), encodeId(to));
      if (found) {
        const message = `the axon ${shown(from)} → ${shown(to)} is in the graph`;
        throw new FocusError('bad-parameter', message, 'ask for a proof of the axon');
      }
      const before = place > 0 ? proofsAt([place - 1])[0] : null;
      const after = place < tree.head.size ? proofsAt([place])[0] : null;
      return { before, after };
    },
  };
}

/** Checks that an axon is in the graph of a root. Never throws: both may come from anybody. */
export function verifyAxon(head: TreeHead, axon: unknown, proof: unknown): Verdict {
  const leaf = axonLeaf(axon);
  return typeof leaf === 'string' ? rejected(leaf) : verifyInclusion(head, leaf, proof);
}

/**
 * Checks that no axon from → to is in the graph of a root, given that the root was made by the
 * rules. Never throws: `proof` may come from anybody.
 */
export function verifyAbsentAxon(
  head: TreeHead,
  from: string,
  to: string,
  proof: unknown,
): Verdict {
  const record = recordOf(proof);
  if (record === null) return rejected('proof: expected an object with before and after');
  const wanted = keyOf({ from, to });
  if (typeof wanted === 'string') return rejected(wanted);
  for (const side of ['before', 'after'] as const) {
    if (record[side] === null) continue;
    const neighbour = recordOf(record[side]);
    if (neighbour === null) return rejected(`${side}: expected null or an axon with its proof`);
    const verdict = verifyAxon(head, neighbour.axon, neighbour);
    if (!verdict.accepted) return rejected(`${side}: ${verdict.reason}`);
    const key = keyOf(neighbour.axon);
    invariant(typeof key !== 'string', 'the axon of a proof that was accepted has ids');
    const order = compareKeys(key, wanted);
    if (side === 'before' ? order >= 0 : order <= 0) {
      return rejected(
        `${side}: expected an axon that stands ${side} ${shown(from)} → ${shown(to)}`,
      );
    }
  }
  return verifyNeighbours(
    head.size,
    record.before as InclusionProof | null,
    record.after as InclusionProof | null,
  );
}

/** The leaf of an axon, or why it is none. */
function axonLeaf(axon: unknown): Uint8Array | string {
  const key = keyOf(axon);
  if (typeof key === 'string') return key;
  const { weight } = axon as Readonly<Record<string, unknown>>;
  if (typeof weight !== 'number' || !(weight > 0 && weight < Infinity)) {
    return `weight: expected a finite number > 0, found ${shownValue(weight)}`;
  }
  const bytes = Buffer.alloc(WEIGHT_BYTES);
  bytes.writeDoubleBE(weight);
  return Buffer.concat([TAG, prefixed(key.from), prefixed(key.to), bytes]);
}

interface AxonKey {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/** The ids of an axon as bytes, or why they are none. */
function keyOf(axon: unknown): AxonKey | string {
  const record = recordOf(axon);
  if (record === null) return 'axon: expected an object with from, to and weight';
  const [from, to] = [readId(record.from), readId(record.to)];
  if (typeof from === 'string') return `from: ${from}`;
  if (typeof to === 'string') return `to: ${to}`;
  return { from, to };
}

function compareKeys(a: AxonKey, b: AxonKey): number {
  const first = compareBytes(a.from, a.from.length, b.from, b.from.length);
  return first !== 0 ? first : compareBytes(a.to, a.to.length, b.to, b.to.length);
}

function prefixed(id: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(id.length >> 8, id.length & 255), id]);
}

function axonAt(
  { axons, ids }: Pick<Graph, 'axons' | 'ids'>,
  order: AxonOrder,
  place: number,
): Axon {
  const arc = order.arcs === null ? place : order.arcs[place];
  const from = ids.at(order.particles[rowAt(order, place)]);
  return { from, to: ids.at(axons.columns[arc]), weight: axons.weights[arc] };
}

/** The leaves of all axons by place; places in ascending order are written fastest. */
function axonLeaves({ axons, ids }: Pick<Graph, 'axons' | 'ids'>, order: AxonOrder): Leaves {
  const { columns, weights } = axons;
  const { particles, starts, arcs } = order;
  // What the leaves of one row share: the tag, and `from` with its length.
  const shared = new Uint8Array(TAG.length + ID_LENGTH_BYTES + MAX_ID_BYTES);
  shared.set(TAG);
  let sharedBytes = 0;
  let row = -1;
  const weight = new DataView(new ArrayBuffer(WEIGHT_BYTES));
  const moveTo = (place: number): void => {
    if (row >= 0 && starts[row] <= place && place < starts[row + 1]) return;
    // Mostly the next row that is not empty, so a few steps save the search.
    let next = row + 1;
    const last = Math.min(row + STEPS, particles.length);
    while (next < last && (place < starts[next] || place >= starts[next + 1])) next++;
    row = next < last ? next : rowAt(order, place);
    const length = ids.copyBytes(particles[row], shared, TAG.length + ID_LENGTH_BYTES);
    shared[TAG.length] = length >> 8;
    shared[TAG.length + 1] = length & 255;
    sharedBytes = TAG.length + ID_LENGTH_BYTES + length;
  };
  return {
    count: starts[starts.length - 1],
    mostBytes: TAG.length + 2 * (ID_LENGTH_BYTES + MAX_ID_BYTES) + WEIGHT_BYTES,
    write: (place, target, at) => {
      moveTo(place);
      for (let k = 0; k < sharedBytes; k++) target[at + k] = shared[k];
      const arc = arcs === null ? place : arcs[place];
      const to = at + sharedBytes + ID_LENGTH_BYTES;
      const length = ids.copyBytes(columns[arc], target, to);
      target[to - 2] = length >> 8;
      target[to - 1] = length & 255;
      weight.setFloat64(0, weights[arc]);
      for (let k = 0; k < WEIGHT_BYTES; k++) target[to + length + k] = weight.getUint8(k);
      return sharedBytes + ID_LENGTH_BYTES + length + WEIGHT_BYTES;
    },
  };
}
