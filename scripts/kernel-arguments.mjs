// How AssemblyScript compiles the kernels, relative to the root of the package. Shared memory is
// imported, so that several threads run one module; nothing allocates.
export const kernelArguments = [
  'kernels/index.ts',
  ...['-o', 'kernels/kernels.wasm'],
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
