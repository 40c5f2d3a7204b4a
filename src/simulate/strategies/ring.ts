// ring: members who link one another's particles and nothing else. They share one neuron's stake, so
// that earnings compare.

import { adding, staked, type Strategy } from '../strategy.js';

export const ring: Strategy<'ring'> = {
  name: 'ring',
  rule: 'members that share the stake each own a particle and link it to those of all others',
  act: (turn) => {
    const { identities, stake } = turn.settings;
    const members = Array.from({ length: identities }, (_, k) => k);
    const particle = (k: number): string => `ring${turn.player}.${k}`;
    return members.map((k) => {
      const others = members.filter((other) => other !== k);
      const pairs = others.map((other) => ({ from: particle(k), to: particle(other) }));
      return adding(turn.neuron(k), staked(pairs, stake / identities));
    });
  },
};
