// How AssemblyScript compiles the kernels, relative to the root of the package. Shared memory is
// imported, so that several threads run one module; nothing allocates.
const argumentsOf = (entry, output) => [
  entry,
  ...['-o', output],
  '-O3',
  '--noAssert',
  ...['--runtime', 'stub'],
  '--importMemory',
  '--sharedMemory',
  ...['--initialMemory', '1'],
  ...['--maximumMemory', '65536'],
  ...['--memoryBase', '1024'],
  ...['--enable', 'simd,threads'],
];

/** The verbs of the CPU backend. */
export const kernelArguments = argumentsOf('kernels/index.ts', 'kernels/kernels.wasm');

/** SHA-256 and Merkle trees: a module of its own, for base/ knows no backend. */
export const merkleArguments = argumentsOf('kernels/merkle.ts', 'kernels/merkle.wasm');
