// focus epoch pay: pays for an epoch of a chain by Shapley shares or hybrid rewards, once for ever.

import { Command } from 'commander';
import { BACKEND_NAMES } from '../backend/choose.js';
import { FocusError } from '../base/errors.js';
import { paidEpochOf } from '../epoch/paid-epoch.js';
import { payEpoch, planPayout } from '../epoch/pay.js';
import { payoutRulesAt } from '../epoch/payout-rules.js';
import { hybridWorks, shapleyWorks } from '../epoch/works.js';
import { readPayouts } from './claim-input.js';
import { withMachines } from './epoch-machines.js';
import { openTarget } from './ledger-target.js';
import { tellPayout, writePlan, type PayoutFlags } from './payout-report.js';
import { choice, option, readInteger, withConfig } from './settings.js';

/** Registers the command. */
export function payCommand(): Command {
  const command = new Command('pay')
    .description('pay for an epoch by Shapley shares or hybrid rewards, once for ever')
    .argument('<chain>', 'folder of the chain');
  command.requiredOption('--epoch <n>', 'epoch to pay for', readInteger(1));
  command.requiredOption('--payouts <file>', 'YAML or JSON: payout rules, none defaulted');
  command.requiredOption('--ledger <ledger>', 'a file, or postgres://…; made where there is none');
  option(command, '--plan <file>', 'write the transactions as NDJSON');
  command.option('--dry-run', 'plan, and post nothing');
  choice(command, '--backend <name>', 'machine of exact solves (default auto)', BACKEND_NAMES);
  option(command, '--threads <n>', 'CPU threads (default all cores)', readInteger(1));
  command.option('--json', 'print one JSON object');
  return withConfig(command).action((chain: string, flags: PayoutFlags) => pay(chain, flags));
}

/** Pays, and tells what was paid. */
export async function pay(chain: string, flags: PayoutFlags): Promise<void> {
  const rules = payoutRulesAt(await readPayouts(flags.payouts), flags.epoch);
  const { rewards } = rules;
  if (rewards.kind === 'claims') {
    throw new FocusError(
      'usage',
      `pay: --payouts: epoch ${flags.epoch} is paid by claims`,
      'focus claim mint pays by them',
    );
  }
  const paid = await paidEpochOf(chain, flags.epoch);
  const works =
    rewards.kind === 'hybrid'
      ? hybridWorks(paid, rewards)
      : await withMachines(flags, paid.before.linked.graph.report.axons, (machines) =>
          shapleyWorks(paid, rewards, machines.exact, machines.signal),
        );
  const plan = planPayout(paid, works, rules);
  await writePlan(plan, flags.plan);
  if (flags.dryRun === true) {
    tellPayout(plan, null, flags);
    return;
  }
  const ledger = await openTarget(flags.ledger, true);
  try {
    tellPayout(plan, await payEpoch(ledger, plan), flags);
  } finally {
    await ledger.close();
  }
}
