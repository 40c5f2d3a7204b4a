// Classes of links: every rule on both sides of its boundary, precedence, and that every link of a
// growing graph has exactly one.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CLASS_LIMITS,
  classifyLinks,
  classOf,
  LINK_CLASSES,
  type LinkFeatures,
} from '../../src/valuation/classes.js';
import { valueLinks } from '../../src/valuation/link-valuation.js';
import { growingGraphs, linkedOf, PLAIN, solved } from './growth.js';

const of = (contributions: readonly number[], more: Partial<LinkFeatures> = {}): string =>
  classOf({
    contributions,
    noise: 0,
    meanFocus: 2 ** -10,
    joinedAxon: false,
    axonShare: 1,
    joinsCommunities: false,
    ...more,
  });

/** Eight epochs: the first quarter is ages 0 and 1. */
const FLAT = [1, 1, 1, 1, 1, 1, 1, 1];

describe('rules', () => {
  it('have the numbers that are documented', () => {
    expect(CLASS_LIMITS).toEqual({
      inertGain: 0.001,
      confirmingShare: 0.5,
      bridgePeak: 0.5,
      bridgeEpochs: 0.5,
      viralWindow: 0.25,
      viralGain: 0.5,
    });
    expect(LINK_CLASSES.map(({ name }) => name)).toEqual([
      'inert',
      'confirming',
      'bridge',
      'viral',
      'foundational',
    ]);
  });

  it('inert: a gain of at most a thousandth of the mean focus, or of the noise', () => {
    const limit = 1e-3 * 2 ** -10;
    expect(of([limit])).toBe('inert');
    expect(of([limit * (1 + 1e-12)])).toBe('viral');
    expect(of([limit / 2, limit / 2 + 1e-15, 0, 0])).not.toBe('inert');
    expect(of([0.25, 0.5], { noise: 0.75 })).toBe('inert');
    expect(of([0.25, 0.5], { noise: 0.7499999 })).not.toBe('inert');
    // Losses are no gain, and take none away.
    expect(of([-1, -1, -1])).toBe('inert');
    expect(of([0.5, -100])).not.toBe('inert');
  });

  it('confirming: joined an axon with at most half of it', () => {
    expect(of(FLAT, { joinedAxon: true, axonShare: 0.5 })).toBe('confirming');
    expect(of(FLAT, { joinedAxon: true, axonShare: 0.5000001 })).toBe('foundational');
    expect(of(FLAT, { joinedAxon: false, axonShare: 0.5 })).toBe('foundational');
  });

  it('bridge: joins communities, no epoch above half of the gain, gains in half of its epochs', () => {
    const joins = { joinsCommunities: true };
    expect(of([2, 2, 0, 0], joins)).toBe('bridge');
    expect(of([2.1, 2, 0, 0], joins)).toBe('viral');
    expect(of([2, 2, 0, 0, 0], joins)).toBe('viral');
    expect(of([2, 2, 0, 0])).toBe('viral');
    expect(of([2, 2, -5, 0], joins)).toBe('bridge');
  });

  it('viral: the best epoch, and half of the gain, in the first quarter', () => {
    expect(of([3, 1, 1, 1, 1, 1, 0, 0])).toBe('viral');
    expect(of([3, 0.999, 1, 1, 1, 1, 0, 0])).toBe('foundational');
    expect(of([1, 4, 0, 0, 2, 0, 0, 0])).toBe('viral');
    // More than half early, but the best epoch later.
    expect(of([3, 3, 4, 0, 0, 0, 0, 0])).toBe('foundational');
    // Of equal best epochs the first one counts.
    expect(of([3, 0, 3, 0, 0, 0, 0, 0])).toBe('viral');
    // Five epochs: the first quarter is two, rounded up.
    expect(of([1, 3, 1, 1, 1])).toBe('viral');
    expect(of([1, 1, 3, 1, 1])).toBe('foundational');
    expect(of([1])).toBe('viral');
  });

  it('foundational: slow rise and long reward', () => {
    expect(of([0, 0, 1, 2, 3, 4, 5, 6])).toBe('foundational');
    expect(of(FLAT)).toBe('foundational');
    expect(of([-3, -2, 0, 1, 1, 2, 2, 1])).toBe('foundational');
  });

  it('are tried in their order', () => {
    const all = { joinedAxon: true, axonShare: 0.1, joinsCommunities: true } as const;
    expect(of([0, 0], all)).toBe('inert');
    expect(of([2, 2], all)).toBe('confirming');
    expect(of([2, 2], { ...all, joinedAxon: false })).toBe('bridge');
  });

  it('give every link one class', () => {
    const number = fc.double({ min: -1, max: 1, noNaN: true });
    const features = fc.record({
      contributions: fc.array(number, { minLength: 1, maxLength: 30 }),
      noise: fc.double({ min: 0, max: 0.1, noNaN: true }),
      meanFocus: fc.double({ min: 1e-9, max: 1, noNaN: true }),
      joinedAxon: fc.boolean(),
      axonShare: fc.double({ min: 0, max: 1, noNaN: true }),
      joinsCommunities: fc.boolean(),
    });
    const names = LINK_CLASSES.map(({ name }) => name as string);
    fc.assert(
      fc.property(features, (each) => {
        expect(names).toContain(classOf(each));
      }),
    );
  });
});

describe('classes of a sequence', () => {
  it('know who joined an axon, who opened one, and which links are gone', async () => {
    const hub = ['ann', 'h', 'i', 8] as const;
    const first = linkedOf([hub, ['bo', 'i', 'j', 1], ['bo', 'j', 'h', 1]]);
    const second = linkedOf([
      hub,
      ['bo', 'i', 'j', 1],
      ['bo', 'j', 'h', 1],
      ['cy', 'h', 'i', 8],
      ['cy', 'i', 'j', 1.5],
      ['cy', 'h', 'k', 4],
      ['di', 'h', 'k', 1],
    ]);
    const valuation = await valueLinks(await solved([first, second, second]), PLAIN);
    const births = Array.from({ length: 7 }, (_, slot) => valuation.birthAt(slot));
    expect(births.map(({ joinedAxon }) => joinedAxon)).toEqual([
      ...[false, false, false],
      ...[true, true, false, false],
    ]);
    expect(births.map(({ axonShare }) => axonShare)).toEqual([1, 1, 1, 0.5, 0.6, 0.8, 0.2]);
    const { classes, counts } = classifyLinks(valuation);
    expect(Object.values(counts).reduce((sum, each) => sum + each, 0)).toBe(7);
    expect(classes[5]).toBe('viral');
  });

  it('are one for each link, with bridges between communities of the last graph only', async () => {
    const valuation = await valueLinks(await solved(growingGraphs(3, 8)), PLAIN);
    const { classes, counts, communities } = classifyLinks(valuation);
    expect(classes).toHaveLength(valuation.count);
    for (const [name, count] of Object.entries(counts)) {
      expect(classes.filter((each) => each === name)).toHaveLength(count);
    }
    const { ids } = valuation.last.graph;
    classes.forEach((name, slot) => {
      if (name !== 'bridge') return;
      const { from, to, isAlive } = valuation.linkAt(slot);
      expect(isAlive).toBe(true);
      const [a, b] = [from, to].map((id) => communities.labels[ids.indexOf(id)]);
      expect(a).not.toBe(b);
    });
    expect(counts.viral + counts.foundational).toBeGreaterThan(0);
  });

  it('count ages of what the sequence begins with from the second epoch', async () => {
    const linked = linkedOf([['ann', 'a', 'b', 1]]);
    // Contributions 1, 3, 1, 1, 0 sixteenths: the first quarter of five epochs is two.
    const focus = [1, 2, 5, 6, 7, 7].map((sixteenths) => sixteenths / 16);
    const views = focus.map((phi, epoch) => ({
      epoch,
      linked,
      phi: Float64Array.of(1 - phi, phi),
      errorBound: 0,
    }));
    expect(classifyLinks(await valueLinks(views, PLAIN)).classes).toEqual(['viral']);
    const later = [views[0], ...views.slice(2)];
    expect(classifyLinks(await valueLinks(later, PLAIN)).classes).toEqual(['viral']);
    expect(classifyLinks(await valueLinks(views.slice(1, 5), PLAIN)).classes).toEqual(['viral']);
    const slow = focus.map((_, t) => ({ ...views[t], phi: views[5 - t].phi.map((x) => 1 - x) }));
    expect(classifyLinks(await valueLinks(slow, PLAIN)).classes).toEqual(['foundational']);
  });

  it('need curves', async () => {
    const views = await solved(growingGraphs(3, 1));
    const bare = await valueLinks(views, { ...PLAIN, curves: false });
    expect(() => classifyLinks(bare)).toThrow(/expected a valuation with curves/);
  });
});
