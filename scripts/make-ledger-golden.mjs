// Writes test/golden/ledger-1.ledger and the hash of its head: a small ledger with every kind of entry,
// made once by the version that first had schema 1. Kept to see that later versions read it; do not
// make it anew for them.
import { writeFileSync } from 'node:fs';
import { claimKey, identityKey } from '../dist/ledger/entry.js';
import { openLedger } from '../dist/ledger/ledger.js';
import { openSqliteStore } from '../dist/ledger/stores/sqlite.js';

const path = 'test/golden/ledger-1.ledger';
const ledger = openLedger(openSqliteStore(path));
const recipient = 'neuron:did:key:z6MkGolden';
const identity = { kind: 'inference', recipient, workId: 'w1', evidence: '00', ruleset: 'bly-1' };
const claim = claimKey(identity);
const post = (key, over) =>
  ledger.post({
    ...{ key: identityKey({ golden: key }), kind: key, epoch: 1, timeMs: 1_700_000_000_000 },
    ...{ postings: [], reason: `golden “${key}”`, ...over },
  });
const moved = (from, to, units) => [
  { account: from, token: 'BLY', units: -units },
  { account: to, token: 'BLY', units },
];
const source = { account: 'source:BLY', token: 'BLY', lowest: -(10n ** 18n) };
await post('limit', { limits: [source] });
await post('budget', { postings: moved('source:BLY', 'budget:BLY:2026', 273_972n * 10n ** 9n) });
await post('claim', {
  key: claim,
  claims: [{ key: claim, effect: 'open', recipient, token: 'BLY', units: 110n * 10n ** 9n }],
  formula: { name: 'inference', inputs: { tokens: '100000', quality: '1.1' }, result: '110' },
});
const granted = 100n * 10n ** 9n;
const grant = { key: claim, effect: 'grant', units: granted, matureAtMs: 1_700_086_400_000 };
await post('grant', {
  claims: [grant],
  postings: moved('budget:BLY:2026', `pending:${recipient}`, granted),
  details: { hour: '12', share: '10/11' },
});
const pay = {
  claims: [{ key: claim, effect: 'finalise', units: granted }],
  postings: moved(`pending:${recipient}`, recipient, granted),
};
await post('early', pay);
await post('finalise', { ...pay, timeMs: 1_700_086_400_000 });
await ledger.seal(1, { timeMs: 1_700_086_400_001 });
await post('after', { epoch: 2, postings: moved('budget:BLY:2026', 'treasury:BLY', 1n) });
const { hash } = await ledger.head();
writeFileSync(`${path}.head`, `${hash}\n`);
await ledger.close();
