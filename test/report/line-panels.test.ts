// Drawings of lines: well-formed, every point inside its panel, scales that hold zero and all values,
// names and texts that could break the markup escaped.

import { describe, expect, it } from 'vitest';
import { drawLinePanels, type LinePanel } from '../../src/report/line-panels.js';

const panel = (
  lines: readonly (readonly number[])[],
  more: Partial<LinePanel> = {},
): LinePanel => ({
  title: 'a <b> & c',
  remark: 'what is drawn',
  across: 'epoch',
  first: 3,
  lines: lines.map((values, k) => ({
    values,
    colour: '#123456',
    isBold: k === 0,
    name: k === 0 ? 'mean' : null,
  })),
  ...more,
});

const draw = (...panels: LinePanel[]): string =>
  drawLinePanels({ title: 'T', remarks: ['one', 'two'], panels });

/** Points of all lines, in pixels of their panels. */
function pointsOf(svg: string): [number, number][][] {
  return [...svg.matchAll(/<polyline points="([^"]+)"/g)].map(([, points]) =>
    points.split(' ').map((point) => point.split(',').map(Number) as [number, number]),
  );
}

describe('lines', () => {
  it('rise where values rise, and stay inside their panel', () => {
    const [thin, bold] = pointsOf(
      draw(
        panel([
          [0, 1, 2],
          [5, -3, 0],
        ]),
      ),
    );
    expect(bold.map(([, y]) => y)).toEqual([...bold.map(([, y]) => y)].sort((a, b) => b - a));
    expect(thin[0][1]).toBeLessThan(thin[2][1]);
    expect(thin[2][1]).toBeLessThan(thin[1][1]);
    for (const [x, y] of [...thin, ...bold]) {
      expect(x).toBeGreaterThanOrEqual(78);
      expect(x).toBeLessThanOrEqual(500 - 96);
      expect(y).toBeGreaterThanOrEqual(50);
      expect(y).toBeLessThanOrEqual(220);
    }
    // Equal values are at equal heights in both lines.
    expect(thin[2][1]).toBe(bold[0][1]);
  });

  it('of values far from 0, of any size, of one place, or all 0 have a finite scale', () => {
    for (const values of [[1e-30, 2e-30], [-7e12, -6e12], [0, 0, 0], [4], [1e300, -1e300]]) {
      const svg = draw(panel([values]));
      expect(svg).not.toMatch(/NaN|Infinity/);
      expect(svg).toMatch(values.length === 1 ? /<circle/ : /<polyline/);
    }
    expect(draw(panel([]))).toContain('>none</text>');
    expect(draw()).toContain('<svg');
  });

  it('of equal drawings are equal, in panels of two columns', () => {
    const svg = draw(panel([[1, 2]]), panel([[2, 1]]), panel([[1, 1]]));
    expect(draw(panel([[1, 2]]), panel([[2, 1]]), panel([[1, 1]]))).toBe(svg);
    const at = [...svg.matchAll(/translate\((\d+) (\d+)\)/g)].map(([, x, y]) => [x, y]);
    expect(at[0][1]).toBe(at[1][1]);
    expect(at[2][0]).toBe(at[0][0]);
    expect(Number(at[2][1])).toBeGreaterThan(Number(at[0][1]));
  });
});

describe('texts', () => {
  it('are escaped, cut and wrapped', () => {
    const words = 'word '.repeat(60).trim();
    const svg = draw(panel([[1, 2]], { remark: words }));
    expect(svg).toContain('a &lt;b&gt; &amp; c');
    expect(svg).not.toContain('<b>');
    const lines = [...svg.matchAll(/>(word[^<]*)</g)].map(([, text]) => text);
    expect(lines).toHaveLength(2);
    expect(lines[1].endsWith('…')).toBe(true);
    for (const text of lines) expect(text.length).toBeLessThanOrEqual(80);
  });

  it('name the first place as it is', () => {
    expect(draw(panel([[1, 2, 3]]))).toMatch(/>3<\/text>.*\n.*\n.*>4<\/text>/);
  });
});
