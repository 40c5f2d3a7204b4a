// Progress of long runs on stderr: a bar that rewrites itself on a terminal, a line every ten
// seconds elsewhere. Nothing is shown for what ends within a second, so short commands stay quiet.

import type { Say } from './input.js';

const BAR_CELLS = 24;
const REDRAW_MS = 100;
const QUIET_MS = 1000;
const LINE_MS = 10_000;

/** Shows where a run stands. */
export interface ProgressDisplay {
  /** Starts a phase, such as "reading graph.tsv". */
  phase(name: string): void;
  /** Says how far the phase is: a fraction in [0, 1] where known, and a remark. */
  update(fraction: number | null, remark: string): void;
  /** Clears the bar; must be called before other output. */
  clear(): void;
  /** Writes a line for humans to stderr. */
  readonly say: Say;
  end(): void;
}

/** Opens a display on a stream. Its timer does not keep the process alive. */
export function openProgress(stream: NodeJS.WriteStream = process.stderr): ProgressDisplay {
  const terminal = stream.isTTY === true;
  let name = '';
  let remark = '';
  let fraction: number | null = null;
  let started = Date.now();
  let shownAt = started;
  let drawn = false;

  const clear = (): void => {
    if (drawn) stream.write('\r\u001b[K');
    drawn = false;
  };
  const show = (): void => {
    const now = Date.now();
    if (name === '' || now - started < QUIET_MS) return;
    if (now - shownAt < (terminal ? REDRAW_MS : LINE_MS)) return;
    shownAt = now;
    const seconds = ((now - started) / 1000).toFixed(0);
    const text = `${name}${remark === '' ? '' : `: ${remark}`} (${seconds} s)`;
    if (!terminal) {
      stream.write(`${text}\n`);
      return;
    }
    const width = (stream.columns ?? 80) - 1;
    stream.write(`\r\u001b[K${`${bar(fraction)}${text}`.slice(0, width)}`);
    drawn = true;
  };
  const timer = setInterval(show, terminal ? REDRAW_MS : 1000);
  timer.unref();
  return {
    phase: (next) => {
      clear();
      name = next;
      remark = '';
      fraction = null;
      started = Date.now();
      shownAt = terminal ? 0 : started;
    },
    update: (at, text) => {
      fraction = at;
      remark = text;
      show();
    },
    clear,
    say: (line) => {
      clear();
      process.stderr.write(`${line}\n`);
    },
    end: () => {
      clear();
      clearInterval(timer);
    },
  };
}

function bar(fraction: number | null): string {
  if (fraction === null) return '';
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * BAR_CELLS);
  return `[${'█'.repeat(full)}${'·'.repeat(BAR_CELLS - full)}] `;
}
