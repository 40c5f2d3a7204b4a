// Makes the generated files of datasets/ again, the same bytes from the same seeds: run `node
// scripts/make-datasets.mjs` after a build. datasets/README.md names the SHA-256 of each; a test
// compares.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateTsv } from '../dist/graph/generate.js';
import { randomStream } from '../dist/base/random.js';

const folder = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..', 'datasets');
const sample = Buffer.concat([
  ...generateTsv({ profile: 'bostrom', seed: 20260701, links: 4000, ids: 'cid' }),
]);
writeFileSync(join(folder, 'bostrom-sample.tsv'), sample);

// An epoch's signals on that sample: some confirm an axon, some join particles already there, some
// discover a new one.
const links = sample
  .toString()
  .trim()
  .split('\n')
  .map((line) => line.split('\t'));
const random = randomStream(20260702);
const any = () => links[random.below(links.length)];
const signals = Array.from({ length: 48 }, (_, i) => {
  const count = 1 + random.below(4);
  const made = Array.from({ length: count }, (_, k) => {
    const [from, to] = any();
    const amount = 1 + random.below(500);
    const kind = random.below(3);
    if (kind === 0) return { from, to, amount };
    if (kind === 1) return { from, to: any()[0] === from ? to : any()[1], amount };
    return { from, to: `QmNew${String(i).padStart(2, '0')}${k}${'x'.repeat(38)}`, amount };
  });
  return { neuron: any()[3], links: made.filter(({ from, to }) => from !== to) };
});
writeFileSync(
  join(folder, 'signals-epoch.ndjson'),
  signals.map((signal) => `${JSON.stringify(signal)}\n`).join(''),
);
