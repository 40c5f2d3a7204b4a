// What the generators of links pass on: blocks of links as numbers, filled one link at a time.

/** A block of links as numbers; the arrays are used again for the next block. */
export interface LinkBlock {
  /** Links in this block. */
  count: number;
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly amount: Float64Array;
  /** Neuron numbers; null where the profile has none. */
  readonly neuron: Uint32Array | null;
}

/** Fills one link of a block. */
export type LinkSource = (block: LinkBlock, place: number) => void;
