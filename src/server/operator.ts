// Who may do what only the operator may: the bearer of the token that the process was started with. Tokens
// are compared by their hashes in constant time; without a token nobody is the operator.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

/** Where the token comes from. */
export const TOKEN_VARIABLE = 'FOCUS_OPERATOR_TOKEN';

/** A check of requests against a token; throws 403 where there is none to compare with, 401 otherwise. */
export function operatorCheck(
  token: string | undefined,
): (request: FastifyRequest) => Promise<void> {
  const expected = token === undefined || token === '' ? null : hashOf(token);
  return async ({ headers: { authorization = '' } }) => {
    if (expected === null) {
      throw new Problem(403, {
        code: 'no-operator',
        detail: 'this service has no operator token, so nobody may do this',
        fix: `start it with ${TOKEN_VARIABLE} set`,
      });
    }
    const given = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization)?.[1];
    if (given !== undefined && timingSafeEqual(hashOf(given), expected)) return;
    throw new Problem(401, {
      code: 'not-operator',
      detail: 'authorization: expected the operator’s token',
      fix: 'send Authorization: Bearer TOKEN',
      field: 'authorization',
      headers: { 'www-authenticate': 'Bearer realm="focus operator"' },
    });
  };
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
