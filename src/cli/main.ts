#!/usr/bin/env node
// The command line `focus`: commands are files of this folder, each a skin over the library.

import { Command } from 'commander';
import { ENGINE_VERSION } from '../report/manifest.js';
import { claimCommand } from './claim.js';
import { blyCommand } from './bly.js';
import { btsCommand } from './bts.js';
import { convertCommand } from './convert.js';
import { deltaCommand } from './delta.js';
import { doctorCommand } from './doctor.js';
import { epochCommand } from './epoch.js';
import { reportError } from './exit.js';
import { explainCommand } from './explain.js';
import { generateCommand } from './generate.js';
import { karmaCommand } from './karma.js';
import { ledgerCommand } from './ledger.js';
import { stakeCommands } from './ledger-stake.js';
import { rankCommand } from './rank.js';
import { rewardCommand } from './reward.js';
import { serveCommand } from './serve.js';
import { shapleyCommand } from './shapley.js';
import { simulateCommand } from './simulate.js';
import { spectrumCommand } from './spectrum.js';
import { statsCommand } from './stats.js';
import { valueCommand } from './value.js';

const program = new Command('focus')
  .description(
    'focus of a cybergraph: the stationary distribution of the tri-kernel, with a proven error bound',
  )
  .version(ENGINE_VERSION)
  .showHelpAfterError('(run with --help for the options)');
for (const command of [
  rankCommand(),
  spectrumCommand(),
  statsCommand(),
  deltaCommand(),
  rewardCommand(),
  shapleyCommand(),
  explainCommand(),
  convertCommand(),
  generateCommand(),
  epochCommand(),
  valueCommand(),
  karmaCommand(),
  btsCommand(),
  claimCommand(),
  ledgerCommand(),
  blyCommand(),
  serveCommand(),
  simulateCommand(),
  doctorCommand(),
]) {
  program.addCommand(command);
}
const ledger = program.commands.find((each) => each.name() === 'ledger');
for (const command of stakeCommands()) ledger?.addCommand(command);
for (const command of [program, ...program.commands.flatMap((each) => [each, ...each.commands])]) {
  command.exitOverride();
  if (command !== program) command.showHelpAfterError('(run with --help for the options)');
}

// A reader that closes the pipe early (head, less) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`focus: cannot write to standard output: ${error.message}\n`);
  process.exit(1);
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportError(error);
}
