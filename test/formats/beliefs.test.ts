// Files of answers: what is read, and errors that name line and column.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBeliefs } from '../../src/formats/beliefs.js';
import { inFolder } from '../cli/run.js';

const read = (text: string) =>
  inFolder(async (folder) => {
    const path = join(folder, 'answers.ndjson');
    writeFileSync(path, text);
    return readBeliefs(path);
  });

describe('answers', () => {
  it('are read with and without neurons, blank lines passed over', async () => {
    const text =
      '{"belief": 0, "prediction": 1e-3}\n\n{"prediction": 1, "neuron": "a", "belief": 0.25}';
    expect(await read(text)).toEqual([
      { neuron: null, belief: 0, prediction: 0.001 },
      { neuron: 'a', belief: 0.25, prediction: 1 },
    ]);
    expect(await read('')).toEqual([]);
  });

  it('that are none are refused by line and column', async () => {
    const good = '{"belief": 0.8, "prediction": 0.8}\n';
    for (const [text, message] of [
      [
        `${good}{"belief": 1.1, "prediction": 0}`,
        /:2:12: expected the belief as a number in \[0, 1\]/,
      ],
      [`${good}{"belief": 0, "prediction": -1e-9}`, /:2:29: expected the prediction as a number/],
      [`${good}{"belief": 1}`, /:2:1: expected a key "prediction" in an answer, found none/],
      ['{"prediction": 1}', /:1:1: expected a key "belief"/],
      ['{"belief": "1"}', /:1:12: expected the belief/],
      ['{"belief": null, "prediction": 1}', /:1:12: expected the belief/],
      ['{"beleif": 1}', /found "beleif"/],
      ['{"belief": 1, "belief": 1}', /expected the key "belief" once/],
      ['[0.5, 0.5]', /expected an answer as a JSON object/],
      ['{"neuron": "a", "belief": 1, "prediction": 1}\n'.repeat(2), /:2:12: .*found "a" again/],
    ] as const) {
      await expect(read(text)).rejects.toMatchObject({
        code: 'bad-input',
        message: expect.stringMatching(message),
      });
    }
  });
});
