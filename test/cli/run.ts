// Runs the built command as a user does, in a process of its own.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
export const KARATE = fileURLToPath(new URL('../../datasets/karate.tsv', import.meta.url));
export const BOSTROM = fileURLToPath(new URL('../../datasets/bostrom-sample.tsv', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds from the last output to the end of the process. */
  readonly lingerMs: number;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Record<string, string>;
  /** Sent once stderr matches. */
  readonly interruptAt?: RegExp;
}

/** Runs `focus` with arguments to its end. */
export function focusCommand(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      env: { ...process.env, ...options.env },
    });
    let stdout = '';
    let stderr = '';
    let last = performance.now();
    let interrupted = false;
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString();
      last = performance.now();
    });
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
      last = performance.now();
      if (!interrupted && options.interruptAt?.test(stderr) === true) {
        interrupted = true;
        child.kill('SIGINT');
      }
    });
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ code, signal, stdout, stderr, lingerMs: performance.now() - last }),
    );
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/** A folder that is removed after `use`. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'focus-test-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
