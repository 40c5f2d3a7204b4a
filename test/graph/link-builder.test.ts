// The sink that readers write links to: optional columns, defaults, batches.

import { describe, expect, it } from 'vitest';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { NO_NEURON } from '../../src/graph/links.js';

describe('a link builder', () => {
  it('leaves columns null that no link needs', () => {
    const builder = createLinkBuilder();
    builder.addRow(builder.particleOf('a'), builder.particleOf('b'), 2);
    const links = builder.finish();
    expect(links.count).toBe(1);
    expect([
      links.neurons,
      links.neuron,
      links.karma,
      links.price,
      links.valence,
      links.will,
      links.time,
    ]).toEqual([null, null, null, null, null, null, null]);
  });

  it('gives earlier and later links the defaults of a column that appears late, through growth', () => {
    const builder = createLinkBuilder(16);
    const [a, b] = [builder.particleOf('a'), builder.particleOf('b')];
    for (let i = 0; i < 100; i++) {
      builder.addRow(a, b, i);
      if (i !== 10) continue;
      builder.setNeuron(builder.neuronOf('n'));
      builder.setKarma(5);
      builder.setPrice(0.5);
      builder.setValence(-1);
      builder.setWill(9);
      builder.setTime(77);
    }
    const links = builder.finish();
    for (const row of [0, 9, 11, 99]) {
      expect(links.neuron?.[row]).toBe(NO_NEURON);
      expect([
        links.karma?.[row],
        links.price?.[row],
        links.valence?.[row],
        links.will?.[row],
        links.time?.[row],
      ]).toEqual([1, 1, 0, 0, NaN]);
    }
    expect([links.neuron?.[10], links.karma?.[10], links.price?.[10]]).toEqual([0, 5, 0.5]);
    expect([links.valence?.[10], links.will?.[10], links.time?.[10]]).toEqual([-1, 9, 77]);
    expect([...links.amount.subarray(0, 100)]).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('takes NaN, and -1 for the neuron, as absent', () => {
    const builder = createLinkBuilder();
    builder.add({ from: 0, to: 1, amount: 3, neuron: -1, karma: NaN, price: 0.25, time: NaN });
    const links = builder.finish();
    expect([links.neuron, links.karma, links.time]).toEqual([null, null, null]);
    expect(links.price?.[0]).toBe(0.25);
  });

  it('takes rows and values in blocks like one by one', () => {
    const builder = createLinkBuilder(1);
    builder.addRows(Uint32Array.of(0, 1, 2, 3, 4, 5), Float64Array.of(1, 2, 3), 3);
    builder.setValues('karma', Float64Array.of(7, NaN), 2);
    builder.setNeurons(Uint32Array.of(NO_NEURON, 4), 2);
    builder.neuronOf('n');
    const links = builder.finish();
    expect([...links.from.subarray(0, 3)]).toEqual([0, 2, 4]);
    expect([...links.to.subarray(0, 3)]).toEqual([1, 3, 5]);
    expect([...(links.karma ?? []).slice(0, 3)]).toEqual([1, 7, 1]);
    expect([...(links.neuron ?? []).slice(0, 3)]).toEqual([NO_NEURON, NO_NEURON, 4]);
  });

  it('keeps neurons and particles apart', () => {
    const builder = createLinkBuilder();
    expect([builder.particleOf('x'), builder.particleOf('y'), builder.neuronOf('y')]).toEqual([
      0, 1, 0,
    ]);
    const bytes = Buffer.from('..y..');
    expect([builder.particle(bytes, 2, 3), builder.neuron(bytes, 2, 3)]).toEqual([1, 0]);
    expect([builder.particleNumber(12), builder.particleOf('12')]).toEqual([2, 2]);
  });

  it('counts rounded amounts', () => {
    const builder = createLinkBuilder();
    builder.noteRoundedAmount();
    builder.noteRoundedAmount();
    expect(builder.finish().roundedAmounts).toBe(2);
  });

  it('refuses ids that are none', () => {
    const builder = createLinkBuilder();
    expect(() => builder.particleOf('')).toThrow('expected an id, found nothing');
    expect(() => builder.neuronOf('a\tb')).toThrow('control characters');
  });
});
