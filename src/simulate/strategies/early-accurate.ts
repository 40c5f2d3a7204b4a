// early-accurate: knows the truth before the crowd does. It links the particles whose quality is not
// disclosed yet, by that quality; when all is known, the best.

import { adding, distinctPairs, staked, type Strategy } from '../strategy.js';

export const earlyAccurate: Strategy<'early-accurate'> = {
  name: 'early-accurate',
  rule: 'links to particles whose quality the crowd does not know yet, by their true quality',
  act: (turn) => {
    const { links, stake } = turn.settings;
    return [adding(turn.neuron(0), staked(distinctPairs(links, turn.foresee), stake))];
  },
};
