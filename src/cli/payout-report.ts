// What a payout says, and its plan as a file.

import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Paid, PayoutPlan } from '../epoch/pay.js';
import { decimalOf } from '../ledger/amount.js';
import { transactionContent } from '../ledger/entry.js';
import type { MachineFlags } from './epoch-machines.js';

/** Flags of commands that pay. */
export interface PayoutFlags extends MachineFlags {
  readonly epoch: number;
  readonly payouts: string;
  readonly ledger: string;
  readonly plan?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Writes a plan's transactions as NDJSON of their canonical texts, the opening entry first. */
export async function writePlan(plan: PayoutPlan, path: string | undefined): Promise<void> {
  if (path === undefined) return;
  const file = createWriteStream(path);
  for (const each of [plan.opening, ...plan.transactions]) {
    file.write(`${transactionContent(each)}\n`);
  }
  file.end();
  await once(file, 'finish');
}

/** Tells what was paid; `paid` is null where nothing was posted. */
export function tellPayout(
  plan: PayoutPlan,
  paid: Paid | null,
  { epoch, json }: Pick<PayoutFlags, 'epoch' | 'json'>,
): void {
  const { pool, remainder, token, actual, claimed, digest, isScaled, mints } = plan;
  const minted = pool - remainder;
  if (json === true) {
    const units = { minted, remainder, pool, actual, claimed };
    const texts = Object.fromEntries(Object.entries(units).map(([k, v]) => [k, String(v)]));
    const counts = { paid: mints.filter((units) => units > 0n).length, ...(paid ?? {}) };
    process.stdout.write(
      `${JSON.stringify({ epoch, token, ...texts, isScaled, ...counts, plan: digest })}\n`,
    );
    return;
  }
  const scaled = isScaled ? ', scaled down to what the epoch moved' : '';
  process.stderr.write(
    `epoch ${epoch}: ${decimalOf(minted)} ${token} to ${mints.filter((u) => u > 0n).length} ` +
      `works${scaled}; ${remainder} base units left by rounding\n`,
  );
  if (paid !== null) {
    process.stderr.write(`  ${paid.posted} transactions posted, ${paid.replayed} there before\n`);
  }
  process.stdout.write(`${digest}\n`);
}
