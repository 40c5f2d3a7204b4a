// copying: repeats what another neuron did in the epoch before. It knows nothing of its own, and is
// one epoch late.

import { adding, staked, type Strategy } from '../strategy.js';

export const copying: Strategy<'copying'> = {
  name: 'copying',
  rule: 'repeats the links of one signal of the epoch before, drawn at random, with its own stake',
  act: (turn) => {
    const seen = (turn.past.at(-1) ?? []).filter(
      ({ player, signal }) => player !== turn.player && signal.links.length > 0,
    );
    if (seen.length === 0) return [];
    const { links } = seen[turn.random.below(seen.length)].signal;
    return [adding(turn.neuron(0), staked(links, turn.settings.stake))];
  },
};
