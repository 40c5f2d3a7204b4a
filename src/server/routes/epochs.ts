// GET /epochs/{n}: the header of an epoch of the chain that is served, its hash, and the digest of its manifest.

import type { FastifyInstance } from 'fastify';
import { epochsOf, fileOf, manifestOf } from '../../epoch/chain.js';
import { readHeader } from '../../focus/header.js';
import { Problem } from '../problem.js';
import { answers, HASH, objectOf, parametersOf, TEXT, WHOLE, wholeParameter } from '../schema.js';

/** Registers the routes; null where no chain is served. */
export function epochRoutes(app: FastifyInstance, chain: string | null): void {
  app.get(
    '/epochs',
    {
      schema: {
        tags: ['focus'],
        summary: 'How many epochs the chain has',
        response: answers({ 200: objectOf({ epochs: WHOLE }) }, [404]),
      },
    },
    async () => ({ epochs: await epochsOf(served(chain)) }),
  );
  app.get<{ Params: { readonly n: string } }>(
    '/epochs/:n',
    {
      schema: {
        tags: ['focus'],
        summary: 'The header of an epoch',
        params: parametersOf({ n: wholeParameter('number of the epoch, from 0', 9) }, ['n']),
        response: answers({ 200: EPOCH }, [400, 404]),
      },
    },
    async ({ params }) => epochJson(served(chain), Number(params.n)),
  );
}

function served(chain: string | null): string {
  if (chain !== null) return chain;
  throw new Problem(404, {
    code: 'not-served',
    detail: 'this service serves no chain of epochs',
    fix: 'start it with --epochs DIR',
  });
}

async function epochJson(chain: string, epoch: number): Promise<object> {
  const held = await epochsOf(chain);
  if (epoch >= held) {
    const detail = `n: expected an epoch below ${held}, found ${epoch}`;
    throw new Problem(404, { code: 'no-such-epoch', detail, field: 'n' });
  }
  const bytes = await fileOf(chain, epoch, 'header.json');
  const reading = readHeader(Buffer.from(bytes ?? []).toString('utf8'));
  if (!reading.accepted) throw new Error(`epoch ${epoch}: ${reading.reason}`);
  const { digest } = await manifestOf(chain, epoch);
  const { header, text, hash } = reading;
  return { epoch, hash, manifest: digest, header, text };
}

const EPOCH = objectOf({
  epoch: WHOLE,
  hash: { ...HASH, description: 'SHA-256 of text' },
  manifest: { ...HASH, description: 'digest of the epoch' },
  header: { type: 'object', additionalProperties: true },
  text: { ...TEXT, description: 'the header as it was hashed' },
});
