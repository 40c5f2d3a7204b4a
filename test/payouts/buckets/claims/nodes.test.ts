// The registry of verification nodes: what YAML gives, and every fault with its line.

import { describe, expect, it } from 'vitest';
import { NO_NODES, nodeRegistry, readNodes } from '../../../../src/payouts/buckets/claims/nodes.js';
import { didOf } from './desk.js';

const [A, B] = [didOf(1), didOf(2)];
const line = (did: string, owner = 'north', weight = '1'): string =>
  `  - { did: '${did}', owner: ${owner}, weight: ${weight} }`;

describe('registry of nodes', () => {
  it('reads names, owners and exact weights, in any order to one digest', () => {
    const text = `# comment\nnodes:\n${line(B)}\n${line(A, 'south-2', '0.000_000_001')}\n`;
    const registry = readNodes(text, 'nodes.yaml');
    expect(registry.get(B)).toEqual({ did: B, owner: 'north', weight: 1_000_000_000n });
    expect(registry.get(A)?.weight).toBe(1n);
    expect(registry.get(didOf(3))).toBeNull();
    expect(registry.get('__proto__')).toBeNull();
    expect(registry.nodes.map(({ did }) => did)).toEqual([A, B].sort());
    const back = nodeRegistry([...registry.nodes].reverse());
    expect(back.digest).toBe(registry.digest);
    const other = readNodes(text.replace('north', 'norther'), 'nodes.yaml');
    expect(other.digest).not.toBe(registry.digest);
    expect(readNodes('nodes: []', 'nodes.yaml').digest).toBe(NO_NODES.digest);
  });

  it('names file, line and reason of what is wrong', () => {
    const faults: readonly (readonly [string, RegExp])[] = [
      [`nodes:\n${line(A)}\n${line(B)}\n${line(A)}`, /nodes\.yaml:4: .*listed before, on line 2/],
      [
        `nodes:\n  - did: ${A}\n    owner: a\n    weight: 1\n    weights: 2`,
        /:5: .*unknown key "wei/,
      ],
      [`nodes:\n  - did: ${A}\n    owner: a\n    weight: 1\n    weight: 2`, /:5: .*unique/],
      [`nodes:\n  - did: ${A}\n    owner: a`, /:2: .*expected the key weight, found none/],
      [`nodes: []\nowners: []`, /:2: unknown key "owners"/],
      [`nodes:\n${line(A.replace('z6Mk', 'z6Mj'))}`, /:2: .*expected did:key of an Ed25519 key/],
      [`nodes:\n${line(A, 'North')}`, /:2: .*owner: expected 1 … 64 of a-z/],
      [`nodes:\n${line(A, '7')}`, /:2: .*owner: .*found number/],
      [`nodes:\n${line(A, 'a', '-1')}`, /:2: .*weight: expected 0 to 10⁹/],
      [`nodes:\n${line(A, 'a', '0.0000000001')}`, /:2: .*at most 9 decimals/],
      [`nodes:\n${line(A, 'a', '1000000001')}`, /:2: .*weight: expected 0 to 10⁹/],
      [`nodes:\n${line(A, 'a', '"1"')}`, /:2: .*expected a decimal number/],
      ['nodes: {}', /:1: nodes: expected a list, found a map/],
      ['', /:1: expected the keys nodes, found nothing/],
    ];
    for (const [text, message] of faults) {
      expect(() => readNodes(text, 'nodes.yaml'), text).toThrow(message);
    }
  });

  it('is not made of nodes that are none', () => {
    const node = { did: A, owner: 'north', weight: 1n };
    const wrong = [
      [{ ...node, did: 'did:key:x' }],
      [{ ...node, owner: '' }],
      [{ ...node, weight: -1n }],
      [node, node],
    ];
    for (const nodes of wrong) expect(() => nodeRegistry(nodes)).toThrow(/nodes\[[01]\]: expected/);
  });
});
