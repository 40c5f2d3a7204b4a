// Blocks as they are read: each names its parents, and may name the signals it carries.

/** A block. Ids are opaque and not empty. */
export interface Block {
  readonly id: string;
  /** Ids of the blocks it references, each once; none for a first block. */
  readonly parents: readonly string[];
  /** Indices, from 0, of the signals it carries. */
  readonly signals: readonly number[];
}
