// Entries: what the log holds, as canonical JSON (RFC 8785), and the hashes over it.
//   digest = SHA-256("focus-ledger-content-1\n" ‖ canonical content)
//   hash   = SHA-256("focus-ledger-entry-1\n" ‖ hash before ‖ digest)     the first follows 32 zeros
// A content is a transaction, a rejection (of the transaction it holds) or the seal of an epoch; their
// keys never collide: 64 hex digits, "rejected:" and the digest of what was offered, "seal:" and the
// epoch. docs/ledger.md has every byte.

import { canonicalJson, sha256Hex } from '../base/canonical.js';
import { check, FocusError } from '../base/errors.js';
import { unitsOfText } from './amount.js';
import { checkCount, checkTransaction, recordAt } from './check-transaction.js';
import { refusalSentence, type Refusal, type RefusalCode } from './refusal.js';
import type { ClaimEffect, Limit, Transaction } from './transaction.js';

/** The hash before the first entry. */
export const GENESIS = '0'.repeat(64);
/** Longest canonical content of a transaction, in bytes. */
export const MAX_CONTENT_BYTES = 1 << 20;

/** An entry of the log. */
export interface Entry {
  /** From 0, without gaps. */
  readonly sequence: number;
  readonly key: string;
  readonly epoch: number;
  /** Of the content, and of the chain up to here; lower-case hex. */
  readonly digest: string;
  readonly hash: string;
  /** Canonical JSON. */
  readonly content: string;
}

/** The Merkle root of a sealed epoch. */
export interface SealedRoot {
  readonly root: string;
  readonly size: number;
}

/** A content, read. */
export type Content =
  | { readonly type: 'transaction'; readonly transaction: Transaction }
  | { readonly type: 'rejected'; readonly offered: Transaction; readonly refusal: Refusal }
  | {
      readonly type: 'seal';
      readonly epoch: number;
      readonly timeMs: number;
      readonly seal: SealedRoot;
    };

const CONTENT_DOMAIN = 'focus-ledger-content-1\n';
const ENTRY_DOMAIN = 'focus-ledger-entry-1\n';
const IDENTITY_DOMAIN = 'focus-ledger-identity-1\n';
const CONTENT_BYTES = 8192;
/** What digests and hashes are taken of; written anew for each. */
const CONTENT = Buffer.alloc(CONTENT_DOMAIN.length + CONTENT_BYTES, CONTENT_DOMAIN, 'latin1');
const CHAINED = Buffer.alloc(ENTRY_DOMAIN.length + 64, ENTRY_DOMAIN, 'latin1');

/**
 * The key of a transaction: SHA-256 over the canonical JSON of what it is. The same work gives the
 * same key for ever, so it can be posted once. Throws `bad-input` for what JSON has no place for.
 */
export function identityKey(identity: Readonly<Record<string, unknown>>): string {
  return sha256Hex(IDENTITY_DOMAIN + canonicalJson(identity));
}

/** What makes a claim the same claim. */
export interface ClaimIdentity {
  readonly kind: string;
  readonly recipient: string;
  readonly workId: string;
  /** Digest of the evidence. */
  readonly evidence: string;
  readonly ruleset: string;
}

/** The key of a claim, and of the transaction that opens it. */
export function claimKey(identity: ClaimIdentity): string {
  const fields = recordAt(identity, 'claim', CLAIM_FIELDS);
  for (const name of CLAIM_FIELDS) {
    check(
      typeof fields[name] === 'string' && fields[name] !== '',
      'bad-input',
      () => `claim: ${name}: expected a text`,
    );
  }
  return identityKey({ ...identity });
}

const CLAIM_FIELDS = ['kind', 'recipient', 'workId', 'evidence', 'ruleset'] as const;

/** The digest of a canonical content. */
export function contentDigest(content: string): string {
  // Most fit into bytes that are there already; put together as text they would be copied once more.
  if (3 * content.length > CONTENT_BYTES) return sha256Hex(CONTENT_DOMAIN + content);
  const length = CONTENT.write(content, CONTENT_DOMAIN.length, 'utf8');
  return sha256Hex(CONTENT.subarray(0, CONTENT_DOMAIN.length + length));
}

/** The hash of an entry from the one before and its digest, all lower-case hex. */
export function entryHash(before: string, digest: string): string {
  CHAINED.write(before, ENTRY_DOMAIN.length, 'hex');
  CHAINED.write(digest, ENTRY_DOMAIN.length + 32, 'hex');
  return sha256Hex(CHAINED);
}

/** The key of the rejection of a transaction with this digest. */
export function rejectionKey(digest: string): string {
  return REJECTED + digest;
}

/** Whether an entry is a rejection, by its key. */
export function isRejection({ key }: Pick<Entry, 'key'>): boolean {
  return key.startsWith(REJECTED);
}

/** Whether an entry is a transaction: neither a rejection nor a seal, by its key. */
export function isTransaction({ key }: Pick<Entry, 'key'>): boolean {
  return key.length === KEY_LENGTH;
}

const KEY_LENGTH = 64;
const REJECTED = 'rejected:';

/** The key of the seal of an epoch. */
export function sealKey(epoch: number): string {
  return `seal:${epoch}`;
}

/** A checked transaction as JSON: units are decimal texts. */
export function jsonOf(transaction: Transaction): Record<string, unknown> {
  return JSON.parse(transactionContent(transaction)) as Record<string, unknown>;
}

/** A transaction of its JSON, checked. Throws `bad-input` with the place of the first fault. */
export function transactionOf(json: unknown): Transaction {
  if (typeof json !== 'object' || json === null) return checkTransaction(json);
  const fields = { ...json } as Record<string, unknown>;
  const { postings, claims, limits } = fields;
  if (Array.isArray(postings)) fields['postings'] = withUnits(postings, 'postings', 'units');
  if (Array.isArray(claims)) fields['claims'] = withUnits(claims, 'claims', 'units');
  if (Array.isArray(limits)) fields['limits'] = withUnits(limits, 'limits', 'lowest');
  return checkTransaction(fields);
}

/**
 * The canonical content of a checked transaction, written in the order of RFC 8785: a sixth of the
 * time that sorting takes. Throws `too-large` above a mebibyte.
 */
export function transactionContent(transaction: Transaction): string {
  // Names of accounts, tokens, keys and kinds hold nothing to escape; other texts are well-formed, so
  // that JSON.stringify escapes them as RFC 8785 does.
  const { claims, details, epoch, formula, key, kind, limits, postings, reason, timeMs } =
    transaction;
  let text = '{';
  if (claims !== undefined) text += `"claims":[${claims.map(effectText).join(',')}],`;
  if (details !== undefined) text += `"details":${recordText(details)},`;
  text += `"epoch":${epoch},`;
  if (formula !== undefined) {
    const { inputs, name, result } = formula;
    text += `"formula":{"inputs":${recordText(inputs)},"name":${JSON.stringify(name)},`;
    text += `"result":${JSON.stringify(result)}},`;
  }
  text += `"key":"${key}","kind":"${kind}",`;
  if (limits !== undefined) text += `"limits":[${limits.map(limitText).join(',')}],`;
  text += '"postings":[';
  for (let i = 0; i < postings.length; i++) {
    const { account, token, units } = postings[i];
    text += `${i === 0 ? '' : ','}{"account":"${account}","token":"${token}","units":"${units}"}`;
  }
  const content = `${text}],"reason":${JSON.stringify(reason)},"timeMs":${timeMs}}`;
  check(
    // A UTF-16 unit is at most three bytes: most texts need not be measured.
    3 * content.length <= MAX_CONTENT_BYTES || Buffer.byteLength(content) <= MAX_CONTENT_BYTES,
    'too-large',
    () => `transaction: expected at most ${MAX_CONTENT_BYTES} bytes of canonical JSON`,
    'split it',
  );
  return content;
}

/** The canonical content of a rejection. */
export function rejectionContent(offered: Transaction, digest: string, refusal: Refusal): string {
  return canonicalJson({
    key: rejectionKey(digest),
    kind: 'rejected',
    epoch: offered.epoch,
    timeMs: offered.timeMs,
    postings: [],
    reason: refusalSentence(refusal),
    refusal: { code: refusal.code, facts: refusal.facts },
    offered: jsonOf(offered),
  });
}

/** The canonical content of a seal. */
export function sealContent(epoch: number, timeMs: number, { root, size }: SealedRoot): string {
  return canonicalJson({
    key: sealKey(epoch),
    kind: 'seal',
    epoch,
    timeMs,
    postings: [],
    reason: `epoch ${epoch} is sealed with ${size} transactions`,
    seal: { root, size },
  });
}

/**
 * Reads a content of the log. Throws `mismatch` unless it is the canonical text of what it says,
 * field by field.
 */
export function readContent(content: string): Content {
  try {
    const fields = JSON.parse(content) as Record<string, unknown>;
    const read = contentOf(fields);
    const again = textOf(read);
    check(
      again === content,
      'mismatch',
      () => `not canonical: expected ${firstOf(again, content)}`,
    );
    return read;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FocusError('mismatch', `content of the log: ${why}`, '', { cause: error });
  }
}

function contentOf(fields: Record<string, unknown>): Content {
  if (fields['kind'] === 'seal') {
    const { root, size } = recordAt(fields['seal'], 'seal', ['root', 'size']);
    return {
      type: 'seal',
      epoch: checkCount(fields['epoch'], 'epoch'),
      timeMs: checkCount(fields['timeMs'], 'timeMs'),
      seal: { root: String(root), size: checkCount(size, 'seal.size') },
    };
  }
  if (fields['kind'] !== 'rejected') {
    return { type: 'transaction', transaction: transactionOf(fields) };
  }
  const refusal = recordAt(fields['refusal'], 'refusal', ['code', 'facts']);
  const facts = refusal['facts'] as Record<string, string>;
  return {
    type: 'rejected',
    offered: transactionOf(fields['offered']),
    refusal: { code: refusal['code'] as RefusalCode, facts },
  };
}

function textOf(content: Content): string {
  switch (content.type) {
    case 'transaction':
      return transactionContent(content.transaction);
    case 'seal':
      return sealContent(content.epoch, content.timeMs, content.seal);
    case 'rejected': {
      const digest = contentDigest(transactionContent(content.offered));
      return rejectionContent(content.offered, digest, content.refusal);
    }
  }
}

/** Where two texts part. */
function firstOf(expected: string, text: string): string {
  let at = 0;
  while (expected[at] === text[at]) at++;
  return `${JSON.stringify(expected.slice(at, at + 20))} at character ${at}`;
}

function limitText({ account, lowest, token }: Limit): string {
  return `{"account":"${account}","lowest":"${lowest}","token":"${token}"}`;
}

function effectText(effect: ClaimEffect): string {
  const fields = 'units' in effect ? { ...effect, units: String(effect.units) } : effect;
  return recordText(fields);
}

/** Sorted by name; names begin with a letter and are ASCII. */
function recordText(fields: Readonly<Record<string, string | number>>): string {
  const names = Object.keys(fields).sort();
  return `{${names.map((name) => `"${name}":${JSON.stringify(fields[name])}`).join(',')}}`;
}

function withUnits(list: readonly unknown[], place: string, name: string): readonly unknown[] {
  return Array.from(list, (each, i) => {
    if (typeof each !== 'object' || each === null || !(name in each)) return each;
    const text = (each as Record<string, unknown>)[name];
    return { ...each, [name]: unitsOfText(text, `${place}[${i}].${name}`) };
  });
}
