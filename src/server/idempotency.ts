// Requests that are under way, by node and Idempotency-Key, so that one that comes twice at the same time is
// worked on once. What was answered is the ledger's to know: this table forgets a request as it ends.

import { canonicalJson } from '../base/canonical.js';
import { Problem } from './problem.js';

const KEY = /^[\x21-\x7e]{1,128}$/;

/** Reads an Idempotency-Key. Throws a problem, 400, where there is none or it is malformed. */
export function idempotencyKeyOf(header: string | readonly string[] | undefined): string {
  if (typeof header === 'string' && KEY.test(header)) return header;
  const found = header === undefined ? 'none' : 'another';
  throw new Problem(400, {
    code: header === undefined ? 'idempotency-key-missing' : 'malformed',
    detail: `idempotency-key: expected 1 … 128 visible characters of ASCII, found ${found}`,
    fix: 'send a header Idempotency-Key, new for new work and the same for a retry',
    field: 'idempotency-key',
  });
}

/** Requests under way. */
export class RequestsUnderWay {
  readonly #bodies = new Map<string, unknown>();

  /**
   * Runs a request unless one of its name is under way: then throws a problem, 409 for the same body and 422
   * for another.
   */
  async alone<T>(name: string, body: unknown, work: () => Promise<T>): Promise<T> {
    if (this.#bodies.has(name)) throw refusalOf(this.#bodies.get(name), body);
    this.#bodies.set(name, body);
    try {
      return await work();
    } finally {
      this.#bodies.delete(name);
    }
  }

  /** Requests under way. */
  get size(): number {
    return this.#bodies.size;
  }
}

function refusalOf(first: unknown, body: unknown): Problem {
  if (canonicalJson(first) === canonicalJson(body)) {
    return new Problem(409, {
      code: 'in-flight',
      detail: 'idempotency-key: the same request is being worked on',
      fix: 'wait, then ask again with the same key: the answer is the same',
      field: 'idempotency-key',
      headers: { 'retry-after': '1' },
    });
  }
  return keyReused('the Idempotency-Key is in use for another request');
}

/** The problem of a key that was used for another body. */
export function keyReused(detail: string): Problem {
  return new Problem(422, {
    code: 'idempotency-key-reused',
    detail,
    fix: 'a new request needs a new Idempotency-Key',
    field: 'idempotency-key',
  });
}
