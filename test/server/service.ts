// A service for tests: the real app over a ledger of its own, at a moment that a test sets, with the verification
// nodes of the desk of claims. Answers are held against the schemas of the OpenAPI document.

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { openLedger, type Ledger } from '../../src/ledger/ledger.js';
import { openSqliteStore } from '../../src/ledger/stores/sqlite.js';
import { RewardConfig } from '../../src/payouts/buckets/config.js';
import { createServer, type FocusServer } from '../../src/server/app.js';
import type { ServerOptions } from '../../src/server/settings.js';
import { NODES, NOW_MS } from '../payouts/buckets/claims/desk.js';

export const HOUR_MS = 3_600_000;
export const TOKEN = 'a-token-of-the-operator';
export const AS_OPERATOR = { authorization: `Bearer ${TOKEN}` };

/** A service and what a test turns. */
export interface TestService extends FocusServer {
  readonly ledger: Ledger;
  /** The time, which goes only where a test puts it. */
  readonly clock: { nowMs: number };
  /** What was logged. */
  readonly log: string[];
}

/** What a test changes. */
export type ServiceOptions = Partial<ServerOptions> & {
  /** A file of SQLite; default: in memory. */
  readonly file?: string;
  readonly yaml?: string;
  readonly nowMs?: number;
};

/** Opens a service that nothing settles but a test. */
export async function openService(options: ServiceOptions = {}): Promise<TestService> {
  const { file = ':memory:', yaml = '', nowMs = NOW_MS, ...rest } = options;
  const ledger = openLedger(openSqliteStore(file));
  const clock = { nowMs };
  const log: string[] = [];
  const server = await createServer({
    ledger,
    config: RewardConfig.fromText(yaml),
    nodes: NODES,
    now: () => clock.nowMs,
    operatorToken: TOKEN,
    requestsPerMinute: 1_000_000,
    settles: false,
    logSink: { write: (line) => void log.push(line) },
    ...rest,
  });
  return { ...server, ledger, clock, log };
}

/** An answer, its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  // eslint-disable-next-line -- tests look into bodies of every shape
  readonly body: Record<string, never>;
  readonly text: string;
}

/** What a test sends. */
export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** GET, or POST where there is a body; the answer must be as the OpenAPI document says. */
export async function ask(
  service: FocusServer,
  path: string,
  { headers = {}, body }: Sent = {},
): Promise<Answer> {
  const method = body === undefined ? 'GET' : 'POST';
  const sent = body === undefined ? {} : { payload: JSON.stringify(body) };
  const typed = body === undefined ? headers : { 'content-type': 'application/json', ...headers };
  const {
    statusCode,
    headers: told,
    payload,
  } = await service.app.inject({
    method,
    url: path,
    headers: typed,
    ...sent,
  });
  const type = String(told['content-type'] ?? '');
  const isJson = /^application\/(problem\+)?json/.test(type);
  const answer = {
    status: statusCode,
    headers: told,
    body: (isJson ? JSON.parse(payload) : {}) as Answer['body'],
    text: payload,
  };
  if (isJson) expectDocumented(service, method, path, answer);
  return answer;
}

/** The id of a posted claim. */
export async function claimed(service: FocusServer, body: unknown, key = 'key-1'): Promise<Answer> {
  return ask(service, '/rewards/claims', { headers: { 'idempotency-key': key }, body });
}

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

/** The document of a service. */
export function documentOf({ app }: FocusServer): Document {
  return app.swagger() as unknown as Document;
}

const validators = new Map<string, ValidateFunction>();

/** Holds an answer against the document; routes that are hidden are not looked at. */
function expectDocumented(
  service: FocusServer,
  method: string,
  path: string,
  { status, body }: Answer,
): void {
  const { paths, components } = documentOf(service);
  const [route] = path.split('?');
  const known = Object.keys(paths)
    .sort((a, b) => a.split('{').length - b.split('{').length)
    .find((each) => patternOf(each).test(route));
  if (known === undefined) return;
  const answer = paths[known][method.toLowerCase()]?.responses[String(status)];
  expect(answer, `${method} ${known} does not say that it answers ${status}`).toBeDefined();
  const [content] = Object.values(answer.content ?? {});
  if (content === undefined) return;
  const name = `${method} ${known} ${status}`;
  let validate = validators.get(name);
  if (validate === undefined) {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    validate = ajv.compile({ ...content.schema, components });
    validators.set(name, validate);
  }
  const isValid = validate(body);
  expect(validate.errors ?? [], `${name}: ${JSON.stringify(body).slice(0, 500)}`).toEqual([]);
  expect(isValid).toBe(true);
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`);
}
