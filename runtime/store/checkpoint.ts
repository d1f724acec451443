import fs from 'node:fs';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

/**
 * How long a database's write-ahead log is, and when it should be moved into the database. SQLite would do so in the commit
 * that makes it 4 MB long, and wait for the disk: measured, 1 in 1,000 commits held the event loop for
 * 17 ms and some for 190 ms. Without it the longest took 3 ms, and all of them half the time.
 */
export class LogLength {
  readonly #file: string;
  #longest = longestLog;

  constructor(database: string) {
    this.#file = `${database}-wal`;
  }

  get isTooLong(): boolean {
    return this.#bytes > this.#longest;
  }

  /** To be called after a checkpoint: a log that a reader has kept from being emptied may grow by as much again. */
  wasMoved(): void {
    this.#longest = this.#bytes + longestLog;
  }

  get #bytes(): number {
    return fs.statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
  }
}

/**
 * Moves the write-ahead log into the database, in a thread of its own, which starts in 30 ms and then waits for the disk.
 * The caller writes nothing meanwhile, and the program doesn't end before it is over. Somebody who reads the database for
 * long keeps the log from being emptied: the next call does it then.
 * @returns whether it could be done at all; it never rejects
 */
export async function checkpoint(file: string): Promise<boolean> {
  const stage = new Int32Array(new SharedArrayBuffer(4));
  // `process.exit` ends threads wherever they are, and libsql, when it comes back to one that is being ended, the whole
  // process by SIGABRT. A log that isn't moved is read from where it is.
  const letItEnd = () => {
    if (Atomics.compareExchange(stage, 0, stages.notBegun, stages.over) === stages.atWork)
      Atomics.wait(stage, 0, stages.atWork, longestExitMs);
  };
  process.once('exit', letItEnd);
  try {
    return await runThread({ file, stage });
  } catch {
    // There may be no threads: a limit of the system, or `--experimental-permission`.
    return false;
  } finally {
    process.off('exit', letItEnd);
  }
}

function runThread({ file, stage }: { file: string; stage: Int32Array }): Promise<boolean> {
  return new Promise((resolve) => {
    const thread = new Worker(source, {
      eval: true,
      workerData: {
        library: createRequire(import.meta.url).resolve('libsql'),
        ...{ file, patienceMs, stage, stages },
      },
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
      execArgv: [],
      env: {},
      stdout: true,
      stderr: true,
    });
    thread.on('error', () => resolve(false));
    thread.on('exit', (code) => resolve(code === 0));
  });
}

// Some seconds of writing thousands of entries, and a second of the disk's time.
const longestLog = 16 * 2 ** 20;

// For readers, which are done within ms.
const patienceMs = 250;

// Of a slow disk's time for such a log.
const longestExitMs = 10_000;

const stages = { notBegun: 0, atWork: 1, over: 2 };

// As text: a thread from a file would be loaded through the loaders that the program's options name.
const source = `
const { workerData } = require('node:worker_threads');
const { stage, stages } = workerData;
if (Atomics.compareExchange(stage, 0, stages.notBegun, stages.atWork) === stages.notBegun) {
  try {
    const Database = require(workerData.library);
    const database = new Database(workerData.file);
    database.pragma('busy_timeout = ' + workerData.patienceMs);
    database.pragma('wal_checkpoint(TRUNCATE)');
    database.close();
  } finally {
    Atomics.store(stage, 0, stages.over);
    Atomics.notify(stage, 0);
  }
}
`;
