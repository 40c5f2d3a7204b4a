// Reads WGSL from shaders/, which lies three folders up both from src/ and from dist/. Imported on
// demand: a browser gives the texts itself (DeviceOptions.readShader).

import { readFile } from 'node:fs/promises';
import { FocusError } from '../../base/errors.js';

/** The text of shaders/NAME.wgsl. Throws `failure` where the installation lacks it. */
export async function readShader(name: string): Promise<string> {
  const file = `shaders/${name}.wgsl`;
  try {
    return await readFile(new URL(`../../../${file}`, import.meta.url), 'utf8');
  } catch (cause) {
    throw new FocusError('failure', `${file}: cannot be read`, 'install focus-engine again', {
      cause,
    });
  }
}
