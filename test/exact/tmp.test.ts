import { it, expect } from 'vitest';
import { focusExact } from '../../src/focus/exact/focus-exact.js';
import { openCpuExact } from '../../src/backend/cpu/cpu.js';
import { bigintFocus } from './bigint-focus.js';
import { fixedPoints, referencePoints } from '../focus/golden-cases.js';
for (const c of [...fixedPoints(), ...referencePoints()]) {
  it(c.name, async () => {
    const a = await focusExact(c.graph, c.options, openCpuExact({ threads: 1 }));
    const b = bigintFocus(c.graph, { ...c.options, ...(c.options.reading==='reference-2026-07'?{}:{}) });
    expect(a.exact.header).toBeTruthy();
    expect([...a.exact.units]).toEqual(b.units);
    expect(a.exact.digest).toBe(b.digest());
    expect(a.exact.entropy).toBe(b.entropy);
    expect(a.exact.syntropy).toBe(b.syntropy);
    expect(a.errorBound).toBe(b.errorBound);
    expect(a.converged).toBe(b.converged);
  });
}
