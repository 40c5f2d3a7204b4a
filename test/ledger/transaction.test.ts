// What is malformed throws, says where, and leaves nothing; what is well-formed has one canonical text.

import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, sha256Hex } from '../../src/base/canonical.js';
import { checkTransaction } from '../../src/ledger/check-transaction.js';
import {
  claimKey,
  identityKey,
  readContent,
  transactionContent,
  transactionOf,
} from '../../src/ledger/entry.js';
import { ALICE, BOB, issue, keyOf, openClaim, transaction } from './examples.js';

const good = issue(ALICE, 5n);

describe('a transaction', () => {
  it('is checked field by field', () => {
    const posting = (over: object): object => ({
      ...good,
      postings: [{ account: ALICE, token: 'BLY', units: 5n, ...over }, good.postings[0]],
    });
    const effect = (over: object): object => ({
      ...good,
      claims: [{ key: good.key, effect: 'grant', units: 1n, matureAtMs: 1, ...over }],
    });
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [null, /transaction: expected an object, found null/],
      [[], /transaction: expected an object, found a list/],
      ['x', /expected an object, found "x"/],
      [{ ...good, extra: 1 }, /unknown field "extra"/],
      [{ ...good, ['__proto__x']: 1 }, /unknown field/],
      [{ ...good, reason: undefined }, /reason is missing/],
      [{ ...good, key: 'abc' }, /key: expected 64 lower-case hex digits/],
      [{ ...good, key: good.key.toUpperCase() }, /key/],
      [{ ...good, key: `${good.key}\n` }, /key/],
      [{ ...good, kind: '' }, /kind: expected a word/],
      [{ ...good, kind: 'rejected' }, /kind/],
      [{ ...good, kind: 'seal' }, /kind/],
      [{ ...good, epoch: NaN }, /epoch: expected an integer.*found NaN/],
      [{ ...good, epoch: -0 }, /epoch.*found -0/],
      [{ ...good, epoch: -1 }, /epoch/],
      [{ ...good, epoch: 1.5 }, /epoch/],
      [{ ...good, epoch: '1' }, /epoch.*found "1"/],
      [{ ...good, epoch: 2 ** 53 }, /epoch/],
      [{ ...good, timeMs: 8.64e15 + 1 }, /timeMs/],
      [{ ...good, timeMs: Infinity }, /timeMs/],
      [{ ...good, reason: '' }, /reason: expected a text of 1…1000 characters, found 0/],
      [{ ...good, reason: 'x'.repeat(1001) }, /found 1001 characters/],
      [{ ...good, reason: 'half \ud800 pair' }, /reason.*surrogate/],
      [{ ...good, reason: 7 }, /reason/],
      [posting({ units: 5 }), /postings\[0\]\.units: expected base units as a bigint, found 5/],
      [posting({ units: NaN }), /found NaN/],
      [posting({ units: -0 }), /found -0/],
      [posting({ units: 0.5 }), /found 0\.5/],
      [posting({ units: '5' }), /found "5"/],
      [posting({ units: 0n }), /expected an amount, found 0/],
      [posting({ units: 2n ** 63n }), /\|units\| < 2⁶³/],
      [posting({ units: -(2n ** 63n) }), /\|units\| < 2⁶³/],
      [posting({ units: 6n }), /expected a sum of 0 BLY, found 1 base units/],
      [posting({ token: 'bl y' }), /token: expected a token/],
      [posting({ token: '' }), /token/],
      [posting({ account: '' }), /account/],
      [posting({ account: 'neuron' }), /account: expected an account/],
      [posting({ account: 'neuron:' }), /account/],
      [posting({ account: 'neuron:a b' }), /account/],
      [posting({ account: 'neuron:a\u0000' }), /account/],
      [posting({ account: 'neuron:аlice' }), /account/],
      [posting({ account: `neuron:${'x'.repeat(201)}` }), /account/],
      [posting({ account: `n:${Array(9).fill('x'.repeat(99)).join(':')}` }), /account/],
      [posting({ account: 'source:BLOOM' }), /source:BLOOM issues BLOOM, found BLY/],
      [posting({ account: 'pending:neuron:a' }), /moves with claims only/],
      [posting({ account: 'source:BLY' }), /source:BLY occurs twice/],
      [posting({ more: 1 }), /postings\[0\]: unknown field "more"/],
      [{ ...good, postings: {} }, /postings: expected a list/],
      [{ ...good, postings: Array(1001).fill(good.postings[0]) }, /at most 1000/],
      [{ ...good, postings: Array(2) }, /postings\[0\]: expected an object/],
      [effect({ effect: 'pay' }), /claims\[0\]\.effect: expected one of/],
      [effect({ effect: 'toString' }), /claims\[0\]\.effect/],
      [effect({ units: 0n }), /expected more than 0/],
      [effect({ units: -1n }), /expected more than 0/],
      [effect({ matureAtMs: 1.5 }), /matureAtMs/],
      [effect({ to: ALICE }), /unknown field "to"/],
      [effect({ key: 7 }), /claims\[0\]\.key/],
      [openClaim(good.key, 1n, {}, 'pending:neuron:a'), /not pending itself/],
      [openClaim(good.key, 1n, {}, `n:${'x'.repeat(200)}:${'y'.repeat(53)}`), /recipient/],
      [{ ...good, limits: [{ account: ALICE, token: 'BLY', lowest: 0n }] }, /expected a source/],
      [
        { ...good, limits: [{ account: 'source:BLY', token: 'BLY', lowest: 1n }] },
        /expected 0 or less/,
      ],
      [{ ...good, formula: { name: 'f', inputs: { a: 1 }, result: '' } }, /formula\.inputs\.a/],
      [{ ...good, formula: { name: 'f', inputs: { '1': '' }, result: '' } }, /expected a name/],
      [{ ...good, details: { a: '\udc00' } }, /details\.a.*surrogate/],
      [{ ...good, details: 'x' }, /details/],
    ];
    for (const [value, expected] of cases) {
      expect(() => checkTransaction(value), String(expected)).toThrow(expected);
      expect(() => checkTransaction(value)).toThrow(expect.objectContaining({ code: 'bad-input' }));
    }
    expect(checkTransaction(good)).toEqual({
      ...good,
      postings: [...good.postings].sort((a, b) => (a.account < b.account ? -1 : 1)),
    });
  });

  it('does not keep what the caller may change later', () => {
    const mine = { ...good, postings: good.postings.map((each) => ({ ...each })) };
    const checked = checkTransaction(mine);
    mine.postings[0].units = 9n;
    mine.postings.length = 1;
    expect(checked.postings.map(({ units }) => units).sort()).toEqual([-5n, 5n]);
  });

  it('has the canonical text of RFC 8785, and is read back from it', () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,10}$/);
    const texts = fc.dictionary(name, fc.string({ unit: 'grapheme', maxLength: 20 }));
    const units = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n });
    const count = fc.nat({ max: 2 ** 31 - 1 });
    const key = fc.nat(1e9).map((each) => keyOf(String(each)));
    const effects = fc.oneof(
      fc.record({ key, effect: fc.constant('expire' as const), units }),
      fc.record({ key, effect: fc.constant('grant' as const), units, matureAtMs: count }),
      fc.record({ key, effect: fc.constant('void' as const), units, to: fc.constant(BOB) }),
      fc.record({ key, effect: fc.constant('extend' as const), matureAtMs: count }),
    );
    const reason = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
    const offered = fc.record(
      {
        ...{ key, epoch: count, timeMs: count, units, reason, details: texts, inputs: texts },
        claims: fc.array(effects, { minLength: 1, maxLength: 3 }),
      },
      { requiredKeys: ['key', 'epoch', 'timeMs', 'units', 'reason'] },
    );
    fc.assert(
      fc.property(offered, ({ units: amount, inputs, ...fields }) => {
        const made = issue(ALICE, amount, {
          ...fields,
          ...(inputs === undefined ? {} : { formula: { name: 'a "b"', inputs, result: '\n' } }),
        });
        const text = transactionContent(checkTransaction(made));
        expect(text).toBe(canonicalize(JSON.parse(text)));
        const back = transactionOf(JSON.parse(text));
        expect(back).toEqual(checkTransaction(made));
        expect(readContent(text)).toEqual({ type: 'transaction', transaction: back });
      }),
      { numRuns: 300 },
    );
  });

  it('is refused where its text is not canonical', () => {
    const text = transactionContent(checkTransaction(good));
    expect(() => readContent(text.replace('{', '{ '))).toThrow(/not canonical/);
    expect(() => readContent('{}')).toThrow(/content of the log/);
    expect(() => readContent('no')).toThrow(/content of the log/);
  });

  it('may not be larger than a mebibyte', () => {
    const large = Object.fromEntries(
      Array.from({ length: 64 }, (_, i) => [`n${i}`, '\u0001'.repeat(4000)]),
    );
    const checked = checkTransaction(transaction({ details: large }));
    expect(() => transactionContent(checked)).toThrow(/at most 1048576 bytes/);
  });
});

describe('canonical JSON', () => {
  it('refuses what has no canonical text', () => {
    for (const value of [NaN, Infinity, 1n, undefined, '\ud800', { a: '\udfff' }, Symbol('x')]) {
      expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'bad-input' }));
    }
    const loop: unknown[] = [];
    loop.push(loop);
    expect(() => canonicalJson(loop)).toThrow(/Circular/);
  });

  it('is that of RFC 8785, section 3.2.2 and 3.2.3', () => {
    const value = {
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('hashes text as UTF-8', () => {
    // FIPS 180-2, appendix B.1.
    expect(sha256Hex('abc')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(sha256Hex('ä€')).toBe(sha256Hex(Buffer.from('c3a4e282ac', 'hex')));
  });
});

describe('keys', () => {
  it('depend on what work is, not on the order in which it is told', () => {
    expect(identityKey({ a: 1, b: 'x' })).toBe(identityKey({ b: 'x', a: 1 }));
    const identity = { kind: 'k', recipient: ALICE, workId: '1', evidence: 'e', ruleset: 'r' };
    const keys = Object.keys(identity).map((name) => claimKey({ ...identity, [name]: 'other' }));
    expect(new Set([...keys, claimKey(identity)]).size).toBe(6);
    expect(() => claimKey({ ...identity, workId: '' })).toThrow(/workId: expected a text/);
    expect(() => claimKey({ ...identity, more: '' } as never)).toThrow(/unknown field/);
  });
});
