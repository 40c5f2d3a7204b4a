// The ledger's epochs are hours: every module that posts to one ledger counts them alike, since a seal
// closes all hours before it.

/** Milliseconds of an hour. */
export const HOUR_MS = 3_600_000;

/** The accounting period of a moment: whole hours since 1970. */
export function accountingHour(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS);
}
