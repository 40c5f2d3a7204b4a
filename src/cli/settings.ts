// Options of a command from three places: --config FILE.yaml, then environment variables
// FOCUS_<OPTION>, then flags; later wins. Values are checked by the same parser wherever they come
// from, and an error names the place.

import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { FocusError } from '../base/errors.js';

/** Adds an option that a config file and FOCUS_<NAME> may also give. */
export function option(
  command: Command,
  flags: string,
  description: string,
  read?: (text: string) => unknown,
): Command {
  const made = new Option(flags, description);
  made.env(`FOCUS_${made.name().replaceAll('-', '_').toUpperCase()}`);
  if (read !== undefined) made.argParser(read);
  return command.addOption(made);
}

/** Adds an option with a fixed set of values. */
export function choice(
  command: Command,
  flags: string,
  description: string,
  values: readonly string[],
): Command {
  const made = new Option(flags, description).choices(values);
  made.env(`FOCUS_${made.name().replaceAll('-', '_').toUpperCase()}`);
  return command.addOption(made);
}

/**
 * Adds --config, and fills in what it says for options that neither a flag nor the environment
 * gave.
 */
export function withConfig(command: Command): Command {
  command.option(
    '--config <file.yaml>',
    'options from a YAML file; flags and FOCUS_<OPTION> variables win',
  );
  command.hook('preAction', async (_, action) => {
    const { config } = action.opts<{ config?: string }>();
    if (config !== undefined) await applyConfig(action, config);
  });
  return command;
}

async function applyConfig(command: Command, path: string): Promise<void> {
  const known = new Map(command.options.map((each) => [each.long?.slice(2) ?? '', each]));
  for (const [key, value] of Object.entries(await readYaml(path))) {
    const target = known.get(key);
    if (target === undefined || key === 'config') {
      throw new FocusError(
        'usage',
        `${path}: expected an option of focus ${command.name()}, found "${key}"`,
        `options: ${[...known.keys()].filter((name) => name !== 'config').join(', ')}`,
      );
    }
    const source = command.getOptionValueSource(target.attributeName());
    if (source === 'cli' || source === 'env') continue;
    command.setOptionValueWithSource(
      target.attributeName(),
      valueOf(target, value, path),
      'config',
    );
  }
}

function valueOf(target: Option, value: unknown, path: string): unknown {
  if (target.isBoolean()) {
    if (typeof value === 'boolean') return value;
    throw new FocusError(
      'usage',
      `${path}: ${target.name()}: expected true or false, found ${JSON.stringify(value)}`,
    );
  }
  const text = Array.isArray(value) ? value.join(',') : String(value);
  try {
    return target.parseArg === undefined ? text : target.parseArg(text, undefined);
  } catch (cause) {
    throw new FocusError('usage', `${path}: ${target.name()}: ${(cause as Error).message}`, '', {
      cause,
    });
  }
}

async function readYaml(path: string): Promise<Record<string, unknown>> {
  const { parse } = await import('yaml');
  let document: unknown;
  try {
    document = parse(readFileSync(path, 'utf8'), { version: '1.1' });
  } catch (cause) {
    throw new FocusError(
      'usage',
      `${path}: expected a readable YAML file: ${(cause as Error).message}`,
      '',
      { cause },
    );
  }
  if (document === null || typeof document !== 'object' || Array.isArray(document)) {
    throw new FocusError('usage', `${path}: expected a mapping of option names to values`);
  }
  return document as Record<string, unknown>;
}

/** Reads a finite number; Infinity, NaN, hex and blanks are refused. */
export function readNumber(text: string): number {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) || !Number.isFinite(Number(text))) {
    throw new InvalidArgumentError(`expected a finite decimal number, found "${text}"`);
  }
  return Number(text);
}

/** Reads an integer from `least` to 2⁵³. */
export function readInteger(least: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`expected an integer ≥ ${least}, found "${text}"`);
    }
    return value;
  };
}

/** Reads "d,s,h". */
export function readLambda(text: string): [number, number, number] {
  const parts = text.split(',').map((part) => readNumber(part.trim()));
  if (parts.length !== 3) {
    throw new InvalidArgumentError(
      `expected three numbers "diffusion,springs,heat", found "${text}"`,
    );
  }
  return parts as [number, number, number];
}
