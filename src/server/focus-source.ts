// What is asked of the focus of a graph, and who answers: in this thread (focus-node.ts) or in one of its own
// (focus-thread.ts), so that long answers hold up no other request.

import type { SignalLink } from '../graph/signal.js';

/** A question. */
export type FocusRequest =
  | { readonly kind: 'graph' }
  | { readonly kind: 'particle'; readonly id: string }
  | { readonly kind: 'top'; readonly count: number }
  | {
      readonly kind: 'neighbourhood';
      readonly id: string;
      readonly hops: number;
      readonly mostAxons: number;
      readonly stake: number;
    }
  | {
      readonly kind: 'estimate';
      readonly neuron: string | null;
      readonly links: readonly SignalLink[];
    };

/** A graph whose focus is known. Answers are plain JSON. */
export interface FocusSource {
  /**
   * Answers; null for a particle that the graph lacks. Rejects with `bad-input` for links that do not fit, with
   * `too-large` for a neighbourhood that is.
   */
  ask(request: FocusRequest): Promise<unknown>;
  destroy(): Promise<void>;
}
