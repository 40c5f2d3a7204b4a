// The focus of the graph that is served: GET /focus?top=n, GET /focus/{particle}, GET /focus/neighbourhood/{particle}
// with audit paths, POST /focus/estimate. Without a graph they answer 404 and say so.

import type { FastifyInstance } from 'fastify';
import { FocusError } from '../../base/errors.js';
import type { FocusRequest, FocusSource } from '../focus-source.js';
import { asProblem, Problem } from '../problem.js';
import {
  answers,
  DECIMAL_TEXT,
  HASH,
  listOf,
  NUMBER,
  objectOf,
  parametersOf,
  TEXT,
  TRUTH,
  WHOLE,
  wholeParameter,
  type Schema,
} from '../schema.js';

const USUAL_TOP = 10;
const MOST_TOP = 1000;
const USUAL_HOPS = 1;
const MOST_HOPS = 3;
const USUAL_AXONS = 100;
const MOST_AXONS = 1000;
const USUAL_STAKE = 1000;

interface ParticleParams {
  readonly particle: string;
}

interface NeighbourhoodQuery {
  readonly hops?: string;
  readonly most_axons?: string;
  readonly stake?: string;
}

interface EstimateBody {
  readonly neuron?: string;
  readonly links: readonly {
    readonly from: string;
    readonly to: string;
    readonly amount: number;
  }[];
}

/** Registers the routes; null where no graph is served. */
export function focusRoutes(app: FastifyInstance, source: FocusSource | null): void {
  const ask = (request: FocusRequest, particle?: string) => answerOf(source, request, particle);
  app.get<{ Querystring: { readonly top?: string } }>(
    '/focus',
    {
      schema: {
        tags: ['focus'],
        summary: 'The particles of most focus',
        querystring: parametersOf({ top: wholeParameter(`how many, at most ${MOST_TOP}`, 4) }),
        response: answers({ 200: TOP }, [400, 404]),
      },
    },
    async ({ query }) =>
      ask({ kind: 'top', count: Math.min(MOST_TOP, Number(query.top ?? USUAL_TOP)) }),
  );
  app.get<{ Params: ParticleParams }>(
    '/focus/:particle',
    {
      schema: {
        tags: ['focus'],
        summary: 'Rank and focus of a particle, with the proven error of the whole',
        params: PARTICLE,
        response: answers({ 200: objectOf({ ...ROW, ...PROOF }) }, [400, 404]),
      },
    },
    async ({ params: { particle } }) => ask({ kind: 'particle', id: particle }, particle),
  );
  app.get<{ Params: ParticleParams; Querystring: NeighbourhoodQuery }>(
    '/focus/neighbourhood/:particle',
    {
      schema: {
        tags: ['focus'],
        summary: 'Axons and focus near a particle, each with its audit path',
        description: 'What a neuron checks and computes on to prove what its links move.',
        params: PARTICLE,
        querystring: parametersOf({
          hops: wholeParameter(`steps along axons, at most ${MOST_HOPS}`, 1),
          most_axons: wholeParameter('particles with more are not followed', 4),
          stake: wholeParameter('stake that is moved, at most', 15),
        }),
        response: answers({ 200: NEIGHBOURHOOD }, [400, 404, 422]),
      },
    },
    async ({ params: { particle }, query }) => ask(neighbourhoodRequest(particle, query), particle),
  );
  app.post<{ Body: EstimateBody }>(
    '/focus/estimate',
    {
      schema: {
        tags: ['focus'],
        summary: 'What links would move, with a proven bound',
        description: 'Looks near the links; error_bound and converged say how far that was enough.',
        body: ESTIMATE_BODY,
        response: answers({ 200: ESTIMATE }, [400, 404, 422]),
      },
    },
    async ({ body: { neuron = null, links } }) => ask({ kind: 'estimate', neuron, links }),
  );
}

function neighbourhoodRequest(id: string, query: NeighbourhoodQuery): FocusRequest {
  const hops = Number(query.hops ?? USUAL_HOPS);
  const stake = Number(query.stake ?? USUAL_STAKE);
  const refuse = (field: string, expected: string, found: number): never => {
    const detail = `${field}: expected ${expected}, found ${found}`;
    throw new Problem(422, { code: 'out-of-range', detail, field });
  };
  if (hops > MOST_HOPS) refuse('hops', `at most ${MOST_HOPS}`, hops);
  if (stake === 0) refuse('stake', 'a stake above 0', stake);
  const mostAxons = Math.min(MOST_AXONS, Number(query.most_axons ?? USUAL_AXONS));
  return { kind: 'neighbourhood', id, hops, mostAxons, stake };
}

async function answerOf(
  source: FocusSource | null,
  request: FocusRequest,
  particle?: string,
): Promise<unknown> {
  if (source === null) {
    throw new Problem(404, {
      code: 'not-served',
      detail: 'this service serves no graph',
      fix: 'start it with --graph LINKS',
    });
  }
  const answer = await source.ask(request).catch((error: unknown) => {
    if (error instanceof FocusError && error.message === 'busy') {
      const detail = 'too many questions about the focus wait';
      throw new Problem(503, { code: 'busy', detail, headers: { 'retry-after': '1' } });
    }
    throw asProblem(error, 422, 'out-of-range');
  });
  if (answer !== null) return answer;
  const detail = `the graph has no particle ${JSON.stringify(particle)}`;
  throw new Problem(404, { code: 'no-such-particle', detail, field: 'particle' });
}

const PARTICLE = parametersOf({ particle: { type: 'string', minLength: 1 } }, ['particle']);
const PROOF = {
  error_bound: { ...NUMBER, description: 'proven L1 error of the whole focus' },
  digest: { ...HASH, description: 'of the focus, in exact arithmetic' },
  header: { ...HASH, description: 'names the header that proofs are checked against' },
};
const ROW = {
  ...{ id: TEXT, rank: WHOLE, focus: NUMBER, focus_exact: DECIMAL_TEXT },
  units: { ...DECIMAL_TEXT, description: 'focus in units of 2^-61' },
};
const TOP = objectOf({ particles: WHOLE, axons: WHOLE, ...PROOF, top: listOf(objectOf(ROW)) });
const NEIGHBOURHOOD: Schema = { type: 'object', additionalProperties: true };

const ID: Schema = { type: 'string', minLength: 1, maxLength: 4096 };
const ESTIMATE_BODY = objectOf(
  {
    neuron: ID,
    links: {
      ...listOf(objectOf({ from: ID, to: ID, amount: { ...NUMBER, minimum: 0, maximum: 1e15 } })),
      ...{ minItems: 1, maxItems: 100 },
    },
  },
  ['neuron'],
);
const ESTIMATE = objectOf({
  norm: { ...NUMBER, description: 'L1 norm of the shift' },
  entropy_part: NUMBER,
  discovery_part: NUMBER,
  delta_j: NUMBER,
  error_bound: { ...NUMBER, description: 'proven L1 error of the shift' },
  entropy_bound: NUMBER,
  converged: TRUTH,
  particles_reached: WHOLE,
  share_of_others: { ...NUMBER, description: 'others move by minus this times their focus' },
  shift: listOf(objectOf({ id: TEXT, delta: NUMBER })),
});
