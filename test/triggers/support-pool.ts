import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger, LogLevel } from '../../runtime/config/logger.ts';
import { CancelledError } from '../../runtime/errors/pool-errors.ts';
import type { Invocation, InvocationStatus } from '../../runtime/invocation/invocation.ts';
import { Store } from '../../runtime/store/store.ts';
import type { TriggerContext } from '../../runtime/triggers/trigger.ts';
import { until } from '../support/wait.ts';

/** What a test does with an invocation, or what is done with each: the function, seen from outside. */
export type Handler = (call: Call) => unknown;

/** One invocation that a trigger made, in the hands of the test. */
export class Call {
  readonly id: string;
  readonly args: unknown;
  readonly invocation: Invocation;
  status: InvocationStatus = 'queued';
  cancelReason: unknown;
  readonly #settled: (status: InvocationStatus) => void;
  #resolve: (value: unknown) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(id: string, args: unknown, settled: () => void) {
    this.id = id;
    this.args = args;
    this.#settled = (status) => {
      this.status = status;
      settled();
    };
    const promise = new Promise<unknown>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const handle = Object.assign(promise, {
      id,
      report: undefined,
      cancel: (reason: unknown) => this.cancel(reason),
    });
    Object.defineProperty(handle, 'status', { get: () => this.status });
    this.invocation = handle as unknown as Invocation;
  }

  succeed(result?: unknown): void {
    if (this.hasEnded) return;
    this.#settled('succeeded');
    this.#resolve(result);
  }

  fail(error: unknown, status: InvocationStatus = 'failed'): void {
    if (this.hasEnded) return;
    this.#settled(status);
    this.#reject(error);
  }

  cancel(reason: unknown): void {
    this.cancelReason = reason;
    this.fail(new CancelledError('cancelled', { cause: reason }), 'cancelled');
  }

  get hasEnded(): boolean {
    return this.status !== 'queued' && this.status !== 'running';
  }
}

export interface Line {
  readonly level: LogLevel;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** Stands for the runtime towards a trigger: runs up to `concurrency` invocations at once, and keeps what was logged. */
export class TestPool {
  readonly calls: Call[] = [];
  readonly lines: Line[] = [];
  readonly root: string;
  readonly concurrency: number;
  readonly database: string;
  readonly context: TriggerContext;
  readonly controller = new AbortController();
  /** Of the trigger under test: in the folder of the test, closed by it. */
  readonly store: Store;
  /** Runs each invocation; without one, the test settles it. */
  handler: Handler | undefined;
  #taken = 0;
  #running: Call[] = [];
  #begun = 0;

  constructor({
    root,
    concurrency = 2,
    handler,
    database = 'pool.db',
  }: {
    root: string;
    concurrency?: number;
    handler?: Handler;
    database?: string;
  }) {
    this.root = root;
    this.concurrency = concurrency;
    this.database = database;
    this.handler = handler;
    const log = this.#logger();
    this.store = new Store(join(root, database), log);
    this.context = {
      store: this.store.of('under test'),
      root,
      concurrency,
      signal: this.controller.signal,
      log,
      invoke: (_name, args) => this.#invoke(args),
    };
  }

  /** Resolves when everything that the trigger knows by now would be there after a kill. */
  kept(): Promise<void> {
    return this.context.store.committed();
  }

  /** Copies the database as a kill at this moment would leave it; the trigger does nothing from now on. */
  leaveDatabase(): string {
    const name = `pool-${this.calls.length}-${this.database}`;
    for (const part of ['', '-wal']) {
      const file = join(this.root, this.database + part);
      if (existsSync(file)) copyFileSync(file, join(this.root, name + part));
    }
    this.controller.abort();
    return name;
  }

  /** The next invocation in the order in which they were made, once it is made. */
  async next(what = 'an invocation'): Promise<Call> {
    const index = this.#taken;
    this.#taken += 1;
    return until(what, () => this.calls[index]);
  }

  /** The invocations that the test has not taken. */
  get untaken(): Call[] {
    return this.calls.slice(this.#taken);
  }

  /** The first line at this level that matches, once it is written. */
  async line(level: LogLevel, pattern: RegExp): Promise<Line> {
    return until(`a line at ${level} like ${pattern}`, () => this.linesLike(level, pattern)[0]);
  }

  linesLike(level: LogLevel, pattern = /(?:)/): Line[] {
    return this.lines.filter((line) => line.level === level && pattern.test(line.message));
  }

  #invoke(args: unknown): Invocation {
    const call = new Call(`call-${this.calls.length + 1}`, args, () => this.#startWaiting());
    this.calls.push(call);
    this.#startWaiting();
    return call.invocation;
  }

  #startWaiting(): void {
    this.#running = this.#running.filter((call) => !call.hasEnded);
    while (this.#running.length < this.concurrency) {
      const call = this.calls[this.#begun];
      if (!call) return;
      this.#begun += 1;
      if (call.status !== 'queued') continue;
      call.status = 'running';
      this.#running.push(call);
      if (this.handler) void this.#run(call, this.handler);
    }
  }

  async #run(call: Call, handler: Handler): Promise<void> {
    try {
      call.succeed(await handler(call));
    } catch (error) {
      call.fail(error);
    }
  }

  #logger(): Logger {
    const write = (level: LogLevel) => (first: object | string, second?: string) => {
      const [fields, message] = typeof first === 'string' ? [{}, first] : [first, second ?? ''];
      this.lines.push({ level, fields: fields as Record<string, unknown>, message });
    };
    const logger: Logger = {
      trace: write('trace'),
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      fatal: write('fatal'),
      child: () => logger,
    };
    return logger;
  }
}
