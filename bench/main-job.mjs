// The main job end to end, as a user runs it: `focus rank` on bostrom graphs of 10⁵ to 10⁷ links, a
// process each, parse included. Prints seconds and peak memory, and both per link, which must stay
// flat. --links=100000,1000000 --ids=integer|cid --tolerance=1e-6
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist', 'cli', 'main.js');

export async function bench({
  links = '100000,1000000,3000000,10000000',
  ids = 'integer',
  tolerance = '1e-6',
  threads = '2',
  rounds = '3',
}) {
  const folder = mkdtempSync(join(tmpdir(), 'focus-bench-'));
  const rows = [];
  try {
    for (const count of links.split(',')) {
      const file = join(folder, `bostrom-${count}.tsv`);
      execFileSync(
        process.execPath,
        [cli, 'generate', 'bostrom', file, '--links', count, '--ids', ids],
        { stdio: 'ignore' },
      );
      const runs = Array.from({ length: Number(rounds) }, () => runOnce(file, tolerance, threads));
      runs.sort((a, b) => a.seconds - b.seconds);
      const median = runs[runs.length >> 1];
      const peak = Math.max(...runs.map((run) => run.peakMiB));
      rows.push({
        job: `bostrom ${count} ${ids}`,
        particles: median.particles,
        seconds: median.seconds,
        'fastest seconds': runs[0].seconds,
        'peak MiB': peak,
        'µs/link': (median.seconds * 1e6) / Number(count),
        'bytes/link': (peak * 2 ** 20) / Number(count),
        passes: median.passes,
        errorBound: median.errorBound,
      });
      rmSync(file);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return rows;
}

/** Tells the peak resident memory at the end of the process, threads included. */
const TELL_PEAK = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => process.stderr.write(`peak ${process.resourceUsage().maxRSS}\\n`))",
)}`;

function runOnce(file, tolerance, threads) {
  const started = performance.now();
  const done = spawnSync(
    process.execPath,
    [
      '--import',
      TELL_PEAK,
      cli,
      'rank',
      file,
      '--tolerance',
      tolerance,
      '--threads',
      threads,
      '--json',
    ],
    { encoding: 'utf8' },
  );
  const seconds = (performance.now() - started) / 1000;
  if (done.status !== 0) throw new Error(done.stderr);
  const { particles, passes, errorBound } = JSON.parse(done.stdout);
  const peakMiB = Number(/peak (\d+)/.exec(done.stderr)[1]) / 1024;
  return { seconds, peakMiB, particles, passes, errorBound };
}
