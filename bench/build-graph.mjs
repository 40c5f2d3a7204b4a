// How long does it take, and how much memory, from the bytes of an edge list to a frozen graph?
// Prints a table for 10⁵, 10⁶ and 10⁷ links of Kronecker graphs, integer and 46-character ids; one
// process per row, so that the peak is that row's own. Usage: node bench/build-graph.mjs [--dist
// DIR] [--links a,b] [--ids integer,cid]
//                                         [--profile kronecker|uniform|bostrom] [--json FILE]

import { spawnSync } from 'node:child_process';
import {
  createReadStream,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values: flags } = parseArgs({
  options: {
    dist: { type: 'string', default: path.join(here, '../dist') },
    links: { type: 'string', default: '100000,1000000,10000000' },
    ids: { type: 'string', default: 'integer,cid' },
    profile: { type: 'string', default: 'kronecker' },
    order: { type: 'string', default: 'first-seen' },
    json: { type: 'string' },
    write: { type: 'string' },
    read: { type: 'string' },
  },
});
const load = (module) => import(pathToFileURL(path.resolve(flags.dist, module)).href);

if (flags.write) await writeFile(flags.write);
else if (flags.read) console.log(JSON.stringify(await measure(flags.read)));
else runAll();

/** One child writes the file, another reads it: the reader's memory is its own. */
function runAll() {
  const directory = mkdtempSync(path.join(tmpdir(), 'focus-bench-'));
  const rows = [];
  console.log(
    '  ids       links   MB text  read s  build s  total s  µs/link  peak MB  B/link  particles',
  );
  for (const ids of flags.ids.split(',')) {
    for (const links of flags.links.split(',')) {
      const file = path.join(directory, `${ids}-${links}.tsv`);
      const common = [
        '--dist',
        flags.dist,
        '--links',
        links,
        '--ids',
        ids,
        '--profile',
        flags.profile,
        '--order',
        flags.order,
      ];
      child(['--write', file, ...common]);
      const row = { ids, ...JSON.parse(child(['--read', file, ...common])) };
      rows.push(row);
      rmSync(file);
      const perLink = (row.peakBytes - row.idleBytes) / row.links;
      console.log(
        [
          ids.padStart(5),
          String(row.links).padStart(10),
          (row.textBytes / 1e6).toFixed(1).padStart(9),
          row.readSeconds.toFixed(2).padStart(7),
          row.buildSeconds.toFixed(2).padStart(8),
          (row.readSeconds + row.buildSeconds).toFixed(2).padStart(8),
          (((row.readSeconds + row.buildSeconds) * 1e6) / row.links).toFixed(3).padStart(8),
          (row.peakBytes / 1e6).toFixed(0).padStart(8),
          perLink.toFixed(0).padStart(7),
          String(row.particles).padStart(10),
        ].join(' '),
      );
    }
  }
  rmSync(directory, { recursive: true });
  const machine = { cpu: cpus()[0].model, threads: cpus().length, node: process.version };
  if (flags.json)
    writeFileSync(
      flags.json,
      `${JSON.stringify({ machine, profile: flags.profile, rows }, null, 2)}\n`,
    );
}

function child(args) {
  const result = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (result.status !== 0) throw new Error(`a measuring process ended with ${result.status}`);
  return result.stdout;
}

async function writeFile(file) {
  const { generateTsv } = await load('graph/generate.js');
  const links = Number(flags.links);
  const scale = Math.max(1, Math.round(Math.log2(links / 16)));
  const particles = Math.max(2, Math.round(links / 4));
  const out = openSync(file, 'w');
  const options = { profile: flags.profile, seed: 1, ids: flags.ids, scale, particles, links };
  for (const chunk of generateTsv(options)) writeSync(out, chunk);
}

async function measure(file) {
  if (!existsSync(file)) throw new Error(`expected a file, found none at ${file}`);
  const { readEdgeList } = await load('formats/edge-list.js');
  const { createLinkBuilder } = await load('graph/link-builder.js');
  const { buildGraph } = await load('graph/build.js');
  const idleBytes = process.resourceUsage().maxRSS * 1024;
  const start = performance.now();
  const builder = createLinkBuilder();
  const stream = createReadStream(file, { highWaterMark: 1 << 18 });
  let textBytes = 0;
  stream.on('data', (chunk) => (textBytes += chunk.length));
  stream.pause();
  await readEdgeList(stream, builder, { name: file });
  const links = builder.finish();
  const read = performance.now();
  const readPeakBytes = process.resourceUsage().maxRSS * 1024;
  const graph = buildGraph(links, { order: flags.order });
  const built = performance.now();
  return {
    links: links.count,
    particles: graph.particles,
    axons: graph.report.axons,
    textBytes,
    readSeconds: (read - start) / 1000,
    buildSeconds: (built - read) / 1000,
    idleBytes,
    readPeakBytes,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}
