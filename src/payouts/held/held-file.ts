// Held stake as a file, `held.ndjson`: one line of what it is of, then burns by path of their target,
// then locks by id. There is one text for what is held, and no other is read.
//   {"format":"focus-held-1","token":"CYB","through":3,"seal":"…"}
//   {"burn":{"particle":"x"},"units":"5"}
//   {"lock":"…id…","neuron":"neuron:a","on":{"from":"x","to":"y"},"valence":1,"units":"7","untilMs":0,"epoch":2}

import { check, FocusError } from '../../base/errors.js';
import { checkToken } from '../../ledger/account.js';
import { unitsOfText } from '../../ledger/amount.js';
import { checkCount, checkKey, checkTime, recordAt } from '../../ledger/check-transaction.js';
import { checkNeuron } from './request.js';
import type { Lock } from '../locks/lock.js';
import type { Burn, HeldStake } from './held.js';
import { checkTarget, pathOf } from './target.js';

/** The name of the file in an epoch. */
export const HELD = 'held.ndjson';
const FORMAT = 'focus-held-1';

/** The text of held stake. */
export function heldText({ token, through, seal, burns, locks }: HeldStake): string {
  const rows = [
    { format: FORMAT, token, through, seal },
    ...burns.map(({ target, units }) => ({ burn: target, units: String(units) })),
    ...locks.map(({ id, neuron, target, valence, units, untilMs, epoch }) => {
      return { lock: id, neuron, on: target, valence, units: String(units), untilMs, epoch };
    }),
  ];
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/**
 * Reads held stake; `place` is the file. Throws `bad-input` naming the line that is wrong, or the first
 * that is not as it would be written.
 */
export function readHeld(text: string, place: string): HeldStake {
  const lines = text.split('\n');
  const burns: Burn[] = [];
  const locks: Lock[] = [];
  const head = at(place, 1, () => {
    const { format, ...fields } = recordAt(parsed(lines[0]), 'first line', [...HEAD]);
    check(format === FORMAT, 'bad-input', () => `expected the format ${FORMAT}`);
    const token = checkToken(fields['token'], 'token');
    const through = checkCount(fields['through'], 'through');
    return { token, through, seal: checkKey(fields['seal'], 'seal') };
  });
  lines.slice(1, -1).forEach((line, i) => {
    at(place, i + 2, () => {
      const row = parsed(line);
      if (row !== null && typeof row === 'object' && 'burn' in row) burns.push(burnOf(row));
      else locks.push(lockOf(row, head.token));
    });
  });
  const held = { ...head, burns, locks };
  const own = heldText(held).split('\n');
  const wrong = lines.findIndex((line, i) => line !== own[i]);
  check(
    wrong < 0 && own.length === lines.length,
    'bad-input',
    () => `${place}:${wrong + 1}: expected ${own[wrong] ?? 'nothing more'}`,
    'held stake has one text: write it with focus held',
  );
  checkOrder(
    burns.map(({ target }) => pathOf(target)),
    place,
    2,
  );
  checkOrder(
    locks.map(({ id }) => id),
    place,
    2 + burns.length,
  );
  return held;
}

const HEAD = ['format', 'token', 'through', 'seal'] as const;
const LOCK = ['lock', 'neuron', 'on', 'valence', 'units', 'untilMs', 'epoch'] as const;

function burnOf(row: unknown): Burn {
  const { burn, units } = recordAt(row, 'burn', ['burn', 'units']);
  return { target: checkTarget(burn, 'burn'), units: positive(units) };
}

function lockOf(row: unknown, token: string): Lock {
  const fields = recordAt(row, 'lock', [...LOCK]);
  const { valence } = fields;
  check(valence === 0 || valence === 1, 'bad-input', () => 'valence: expected 0 or 1');
  return {
    id: checkKey(fields['lock'], 'lock'),
    neuron: checkNeuron(fields['neuron'], 'neuron'),
    target: checkTarget(fields['on'], 'on'),
    token,
    valence,
    units: positive(fields['units']),
    untilMs: checkTime(fields['untilMs'], 'untilMs'),
    epoch: checkCount(fields['epoch'], 'epoch'),
  };
}

function positive(text: unknown): bigint {
  const units = unitsOfText(text, 'units');
  check(units > 0n, 'bad-input', () => `units: expected more than 0, found ${units}`);
  return units;
}

/** Throws `bad-input` unless names rise, each once. */
function checkOrder(names: readonly string[], place: string, first: number): void {
  names.forEach((name, i) => {
    check(
      i === 0 || names[i - 1] < name,
      'bad-input',
      () => `${place}:${first + i}: expected burns by target, then locks by id, each once`,
      'write it with focus held',
    );
  });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new FocusError('bad-input', 'expected a line of JSON', '', { cause });
  }
}

/** Runs the reading of a line; what it throws names the line. */
function at<T>(place: string, line: number, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof FocusError)) throw cause;
    throw new FocusError(cause.code, `${place}:${line}: ${cause.message}`, cause.fix, { cause });
  }
}
