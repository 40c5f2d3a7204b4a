// Files of the claim commands: keys, signals, submissions, payout rules.

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { signingKey, type SigningKey } from '../base/did-key.js';
import { FocusError, check } from '../base/errors.js';
import { readPayoutRules, type PayoutRules } from '../epoch/payout-rules.js';
import type { Submission } from '../epoch/claim-works.js';
import { readSignals } from '../formats/signals.js';
import type { Delta } from '../graph/signal.js';

/** The key of a file that holds its seed, 64 hex digits. */
export function readKey(path: string): SigningKey {
  return signingKey(readSeed(path));
}

/** The seed of a key file. */
export function readSeed(path: string): string {
  return textOf(path).trim();
}

/** Signals whose links a neuron claims; a neuron that they name must be the one of the key. */
export async function readOwnSignals(path: string, did: string): Promise<Delta> {
  const { delta } = await readSignals(path);
  check(delta.length > 0, 'bad-input', () => `${path}: expected a signal, found none`);
  delta.forEach(({ neuron }, k) => {
    check(
      neuron === null || neuron === did,
      'bad-input',
      () => `${path}: signal ${k + 1}: expected the neuron ${did}, found ${neuron}`,
      'leave the neuron out: a claim is of the key that signs it',
    );
  });
  return delta;
}

/** NDJSON of {claim, proof}. A line that is no JSON throws; what a line holds is judged later. */
export async function readSubmissions(path: string): Promise<readonly Submission[]> {
  const text = path === '-' ? readFileSync(0, 'utf8') : await readText(path);
  const lines = text.split('\n').map((line, k) => ({ line, place: `${path}:${k + 1}` }));
  return lines
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, place }): Submission => {
      const value = parsed(line, place) as Partial<Submission> | null;
      const isPair = typeof value === 'object' && value !== null && 'claim' in value;
      check(isPair, 'bad-input', () => `${place}: expected an object with claim and proof`);
      return { claim: value?.claim, proof: value?.proof ?? null };
    });
}

/** Payout rules of a YAML or JSON file. */
export async function readPayouts(path: string): Promise<readonly PayoutRules[]> {
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(textOf(path), { version: '1.2' });
  } catch (cause) {
    if (cause instanceof FocusError) throw cause;
    const message = `${path}: expected YAML or JSON: ${(cause as Error).message}`;
    throw new FocusError('bad-input', message, '', { cause });
  }
  return readPayoutRules(value, path);
}

/** A JSON file. */
export async function readJson(path: string): Promise<unknown> {
  return parsed(await readText(path), path);
}

/** The JSON of a text; `place` is for errors. */
export function parsed(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FocusError('bad-input', `${place}: not JSON: ${(cause as Error).message}`, '', {
      cause,
    });
  }
}

/** The text of a file. Throws `usage`. */
export async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    const message = `${path}: expected a readable file: ${(cause as Error).message}`;
    throw new FocusError('usage', message, '', { cause });
  });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const message = `${path}: expected a readable file: ${(cause as Error).message}`;
    throw new FocusError('usage', message, '', { cause });
  }
}
