import { mkdir, realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from '../../invocation/errors.ts';
import type { TriggerContext } from '../trigger.ts';
import { DirectoryTree, type HintSource } from './directory-tree.ts';
import { Dispatcher } from './dispatcher.ts';
import { eventBursts } from './event-bursts.ts';
import { reasonOf } from './failure.ts';
import { FileStates } from './file-state.ts';
import { Intake } from './intake.ts';
import { Journal } from './journal.ts';
import type { WatchSettings } from './options.ts';
import { OutputPlaces } from './outputs.ts';
import { MemoryReceipts } from './receipts.ts';
import { RootFolder } from './root-folder.ts';
import { selectionOf } from './selection.ts';
import { Settlement } from './settlement.ts';
import { Sweep } from './sweep.ts';
import type { Timings } from './timings.ts';

/** A started trigger, from `start` to `stop`. */
export interface Session {
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
  const { log, root: cwd } = trigger;
  const journal = new Journal({
    log,
    folder: settings.path,
    functionName: settings.invoke,
    match: settings.match,
  });
  const selection = selectionOf(settings);
  const receipts = new MemoryReceipts();
  const files = new FileStates(receipts);
  const places = new OutputPlaces();
  const realRoot = await realpath(root);

  const hint = (path: string) => intake.hint(path, 'urgent');
  const onHint = (path: string, source: HintSource) => {
    // A sweep compares names: a known file is looked at in its own turn.
    if (source === 'sweep' && files.get(path)) return;
    intake.hint(path, source === 'event' ? 'urgent' : 'ordinary');
  };

  const tree: DirectoryTree = new DirectoryTree({
    ...{ root, selection, timings, journal, onHint },
    onRootMoved: () => rootFolder.check('moved'),
  });
  const rootFolder = new RootFolder({
    ...{ path: root, timings },
    onGone: () => {
      journal.folderMissing(root);
      tree.leave('');
    },
    onReplaced: (wasGone) => {
      if (wasGone) journal.folderBack(root);
      tree.enter('');
    },
  });
  const settlement: Settlement = new Settlement({
    ...{ cwd, root, realRoot, settings, selection, files, places, timings, journal, hint },
    onQueued: () => dispatcher.pump(),
  });
  const dispatcher = new Dispatcher({
    trigger,
    root,
    settings,
    files,
    receipts,
    places,
    settlement,
    timings,
    journal,
  });
  const intake: Intake = new Intake({
    ...{ root, settings, selection, files, timings, journal },
    onFolder: (path) => tree.enter(path),
    onGone: (path) => tree.leave(path),
    onChange: () => dispatcher.pump(),
    onSuperseded: (path) => dispatcher.revoke(path),
  });
  const sweep = new Sweep({ root: rootFolder, tree, intake, receipts, timings });
  const stopRescans = rescanAfterBursts(tree, timings);

  const halt = () => {
    for (const part of [sweep, rootFolder, tree, intake, settlement]) part.close();
    stopRescans();
    dispatcher.halt();
  };
  trigger.signal.addEventListener('abort', halt, { once: true });

  intake.takesAsKnown = !settings.existing;
  await rootFolder.adopt();
  tree.enter('');
  await tree.settled();
  if (!settings.existing) {
    await intake.idle();
    intake.takesAsKnown = false;
  }
  if (!trigger.signal.aborted) {
    journal.watching(root, isNew);
    dispatcher.start();
    sweep.start();
  }

  return {
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
    const message = `Expected the \`path\` option to be a folder or one that can be created, got \`${path}\`: ${reasonOf(error)}`;
    throw new ConfigError(`watch.path: ${message}`, {
      issues: [{ path: 'watch.path', message }],
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
