// The writing half of a ledger: transactions that wait are written in one commit of the store (group
// commit), and each is answered after that is durable. Nothing is kept between commits, so several
// processes may write to one store.

import { check } from '../base/errors.js';
import { Book, type Offered } from './book.js';
import { checkCount, checkTime } from './check-transaction.js';
import { sealKey, type Entry, type SealedRoot } from './entry.js';
import {
  answeredOf,
  needsOf,
  offer,
  settle,
  settleOnce,
  type Answered,
  type OnceAnswer,
  type Receipt,
} from './settle.js';
import type { Changes, LedgerStore, Loaded, Needs } from './store.js';
import type { Transaction } from './transaction.js';

/** The answer to a seal. */
export interface SealReceipt extends SealedRoot {
  readonly epoch: number;
  readonly sequence: number;
  readonly hash: string;
  /** Whether it was sealed before. */
  readonly replayed: boolean;
}

/** An epoch to seal. */
export interface SealRequest {
  readonly epoch: number;
  readonly timeMs: number;
}

/** What became of a leader and its followers. */
export interface Led {
  /** Of the leader and, where it was posted now, of each follower. */
  readonly answers: readonly OnceAnswer[];
  /** Whether the epoch was sealed in the same commit. */
  readonly sealed: boolean;
}

/** Writes to a store; see openLedger. */
export interface Journal {
  post(transaction: Transaction): Promise<Receipt>;
  postAll(transactions: readonly Transaction[]): Promise<readonly Receipt[]>;
  postOnce(transactions: readonly Transaction[]): Promise<readonly OnceAnswer[]>;
  postLed(leader: Transaction, followers: readonly Transaction[], seal?: SealRequest): Promise<Led>;
  seal(epoch: number, options: { readonly timeMs: number }): Promise<SealReceipt>;
}

/** Most transactions of one commit: 0.4 s of a lock. */
export const MOST_A_COMMIT = 8192;

interface Posts<Answer> {
  readonly offered: readonly Offered[];
  readonly settle: (book: Book, answered: Answered, offered: Offered) => Answer;
  readonly resolve: (answers: readonly Answer[]) => void;
  readonly reject: (error: unknown) => void;
}

interface PostJob {
  readonly type: 'post';
  readonly offered: readonly Offered[];
  /** Asked for after its transactions, in the same commit. */
  readonly seal: SealRequest | null;
  /** Settles its transactions; what it gives back answers whoever waits. */
  readonly settle: (book: Book, loaded: Loaded, answered: Answered) => () => void;
  readonly reject: (error: unknown) => void;
}

function postJob<Answer>({ offered, settle, resolve, reject }: Posts<Answer>): PostJob {
  return {
    type: 'post',
    offered,
    seal: null,
    settle: (book, _, answered) => {
      const answers = offered.map((each) => settle(book, answered, each));
      return () => resolve(answers);
    },
    reject,
  };
}

function ledJob(
  offered: readonly Offered[],
  seal: SealRequest | null,
  {
    resolve,
    reject,
  }: { readonly resolve: (led: Led) => void; readonly reject: (error: unknown) => void },
): PostJob {
  return {
    type: 'post',
    offered,
    seal,
    settle: (book, loaded, answered) => {
      const leader = settleOnce(book, answered, offered[0]);
      const { taken, receipt } = leader;
      if (taken !== null || receipt.replayed || receipt.outcome === 'rejected') {
        return () => resolve({ answers: [leader], sealed: false });
      }
      const rest = offered.slice(1).map((each) => settleOnce(book, answered, each));
      const isWhole = rest.every((each) => each.receipt.outcome === 'posted' && !each.taken);
      const sealed = seal !== null && isWhole && sealedIn(book, loaded, seal);
      return () => resolve({ answers: [leader, ...rest], sealed });
    },
    reject,
  };
}

/** Seals an epoch after what was just posted, where that can be. */
function sealedIn(book: Book, { leaves, openBefore }: Loaded, seal: SealRequest): boolean {
  const { epoch, timeMs } = seal;
  if (epoch <= book.sealedThrough || openBefore !== null || book.hasOpenBefore(epoch)) return false;
  const all = [...leaves, ...book.newLeaves(epoch)];
  book.seal(
    epoch,
    timeMs,
    all.sort((a, b) => (a.key < b.key ? -1 : 1)),
  );
  return true;
}

interface SealJob {
  readonly type: 'seal';
  readonly epoch: number;
  readonly timeMs: number;
  readonly resolve: (receipt: SealReceipt) => void;
  readonly reject: (error: unknown) => void;
}

/** Opens the writing half of a ledger. */
export function openJournal(store: LedgerStore): Journal {
  const waiting: (PostJob | SealJob)[] = [];
  let running = false;
  const run = async (): Promise<void> => {
    running = true;
    while (waiting.length > 0) {
      // Everybody who was just answered may ask again before the next commit.
      await new Promise((resolve) => setImmediate(resolve));
      const [first] = waiting;
      if (first.type === 'seal') {
        waiting.shift();
        await writeSeal(store, first).then(first.resolve, first.reject);
      } else {
        await writePosts(store, takePosts(waiting));
      }
    }
    running = false;
  };
  const ask = <T>(job: (resolve: (answer: T) => void, reject: (error: unknown) => void) => void) =>
    new Promise<T>((resolve, reject) => {
      job(resolve, reject);
      if (!running) void run();
    });
  const post = async <Answer>(
    transactions: readonly Transaction[],
    settle: Posts<Answer>['settle'],
  ): Promise<readonly Answer[]> => {
    const all = transactions.map((each) => offer(each));
    const parts: Promise<readonly Answer[]>[] = [];
    for (let at = 0; at < all.length; at += MOST_A_COMMIT) {
      const offered = all.slice(at, at + MOST_A_COMMIT);
      parts.push(
        ask((resolve, reject) => waiting.push(postJob({ offered, settle, resolve, reject }))),
      );
    }
    return (await Promise.all(parts)).flat();
  };
  return {
    post: async (transaction) => (await post([transaction], settle))[0],
    postAll: (transactions) => post(transactions, settle),
    postOnce: (transactions) => post(transactions, settleOnce),
    postLed: async (leader, followers, seal) => {
      check(
        followers.length < MOST_A_COMMIT,
        'too-large',
        () => `followers: expected fewer than ${MOST_A_COMMIT}, found ${followers.length}`,
        'post the others when these are written',
      );
      const offered = [leader, ...followers].map((each) => offer(each));
      if (seal !== undefined) checkSeal(seal);
      return ask((resolve, reject) =>
        waiting.push(ledJob(offered, seal ?? null, { resolve, reject })),
      );
    },
    seal: async (epoch, { timeMs }) => {
      checkSeal({ epoch, timeMs });
      return ask((resolve, reject) =>
        waiting.push({ type: 'seal', epoch, timeMs, resolve, reject }),
      );
    },
  };
}

function checkSeal({ epoch, timeMs }: SealRequest): void {
  checkCount(epoch, 'epoch');
  checkTime(timeMs, 'timeMs');
}

/** The posts at the front that fit into one commit, up to one that seals; at least one. */
function takePosts(waiting: (PostJob | SealJob)[]): readonly PostJob[] {
  const jobs: PostJob[] = [];
  let count = 0;
  for (;;) {
    const [next] = waiting;
    if (next === undefined || next.type === 'seal') break;
    if (jobs.length > 0 && count + next.offered.length > MOST_A_COMMIT) break;
    count += next.offered.length;
    jobs.push(next);
    waiting.shift();
    if (next.seal !== null) break;
  }
  return jobs;
}

async function writePosts(store: LedgerStore, jobs: readonly PostJob[]): Promise<void> {
  const needs = withSeal(
    needsOf(jobs.flatMap(({ offered }) => offered)),
    jobs[jobs.length - 1].seal,
  );
  let answers: readonly (() => void)[] = [];
  try {
    await store.commit(needs, (loaded) => {
      const book = new Book(loaded);
      const answered = answeredOf(loaded.entries);
      answers = jobs.map((job) => job.settle(book, loaded, answered));
      return book.takeChanges();
    });
  } catch (error) {
    for (const { reject } of jobs) reject(error);
    return;
  }
  for (const answer of answers) answer();
}

function withSeal(needs: Needs, seal: SealRequest | null): Needs {
  if (seal === null) return needs;
  return { ...needs, epochs: [...new Set([...needs.epochs, seal.epoch])], seal: seal.epoch };
}

async function writeSeal(store: LedgerStore, { epoch, timeMs }: SealJob): Promise<SealReceipt> {
  const needs: Needs = {
    keys: [sealKey(epoch)],
    refused: [],
    balances: [],
    claims: [],
    epochs: [epoch],
    seal: epoch,
  };
  let answer: SealReceipt | null = null;
  await store.commit(needs, (loaded) => {
    const result = sealLoaded(loaded, epoch, timeMs);
    answer = result.answer;
    return result.changes;
  });
  check(answer !== null, 'invariant', () => 'a store committed without a decision');
  return answer;
}

function sealLoaded(
  loaded: Loaded,
  epoch: number,
  timeMs: number,
): { readonly answer: SealReceipt; readonly changes: Changes } {
  const { head, leaves, openBefore, entries, epochs } = loaded;
  const book = new Book(loaded);
  const [before] = entries;
  if (before !== undefined) {
    const { root, transactions: size } = epochs[0];
    const answer = sealReceipt(before, { root: String(root), size }, epoch, true);
    return { answer, changes: book.takeChanges() };
  }
  checkSealable(epoch, head.sealedThrough, openBefore);
  const entry = book.seal(epoch, timeMs, leaves);
  const changes = book.takeChanges();
  const root = String(changes.epochs[0].root);
  return { answer: sealReceipt(entry, { root, size: leaves.length }, epoch, false), changes };
}

/** Epochs are sealed in order, and none with transactions is left out. Throws `bad-parameter`. */
export function checkSealable(
  epoch: number,
  sealedThrough: number,
  openBefore: number | null,
): void {
  check(
    epoch > sealedThrough,
    'bad-parameter',
    () => `epoch ${epoch}: closed already, everything through ${sealedThrough} is sealed`,
  );
  check(
    openBefore === null,
    'bad-parameter',
    () => `epoch ${epoch}: epoch ${openBefore} before it is open and has transactions`,
    `seal epoch ${openBefore} first`,
  );
}

function sealReceipt(
  { sequence, hash }: Entry,
  seal: SealedRoot,
  epoch: number,
  replayed: boolean,
): SealReceipt {
  return { epoch, ...seal, sequence, hash, replayed };
}
