// Asks the service. A failure is one of two things: it cannot be reached, or it answers with a problem
// (RFC 9457), whose detail and fix are told as they are.

const PATIENCE_MS = 10_000;

/** The service did not answer. */
export class Unreachable extends Error {}

/** The service answered that something is wrong; `field` is the parameter, where it is one's fault. */
export class Refused extends Error {
  constructor({ detail, title, fix, field }, status) {
    super([detail ?? title ?? `the service answers ${status}`, fix].filter(Boolean).join('. '));
    this.field = field ?? null;
  }
}

/** The JSON of a path relative to the root of the service. Throws Unreachable or Refused. */
export async function ask(path, query = {}) {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  let response;
  let answer;
  try {
    const headers = { accept: 'application/json' };
    response = await fetch(url, {
      headers,
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    answer = await response.json();
  } catch (error) {
    if (response !== undefined && response.ok === false) throw new Refused({}, response.status);
    throw new Unreachable('The service cannot be reached.', { cause: error });
  }
  if (!response.ok) throw new Refused(answer, response.status);
  return answer;
}
