// spamming: adds particles that no one asked for, each with one small link. Worth nothing to anyone,
// but every new particle raises ln n, the discovery part of ΔJ.

import { adding, staked, type Strategy } from '../strategy.js';
import { particleId } from '../world.js';

export const spamming: Strategy<'spamming'> = {
  name: 'spamming',
  rule: 'links new particles, one link each, to particles drawn at random',
  act: (turn) => {
    const { settings, epoch, player, random } = turn;
    const { leaves, particles, stake } = settings;
    const pairs = Array.from({ length: leaves }, (_, k) => ({
      from: `leaf${player}.${epoch}.${k}`,
      to: particleId(random.below(particles)),
    }));
    return [adding(turn.neuron(0), staked(pairs, stake))];
  },
};
