// Errors as answers: RFC 9457 problem documents. A fault of the caller says what was found, what was expected
// and how to fix it; a fault of ours is logged under an id, and the answer tells that id and nothing else.
//   {type, title, status, code, detail, fix, field}

import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { FocusError } from '../base/errors.js';

/** What an answer says besides its status. */
export interface ProblemDetails {
  /** In a word that a program can switch on. */
  readonly code: string;
  /** What was found and what was expected. */
  readonly detail: string;
  /** How to mend it; empty where there is nothing to say. */
  readonly fix?: string | undefined;
  /** The parameter, header or field that is wrong. */
  readonly field?: string | undefined;
  /** Headers of the answer. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Further members of the document. */
  readonly more?: Readonly<Record<string, string | number>> | undefined;
}

/** An answer that is no success; thrown by routes. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly status: number,
    readonly details: ProblemDetails,
  ) {
    super(details.detail);
  }
}

/** The media type of problem documents. */
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** Codes of the caller's faults; all others are ours. */
const CALLERS = ['bad-input', 'bad-parameter', 'too-large'];

/**
 * Runs work whose `bad-input` is the caller's fault: it becomes a problem of this status and code. The field
 * is the text before the first colon of the message, as `names` calls it.
 */
export function callersFault<T>(
  status: number,
  code: string,
  work: () => T,
  names: Readonly<Record<string, string>> = {},
): T {
  try {
    return work();
  } catch (error) {
    throw asProblem(error, status, code, names);
  }
}

/** The problem of a caller's fault; anything else is given back as it is. */
export function asProblem(
  error: unknown,
  status: number,
  code: string,
  names: Readonly<Record<string, string>> = {},
): unknown {
  if (!(error instanceof FocusError) || !CALLERS.includes(error.code)) return error;
  const [, named = '', rest = error.message] = /^([\w[\].-]+): ([^]*)$/.exec(error.message) ?? [];
  if (named === '') return new Problem(status, { code, detail: rest, fix: error.fix });
  const field = names[named] ?? named;
  return new Problem(status, { code, detail: `${field}: ${rest}`, fix: error.fix, field });
}

/** Makes every error of the app a problem document. */
export function setProblems(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError | Problem, request, reply) => {
    sendProblem(error, request, reply);
  });
}

/** Answers with the problem of an error; what is not the caller's fault is logged. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, details } = problemOf(error, request);
  const { code, detail, fix = '', field, headers = {}, more = {} } = details;
  const title = STATUS_CODES[status] ?? 'Error';
  const document = { type: 'about:blank', title, status, code, detail, fix, field, ...more };
  void reply
    .code(status)
    .headers(headers)
    .header('cache-control', 'no-store')
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(document));
}

/** The problem of a path that no route has. */
export function noSuchPage(request: FastifyRequest): Problem {
  return new Problem(404, {
    code: 'no-such-route',
    detail: `${request.method} ${pathOf(request)}: there is no such route`,
    fix: 'GET /openapi.json lists them, /docs shows them',
  });
}

function problemOf(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  const mine = asProblem(error, 422, 'out-of-range');
  if (mine instanceof Problem) return mine;
  const { validation, validationContext, statusCode, code, message } = error as FastifyError;
  if (validation !== undefined) return malformed(validation[0], validationContext ?? 'request');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem(statusCode, { code: wordOf(code), detail: message });
  }
  const id = randomUUID();
  request.log.error({ id, err: error, route: request.routeOptions.url }, 'request failed');
  return new Problem(500, {
    code: 'failure',
    detail: `the request failed; the log has it as ${id}`,
    fix: 'tell the operator this id',
    more: { id },
  });
}

type Validation = NonNullable<FastifyError['validation']>[number];

function malformed({ instancePath, keyword, params, message }: Validation, where: string): Problem {
  const named = params['additionalProperty'] ?? params['missingProperty'];
  const path = [...instancePath.split('/').slice(1), ...(named === undefined ? [] : [named])];
  const field = path.join('.');
  const place = field === '' ? where : field;
  const allowed = params['allowedValues'];
  const list = Array.isArray(allowed) ? `: ${allowed.join(', ')}` : '';
  const what =
    keyword === 'additionalProperties'
      ? 'there is no such parameter'
      : keyword === 'required'
        ? 'it is missing'
        : keyword === 'pattern'
          ? 'it is not written as expected'
          : `${message ?? 'it is malformed'}${list}`;
  return new Problem(400, {
    code: 'malformed',
    detail: `${place}: ${what}`,
    fix: 'GET /openapi.json has the schema of each request',
    ...(field === '' ? {} : { field }),
  });
}

/** FST_ERR_CTP_BODY_TOO_LARGE → body-too-large. */
function wordOf(code: string | undefined): string {
  const word = (code ?? '').replace(/^FST_ERR_(?:CTP_)?/, '');
  return word === '' ? 'refused' : word.toLowerCase().replaceAll('_', '-');
}

function pathOf({ url }: FastifyRequest): string {
  const [path = ''] = url.split('?');
  return path.length > 100 ? `${path.slice(0, 100)}…` : path;
}
