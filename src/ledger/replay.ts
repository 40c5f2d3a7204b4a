// Replays of a log: each entry is judged again from its content alone, by the rule that wrote it, and
// must come out as it is, byte for byte. `verify` does so over the state that it has recomputed,
// imports over the state of the store that they write to.

import { FocusError } from '../base/errors.js';
import type { Book } from './book.js';
import { contentDigest, readContent, rejectionKey, type Content, type Entry } from './entry.js';
import { isRefusal, refusalSentence } from './refusal.js';
import { judge, offeredOf } from './settle.js';
import type { LeafRow } from './store.js';

/** A content of the log, read, with its digest. */
export interface ReadEntry {
  readonly content: Content;
  readonly digest: string;
}

/** What a replay asks of what came before. */
export interface Past {
  /** The earlier entry that has a key. */
  entryOf(key: string): Entry | undefined;
  /** Leaves of an epoch that is sealed now. */
  readonly leaves: readonly LeafRow[];
}

/** Reads a content. Throws `mismatch` unless it is canonical. */
export function readLogged(content: string): ReadEntry {
  return { content: readContent(content), digest: contentDigest(content) };
}

/** The keys of which a replay of this entry asks for the earlier entry. */
export function keysOf({ content }: ReadEntry): readonly string[] {
  switch (content.type) {
    case 'transaction':
      return [content.transaction.key];
    case 'rejected':
      return [content.offered.key];
    case 'seal':
      return [];
  }
}

/**
 * Judges an entry again and appends what comes of it to the book. Throws `mismatch` where the rule
 * gives something else than the log says.
 */
export function replayEntry(book: Book, { content, digest }: ReadEntry, past: Past): Entry {
  const { entries: sequence } = book.head;
  switch (content.type) {
    case 'seal':
      return book.seal(content.epoch, content.timeMs, past.leaves);
    case 'transaction': {
      const offered = offeredOf(content.transaction);
      const result = judge(book, past.entryOf(content.transaction.key), offered);
      if (!isRefusal(result)) return result;
      throw differs(sequence, `posted, though ${refusalSentence(result)}`);
    }
    case 'rejected': {
      const offered = offeredOf(content.offered);
      const first = past.entryOf(content.offered.key);
      if (first?.digest === offered.digest)
        throw differs(sequence, 'rejected, though posted before');
      const result = judge(book, first, offered);
      if (!isRefusal(result)) throw differs(sequence, 'rejected, though nothing speaks against it');
      const entry = book.reject(offered, result);
      if (entry.key !== rejectionKey(offered.digest) || entry.digest !== digest) {
        throw differs(sequence, `rejected for another reason than that ${refusalSentence(result)}`);
      }
      return entry;
    }
  }
}

/** A difference that a replay found. */
export function differs(sequence: number, what: string): FocusError {
  return new FocusError(
    'mismatch',
    `entry ${sequence}: ${what}`,
    'the log was changed after it was written: compare it with a backup, entry by entry',
  );
}
