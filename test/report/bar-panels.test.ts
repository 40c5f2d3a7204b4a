// Drawings of bars: well-formed, to scale, and honest about what runs beyond the scale.

import { describe, expect, it } from 'vitest';
import { drawBarPanels, type BarDrawing } from '../../src/report/bar-panels.js';

const drawing: BarDrawing = {
  title: 'a < b & c',
  remarks: ['first', 'second'],
  rows: ['one', 'two'],
  series: ['x', 'y'],
  reference: 1,
  panels: [
    {
      title: 'panel',
      bars: [
        [
          { value: 2, margin: 0.5 },
          { value: 40, margin: 3 },
        ],
        [
          { value: 1, margin: null },
          { value: null, margin: null },
        ],
      ],
    },
  ],
};

describe('a drawing of bars', () => {
  const svg = drawBarPanels(drawing);

  it('opens and closes every element and escapes text', () => {
    const stack: string[] = [];
    for (const [, closes, name, rest] of svg.matchAll(/<(\/?)([a-z]+)([^>]*)>/g)) {
      if (closes !== '') expect(stack.pop()).toBe(name);
      else if (!rest.endsWith('/')) stack.push(name);
    }
    expect(stack).toEqual([]);
    expect(svg).toContain('a &lt; b &amp; c');
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('draws the bars of a panel to one scale, and the reference on it', () => {
    const group = svg.slice(svg.indexOf('<g '));
    const widths = [...group.matchAll(/<rect x="([\d.]+)"[^>]* width="([\d.]+)"/g)].map(
      ([, x, width]) => ({ x: Number(x), width: Number(width) }),
    );
    const [two, beyond, one] = widths;
    expect(two.width).toBeCloseTo(2 * one.width, 1);
    const dashed = /<line x1="([\d.]+)"[^>]*stroke-dasharray/.exec(group);
    expect(Number(dashed?.[1])).toBeCloseTo(one.x + one.width, 1);
    // The scale ends where the first series does; 40 is cut there and says its number.
    expect(beyond.width).toBeGreaterThanOrEqual(1.25 * two.width - 1);
    expect(beyond.width).toBeLessThan(2 * two.width);
    expect(group).toContain('<polygon');
    expect(group).toContain('>40.0<');
  });
});
