// The page as a machine for exact arithmetic: starts the first browser that has WebGPU, sends it
// graphs without names, and makes a focus with its digest of the units that come back.

import type { DeviceOptions } from '../../src/backend/webgpu/webgpu.js';
import {
  completeFocus,
  type ExactFocus,
  type ExactOptions,
  type ExactStart,
} from '../../src/focus/exact/focus-exact.js';
import type { SolvedUnits } from '../../src/focus/exact/solve-units.js';
import { resolveParameters } from '../../src/focus/parameters.js';
import type { Graph } from '../../src/graph/graph.js';
import { binariesHere } from './binaries.js';
import { openPage, type Page } from './devtools.js';
import { openPageServer } from './page-server.js';

/** Options of the backend in the page. */
export type PageOptions = Pick<DeviceOptions, 'workgroupSize' | 'subgroups'>;

export interface PageMachine {
  readonly version: string;
  /** Features of the browser's adapter. */
  readonly features: readonly string[];
  /** Paths that the page has asked for. */
  readonly served: readonly string[];
  describe(machine: PageOptions): Promise<string>;
  /** What focusExactColumns does, in the page. */
  focus(
    machine: PageOptions,
    graph: Graph,
    options: Omit<ExactOptions, 'start'>,
    starts: number | readonly ExactStart[],
  ): Promise<readonly ExactFocus[]>;
  close(): Promise<void>;
}

/** A column as page.js sends it. */
type SentUnits = Pick<
  SolvedUnits,
  'tolerance' | 'applications' | 'passes' | 'errorBound' | 'converged'
> & { readonly units: readonly string[]; readonly missing: string; readonly residual: string };

const FEATURES = `(async () => {
  const adapter = await navigator.gpu?.requestAdapter();
  return adapter ? [...adapter.features] : null;
})()`;

/** Starts a browser and opens the page, or says why there is none with WebGPU. */
export async function openPageMachine(): Promise<PageMachine | string> {
  const server = await openPageServer();
  const reasons: string[] = [];
  for (const binary of binariesHere()) {
    let page: Page | null = null;
    try {
      page = await openPage(binary, server.url);
      // Asked without the project's modules: if those fail in a page, that is a failure.
      const features = (await page.evaluate(FEATURES)) as readonly string[] | null;
      if (features !== null) {
        return machineOf(page, features, server.served, () => server.close());
      }
      reasons.push(`${binary.path} (${page.version}) has no WebGPU adapter`);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
    await page?.close();
  }
  server.close();
  return reasons.length > 0 ? reasons.join('; ') : 'no Chromium on this machine';
}

/** Calls an exported function of page.js; it is the module that the page itself has loaded. */
async function call<T>(page: Page, name: string, argument: unknown): Promise<T> {
  const expression = `import('/page.js').then((page) => page.${name}(${JSON.stringify(argument)}))`;
  return (await page.evaluate(expression)) as T;
}

function machineOf(
  page: Page,
  features: readonly string[],
  served: readonly string[],
  closeServer: () => void,
): PageMachine {
  return {
    version: page.version,
    features,
    served,
    describe: (machine) => call(page, 'describe', machine),
    focus: async (machine, graph, options, starts) => {
      const { particles, largestStake } = graph;
      const { offsets, columns, weights } = graph.axons;
      const text = await call<string>(page, 'solve', {
        machine,
        graph: {
          particles,
          largestStake,
          offsets: [...offsets],
          columns: [...columns],
          // Doubles in JSON are exact: the shortest decimal that is no other double.
          weights: [...weights],
        },
        options,
        starts:
          typeof starts === 'number'
            ? starts
            : starts.map((start) => ({ ...start, units: Array.from(start.units, String) })),
      });
      const parameters = resolveParameters(options, graph);
      return (JSON.parse(text) as SentUnits[]).map((sent, b) => {
        const solved: SolvedUnits = {
          ...sent,
          parameters,
          start: typeof starts === 'number' ? null : starts[b],
          units: BigInt64Array.from(sent.units, BigInt),
          missing: BigInt(sent.missing),
          residual: BigInt(sent.residual),
        };
        return completeFocus(graph, solved, 'webgpu');
      });
    },
    close: async () => {
      await page.close();
      closeServer();
    },
  };
}
