// Drives a headless Chromium through the DevTools protocol without a library: over a pipe it is JSON
// that ends with a zero byte, read by the browser from its descriptor 3 and written to 4. The browser
// ends when its pipe closes, so none outlives the tests.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Binary } from './binaries.js';

/** A page in a running browser. */
export interface Page {
  /** As "HeadlessChrome/147.0.7727.0". */
  readonly version: string;
  /** What an expression, awaited, is in the page. Rejects with the page's own error. */
  evaluate(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

interface Message {
  readonly id?: number;
  /** Of an event, which has no id. */
  readonly method?: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

interface Evaluated {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: {
    readonly text: string;
    readonly exception?: { readonly description?: string };
  };
}

// WebGPU on Linux is behind the first flag, and SwiftShader must be asked for by name. Tests run in
// containers too, where the browser's own sandbox cannot start and shared memory is small.
const FLAGS = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--headless=new',
  '--no-sandbox',
  '--no-first-run',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-extensions',
  '--remote-debugging-pipe',
];
const START_MS = 30_000;

/** Starts a browser and loads a page. Throws where it does not start, with what it printed. */
export async function openPage(binary: Binary, url: string): Promise<Page> {
  const profile = mkdtempSync(join(tmpdir(), 'focus-chromium-'));
  const removeProfile = (): void =>
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  const browser = spawn(binary.path, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, LD_LIBRARY_PATH: binary.libraries ?? undefined },
  });
  let printed = '';
  browser.stderr?.on('data', (data: Buffer) => {
    printed = (printed + data.toString()).slice(-2000);
  });
  const ended = new Promise<void>((resolve) => {
    browser.once('error', (error) => {
      printed += String(error);
      resolve();
    });
    browser.once('close', () => resolve());
  });
  const { send, event } = openPipe(
    browser.stdio[3] as Writable,
    browser.stdio[4] as Readable,
    ended,
  );
  const kill = (): boolean => browser.kill('SIGKILL');
  const close = async (): Promise<void> => {
    const late = setTimeout(kill, 5000);
    await send('Browser.close').catch(() => undefined);
    await ended;
    clearTimeout(late);
    removeProfile();
  };
  const slow = setTimeout(kill, START_MS);
  try {
    const { product } = await send('Browser.getVersion');
    const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
    await send('Page.enable', {}, String(sessionId));
    const loaded = event('Page.loadEventFired');
    await send('Page.navigate', { url }, String(sessionId));
    await loaded;
    return {
      version: String(product),
      evaluate: async (expression) => {
        const parameters = { expression, awaitPromise: true, returnByValue: true };
        const answer = await send('Runtime.evaluate', parameters, String(sessionId));
        const { result, exceptionDetails } = answer as unknown as Evaluated;
        if (exceptionDetails === undefined) return result.value;
        throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      },
      close,
    };
  } catch (error) {
    kill();
    await ended;
    removeProfile();
    throw new Error(`${binary.path} does not start: ${String(error)} ${printed.trim()}`);
  } finally {
    clearTimeout(slow);
  }
}

interface Pipe {
  /** Asks, and resolves with the answer. */
  send(
    method: string,
    parameters?: Readonly<Record<string, unknown>>,
    sessionId?: string,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Resolves at the next event of that name. */
  event(method: string): Promise<void>;
}

/** Answers by the id of their question; all that wait are rejected when the browser ends. */
function openPipe(input: Writable, output: Readable, ended: Promise<void>): Pipe {
  const waiting = new Map<number | string, (message: Message) => void>();
  let asked = 0;
  let over = false;
  let parts: string[] = [];
  output.setEncoding('utf8');
  output.on('data', (text: string) => {
    const [first, ...rest] = text.split('\0');
    parts.push(first);
    for (const part of rest) {
      const message = JSON.parse(parts.join('')) as Message;
      parts = [part];
      const key = message.id ?? message.method ?? '';
      waiting.get(key)?.(message);
      waiting.delete(key);
    }
  });
  // A broken pipe is told by the end of the browser.
  for (const stream of [input, output]) stream.on('error', () => undefined);
  void ended.then(() => {
    over = true;
    for (const answer of waiting.values()) answer({ error: { message: 'the browser has ended' } });
  });
  const answerTo = (key: number | string, what: string): Promise<Message> =>
    new Promise((resolve, reject) => {
      if (over) return reject(new Error(`${what}: the browser has ended`));
      waiting.set(key, (message) => {
        if (message.error === undefined) resolve(message);
        else reject(new Error(`${what}: ${message.error.message}`));
      });
    });
  return {
    send: async (method, params = {}, sessionId) => {
      const id = ++asked;
      const answer = answerTo(id, method);
      if (!over) input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
      return (await answer).result ?? {};
    },
    event: async (method) => {
      await answerTo(method, method);
    },
  };
}
