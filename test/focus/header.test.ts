// Headers of epochs: the text and hash of docs/roots.md, which were computed outside this engine
// from the page alone; that a light client can go from a header to an axon and a particle; and that
// a header is read in one form only.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { digestOfFocus } from '../../src/base/digest.js';
import type { Verdict } from '../../src/base/merkle-proof.js';
import { focusExact, type ExactFocus } from '../../src/focus/exact/focus-exact.js';
import { focus } from '../../src/focus/focus.js';
import {
  focusHead,
  graphHead,
  openRoots,
  readHeader,
  verifyHeader,
  verifySuccession,
  type EpochRoots,
} from '../../src/focus/header.js';
import { verifyAbsentParticle, verifyParticle } from '../../src/focus/root.js';
import type { Graph } from '../../src/graph/graph.js';
import { verifyAbsentAxon, verifyAxon } from '../../src/graph/root.js';
import { graphOf, type LinkTuple } from '../graphs.js';
import { HOSTILE } from '../merkle-tree.js';

const LINKS: readonly LinkTuple[] = [
  ['1', '2', 100],
  ['2', '3', 50],
  ['3', '1', 200],
];
const GENESIS = { epoch: 0, previous: null };

// Computed with Python's hashlib and struct from docs/roots.md and the units of the first row of
// docs/exact-arithmetic.md, section 10.
const HASH = '9ef0538afbab79c3dbccbb5cd07e8b0c6fde126089b14023e4de345e00a229ed';
const TEXT =
  '{"version":1,"epoch":0,"previous":null,' +
  '"graphRoot":"98b7a7794c5f9a2ef90c6ded26be5f54280b91898269fd6679bc1ef0384ec00c",' +
  '"axons":3,"particles":3,' +
  '"focusRoot":"392be5d0a8465cfd3a414ac5a55f99bb046a3ee5d0e41bea4423642f9f127570",' +
  '"precision":"exact","focus":{"reading":"focus-1","teleport":0.15,"mu":1,"tau":1,' +
  '"lambda":[0.5,0.3,0.2],"unit":null,"prior":"degree","tolerance":1e-9,"start":"prior",' +
  '"applications":36},' +
  '"focusDigest":"80e4ea5fc6f4dfe18cd28cf33c75b18e71a40dc18423a37eba26d73822faee5a"}';

let graph: Graph;
let result: ExactFocus;
let roots: EpochRoots;

beforeAll(async () => {
  graph = graphOf(LINKS);
  result = await focusExact(graph);
  roots = openRoots(graph, result, GENESIS);
});

function reasonOf(verdict: Verdict): string {
  expect(verdict.accepted).toBe(false);
  return verdict.accepted ? '' : verdict.reason;
}

describe('the header of an epoch', () => {
  it('is the text and the hash of the documentation', () => {
    expect(roots.text).toBe(TEXT);
    expect(roots.hash).toBe(HASH);
    const page = readFileSync(new URL('../../docs/roots.md', import.meta.url), 'utf8');
    expect(page).toContain(TEXT);
    expect(page).toContain(HASH);
    const [proof] = roots.graph.prove([{ from: '2', to: '3' }]);
    expect(proof.index).toBe(1);
    expect(page).toContain(proof.path.map((digest) => `    ${digest}\n`).join(''));
  });

  it('leads a light client to every axon and particle, and to those that are absent', () => {
    const reading = readHeader(TEXT);
    if (!reading.accepted) throw new Error(reading.reason);
    const { header } = reading;
    for (const [from, to, weight] of LINKS) {
      const proof = JSON.parse(JSON.stringify(roots.graph.prove([{ from, to }])[0])) as unknown;
      expect(verifyAxon(graphHead(header), { from, to, weight }, proof).accepted).toBe(true);
      // Trees of the same size do not stand in for one another.
      reasonOf(verifyAxon(focusHead(header), { from, to, weight }, proof));
    }
    for (const [index, id] of ['1', '2', '3'].entries()) {
      const proof = JSON.parse(JSON.stringify(roots.focus.prove([id])[0])) as unknown;
      const particle = { id, units: String(result.exact.units[index]) };
      expect(verifyParticle(focusHead(header), particle, proof).accepted).toBe(true);
      reasonOf(verifyParticle(graphHead(header), particle, proof));
    }
    const noAxon = roots.graph.proveAbsent('1', '3');
    expect(verifyAbsentAxon(graphHead(header), '1', '3', noAxon).accepted).toBe(true);
    const noParticle = roots.focus.proveAbsent('4');
    expect(verifyAbsentParticle(focusHead(header), '4', noParticle).accepted).toBe(true);
  });

  it('has one graph root for first-seen and sorted particles, whose digests differ', async () => {
    const links: LinkTuple[] = [
      ['b', 'a', 2],
      ['c', 'b', 3],
    ];
    const [one, two] = await Promise.all(
      (['first-seen', 'sorted'] as const).map(async (order) => {
        const built = graphOf(links, { order });
        return openRoots(built, await focusExact(built), GENESIS).header;
      }),
    );
    expect(two.graphRoot).toBe(one.graphRoot);
    expect(two.axons).toBe(one.axons);
    expect(two.focusDigest).not.toBe(one.focusDigest);
  });

  it('of a focus in doubles names its precision and covers given priors by their bits', async () => {
    const prior = Float64Array.of(1, 0.1, 3);
    const plain = await focus(graph, { reading: 'pagerank', prior });
    const { header } = openRoots(graph, plain, GENESIS);
    expect(header.precision).toBe('f64');
    const bits = Buffer.alloc(24);
    prior.forEach((value, i) => bits.writeDoubleLE(value, 8 * i));
    expect(header.focus).toEqual({
      reading: 'pagerank',
      teleport: 0.15,
      mu: null,
      tau: null,
      lambda: [1, 0, 0],
      unit: null,
      prior: createHash('sha256').update(bits).digest('hex'),
    });
    const text = JSON.stringify(header.focus);
    expect(header.focusDigest).toBe(digestOfFocus(text, graph.ids, plain.phi.data));
    const particle = { id: '2', focus: plain.phi.data[1] };
    const [proof] = openRoots(graph, plain, GENESIS).focus.prove(['2']);
    expect(verifyParticle(focusHead(header), particle, proof).accepted).toBe(true);
  });

  it('cannot be made for a place or a start that it cannot say', async () => {
    for (const place of [
      { epoch: -1, previous: null },
      { epoch: 0.5, previous: null },
      { epoch: 1, previous: 'x' },
      { epoch: 0, previous: HASH },
    ]) {
      expect(() => openRoots(graph, result, place)).toThrow(/the header cannot be made/);
    }
    const start = { units: result.exact.units, name: 'yesterday' };
    const warm = await focusExact(graph, { start });
    expect(() => openRoots(graph, warm, GENESIS)).toThrow(/focus\.start: expected/);
    const named = await focusExact(graph, { start: { ...start, name: result.exact.digest } });
    expect(openRoots(graph, named, GENESIS).header.focus.start).toBe(result.exact.digest);
  });
});

describe('reading a header', () => {
  it('gives back what was written, with its hash', () => {
    const { text, hash, header } = roots;
    expect(readHeader(text)).toEqual({ accepted: true, text, hash, header });
  });

  it('refuses every text of the same meaning in another form', () => {
    const variants = [
      ` ${TEXT}`,
      `${TEXT}\n`,
      TEXT.replace(':1,', ': 1,'),
      TEXT.replace('"epoch":0', '"epoch":-0'),
      TEXT.replace('"epoch":0', '"epoch":0.0'),
      TEXT.replace('0.15', '0.150'),
      TEXT.replace('0.15', '1.5e-1'),
      TEXT.replace('1e-9', '0.000000001'),
      TEXT.replace('"version":1,"epoch":0', '"epoch":0,"version":1'),
      TEXT.replace('"epoch":0,', '"epoch":0,"epoch":0,'),
      TEXT.replace('"mu":1,"tau":1', '"tau":1,"mu":1'),
      TEXT.replace('"exact"', '"ex\\u0061ct"'),
    ];
    for (const text of variants) {
      expect(JSON.stringify(JSON.parse(text)).length).toBeGreaterThan(0);
      expect(reasonOf(readHeader(text)), text.slice(0, 60)).toMatch(/^header: not canonical at/);
    }
  });

  it('refuses any field that is missing, unknown or out of range, and names it', () => {
    const { header } = roots;
    const say = (change: object, inFocus: object = {}): string => {
      const changed = { ...header, ...change };
      if (Object.keys(inFocus).length > 0) changed.focus = { ...header.focus, ...inFocus };
      return reasonOf(readHeader(JSON.stringify(changed)));
    };
    for (const key of Object.keys(header)) {
      expect(say({ [key]: undefined })).toMatch(new RegExp(`^${key}: .* found nothing`));
      for (const value of [[], {}, 'x', -1, 0.5, 1e300, true]) {
        const isDescription = key === 'focus' && value instanceof Object && !Array.isArray(value);
        expect(say({ [key]: value })).toMatch(
          isDescription ? /^focus\.reading: / : new RegExp(`^${key}: `),
        );
      }
    }
    for (const key of Object.keys(header.focus)) {
      expect(say({}, { [key]: undefined })).toMatch(
        new RegExp(`^focus\\.${key}: .* found nothing`),
      );
      for (const value of [[], {}, 'x', -1, true]) {
        expect(say({}, { [key]: value })).toMatch(new RegExp(`^focus\\.${key}: expected`));
      }
    }
    expect(say({ version: 2 })).toBe('version: expected 1, found 2');
    expect(say({ extra: 1 })).toBe('extra: expected no such key');
    expect(say({}, { extra: 1 })).toBe('focus.extra: expected no such key');
    expect(say({ previous: HASH })).toMatch(/^previous: expected null in epoch 0/);
    expect(say({ graphRoot: header.graphRoot.toUpperCase() })).toMatch(/^graphRoot: /);
    expect(say({ precision: 'f64' })).toMatch(/^focus\.tolerance: expected no such key/);
    expect(say({}, { mu: null })).toMatch(/^focus\.mu: expected null where/);
    expect(say({}, { lambda: [1, 0, 0], tau: null })).toMatch(/^focus\.mu: expected null where/);
    expect(say({}, { lambda: [0.7, 0.3, 0] })).toMatch(/^focus\.tau: expected null where/);
    expect(say({}, { lambda: [0.5, 0.3, 0.3] })).toMatch(/^focus\.lambda: /);
    expect(say({}, { lambda: [0, 0.5, 0.5] })).toMatch(/^focus\.lambda: /);
    expect(say({}, { lambda: [0.5, 0.5] })).toMatch(/^focus\.lambda: /);
  });

  it('refuses anything at all without an exception', () => {
    for (const value of HOSTILE) {
      reasonOf(readHeader(value));
      reasonOf(readHeader(JSON.stringify(value)));
      reasonOf(verifySuccession(value, value));
    }
    expect(reasonOf(readHeader('['.repeat(4000)))).toMatch(/^header: not JSON/);
    expect(reasonOf(readHeader(TEXT.padEnd(4097)))).toMatch(/at most 4096 characters/);
    expect(reasonOf(readHeader(TEXT.replace('{', '{"__proto__":{},')))).toMatch(/^__proto__: /);
    fc.assert(
      fc.property(
        fc.nat(TEXT.length - 1),
        fc.string({ maxLength: 3 }),
        fc.nat(3),
        (at, put, cut) => {
          const text = TEXT.slice(0, at) + put + TEXT.slice(at + cut);
          const reading = readHeader(text);
          expect(reading.accepted ? JSON.stringify(reading.header) : text).toBe(text);
          if (reading.accepted && text !== TEXT) expect(reading.hash).not.toBe(HASH);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('a chain of headers', () => {
  it('is followed by epoch and hash', () => {
    const next = openRoots(graph, result, { epoch: 1, previous: roots.hash });
    expect(verifySuccession(roots.text, next.text)).toEqual({ accepted: true });
    expect(reasonOf(verifySuccession(next.text, roots.text))).toMatch(
      /^epoch: expected 2, found 0/,
    );
    const skipped = openRoots(graph, result, { epoch: 2, previous: roots.hash });
    expect(reasonOf(verifySuccession(roots.text, skipped.text))).toMatch(/^epoch: /);
    const forged = openRoots(graph, result, { epoch: 1, previous: next.hash });
    expect(reasonOf(verifySuccession(roots.text, forged.text))).toMatch(/^previous: /);
    const first = openRoots(graph, result, { epoch: 1, previous: null });
    expect(reasonOf(verifySuccession(roots.text, first.text))).toMatch(/^previous: .* found null/);
    expect(reasonOf(verifySuccession('{}', next.text))).toMatch(/^the header before: version/);
    expect(reasonOf(verifySuccession(roots.text, '{}'))).toMatch(/^the header after: version/);
  });

  it('is verified by making each header anew, and the first field that differs is named', async () => {
    expect(verifyHeader(TEXT, graph, result)).toEqual({ accepted: true });
    const other = graphOf([...LINKS.slice(1), ['1', '2', 101]]);
    expect(reasonOf(verifyHeader(TEXT, other, await focusExact(other)))).toMatch(/^graphRoot: /);
    const shifted = {
      ...result.exact,
      units: result.exact.units.with(0, result.exact.units[0] - 1n),
    };
    const dishonest = { ...result, exact: shifted };
    expect(reasonOf(verifyHeader(TEXT, graph, dishonest))).toMatch(/^focusRoot: expected "/);
    const loose = await focusExact(graph, { tolerance: 1e-10 });
    expect(reasonOf(verifyHeader(TEXT, graph, loose))).toMatch(/^focusRoot: |^focus: /);
    expect(reasonOf(verifyHeader('x', graph, result))).toMatch(/^header: not JSON/);
  });
});
