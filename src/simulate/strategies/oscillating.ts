// oscillating: adds links in one epoch and takes them back in the next, for ever. Its stake is
// locked for one epoch of two, and the graph is after two epochs what it was.

import { adding, honestLinks, type Strategy } from '../strategy.js';

export const oscillating: Strategy<'oscillating'> = {
  name: 'oscillating',
  rule: 'adds honest links in even epochs and removes the very same links in odd ones',
  act: (turn) => {
    const neuron = turn.neuron(0);
    if (turn.epoch % 2 === 0) return [adding(neuron, honestLinks(turn))];
    const added = turn.past[turn.epoch - 1].find(({ player }) => player === turn.player);
    const remove = (added?.signal.links ?? []).map(({ from, to }) => ({ from, to }));
    return [{ neuron, links: [], remove, change: [] }];
  },
};
