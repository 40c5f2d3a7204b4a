// How a service is opened, and what it is made of.

import type { Ledger } from '../ledger/ledger.js';
import type { NodeRegistry } from '../payouts/buckets/claims/nodes.js';
import type { RewardConfig } from '../payouts/buckets/config.js';

import type { FocusSource } from './focus-source.js';
import type { LogLevel, LogSink } from './log.js';

/** How a service is opened. */
export interface ServerOptions {
  /** Where claims and payments are kept; the server closes it in the end. */
  readonly ledger: Ledger;
  /** Default: the policy of the package. */
  readonly config?: RewardConfig | undefined;
  /** Who may attest and challenge; default: nobody is listed. */
  readonly nodes?: NodeRegistry | undefined;
  /** Milliseconds since 1970; default: the clock of the machine. */
  readonly now?: (() => number) | undefined;
  /** What operators must send; without it nobody is one. */
  readonly operatorToken?: string | undefined;
  /** Requests a minute from one address; default 6,000. */
  readonly requestsPerMinute?: number | undefined;
  /** Whether the address of a request is what a proxy says in X-Forwarded-For; default false. */
  readonly isBehindProxy?: boolean | undefined;
  /** Default `info`. */
  readonly logLevel?: LogLevel | undefined;
  /** Default standard error. */
  readonly logSink?: LogSink | undefined;
  /** Whether hours are settled as they end; default true. */
  readonly settles?: boolean | undefined;
  /** The graph whose focus is served, closed in the end; default none. */
  readonly focus?: FocusSource | undefined;
  /** Folder of a chain of epochs whose headers are served; default none. */
  readonly epochs?: string | undefined;
}

export const REQUESTS_PER_MINUTE = 6000;
/** Largest body: a claim with 64 attestations has about 25 KB. */
export const BODY_BYTES = 65_536;
/** Longest that a request may take to arrive, and a head. */
export const REQUEST_MS = 15_000;
export const HEADERS_MS = 10_000;
export const KEEP_ALIVE_MS = 65_000;
/** Longest that requests may take to end when the service closes, and how often idle connections are closed. */
export const DRAIN_MS = 20_000;
export const DRAIN_TICK_MS = 50;
/** Longest part of a path: an account has 256 characters. */
export const PATH_CHARACTERS = 300;
