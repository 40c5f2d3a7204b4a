// Why a claim is not admitted: a code that a program can act on, a sentence with the numbers, the status of
// HTTP, and, where waiting helps, for how long. A refusal is a result, never an exception, and changes nothing.

/** Every code with its status of HTTP, in the order in which claims are judged. */
export const REFUSAL_STATUS = {
  /** No claim at all: a field is missing, unknown, or not of its type. */
  malformed: 400,
  /** Signed too long ago, or in the future. */
  'out-of-window': 422,
  /** A number outside the range that the policy gives it. */
  'out-of-range': 422,
  /** The node has had its claims of the hour. */
  'rate-exceeded': 429,
  /** The node claimed a moment ago. */
  'cooling-down': 429,
  /** An improvement below the least that is paid. */
  'too-small-improvement': 422,
  /** More improvement claimed than the means show. */
  'overstated-improvement': 422,
  /** An improvement that may be chance. */
  'not-significant': 422,
  'too-few-attestations': 422,
  /** An attestation by a node that may not attest. */
  'unknown-node': 403,
  'twice-attested': 422,
  /** An attestation by whom the claim is to pay. */
  'self-attested': 403,
  /** An attestation by a node of the owner whom the claim is to pay. */
  'same-owner': 403,
  'too-few-owners': 422,
  /** One owner has too much of the attesting weight. */
  concentrated: 422,
  /** Work that is worth nothing. */
  'nothing-earned': 422,
  /** Not signed by the node that claims. */
  'wrong-signature': 401,
  /** An attestation not signed by its node, or for other work or figures. */
  'wrong-attestation': 401,
} as const;

/** What a program can act on. */
export type ClaimRefusalCode = keyof typeof REFUSAL_STATUS;

/** Why a claim is not admitted. */
export interface ClaimRefusal {
  readonly code: ClaimRefusalCode;
  /** A sentence with the numbers. */
  readonly reason: string;
  /** Of HTTP. */
  readonly status: number;
  /** After so long the same node may claim; the claim is to be signed anew then. */
  readonly retryAfterMs?: number;
}

/** A refusal. */
export function refusal(
  code: ClaimRefusalCode,
  reason: string,
  retryAfterMs?: number,
): ClaimRefusal {
  const status = REFUSAL_STATUS[code];
  return retryAfterMs === undefined
    ? { code, reason, status }
    : { code, reason, status, retryAfterMs };
}

/** Whether an answer is a refusal. */
export function isRefusal(answer: object): answer is ClaimRefusal {
  return 'code' in answer && 'status' in answer;
}
