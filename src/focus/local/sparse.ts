// A vector that is zero almost everywhere, kept as a whole array and a list of the places touched:
// adding is O(1), clearing O(places touched).

/** Values by index, and which indices were touched since the last clear. */
export interface SparseVector {
  readonly values: Float64Array;
  /** The first `count` are the touched indices, in the order of their first touch. */
  readonly places: Uint32Array;
  readonly touched: Uint8Array;
  count: number;
}

/** An empty vector. */
export function sparseVector(size: number): SparseVector {
  return {
    values: new Float64Array(size),
    places: new Uint32Array(size),
    touched: new Uint8Array(size),
    count: 0,
  };
}

/** vector[at] += value. */
export function addAt(vector: SparseVector, at: number, value: number): void {
  if (vector.touched[at] === 0) {
    vector.touched[at] = 1;
    vector.places[vector.count++] = at;
  }
  vector.values[at] += value;
}

/** Forgets everything. */
export function clear(vector: SparseVector): void {
  const { values, places, touched } = vector;
  for (let k = 0; k < vector.count; k++) {
    values[places[k]] = 0;
    touched[places[k]] = 0;
  }
  vector.count = 0;
}

/** Σ|value| and Σ value over the touched places, in their order. */
export function sumsOf({ values, places, count }: SparseVector): {
  readonly absolute: number;
  readonly signed: number;
} {
  let absolute = 0;
  let signed = 0;
  for (let k = 0; k < count; k++) {
    const value = values[places[k]];
    absolute += Math.abs(value);
    signed += value;
  }
  return { absolute, signed };
}
