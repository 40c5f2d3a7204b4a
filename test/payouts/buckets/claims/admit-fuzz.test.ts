// Bodies that anybody might send: valid ones with something changed at a random place, and values of every kind.
// The answer is always a refusal with a code of the list, unless what is left is what was signed.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../../src/base/canonical.js';
import { admitClaim } from '../../../../src/payouts/buckets/claims/admit-claim.js';
import { isRefusal, REFUSAL_STATUS } from '../../../../src/payouts/buckets/claims/refusal.js';
import { BUCKETS } from '../../../../src/payouts/buckets/bucket.js';
import { bodyOf, deskOf, didOf, NOW_MS, STRANGER } from './desk.js';

type Tree = { [key: string]: unknown };

/** JSON texts of valid bodies, one a kind. */
const VALID = BUCKETS.map((kind) => JSON.stringify(bodyOf(kind)));
const RUNS = 2000;

/** What stands in for a value. */
const hostile = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    '-0',
    '1e9',
    '0x10',
    'NaN',
    '٣',
    '\ud800',
    '\u0000',
    'e\u0301',
    '1'.repeat(5000),
    '__proto__',
    -0,
    NaN,
    Infinity,
    -Infinity,
    1e308,
    5e-324,
    2 ** 53,
    0.1 + 0.2,
    1n,
    undefined,
    [],
    {},
    NOW_MS,
    'wallet:alice',
    'pending:wallet:alice',
    didOf(STRANGER),
    'f'.repeat(64),
    'f'.repeat(128),
  ),
  fc.bigInt({ min: 0n, max: 10n ** 25n }).map(String),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const names = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'toJSON',
  'quality',
  'difficulty',
  'recipient',
  'better',
  'tokens',
  'weight',
  '0',
  '',
);
const mutation = fc.record({
  place: fc.nat(),
  how: fc.constantFrom('replace', 'remove', 'add', 'twist', 'repeat', 'reverse'),
  name: names,
  value: hostile,
});

/** Every object and list below a value, itself among them. */
function nodesOf(value: unknown): Tree[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value as Tree, ...Object.values(value).flatMap(nodesOf)];
}

/** Changes a body at one place. */
function mutate(
  body: Tree,
  { place, how, name, value }: typeof mutation extends fc.Arbitrary<infer T> ? T : never,
): void {
  const places = nodesOf(body).flatMap((node) => Object.keys(node).map((key) => ({ node, key })));
  if (places.length === 0) return;
  const { node, key } = places[place % places.length];
  const set = (at: string, to: unknown): void => {
    Object.defineProperty(node, at, {
      value: to,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  };
  const old = node[key];
  if (how === 'replace') set(key, value);
  else if (how === 'remove') delete node[key];
  else if (how === 'add') set(Array.isArray(node) ? String(node.length) : name, value);
  else if (how === 'repeat' && Array.isArray(node)) node.push(old);
  else if (how === 'reverse' && Array.isArray(old)) old.reverse();
  else if (how === 'twist' && typeof old === 'number') set(key, old + 1);
  else if (how === 'twist' && typeof old === 'string' && old !== '') {
    const at = place % old.length;
    set(key, old.slice(0, at) + String.fromCharCode(old.charCodeAt(at) ^ 1) + old.slice(at + 1));
  }
}

/** Canonical JSON, or null where there is none. */
function canonical(value: unknown): string | null {
  try {
    return canonicalJson(value);
  } catch {
    return null;
  }
}

async function judged(body: unknown): Promise<boolean> {
  const desk = deskOf();
  const answer = await admitClaim(body, desk);
  if (!isRefusal(answer)) return true;
  expect(Object.keys(REFUSAL_STATUS)).toContain(answer.code);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.reason.length).toBeGreaterThan(0);
  expect(answer.reason.length).toBeLessThan(500);
  expect(desk.rate.size).toBe(0);
  return false;
}

describe('whatever is sent', () => {
  it('is refused with a code, unless it is what was signed', async () => {
    const codes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...VALID),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        async (text, mutations) => {
          const body = JSON.parse(text) as Tree;
          for (const each of mutations) mutate(body, each);
          const isSame = canonical(body) === canonical(JSON.parse(text));
          const isAdmitted = await judged(body);
          // A changed body may be the same text where undefined or NaN would not travel.
          if (isAdmitted) expect(isSame).toBe(true);
          codes.set(String(isAdmitted), (codes.get(String(isAdmitted)) ?? 0) + 1);
        },
      ),
      { numRuns: RUNS },
    );
    expect(codes.get('false')).toBeGreaterThan(RUNS / 2);
    expect(({} as Tree)['kind']).toBeUndefined();
  });

  it('is refused as malformed where it is no claim at all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.anything({ withBigInt: true, withMap: true }), fc.jsonValue()),
        async (body) => {
          expect(await judged(body)).toBe(false);
          expect(await judged({ claim: body, signature: 'f'.repeat(128) })).toBe(false);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
