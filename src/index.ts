// The public API, and the only barrel of the package. The command line is a skin over these
// functions.

export { FocusError, type ErrorCode } from './base/errors.js';
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
export { digestOfExactFocus, digestOfFocus } from './base/digest.js';
export { detailsOf, type FocusDetails } from './focus/details.js';
export { exactDecimal } from './focus/exact/decimal.js';
export {
  alignUnits,
  deltaOf,
  syntropyChange,
  type ExactDelta,
  type NamedUnits,
  type SyntropyChange,
} from './focus/exact/delta.js';
export { detailsExact, type ExactDetails } from './focus/exact/details.js';
export {
  focusExact,
  focusExactColumns,
  type ExactFocus,
  type ExactOptions,
  type ExactPart,
  type ExactStart,
} from './focus/exact/focus-exact.js';
export { focus, type FocusResult, type SolverOptions } from './focus/focus.js';
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
export { readFocus } from './formats/read-focus.js';
export {
  readGraph as openGraph,
  readLinks,
  type ReadNotes,
  type ReadOptions,
} from './formats/read.js';
export { writeFocus } from './formats/write-focus.js';
export { writeLinks } from './formats/write-links.js';
export { axonChangesOf, changesBetween, type NamedAxonChanges } from './graph/axon-changes.js';
export { buildGraph, type BuildOptions } from './graph/build.js';
export type { AxonChange, AxonChanges } from './graph/change.js';
export type { Csr } from './graph/csr.js';
export { applyDelta, replay, type Applied } from './graph/delta.js';
export { generateLinks, generateTsv, type GenerateOptions } from './graph/generate.js';
export type { Graph, GraphReport } from './graph/graph.js';
export type { Ids } from './graph/ids.js';
export { createLinkBuilder, type LinkBuilder } from './graph/link-builder.js';
export { linkGraph, type LinkedGraph, type LinkSet } from './graph/linked.js';
export type { Links } from './graph/links.js';
export { shapeOf, type Shape } from './graph/shape.js';
export type { Delta, LinkChange, LinkSelector, Signal, SignalLink } from './graph/signal.js';
