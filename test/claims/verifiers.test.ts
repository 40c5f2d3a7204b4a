// What becomes of claims: true ones are accepted by every verifier; forged, replayed, stale, enormous,
// negative and wrong ones are refused, each with its own reason; and nothing that anybody sends throws.

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../src/base/random.js';
import { checkClaim, type ClaimDesk } from '../../src/claims/admit.js';
import { attest, attestedVerifier } from '../../src/claims/attested.js';
import { readClaim, signClaim, type Claim, type ClaimBody } from '../../src/claims/claim.js';
import { localShift } from '../../src/claims/local-shift.js';
import { neighbourhoodOf } from '../../src/claims/neighbourhood.js';
import { claimExactly, claimLocally, type ProvenClaim } from '../../src/claims/prove.js';
import { readNeighbourhood } from '../../src/claims/read-neighbourhood.js';
import { recompute, recomputeVerifier } from '../../src/claims/recompute.js';
import { drawnEntries, sampledVerifier } from '../../src/claims/sampled.js';
import { shiftTree } from '../../src/claims/shift-tree.js';
import type { ClaimVerifier } from '../../src/claims/verifier.js';
import { cpu, idsOf, key, randomLinks, randomSignal, sceneOf, type Scene } from './scene.js';

const ONE = 1n << 61n;
const NEURON = key(1);
const BEACON = 'ab'.repeat(32);

let scene: Scene;
let proven: ProvenClaim;
let local: ProvenClaim;
let short: ProvenClaim;
let recomputing: ClaimVerifier;

const desk = (verifier: ClaimVerifier, next = 0): ClaimDesk => ({
  header: scene.node.header,
  verifier,
  nextSequence: () => next,
});
const shiftOf = ({ tree }: ProvenClaim) => ({ shift: tree.entries });
const verdictOf = async (claim: unknown, proof: unknown, at = desk(recomputing)) => {
  const { verdict } = await checkClaim(at, claim, proof);
  return verdict.accepted ? 'accepted' : verdict.code;
};
/** The claim with other fields, signed anew by its own neuron. */
const signedAs = (claim: Claim, change: Partial<ClaimBody>, by = NEURON): Claim => {
  const { signature: _, ...body } = claim;
  return signClaim({ ...body, ...change }, by);
};

beforeAll(async () => {
  const random = randomStream(3, 1);
  scene = await sceneOf(randomLinks(random, 120));
  recomputing = recomputeVerifier(scene.base, 0.5);
  const links = randomSignal(random, scene.linked);
  const signal = { neuron: NEURON.did, links, remove: [], change: [] };
  const subject = {
    header: scene.node.header,
    sequence: 0,
    links,
    function: 'delta-norm' as const,
  };
  proven = claimExactly(subject, await recompute(scene.base, signal, 'delta-norm'), NEURON);
  const request = { particles: idsOf(links), hops: 5, mostAxons: 1000, stake: 6000 };
  const answer = await neighbourhoodOf(scene.node, request, cpu);
  const near = readNeighbourhood(answer, scene.node.header.hash);
  const shift = localShift(near, signal, { tolerance: 1e-9, mostArcs: 1e6 });
  short = claimLocally(subject, shift, NEURON, 1e-3);
  local = claimLocally(subject, shift, NEURON);
});

describe('a true claim', () => {
  it('is accepted: recomputed to the unit, and from a neighbourhood within its error', async () => {
    expect(await verdictOf(proven.claim, shiftOf(proven))).toBe('accepted');
    expect(await verdictOf(local.claim, shiftOf(local))).toBe('accepted');
    expect(BigInt(local.claim.value)).toBeLessThan(BigInt(proven.claim.value));
    expect(BigInt(local.claim.value)).toBeGreaterThan(BigInt(proven.claim.value) / 2n);
    // It survives being sent as JSON.
    const sent = JSON.parse(JSON.stringify({ ...proven.claim })) as unknown;
    expect(await verdictOf(sent, JSON.parse(JSON.stringify(shiftOf(proven))))).toBe('accepted');
  });

  it('may leave small entries out, and says what they add up to', async () => {
    expect(short.tree.entries.length).toBeLessThan(local.tree.entries.length);
    const omitted = BigInt(short.claim.omitted);
    expect(omitted).toBeGreaterThan(BigInt(short.claim.shiftError));
    expect(await verdictOf(short.claim, shiftOf(short))).toBe('accepted');
    const silent = signedAs(short.claim, { omitted: '0' });
    expect(await verdictOf(silent, shiftOf(short))).toBe('wrong-shift');
  });

  it('may claim less than it is worth, and no unit more', async () => {
    const worth = BigInt(proven.claim.value);
    const less = signedAs(proven.claim, { value: String(worth - 1n) });
    const more = signedAs(proven.claim, { value: String(worth + 1n) });
    expect(await verdictOf(less, shiftOf(proven))).toBe('accepted');
    expect(await verdictOf(more, shiftOf(proven))).toBe('over-claimed');
  });
});

describe('a claim that is refused', () => {
  it('has a reason of its own', async () => {
    const { claim } = proven;
    const proof = shiftOf(proven);
    const other = key(2);
    const entries = [...proven.tree.entries];
    const moved = entries.map((entry, k) =>
      k === 3 || k === 4
        ? { ...entry, units: String(BigInt(entry.units) + (k === 3 ? 1n : -1n)) }
        : entry,
    );
    const movedTree = shiftTree(moved);
    const far = local.tree.entries.map((entry) => ({
      ...entry,
      units: String(-BigInt(entry.units)),
    }));
    const farTree = shiftTree(far);
    const cases: readonly (readonly [string, unknown, unknown, ClaimDesk?])[] = [
      ['malformed', { ...claim, more: 1 }, proof],
      ['malformed', { ...claim, value: 5 }, proof],
      ['malformed', { ...claim, value: '1e3' }, proof],
      ['malformed', { ...claim, shiftError: '-1' }, proof],
      ['malformed', { ...claim, sequence: -1 }, proof],
      ['malformed', { ...claim, sequence: 0.5 }, proof],
      ['malformed', { ...claim, links: [{ from: 'a', to: 'b', amount: NaN }] }, proof],
      ['malformed', { ...claim, links: [{ from: 'a', to: '\ud800', amount: 1 }] }, proof],
      ['malformed', { ...claim, neuron: 'did:key:zNo' }, proof],
      ['bad-signature', { ...claim, value: '1' }, proof],
      ['bad-signature', { ...claim, neuron: other.did }, proof],
      ['bad-signature', { ...claim, signature: key(2).sign(Buffer.from('x')) }, proof],
      ['replayed', claim, proof, desk(recomputing, 1)],
      ['bad-sequence', signedAs(claim, { sequence: 7 }), proof],
      ['stale-root', signedAs(claim, { header: '0'.repeat(64) }), proof],
      ['nothing-claimed', signedAs(claim, { value: '0' }), proof],
      ['nothing-claimed', signedAs(claim, { value: '-5' }), proof],
      ['impossible-value', signedAs(claim, { value: String(2n * ONE + 1n) }), proof],
      ['impossible-value', signedAs(claim, { value: '9'.repeat(30) }), proof],
      ['over-claimed', signedAs(claim, { value: String(2n * ONE) }), proof],
      ['bad-proof', claim, null],
      ['bad-proof', claim, { shift: moved }],
      ['bad-proof', claim, { shift: entries.slice(1) }],
      ['bad-proof', claim, { shift: [...entries].reverse() }],
      ['wrong-shift', signedAs(claim, { shift: movedTree.head }), { shift: moved }],
      ['wrong-shift', signedAs(local.claim, { shift: farTree.head, share: '0' }), { shift: far }],
      ['too-uncertain', signedAs(claim, { shiftError: String(ONE) }), proof],
      ['too-uncertain', signedAs(claim, { omitted: String(ONE) }), proof],
      [
        'bad-signal',
        signedAs(claim, {
          links: [
            { from: 'a', to: 'b', amount: 1e308 },
            { from: 'a', to: 'b', amount: 1e308 },
          ],
        }),
        proof,
      ],
    ];
    for (const [k, [code, value, with_, at]] of cases.entries()) {
      expect(await verdictOf(value, with_, at), `case ${k}`).toBe(code);
    }
    const all = new Set(cases.map(([code]) => code));
    expect(all.size).toBe(12);
  });

  it('never throws for what anybody sends', async () => {
    const { claim } = proven;
    const names = Object.keys(claim);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.oneof(fc.jsonValue(), fc.constantFrom(undefined, NaN, -0, 2 ** 53, '9'.repeat(99))),
        fc.jsonValue(),
        async (name, value, proof) => {
          const { verdict } = await checkClaim(
            desk(recomputing),
            { ...claim, [name]: value },
            proof,
          );
          expect(verdict.accepted).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.anything(), async (value, proof) => {
        const { verdict } = await checkClaim(desk(recomputing), value, proof);
        expect(verdict.accepted).toBe(false);
        expect(typeof readClaim(value)).toBe('string');
      }),
      { numRuns: 300 },
    );
  });

  it('is impossible where entries are beyond all focus, or gain what nothing loses', async () => {
    const entry = (units: bigint) => [{ id: 'p1', units: String(units) }];
    for (const units of [ONE + 1n, ONE / 2n]) {
      const tree = shiftTree(entry(units));
      const claim = signedAs(proven.claim, { shift: tree.head });
      expect(await verdictOf(claim, { shift: entry(units) })).toBe('impossible-shift');
    }
  });
});

it('a claim of particles that do not move is wrong by all that it says of them', async () => {
  const more = [
    { id: 'zz nobody 1', units: String(ONE / 50n) },
    { id: 'zz nobody 2', units: String(-ONE / 50n) },
  ];
  const entries = [...local.tree.entries, ...more];
  const tree = shiftTree(entries);
  const claim = signedAs(local.claim, { shift: tree.head });
  expect(BigInt(claim.shiftError)).toBeLessThan(ONE / 50n);
  expect(await verdictOf(claim, { shift: entries })).toBe('wrong-shift');
});

describe('sampling', () => {
  const sampled = (count: number, beacon = BEACON): ClaimVerifier =>
    sampledVerifier({
      linked: scene.linked,
      focus: {
        parameters: scene.node.parameters,
        phi: scene.node.base().phi,
        errorBound: scene.node.base().errorBound,
      },
      beacon,
      count,
      tolerance: 1e-8,
      mostError: 0.5,
      backend: cpu,
    });
  const opened = ({ claim, tree }: ProvenClaim, count: number, beacon = BEACON) => ({
    openings: tree.open(drawnEntries(beacon, count, claim)),
  });

  it('accepts true claims by the entries that the beacon draws', async () => {
    for (const each of [proven, local]) {
      expect(await verdictOf(each.claim, opened(each, 5), desk(sampled(5)))).toBe('accepted');
    }
    const other = 'cd'.repeat(32);
    expect(drawnEntries(other, 5, proven.claim)).not.toEqual(drawnEntries(BEACON, 5, proven.claim));
    const wrong = opened(proven, 5, other);
    expect(await verdictOf(proven.claim, wrong, desk(sampled(5)))).toBe('bad-proof');
  });

  it('refuses false entries when they are drawn, forged paths, and values beyond its own', async () => {
    const moved = proven.tree.entries.map((entry, k) =>
      k % 2 === 0 ? { ...entry, units: String(BigInt(entry.units) + ONE / 100n) } : entry,
    );
    const tree = shiftTree(moved);
    const claim = signedAs(proven.claim, { shift: tree.head });
    const count = tree.head.size;
    expect(await verdictOf(claim, opened({ claim, tree }, count), desk(sampled(count)))).toBe(
      'wrong-shift',
    );
    // The entries of the true claim do not lead to the root of the false one.
    const forged = { openings: proven.tree.open(drawnEntries(BEACON, 4, claim)) };
    expect(await verdictOf(claim, forged, desk(sampled(4)))).toBe('bad-proof');
    const more = signedAs(proven.claim, {
      value: String((BigInt(proven.claim.value) * 101n) / 100n),
    });
    const proof = opened({ claim: more, tree: proven.tree }, 4);
    expect(await verdictOf(more, proof, desk(sampled(4)))).toBe('over-claimed');
  });
});

describe('attestation', () => {
  it('needs k of n validators, each once, none of them the neuron', async () => {
    const { claim } = proven;
    const validators = [2, 3, 4].map(key);
    const names = [...validators.map(({ did }) => did), NEURON.did];
    const at = desk(attestedVerifier(names, 2));
    const by = (...keys: ReturnType<typeof key>[]) => ({
      attestations: keys.map((each) => attest(claim, each)),
    });
    expect(await verdictOf(claim, by(validators[0], validators[2]), at)).toBe('accepted');
    expect(await verdictOf(claim, by(validators[0]), at)).toBe('not-attested');
    expect(await verdictOf(claim, by(validators[0], validators[0]), at)).toBe('not-attested');
    expect(await verdictOf(claim, by(validators[0], NEURON), at)).toBe('not-attested');
    expect(await verdictOf(claim, by(validators[0], key(9)), at)).toBe('bad-proof');
    const [first] = by(validators[0]).attestations;
    const forged = { attestations: [first, { ...first, validator: validators[1].did }] };
    expect(await verdictOf(claim, forged, at)).toBe('bad-proof');
    const less = signedAs(claim, { value: '1' });
    expect(await verdictOf(less, by(validators[0], validators[1]), at)).toBe('bad-proof');
    expect(() => attestedVerifier(names, 5)).toThrow('that must sign');
    expect(() => attestedVerifier([names[0], names[0]], 1)).toThrow('distinct');
  });
});
