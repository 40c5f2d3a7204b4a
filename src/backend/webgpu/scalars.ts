// Numbers that stay on the device. Reduced ones are in a ring behind the constants of the
// coefficient buffer: nobody releases them, so the oldest are overwritten after some tens of
// thousands of numbers; using one after that is an error, never a wrong number. Those that entries
// are to write to stay in a buffer of their own until they are released.

import { check } from '../../base/errors.js';
import type { Scalars } from '../backend.js';
import type { SmallBuffers } from './small-buffers.js';

/** One number per column at a position of the ring. */
export class DeviceScalars implements Scalars {
  constructor(
    readonly ring: ScalarRing,
    readonly columns: number,
    /** Numbers taken before these, since the ring was made. */
    readonly position: number,
  ) {}
}

/** Scalars that stay until they are released. */
export class StoredScalars implements Scalars {
  live = true;

  constructor(
    readonly home: SmallBuffers,
    readonly columns: number,
    readonly buffer: GPUBuffer,
  ) {}
}

/** Places for scalars in the coefficient buffer. */
export class ScalarRing {
  readonly #base: number;
  readonly #capacity: number;
  #taken = 0;

  /** @param base first place; @param capacity places, at least as many as one reduce takes. */
  constructor(base: number, capacity: number) {
    this.#base = base;
    this.#capacity = capacity;
  }

  /** Takes consecutive places for `count` scalars of so many columns, overwriting the oldest. */
  take(count: number, columns: number): readonly DeviceScalars[] {
    const numbers = count * columns;
    check(
      numbers <= this.#capacity,
      'too-large',
      () => `${count} reductions of ${columns} columns: expected at most ${this.#capacity} numbers`,
      'use fewer columns',
    );
    const beforeEnd = this.#capacity - (this.#taken % this.#capacity);
    if (numbers > beforeEnd) this.#taken += beforeEnd;
    const first = this.#taken;
    this.#taken += numbers;
    return Array.from(
      { length: count },
      (_, k) => new DeviceScalars(this, columns, first + k * columns),
    );
  }

  /** The place in the coefficient buffer; throws `usage` if the numbers have been overwritten. */
  placeOf({ ring, position }: DeviceScalars): number {
    check(ring === this, 'usage', () => 'scalars of one workspace used in another');
    check(
      this.#taken - position <= this.#capacity,
      'usage',
      () =>
        `scalars used after ${this.#taken - position} newer numbers, of which ${this.#capacity} fit`,
      'read them, or combine them into a vector, sooner',
    );
    return this.#base + (position % this.#capacity);
  }
}
