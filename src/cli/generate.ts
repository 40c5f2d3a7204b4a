// focus generate PROFILE OUT: a made-up graph of a known shape, the same for a seed on every
// machine.

import { Command } from 'commander';
import { writeAtomically } from '../formats/atomic-file.js';
import { generateTsv, type GenerateOptions } from '../graph/generate.js';
import { choice, option, readInteger, withConfig } from './settings.js';

const PROFILES = ['kronecker', 'uniform', 'bostrom'] as const;

interface GenerateFlags {
  readonly seed?: number;
  readonly scale?: number;
  readonly edgeFactor?: number;
  readonly particles?: number;
  readonly links?: number;
  readonly ids?: 'integer' | 'cid';
  readonly stakes?: 'unit' | 'heavy';
}

/** Registers the command. */
export function generateCommand(): Command {
  const command = new Command('generate')
    .description('write a made-up graph as tab-separated links: kronecker, uniform or bostrom')
    .argument('<profile>', PROFILES.join(', '))
    .argument('[out]', 'file to write (default: standard output)', '-');
  option(command, '--seed <n>', 'seed (default 1)', readInteger(0));
  option(command, '--scale <n>', 'kronecker: 2^n particles', readInteger(1));
  option(
    command,
    '--edge-factor <n>',
    'kronecker: links per particle (default 16)',
    readInteger(1),
  );
  option(command, '--particles <n>', 'uniform: particles to draw from', readInteger(2));
  option(command, '--links <n>', 'links to make', readInteger(1));
  choice(command, '--ids <kind>', 'integer, or 46-character content ids (default integer)', [
    'integer',
    'cid',
  ]);
  choice(command, '--stakes <kind>', 'unit or heavy-tailed (default by profile)', [
    'unit',
    'heavy',
  ]);
  return withConfig(command).action(generate);
}

async function generate(profile: string, out: string, flags: GenerateFlags): Promise<void> {
  const known = PROFILES.find((name) => name === profile);
  if (known === undefined) {
    const { FocusError } = await import('../base/errors.js');
    throw new FocusError(
      'usage',
      `profile: expected one of ${PROFILES.join(', ')}, found "${profile}"`,
    );
  }
  const options: GenerateOptions = { ...flags, profile: known, seed: flags.seed ?? 1 };
  await writeAtomically(out, async (sink) => {
    for (const chunk of generateTsv(options)) await sink.write(chunk);
  });
  if (out !== '-') process.stderr.write(`wrote ${out}\n`);
}
