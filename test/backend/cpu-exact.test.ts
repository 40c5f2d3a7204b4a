// The shared cases of exact arithmetic on WebAssembly: one thread, and more threads than cores.

import { openCpuExact } from '../../src/backend/cpu/cpu.js';
import { exactCases } from '../cases/exact-cases.js';

exactCases('one thread', () => Promise.resolve(openCpuExact({ threads: 1 })));
exactCases('three threads', () => Promise.resolve(openCpuExact({ threads: 3 })));
