// The registry of verification nodes: who may attest, who owns them, and what their word weighs.
//   nodes:
//     - { did: did:key:z6Mk…, owner: north-lab, weight: 1 }
// A node of weight 0 never attests; it is listed so that its owner is known when it claims. Who owns a node
// is what this list says: a claimant that it does not name has no owner but itself.

import { canonicalJson, sha256Hex } from '../../../base/canonical.js';
import { isDid } from '../../../base/did-key.js';
import { check, shown } from '../../../base/errors.js';
import { decimalOf, scaleFloor, UNITS_PER_TOKEN } from '../../../ledger/amount.js';
import { decimalText } from '../exact-decimal.js';
import { decimal, keysOf, list, refuse, yamlRoot, type Place, type Read } from '../yaml-place.js';

/** A node that is known. */
export interface VerificationNode {
  /** did:key. */
  readonly did: string;
  /** 1 … 64 of a-z 0-9 . _ -: one spelling for one owner. */
  readonly owner: string;
  /** In parts of 10⁻⁹, 0 … 10¹⁸. */
  readonly weight: bigint;
}

/** Nodes by their names. */
export interface NodeRegistry {
  /** By rising name. */
  readonly nodes: readonly VerificationNode[];
  /** SHA-256 over canonical JSON of the nodes, 64 hex digits. */
  readonly digest: string;
  get(did: string): VerificationNode | null;
}

const OWNER = /^[a-z0-9](?:[a-z0-9._-]{0,63})$/;
/** 10⁹ in parts of 10⁻⁹. */
const MOST_WEIGHT = UNITS_PER_TOKEN * 1_000_000_000n;

/**
 * The registry of these nodes. Throws `bad-parameter` for names that are no keys, owners or weights outside
 * their ranges, and a node that is listed twice.
 */
export function nodeRegistry(nodes: readonly VerificationNode[]): NodeRegistry {
  const known = new Map<string, VerificationNode>();
  for (const [i, { did, owner, weight }] of nodes.entries()) {
    const isNode = isDid(did) && OWNER.test(owner) && weight >= 0n && weight <= MOST_WEIGHT;
    check(
      isNode && !known.has(did),
      'bad-parameter',
      () =>
        `nodes[${i}]: expected a did:key not listed before, an owner of a-z 0-9 . _ - and a weight ` +
        `in 0…10⁹, found ${shown(did)}, ${shown(owner)}, ${decimalOf(weight)}`,
    );
    known.set(did, { did, owner, weight });
  }
  const sorted = [...known.values()].sort((a, b) => (a.did < b.did ? -1 : 1));
  const plain = sorted.map((node) => ({ ...node, weight: decimalOf(node.weight) }));
  const digest = sha256Hex(`focus-bly-nodes-1\n${canonicalJson(plain)}`);
  return { nodes: sorted, digest, get: (did) => known.get(did) ?? null };
}

/**
 * Reads a registry of YAML; `name` is the file, for errors. Throws `bad-input` with file, line and reason for
 * unknown or missing keys, values outside their ranges, and a node that is listed twice.
 */
export function readNodes(text: string, name: string): NodeRegistry {
  const { nodes } = FILE(yamlRoot(text, name));
  const lines = new Map<string, number>();
  for (const { node, place } of nodes) {
    const before = lines.get(node.did);
    if (before !== undefined) {
      refuse(place, `${node.did} is listed before, on line ${before}`, 'list each node once');
    }
    lines.set(node.did, place.line);
  }
  return nodeRegistry(nodes.map(({ node }) => node));
}

/** The registry of no nodes: nobody may attest. */
export const NO_NODES: NodeRegistry = nodeRegistry([]);

function textThat(expected: string, holds: (text: string) => boolean): Read<string> {
  return (place) => {
    const value = (place.node as { readonly value?: unknown } | null)?.value;
    if (typeof value === 'string' && holds(value)) return value;
    const found = typeof value === 'string' ? shown(value) : typeof value;
    return refuse(place, `expected ${expected}, found ${found}`);
  };
}

const weight: Read<bigint> = (place) => {
  const exact = decimal(place);
  const units = scaleFloor(UNITS_PER_TOKEN, [exact]);
  const isExact = units * exact.denominator === exact.numerator * UNITS_PER_TOKEN;
  if (isExact && units >= 0n && units <= MOST_WEIGHT) return units;
  return refuse(place, `expected 0 to 10⁹ with at most 9 decimals, found ${decimalText(exact)}`);
};

const NODE = keysOf({
  did: textThat('did:key of an Ed25519 key', isDid),
  owner: textThat('1 … 64 of a-z 0-9 . _ -, the first no sign', (text) => OWNER.test(text)),
  weight,
});

const FILE = keysOf({
  nodes: list((place: Place) => ({ node: NODE(place), place })),
});
