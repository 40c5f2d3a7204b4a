// The header of an epoch: everything that a light client must hold to check an axon or a particle
// with an audit path. It is one line of canonical JSON, keys in this order, no spaces, numbers as
// JSON writes a binary64; its name is the SHA-256 of those bytes, and the next header holds it.
//   version epoch previous graphRoot axons particles focusRoot precision focus focusDigest
// `focus` is the header that the focus's own digest covers: reading and parameters, and for exact
// results tolerance, start and applications (docs/exact-arithmetic.md, section 9).

import { createHash } from 'node:crypto';
import { digestOfFocus, digestOfUnits } from '../base/digest.js';
import { FocusError, invariant, shown } from '../base/errors.js';
import { rejected, type Refusal, type TreeHead, type Verdict } from '../base/merkle-proof.js';
import type { Graph } from '../graph/graph.js';
import { sortedOrder } from '../graph/id-order.js';
import { openGraphRoot, type GraphRoot, type RootOptions } from '../graph/root.js';
import type { ExactFocus } from './exact/focus-exact.js';
import type { FocusResult } from './focus.js';
import { readFields, type EpochHeader, type FocusDescription } from './header-fields.js';
import { describeParameters, type Parameters } from './parameters.js';
import { openFocusRoot, type FocusRoot } from './root.js';

export type { EpochHeader, FocusDescription } from './header-fields.js';

/** A header as text, its hash, and what it says. */
export interface SealedHeader {
  readonly text: string;
  /** SHA-256 of the text's UTF-8 bytes, lower-case hex. */
  readonly hash: string;
  readonly header: EpochHeader;
}

/** A header from outside: read, or refused with a reason. */
export type HeaderReading = ({ readonly accepted: true } & SealedHeader) | Refusal;

/** Where a header stands in its chain. */
export interface HeaderPlace {
  readonly epoch: number;
  readonly previous: string | null;
}

/** A header and the trees behind it, which prove axons and particles. */
export interface EpochRoots extends SealedHeader {
  readonly graph: GraphRoot;
  readonly focus: FocusRoot;
}

/** Longer texts are refused unread. A header has about 900 bytes. */
const MOST_CHARACTERS = 4096;

/**
 * Makes the header of a graph and its focus, with both trees. About 1 µs an axon and a particle.
 * Throws `bad-parameter` for a place or a start that a header cannot say.
 */
export function openRoots(
  graph: Graph,
  result: FocusResult | ExactFocus,
  place: HeaderPlace,
  options: RootOptions = {},
): EpochRoots {
  const shared = { ...options, particles: options.particles ?? sortedOrder(graph.ids) };
  const graphRoot = openGraphRoot(graph, shared);
  const exact = 'exact' in result ? result.exact : null;
  const focusRoot = openFocusRoot(graph.ids, exact?.units ?? result.phi.data, shared);
  const description = exact?.header ?? describeFocus(result.parameters);
  const text = headerText({
    version: 1,
    epoch: place.epoch,
    previous: place.previous,
    graphRoot: graphRoot.head.root,
    axons: graphRoot.head.size,
    particles: focusRoot.head.size,
    focusRoot: focusRoot.head.root,
    precision: exact === null ? 'f64' : 'exact',
    focus: JSON.parse(description) as FocusDescription,
    focusDigest: exact?.digest ?? digestOfFocus(description, graph.ids, result.phi.data),
  });
  const sealed = readHeader(text);
  if (!sealed.accepted) {
    throw new FocusError('bad-parameter', `the header cannot be made: ${sealed.reason}`);
  }
  const { hash, header } = sealed;
  return { text, hash, header, graph: graphRoot, focus: focusRoot };
}

/**
 * The canonical text of how a focus in doubles was made, which its digest covers: a parameter of an
 * operator without weight changes nothing and is null.
 */
export function describeFocus(parameters: Parameters): string {
  // The bits of the doubles, as digestOfUnits writes them: little-endian.
  const digest = (prior: Float64Array): string =>
    digestOfUnits(new BigInt64Array(prior.slice().buffer));
  return JSON.stringify(describeParameters(parameters, digest));
}

/**
 * Reads a header: canonical bytes only, every field in its range. Never throws: the text may come
 * from anybody. O(its length), 4,096 characters at most.
 */
export function readHeader(text: unknown): HeaderReading {
  if (typeof text !== 'string') return rejected(`header: expected text, found ${typeof text}`);
  if (text.length > MOST_CHARACTERS) {
    return rejected(`header: expected at most ${MOST_CHARACTERS} characters, found ${text.length}`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return rejected(`header: not JSON: ${(error as Error).message}`);
  }
  const fields = readFields(parsed);
  if (typeof fields === 'string') return rejected(fields);
  const canonical = headerText(fields);
  if (canonical !== text) {
    let at = 0;
    while (canonical[at] === text[at]) at++;
    const found = shown(text.slice(at, at + 24));
    return rejected(`header: not canonical at character ${at}: found ${found}`);
  }
  const hash = createHash('sha256').update(text, 'utf8').digest('hex');
  return { accepted: true, text, hash, header: fields };
}

/** Checks that one header follows another: epoch + 1, and its hash. Never throws. */
export function verifySuccession(before: unknown, after: unknown): Verdict {
  const [first, second] = [readHeader(before), readHeader(after)];
  if (!first.accepted) return rejected(`the header before: ${first.reason}`);
  if (!second.accepted) return rejected(`the header after: ${second.reason}`);
  const { epoch, previous } = second.header;
  if (epoch !== first.header.epoch + 1) {
    return rejected(`epoch: expected ${first.header.epoch + 1}, found ${epoch}`);
  }
  if (previous === first.hash) return { accepted: true };
  return rejected(`previous: expected ${first.hash}, found ${String(previous)}`);
}

/**
 * Checks a header against the graph and the focus that it should be of, by making it anew; names
 * the first field that differs. `result` must be what the verifier computed itself.
 */
export function verifyHeader(
  text: unknown,
  graph: Graph,
  result: FocusResult | ExactFocus,
  options: RootOptions = {},
): Verdict {
  const reading = readHeader(text);
  if (!reading.accepted) return reading;
  const { epoch, previous } = reading.header;
  const own = openRoots(graph, result, { epoch, previous }, options);
  if (own.text === reading.text) return { accepted: true };
  const different = (Object.keys(own.header) as (keyof EpochHeader)[]).find(
    (key) => JSON.stringify(own.header[key]) !== JSON.stringify(reading.header[key]),
  );
  invariant(different !== undefined, 'headers of different texts have a field that differs');
  const [expected, found] = [own.header, reading.header].map((h) => JSON.stringify(h[different]));
  return rejected(`${different}: expected ${expected}, found ${found}`);
}

/** What an axon of the header's graph is checked against. */
export function graphHead({ graphRoot, axons }: EpochHeader): TreeHead {
  return { root: graphRoot, size: axons };
}

/** What a particle's focus is checked against. */
export function focusHead({ focusRoot, particles }: EpochHeader): TreeHead {
  return { root: focusRoot, size: particles };
}

/** The canonical text of a header, keys in their order. */
function headerText(header: EpochHeader): string {
  return JSON.stringify(header);
}
