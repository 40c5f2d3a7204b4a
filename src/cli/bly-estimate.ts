// focus bly estimate | calc: what work would earn. `calc` is the formulas alone and clamps multipliers, as the library
// does; `estimate` answers as GET /rewards/estimate does: strict, and with the budget where a ledger or a service is.

import { Command } from 'commander';
import { BlyAmount } from '../payouts/buckets/bly-amount.js';
import { RewardConfig } from '../payouts/buckets/config.js';
import { AutomaticRewardDistributor } from '../payouts/buckets/distributor.js';
import type { Worth } from '../payouts/buckets/formulas.js';
import type { Bucket } from '../payouts/buckets/bucket.js';
import { workUnits } from '../payouts/buckets/work-units.js';
import { BudgetView } from '../server/budget-view.js';
import { amount } from '../server/figures.js';
import { rateNames } from '../server/rates.js';
import { check } from '../base/errors.js';
import { askService } from './bly-service.js';
import { addWorkOptions, kindOf, kindsOf, queryOf, workOf, type WorkFlags } from './bly-work.js';
import { withLedger } from './ledger-target.js';
import { option } from './settings.js';

interface EstimateFlags extends WorkFlags {
  readonly policy?: string;
  readonly ledger?: string;
  readonly url?: string;
}

type Estimate = Readonly<Record<string, unknown>>;

/** Registers the command. */
export function calcCommand(): Command {
  const command = new Command('calc').description(
    'what work of one kind is worth by the formulas; multipliers are clamped to their ranges',
  );
  option(
    addWorkOptions(command),
    '--policy <file>',
    'policy of rewards (default: that of the package)',
  );
  return command.option('--json', 'print one JSON object').action((flags: EstimateFlags) => {
    const kind = kindOf(flags);
    const { policy } = configOf(flags.policy);
    const { units, formula } = workUnits(policy, kind, workOf(kind, flags), 'clamp');
    const bly = new BlyAmount(units);
    const json = {
      kind,
      bly: Number(`${bly}`),
      blyExact: `${bly}`,
      formula,
      policy: policy.digest,
    };
    process.stdout.write(hasJson(flags) ? `${JSON.stringify(json)}\n` : `${bly}\n`);
  });
}

/** Registers the command. */
export function estimateCommand(): Command {
  const command = new Command('estimate').description(
    'what work would earn, and whether this hour’s budget covers it; multipliers must be in their ranges',
  );
  option(
    addWorkOptions(command),
    '--policy <file>',
    'policy of rewards (default: that of the package)',
  );
  option(command, '--ledger <target>', 'look at the budget of this ledger');
  option(command, '--url <address>', 'ask this service instead, which has a policy of its own');
  return command
    .option('--json', 'print one JSON object, as GET /rewards/estimate')
    .action(async (flags: EstimateFlags) => {
      const answer = await estimated(flags);
      if (hasJson(flags)) process.stdout.write(`${JSON.stringify(answer)}\n`);
      else tell(answer);
    });
}

/** The configuration of a policy file, or of the package. */
export function configOf(path: string | undefined): RewardConfig {
  return path === undefined ? RewardConfig.packaged() : RewardConfig.fromYaml(path);
}

/** Whether --json was given: its type is another than that of work. */
export function hasJson(flags: object): boolean {
  return (flags as { readonly json?: unknown }).json === true;
}

async function estimated(flags: EstimateFlags): Promise<Estimate> {
  const { url, ledger: target, policy: path } = flags;
  if (url !== undefined) {
    check(
      path === undefined && target === undefined,
      'usage',
      () => 'estimate: expected --url alone, found --policy or --ledger with it',
    );
    const { json } = await askService(url, `rewards/estimate?${queryOf(flags)}`);
    return json as Estimate;
  }
  const config = configOf(path);
  const worths = kindsOf(flags).map((kind) => ({
    kind,
    worth: workUnits(config.policy, kind, workOf(kind, flags), 'strict'),
  }));
  if (target === undefined) return answerOf(config, worths, null);
  let answer: Estimate = {};
  await withLedger(target, async (ledger) => {
    const distributor = new AutomaticRewardDistributor({ ledger, config });
    await distributor.ready;
    answer = answerOf(config, worths, new BudgetView(distributor));
  });
  return answer;
}

function answerOf(
  config: RewardConfig,
  worths: readonly { readonly kind: Bucket; readonly worth: Worth }[],
  view: BudgetView | null,
): Estimate {
  const rates = rateNames(config);
  const answer: Record<string, unknown> = {};
  for (const { kind, worth } of worths) {
    answer[kind] = {
      [rates[kind].name]: rates[kind].bly,
      ...amount('estimate_bly', worth.units),
      ...(view === null ? {} : { budget_available: worth.units <= view.available(kind) }),
      formula: worth.formula,
    };
  }
  const alone = 'The formulas alone: --ledger or --url say whether the budget covers it';
  return { ...answer, notes: [view === null ? alone : 'Estimates include active balancing'] };
}

function tell({ notes, ...kinds }: Estimate): void {
  for (const [kind, value] of Object.entries(kinds)) {
    const { estimate_bly_exact: bly, budget_available: isThere } = value as Record<string, unknown>;
    const budget =
      isThere === undefined ? '' : isThere === true ? ', covered by this hour' : ', not covered';
    process.stdout.write(`${kind}: ${String(bly)} BLY${budget}\n`);
  }
  for (const note of notes as readonly string[]) process.stderr.write(`${note}\n`);
}
