// Rulesets: nothing is defaulted, everything wrong is named.

import { describe, expect, it } from 'vitest';
import { readRulesets, rulesetAt, rulesetText } from '../../src/epoch/ruleset.js';
import { LATER, RULES, RULESETS } from './chains.js';

describe('rulesets', () => {
  it('every key must be there', () => {
    for (const key of Object.keys(RULES)) {
      const { [key as keyof typeof RULES]: _, ...rest } = RULES;
      expect(() => readRulesets([rest], 'rules')).toThrow(`rules[0].${key}: expected a value`);
    }
    for (const key of Object.keys(RULES.marginals)) {
      const { [key as keyof typeof RULES.marginals]: _, ...rest } = RULES.marginals;
      const rules = { ...RULES, marginals: rest };
      expect(() => readRulesets([rules], 'rules')).toThrow(`rules[0].marginals.${key}`);
    }
  });

  it('names what is wrong', () => {
    const wrong: readonly [object, string][] = [
      [{ teleport: 0 }, 'teleport: expected a number in (0, 1], found 0'],
      [{ teleport: NaN }, 'teleport'],
      [{ teleport: '0.15' }, 'found "0.15"'],
      [{ startEpoch: -1 }, 'startEpoch'],
      [{ startEpoch: 0.5 }, 'startEpoch'],
      [{ lambda: [0.5, 0.3] }, 'expected three numbers of sum 1'],
      [{ lambda: [0.5, 0.3, 0.3] }, 'expected three numbers of sum 1'],
      [{ prior: null }, 'prior: expected degree or uniform, found null'],
      [{ joint: ['delta-norm', 'delta-norm'] }, 'once at most'],
      [{ joint: ['alignment'] }, 'found alignment'],
      [{ damping: 0.85 }, 'found "damping"'],
      [{ marginals: { ...LATER.marginals, functions: ['delta-norm'] } }, 'found delta-norm'],
      [{ marginals: { ...LATER.marginals, method: 'none' } }, 'expected none'],
    ];
    for (const [change, message] of wrong)
      expect(() => readRulesets([{ ...RULES, ...change }], 'rules')).toThrow(message);
    for (const value of [null, {}, [], 'rules', [null], [[]]])
      expect(() => readRulesets(value, 'rules')).toThrow(/rules/);
    expect(() => readRulesets([LATER, RULES], 'rules')).toThrow('rules[1].startEpoch');
    expect(() => readRulesets([RULES, { ...LATER, order: 'sorted' }], 'rules')).toThrow('order');
  });

  it('hold from their start until the next', () => {
    const [first, second] = RULESETS;
    expect([0, 2, 3, 1000].map((epoch) => rulesetAt(RULESETS, epoch))).toEqual([
      first,
      first,
      second,
      second,
    ]);
    expect(() => rulesetAt([second], 2)).toThrow('expected one that starts by epoch 2');
  });

  it('have one text, whatever the order of keys in the file', () => {
    const shuffled = Object.fromEntries(Object.entries(RULES).reverse());
    const text = rulesetText(readRulesets([shuffled], 'rules')[0]);
    expect(text).toBe(rulesetText(RULESETS[0]));
    expect(readRulesets([JSON.parse(text)], 'rules')[0]).toEqual(RULESETS[0]);
  });
});
