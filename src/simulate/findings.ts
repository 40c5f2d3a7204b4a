// Findings: what the table of reward functions claims, and what was measured. A verdict is computed
// from an interval and a threshold and never asserted: `holds` where the whole 95 % interval lies on
// the claimed side, `fails` where it lies on the other, `open` where it holds the threshold.

import type { Observation, RunDiagnostics } from './observation.js';
import type { Measure } from './score.js';
import type { SimulationSettings } from './settings.js';
import { STRATEGIES, type StrategyName } from './strategies.js';
import { type Estimate, meanOf, ratioOf, sideOf } from './statistics.js';
import { type Basis, paidPer, timesCrowd } from './table.js';

/** Whether a claim came out. */
export type Verdict = 'holds' | 'fails' | 'open' | 'not measured';

/** A claim and its measurement. */
export interface Finding {
  /** Short name, stable. */
  readonly id: string;
  /** Who says it: the table of reward functions, the page it stands on, or this bench. */
  readonly source: 'table' | 'page' | 'specification' | 'bench';
  /** The claim as a sentence that can be false. */
  readonly claim: string;
  /** What was measured, in words, with the number as "{}". */
  readonly measured: string;
  readonly estimate: Estimate | null;
  /** The claim is that the estimate lies above (or below) this. */
  readonly threshold: number;
  readonly side: 'above' | 'below';
  readonly verdict: Verdict;
}

type Draft = Omit<Finding, 'verdict'>;

/** What findings are computed from. */
interface Evidence {
  readonly settings: SimulationSettings;
  readonly diagnostics: readonly RunDiagnostics[];
  /** Observations of a strategy under a measure, by run; empty where it was not tried. */
  of(strategy: StrategyName, measure: Measure): readonly Observation[];
}

/** Computes all findings whose strategies and functions were tried. */
export function findingsOf(
  settings: SimulationSettings,
  observations: readonly Observation[],
  diagnostics: readonly RunDiagnostics[],
): Finding[] {
  const groups = new Map<string, Observation[]>();
  for (const each of observations) {
    const key = `${each.strategy} ${each.measure}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  const evidence: Evidence = {
    settings,
    diagnostics,
    of: (strategy, measure) => groups.get(`${strategy} ${measure}`) ?? [],
  };
  const drafts = [
    ...oscillation(evidence),
    ...accuracyPaid(evidence),
    ...earliness(evidence),
    ...accrual(evidence),
    ...freeRiding(evidence),
    ...identities(evidence),
    ...discovery(evidence),
  ];
  return [
    ...drafts.filter(({ estimate }) => estimate !== null).map(judged),
    ...unmeasured(settings),
  ];
}

function judged(draft: Draft): Finding {
  const side = sideOf(draft.estimate, draft.threshold);
  const verdict = side === 'open' ? 'open' : side === draft.side ? 'holds' : 'fails';
  return { ...draft, verdict };
}

/** A claim about earnings beside the honest crowd of the same world. */
function besideCrowd(
  { of }: Evidence,
  strategy: StrategyName,
  measure: Measure,
  basis: Basis,
  claim: Pick<Draft, 'id' | 'source' | 'claim' | 'side'>,
): Draft {
  const per = basis === 'emitted' ? 'unit of stake' : 'unit of stake and epoch locked';
  return {
    ...claim,
    measured: `${strategy} earns {} × the honest crowd per ${per} under ${measure}`,
    estimate: timesCrowd(of(strategy, measure), basis),
    threshold: 1,
  };
}

/** A claim about two strategies that take the same seat. */
function beside(
  { of }: Evidence,
  [first, second]: readonly [StrategyName, StrategyName],
  measure: Measure,
  claim: Pick<Draft, 'id' | 'source' | 'claim' | 'side'>,
): Draft {
  const [x, y] = [of(first, measure), of(second, measure)];
  return {
    ...claim,
    measured: `${first} earns {} × ${second} per unit of stake under ${measure}`,
    estimate:
      x.length === 0 || x.length !== y.length
        ? null
        : ratioOf(paidPer(x, 'seat', 'emitted'), paidPer(y, 'seat', 'emitted')),
    threshold: 1,
  };
}

function oscillation(evidence: Evidence): Draft[] {
  const claims = (['locked', 'emitted'] as const).map((basis) =>
    besideCrowd(evidence, 'oscillating', 'delta-norm', basis, {
      id: `delta-norm-oscillation-${basis}`,
      source: 'table',
      claim: 'delta-norm is gameable by oscillation',
      side: 'above',
    }),
  );
  const others = evidence.settings.functions.filter((name) => name !== 'delta-norm');
  return [
    ...claims,
    ...others.map((name) =>
      besideCrowd(evidence, 'oscillating', name, 'emitted', {
        id: `${name}-oscillation`,
        source: 'bench',
        claim: `${name} does not pay oscillation`,
        side: 'below',
      }),
    ),
  ];
}

function accuracyPaid({ settings, diagnostics }: Evidence): Draft[] {
  return settings.functions.map((name) => {
    const found = diagnostics.flatMap(({ correlations }) => correlations[name] ?? []);
    const isSyntropy = name === 'syntropy';
    return {
      id: `${name}-accuracy`,
      source: isSyntropy ? 'table' : 'bench',
      claim: isSyntropy
        ? 'syntropy rewards semantic sharpening: signals nearer to the truth get more'
        : `under ${name} signals nearer to the truth get more`,
      measured: `${name} and accuracy of honest signals of one epoch correlate by {}`,
      estimate: meanOf(found),
      threshold: 0,
      side: 'above',
    };
  });
}

function earliness(evidence: Evidence): Draft[] {
  const claims: Partial<Record<string, string>> = {
    alignment: 'alignment favours early correct contributions',
    'dag-weight': 'dag-weight rewards foundational work',
  };
  return evidence.settings.functions.flatMap((name) => {
    const claimed = claims[name];
    const early = beside(evidence, ['early-accurate', 'late-confirming'], name, {
      id: `${name}-early-late`,
      source: claimed === undefined ? 'page' : 'table',
      claim: claimed ?? `${name} pays early accurate links more than late confirming ones`,
      side: 'above',
    });
    const most = besideBestOther(evidence, name);
    if (claimed === undefined) return [early, most];
    const crowd = besideCrowd(evidence, 'early-accurate', name, 'emitted', {
      id: `${name}-early`,
      source: 'table',
      claim: claimed,
      side: 'above',
    });
    return [early, crowd, most];
  });
}

/** Whether early, accurate links earn the most: beside the best of the other strategies. */
function besideBestOther(evidence: Evidence, measure: Measure): Draft {
  const earnings = (name: StrategyName): number =>
    meanOf(paidPer(evidence.of(name, measure), 'seat', 'emitted'))?.value ?? -Infinity;
  const others = STRATEGIES.map(({ name }) => name).filter((name) => name !== 'early-accurate');
  const best = others.reduce((a, b) => (earnings(b) > earnings(a) ? b : a));
  return beside(evidence, ['early-accurate', best], measure, {
    id: `${measure}-most`,
    source: 'page',
    claim: `early, accurate links earn the most under ${measure}`,
    side: 'above',
  });
}

function accrual({ settings, diagnostics }: Evidence): Draft[] {
  if (!settings.functions.includes('dag-weight')) return [];
  const shares = diagnostics.flatMap(({ accrual: { descendants } }) => {
    const final = descendants[descendants.length - 1];
    return final > 0 ? [descendants[1] / final] : [];
  });
  return [
    {
      id: 'dag-weight-slow',
      source: 'table',
      claim: 'dag-weight is slow to accrue: less than half is known an epoch later',
      measured: `{} of the final weight of the first epoch's blocks is there an epoch later`,
      estimate: meanOf(shares),
      threshold: 0.5,
      side: 'below',
    },
  ];
}

function freeRiding(evidence: Evidence): Draft[] {
  return evidence.settings.functions.map((name) =>
    besideCrowd(evidence, 'copying', name, 'emitted', {
      id: `${name}-copying`,
      source: 'page',
      claim: `free-riding is unprofitable under ${name}: copies earn less than the crowd`,
      side: 'below',
    }),
  );
}

function identities(evidence: Evidence): Draft[] {
  return evidence.settings.functions.flatMap((name) => [
    beside(evidence, ['sybil', 'honest'], name, {
      id: `${name}-sybil`,
      source: 'bench',
      claim: `under ${name} a stake earns more under many names`,
      side: 'above',
    }),
    besideCrowd(evidence, 'whale', name, 'emitted', {
      id: `${name}-whale`,
      source: 'bench',
      claim: `under ${name} a unit of a whale's stake earns less than the crowd's`,
      side: 'below',
    }),
    besideCrowd(evidence, 'ring', name, 'emitted', {
      id: `${name}-ring`,
      source: 'bench',
      claim: `under ${name} a ring earns more than the crowd`,
      side: 'above',
    }),
  ]);
}

function discovery(evidence: Evidence): Draft[] {
  const { diagnostics, settings } = evidence;
  const probe = (part: 'deltaJ' | 'directed'): Estimate | null =>
    ratioOf(
      diagnostics.map((each) => each.probe.leaves[part]),
      diagnostics.map((each) => each.probe.link[part]),
    );
  const drafts: Draft[] = [
    {
      id: 'discovery-leaves',
      source: 'specification',
      claim: 'with the discovery part, 100 worthless leaves earn more than ten times a real link',
      measured: '100 leaves earn {} × a real link of the same stake where [ΔJ]₊ pays',
      estimate: probe('deltaJ'),
      threshold: 10,
      side: 'above',
    },
    {
      id: 'directed-leaves',
      source: 'specification',
      claim: 'without the discovery part, 100 worthless leaves earn less than a real link',
      measured: '100 leaves earn {} × a real link of the same stake where the entropy part pays',
      estimate: probe('directed'),
      threshold: 1,
      side: 'below',
    },
  ];
  return [
    ...drafts,
    ...settings.functions.map((name) =>
      besideCrowd(evidence, 'spamming', name, 'emitted', {
        id: `${name}-spamming`,
        source: 'bench',
        claim: `${name} does not pay spam`,
        side: 'below',
      }),
    ),
  ];
}

/** Claims of the table that this bench has no way to measure, or was not asked to. */
function unmeasured({ functions }: SimulationSettings): Finding[] {
  const none = { estimate: null, threshold: 0, side: 'above', verdict: 'not measured' } as const;
  const found: Finding[] = [
    {
      ...none,
      id: 'costs',
      source: 'table',
      claim: 'delta-norm is simple, syntropy heavier, spectral-gap expensive and non-local',
      measured: 'costs depend on the machine, and results here do not; bench/ measures them',
    },
  ];
  if (!functions.includes('spectral-gap')) {
    found.push({
      ...none,
      id: 'spectral-gap',
      source: 'table',
      claim: 'spectral-gap measures global convergence speedup',
      measured: 'spectral-gap was not among the functions: it costs a spectrum a signal',
    });
  }
  return found;
}
