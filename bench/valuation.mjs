// What does it cost to value links? On a generated graph of --links links (default 1,000,000) that
// grows by --signals links (default 1,000) in each of --epochs epochs (default 5): an epoch of
// valuation, its curves, communities, classes and karma. Focus is made up, not solved: solving it
// is what `bench/epoch.mjs` and `bench/main-job.mjs` measure. --identity row|occurrence.
import { applyDelta, classifyLinks, communitiesOf, karmaOf, linkGraph } from '../dist/index.js';
import { generateLinks, valueLinks } from '../dist/index.js';
import { randomStream } from '../dist/base/random.js';

export async function bench({
  links = '1000000',
  signals = '1000',
  epochs = '5',
  identity = 'row',
}) {
  const random = randomStream(7);
  let linked = linkGraph(generateLinks({ profile: 'bostrom', seed: 1, links: Number(links) }));
  const eachMs = [];
  let given = 0;
  async function* growth() {
    for (let epoch = 0; epoch <= Number(epochs); epoch++) {
      if (epoch > 0) linked = grown(linked, random, epoch, Number(signals));
      const phi = madeUp(linked.graph.particles, random);
      given = performance.now();
      yield { epoch, linked, phi, errorBound: 1e-9 };
    }
  }
  const valuation = await valueLinks(growth(), {
    weighting: { name: 'exponential', parameter: 0.1 },
    share: 'axon',
    identity,
    curves: true,
    onEpoch: () => eachMs.push(performance.now() - given),
  });
  const finishMs = performance.now() - given - eachMs.at(-1);
  const [, communitiesMs] = timed(() => communitiesOf(valuation.last.graph.axons));
  const [{ counts }, classesMs] = timed(() => classifyLinks(valuation));
  const [neurons, karmaMs] = timed(() => karmaOf(valuation));
  return [
    {
      identity,
      links: valuation.count,
      epochs: eachMs.length,
      'epoch ms': [...eachMs].sort((a, b) => a - b)[eachMs.length >> 1],
      'curves ms': finishMs,
      'communities ms': communitiesMs,
      'with classes ms': classesMs,
      'karma ms': karmaMs,
      neurons: neurons.length,
      'memory MB': process.memoryUsage().rss / 1e6,
      ...counts,
    },
  ];
}

function timed(work) {
  const start = performance.now();
  return [work(), performance.now() - start];
}

function grown(linked, random, epoch, count) {
  const { ids, particles } = linked.graph;
  const links = Array.from({ length: count }, (_, k) => ({
    from: ids.at(random.below(particles)),
    to: k % 3 === 0 ? `new${epoch}-${k}` : ids.at(random.below(particles)),
    amount: 1 + k,
  }));
  return applyDelta(linked, [{ neuron: 'x', links, remove: [], change: [] }]).after;
}

function madeUp(particles, random) {
  const phi = Float64Array.from({ length: particles }, () => random.double());
  const sum = phi.reduce((total, each) => total + each, 0);
  return phi.map((each) => each / sum);
}
