// A service of rewards as a command asks it: JSON over HTTP. A problem document of the service becomes an error with
// its detail and fix: bad input where the caller can mend it, else a failure. What got no answer is asked again, the
// same bytes under the same Idempotency-Key, so nothing is done twice.

import { FocusError, check, shown } from '../base/errors.js';

/** What is sent. */
export interface Sent {
  readonly method?: 'GET' | 'POST';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came back. */
export interface Answered {
  readonly json: unknown;
  readonly headers: Headers;
}

const TRIES = 3;
const PATIENCE_MS = 20_000;
const PAUSE_MS = 500;

/** The JSON that a service answers. Throws `bad-input` for 4xx, `failure` for 5xx and where nobody answers. */
export async function askService(url: string, path: string, sent: Sent = {}): Promise<Answered> {
  const response = await fetched(serviceUrl(url, path), sent);
  const text = await response.text();
  const json = jsonOf(text);
  if (!response.ok) throw problemOf(response, json, text);
  check(
    json !== undefined,
    'failure',
    () => `${response.url}: expected JSON, found ${shown(text)}`,
    'is that a service of focus serve?',
  );
  return { json, headers: response.headers };
}

/** The text that a service answers, and its headers. Throws like `askService`. */
export async function askText(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly text: string; readonly headers: Headers }> {
  const response = await fetched(serviceUrl(url, path), { headers });
  const text = await response.text();
  if (!response.ok) throw problemOf(response, jsonOf(text), text);
  return { text, headers: response.headers };
}

function serviceUrl(base: string, path: string): URL {
  const isHttp = /^https?:\/\//.test(base);
  check(
    isHttp && URL.canParse(base),
    'usage',
    () => `--url: expected an address like http://127.0.0.1:8080, found ${shown(base)}`,
  );
  return new URL(path, base.endsWith('/') ? base : `${base}/`);
}

async function fetched(url: URL, { method = 'GET', body, headers = {} }: Sent): Promise<Response> {
  const isPost = body !== undefined;
  const request: RequestInit = {
    method,
    headers: { ...(isPost ? { 'content-type': 'application/json' } : {}), ...headers },
    ...(isPost ? { body: JSON.stringify(body) } : {}),
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetch(url, { ...request, signal: AbortSignal.timeout(PATIENCE_MS) });
    } catch (cause) {
      if (attempt < TRIES) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt));
        continue;
      }
      const why = reasonOf(cause);
      const fix = 'is the service running there? focus serve starts one';
      throw new FocusError('failure', `${url.origin}: no answer (${why})`, fix, { cause });
    }
  }
}

function reasonOf(cause: unknown): string {
  const inner = (cause as { readonly cause?: { readonly code?: string } }).cause;
  return inner?.code ?? (cause instanceof Error ? cause.message : String(cause));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemOf({ status, url, headers }: Response, json: unknown, text: string): FocusError {
  const { code, detail, fix = '' } = (json ?? {}) as Readonly<Record<string, string | undefined>>;
  const wait = headers.get('retry-after');
  const what = detail ?? `${url} answers ${shown(text)}`;
  const message = `${code ?? 'refused'} (${status}): ${what}`;
  const more = wait === null ? fix : [fix, `Retry-After: ${wait} s`].filter(Boolean).join('; ');
  return new FocusError(status < 500 ? 'bad-input' : 'failure', message, more);
}
