// The root of φ*: an RFC 6962 tree over the particles, by the UTF-8 bytes of their ids. The leaf of
// a particle, integers big-endian:
//   "particle-exact-1" 0x0a ‖ bytes of id (u16) ‖ id ‖ φ in focus units of 2⁻⁶¹ (i64)
//   "particle-f64-1" 0x0a ‖ bytes of id (u16) ‖ id ‖ φ (IEEE 754 binary64)
// Only exact units are the same on every machine. That a particle is absent is proven by the two
// around its place, for roots made by these rules.

import { FocusError, check, invariant, shown } from '../base/errors.js';
import { openMerkleTree, type Leaves } from '../base/merkle.js';
import {
  recordOf,
  rejected,
  verifyInclusion,
  verifyNeighbours,
  type InclusionProof,
  type TreeHead,
  type Verdict,
} from '../base/merkle-proof.js';
import { firstNotBefore } from '../graph/axon-order.js';
import { encodeId, readId } from '../graph/id-list.js';
import { compareBytes, sortedOrder } from '../graph/id-order.js';
import { MAX_ID_BYTES, type Ids } from '../graph/ids.js';
import type { RootOptions } from '../graph/root.js';

/** Focus by particle: exact, in units of 2⁻⁶¹, or in doubles. */
export type FocusValues = BigInt64Array | Float64Array;

/** A particle's focus: exact units in decimal digits, or a double. */
export type ParticleFocus =
  { readonly id: string; readonly units: string } | { readonly id: string; readonly focus: number };

/** A particle's focus, with its audit path. Plain data: JSON carries it. */
export interface ParticleProof extends InclusionProof {
  readonly particle: ParticleFocus;
}

/** The particles around the place that a particle would have; null at either end of the list. */
export interface AbsentParticleProof {
  readonly before: ParticleProof | null;
  readonly after: ParticleProof | null;
}

/** The root of a focus, and proofs of what is in it. */
export interface FocusRoot {
  /** Root and number of particles. */
  readonly head: TreeHead;
  /** Proofs of particles by id, in the order asked. Throws `bad-parameter` for an unknown id. */
  prove(ids: readonly string[]): readonly ParticleProof[];
  /** A proof that no particle has the id. Throws `bad-parameter` where one has. */
  proveAbsent(id: string): AbsentParticleProof;
}

const EXACT_TAG = Buffer.from('particle-exact-1\n', 'latin1');
const DOUBLE_TAG = Buffer.from('particle-f64-1\n', 'latin1');
const ID_LENGTH_BYTES = 2;
const VALUE_BYTES = 8;
const DECIMAL_UNITS = /^(0|[1-9][0-9]{0,18})$/;
const ONE = 1n << 61n;

/**
 * The root of a focus; `values` by index of the id. About 0.4 µs a particle, half on two threads,
 * and the sort of the ids. Throws `bad-parameter` for values that are no focus: negative, more than
 * 1, or not as many as ids.
 */
export function openFocusRoot(ids: Ids, values: FocusValues, options: RootOptions = {}): FocusRoot {
  checkValues(ids, values);
  const order = options.particles ?? sortedOrder(ids);
  const tree = openMerkleTree(particleLeaves(ids, values, order), options);
  const proofsAt = (places: readonly number[]): readonly ParticleProof[] =>
    tree.prove(places).map((proof) => {
      const index = order[proof.index];
      return { particle: particleAt(ids, values, index), ...proof };
    });
  const placeOf = (id: string) =>
    firstNotBefore(ids, 0, order.length, (place) => order[place], encodeId(id));
  return {
    head: tree.head,
    prove: (wanted) =>
      proofsAt(
        wanted.map((id) => {
          const { at, found } = placeOf(id);
          if (found) return at;
          const message = `no particle ${shown(id)} in the focus`;
          throw new FocusError('bad-parameter', message, 'ask for a proof that it is absent');
        }),
      ),
    proveAbsent: (id) => {
      const { at, found } = placeOf(id);
      if (found) {
        const message = `the particle ${shown(id)} is in the focus`;
        throw new FocusError('bad-parameter', message, 'ask for a proof of the particle');
      }
      const before = at > 0 ? proofsAt([at - 1])[0] : null;
      const after = at < order.length ? proofsAt([at])[0] : null;
      return { before, after };
    },
  };
}

/**
 * Checks a particle's focus against a root. The precision is part of the leaf: a double never
 * passes for exact units. Never throws: both may come from anybody.
 */
export function verifyParticle(head: TreeHead, particle: unknown, proof: unknown): Verdict {
  const leaf = particleLeaf(particle);
  return typeof leaf === 'string' ? rejected(leaf) : verifyInclusion(head, leaf, proof);
}

/**
 * Checks that no particle of a root has the id, given that the root was made by the rules. Never
 * throws: `proof` may come from anybody.
 */
export function verifyAbsentParticle(head: TreeHead, id: string, proof: unknown): Verdict {
  const record = recordOf(proof);
  if (record === null) return rejected('proof: expected an object with before and after');
  const wanted = readId(id);
  if (typeof wanted === 'string') return rejected(`id: ${wanted}`);
  for (const side of ['before', 'after'] as const) {
    if (record[side] === null) continue;
    const neighbour = recordOf(record[side]);
    if (neighbour === null) return rejected(`${side}: expected null or a particle with its proof`);
    const verdict = verifyParticle(head, neighbour.particle, neighbour);
    if (!verdict.accepted) return rejected(`${side}: ${verdict.reason}`);
    const other = readId((neighbour.particle as ParticleFocus).id);
    invariant(typeof other !== 'string', 'the particle of a proof that was accepted has an id');
    const order = compareBytes(other, other.length, wanted, wanted.length);
    if (side === 'before' ? order >= 0 : order <= 0) {
      return rejected(`${side}: expected a particle that stands ${side} ${shown(id)}`);
    }
  }
  return verifyNeighbours(
    head.size,
    record.before as InclusionProof | null,
    record.after as InclusionProof | null,
  );
}

function checkValues(ids: Ids, values: FocusValues): void {
  check(
    values.length === ids.count,
    'bad-parameter',
    () => `focus: expected ${ids.count} values, one for each id, found ${values.length}`,
  );
  const [least, most] = values instanceof BigInt64Array ? [0n, ONE] : [0, 1];
  for (let i = 0; i < values.length; i++) {
    check(
      values[i] >= least && values[i] <= most,
      'bad-parameter',
      () => `focus of ${shown(ids.at(i))}: expected ${least}…${most}, found ${values[i]}`,
      'commit to a focus that a solve has returned',
    );
  }
}

/** The leaf of a particle's focus, or why it is none. */
function particleLeaf(particle: unknown): Uint8Array | string {
  const record = recordOf(particle);
  if (record === null) return 'particle: expected an object with id and units or focus';
  const { units, focus } = record;
  const id = readId(record.id);
  if (typeof id === 'string') return `id: ${id}`;
  if ((units === undefined) === (focus === undefined)) {
    return 'particle: expected either units or focus';
  }
  const value = Buffer.alloc(VALUE_BYTES);
  if (focus !== undefined) {
    if (typeof focus !== 'number' || !(focus >= 0 && focus <= 1) || Object.is(focus, -0)) {
      return 'focus: expected a number in 0…1';
    }
    value.writeDoubleBE(focus);
  } else {
    if (typeof units !== 'string' || !DECIMAL_UNITS.test(units) || BigInt(units) > ONE) {
      return 'units: expected decimal digits of an integer in 0…2⁶¹';
    }
    value.writeBigInt64BE(BigInt(units));
  }
  const tag = focus !== undefined ? DOUBLE_TAG : EXACT_TAG;
  return Buffer.concat([tag, Uint8Array.of(id.length >> 8, id.length & 255), id, value]);
}

function particleAt(ids: Ids, values: FocusValues, index: number): ParticleFocus {
  const id = ids.at(index);
  if (values instanceof BigInt64Array) return { id, units: String(values[index]) };
  return { id, focus: values[index] + 0 };
}

/** The leaves of all particles, by rank. */
function particleLeaves(ids: Ids, values: FocusValues, order: Uint32Array): Leaves {
  const tag = values instanceof BigInt64Array ? EXACT_TAG : DOUBLE_TAG;
  const value = new DataView(new ArrayBuffer(VALUE_BYTES));
  const put =
    values instanceof BigInt64Array
      ? (index: number) => value.setBigInt64(0, values[index])
      : // Zero has two doubles; adding zero makes it one.
        (index: number) => value.setFloat64(0, values[index] + 0);
  return {
    count: order.length,
    mostBytes: tag.length + ID_LENGTH_BYTES + MAX_ID_BYTES + VALUE_BYTES,
    write: (rank, target, at) => {
      for (let k = 0; k < tag.length; k++) target[at + k] = tag[k];
      const start = at + tag.length + ID_LENGTH_BYTES;
      const length = ids.copyBytes(order[rank], target, start);
      target[start - 2] = length >> 8;
      target[start - 1] = length & 255;
      put(order[rank]);
      for (let k = 0; k < VALUE_BYTES; k++) target[start + length + k] = value.getUint8(k);
      return tag.length + ID_LENGTH_BYTES + length + VALUE_BYTES;
    },
  };
}
