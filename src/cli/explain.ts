// focus explain particle | link | neuron: why this rank, what a link does, what a neuron's links carry
// and what its signals earn. Every table sums to the whole.

import { Command } from 'commander';
import type { Backend } from '../backend/backend.js';
import { chooseBackend } from '../backend/choose.js';
import { FocusError, check, shown } from '../base/errors.js';
import { TOLERANCE_SHARES } from '../focus/difference.js';
import { openFlows, type Flows } from '../focus/explain/flows.js';
import { explainLink } from '../focus/explain/link.js';
import { explainNeuron } from '../focus/explain/neuron.js';
import { explainParticle } from '../focus/explain/particle.js';
import { focus, type FocusResult } from '../focus/focus.js';
import { shiftsOf, type Shift } from '../focus/shifts.js';
import { readSignals } from '../formats/signals.js';
import { axonChangesOf } from '../graph/axon-changes.js';
import { linkIndexOf } from '../graph/link-index.js';
import { rowOf as positionOf, type LinkedGraph } from '../graph/linked.js';
import { NO_NEURON } from '../graph/links.js';
import { weighLinks } from '../graph/weigh.js';
import { rewardsOf } from '../rewards/rewards-of.js';
import {
  aligned,
  linkText,
  neuronText,
  particleText,
  plural,
  removalText,
  signersText,
} from './explain-text.js';
import type { Say } from './input.js';
import { interruptible } from './interrupt.js';
import { addKernelOptions, parametersOf, toleranceOf, type KernelFlags } from './kernel-options.js';
import { checkStandardInput, describeSignals, readLinked } from './linked-input.js';
import { openProgress } from './progress.js';
import { rowOf, type SignalRow } from './reward-rows.js';
import { option, readInteger, withConfig } from './settings.js';

interface ExplainFlags extends KernelFlags {
  readonly top?: number;
  readonly json?: boolean;
}

const DEFAULT_TOP = 10;
const FUNCTIONS = ['delta-norm', 'syntropy', 'directed'] as const;

/** Registers the command and its three subcommands. */
export function explainCommand(): Command {
  const command = new Command('explain').description(
    'say why: the parts of a rank, what a link does, what a neuron carries and earns',
  );
  const add = (name: string, description: string): Command => {
    const made = command.command(name).description(description);
    addKernelOptions(made, 'L1 error to certify');
    option(made, '--top <k>', `list the k largest parts (default ${DEFAULT_TOP})`, readInteger(0));
    made.option('--json', 'print one JSON object');
    made.exitOverride().showHelpAfterError('(run with --help for the options)');
    return withConfig(made);
  };
  add('particle', 'why a particle has its rank: every part of its focus')
    .argument('<id>', 'id of the particle')
    .argument('<links>', 'file of links, or - for standard input')
    .action((id: string, path: string, flags: ExplainFlags) =>
      explain(path, null, flags, (context) => particle(context, id)),
    );
  add('link', 'what a link does: its flow, its derivative, and focus without it')
    .argument('<from>', 'id of its source')
    .argument('<to>', 'id of its target')
    .argument('<links>', 'file of links, or - for standard input')
    .action((from: string, to: string, path: string, flags: ExplainFlags) =>
      explain(path, null, flags, (context) => link(context, from, to)),
    );
  add('neuron', 'what the links of a neuron carry, and what its signals earn')
    .argument('<id>', 'id of the neuron')
    .argument('<links>', 'file of links, or - for standard input')
    .argument('[signals]', 'NDJSON of signals: those of the neuron are rewarded')
    .action((id: string, path: string, signals: string | undefined, flags: ExplainFlags) =>
      explain(path, signals ?? null, flags, (context) => neuron(context, id, signals)),
    );
  return command;
}

/** A solved graph, ready to be explained. */
interface Context {
  readonly linked: LinkedGraph;
  readonly result: FocusResult;
  readonly flows: Flows;
  readonly backend: Backend;
  readonly flags: ExplainFlags;
  readonly top: number;
  /** Of what shifts leave out. */
  readonly tolerance: number;
  readonly signal: AbortSignal;
  readonly say: Say;
}

/** An explanation in both forms. */
interface Answer {
  readonly json: Record<string, unknown>;
  readonly text: string;
}

async function explain(
  path: string,
  other: string | null,
  flags: ExplainFlags,
  answer: (context: Context) => Promise<Answer> | Answer,
): Promise<void> {
  check(
    flags.precision !== 'exact',
    'usage',
    () => '--precision: expected f64, found exact',
    'explanations are in f64: parts are rounded to doubles in any case',
  );
  const tolerance = toleranceOf(flags);
  checkStandardInput(other === null ? [path] : [path, other]);
  const progress = openProgress();
  const { say } = progress;
  try {
    progress.phase(`reading ${path}`);
    const { linked } = await readLinked(path, flags, say);
    const { axons } = linked.graph.report;
    const { backend, reason } = await chooseBackend({ ...flags, precision: 'f64', axons });
    const { json, text } = await interruptible(async (signal) => {
      say(`backend: ${backend.description} (${reason})`);
      progress.phase('solving');
      const { top = DEFAULT_TOP } = flags;
      const goal = Math.max(1e-15, tolerance * TOLERANCE_SHARES.base);
      const settings = {
        ...parametersOf(flags),
        precision: 'f64',
        tolerance: goal,
        signal,
      } as const;
      const result = await focus(linked.graph, settings, backend);
      const { parameters, phi, errorBound } = result;
      const flows = await openFlows(linked.graph, parameters, phi.data, backend);
      const shiftTolerance = tolerance * TOLERANCE_SHARES.shift;
      const context = { linked, result, flows, backend, flags, top, signal, say };
      const made = await answer({ ...context, tolerance: shiftTolerance });
      return { ...made, json: { ...made.json, reading: result.reading, errorBound } };
    }).finally(() => backend.destroy());
    progress.end();
    process.stdout.write(flags.json === true ? `${JSON.stringify(json)}\n` : text);
  } finally {
    progress.end();
  }
}

function particle({ linked, flows, top }: Context, id: string): Answer {
  const i = particleOf(linked, id);
  const { ids, particles } = linked.graph;
  const found = explainParticle(flows, i, top);
  const named = found.through.map(({ particle: j, ...rest }) => ({ id: ids.at(j), ...rest }));
  return {
    json: { id, particles, ...found, through: named },
    text: particleText(id, found, particles, (j) => ids.at(j)),
  };
}

async function link(context: Context, fromId: string, toId: string): Promise<Answer> {
  const { linked, result, flows, top, tolerance, signal, backend } = context;
  const { graph } = linked;
  const [from, to] = [particleOf(linked, fromId), particleOf(linked, toId)];
  const settings = { tolerance, signal };
  const found = await explainLink(graph, result, flows, from, to, settings, backend);
  const signers = signersOf(linked, fromId, toId, found.weight);
  const nameOf = (j: number): string => graph.ids.at(j);
  const removal = removalText('it', found.removal, nameOf, top);
  return {
    json: {
      from: fromId,
      to: toId,
      ...found,
      signers,
      removal: shiftOf(found.removal, nameOf, top),
    },
    text: linkText(fromId, toId, found, signersText(signers) + removal),
  };
}

async function neuron(
  context: Context,
  id: string,
  signalPath: string | undefined,
): Promise<Answer> {
  const { linked, flows, top } = context;
  const { links, graph } = linked;
  const index = links.neurons?.indexOf(id) ?? -1;
  if (index < 0 && signalPath === undefined) {
    const fix = 'neurons are the fourth column of text rows, or the column "neuron"';
    throw new FocusError('bad-input', `no neuron ${shown(id)} signs a link`, fix);
  }
  const nameOf = (j: number): string => graph.ids.at(j);
  // A neuron that is new has signals only; no index of a table is beyond NO_NEURON − 1.
  const found = explainNeuron(linked, flows, index < 0 ? NO_NEURON - 1 : index);
  const without = await shiftWithout(context, id, found.indices);
  const rewards = signalPath === undefined ? null : await rewardsFor(context, id, signalPath);
  check(
    index >= 0 || (rewards ?? []).length > 0,
    'bad-input',
    () => `neuron ${shown(id)} signs no link and no signal`,
    'ids are compared as they stand',
  );
  const { indices: _, targets, ...rest } = found;
  const removal =
    found.counted === 0 ? '' : removalText('its links', without, nameOf, Math.min(top, 5));
  return {
    json: {
      neuron: id,
      ...rest,
      targets: targets
        .slice(0, top)
        .map(({ particle: j, ...carried }) => ({ id: nameOf(j), ...carried })),
      otherTargets: Math.max(0, targets.length - top),
      removal: found.counted === 0 ? null : shiftOf(without, nameOf, top),
      signals: rewards,
    },
    text: neuronText(id, found, top, nameOf, removal) + rewardsText(rewards),
  };
}

/** Focus without some links of a neuron; null where no other link counts. */
async function shiftWithout(
  { linked, result, tolerance, signal, backend }: Context,
  id: string,
  indices: Uint32Array,
): Promise<Shift | null> {
  const { links, graph, options } = linked;
  const { values } = weighLinks(links, options);
  const own = new Set(indices);
  const counts = (i: number): boolean => values[i] > 0 && links.from[i] !== links.to[i];
  let others = false;
  for (let i = 0; i < links.count && !others; i++) others = counts(i) && !own.has(i);
  if (!others || indices.length === 0) return null;
  const remove = Array.from(indices, (i) => ({
    from: links.particles.at(links.from[i]),
    to: links.particles.at(links.to[i]),
    row: positionOf(linked, i),
  }));
  const change = axonChangesOf(linked, [{ neuron: id, links: [], remove, change: [] }]);
  const base = {
    parameters: result.parameters,
    phi: result.phi.data,
    errorBound: result.errorBound ?? 2,
  };
  return (await shiftsOf(graph, base, [change], { tolerance, signal }, backend))[0];
}

/** Rewards of the neuron's signals in a file, each alone. */
async function rewardsFor(
  { linked, result, tolerance, signal, backend, say }: Context,
  id: string,
  path: string,
): Promise<readonly SignalRow[]> {
  const { delta, notes } = await readSignals(path);
  describeSignals(notes, say);
  const own = delta.flatMap((each, index) => (each.neuron === id ? [{ each, index }] : []));
  say(`  ${own.length} of them by ${id}`);
  const found = await rewardsOf(
    linked.graph,
    {
      parameters: result.parameters,
      phi: result.phi.data,
      errorBound: result.errorBound ?? 2,
    },
    own.map(({ each }) => axonChangesOf(linked, [each])),
    FUNCTIONS,
    { tolerance, signal },
    backend,
  );
  return found.changes.map((change, k) => ({
    neuron: id,
    index: own[k].index,
    ...rowOf(change),
  }));
}

function rewardsText(rows: readonly SignalRow[] | null): string {
  if (rows === null) return '';
  if (rows.length === 0) return '  none of the signals is its own\n';
  return aligned([
    ['signal', ...FUNCTIONS, 'discovery part'],
    ...rows.map(({ index, rewards, parts }) => [
      String(index),
      ...FUNCTIONS.map((name) => rewards[name]),
      parts.discovery,
    ]),
  ]);
}

/** Whose links make up an axon, by neuron, largest first. */
function signersOf(
  { links, options }: LinkedGraph,
  from: string,
  to: string,
  weight: number,
): { readonly neuron: string | null; readonly links: number; weight: number; share: number }[] {
  const { values } = weighLinks(links, options);
  const [p, q] = [links.particles.indexOf(from), links.particles.indexOf(to)];
  const found = new Map<number, { links: number; weight: number }>();
  for (const i of linkIndexOf(links).linksOf(p, q)) {
    const signer = links.neuron === null ? NO_NEURON : links.neuron[i];
    const entry = found.get(signer) ?? { links: 0, weight: 0 };
    found.set(signer, { links: entry.links + 1, weight: entry.weight + values[i] });
  }
  return [...found]
    .map(([signer, entry]) => ({
      neuron: signer === NO_NEURON ? null : (links.neurons?.at(signer) ?? null),
      ...entry,
      share: entry.weight / weight,
    }))
    .sort((a, b) => b.weight - a.weight);
}

/** A shift for --json, with its largest entries. */
function shiftOf(
  shift: Shift | null,
  nameOf: (particle: number) => string,
  top: number,
): Record<string, unknown> | null {
  if (shift === null) return null;
  const { norm, entropyPart, discoveryPart, errorBound, entropyBound, converged } = shift;
  const order = Array.from(shift.particles.keys()).sort(
    (a, b) => Math.abs(shift.values[b]) - Math.abs(shift.values[a]) || a - b,
  );
  return {
    norm,
    entropyPart,
    discoveryPart,
    deltaJ: entropyPart + discoveryPart,
    errorBound,
    entropyBound,
    converged,
    shift: order
      .slice(0, top)
      .map((k) => ({ id: nameOf(shift.particles[k]), delta: shift.values[k] })),
  };
}

function particleOf({ graph }: LinkedGraph, id: string): number {
  const found = graph.ids.indexOf(id);
  check(
    found >= 0,
    'bad-input',
    () => `no particle ${shown(id)} among the ${plural(graph.particles, 'particle')} of the graph`,
    'ids are compared as they stand; a particle of dropped links alone is not in the graph',
  );
  return found;
}
