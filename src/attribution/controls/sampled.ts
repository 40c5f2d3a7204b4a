// Shapley values of a surrogate of many players, by a great many orderings of the surrogate alone:
// cheap, and drawn from streams that no ordering of the game itself uses, so the error that is left
// is independent of the game's own and adds to its square.

import { check } from '../../base/errors.js';
import type { SampledShares } from '../control-variate.js';
import type { Game } from '../game.js';
import type { Draw } from '../orderings.js';
import { shapleyOf } from '../shapley.js';

/** Clusters of a game are numbered below this. */
const OWN_CLUSTERS = 2 ** 40;

/**
 * A sampler for controlOf: `orderings` complete orderings, ten times those of the game or more. Throws
 * `bad-parameter` for a cluster of 2⁴⁰ or more.
 */
export function sampledBy(
  { beacon, cluster }: Draw,
  orderings: number,
): (game: Game) => Promise<SampledShares> {
  check(
    cluster < OWN_CLUSTERS,
    'bad-parameter',
    () => `surrogate: expected a cluster below ${OWN_CLUSTERS}, found ${cluster}`,
  );
  return async (game) => {
    const { players } = await shapleyOf(game, {
      beacon,
      cluster: OWN_CLUSTERS + cluster,
      stopping: { kind: 'orderings', orderings },
    });
    return {
      shares: players.map(({ units }) => units),
      errors: players.map(({ standardError }) => standardError ?? Infinity),
    };
  };
}
