// The public API, and the only barrel of the package. The command line is a skin over these
// functions.

export { FocusError, type ErrorCode } from './base/errors.js';
export {
  accumulatorFrom,
  efficiencyGap,
  emptyAccumulator,
  merged as mergedAccumulators,
  stateOf as accumulatorState,
  type Accumulator,
  type AccumulatorState,
} from './attribution/accumulator.js';
export {
  controlOf,
  type ControlOptions,
  type ControlVariate,
  type Surrogate,
} from './attribution/control-variate.js';
export { adjointSurrogate } from './attribution/controls/adjoint.js';
export {
  coarseSurrogate,
  type CoarseOptions,
  type CoarseSurrogate,
} from './attribution/controls/coarse.js';
export { clustersOf, EPSILON, type ClusterOptions, type Clusters } from './attribution/clusters.js';
export {
  hierarchicalShapley,
  type ClusterReport,
  type HierarchicalOptions,
  type HierarchicalPhase,
  type HierarchicalResult,
  type HierarchicalShare,
} from './attribution/hierarchical.js';
export type { AuditedCluster } from './attribution/cluster-audit.js';
export type { ClusterBatch, ClusterRecord } from './attribution/cluster-batches.js';
export type { ClusterMethod } from './attribution/cluster-shares.js';
export type { BetweenMethod } from './attribution/between-clusters.js';
export {
  controlPlanOf,
  defaultControlOf,
  type ControlPlan,
  type DefaultControlOptions,
} from './attribution/controls/default-control.js';
export {
  openCoalitionGame,
  type CoalitionGameOptions,
  type OpenedGame,
} from './attribution/coalition-game.js';
export {
  openExactGame,
  type ExactGameOptions,
  type OpenedExactGame,
} from './attribution/exact-game.js';
export {
  VALUE_FUNCTIONS,
  type Value as CoalitionValue,
  type ValueFunction,
  type ValueName,
} from './attribution/value-function.js';
export { checkAdditive } from './attribution/additive.js';
export { sampledBy } from './attribution/controls/sampled.js';
export {
  superposedSurrogate,
  type SuperposedGame,
  type SuperposedOptions,
} from './attribution/controls/superposed.js';
export {
  enumerateShapley,
  type EnumerationOptions,
  type ExactShapley,
} from './attribution/enumeration.js';
export {
  DEFAULT_ESTIMATOR,
  ESTIMATORS,
  estimatorOf,
  type EstimatorName,
} from './attribution/estimators/estimators.js';
export { VALUE_ONE, type Chain, type ChainValues, type Game } from './attribution/game.js';
export { orderingOf, type Draw } from './attribution/orderings.js';
export type { FinishedReplicate } from './attribution/replicates.js';
export {
  shapleyOf,
  type PlayerShare,
  type ShapleyOptions,
  type ShapleyProgress,
  type ShapleyResult,
} from './attribution/shapley.js';
export type { Stopping } from './attribution/stopping.js';
export { tableGame, type TableGame } from './attribution/table-game.js';
export { openCpu, openCpuExact, type CpuOptions } from './backend/cpu/cpu.js';
export {
  openWebGpu,
  openWebGpuExact,
  probeWebGpu,
  type AdapterDescription,
  type WebGpuProbe,
} from './backend/webgpu/webgpu.js';
export {
  chooseBackend,
  chooseExactBackend,
  type BackendName,
  type BackendRequest,
  type Choice,
} from './backend/choose.js';
export type { Backend, Precision } from './backend/backend.js';
export type { ExactBackend } from './backend/exact.js';
export { beaconStream, readBeacon, type BeaconStream } from './base/beacon.js';
export { digestOfExactFocus, digestOfFocus } from './base/digest.js';
export { epochsOf, manifestOf } from './epoch/chain.js';
export { epochAttention, type EpochAttention } from './epoch/attention.js';
export type { EpochMachines } from './epoch/compute.js';
export { differencesOf, type ChainDifference } from './epoch/diff.js';
export type { EpochManifest, SealedManifest } from './epoch/manifest.js';
export {
  readRulesets,
  rulesetAt,
  rulesetText,
  type HeldRules,
  type Ruleset,
} from './epoch/ruleset.js';
export { runEpoch, type EpochRequest } from './epoch/run.js';
export { chanceUnseen, drawSample } from './base/sample.js';
export { statesOf } from './epoch/states.js';
export type { EpochState, StateFocus } from './epoch/state.js';
export { verifyChain, type Verified, type VerifyOptions } from './epoch/verify.js';
export {
  adjointOf,
  type Adjoint,
  type AdjointOptions,
  type Value,
} from './focus/adjoint/adjoint.js';
export type { LinkColumns, LinkMarginals } from './focus/adjoint/links.js';
export type { TransactionMarginal } from './focus/adjoint/transaction.js';
export { detailsOf, type FocusDetails } from './focus/details.js';
export {
  differenceOf,
  type Difference,
  type DifferenceOptions,
  type DifferenceRows,
  type ExactDifference,
} from './focus/difference.js';
export { exactDecimal, parseExactDecimal } from './focus/exact/decimal.js';
export {
  alignUnits,
  deltaOf,
  syntropyChange,
  type ExactDelta,
  type NamedUnits,
  type SyntropyChange,
} from './focus/exact/delta.js';
export { differenceExact } from './focus/exact/difference.js';
export { detailsExact, type ExactDetails } from './focus/exact/details.js';
export {
  focusExact,
  focusExactColumns,
  type ExactFocus,
  type ExactOptions,
  type ExactPart,
  type ExactStart,
} from './focus/exact/focus-exact.js';
export { openFlows, type Flow, type Flows } from './focus/explain/flows.js';
export { explainLink, type LinkExplanation } from './focus/explain/link.js';
export { explainNeuron, type NeuronExplanation } from './focus/explain/neuron.js';
export { explainParticle, type ParticleExplanation } from './focus/explain/particle.js';
export { focus, type FocusResult, type SolverOptions } from './focus/focus.js';
export {
  focusHead,
  graphHead,
  openRoots,
  readHeader,
  verifyHeader,
  verifySuccession,
  type EpochHeader,
  type EpochRoots,
} from './focus/header.js';
export {
  openFocusRoot,
  verifyAbsentParticle,
  verifyParticle,
  type FocusRoot,
} from './focus/root.js';
export {
  openShifts,
  shiftsOf,
  type BaseFocus,
  type Shift,
  type ShiftOptions,
  type Shifts,
} from './focus/shifts.js';
export {
  spectrumOf,
  type Certificate,
  type Eigenvalue,
  type Spectrum,
  type SpectrumOptions,
} from './focus/spectrum.js';
export { entropiesOf, topOf, type Entropies } from './focus/measures.js';
export {
  READINGS,
  type FocusOptions,
  type Parameters,
  type Prior,
  type Reading,
} from './focus/parameters.js';
export { readBeliefs, type Answer } from './formats/beliefs.js';
export { readBlocks } from './formats/blocks.js';
export { readFocus } from './formats/read-focus.js';
export {
  readGraph as openGraph,
  readLinks,
  type ReadNotes,
  type ReadOptions,
} from './formats/read.js';
export { readDeltaLog, readSignals, streamDeltas, type SignalNotes } from './formats/signals.js';
export { writeFocus } from './formats/write-focus.js';
export { writeLinks } from './formats/write-links.js';
export { signalLine, writeDeltaLog, writeSignals } from './formats/write-signals.js';
export { writeTable, type OutputColumn } from './formats/write-table.js';
export { axonChangesOf, changesBetween, type NamedAxonChanges } from './graph/axon-changes.js';
export { buildGraph, type BuildOptions } from './graph/build.js';
export { communitiesOf, type Communities } from './graph/communities.js';
export type { AxonChange, AxonChanges } from './graph/change.js';
export type { Csr } from './graph/csr.js';
export { applyDelta, replay, type Applied } from './graph/delta.js';
export { generateLinks, generateTsv, type GenerateOptions } from './graph/generate.js';
export type { Graph, GraphReport } from './graph/graph.js';
export type { Ids } from './graph/ids.js';
export { createLinkBuilder, type LinkBuilder } from './graph/link-builder.js';
export { linkGraph, type LinkedGraph, type LinkSet } from './graph/linked.js';
export type { Links } from './graph/links.js';
export { openGraphRoot, verifyAbsentAxon, verifyAxon, type GraphRoot } from './graph/root.js';
export { shapeOf, type Shape } from './graph/shape.js';
export type { Delta, LinkChange, LinkSelector, Signal, SignalLink } from './graph/signal.js';
export { blockDag, type BlockDag } from './rewards/block-dag.js';
export {
  evaluateReward,
  evaluateRewardExact,
  REWARD_FUNCTIONS,
  rewardFunction,
  type ExactReward,
  type RewardName,
  type RewardOptions,
  type RewardResult,
} from './rewards/reward.js';
export {
  rewardsExactOf,
  type RewardsExact,
  type RewardsExactOptions,
} from './rewards/rewards-exact.js';
export { rewardsOf, type RewardsOf, type RewardsOfOptions } from './rewards/rewards-of.js';
export type { Finding, Verdict } from './simulate/findings.js';
export type { Observation } from './simulate/observation.js';
export { DEFAULT_SETTINGS as SIMULATION_DEFAULTS } from './simulate/settings.js';
export type { SimulationSettings } from './simulate/settings.js';
export { simulate, type Simulation, type SimulationOptions } from './simulate/simulate.js';
export { STRATEGIES, type StrategyName } from './simulate/strategies.js';
export { btsScores, karmaAfterScore, type BtsEntry } from './valuation/bts.js';
export {
  CLASS_LIMITS,
  classifyLinks,
  classOf,
  LINK_CLASSES,
  type Classified,
  type LinkClass,
  type LinkFeatures,
} from './valuation/classes.js';
export type { YieldCurve, YieldCurves } from './valuation/curves.js';
export type { ValuedEpoch } from './valuation/epoch-view.js';
export { karmaOf, type NeuronKarma } from './valuation/karma.js';
export {
  valueLinks,
  type Valuation,
  type ValuationOptions,
  type ValuedLink,
} from './valuation/link-valuation.js';
export { SHARE_READINGS, type ShareReading } from './valuation/shares.js';
export { WEIGHTINGS, type Weighting, type WeightingName } from './valuation/weightings.js';
export { checkAccount, checkToken, pendingAccount } from './ledger/account.js';
export {
  DECIMALS,
  decimalOf,
  MAX_UNITS,
  multiplyDivideFloor,
  rationalOf,
  scaleFloor,
  UNITS_PER_TOKEN,
  unitsOf,
  unitsOfText,
  type Rational,
} from './ledger/amount.js';
export { grantedUnits, pendingUnits, type ClaimRecord, type Tranche } from './ledger/claim.js';
export {
  claimKey,
  identityKey,
  jsonOf as transactionJson,
  transactionOf,
  type ClaimIdentity,
} from './ledger/entry.js';
export type { ClaimEvent, ClaimExplanation } from './ledger/explain.js';
export type { SealReceipt } from './ledger/journal.js';
export { openLedger, type Ledger } from './ledger/ledger.js';
export { proveEntry, verifyEntryProof, type EntryProof } from './ledger/proof.js';
export type { Refusal as LedgerRefusal, RefusalCode } from './ledger/refusal.js';
export type { Receipt } from './ledger/settle.js';
export type { StatementLine, StatementOptions } from './ledger/statement.js';
export type { LedgerStore } from './ledger/store.js';
export { openPostgresStore, type PostgresOptions } from './ledger/stores/postgres.js';
export { openSqliteStore, type SqliteOptions } from './ledger/stores/sqlite.js';
export type { ClaimEffect, Formula, Limit, Posting, Transaction } from './ledger/transaction.js';
export type {
  Verification as LedgerVerification,
  VerifyOptions as LedgerVerifyOptions,
} from './ledger/verify.js';
export {
  didOf,
  isDid,
  publicKeyOf,
  signingKey,
  verifySignature,
  type SigningKey,
} from './base/did-key.js';
export {
  CLAIM_FUNCTIONS,
  claimDigest,
  readClaim,
  signClaim,
  type Claim,
  type ClaimBody,
  type ClaimFunction,
} from './claims/claim.js';
export { checkClaim, type CheckedClaim, type ClaimDesk } from './claims/admit.js';
export { attest, attestedVerifier, type Attestation } from './claims/attested.js';
export { localShift, type LocalShift, type LocalShiftOptions } from './claims/local-shift.js';
export * from './claims/neighbourhood.js';
export { claimExactly, claimLocally, type ClaimSubject, type ProvenClaim } from './claims/prove.js';
export { readNeighbourhood, type LocalGraph } from './claims/read-neighbourhood.js';
export {
  recompute,
  recomputeVerifier,
  type RecomputeBase,
  type RecomputedShift,
} from './claims/recompute.js';
export { drawnEntries, sampledVerifier, type SampledOptions } from './claims/sampled.js';
export {
  shiftTree,
  type ClaimedEntry,
  type OpenedEntry,
  type ShiftTree,
} from './claims/shift-tree.js';
export type { ClaimRefusal, ClaimVerdict, ClaimVerifier } from './claims/verifier.js';
export { openClaimNode, type ClaimNode } from './epoch/claim-node.js';
export {
  checkSubmissions,
  claimWorks,
  type ClaimContext,
  type Submission,
} from './epoch/claim-works.js';
export { paidEpochOf } from './epoch/paid-epoch.js';
export { payEpoch, planPayout, type Paid, type PayoutPlan } from './epoch/pay.js';
export { payoutRulesAt, readPayoutRules, type PayoutRules } from './epoch/payout-rules.js';
export { hybridWorks, shapleyWorks, type PaidEpoch, type Works } from './epoch/works.js';
export { accountingHour } from './payouts/accounting-hour.js';
export { conserve, type Emission, type Minted } from './payouts/minting/conserve.js';
export * from './payouts/minting/mint.js';
export { burnedAccount, burnTransaction } from './payouts/burns/burn.js';
export { heldAt, heldOf, locksNow, type Burn, type HeldStake } from './payouts/held/held.js';
export { heldText, readHeld } from './payouts/held/held-file.js';
export type { StakeRequest } from './payouts/held/request.js';
export type { Target } from './payouts/held/target.js';
export * from './payouts/locks/fees.js';
export * from './payouts/locks/lock.js';
export * from './payouts/locks/shares.js';
export * from './payouts/buckets/bly-amount.js';
export { BUCKETS, type Bucket, type PerBucket } from './payouts/buckets/bucket.js';
export type { BucketState, OpenClaim, Settlement } from './payouts/buckets/bucket-state.js';
export * from './payouts/buckets/calculate.js';
export * from './payouts/buckets/config.js';
export type { Decimal } from './payouts/buckets/exact-decimal.js';
export * from './payouts/buckets/formulas.js';
export { policyJson, type BucketPolicy } from './payouts/buckets/policy.js';
export { readPolicy } from './payouts/buckets/read-policy.js';
export { settleHour, startState } from './payouts/buckets/settle-hour.js';
export * from './payouts/buckets/claim-transaction.js';
export * from './payouts/buckets/distributor.js';
export type { SubmitAnswer, SubmitRefusal } from './payouts/buckets/submit-answer.js';
export type { Work } from './payouts/buckets/work-units.js';
