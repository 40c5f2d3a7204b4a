// Transactions: what may be offered to the ledger. One uniform record: postings that sum to zero per
// token, effects on claims, limits of sources, and why. Everything here can be judged without the
// ledger's state; what is malformed throws and leaves no trace.

/** An amount that an account gains (above zero) or gives (below); never zero. */
export interface Posting {
  readonly account: string;
  readonly token: string;
  /** Base units, 0 < |units| < 2⁶³. */
  readonly units: bigint;
}

/**
 * What a transaction does to a claim:
 *   open      a recipient claims `units`; all of them are queued
 *   grant     queued → pending, final not before `matureAtMs`
 *   expire    queued → expired
 *   finalise  pending → paid; what matured first goes first
 *   void      pending → voided, to the account `to`; what matures last goes first
 *   extend    pending units mature not before `matureAtMs`; 0 moves none: the transaction concerns the claim
 */
export type ClaimEffect =
  | {
      readonly key: string;
      readonly effect: 'open';
      readonly recipient: string;
      readonly token: string;
      readonly units: bigint;
    }
  | {
      readonly key: string;
      readonly effect: 'grant';
      readonly units: bigint;
      readonly matureAtMs: number;
    }
  | { readonly key: string; readonly effect: 'expire'; readonly units: bigint }
  | { readonly key: string; readonly effect: 'finalise'; readonly units: bigint }
  | {
      readonly key: string;
      readonly effect: 'void';
      readonly units: bigint;
      readonly to: string;
    }
  | { readonly key: string; readonly effect: 'extend'; readonly matureAtMs: number };

/** The lowest balance of a source from now on: minus the supply cap of its token. */
export interface Limit {
  readonly account: string;
  readonly token: string;
  /** Base units, at most 0. */
  readonly lowest: bigint;
}

/** How an amount came about. */
export interface Formula {
  readonly name: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly result: string;
}

/** What is offered to the ledger. */
export interface Transaction {
  /** 64 lower-case hex digits, unique for ever: `identityKey` or `claimKey`. */
  readonly key: string;
  /** Like `grant` or `transfer`; a-z 0-9 "-". */
  readonly kind: string;
  /** A safe integer from 0. */
  readonly epoch: number;
  /** The transaction's own clock: milliseconds since 1970, a safe integer from 0. */
  readonly timeMs: number;
  /** At most 1,000, each account and token once; sum to zero per token. */
  readonly postings: readonly Posting[];
  /** At most 1,000, applied in order. */
  readonly claims?: readonly ClaimEffect[] | undefined;
  readonly limits?: readonly Limit[] | undefined;
  /** A sentence for people, 1 … 1,000 characters. */
  readonly reason: string;
  readonly formula?: Formula | undefined;
  /** Facts of the kind, texts by name: evidence, verdicts, votes. */
  readonly details?: Readonly<Record<string, string>> | undefined;
}
