// Column names, their aliases and the range of each field, shared by all readers.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FocusError } from '../../src/base/errors.js';
import {
  fieldError,
  fieldOfName,
  isInRange,
  parseDate,
  parseField,
  planColumns,
  withPlace,
} from '../../src/formats/fields.js';

describe('the columns of a table', () => {
  it('are known by their aliases in any letter case', () => {
    expect(
      planColumns(['neuron', 'particle_from', 'Particle_To', 'height', 'timestamp', 'note'], 'x'),
    ).toEqual({
      fields: ['neuron', 'from', 'to', null, 'time', null],
      ignored: ['height', 'note'],
    });
    expect(planColumns(['timestamp', 'dst', 'height', 'src', 'STAKE'], 'x').fields).toEqual([
      'time',
      'to',
      null,
      'from',
      'amount',
    ]);
    expect(planColumns(['source', 'target', 'height'], 'x').fields).toEqual(['from', 'to', 'time']);
    expect(fieldOfName('subject')).toBe('neuron');
    expect(fieldOfName('constructor')).toBe(null);
  });

  it('are refused without both ends, or with two of one field', () => {
    expect(() => planColumns(['from', 'x'], 'g.csv:1:1')).toThrow(
      'g.csv:1:1: expected a column "to", found "from", "x"',
    );
    expect(() => planColumns(['from', 'to', 'stake', 'weight'], 'g.csv:1:1')).toThrow(
      'g.csv:1:1: expected one column of amounts, found "stake" and "weight"',
    );
  });
});

describe('the value of a field', () => {
  it('has a range', () => {
    expect([0, 1e308].map((value) => isInRange('amount', value))).toEqual([true, true]);
    expect([-1, NaN, Infinity].map((value) => isInRange('karma', value))).toEqual([
      false,
      false,
      false,
    ]);
    expect([-5, 5, Infinity, NaN].map((value) => isInRange('price', value))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([-1, 0, 1, 0.5, 2].map((value) => isInRange('valence', value))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('outside it makes an error that says what was expected', () => {
    expect(fieldError('amount', 'abc', 'graph.tsv:1042:7').message).toBe(
      'graph.tsv:1042:7: expected a weight, found "abc"',
    );
    expect(fieldError('amount', '-3', 'g:1:1').message).toBe(
      'g:1:1: expected a weight from 0 to 1.8e308, found "-3"',
    );
    expect(fieldError('valence', '2', 'g:1:1').message).toBe(
      'g:1:1: expected a valence of -1, 0 or 1, found "2"',
    );
    expect(fieldError('time', '2021-02-30', 'g:1:1')).toMatchObject({ code: 'bad-input' });
  });

  it('of time is a number or a date', () => {
    expect(parseField('time', '1.5e3')).toBe(1500);
    expect(parseField('time', '1970-01-02')).toBe(86400);
    expect(parseField('amount', '1970-01-02')).toBeNaN();
  });
});

describe('a date', () => {
  it('is seconds since 1970 like the clock of the language has it', () => {
    const dates = fc.date({
      min: new Date('0001-01-01'),
      max: new Date('9999-12-31'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        const iso = date.toISOString();
        expect(parseDate(iso)).toBeCloseTo(date.getTime() / 1000, 3);
        const whole = Math.floor(date.getTime() / 1000);
        expect(parseDate(iso.slice(0, 19).replace('T', ' '))).toBe(whole);
        expect(parseDate(iso.slice(0, 10))).toBe(Math.floor(whole / 86400) * 86400);
      }),
    );
  });

  it('may have an offset', () => {
    expect(parseDate('1970-01-01T02:00:00+02:00')).toBe(0);
    expect(parseDate('1970-01-01 00:00:00-0130')).toBe(5400);
    expect(parseDate('1970-01-01 00:00:01 UTC')).toBe(1);
    expect(parseDate('1970-01-01T00:01')).toBe(60);
  });

  it.each([
    '2021-13-01',
    '2021-00-01',
    '2021-02-29',
    '2100-02-29',
    '2021-04-31',
    '2021-01-01 24:00:00',
    '2021-01-01 00:60',
    '2021-1-1',
    '21-01-01',
    '2021-01-01T',
    'today',
    '2021-01-01 00:00:00+99:00',
  ])('is not %s', (text) => {
    expect(parseDate(text)).toBeNaN();
  });

  it('exists on a leap day', () => {
    expect(parseDate('2000-02-29')).toBe(Date.UTC(2000, 1, 29) / 1000);
  });
});

describe('a place', () => {
  it('goes before the message of an error of input, and leaves other errors alone', () => {
    const placed = withPlace(new FocusError('bad-input', 'expected an id', 'fix it'), 'f:1:2');
    expect(placed).toMatchObject({
      code: 'bad-input',
      message: 'f:1:2: expected an id',
      fix: 'fix it',
    });
    const other = new FocusError('too-large', 'x');
    expect(withPlace(other, 'f:1:2')).toBe(other);
  });
});
