// focus bly: rewards for work. What work would earn; claims, attestations and challenges signed by a node's key;
// the hour's budget; settling, replaying and reading a ledger of them.

import { Command } from 'commander';
import { attestCommand, claimWorkCommand } from './bly-claim.js';
import { challengeCommand, verdictCommand } from './bly-dispute.js';
import { calcCommand, estimateCommand } from './bly-estimate.js';
import { blyStatementCommand, replayCommand, settleCommand, statusCommand } from './bly-ledger.js';

/** Registers the commands. */
export function blyCommand(): Command {
  const command = new Command('bly').description(
    'rewards for work: estimate, claim, settle, replay, challenge',
  );
  for (const each of [
    ...[estimateCommand(), calcCommand(), claimWorkCommand(), attestCommand()],
    ...[statusCommand(), settleCommand(), replayCommand(), blyStatementCommand()],
    ...[challengeCommand(), verdictCommand()],
  ]) {
    command.addCommand(each);
  }
  return command;
}
