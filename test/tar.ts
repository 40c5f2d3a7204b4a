// Reads a tar archive, as far as the archives of the development dependencies need it: 512-byte
// headers with the name at 0 and the size in octal at 124, contents padded to 512.

const BLOCK = 512;

/** The files by their last name, as views of the archive. Folders are left out. */
export function filesInTar(tar: Buffer): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + BLOCK <= tar.length;) {
    const name = tar.toString('latin1', at, at + 100).split('\0')[0];
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8);
    if (name === '' || Number.isNaN(size)) break;
    const start = at + BLOCK;
    if (!name.endsWith('/'))
      files.set(name.split('/').at(-1) ?? name, tar.subarray(start, start + size));
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
