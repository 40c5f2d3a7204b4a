// Yield curves: what each link earned in each epoch in which it was alive. While epochs come, a
// column an epoch; at the end, a run a link, so that one curve is read at once. 12 bytes a link and
// epoch, 8 more where yields differ from contributions, and twice that while the runs are made.

/** The curve of one link, by epoch of the sequence; the first epoch has no yields. */
export interface YieldCurve {
  /** Share times Δφ*_j: the yield before it is weighted. 0 where the link is not alive. */
  readonly contributions: Float64Array;
  /** w times the contribution. */
  readonly yields: Float64Array;
  /** Sums of yields up to each epoch, in the order of epochs. */
  readonly cumulative: Float64Array;
  /** 1 where the link is alive. */
  readonly alive: Uint8Array;
}

/** Curves of all links. */
export interface YieldCurves {
  /** The curve of a slot. O(epochs). */
  of(slot: number): YieldCurve;
}

/** Collects curves. */
export interface CurveCollector {
  /** Adds an epoch: by link its slot, contribution and yield. Arrays are kept, not copied. */
  add(slots: Uint32Array, contributions: Float64Array, yields: Float64Array): void;
  finish(links: number): YieldCurves;
}

interface Column {
  readonly slots: Uint32Array;
  readonly contributions: Float64Array;
  readonly yields: Float64Array;
}

/** Opens a collector. */
export function collectCurves(): CurveCollector {
  const columns: Column[] = [];
  return {
    add: (slots, contributions, yields) => {
      columns.push({ slots, contributions, yields });
    },
    finish: (links) => runsOf(columns, links),
  };
}

function runsOf(columns: Column[], links: number): YieldCurves {
  const epochs = columns.length;
  const starts = new Float64Array(links + 1);
  for (const { slots } of columns) for (const slot of slots) starts[slot + 1]++;
  for (let slot = 0; slot < links; slot++) starts[slot + 1] += starts[slot];
  const size = starts[links];
  const isPlain = columns.every(({ contributions, yields }) => contributions === yields);
  const epochOf = new Uint32Array(size);
  const contributed = new Float64Array(size);
  const yielded = isPlain ? contributed : new Float64Array(size);
  const next = starts.slice(0, links);
  for (let t = 0; t < epochs; t++) {
    const { slots, contributions, yields } = columns[t];
    for (let i = 0; i < slots.length; i++) {
      const place = next[slots[i]]++;
      epochOf[place] = t;
      contributed[place] = contributions[i];
      yielded[place] = yields[i];
    }
  }
  return {
    of: (slot) => {
      const [contributions, yields, cumulative] = [0, 1, 2].map(() => new Float64Array(epochs));
      const alive = new Uint8Array(epochs);
      for (let k = starts[slot]; k < starts[slot + 1]; k++) {
        const t = epochOf[k];
        alive[t] = 1;
        contributions[t] = contributed[k];
        yields[t] = yielded[k];
      }
      let sum = 0;
      for (let t = 0; t < epochs; t++) cumulative[t] = sum += yields[t];
      return { contributions, yields, cumulative, alive };
    },
  };
}
