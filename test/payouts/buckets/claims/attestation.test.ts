// The word of verification nodes: medians against a list with every weight written out, every reason to refuse,
// and what an attestation is bound to.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  judgeAttestations,
  signAttestation,
  verifyAttestation,
  weightedMedian,
  type Attestation,
} from '../../../../src/payouts/buckets/claims/attestation.js';
import { isRefusal } from '../../../../src/payouts/buckets/claims/refusal.js';
import { workDigestOf } from '../../../../src/payouts/buckets/claims/signed-claim.js';
import type { Figure, Figures } from '../../../../src/payouts/buckets/claims/work.js';
import { policyWith } from '../policies.js';
import { attested, CLAIMANT, claimOf, didOf, NODES, seedOf } from './desk.js';

const ONE = 1_000_000_000n;
const policy = policyWith();
const claimant = { kind: 'inference', node: didOf(CLAIMANT), recipient: 'wallet:alice' } as const;

/** Attestations without signatures, which the judge does not look at. */
const said = (node: number, figures: Figures = { quality: '1' }): Attestation => ({
  node: didOf(node),
  figures,
  signature: '0'.repeat(128),
});

function judged(
  attestations: readonly Attestation[],
  yaml = '',
  changes: Partial<typeof claimant> | object = {},
): ReturnType<typeof judgeAttestations> {
  const rules = yaml === '' ? policy : policyWith(yaml);
  return judgeAttestations(rules, NODES, { ...claimant, ...changes }, attestations);
}

const codeOf = (answer: ReturnType<typeof judgeAttestations>): string | null =>
  isRefusal(answer) ? answer.code : null;

describe('weighted median', () => {
  it('is the lower middle of a list in which every figure stands as often as it weighs', () => {
    const figures = fc.array(
      fc.record({
        figure: fc.integer({ min: 0, max: 30 }).map((tenths) => `${tenths / 10}`),
        weight: fc.integer({ min: 1, max: 5 }),
      }),
      { minLength: 1, maxLength: 9 },
    );
    fc.assert(
      fc.property(figures, (list) => {
        const written = list
          .flatMap(({ figure, weight }) => Array<number>(weight).fill(Number(figure)))
          .sort((a, b) => a - b);
        const middle = written[Math.ceil(written.length / 2) - 1];
        const weighted = list.map(({ figure, weight }) => ({ figure, weight: BigInt(weight) }));
        expect(Number(weightedMedian(weighted))).toBe(middle);
        expect(weightedMedian([...weighted].reverse())).toBe(weightedMedian(weighted));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes the lower of two middle figures, and has one spelling', () => {
    const pair = (a: Figure, b: Figure) => [
      { figure: a, weight: ONE },
      { figure: b, weight: ONE },
    ];
    expect(weightedMedian(pair('1.5', '0.5'))).toBe('0.5');
    expect(weightedMedian(pair('1.10', 1.1))).toBe('1.1');
    // Apart by less than a double can tell.
    const close = pair('1.00000000000000001', '1.00000000000000002');
    expect(weightedMedian([...close, { figure: '1.00000000000000003', weight: ONE }])).toBe(
      '1.00000000000000002',
    );
    expect(() => weightedMedian([])).toThrow(/expected figures/);
  });

  it('stays among honest figures while those have more than half of the weight', () => {
    const honest = fc.array(fc.integer({ min: 90, max: 110 }), { minLength: 2, maxLength: 6 });
    const hostile = fc.array(fc.constantFrom(50, 150), { maxLength: 5 });
    fc.assert(
      fc.property(honest, hostile, (good, bad) => {
        fc.pre(good.length > bad.length);
        const all = [...bad, ...good].map((x) => ({ figure: String(x / 100), weight: ONE }));
        const median = Number(weightedMedian(all)) * 100;
        expect(median).toBeGreaterThan(Math.min(...good) - 0.001);
        expect(median).toBeLessThan(Math.max(...good) + 0.001);
      }),
    );
  });
});

describe('attesters', () => {
  it('are admitted where they are enough, distinct, of others and of several owners', () => {
    expect(judged([said(2), said(4), said(5)])).toEqual({
      medians: { quality: '1' },
      nodes: 3,
      owners: 3,
    });
    const figures = ['1.3', '0.9', '1.2'].map((quality) => ({ quality }));
    const answer = judged([said(2, figures[0]), said(4, figures[1]), said(5, figures[2])]);
    expect(answer).toMatchObject({ medians: { quality: '1.2' } });
  });

  it('are refused with a code of their own for each reason', () => {
    expect(codeOf(judged([said(2), said(4)]))).toBe('too-few-attestations');
    expect(codeOf(judged([said(2), said(4), said(CLAIMANT)]))).toBe('self-attested');
    expect(codeOf(judged([said(2), said(4), said(6)]))).toBe('same-owner');
    expect(codeOf(judged([said(2), said(4), said(4)]))).toBe('twice-attested');
    expect(codeOf(judged([said(2), said(4), said(9)]))).toBe('unknown-node');
    expect(codeOf(judged([said(2), said(4), said(7)]))).toBe('unknown-node');
    expect(codeOf(judged([said(2), said(4), said(5, { quality: '1.51' })]))).toBe('out-of-range');
    const alone = 'anti_gaming: {diversity_requirement: 3}\nvalidation: {verification_nodes: 2}';
    expect(codeOf(judged([said(2), said(3), said(4)], alone))).toBe('too-few-owners');
    // Two of three nodes are north's: two thirds of the weight, above the half.
    const heavy = judged([said(2), said(3), said(4)]);
    expect(heavy).toMatchObject({ code: 'concentrated', status: 422 });
    expect(isRefusal(heavy) && heavy.reason).toMatch(/north has 66\.66 %.*0\.5/);
    // Exactly half is not too much.
    expect(codeOf(judged([said(2), said(3), said(4), said(5)]))).toBeNull();
  });

  it('may not be whom the claim pays, nor of its owner, under whatever name', () => {
    for (const kind of ['neuron', 'wallet']) {
      const own = judged([said(2), said(4), said(5)], '', { recipient: `${kind}:${didOf(5)}` });
      expect(codeOf(own)).toBe('self-attested');
    }
    const kin = judged([said(2), said(4), said(5)], '', { recipient: `neuron:${didOf(3)}` });
    expect(codeOf(kin)).toBe('same-owner');
    const paidByKin = judged([said(4), said(5), said(6)], '', { node: didOf(9) });
    expect(codeOf(paidByKin)).toBeNull();
  });

  it('are not asked at all where the policy wants none', () => {
    const none = 'validation: {verification_nodes: 0}';
    expect(judged([], none)).toEqual({ medians: {}, nodes: 0, owners: 0 });
    expect(judged([said(9)], none)).toEqual({ medians: {}, nodes: 0, owners: 0 });
  });

  it('are judged alike in any order', () => {
    const nodes = fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 9], { minLength: 3 });
    fc.assert(
      fc.property(nodes, (list) => {
        const there = judged(list.map((k) => said(k, { quality: `1.${k}` }))) as object;
        const back = judged([...list].reverse().map((k) => said(k, { quality: `1.${k}` })));
        expect(isRefusal(there)).toBe(isRefusal(back));
        if (!isRefusal(back)) expect(there).toEqual(back);
      }),
    );
  });
});

describe('attestation', () => {
  it('is bound to every part of the work, to its node and to its figures', async () => {
    const claim = claimOf('dataset');
    const digest = workDigestOf(claim);
    const [word] = attested(claim, [2]);
    expect(await verifyAttestation(digest, word)).toBe(true);
    const others = [
      { kind: 'inference' as const },
      { node: didOf(9) },
      { recipient: 'wallet:bob' },
      { workId: 'job-2' },
      { work: { dataset_gb: '51' } },
      { evidence: 'f'.repeat(64) },
    ];
    for (const change of others) {
      const other = workDigestOf({ ...claim, ...change });
      expect(await verifyAttestation(other, word), JSON.stringify(change)).toBe(false);
    }
    const lies = [
      { ...word, node: didOf(4) },
      { ...word, figures: { ...word.figures, quality: '1' } },
      { ...word, signature: word.signature.replace(/^./, (c) => (c === '0' ? '1' : '0')) },
      { ...word, signature: word.signature.toUpperCase() },
    ];
    for (const lie of lies) expect(await verifyAttestation(digest, lie)).toBe(false);
    // Nonce and time are the claim's own: a claim that is signed anew keeps its attestations.
    const again = { ...claim, nonce: 'n-2', timestamp_ms: 0 };
    expect(await verifyAttestation(workDigestOf(again), word)).toBe(true);
    // Who is paid where nobody is named is the node itself.
    const { recipient: _, ...open } = claim;
    expect(workDigestOf(open)).toBe(
      workDigestOf({ ...claim, recipient: `neuron:${didOf(CLAIMANT)}` }),
    );
  });

  it('is not made of figures that are none', () => {
    for (const figures of [{}, { quality: '1' }, { quality: '-1', diversity: '1' }]) {
      expect(() => signAttestation(seedOf(2), 'dataset', 'a', figures)).toThrow(/figures/);
    }
  });
});
