/**
 * Files mapped into memory, with which a process reads and writes what it shares with another one without system calls.
 * Node has no mmap; koffi, which calls C functions, brings one. Measured: 8 ms and 4 MB to load it; then 1 MB is
 * written in 30 µs instead of 110, and an entry of a journal in 0.1 µs instead of 1.2. So it is loaded only when
 * system calls have cost as much as it does, and whoever has little to send never pays for it. It is an optional
 * dependency: without it everything works, with system calls.
 */
import { createRequire } from 'node:module';
import { uninterrupted } from './native-loads.ts';
import { isSwitchedOff } from './switches.ts';

/** What loading koffi costs, in µs. */
const loadCostUs = 8_000;

/** Bytes of a mapped file, and how to give them back: what is read or written there after that ends the process. */
export interface Mapping {
  readonly bytes: Buffer;
  /** Where they are, for threads of this process: see `memoryAt`. */
  readonly address: string;
  unmap(): void;
}

export type Access = 'read' | 'write';

let spentUs = 0;

/** Notes what system calls have cost that would not have been made with a mapping; returns whether one pays now. */
export function isWorthMapping(us: number): boolean {
  spentUs += us;
  return spentUs >= loadCostUs && system() !== undefined;
}

/** Maps so many first bytes of a file; undefined where that can't be had. */
export function mapFile(fd: number, length: number, access: Access): Mapping | undefined {
  return system()?.map(fd, length, access);
}

/** Memory that another thread of this process has mapped, and keeps mapped; undefined where that can't be had. */
export function memoryAt(address: string, length: number): Buffer | undefined {
  const views = system();
  return views && uninterrupted(() => views.view(address, length));
}

interface System {
  view(address: string, length: number): Buffer | undefined;
  map(fd: number, length: number, access: Access): Mapping | undefined;
}

let found: { readonly system: System | undefined } | undefined;

function system(): System | undefined {
  found ??= { system: uninterrupted(loadSystem) };
  return found.system;
}

function loadSystem(): System | undefined {
  if (isSwitchedOff('mapping')) return undefined;
  // Where the numbers below and the size of `off_t` are known.
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) return undefined;
  try {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
    const c = koffi.load(null);
    const mmap = c.func(
      'void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)',
    );
    const munmap = c.func('int munmap(void *address, size_t length)');
    return {
      view: (address, length) => Buffer.from(koffi.view(BigInt(address), length)),
      map(fd, length, access) {
        const protection = access === 'read' ? protections.read : protections.read | protections.write;
        const address: unknown = mmap(null, length, protection, mapShared, fd, 0);
        const place = koffi.address(address);
        if (place === mapFailed) return undefined;
        const bytes = Buffer.from(koffi.view(address, length));
        return { bytes, address: String(place), unmap: () => void munmap(address, length) };
      },
    };
  } catch {
    return undefined; // not installed, or not for this platform
  }
}

// From <sys/mman.h> of Linux.
const protections = { read: 1, write: 2 } as const;
const mapShared = 1;
const mapFailed = 2n ** 64n - 1n;
