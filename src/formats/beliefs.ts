// Answers to a yes-or-no question as newline-delimited JSON, one agent a line:
//   {"neuron": "n1", "belief": 0.8, "prediction": 0.6}
// `belief` is how likely the agent holds "yes", `prediction` what it expects of the others; `neuron` may be
// left out. Whether they are probabilities is for btsScores of src/valuation to say, by line.

import { shown } from '../base/errors.js';
import { openByteSource } from './byte-source.js';
import { readStrictId, readStrictObject, type ObjectShape } from './json-object.js';
import { createJsonScanner, type JsonScanner } from './json-scanner.js';
import { wholeLines } from './whole-lines.js';

/** One agent's answer. */
export interface Answer {
  readonly neuron: string | null;
  readonly belief: number;
  readonly prediction: number;
}

type Key = 'neuron' | 'belief' | 'prediction';
const KEYS: readonly Key[] = ['neuron', 'belief', 'prediction'];
const ANSWER: ObjectShape<Key> = {
  noun: 'an answer',
  known: KEYS,
  keyOf: (name) => KEYS.find((key) => key === name) ?? null,
};
const EXAMPLE =
  'each line is one answer such as {"neuron": "n1", "belief": 0.8, "prediction": 0.6}';

/**
 * Reads a file of answers (`-`: standard input; gzip and zstd are undone). Throws FocusError
 * `bad-input` with `name:line:column` for a line that is no answer: unknown, repeated and missing
 * keys, numbers outside [0, 1], and a neuron that answers twice.
 */
export async function readBeliefs(path: string): Promise<readonly Answer[]> {
  const source = await openByteSource(path);
  try {
    const scanner = createJsonScanner(source.name, EXAMPLE);
    const answers: Answer[] = [];
    const known = new Set<string>();
    const lines = { count: 0 };
    for await (const { bytes } of wholeLines(source.chunks, source.name, lines)) {
      for (let start = 0; start < bytes.length;) {
        const feed = bytes.indexOf(10, start);
        const end = feed < 0 ? bytes.length : feed;
        scanner.begin(bytes, start, end, ++lines.count);
        if (scanner.peek() !== -1) answers.push(readAnswer(scanner, known));
        start = end + 1;
      }
    }
    return answers;
  } finally {
    await source.close();
  }
}

function readAnswer(scanner: JsonScanner, known: Set<string>): Answer {
  let neuron: string | null = null;
  const said: { belief: number | null; prediction: number | null } = {
    belief: null,
    prediction: null,
  };
  const start = readStrictObject(scanner, ANSWER, (key) => {
    if (key === 'neuron') {
      neuron = readStrictId(scanner, 'neuron');
      if (known.has(neuron)) {
        const message = `expected one answer of each neuron, found ${shown(neuron)} again`;
        scanner.fail(scanner.tokenStart, '', message);
      }
      known.add(neuron);
      return;
    }
    const expected = `the ${key} as a number in [0, 1]`;
    const value = scanner.number(expected);
    if (!(value >= 0 && value <= 1)) scanner.fail(scanner.tokenStart, expected);
    said[key] = value;
  });
  const { belief, prediction } = said;
  for (const key of ['belief', 'prediction'] as const) {
    if (said[key] !== null) continue;
    scanner.fail(start, '', `expected a key "${key}" in an answer, found none`);
  }
  scanner.end();
  return { neuron, belief: belief as number, prediction: prediction as number };
}
