// Requests that a client would not send: made of the OpenAPI document and then bent (values of other types, fields
// missing and added, long and strange texts, other methods and media types). None may end in a 5xx or tell a stack,
// every answer is as the document says, and the ledger does not move. FOCUS_FUZZ sets how many.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyOf } from '../payouts/buckets/claims/desk.js';
import { documentOf, openService, TOKEN, type TestService } from './service.js';

const REQUESTS = Number(process.env['FOCUS_FUZZ'] ?? 500);

interface Shape {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly oneOf?: readonly Shape[];
  readonly anyOf?: readonly Shape[];
  readonly pattern?: string;
}

interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path' | 'header';
  readonly schema: Shape;
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Shape | null;
}

let service: TestService;
beforeAll(async () => {
  service = await openService({ yaml: 'anti_gaming: { max_claims_per_hour: 1_000_000 }' });
});
afterAll(() => service.close());

function routesOf(): readonly Route[] {
  const { paths } = documentOf(service) as unknown as {
    readonly paths: Record<
      string,
      Record<
        string,
        {
          readonly parameters?: readonly Parameter[];
          readonly requestBody?: { readonly content: Record<string, { readonly schema: Shape }> };
        }
      >
    >;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
      ...{ method: method.toUpperCase(), path, parameters },
      body: requestBody?.content['application/json']?.schema ?? null,
    })),
  );
}

const strangeText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    '0',
    '-0',
    '-1',
    '1e30',
    '1e99',
    '9'.repeat(64),
    'NaN',
    'null',
    '../..',
    '%00',
  ),
  fc.constantFrom('\u0000', '\ud800', '__proto__', "' or 1=1 --", 'a'.repeat(5000), '<script>'),
  fc.constantFrom('did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK', 'wallet:a', 'BLY:0'),
  fc.stringMatching(/^[0-9a-f]{64}$/),
  fc.stringMatching(/^-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,12})?$/),
);
const strange = fc.oneof(strangeText, fc.jsonValue(), fc.double(), fc.maxSafeInteger());

/** Values that fit a schema, more or less: one in twelve is something else. */
function valuesOf(shape: Shape): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 1, arbitrary: strange }, { weight: 11, arbitrary: fitting(shape) });
}

function fitting(shape: Shape): fc.Arbitrary<unknown> {
  const { enum: values, oneOf, anyOf, properties, items, type, pattern } = shape;
  if (values !== undefined) return fc.constantFrom(...values);
  const choices = oneOf ?? anyOf;
  if (choices !== undefined) return fc.oneof(...choices.map(valuesOf));
  if (properties !== undefined) {
    const fields = Object.entries(properties).map(([name, each]) => [name, valuesOf(each)]);
    return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, {
      requiredKeys: [],
    });
  }
  if (items !== undefined) return fc.array(valuesOf(items), { maxLength: 4 });
  if (type === 'integer') return fc.oneof(fc.integer(), fc.constant(service.clock.nowMs));
  if (type === 'number') return fc.double();
  if (pattern === undefined) return strangeText;
  const matching = fc.stringMatching(new RegExp(pattern));
  return fc.oneof({ weight: 1, arbitrary: strangeText }, { weight: 8, arbitrary: matching });
}

const GOOD = bodyOf('inference', { nonce: 'fuzz' });

/** A good claim with one thing about it bent. */
const bentClaim = fc
  .tuple(fc.constantFrom('claim', 'signature', 'work', 'attestations'), strange, fc.string())
  .map(([where, value, name]): unknown => {
    const { claim, signature } = GOOD;
    if (where === 'signature') return { claim, signature: value };
    if (where === 'work')
      return { claim: { ...claim, work: { ...claim.work, [name]: value } }, signature };
    if (where === 'attestations') return { claim: { ...claim, attestations: [value] }, signature };
    return { claim: { ...claim, [name]: value }, signature };
  });

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly payload?: string;
}

function requestOf(route: Route): fc.Arbitrary<Request> {
  const isClaim = route.path === '/rewards/claims';
  const ofSchema = route.body === null ? strange : valuesOf(route.body);
  const bodies = isClaim ? fc.oneof(bentClaim, ofSchema) : ofSchema;
  const asText = (value: unknown): string =>
    typeof value === 'string' ? value : String(JSON.stringify(value));
  return fc
    .record({
      values: fc.tuple(
        ...route.parameters.map(({ schema }) => fc.option(valuesOf(schema), { freq: 1 })),
      ),
      extra: rarely(fc.tuple(strangeText, strangeText)),
      body: bodies,
      key: fc.oneof(fc.constant('fuzz'), fc.stringMatching(/^[!-~]{0,140}$/)),
      type: fc.oneof(
        { weight: 20, arbitrary: fc.constant('application/json') },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            'text/plain',
            'application/xml',
            'x',
            'application/json; charset=x',
          ),
        },
      ),
      method: fc.oneof(
        { weight: 20, arbitrary: fc.constant(route.method) },
        {
          weight: 1,
          arbitrary: fc.constantFrom('PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'POST', 'GET'),
        },
      ),
      isOperator: fc.boolean(),
      accept: fc.constantFrom('*/*', 'text/csv', 'application/json', 'x/y', ''),
    })
    .map(({ values, extra, body, key, type, method, isOperator, accept }) => {
      let path = route.path;
      const query: string[] = [];
      route.parameters.forEach(({ name, in: place }, i) => {
        if (values[i] === null && place !== 'path') return;
        const text = encoded(asText(values[i] ?? 'x'));
        if (place === 'path') path = path.replace(`{${name}}`, text === '' ? 'x' : text);
        if (place === 'query') query.push(`${name}=${text}`);
      });
      if (extra !== null) query.push(`${encoded(extra[0])}=${encoded(extra[1])}`);
      const headers = {
        accept,
        'idempotency-key': key,
        ...(isOperator ? { authorization: `Bearer ${TOKEN}` } : {}),
      };
      const url = query.length === 0 ? path : `${path}?${query.join('&')}`;
      const hasBody = method !== 'GET' && method !== 'HEAD';
      return hasBody
        ? { method, url, headers: { ...headers, 'content-type': type }, payload: asText(body) }
        : { method, url, headers };
    });
}

/** Null in most cases. */
function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

describe('requests that nobody would send', () => {
  it(`never end in a failure, and leave the ledger as it was (${REQUESTS})`, async () => {
    const routes = routesOf();
    expect(routes.length).toBeGreaterThan(15);
    const before = await service.ledger.head();
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(fc.oneof(...routes.map(requestOf)), async (request) => {
        const { statusCode, payload, headers } = await service.app.inject({
          ...request,
          method: request.method as 'GET',
        });
        statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
        // A request that is not ready may say 503; nothing here is.
        expect(statusCode, `${payload}\n${service.log.at(-1) ?? ''}`).toBeLessThan(500);
        expect(payload).not.toMatch(/\n\s+at .+:\d+:\d+/);
        if (statusCode >= 400 && request.method !== 'HEAD') {
          expect(headers['content-type']).toMatch(/^application\/problem\+json/);
        }
      }),
      { numRuns: REQUESTS },
    );
    expect(await service.ledger.head()).toEqual(before);
    // The requests were not all refused for one reason.
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 404, 422]));
  });
});
