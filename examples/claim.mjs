// Self-minting from end to end, with the library alone: a node holds an epoch; a neuron asks it for the
// neighbourhood of its links, computes what they do, and signs a claim; a validator recomputes it; the
// ledger mints. Run: node examples/claim.mjs
import {
  checkClaim,
  claimLocally,
  conserve,
  createLinkBuilder,
  focusExact,
  linkGraph,
  localShift,
  neighbourhoodOf,
  neuronAccount,
  openCpu,
  openCpuExact,
  openFullNode,
  openLedger,
  openRoots,
  openSqliteStore,
  planMint,
  readNeighbourhood,
  recomputeVerifier,
  signingKey,
  unitsOf,
} from 'focus-engine';

// A node: a graph, its exact focus, and a header with the roots of both.
const builder = createLinkBuilder();
for (let i = 1; i < 3000; i++) {
  const from = builder.particleOf(`p${i}`);
  builder.add({ from, to: builder.particleOf(`p${i - 1}`), amount: 10 + (i % 5) });
  if (i % 3 === 0) builder.add({ from, to: builder.particleOf(`p${i >> 1}`), amount: 3 });
}
const linked = linkGraph(builder.finish());
const exact = openCpuExact();
const focus = await focusExact(linked.graph, {}, exact);
const roots = openRoots(linked.graph, focus, { epoch: 0, previous: null });
const { parameters, errorBound } = focus;
const { graph } = linked;
const state = { header: roots.text, graph, units: focus.exact.units, parameters, errorBound };
const node = openFullNode(state);

// A neuron: it knows the header's hash, and asks for what is around its link.
const key = signingKey('01'.repeat(32));
const links = [{ from: 'p40', to: 'p200', amount: 25 }];
const request = { particles: ['p40', 'p200'], hops: 5, mostAxons: 100, stake: 25 };
const sent = JSON.stringify(await neighbourhoodOf(node, request, openCpu()));
const near = readNeighbourhood(JSON.parse(sent), node.header.hash);
const signal = { neuron: key.did, links, remove: [], change: [] };
const shift = localShift(near, signal, { tolerance: 1e-9, mostArcs: 1e7 });
console.log(`asked for ${near.linked.graph.report.axons} of ${graph.report.axons} axons`);
console.log(`‖Δφ*‖₁ ${shift.norm.toFixed(6)}, off by ${shift.errorBound.toExponential(1)} at most`);
const subject = { header: near.header, sequence: 0, links, function: 'delta-norm' };
const { claim, tree } = claimLocally(subject, shift, key);

// A validator: the whole graph, in integers.
const base = {
  linked,
  parametersOf: () => ({}),
  focus: { ...focus.exact, errorBound },
  backend: exact,
};
const verifier = recomputeVerifier({ ...base, tolerance: 1e-9 }, 0.01);
const desk = { header: node.header, verifier, nextSequence: () => 0 };
const { verdict, digest } = await checkClaim(desk, claim, { shift: tree.entries });
console.log(verdict.accepted ? 'accepted' : verdict.reason);

// The ledger: conservation, then double entries.
const value = BigInt(claim.value);
const emission = unitsOf('1000');
console.log(conserve([value], { actual: value, emission }).pool, 'base units in the pool');
const plan = planMint({
  kind: 'self-mint',
  source: node.header.hash,
  ruleset: 'example',
  token: 'CYB',
  emission,
  actual: value,
  timeMs: Date.parse('2026-01-01T00:00:00Z'),
  challengeMs: 0,
  works: [
    {
      recipient: neuronAccount(key.did),
      id: `${key.did}/0`,
      evidence: node.header.hash,
      value,
      reason: `claim ${digest}`,
    },
  ],
});
const ledger = openLedger(openSqliteStore(':memory:'));
for (const round of ['posted', 'posted again']) {
  const receipts = await ledger.postAll(plan.transactions);
  console.log(
    round,
    receipts.map(({ outcome, replayed }) => `${outcome}${replayed ? ', replayed' : ''}`),
  );
}
const { units } = await ledger.balance(neuronAccount(key.did), 'CYB');
console.log(`the neuron has ${units} base units; verified: ${(await ledger.verify()).verified}`);
await ledger.close();
