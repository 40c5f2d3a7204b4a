// GET /rewards/statements/{account}: every posting of an account with its reason and formula. JSON lines in pages:
// the header Next-Cursor names where the next page begins, and Link says how to ask for it. With Accept: text/csv
// the whole statement, streamed.

import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { csvField } from '../../formats/write-table.js';
import { checkAccount } from '../../ledger/account.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { StatementLine, StatementOptions } from '../../ledger/statement.js';
import { STATEMENT_COLUMNS, statementJson } from '../../ledger/statement-columns.js';
import { callersFault, Problem } from '../problem.js';
import { answers, parametersOf, TEXT, wholeParameter, type Schema } from '../schema.js';

interface Query {
  readonly token?: string;
  readonly cursor?: string;
  readonly limit?: string;
}

const USUAL_LINES = 100;
const MOST_LINES = 1000;
/** Characters of CSV that are sent at once. */
const PIECE = 32_768;
const LINES_TYPE = 'application/x-ndjson';
const TOKEN = '[A-Za-z][A-Za-z0-9-]{0,31}';

/** Registers the route. */
export function statementRoute(app: FastifyInstance, ledger: Ledger): void {
  app.get<{ Params: { readonly account: string }; Querystring: Query }>(
    '/rewards/statements/:account',
    {
      schema: {
        tags: ['statements'],
        summary: 'Every posting of an account',
        params: parametersOf({ account: { type: 'string', maxLength: 256 } }, ['account']),
        querystring: parametersOf({
          token: { type: 'string', pattern: `^${TOKEN}$`, description: 'one token only' },
          cursor: { type: 'string', pattern: `^${TOKEN}:(0|[1-9][0-9]{0,14})$` },
          limit: wholeParameter(`lines of a page, at most ${MOST_LINES}`, 4),
        }),
        response: answers({ 200: STATEMENT }, [400, 406, 422]),
      },
    },
    async ({ params: { account }, query, headers, url }, reply) => {
      callersFault(422, 'out-of-range', () => checkAccount(account, 'account'));
      const options = optionsOf(query);
      void reply.header('vary', 'accept').header('cache-control', 'no-store');
      if (wantsCsv(headers.accept)) {
        const pieces = csvOf(ledger.statement(account, options));
        return reply.type('text/csv; charset=utf-8').send(Readable.from(pieces));
      }
      const limit = Math.max(1, Math.min(MOST_LINES, Number(query.limit ?? USUAL_LINES)));
      const lines = await pageOf(ledger.statement(account, options), limit + 1);
      if (lines.length > limit) nextPage(reply, url, lines[limit - 1]);
      const text = lines.slice(0, limit).map((line) => `${JSON.stringify(statementJson(line))}\n`);
      return reply.type(LINES_TYPE).send(text.join(''));
    },
  );
}

function optionsOf({ token, cursor }: Query): StatementOptions {
  if (cursor === undefined) return { token };
  const colon = cursor.indexOf(':');
  return {
    token,
    after: { token: cursor.slice(0, colon), sequence: Number(cursor.slice(colon + 1)) },
  };
}

/** Whether CSV is asked for; JSON lines where both are. Throws a problem, 406, where neither will do. */
function wantsCsv(accept = '*/*'): boolean {
  const types = accept.split(',').map((each) => each.split(';')[0].trim().toLowerCase());
  const has = (...names: readonly string[]): boolean => types.some((type) => names.includes(type));
  if (has(LINES_TYPE, 'application/jsonl', 'application/json')) return false;
  if (has('text/csv')) return true;
  if (has('*/*', 'application/*')) return false;
  if (has('text/*')) return true;
  throw new Problem(406, {
    code: 'not-acceptable',
    detail: `accept: expected ${LINES_TYPE} or text/csv`,
    field: 'accept',
  });
}

async function pageOf(
  lines: AsyncIterable<StatementLine>,
  most: number,
): Promise<readonly StatementLine[]> {
  const page: StatementLine[] = [];
  for await (const line of lines) {
    page.push(line);
    if (page.length === most) break;
  }
  return page;
}

function nextPage(reply: FastifyReply, url: string, { token, sequence }: StatementLine): void {
  const cursor = `${token}:${sequence}`;
  const [path, query = ''] = url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  void reply.header('next-cursor', cursor).header('link', `<${path}?${parameters}>; rel="next"`);
}

async function* csvOf(
  lines: AsyncIterable<StatementLine>,
): AsyncGenerator<string, void, undefined> {
  let piece = `${STATEMENT_COLUMNS.map(({ name }) => csvField(name)).join(',')}\n`;
  for await (const line of lines) {
    piece += `${STATEMENT_COLUMNS.map(({ value }) => csvField(value(line))).join(',')}\n`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

const STATEMENT: Schema = {
  description: 'a page of lines, or the whole statement as CSV',
  content: { [LINES_TYPE]: { schema: TEXT }, 'text/csv': { schema: TEXT } },
};
