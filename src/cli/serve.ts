// focus serve: the HTTP service over a ledger. It settles each hour as it ends; SIGTERM and SIGINT let it finish
// what is under way, close the ledger, and exit with 0.

import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { FocusError } from '../base/errors.js';
import type { Ledger } from '../ledger/ledger.js';
import { NO_NODES, readNodes, type NodeRegistry } from '../payouts/buckets/claims/nodes.js';
import { RewardConfig } from '../payouts/buckets/config.js';
import { createServer, type FocusServer } from '../server/app.js';
import type { FocusSource } from '../server/focus-source.js';
import { openFocusThread } from '../server/focus-thread.js';
import { LOG_LEVELS, type LogLevel } from '../server/log.js';
import { TOKEN_VARIABLE } from '../server/operator.js';
import { REQUESTS_PER_MINUTE } from '../server/settings.js';
import { openTarget } from './ledger-target.js';
import { option, readInteger } from './settings.js';

interface ServeFlags {
  readonly host: string;
  readonly port: number;
  readonly ledger?: string;
  readonly policy?: string;
  readonly nodes?: string;
  readonly graph?: string;
  readonly epochs?: string;
  readonly rate: number;
  readonly behindProxy?: boolean;
  readonly log: LogLevel;
}

/** Registers the command. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .description('serve rewards for work, statements and focus over HTTP')
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <n>', 'port; 0 takes any that is free', readInteger(0), 8080);
  option(
    command,
    '--ledger <target>',
    'file, or postgres://…; default: in memory, gone at the end',
  );
  option(command, '--policy <file>', 'policy of rewards (default: that of the package)');
  option(command, '--nodes <file>', 'verification nodes: who may attest (default: nobody)');
  option(command, '--graph <links>', 'links whose focus is served');
  option(command, '--epochs <dir>', 'chain of epochs whose headers are served');
  const rate = 'requests a minute from one address';
  command.option('--rate <n>', rate, readInteger(1), REQUESTS_PER_MINUTE);
  command.option('--behind-proxy', 'addresses are those that a proxy says in X-Forwarded-For');
  command.addOption(
    new Option('--log <level>', 'JSON lines on standard error').choices(LOG_LEVELS).default('info'),
  );
  command.addHelpText(
    'after',
    `\nOperators send the token in ${TOKEN_VARIABLE} of the environment.`,
  );
  return command.action((flags: ServeFlags) => serve(flags));
}

async function serve(flags: ServeFlags): Promise<void> {
  const config = flags.policy === undefined ? undefined : RewardConfig.fromYaml(flags.policy);
  const nodes = flags.nodes === undefined ? NO_NODES : await nodesOf(flags.nodes);
  const ledger = await openTarget(flags.ledger ?? ':memory:', true);
  const server = await opened(flags, ledger, { config, nodes });
  const ended = untilEnded(server);
  try {
    const address = await server.listen(flags);
    const where =
      flags.ledger === undefined
        ? 'the ledger is in memory, and gone at the end'
        : `ledger ${ledger.description}`;
    process.stderr.write(`focus: listening on ${address}; ${where}\n`);
  } catch (error) {
    await server.close();
    throw error;
  }
  await ended;
}

async function opened(
  { rate, behindProxy, log, epochs, graph }: ServeFlags,
  ledger: Ledger,
  { config, nodes }: { readonly config: RewardConfig | undefined; readonly nodes: NodeRegistry },
): Promise<FocusServer> {
  let focus: FocusSource | undefined;
  try {
    if (graph !== undefined) focus = await openFocusThread(graph);
    return await createServer({
      ledger,
      focus,
      config,
      nodes,
      operatorToken: process.env[TOKEN_VARIABLE],
      requestsPerMinute: rate,
      isBehindProxy: behindProxy,
      logLevel: log,
      epochs,
    });
  } catch (error) {
    await focus?.destroy();
    await ledger.close();
    throw error;
  }
}

/** Resolves when a signal came and the server is closed. A second signal ends the process at once. */
function untilEnded(server: FocusServer): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (signal: NodeJS.Signals): void => {
      for (const each of SIGNALS) process.removeListener(each, end);
      process.stderr.write(`focus: ${signal}: finishing what is under way\n`);
      server.close().then(resolve, reject);
    };
    for (const each of SIGNALS) process.on(each, end);
  });
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

async function nodesOf(path: string): Promise<NodeRegistry> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const message = `--nodes ${path}: expected a readable file: ${(cause as Error).message}`;
    throw new FocusError('bad-input', message, '', { cause });
  });
  return readNodes(text, path);
}
