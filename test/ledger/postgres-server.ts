// A throw-away PostgreSQL for tests: data directory under the folder for temporary files, a free port
// of the loopback, fsync on. The server refuses to run as root, so it runs as another user then.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PostgresServer {
  /** postgres://… of a database of its own. */
  readonly url: string;
  /** kill -9 of all of its processes, then a start on the same data. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** Where Debian and others put the server's programs. */
function programs(): string | null {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(base, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  const holds = (folder: string): boolean =>
    ['postgres', 'initdb'].every((name) => existsSync(join(folder, name)));
  return folders.find(holds) ?? null;
}

function idOf(user: string, flag: '-u' | '-g'): number | null {
  try {
    return Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return null;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Starts a server, or says why it cannot. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = programs();
  if (folder === null) {
    throw new Error('PostgreSQL is not installed (postgres and initdb were not found)');
  }
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? ['postgres', 'nobody'].find((name) => idOf(name, '-u') !== null) : null;
  if (user === undefined) throw new Error('PostgreSQL refuses to run as root; no other user found');
  const identity =
    user === null ? {} : { uid: Number(idOf(user, '-u')), gid: Number(idOf(user, '-g')) };
  const place = mkdtempSync(join(tmpdir(), 'focus-postgres-'));
  if ('uid' in identity) chownSync(place, identity.uid, identity.gid);
  const data = join(place, 'data');
  const environment = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', HOME: place };
  execFileSync(
    join(folder, 'initdb'),
    ['-D', data, '-U', 'ledger', '-A', 'trust', '-E', 'UTF8', '--locale=C'],
    { ...identity, cwd: place, env: environment, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const port = await freePort();
  const settings = [
    ...['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${place}`],
    ...['-c', 'fsync=on', '-c', 'max_connections=40', '-c', 'shared_buffers=128MB'],
  ];
  const start = async (): Promise<ChildProcess> => {
    const started = spawn(join(folder, 'postgres'), ['-D', data, '-p', String(port), ...settings], {
      ...identity,
      cwd: place,
      env: environment,
      // A group of its own, so that all of its processes can be killed at once.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await ready(started);
    return started;
  };
  let child = await start();
  // Nothing is left behind where a test run is interrupted.
  const kill = (): void => void child.kill('SIGQUIT');
  process.once('exit', kill);
  const ended = (signal: () => void): Promise<void> =>
    new Promise((resolve) => {
      child.once('exit', () => resolve());
      signal();
    });
  return {
    url: `postgres://ledger@127.0.0.1:${port}/postgres`,
    crash: async () => {
      await ended(() => process.kill(-Number(child.pid), 'SIGKILL'));
      for (let attempt = 0; ; attempt++) {
        try {
          child = await start();
          return;
        } catch (error) {
          // The last of the killed processes may hold the shared memory for a moment.
          if (attempt === 20) throw error;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    },
    stop: async () => {
      process.off('exit', kill);
      await ended(() => child.kill('SIGINT'));
      rmSync(place, { recursive: true, force: true });
    },
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let told = '';
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`postgres ended with ${code}: ${told}`)));
    child.stderr?.on('data', (piece: Buffer) => {
      told += piece.toString();
      if (told.includes('ready to accept connections')) resolve();
    });
  });
}
