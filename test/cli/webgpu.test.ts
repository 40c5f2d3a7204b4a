// focus on the webgpu backend as a user runs it, on a software adapter, and what is said where there is none.

import { describe, expect, it } from 'vitest';
import { softwareEnvironment } from '../backend/software-adapter.js';
import { BOSTROM, focusCommand } from './run.js';

const software = softwareEnvironment();

describe('focus on webgpu', () => {
  it('certifies in f64 what a device computed in f32, and ends within a second', async () => {
    const { code, stdout, stderr, lingerMs } = await focusCommand(
      ['rank', BOSTROM, '--backend', 'webgpu', '--json'],
      { env: software },
    );
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ backend: 'webgpu', precision: 'f64', converged: true });
    expect(result.errorBound).toBeLessThanOrEqual(1e-9);
    expect(stderr).toMatch(/backend: webgpu, .*software adapter.* \(asked for by name\)/);
    expect(lingerMs).toBeLessThan(1000);
    const single = await focusCommand(
      ['rank', BOSTROM, '--backend', 'webgpu', '--precision', 'f32', '--json'],
      { env: software },
    );
    expect(JSON.parse(single.stdout)).toMatchObject({ precision: 'f32', converged: true });
  });

  it('is never the choice of auto on a software adapter', async () => {
    const { code, stdout } = await focusCommand(['doctor', '--json'], { env: software });
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.webgpu.adapters.some((adapter: { software: boolean }) => adapter.software)).toBe(
      true,
    );
    expect(report.chosen).toMatchObject({ backend: 'cpu' });
    expect(report.chosen.reason).toMatch(/only a software adapter/);
  });

  it('exits with 6 where it is asked for by name and cannot be had', async () => {
    const empty = {
      LD_LIBRARY_PATH: '',
      VK_DRIVER_FILES: '/dev/null',
      VK_ICD_FILENAMES: '/dev/null',
    };
    const { code, stdout, stderr } = await focusCommand(['rank', BOSTROM, '--backend', 'webgpu'], {
      env: empty,
    });
    expect(code, stderr).toBe(6);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/Vulkan|adapter/);
  });
});
