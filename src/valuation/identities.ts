// Which link of an epoch is which link of the epochs before. Every link has a slot, numbered by the
// epoch in which it is first seen and then by position, for all epochs.
//   row          same position and same (neuron, from, to): for chains, whose positions last
//   occurrence   the k-th link of its (neuron, from, to): for checkpoints, where a position says
//                nothing once a line before it is gone
// A link that leaves and comes back under the same name is the same link.

import { check } from '../base/errors.js';
import { createIdTable, freezeIds, internId, type IdTable } from '../graph/id-table.js';
import { MAX_ID_BYTES, type Ids } from '../graph/ids.js';
import { rowOf, type LinkSet } from '../graph/linked.js';
import { NO_NEURON } from '../graph/links.js';

/** How links are told apart over epochs. */
export type Identity = 'row' | 'occurrence';

/** What a slot is. */
export interface SlotIdentity {
  /** Position in the epoch in which the link was first seen. */
  readonly row: number;
  readonly neuron: string | null;
  readonly from: string;
  readonly to: string;
}

/** Slots of links over epochs. */
export interface Identities {
  readonly count: number;
  /** The slots of the links of the next epoch, by index. New ones are the last. */
  match(set: LinkSet): Uint32Array;
  /** Ends matching. */
  finish(): NamedSlots;
}

/** All slots by name. */
export interface NamedSlots {
  at(slot: number): SlotIdentity;
  /** By slot: index of the signing neuron in `neurons`, or NO_NEURON. */
  readonly neuron: Uint32Array;
  readonly neurons: Ids;
}

/** A Map of JavaScript holds no more. */
const MOST_NAMED = 2 ** 24;

interface Columns {
  readonly row: number[];
  readonly neuron: number[];
  readonly from: number[];
  readonly to: number[];
}

/** Opens an empty table. Memory: 32 bytes a link and the ids; `occurrence`: some 150 bytes a link. */
export function openIdentities(identity: Identity): Identities {
  const particles = openMaster();
  const neurons = openMaster();
  const slots: Columns = { row: [], neuron: [], from: [], to: [] };
  const add = (row: number, neuron: number, from: number, to: number): number => {
    slots.neuron.push(neuron);
    slots.from.push(from);
    slots.to.push(to);
    return slots.row.push(row) - 1;
  };
  const matcher = identity === 'row' ? byRow(slots, add) : byOccurrence(add);
  return {
    get count() {
      return slots.row.length;
    },
    match: (set) => {
      const { links } = set;
      const particleOf = particles.placesOf(links.particles);
      const neuronOf = links.neurons === null ? null : neurons.placesOf(links.neurons);
      return matcher(set, (i) => {
        const signer = links.neuron === null ? NO_NEURON : links.neuron[i];
        const neuron = neuronOf === null || signer === NO_NEURON ? NO_NEURON : neuronOf[signer];
        return [neuron, particleOf[links.from[i]], particleOf[links.to[i]]];
      });
    },
    finish: () => {
      const [particleIds, neuronIds] = [particles.freeze(), neurons.freeze()];
      return {
        neuron: Uint32Array.from(slots.neuron),
        neurons: neuronIds,
        at: (slot) => ({
          row: slots.row[slot],
          neuron: slots.neuron[slot] === NO_NEURON ? null : neuronIds.at(slots.neuron[slot]),
          from: particleIds.at(slots.from[slot]),
          to: particleIds.at(slots.to[slot]),
        }),
      };
    },
  };
}

type Named = (i: number) => readonly [neuron: number, from: number, to: number];
type Matcher = (set: LinkSet, named: Named) => Uint32Array;
type Add = (row: number, neuron: number, from: number, to: number) => number;

/** Positions ascend in both epochs, so they are merged; links that are gone are kept by name. */
function byRow(slots: Columns, add: Add): Matcher {
  const gone = new Map<string, number>();
  let before: Uint32Array = new Uint32Array();
  let rowsBefore: Float64Array = new Float64Array();
  return (set, named) => {
    const { count } = set.links;
    const found = new Uint32Array(count);
    const rows = new Float64Array(count);
    let j = 0;
    const leave = (k: number): void => {
      checkNamed(gone.size, 'links that were removed');
      const slot = before[k];
      gone.set(nameOf(rowsBefore[k], slots.neuron[slot], slots.from[slot], slots.to[slot]), slot);
    };
    for (let i = 0; i < count; i++) {
      const row = (rows[i] = rowOf(set, i));
      const [neuron, from, to] = named(i);
      for (; j < before.length && rowsBefore[j] < row; j++) leave(j);
      if (j < before.length && rowsBefore[j] === row) {
        const slot = before[j];
        const isSame =
          slots.neuron[slot] === neuron && slots.from[slot] === from && slots.to[slot] === to;
        if (!isSame) leave(j);
        j++;
        if (isSame) {
          found[i] = slot;
          continue;
        }
      }
      const back = gone.size === 0 ? undefined : gone.get(nameOf(row, neuron, from, to));
      found[i] = back ?? add(row, neuron, from, to);
    }
    for (; j < before.length; j++) leave(j);
    [before, rowsBefore] = [found, rows];
    return found;
  };
}

function byOccurrence(add: Add): Matcher {
  const known = new Map<string, number>();
  return (set, named) => {
    const { count } = set.links;
    const found = new Uint32Array(count);
    const seen = new Map<string, number>();
    for (let i = 0; i < count; i++) {
      const [neuron, from, to] = named(i);
      const pair = `${neuron} ${from} ${to}`;
      const k = seen.get(pair) ?? 0;
      seen.set(pair, k + 1);
      const name = k === 0 ? pair : `${pair} ${k}`;
      let slot = known.get(name);
      if (slot === undefined) {
        checkNamed(known.size, 'links by occurrence');
        known.set(name, (slot = add(rowOf(set, i), neuron, from, to)));
      }
      found[i] = slot;
    }
    return found;
  };
}

function nameOf(row: number, neuron: number, from: number, to: number): string {
  return `${row} ${neuron} ${from} ${to}`;
}

function checkNamed(size: number, what: string): void {
  check(
    size < MOST_NAMED,
    'too-large',
    () => `more than ${MOST_NAMED} ${what}`,
    'value a chain of epochs, whose links have positions',
  );
}

/** One table of the ids of all epochs. */
function openMaster(): {
  readonly placesOf: (ids: Ids) => Uint32Array;
  readonly freeze: () => Ids;
} {
  const table: IdTable = createIdTable();
  const bytes = new Uint8Array(MAX_ID_BYTES);
  let last: { readonly ids: Ids; readonly places: Uint32Array } | null = null;
  return {
    placesOf: (ids) => {
      if (last?.ids === ids) return last.places;
      const places = new Uint32Array(ids.count);
      for (let i = 0; i < ids.count; i++) {
        places[i] = internId(table, bytes, 0, ids.copyBytes(i, bytes, 0));
      }
      last = { ids, places };
      return places;
    },
    freeze: () => freezeIds(table),
  };
}
