// What an edge list must not be: each fault is told with file, line, column, value and expectation.

import { describe, expect, it } from 'vitest';
import { read } from './edge-list-reading.js';

describe('an edge list with a fault names its place', () => {
  const long = 'z'.repeat(4097);
  it.each<[string, string, string]>([
    [
      'a weight that is none',
      '# x\n\na\tb\t1\na\tb\tabc\n',
      'graph.tsv:4:5: expected a weight, found "abc"',
    ],
    ['characters, not bytes', 'é\tüü\tx\n', 'graph.tsv:1:6: expected a weight, found "x"'],
    [
      'the first of several faults',
      'a b 1\na b x\n\0 b y\n',
      'graph.tsv:2:5: expected a weight, found "x"',
    ],
    [
      'a fault in an earlier column',
      'a b 1\na\x01 b x\n',
      'graph.tsv:2:1: expected an id of UTF-8 text',
    ],
    ['NaN', 'a b NaN', 'graph.tsv:1:5: expected a weight, found "NaN"'],
    ['Infinity', 'a b Infinity', 'expected a weight, found "Infinity"'],
    ['hex', 'a b 0x10', 'expected a weight, found "0x10"'],
    ['no weight', 'a,b,1\na,b,', 'graph.tsv:2:5: expected a weight, found ""'],
    ['an overflow', 'a b 1e400', 'expected a weight from 0 to 1.8e308, found "1e400"'],
    [
      'a negative weight',
      'a b -1',
      'graph.tsv:1:5: expected a weight from 0 to 1.8e308, found "-1"',
    ],
    [
      'a negative karma',
      'a b 1 n -1',
      'graph.tsv:1:9: expected a karma from 0 to 1.8e308, found "-1"',
    ],
    [
      'a valence of 2',
      'from,to,valence\na,b,2',
      'graph.tsv:2:5: expected a valence of -1, 0 or 1, found "2"',
    ],
    [
      'an impossible date',
      'from,to,time\na,b,2021-02-30',
      'graph.tsv:2:5: expected a time, found "2021-02-30"',
    ],
    ['an empty id', 'a,b,1\n,b,1\n', 'graph.tsv:2:1: expected an id, found nothing'],
    ['an empty target', 'a,b,1\na,,1\n', 'graph.tsv:2:3: expected an id, found nothing'],
    [
      'a long id',
      `a b 1\na ${long} 1`,
      'graph.tsv:2:3: expected an id of at most 4096 bytes, found 4097',
    ],
    [
      'a NUL in a neuron',
      'a,b,1,n\na,b,1,\0',
      'graph.tsv:2:7: expected an id of UTF-8 text without control characters',
    ],
    [
      'a missing field',
      'a b 1\n\nb c\n',
      'graph.tsv:3:1: expected 3 fields as in the first row, found 2 fields',
    ],
    [
      'a field too many',
      'from,to\nb,c,4\n',
      'graph.tsv:2:1: expected 2 fields as in the first row, found 3 fields',
    ],
    [
      'a row cut short',
      'a,b,1\nc',
      'graph.tsv:2:1: expected 3 fields as in the first row, found 1 field',
    ],
    ['one column', 'abc\n', 'graph.tsv:1:1: expected at least the fields from and to, found "abc"'],
    ['seven columns', 'a b 1 n 1 1 1\n', 'graph.tsv:1:1: expected at most 6 fields, found 7'],
    [
      'an open quote',
      'a,b,1\n"a,b,1\n',
      'graph.tsv:2:1: expected a closing quote on the same line',
    ],
    [
      'text after a quote',
      'a,b,1\n"a"x,b,1\n',
      'graph.tsv:2:4: expected a separator after the closing quote',
    ],
    [
      'a place after doubled quotes',
      'a,b,1\n"é""""",b,x\n',
      'graph.tsv:2:11: expected a weight, found "x"',
    ],
    [
      'a place after an unescaped field',
      'a,b,1\n"a""é",b,x\n',
      'graph.tsv:2:10: expected a weight',
    ],
    [
      'a NUL in a later neuron',
      'a,b,1,n\na,b,1,\na,b,1,\na,b,1,n\na,b,1,\0\n',
      'graph.tsv:5:7: expected an id',
    ],
    [
      'two columns of one field',
      'from,to,amount,stake\n',
      'graph.tsv:1:1: expected one column of amounts',
    ],
    [
      'a byte that begins no character',
      'a b 1\n\xff b 1',
      'graph.tsv:2:1: expected an id of UTF-8 text',
    ],
  ])('%s', async (name, text, message) => {
    const encoding = name.startsWith('a byte') ? 'latin1' : 'utf8';
    for (const sizes of [[1 << 20], [1], [7, 2]]) {
      await expect(read(Buffer.from(text, encoding), {}, sizes)).rejects.toThrow(message);
    }
  });

  it('after the byte order mark and in a later buffer', async () => {
    await expect(read('\ufeffa b x')).rejects.toThrow('graph.tsv:1:5:');
    const rows = 'a\tb\t1\n'.repeat(200_000);
    await expect(read(`${rows}a\tb\tx\n`, {}, [65_536])).rejects.toThrow(
      'graph.tsv:200001:5: expected a weight, found "x"',
    );
  });

  it('in a line of more than 1 MiB, comment or not, whatever the chunks', async () => {
    const long = '-'.repeat(1 << 20);
    for (const sizes of [[1 << 24], [1 << 18], [300_001]]) {
      await expect(read(`a b\n#${long}\n`, {}, sizes)).rejects.toThrow(
        'graph.tsv:2:1: expected a line of at most 1 MiB',
      );
      await expect(read(`a b\na ${long}\n`, {}, sizes)).rejects.toThrow(
        'graph.tsv:2:1: expected a line of at most 1 MiB',
      );
      await expect(read(`a b\na ${long}${long}`, {}, sizes)).rejects.toThrow(
        'graph.tsv:2:1: expected a line of at most 1 MiB',
      );
    }
  });

  it('with the code of bad input and a fix', async () => {
    await expect(read('a b x')).rejects.toMatchObject({
      name: 'FocusError',
      code: 'bad-input',
      fix: /plain decimal/,
    });
  });
});
