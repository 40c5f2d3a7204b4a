// Places of ids in another table, whatever the order of both, against a look-up of each.

import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/base/random.js';
import { idsOf } from '../../src/graph/id-list.js';
import { placesIn } from '../../src/graph/id-places.js';

describe('places of ids', () => {
  it('are those that a look-up finds', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = randomStream(seed, 60);
      const known = Array.from({ length: 40 }, (_, i) => 'é'.repeat(i % 3) + String(i));
      // Most in order; some gone, some new, some moved, prefixes of others among them.
      const wanted = known.filter(() => random.below(5) > 0);
      for (let k = 0; k < 6; k++) {
        wanted.splice(random.below(wanted.length), 0, `${known[random.below(40)]}-${k}`);
        const [moved] = wanted.splice(random.below(wanted.length), 1);
        wanted.splice(random.below(wanted.length), 0, moved);
      }
      const places = placesIn(idsOf(known), idsOf(wanted));
      expect([...places]).toEqual(wanted.map((id) => known.indexOf(id)));
    }
  });
});
