// Locks and burns from the command line, end to end: ledger → held stake → the next epoch's header →
// rank → a fee pool that pays once; and what is refused, with its exit code.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unitsOf } from '../../src/epoch/files.js';
import { stateBefore } from '../../src/epoch/replay.js';
import { openLedger } from '../../src/ledger/ledger.js';
import { openSqliteStore } from '../../src/ledger/stores/sqlite.js';
import { RULES } from '../epoch/chains.js';
import { CYB, issue } from '../payouts/stake.js';
import { focusCommand, inFolder, KARATE, type Finished } from './run.js';

const BEACON = 'ab'.repeat(32);
const HELD = { token: CYB, unitsPerStake: 1_000_000_000, priorWeight: 1 };
const ANN = ['--neuron', 'neuron:ann', '--token', CYB];

/** A command that must end with a code; its output. */
async function run(args: readonly string[], code = 0): Promise<Finished> {
  const finished = await focusCommand(args);
  expect(finished, `${args.join(' ')}: ${finished.stderr}`).toMatchObject({ code });
  return finished;
}

interface Place {
  readonly folder: string;
  readonly ledger: string;
  readonly chain: string;
}

/** A ledger in which ann and the pool have tokens; `at` adds moments at which an epoch is sealed. */
async function fundedLedger(path: string): Promise<void> {
  const ledger = openLedger(openSqliteStore(path, { create: true }));
  await ledger.postAll([issue('neuron:ann', 10n ** 12n), issue('pool:fees', 10n ** 10n)]);
  await ledger.close();
}

async function sealed(path: string, epoch: number): Promise<void> {
  const ledger = openLedger(openSqliteStore(path));
  await ledger.seal(epoch, { timeMs: 1000 * (epoch + 2) });
  await ledger.close();
}

async function balance(path: string, account: string): Promise<bigint> {
  const ledger = openLedger(openSqliteStore(path));
  const { units } = await ledger.balance(account, CYB);
  await ledger.close();
  return units;
}

/** Seals the ledger's epoch before, writes what is held, and computes an epoch of the chain. */
async function nextEpoch({ folder, ledger, chain }: Place, epoch: number): Promise<void> {
  const rules = join(folder, 'rules.json');
  writeFileSync(rules, JSON.stringify([{ ...RULES, held: HELD }]));
  const shared = ['epoch', 'compute', chain, '--rulesets', rules, '--beacon', BEACON];
  const at = [...shared, '--epoch', String(epoch)];
  if (epoch === 0) {
    await run([...at, '--links', KARATE]);
    return;
  }
  await sealed(ledger, epoch - 1);
  const held = join(folder, `held-${epoch}.ndjson`);
  const through = ['--token', CYB, '--through', String(epoch - 1)];
  await run(['ledger', 'held', ledger, ...through, '--output', held]);
  const signals = join(folder, `signals-${epoch}.ndjson`);
  // Something moves in every epoch: attention goes to particle 17.
  const links = [{ from: '1', to: '17', amount: epoch }];
  writeFileSync(signals, `${JSON.stringify({ neuron: 'bo', links })}\n`);
  await run([...at, '--signals', signals, '--held', held]);
}

/** φ* of a particle in an epoch, in focus units. */
async function focusOf(chain: string, epoch: number, id: string): Promise<bigint> {
  const state = await stateBefore(chain, epoch + 1);
  const path = join(chain, 'epochs', String(epoch).padStart(6, '0'), 'focus.units');
  return unitsOf(readFileSync(path))[state?.linked.graph.ids.indexOf(id) ?? -1];
}

function headerOf(chain: string, epoch: number): { focus: { prior: string }; axons: number } {
  const path = join(chain, 'epochs', String(epoch).padStart(6, '0'), 'header.json');
  return JSON.parse(readFileSync(path, 'utf8')) as ReturnType<typeof headerOf>;
}

describe('focus ledger lock, unlock, burn, held and fees', () => {
  it('lead from the ledger to the header, to rank, and to fees once', { timeout: 120_000 }, () =>
    inFolder(async (folder) => {
      const place = { folder, ledger: join(folder, 'l.ledger'), chain: join(folder, 'chain') };
      const { ledger, chain } = place;
      await fundedLedger(ledger);
      await nextEpoch(place, 0);
      const at0 = ['--epoch', '0', '--time', '1000'];
      const burn = ['ledger', 'burn', ledger, ...ANN, ...at0, '--nonce', '1', '--amount'];
      await run([...burn, '30', '--particle', '12']);
      // A link that the graph does not have: it gets an axon of its own, for ever.
      await run([...burn, '20', '--from', '12', '--to', '27', '--json']);
      const lock = ['ledger', 'lock', ledger, ...ANN, ...at0, '--valence', '1', '--until', '2500'];
      const locking = [...lock, '--nonce', '1', '--amount', '40', '--particle', '17', '--json'];
      const { key } = JSON.parse((await run(locking)).stdout) as { key: string };
      const again = JSON.parse((await run(locking)).stdout) as object;
      expect(again).toMatchObject({ outcome: 'posted', replayed: true, key });
      expect(await balance(ledger, 'neuron:ann')).toBe(910n * 10n ** 9n);

      await nextEpoch(place, 1);
      const [zero, one] = [headerOf(chain, 0), headerOf(chain, 1)];
      expect(zero.focus.prior).toBe('degree');
      expect(one.focus.prior).toMatch(/^[0-9a-f]{64}$/);
      // 1 → 17 of the signal and 12 → 27 of the burn are new.
      expect(one.axons).toBe(zero.axons + 2);
      for (const id of ['12', '17', '27']) {
        expect(await focusOf(chain, 1, id)).toBeGreaterThan(await focusOf(chain, 0, id));
      }
      await nextEpoch(place, 2);

      const fees = ['ledger', 'fees', ledger, chain, '--token', CYB, '--pool', 'pool:fees'];
      const round = [
        ...fees,
        '--epoch',
        '2',
        '--chain-epoch',
        '2',
        '--time',
        '3500',
        '--remainder',
        'treasury:CYB',
      ];
      const paid = JSON.parse((await run([...round, '--amount', '2.5', '--json'])).stdout);
      expect(paid).toMatchObject({ outcome: 'paid', remainder: '0' });
      expect(paid.shares).toMatchObject([{ lock: key, units: '2500000000', nothing: null }]);
      const gained = (await focusOf(chain, 2, '17')) - (await focusOf(chain, 1, '17'));
      expect(paid.shares[0].attention).toBe(String(gained));
      const after = await balance(ledger, 'neuron:ann');
      const twice = JSON.parse((await run([...round, '--amount', '2.5', '--json'])).stdout);
      expect(twice.outcome).toBe('replayed');
      const other = await run([...round, '--amount', '3'], 3);
      expect(other.stderr).toMatch(/refused/);
      expect(await balance(ledger, 'neuron:ann')).toBe(after);
      expect(await balance(ledger, 'pool:fees')).toBe(10n ** 10n - 2_500_000_000n);

      const unlock = ['ledger', 'unlock', ledger, ...ANN, '--lock', key, '--epoch', '2', '--time'];
      expect((await run([...unlock, '2499'], 3)).stderr).toMatch(/unlocked from 2500 ms/);
      await run([...unlock, '2500']);
      expect((await run([...unlock, '2600'], 3)).stderr).toMatch(/was unlocked before/);
      await nextEpoch(place, 3);
      expect(await focusOf(chain, 3, '17')).toBeLessThan(await focusOf(chain, 2, '17'));
      const verified = await run(['epoch', 'verify', chain, '--json']);
      expect(JSON.parse(verified.stdout)).toMatchObject({ holds: true, epochs: 4 });
      await run(['ledger', 'verify', ledger]);
    }),
  );

  it('refuse what cannot be, and say why', { timeout: 60_000 }, () =>
    inFolder(async (folder) => {
      const ledger = join(folder, 'l.ledger');
      await fundedLedger(ledger);
      const shared = [...ANN, '--epoch', '0', '--time', '1000', '--nonce', '1'];
      const burn = ['ledger', 'burn', ledger, ...shared, '--amount'];
      expect((await run([...burn, '1'], 2)).stderr).toMatch(/expected --particle ID, or --from ID/);
      const wrong = [...burn, '1', '--particle', 'x', '--from', 'y'];
      expect((await run(wrong, 2)).stderr).toMatch(/expected --particle/);
      expect((await run([...burn, '-1', '--particle', 'x'], 3)).stderr).toMatch(/more than 0/);
      expect((await run([...burn, '0', '--particle', 'x'], 3)).stderr).toMatch(/more than 0/);
      const much = await run([...burn, '1000.000000001', '--particle', 'x'], 3);
      expect(much.stderr).toMatch(/rejected: neuron:ann has 1000 CYB/);
      const held = ['ledger', 'held', ledger, '--token', CYB, '--through', '0'];
      expect((await run(held, 2)).stderr).toMatch(/expected it sealed, found it open/);
      await sealed(ledger, 0);
      expect((await run(held)).stdout).toMatch(/^\{"format":"focus-held-1","token":"CYB"/);
      expect((await run([...burn, '1', '--particle', 'x'], 3)).stderr).toMatch(/epoch 0 is closed/);
    }),
  );
});
