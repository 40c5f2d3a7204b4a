// Claims that were made to be paid for nothing: by links on which no solve settles, and on shifts from
// neighbourhoods that cannot tell them.

import { beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../src/base/random.js';
import { checkClaim } from '../../src/claims/admit.js';
import { CLAIM_FUNCTIONS, signClaim } from '../../src/claims/claim.js';
import { localShift } from '../../src/claims/local-shift.js';
import { neighbourhoodOf, type Neighbourhood } from '../../src/claims/neighbourhood.js';
import { readNeighbourhood } from '../../src/claims/read-neighbourhood.js';
import { recompute, recomputeVerifier } from '../../src/claims/recompute.js';
import { claimExactly } from '../../src/claims/prove.js';
import { sampledVerifier } from '../../src/claims/sampled.js';
import { shiftTree } from '../../src/claims/shift-tree.js';
import type { ClaimVerifier } from '../../src/claims/verifier.js';
import { cpu, key, randomLinks, sceneOf, type Scene } from './scene.js';

const ONE = 1n << 61n;
const NEURON = key(1);
let scene: Scene;

beforeAll(async () => {
  scene = await sceneOf(randomLinks(randomStream(3, 1), 60));
});

const verifiers = (): readonly ClaimVerifier[] => {
  const { phi, errorBound } = scene.node.base();
  const focus = { parameters: scene.node.parameters, phi, errorBound };
  const sampling = { linked: scene.linked, focus, beacon: 'ab'.repeat(32), count: 3 };
  return [
    recomputeVerifier(scene.base, 0.01),
    sampledVerifier({ ...sampling, tolerance: 1e-9, mostError: 0.01, backend: cpu }),
  ];
};
const verdictOf = async (verifier: ClaimVerifier, claim: unknown, proof: unknown) => {
  const desk = { header: scene.node.header, verifier, nextSequence: () => 0 };
  const { verdict } = await checkClaim(desk, claim, proof);
  return verdict.accepted ? 'accepted' : verdict.code;
};

describe('a link whose stake is far from all others', () => {
  // p4 has no link of its own: all of its focus goes where its first one leads, whatever its stake.
  const links = (amount: number) =>
    amount < 1 ? [{ from: 'p4', to: 'new', amount }] : [{ from: 'p55', to: 'p20', amount }];

  it('is not worth whatever its neuron says, where no solve settles', async () => {
    for (const amount of [5e-324, 1e-30, 1e20, 1e200, 1.7e308]) {
      for (const name of CLAIM_FUNCTIONS) {
        const body = {
          format: 'focus-claim-1' as const,
          neuron: NEURON.did,
          sequence: 0,
          header: scene.node.header.hash,
          links: links(amount),
          function: name,
          // Two particles that hold all focus leave ln 2 of at most ln 61 nats.
          value: String(name === 'delta-norm' ? 2n * ONE : 4n * ONE),
          valueError: '0',
          shift: shiftTree([]).head,
          share: '0',
          omitted: '0',
          shiftError: '1',
        };
        const claim = signClaim(body, NEURON);
        for (const verifier of verifiers()) {
          const verdict = await verdictOf(verifier, claim, { shift: [], openings: [] });
          expect(verdict, `${verifier.name} ${name} ${amount}`).not.toBe('accepted');
        }
      }
    }
  });

  it('is not worth what an unsettled solve finds, even to the unit', async () => {
    const signal = { neuron: NEURON.did, links: links(1e-30), remove: [], change: [] };
    const found = await recompute(scene.base, signal, 'delta-norm');
    expect(found.converged).toBe(false);
    const subject = { header: scene.node.header, sequence: 0, links: signal.links };
    const { claim, tree } = claimExactly({ ...subject, function: 'delta-norm' }, found, NEURON);
    const proof = { shift: tree.entries };
    expect(await verdictOf(verifiers()[0], claim, proof)).toBe('too-uncertain');
  });

  it('is not paid for on a focus that is itself not known', async () => {
    const focus = { ...scene.base.focus, errorBound: 1.5 };
    const verifier = recomputeVerifier({ ...scene.base, focus }, 0.01);
    const signal = { neuron: NEURON.did, links: links(5), remove: [], change: [] };
    const found = await recompute(scene.base, signal, 'delta-norm');
    const subject = { header: scene.node.header, sequence: 0, links: signal.links };
    const { claim, tree } = claimExactly({ ...subject, function: 'delta-norm' }, found, NEURON);
    const { signature: _, ...body } = claim;
    const more = signClaim({ ...body, value: String(ONE), shiftError: '1' }, NEURON);
    expect(await verdictOf(verifier, more, { shift: tree.entries })).toBe('too-uncertain');
  });
});

describe('a shift on a neighbourhood', () => {
  const ask = (particles: readonly string[], hops: number): Promise<Neighbourhood> =>
    neighbourhoodOf(scene.node, { particles, hops, mostAxons: 1000, stake: 1000 }, cpu);

  it('is refused of particles that are complete, but were not asked for', async () => {
    // Their averages are not told: those of another particle gave a bound that did not hold.
    const signal = {
      neuron: null,
      links: [{ from: 'p9', to: 'p12', amount: 300 }],
      remove: [],
      change: [],
    };
    const options = { tolerance: 1e-10, mostArcs: 1e6 };
    const local = readNeighbourhood(await ask(['p1', 'p30'], 8), scene.node.header.hash);
    const place = local.linked.graph.ids.indexOf('p9');
    expect(local.complete[place]).toBe(true);
    expect(() => localShift(local, signal, options)).toThrow('its averages are not told');
    const own = readNeighbourhood(await ask(['p9', 'p12'], 8), scene.node.header.hash);
    expect(localShift(own, signal, options).norm).toBeGreaterThan(0);
  });

  it('is not of axons that a node says twice', async () => {
    const answer = await ask(['p9'], 1);
    const twice = { ...answer, axons: [...answer.axons, answer.axons[0]] };
    const refusal = `axons[${answer.axons.length}]: .* is there twice`;
    expect(() => readNeighbourhood(twice, scene.node.header.hash)).toThrow(
      new RegExp(refusal.replace(/[[\]]/g, '\\$&')),
    );
  });

  it('is not of axons between particles whose axons are not all there', async () => {
    const answer = await ask(['p9'], 0);
    const particles = answer.particles.map((each) => ({ ...each, complete: false }));
    expect(() => readNeighbourhood({ ...answer, particles }, scene.node.header.hash)).toThrow(
      'expected an axon at a complete particle',
    );
  });
});
