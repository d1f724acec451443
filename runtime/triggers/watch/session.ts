import { mkdir, realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from '../../errors/pool-errors.ts';
import { reasonOf } from '../failure.ts';
import type { TriggerContext } from '../trigger.ts';
import { DirectoryTree } from './directory-tree.ts';
import { Dispatcher } from './dispatcher.ts';
import { eventBursts } from './event-bursts.ts';
import { FileStates } from './file-state.ts';
import type { FilesAtWork } from './files.ts';
import { Intake } from './intake.ts';
import { Journal } from './journal.ts';
import { lookBelow } from './look-below.ts';
import type { WatchSettings } from './options.ts';
import { OutputPlaces } from './outputs.ts';
import { Polling } from './polling.ts';
import { Receipts } from './receipts.ts';
import { recover } from './recovery.ts';
import { RootFolder } from './root-folder.ts';
import { folderOf, selectionOf } from './selection.ts';
import { Settlement } from './settlement.ts';
import { Sweep } from './sweep.ts';
import type { Timings } from './timings.ts';

/** A started trigger, from `start` to `stop`. */
export interface Session extends FilesAtWork {
  stop(): Promise<void>;
}

/** Starts to watch. Resolves when nothing that happens from now on is missed. */
export async function startSession(
  settings: WatchSettings,
  trigger: TriggerContext,
  timings: Timings,
): Promise<Session> {
  const root = resolve(trigger.root, settings.path);
  const isNew = await makeFolder(root, settings.path);
  const { invoke: functionName, match, path: folder } = settings;
  const journal = new Journal({ log: trigger.log, folder, functionName, match });
  const receipts = new Receipts(trigger.store);
  const files = new FileStates(receipts, { notesArrivals: !settings.existing });
  const selection = selectionOf(settings);
  const places = new OutputPlaces();
  if (receipts.learnedPlaces) places.restore(receipts.learnedPlaces);
  const interrupted = await recover(files, receipts, journal);
  const look = lookBelow({ root, settings, isFolder: (path) => tree.has(path) });
  const shared = { root, settings, selection, files, receipts, places, timings, journal, look };

  const tree: DirectoryTree = new DirectoryTree({
    ...shared,
    onHint(path, source) {
      // A sweep compares names: a file with a receipt is looked at in its own turn, unless it should not be there.
      if (source === 'sweep' && (receipts.get(path)?.name ?? 'gone') !== 'gone') return;
      intake.hint(path, source === 'event' ? 'urgent' : 'ordinary');
    },
    onRootMoved: () => rootFolder.check('moved'),
    onPolled(path, fileSystem) {
      journal.polled(path, interval, fileSystem);
      polling.begin();
    },
  });
  const rootFolder = new RootFolder({
    path: root,
    timings,
    onGone() {
      journal.folderMissing(root);
      tree.leave('');
    },
    onReplaced(wasGone) {
      if (wasGone) journal.folderBack(root);
      tree.enter('');
      dispatcher.probe();
    },
  });
  const settlement: Settlement = new Settlement({
    ...shared,
    cwd: trigger.root,
    realRoot: () => realpath(root).catch(() => root),
    isRootThere: () => rootFolder.isThere(),
    hint: (path) => intake.hint(path, 'urgent'),
    onQueued: () => dispatcher.pump(),
    onDeparted: (path) => dispatcher.release(path),
    onLearned: () => dispatcher.releaseAll(),
  });
  const dispatcher = new Dispatcher({ ...shared, trigger, settlement });
  const intake: Intake = new Intake({
    ...shared,
    isRootThere: () => rootFolder.isThere(),
    settleOf: (path) =>
      settings.settle ?? Math.max(timings.settle, tree.fileSystemOf(folderOf(path))?.staleness ?? 0),
    onFolder: (path) => tree.enter(path),
    onNoFolder: (path) => tree.leave(path),
    onQueued: () => dispatcher.pump(),
    onDeparted: (path) => dispatcher.release(path),
    onSuperseded: (path) => dispatcher.revoke(path),
  });
  const interval = settings.poll.interval ?? timings.poll;
  const polling = new Polling({ ...shared, root: rootFolder, tree, intake, interval });
  const sweep = new Sweep({ ...shared, root: rootFolder, tree, intake });
  const stopRescans = rescanAfterBursts(tree, timings);

  const halt = () => {
    for (const part of [polling, sweep, rootFolder, tree, intake, settlement]) part.close();
    stopRescans();
    dispatcher.halt();
  };
  trigger.signal.addEventListener('abort', halt, { once: true });

  intake.takesAsKnown = !settings.existing;
  intake.asksWhetherDone = receipts.areNew;
  await rootFolder.adopt();
  tree.enter('');
  await tree.settled();
  const isRead = intake.idle().then(() => {
    intake.takesAsKnown = false;
    intake.asksWhetherDone = false;
  });
  if (!settings.existing) await isRead;
  if (!trigger.signal.aborted) {
    journal.watching(root, isNew);
    dispatcher.start(interrupted);
    sweep.start();
  }

  return {
    files,
    receipts,
    unusableNames: () => tree.unusableNames(),
    // Many may be asked for at once: what lands meanwhile is looked at first.
    hint: (path) => intake.hint(path, 'ordinary'),
    async stop() {
      trigger.signal.removeEventListener('abort', halt);
      halt();
      await dispatcher.stop();
      // Retries of what ended meanwhile.
      settlement.close();
    },
  };
}

async function makeFolder(root: string, path: string): Promise<boolean> {
  try {
    const created = await mkdir(root, { recursive: true });
    if ((await stat(root)).isDirectory()) return created !== undefined;
    throw new Error('a file is in its place');
  } catch (error) {
    const message = `expected the path of a folder or of one that can be made, got '${path}': ${reasonOf(error)}`;
    const issues = [{ path: 'watch.path', message }];
    throw new ConfigError(`There is a mistake in the options of \`watch\`:\n  watch.path: ${message}`, {
      issues,
      cause: error,
    });
  }
}

// Soon after a burst, as files may be waiting; again a while later if it goes on.
function rescanAfterBursts(tree: DirectoryTree, { rescanGap }: Timings): () => void {
  let last = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  const rescan = () => {
    timer = undefined;
    last = performance.now();
    tree.rescan();
  };
  const stopListening = eventBursts.listen(() => {
    timer ??= setTimeout(rescan, Math.max(0, last + rescanGap - performance.now()));
  });
  return () => {
    stopListening();
    clearTimeout(timer);
  };
}
