// How far is exact arithmetic from the real fixed point? By number of particles, on uniform and on
// staked graphs: the L1 distance to a float64 solve certified to 10⁻¹² or as near as it gets, the
// proven bound, units by which Σφ missed one before the final correction, passes and seconds of
// both. The aims: distance ≤ 10⁻⁹, |missing| ≤ n. --sizes=100,1000,…
import { focus, focusExact, openCpu, openCpuExact } from '../dist/index.js';
import { buildGraph } from '../dist/graph/build.js';
import { generateLinks } from '../dist/graph/generate.js';

export async function bench({ sizes = '100,1000,10000,100000,1000000', threads = '2' }) {
  const rows = [];
  for (const size of sizes.split(',').map(Number)) {
    const uniform = { profile: 'uniform', seed: 1, particles: size, links: 8 * size };
    rows.push(await measure('uniform', buildGraph(generateLinks(uniform)), Number(threads)));
    const bostrom = { profile: 'bostrom', seed: 1, links: size };
    rows.push(await measure('bostrom', buildGraph(generateLinks(bostrom)), Number(threads)));
    const scale = Math.max(4, Math.round(Math.log2(size)));
    const kronecker = { profile: 'kronecker', seed: 1, scale, stakes: 'heavy' };
    rows.push(await measure('kronecker', buildGraph(generateLinks(kronecker)), Number(threads)));
  }
  return rows;
}

async function measure(name, graph, threads) {
  const timed = async (run) => {
    const started = performance.now();
    const result = await run();
    return [result, (performance.now() - started) / 1000];
  };
  const float = openCpu({ threads });
  const exact = openCpuExact({ threads });
  const [accurate] = await timed(() => focus(graph, { tolerance: 1e-12 }, float));
  const [plain, plainSeconds] = await timed(() => focus(graph, {}, float));
  const [result, seconds] = await timed(() => focusExact(graph, {}, exact));
  float.destroy();
  exact.destroy();
  let distance = 0;
  for (let i = 0; i < graph.particles; i++)
    distance += Math.abs(accurate.phi.data[i] - result.phi.data[i]);
  return {
    graph: name,
    particles: graph.particles,
    axons: graph.report.axons,
    'L1 distance': distance,
    bound: result.errorBound,
    converged: String(result.converged),
    missing: Number(result.exact.missing),
    passes: result.passes,
    'f64 passes': plain.passes,
    seconds,
    'f64 seconds': plainSeconds,
  };
}
