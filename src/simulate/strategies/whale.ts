// whale: honest, with many times the stake. Says whether a reward function pays size more or less
// than in proportion.

import { adding, honestLinks, type Strategy } from '../strategy.js';

export const whale: Strategy<'whale'> = {
  name: 'whale',
  rule: 'links as the honest do, with many times the stake',
  act: (turn) => {
    const { stake, whale: times } = turn.settings;
    return [adding(turn.neuron(0), honestLinks(turn, times * stake))];
  },
};
