import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Project } from './config/find.ts';
import { fromLevel, type Logger, type LogLevel } from './config/logger.ts';
import { defaultPool } from './config/pool-settings.ts';
import type { Settings } from './config/read.ts';
import { checkStates, receiptStates } from './config/trigger-files.ts';
import { PoolError, RuntimeClosedError } from './errors/pool-errors.ts';
import { type DroppedEvents, Events, type RuntimeEvent } from './figures/events.ts';
import { tellFunctions } from './figures/function-events.ts';
import type { FoundFunctions, FunctionsPlace } from './functions/find.ts';
import { Registry } from './functions/registry.ts';
import { ReloadingFunctions } from './functions/reloading.ts';
import { type RunOptions, runInline } from './inline/run.ts';
import { inlineKey } from './invocation/inline-function.ts';
import type { Invocation, InvokeOptions } from './invocation/invocation.ts';
import { type MapOptions, type MapResults, mapItems } from './invocation/map.ts';
import type { InvocationRecord } from './invocation/record.ts';
import { spawn } from './invocation/spawn.ts';
import type { SpawnedFunction, SpawnOptions } from './invocation/spawned-function.ts';
import type { InvocationStream } from './invocation/stream.ts';
import { submit, submitChunk, submitNested, submitStream } from './invocation/submit.ts';
import { didYouMean } from './options/did-you-mean.ts';
import { durationExpected, parseDuration } from './options/duration.ts';
import { expectedText } from './options/expected.ts';
import { checkOptionNames } from './options/option-names.ts';
import { KeepAlive } from './pool/keep-alive.ts';
import type { Pool } from './pool/pool.ts';
import { Pools } from './pool/pools.ts';
import type { Spares } from './pool/spares.ts';
import { startTimer } from './pool/timer.ts';
import { Arbiter } from './shared/arbiter/arbiter.ts';
import { ProgramSharing } from './shared/program.ts';
import type { ProgramShared } from './shared/shared.ts';
import { FolderInUseError, takeFolder } from './store/lock.ts';
import { type FileInfo, listFiles } from './triggers/files.ts';
import { TriggerHost } from './triggers/host.ts';
import { type FileRetry, retryFiles } from './triggers/retry-files.ts';
import type { EventOptions, FilesOptions, Runtime, RuntimeStats, TriggerInfo } from './types.ts';

/** How many events are kept for a reader: some seconds of a busy runtime, some MB. */
const defaultBuffer = 10_000;

/** `pool files retry` of 100,000 files takes some seconds. */
const longestOwnerMs = 20_000;
const ownersTurnMs = 50;

const ofEvents = new Set(['buffer']);
const ofClose = new Set(['timeout']);
const ofFiles = new Set(['state']);
const noOptions: InvokeOptions & RunOptions = {};

/** What was begun while this was loaded. */
export interface Beginnings {
  /** Of each pool, by its name. */
  readonly spares: ReadonlyMap<string, Spares>;
  readonly place: FunctionsPlace;
  /** What is there. */
  readonly found: Promise<FoundFunctions>;
}

/** A runtime; `load` makes it one that can be used. */
export class WarmRuntime implements Runtime {
  readonly root: string;
  readonly configPath: string | undefined;
  readonly dataDir: string;
  readonly logLevel: LogLevel;
  readonly #settings: Settings;
  readonly #keepAlive = new KeepAlive();
  readonly #events: Events;
  readonly #registry: Registry;
  readonly #pools: Pools;
  readonly #functions: ReloadingFunctions;
  readonly #triggers: TriggerHost;
  readonly #arbiter = new Arbiter();
  readonly #sharing = new ProgramSharing(this.#arbiter);
  #starting: Promise<void> | undefined;
  #isStarted = false;
  #isClosed = false;
  #closing: Promise<void> | undefined;
  #releaseFolder: () => void = () => {};
  #kill: () => void = () => {};
  /** Resolves at the deadline of a close: a trigger that doesn't end is not waited for any longer. */
  readonly #killed = new Promise<void>((resolve) => {
    this.#kill = resolve;
  });

  constructor(
    { root, configPath }: Project,
    settings: Settings,
    logger: Logger,
    { spares, place, found }: Beginnings,
  ) {
    const log = fromLevel(logger, settings.log.level);
    this.root = root;
    this.configPath = configPath;
    this.logLevel = settings.log.level;
    this.dataDir = path.resolve(root, settings.dataDir);
    this.#settings = settings;
    const { pools } = settings;
    this.#events = new Events(root);
    this.#registry = new Registry(
      (pool) => pools.find(({ name }) => name === pool)?.timeoutMs ?? 0,
      (name) => this.#pools.countsOf(name),
    );
    this.#pools = new Pools({
      settings: pools,
      spares,
      log,
      keepAlive: this.#keepAlive,
      poolOf: (functionName) => this.#registry.poolOf(functionName),
      events: this.#events,
      // Also while it closes: what runs is to finish, with what it needs for that.
      arbiter: this.#arbiter,
      onCall: (child, args, options) => submitNested(child, { args, options }, this.#routeOpen),
    });
    this.#functions = new ReloadingFunctions({
      place,
      found,
      log,
      pools: pools.map(({ name }) => name),
      load: (generation) => this.#pools.load(generation),
      onServing: (generation) => {
        const before = this.#registry.functions;
        this.#registry.serve(generation);
        tellFunctions(this.#events, before, this.#registry.functions);
      },
    });
    this.#triggers = new TriggerHost(settings.triggers, {
      invoke: (name, args, options) => this.#submit(name, args, options),
      log,
      root,
      dataDir: this.dataDir,
      // The pool of a function is not known before the functions are.
      concurrency: Math.max(...pools.map(({ max }) => max)),
    });
  }

  load(options: { watch: boolean }): Promise<void> {
    return this.#keepAlive.during(this.#functions.start(options));
  }

  invoke<Result>(name: string, args?: unknown, options: InvokeOptions = noOptions): Invocation<Result> {
    return this.#submit(name, args, options) as Invocation<Result>;
  }

  spawn<Result, Message>(
    name: string,
    args?: unknown,
    options: SpawnOptions = noOptions,
  ): SpawnedFunction<Result, Message> {
    return spawn(name, args, options, (record, listener) => {
      if (this.#closing) return closedError(record);
      return this.#poolOf(name)?.openDedicated(record, listener) ?? this.#registry.refusal(record);
    }) as SpawnedFunction<Result, Message>;
  }

  stream<Part, Return>(
    name: string,
    args?: unknown,
    options: InvokeOptions = noOptions,
  ): InvocationStream<Part, Return> {
    return submitStream(name, args, options, this.#route) as InvocationStream<Part, Return>;
  }

  map<Result, Item>(
    name: string,
    source: Iterable<Item> | AsyncIterable<Item>,
    options: MapOptions<Item> = {},
  ): MapResults<Result> {
    return mapItems(source, options, {
      invoke: (args, each) => this.#submit(name, args, each),
      concurrency: () => this.#poolOf(name)?.reach(name) ?? 1,
      groups: {
        invoke: (chunk, args, each) => submitChunk(chunk, { name, args, options: each }, this.#route),
        reach: (each) => this.#poolOf(name)?.together(name, each) ?? { size: 1, groups: 1 },
      },
    });
  }

  get shared(): ProgramShared {
    return this.#sharing.shared;
  }

  run<Args extends unknown[], Result>(
    fn: (...args: Args) => Result,
    ...args: Args
  ): Invocation<Awaited<Result>> {
    return this.#run(noOptions, fn, args) as Invocation<Awaited<Result>>;
  }

  runWith<Args extends unknown[], Result>(
    options: RunOptions,
    fn: (...args: Args) => Result,
    ...args: Args
  ): Invocation<Awaited<Result>> {
    return this.#run(options, fn, args) as Invocation<Awaited<Result>>;
  }

  start(): Promise<void> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      // It may be tried again: the other runtime may have ended, the folder may be there.
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  functions() {
    return this.#registry.list();
  }

  triggers(): TriggerInfo[] {
    return this.#settings.triggers.map(({ kind, id, functions, nextAt }) => {
      return { kind, id, functions, ...this.#triggers.figuresOf(id), nextAt: nextAt?.toISOString() };
    });
  }

  files(options: FilesOptions = {}): AsyncIterable<FileInfo> {
    checkOptionNames('files', options, ofFiles);
    const { state = receiptStates } = options;
    const states: readonly unknown[] = [state].flat();
    checkStates(states);
    return listFiles(this.#triggers.files, states, this.#triggers.signal);
  }

  async retryFiles(paths: readonly string[] | 'all'): Promise<FileRetry[]> {
    if (paths !== 'all' && !Array.isArray(paths))
      throw new TypeError(expectedText("a list of paths, or 'all'", paths));
    if (this.#closing) throw closedError();
    const resolved = paths === 'all' ? paths : paths.map((each) => path.resolve(this.root, each));
    return retryFiles(this.#triggers.files, resolved, this.#triggers.signal);
  }

  stats(): RuntimeStats {
    const workers = this.#pools.workers.map(
      ({ id, isolation, pid, threadId, pool, dedicatedTo, state, memoryMB, invocations }) => {
        return { id, isolation, pid, threadId, pool, dedicatedTo, state, memoryMB, invocations };
      },
    );
    const { queued, running } = this.#pools;
    const functions = this.#registry.functions.map(({ source }) => {
      return [source.name, this.#pools.figuresOf(source.name)] as const;
    });
    return {
      workers,
      queued,
      running,
      pools: this.#pools.stats,
      functions: Object.fromEntries(functions),
      runs: this.#pools.figuresOf(inlineKey),
    };
  }

  events(options: EventOptions = {}): AsyncIterable<RuntimeEvent | DroppedEvents> {
    checkOptionNames('events', options, ofEvents);
    const { buffer = defaultBuffer } = options;
    if (!Number.isInteger(buffer) || buffer < 1)
      throw new TypeError(expectedText('the `buffer` option to be a whole number from 1', buffer));
    return this.#events.read(buffer);
  }

  drain(): Promise<void> {
    return this.#keepAlive.during(this.#pools.drain());
  }

  async close(options: { timeout?: number | string } = {}): Promise<void> {
    checkOptionNames('close', options, ofClose);
    const { timeout } = options;
    const deadline = timeout === undefined ? undefined : this.#killAfter(timeout);
    this.#closing ??= this.#keepAlive.during(this.#close());
    await this.#closing;
    clearTimeout(deadline);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #submit(name: string, args: unknown, options: InvokeOptions): Invocation {
    return submit(name, args, options, this.#route);
  }

  readonly #route = (record: InvocationRecord) => {
    if (this.#closing) return closedError(record);
    return this.#routeOpen(record);
  };

  readonly #routeOpen = (record: InvocationRecord) => {
    return this.#poolOf(record.functionName) ?? this.#registry.refusal(record);
  };

  #run(options: RunOptions, fn: unknown, args: readonly unknown[]): Invocation {
    return runInline(fn, args, options, { root: this.root, route: this.#routeRun });
  }

  readonly #routeRun = (record: InvocationRecord, name: string = defaultPool) => {
    if (this.#closing) return closedError(record);
    return this.#pools.get(name) ?? this.#noPool(name);
  };

  #noPool(name: unknown): TypeError {
    const names = this.#settings.pools.map((pool) => pool.name);
    const hint =
      (typeof name === 'string' && didYouMean(name, names)) || `; the configuration has ${names.join(', ')}`;
    return new TypeError(`${expectedText('the `pool` option to be the name of a pool', name)}${hint}`);
  }

  #poolOf(functionName: string): Pool | undefined {
    const name = this.#registry.poolOf(functionName);
    return name === undefined ? undefined : this.#pools.get(name);
  }

  async #start(): Promise<void> {
    if (this.#closing) throw closedError();
    this.#releaseFolder = await this.#takeFolder();
    try {
      await this.#triggers.start();
    } catch (error) {
      this.#releaseFolder();
      this.#releaseFolder = () => {};
      throw error;
    }
    if (this.#isClosed) {
      // A close with a deadline didn't wait for this.
      await this.#triggers.stop();
      throw closedError();
    }
    this.#keepAlive.hold();
    this.#isStarted = true;
  }

  async #takeFolder(): Promise<() => void> {
    for (const deadline = performance.now() + longestOwnerMs; ; ) {
      try {
        return takeFolder(this.dataDir);
      } catch (error) {
        if (!(error instanceof FolderInUseError)) throw error;
        const isWaitedFor = error.isPassing && performance.now() < deadline;
        if (!isWaitedFor) {
          const way = error.isPassing ? 'Start again when it is done' : 'Stop it with `pool stop`';
          const message = `${error.message}. ${way}, or give this one another \`dataDir\`.`;
          throw new PoolError('RUNTIME_RUNNING', message, { cause: error });
        }
      }
      await delay(ownersTurnMs);
      if (this.#closing) throw closedError();
    }
  }

  async #close(): Promise<void> {
    this.#pools.stopRetrying();
    // They may be endless: nothing else would end them.
    const dedicated = this.#pools.closeDedicated();
    this.#pools.endUnread();
    const stopped = this.#stopTriggers();
    // Not before: a trigger that a deadline didn't wait for may still write there.
    const release = () => this.#releaseFolder();
    stopped.then(release, release);
    try {
      await Promise.race([stopped, this.#killed]);
      await dedicated;
      await this.#pools.drain();
      await Promise.all([this.#pools.stop(), this.#functions.close()]);
    } finally {
      this.#isClosed = true;
      this.#sharing.close();
      this.#events.end();
      if (this.#isStarted) this.#keepAlive.release();
    }
  }

  async #stopTriggers(): Promise<void> {
    await this.#starting?.catch(() => {}); // whoever started it is told
    await this.#triggers.stop();
  }

  #killAfter(timeout: number | string): NodeJS.Timeout | undefined {
    const ms = parseDuration(timeout);
    if (ms === undefined)
      throw new TypeError(expectedText(`the \`timeout\` of close to be ${durationExpected}`, timeout));
    return startTimer(() => {
      this.#pools.kill(closedError);
      this.#kill();
    }, ms);
  }
}

function closedError(record?: Pick<InvocationRecord, 'title' | 'id' | 'status'>): RuntimeClosedError {
  if (!record) return new RuntimeClosedError('The runtime has been closed.');
  const { title: functionName, id: invocationId, status } = record;
  const what =
    status === 'running'
      ? 'was running when the runtime was closed, and has been killed.'
      : "can't run: the runtime has been closed.";
  return new RuntimeClosedError(`Function "${functionName}" ${what}`, { functionName, invocationId });
}
