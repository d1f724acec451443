import { join } from 'node:path';
import type { FileReceipt, FilesPlace, ReceiptState, TriggerFiles } from '../../config/trigger-files.ts';
import type { Arrival } from './arrival.ts';
import { type FileState, FileStates } from './file-state.ts';
import { sizeOf } from './file-version.ts';
import type { WatchSettings } from './options.ts';
import { pathBelow } from './outputs.ts';
import { Receipts } from './receipts.ts';
import { selectionOf } from './selection.ts';
import { unusableReason } from './unusable-names.ts';

/** What a trigger that is started works with. */
export interface FilesAtWork {
  readonly files: FileStates;
  readonly receipts: Receipts;
  /** The files that no function can be given, as they are shown; nothing is kept of them. */
  unusableNames(): Iterable<string>;
  /** Has a look at a file. */
  hint(path: string): void;
}

/** Opens what is known of the files in a watched folder: by a trigger at work, or by what the last one has kept. */
export function openFiles(
  settings: WatchSettings,
  { folder, store }: { folder: string; store: FilesPlace['store'] },
  atWork: FilesAtWork | undefined,
): TriggerFiles {
  const { files, receipts, unusableNames, hint } = atWork ?? kept(store);
  const selection = selectionOf(settings);
  const described = (path: string, state: FileState): FileReceipt => {
    const { nextAttempt, ...receipt } = describe(state);
    const isPlanned = atWork !== undefined && nextAttempt !== undefined;
    return { path: join(folder, path), ...receipt, ...(isPlanned && { nextAttempt }) };
  };
  return {
    folder,

    counts() {
      const { rearmed = 0, setAside = 0, ...counts } = receipts.counts();
      const besides = {
        arriving: files.countArriving(rearmed),
        setAside: setAside + [...unusableNames()].length,
      };
      return { ...counts, ...Object.fromEntries(Object.entries(besides).filter(([, count]) => count > 0)) };
    },

    *list(state) {
      for (const path of receipts.paths(state === 'arriving' ? 'rearmed' : state)) {
        const found = receipts.get(path);
        if (found && publicName(found) === state && !files.arrival(path)) yield described(path, found);
      }
      if (state === 'setAside')
        for (const shown of unusableNames())
          yield { path: join(folder, shown), state, reason: unusableReason };
      if (state !== 'arriving') return;
      for (const arrival of files.arrivals()) yield described(arrival.path, { name: 'arriving', arrival });
    },

    retry(path) {
      const below = pathBelow([folder], folder, path);
      if (below === undefined || !selection.takes(below)) return undefined;
      const state = files.get(below);
      if (!state) return undefined;
      if (state.name === 'setAside' || state.name === 'waiting') {
        files.move(below, { name: 'rearmed', reason: state.reason });
        hint(below);
      }
      return publicName(state);
    },
  };
}

function kept(store: FilesPlace['store']): FilesAtWork {
  const receipts = new Receipts(store);
  return { receipts, files: new FileStates(receipts), unusableNames: () => [], hint() {} };
}

function publicName({ name }: FileState): ReceiptState {
  return name === 'rearmed' ? 'arriving' : name;
}

function describe(state: FileState): Omit<FileReceipt, 'path'> {
  switch (state.name) {
    case 'arriving': {
      const { arrival } = state;
      return { state: state.name, reason: reasonOf(arrival), failures: 0, size: arrival.version.size };
    }
    case 'rearmed':
      return { state: 'arriving', reason: `it is to be tried again: ${state.reason}`, failures: 0 };
    case 'queued':
    case 'held':
    case 'running':
    case 'waiting': {
      const { failures, version } = state.candidate;
      const known = { state: state.name, failures, size: version.size };
      if (state.name === 'held')
        return { ...known, reason: 'it may have been written by an invocation that still runs' };
      if (state.name !== 'waiting') return known;
      return { ...known, reason: state.reason, nextAttempt: new Date(state.nextAt).toISOString() };
    }
    case 'setAside':
      return { state: state.name, reason: state.reason, failures: state.failures, size: sizeOf(state.key) };
    case 'gone':
      return { ...describe(state.before), state: state.name };
    case 'done':
    case 'output':
      return { state: state.name, size: sizeOf(state.key) };
  }
}

function reasonOf({ version, verdict, reruns }: Arrival): string | undefined {
  if (version.size === 0) return 'it is empty';
  if (reruns > 0) return 'it changed while its function ran';
  if (verdict === 'partial') return 'it is not complete yet';
  return verdict === 'unknown' ? 'it may still be written' : undefined;
}
