// honest: what the crowd does. It links what it knows, with the noise of the world.

import { adding, honestLinks, type Strategy } from '../strategy.js';

export const honest: Strategy<'honest'> = {
  name: 'honest',
  rule: 'links particles to what the crowd knows to be good in their cluster, with the noise of all',
  act: (turn) => [adding(turn.neuron(0), honestLinks(turn))],
};
