// sybil: one honest neuron under many names. Each identity signs all of its links with its part of
// their stake, so the graph is the honest one's, to the bit where the stake divides.

import { adding, honestLinks, type Strategy } from '../strategy.js';

export const sybil: Strategy<'sybil'> = {
  name: 'sybil',
  rule: 'makes the links of an honest neuron, each split among all of its identities',
  act: (turn) => {
    const { identities } = turn.settings;
    const links = honestLinks(turn).map((link) => ({ ...link, amount: link.amount / identities }));
    return Array.from({ length: identities }, (_, k) => adding(turn.neuron(k), links));
  },
};
