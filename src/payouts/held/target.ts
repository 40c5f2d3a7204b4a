// What stake is held on: a particle, or a link between two. The target of a burn is the name of its
// account, so that balances alone say what was burned for what:
//   burned:particle:ID        burned:link:FROM:TO        ids as UTF-8, other bytes than
//   A-Z a-z 0-9 . _ ~ + @ / = - as %XX in upper case: one name for one target, and back.
// A part of an account has at most 200 characters, so longer ids cannot be held on.

import { isWellFormed } from '../../base/canonical.js';
import { check } from '../../base/errors.js';
import { MAX_ACCOUNT } from '../../ledger/account.js';
import { found } from '../../ledger/amount.js';
import { accountPart } from '../account-part.js';

/** A particle, or a link from one to another. */
export type Target = { readonly particle: string } | { readonly from: string; readonly to: string };

const LONGEST_PART = 200;
/** Room for the kind of an account before the path. */
const LONGEST_PATH = MAX_ACCOUNT - 'burned:'.length;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Checks a target from outside; `place` is the field. Throws `bad-input` for ids that no graph takes
 * (empty, control characters), that no account has room for, and for a link from a particle to itself,
 * which counts in no graph.
 */
export function checkTarget(value: unknown, place: string): Target {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Partial<
    Record<'particle' | 'from' | 'to', unknown>
  >;
  const names = Object.keys(given).sort().join(', ');
  check(
    names === 'particle' || names === 'from, to',
    'bad-input',
    () => `${place}: expected a particle, or from and to, found ${names || found(value)}`,
  );
  const target: Target =
    names === 'particle'
      ? { particle: checkId(given.particle, `${place}.particle`) }
      : { from: checkId(given.from, `${place}.from`), to: checkId(given.to, `${place}.to`) };
  check(
    'particle' in target || target.from !== target.to,
    'bad-input',
    () => `${place}: expected a link between two particles, found both ends the same`,
    'a link from a particle to itself counts in no graph: name the particle instead',
  );
  check(
    pathOf(target).length <= LONGEST_PATH,
    'bad-input',
    () => `${place}: expected ids that fit into ${LONGEST_PATH} characters of an account`,
    'bytes other than A-Z a-z 0-9 . _ ~ + @ / = - take three characters each',
  );
  return target;
}

/** The part of an account that names a target: `particle:ID` or `link:FROM:TO`. */
export function pathOf(target: Target): string {
  if ('particle' in target) return `particle:${accountPart(target.particle)}`;
  return `link:${accountPart(target.from)}:${accountPart(target.to)}`;
}

/** The target that a path names, or null where it is not the path of one. */
export function targetOf(path: string): Target | null {
  const [kind, ...parts] = path.split(':');
  const ids = parts.map(decoded);
  if (ids.some((id) => id === null)) return null;
  const [first, second] = ids as string[];
  const isParticle = kind === 'particle' && parts.length === 1;
  if (!isParticle && !(kind === 'link' && parts.length === 2)) return null;
  try {
    const target = isParticle ? { particle: first } : { from: first, to: second };
    return pathOf(checkTarget(target, 'target')) === path ? target : null;
  } catch {
    // What is not a target by the rules above names none.
    return null;
  }
}

/** A target for people: `x`, or `a → b`. */
export function shownTarget(target: Target): string {
  return 'particle' in target ? target.particle : `${target.from} → ${target.to}`;
}

function checkId(value: unknown, place: string): string {
  check(
    typeof value === 'string' && value !== '' && isWellFormed(value) && !CONTROL.test(value),
    'bad-input',
    () => `${place}: expected an id without control characters, found ${found(value)}`,
  );
  check(
    accountPart(value).length <= LONGEST_PART,
    'bad-input',
    () => `${place}: expected an id of at most ${LONGEST_PART} characters in an account`,
    'bytes other than A-Z a-z 0-9 . _ ~ + @ / = - take three characters each',
  );
  return value;
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    // Not the UTF-8 of a text.
    return null;
  }
}
