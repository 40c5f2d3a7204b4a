// Files of signals and logs of deltas: strict with places, written and read back the same, and
// replayed to the same graph.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBlocks } from '../../src/formats/blocks.js';
import { readDeltaLog, readSignals, streamDeltas } from '../../src/formats/signals.js';
import { signalLine, writeDeltaLog, writeSignals } from '../../src/formats/write-signals.js';
import { applyDelta, replay } from '../../src/graph/delta.js';
import { linkGraph } from '../../src/graph/linked.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { openGraphRoot } from '../../src/graph/root.js';
import type { Delta, Signal } from '../../src/graph/signal.js';
import { randomLinks } from '../graphs.js';
import { inFolder } from '../cli/run.js';

const EPOCH = fileURLToPath(new URL('../../datasets/signals-epoch.ndjson', import.meta.url));

async function read(text: string | Uint8Array): Promise<Delta> {
  return inFolder(async (folder) => {
    const path = join(folder, 'signals.ndjson');
    writeFileSync(path, text);
    return (await readSignals(path)).delta;
  });
}

async function refusal(text: string | Uint8Array): Promise<string> {
  const message = await read(text).then(
    () => 'accepted',
    (error: Error) => error.message,
  );
  return message.replace(/^.*signals\.ndjson:/, '');
}

/** A signal without its place, which only errors show. */
const plain = ({ place: _, ...signal }: Signal) => signal;

const id = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) =>
    [...text].every((c) => c >= ' ' && c !== '\u007f' && !/[\u0080-\u009f]/.test(c)),
  );
const amount = fc.double({ min: 0, max: 1e300, noNaN: true }).map((value) => value + 0);
const values = {
  karma: amount,
  price: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  valence: fc.constantFrom(-1, 0, 1),
  will: amount,
  time: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
};
const row = fc.nat({ max: 2 ** 31 });
const ends = { from: id, to: id };
const optional = (keys: Record<string, fc.Arbitrary<unknown>>, requiredKeys: string[]) =>
  fc.record({ ...ends, ...keys }, { requiredKeys: ['from', 'to', ...requiredKeys] as never });
const signal = fc.record({
  neuron: fc.option(id),
  links: fc.array(optional({ amount, ...values, row }, ['amount']), { maxLength: 3 }),
  remove: fc.array(optional({ amount, row }, []), { maxLength: 2 }),
  change: fc.array(optional({ ...values, amount, row }, ['amount']), { maxLength: 2 }),
}) as fc.Arbitrary<unknown> as fc.Arbitrary<Signal>;

describe('signals', () => {
  it('read back as they were written, bit for bit', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'signals.ndjson');
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(signal, { maxLength: 3 }), { maxLength: 4 }),
          async (log) => {
            await writeDeltaLog(path, log);
            const again = await readDeltaLog(path);
            expect(again.log.map((delta) => delta.map(plain))).toEqual(log);
            await writeSignals(path, log.flat());
            const flat = await readSignals(path);
            expect(flat.delta.map(plain)).toEqual(log.flat());
            expect(flat.notes.signals).toBe(log.flat().length);
          },
        ),
        { numRuns: 60 },
      );
    });
  });

  it('of the epoch in datasets are read, and written as the same bytes', async () => {
    const { delta, notes } = await readSignals(EPOCH);
    expect(notes).toMatchObject({ signals: 48, links: 113, removals: 0, changes: 0, lines: 48 });
    expect(delta.map((each) => `${signalLine(each)}\n`).join('')).toBe(readFileSync(EPOCH, 'utf8'));
    expect(delta[2].place).toMatch(/signals-epoch\.ndjson:3$/);
  });

  it('may be compressed, start with a byte order mark, end without a line feed', async () => {
    const line = '{"neuron":"n","links":[{"from":"a","to":"b","amount":"12.5"}]}';
    const expected = await read(line);
    expect(expected[0].links).toEqual([{ from: 'a', to: 'b', amount: 12.5 }]);
    for (const text of [`\ufeff${line}`, `\n\n${line}\r\n\n`, gzipSync(`${line}\n`)]) {
      expect((await read(text)).map(plain)).toEqual(expected.map(plain));
    }
  });

  it('hand their own values to links that do not say them', async () => {
    const [found] = await read(
      '{"karma":0.5,"links":[{"from":1,"stake":2,"to":"b"},{"from":"a","to":"b","amount":1,"karma":2}]}',
    );
    expect(found.neuron).toBeNull();
    expect(found.links).toEqual([
      { from: '1', to: 'b', amount: 2, karma: 0.5 },
      { from: 'a', to: 'b', amount: 1, karma: 2 },
    ]);
  });

  it.each([
    [
      '{"links":[{"from":"a","to":"b","amount":NaN}]}',
      '1:41: expected a number as the amount, found "NaN"',
    ],
    [
      '{"links":[{"from":"a","to":"b","amount":-1}]}',
      '1:41: expected a weight from 0 to 1.8e308, found "-1"',
    ],
    [
      '{"links":[{"from":"a","to":"b","amount":1e400}]}',
      '1:41: expected a weight from 0 to 1.8e308, found "1e400"',
    ],
    [
      '{"links":[{"from":"a","to":"b","amount":null}]}',
      '1:41: expected a number as the amount, found "null"',
    ],
    ['{"neuron":"n","link":[]}', /^1:15: expected a key of a signal: neuron, .*; found "link"$/],
    ['{"links":[]}\n{"remove":[{"from":"a","to":"b","karma":1}]}', /^2:33: .*; found "karma"$/],
    [
      '{"links":[{"from":"a","to":"b"',
      '1:31: expected a comma or a closing brace, found the end of the line',
    ],
    ['{"links":[{"from":"a","to":"b"}]}', '1:11: expected a key "amount" in a link, found none'],
    ['{"links":[{"to":"b","amount":1}]}', '1:11: expected a key "from" in a link, found none'],
    ['{"neuron":"n"}', '1:1: expected a key "links", "remove" or "change", found none'],
    [
      '{"neuron":"n","neuron":"n","links":[]}',
      '1:15: expected the key "neuron" once, found it again',
    ],
    [
      '{"links":[{"from":"a","to":"b","amount":1,"stake":1}]}',
      '1:43: expected the key "amount" once, found it again (as "stake")',
    ],
    ['{"links":[],"links":[]}', '1:13: expected the key "links" once, found it again'],
    [
      '{"links":[{"from":"a","to":1.5,"amount":1}]}',
      /^1:28: expected a string or an integer as the id of "to"/,
    ],
    ['{"links":[{"from":"","to":"b","amount":1}]}', '1:19: expected an id, found nothing'],
    [
      '{"remove":[{"from":"a","to":"b","row":-1}]}',
      '1:39: expected a row, an integer from 0, found -1',
    ],
    [
      '{"remove":[{"from":"a","to":"b","row":0.5}]}',
      '1:39: expected a row, an integer from 0, found 0.5',
    ],
    ['{"change":[{"from":"a","to":"b"}]}', /^1:12: expected a new value in a change of a link/],
    ['{"links":{}}', '1:10: expected a list as the value of "links", found an object'],
    ['{"links":[]} 7', '1:14: expected the end of the line after the object, found "7"'],
    ['[{"links":[]}', '1:14: expected a comma or a closing bracket, found the end of the line'],
    ['hello', '1:1: expected a signal as a JSON object, found "hello"'],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), /^1:3: expected UTF-8 text, found the byte 0xff/],
  ])('refuse %s with its place', async (text, expected) => {
    const message = await refusal(text);
    if (typeof expected === 'string') expect(message).toBe(expected);
    else expect(message).toMatch(expected);
  });

  it('refuse a line that never ends', async () => {
    async function* endless() {
      yield Buffer.from('{"neuron":"');
      for (;;) yield Buffer.alloc(1 << 20, 'a');
    }
    const reading = streamDeltas(endless(), 'signals').next();
    await expect(reading).rejects.toThrow(
      /^signals:1:1: expected a line of at most 16777216 bytes/,
    );
  });

  it('never read half of a line that is cut off', async () => {
    const line =
      '{"neuron":"n","links":[{"from":"a","to":"b","amount":12,"price":0.5}],"remove":[]}';
    for (let length = 1; length < line.length; length++) {
      expect(await refusal(line.slice(0, length)), line.slice(0, length)).not.toBe('accepted');
    }
  });
});

describe('a log of deltas', () => {
  it('replays to the graph of its deltas one by one, and with their inverses to the first', async () => {
    const builder = createLinkBuilder();
    for (const [from, to, stake] of randomLinks(5, 12, 40)) {
      builder.addRow(builder.particleOf(from), builder.particleOf(to), stake);
    }
    const base = linkGraph(builder.finish());
    const root = (linked: typeof base): string => openGraphRoot(linked.graph).head.root;
    const first = base.links;
    const name = (k: number): string => first.particles.at(k);
    const deltas: Delta[] = [
      [{ neuron: 'n', links: [{ from: 'p1', to: 'new', amount: 3 }], remove: [], change: [] }],
      [
        { neuron: 'n', links: [], remove: [{ from: 'p1', to: 'new' }], change: [] },
        {
          neuron: null,
          links: [{ from: 'p2', to: 'p3', amount: 0.1, price: 0.5, time: -3 }],
          remove: [{ from: name(first.from[0]), to: name(first.to[0]), row: 0 }],
          change: [{ from: name(first.from[1]), to: name(first.to[1]), row: 1, amount: 7 }],
        },
      ],
    ];
    const one = applyDelta(base, deltas[0]);
    const two = applyDelta(one.after, deltas[1]);
    const back = [...deltas, two.inverse, one.inverse];
    await inFolder(async (folder) => {
      const path = join(folder, 'log.ndjson');
      await writeDeltaLog(path, back);
      const { log } = await readDeltaLog(path);
      expect(log.length).toBe(4);
      expect(root(replay(base, log.slice(0, 2)))).toBe(root(two.after));
      expect(root(two.after)).not.toBe(root(base));
      const again = replay(base, log);
      expect(root(again)).toBe(root(base));
      expect(again.graph.axons).toEqual(base.graph.axons);
      const ids = ({ graph }: typeof base) =>
        Array.from({ length: graph.particles }, (_, i) => graph.ids.at(i));
      expect(ids(again)).toEqual(ids(base));
    });
  });
});

describe('blocks', () => {
  const blocks = (text: string) =>
    inFolder((folder) => {
      const path = join(folder, 'blocks.ndjson');
      writeFileSync(path, text);
      return readBlocks(path);
    });

  it('are read with their parents and signals', async () => {
    expect(
      await blocks('{"id":"b0","parents":[]}\n\n{"signals":[0,3],"parents":["b0"],"id":7}'),
    ).toEqual([
      { id: 'b0', parents: [], signals: [] },
      { id: '7', parents: ['b0'], signals: [0, 3] },
    ]);
  });

  it.each([
    ['{"id":"b0"}', /:1:1: expected a key "parents" in a block, found none/],
    ['{"parents":[]}', /:1:1: expected a key "id" in a block/],
    [
      '{"id":"b0","parents":[],"signal":[0]}',
      /:1:25: expected a key of a block: id, parents, signals; found "signal"/,
    ],
    ['{"id":"b0","parents":[],"signals":[-1]}', /:1:36: expected the number of a signal/],
    ['{"id":"b0","parents":[]} {}', /:1:26: expected the end of the line/],
  ])('are refused with a place: %s', async (text, expected) => {
    await expect(blocks(text)).rejects.toThrow(expected);
  });
});
