// The root of φ* against leaves written out by hand and hashed by the RFC's recursion, and what a
// light client accepts about particles.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/base/merkle-proof.js';
import {
  openFocusRoot,
  verifyAbsentParticle,
  verifyParticle,
  type FocusValues,
} from '../../src/focus/root.js';
import { idsOf } from '../../src/graph/id-list.js';
import { hashOf, hex, HOSTILE, pathOf } from '../merkle-tree.js';

/** The leaf of a particle as the header of src/focus/root.ts states it. */
function leafOf(id: string, value: bigint | number): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(id));
  const exact = typeof value === 'bigint';
  const bits = exact ? value : new BigUint64Array(Float64Array.of(value).buffer)[0];
  const digits = Buffer.from(bits.toString(16).padStart(16, '0'), 'hex');
  const tag = Buffer.from(exact ? 'particle-exact-1\n' : 'particle-f64-1\n');
  return Buffer.concat([tag, length, Buffer.from(id), digits]);
}

function leavesOf(names: readonly string[], values: FocusValues): Buffer[] {
  return names
    .map((id, i) => ({ id: Buffer.from(id), leaf: leafOf(id, values[i]) }))
    .sort((a, b) => Buffer.compare(a.id, b.id))
    .map(({ leaf }) => leaf);
}

function reasonOf(verdict: Verdict): string {
  expect(verdict.accepted).toBe(false);
  return verdict.accepted ? '' : verdict.reason;
}

const NAMES = ['b', 'a', 'aa', '10', '9', 'é', '\ufb01', '\u{10348}', 'Qm'];
const UNITS = BigInt64Array.from(NAMES, (_, i) => BigInt(i) * 0x0102030405060708n);
const PHI = Float64Array.from(NAMES, (_, i) => i / 45);
const names = fc.uniqueArray(
  fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom(...'ab0é\ufb01', '\u{10348}') }),
  {
    minLength: 1,
    maxLength: 90,
  },
);

describe('the root of a focus', () => {
  it('is that of its particles sorted by bytes, exact and in doubles', () => {
    fc.assert(
      fc.property(names, fc.infiniteStream(fc.bigInt(0n, 1n << 61n)), (list, stream) => {
        const units = BigInt64Array.from(list, () => stream.next().value as bigint);
        const phi = Float64Array.from(units, (value) => Number(value) / 2 ** 61);
        for (const values of [units, phi]) {
          const leaves = leavesOf(list, values);
          const root = openFocusRoot(idsOf(list), values);
          expect(root.head).toEqual({ root: hex(hashOf(leaves)), size: list.length });
          const [first] = root.prove([list[0]]);
          expect(first.path).toEqual(pathOf(first.index, leaves).map(hex));
        }
      }),
    );
  });

  it('differs for one unit, one bit, another id and another precision', () => {
    const ids = idsOf(NAMES);
    const roots = [
      openFocusRoot(ids, UNITS),
      openFocusRoot(ids, UNITS.with(3, UNITS[3] + 1n)),
      openFocusRoot(idsOf(NAMES.with(3, '11')), UNITS),
      openFocusRoot(ids, PHI),
      openFocusRoot(ids, PHI.with(3, PHI[3] * (1 + 2 ** -52))),
      // The same eight bytes as the exact ones.
      openFocusRoot(ids, new Float64Array(UNITS.map((v) => v % (1n << 61n)).buffer)),
    ].map(({ head }) => head.root);
    expect(new Set(roots).size).toBe(roots.length);
  });

  it('has one zero', () => {
    const ids = idsOf(['a', 'b']);
    const [plus, minus] = [0, -0].map((zero) => openFocusRoot(ids, Float64Array.of(1, zero)));
    expect(minus.head).toEqual(plus.head);
    const [proof] = minus.prove(['b']);
    expect(verifyParticle(plus.head, proof.particle, proof)).toEqual({ accepted: true });
  });

  it('is of a focus only', () => {
    const ids = idsOf(['a', 'b']);
    for (const values of [
      Float64Array.of(1),
      Float64Array.of(NaN, 1),
      Float64Array.of(-1e-300, 1),
      Float64Array.of(1.5, 0),
      BigInt64Array.of(-1n, 1n),
      BigInt64Array.of((1n << 61n) + 1n, 0n),
    ]) {
      expect(() => openFocusRoot(ids, values)).toThrow(/^focus.*: expected/);
    }
  });
});

describe('a particle', () => {
  it('is proven with its own id and value, and with no other', () => {
    for (const values of [UNITS, PHI]) {
      const root = openFocusRoot(idsOf(NAMES), values);
      for (const proof of root.prove(NAMES)) {
        const sent = JSON.parse(JSON.stringify(proof)) as typeof proof;
        const { particle } = sent;
        expect(verifyParticle(root.head, particle, sent)).toEqual({ accepted: true });
        const others = [
          { ...particle, id: `${particle.id}x` },
          'units' in particle
            ? { ...particle, units: String(BigInt(particle.units) + 1n) }
            : { ...particle, focus: particle.focus + 1e-9 },
          'units' in particle
            ? { id: particle.id, focus: Number(particle.units) / 2 ** 61 }
            : { id: particle.id, units: '1' },
        ];
        for (const other of others) reasonOf(verifyParticle(root.head, other, sent));
      }
    }
  });

  it('of another shape is rejected with a reason and no exception', () => {
    const root = openFocusRoot(idsOf(NAMES), UNITS);
    const [{ particle, ...proof }] = root.prove(['a']);
    const say = (other: unknown): string => reasonOf(verifyParticle(root.head, other, proof));
    const units = 'units' in particle ? particle.units : '';
    for (const digits of [
      '',
      '-1',
      `0${units}`,
      `${units}.0`,
      `+${units}`,
      '0x1',
      '1e3',
      String((1n << 61n) + 1n),
    ]) {
      expect(say({ id: 'a', units: digits })).toMatch(/^units: expected decimal digits/);
    }
    for (const focus of [-0, -1, 1.1, NaN, '0']) {
      expect(say({ id: 'a', focus })).toMatch(/^focus: expected a number/);
    }
    expect(say({ id: 'a' })).toMatch(/either units or focus/);
    expect(say({ id: 'a', units, focus: 0 })).toMatch(/either units or focus/);
    for (const value of HOSTILE) {
      say(value);
      say({ id: value, units });
      say({ id: 'a', units: value });
      say({ id: 'a', focus: value });
    }
  });

  it('that is unknown has no proof but that of its absence', () => {
    const root = openFocusRoot(idsOf(NAMES), UNITS);
    expect(() => root.prove(['zz'])).toThrow('no particle "zz" in the focus');
    expect(() => root.proveAbsent('aa')).toThrow('the particle "aa" is in the focus');
    for (const id of ['0', '1', '90', 'ab', 'c', 'ê', '\ufb02', '\u{10349}', 'Q', 'Qm1']) {
      const proof = JSON.parse(JSON.stringify(root.proveAbsent(id))) as unknown;
      expect(verifyAbsentParticle(root.head, id, proof), id).toEqual({ accepted: true });
    }
  });

  it('cannot be called absent while it is there', () => {
    const root = openFocusRoot(idsOf(NAMES), UNITS);
    const proofs = [null, ...root.prove(NAMES)];
    for (const id of NAMES) {
      for (const before of proofs) {
        for (const after of proofs) {
          reasonOf(verifyAbsentParticle(root.head, id, { before, after }));
        }
      }
    }
    const honest = root.proveAbsent('c');
    for (const value of HOSTILE) {
      reasonOf(verifyAbsentParticle(root.head, 'c', value));
      reasonOf(verifyAbsentParticle(root.head, 'c', { ...honest, before: value }));
      reasonOf(verifyAbsentParticle(root.head, 'c', { ...honest, after: value }));
      reasonOf(verifyAbsentParticle(root.head, value as string, { before: null, after: null }));
    }
  });
});
