// Brings up software adapters for the WGSL suites: SwiftShader (Vulkan) from a development
// dependency alone, and Mesa's llvmpipe (OpenGL ES) where the machine has it. Two different shader
// compilers catch what one of them hides. Dawn loads "libvulkan.so.1" through the dynamic loader,
// whose search path is read once when a process starts: so the variables of softwareEnvironment()
// are given to test workers (vitest.config.ts) and to spawned processes.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { filesInTar } from '../tar.js';

const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url));
const folder = join(modules, '.cache', 'focus-engine', 'swiftshader-147.0.0');

/**
 * Variables that make a new process find SwiftShader, and llvmpipe without a display. Unpacks
 * SwiftShader on first use. Empty where its binary cannot run: there the suites take the machine's
 * own adapter, and fail if it has none.
 */
export function softwareEnvironment(): Record<string, string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return {};
  unpackSwiftShader();
  const others = process.env['LD_LIBRARY_PATH'];
  return {
    LD_LIBRARY_PATH: others === undefined || others === '' ? folder : `${folder}:${others}`,
    EGL_PLATFORM: 'surfaceless',
  };
}

/** Whether this machine can run OpenGL ES on llvmpipe: Debian's libegl1 and libgl1-mesa-dri. */
export function hasSystemEgl(): boolean {
  const folders = [
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib/aarch64-linux-gnu',
    '/usr/lib64',
    '/usr/lib',
  ];
  const has = (name: string): boolean => folders.some((at) => existsSync(join(at, name)));
  return has('libEGL.so') && has('libEGL_mesa.so.0');
}

function unpackSwiftShader(): void {
  const library = join(folder, 'libvulkan.so.1');
  if (existsSync(library)) return;
  const archive = join(modules, '@sparticuz', 'chromium', 'bin', 'swiftshader.tar.br');
  const files = filesInTar(brotliDecompressSync(readFileSync(archive)));
  const found = files.get('libvk_swiftshader.so');
  if (found === undefined)
    throw new Error(`the WGSL suite did not run: no SwiftShader in ${archive}`);
  mkdirSync(folder, { recursive: true });
  // Written aside and renamed, so that a worker starting meanwhile never loads half a library.
  const partial = `${library}.${process.pid}`;
  writeFileSync(partial, found);
  renameSync(partial, library);
}
