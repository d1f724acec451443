/**
 * Uses of every public type, right ones and wrong ones. Nobody runs this: package.test.ts has the compiler read it
 * against the installed package, where each use that is marked has to be an error and no other may be.
 */
import {
  CancelledError,
  type CompletenessCheck,
  type Config,
  ConfigError,
  complete,
  createRuntime,
  defineConfig,
  defineFunction,
  type FileInfo,
  type FileRetry,
  FunctionError,
  type FunctionInfo,
  FunctionNotFoundError,
  InvalidInputError,
  type Invocation,
  type InvocationStatus,
  type InvocationStream,
  type Logger,
  PoolError,
  type ReceiptState,
  type RetryOptions,
  type RunOptions,
  type Runtime,
  type ScheduledRun,
  SerializationError,
  type SpawnedFunction,
  type SpawnedStatus,
  type SpawnOptions,
  schedule,
  TimeoutError,
  type Trigger,
  type TriggerFiles,
  type WatchedFile,
  WorkerCrashedError,
  watch,
} from 'warm-pool';
import thumbnail from 'warm-pool/functions/thumbnail';
import { z } from 'zod';

export const config: Config = defineConfig({
  functions: ['functions', 'warm-pool/functions'],
  dataDir: '.pool',
  pool: { min: 0, max: 4, timeout: '60s', killGrace: 500, env: { A: 'b' }, execArgv: ['--trace-warnings'] },
  triggers: [
    watch({ path: 'inbox', match: '*.jpg', invoke: 'thumbnail', args: (file) => ({ src: file.path }) }),
    schedule({ cron: '0 3 * * *', invoke: 'cleanup' }),
    schedule({
      cron: '@daily',
      invoke: 'report',
      args: ({ scheduledAt }) => scheduledAt.getTime(),
      missed: 'once',
    }),
    schedule({
      cron: '0 9 * * *',
      invoke: 'report',
      args: [1],
      timezone: 'UTC',
      overlap: 'queue',
      attempts: 3,
    }),
  ],
  log: { level: 'debug' },
});

// @ts-expect-error: a number
defineConfig({ pool: { max: '2' } });
// @ts-expect-error: no such setting
defineConfig({ pool: { maximum: 2 } });
// @ts-expect-error: no such setting
defineConfig({ folder: 'functions' });
// @ts-expect-error: a path or a list of them
defineConfig({ functions: 5 });
// @ts-expect-error: no such level
defineConfig({ log: { level: 'loud' } });
// @ts-expect-error: texts
defineConfig({ pool: { env: { A: 1 } } });
// @ts-expect-error: not a trigger
defineConfig({ triggers: [{ path: 'inbox' }] });
// @ts-expect-error: nothing to invoke
watch({ path: 'inbox', args: (file) => ({ src: file.path }) });
// @ts-expect-error: a file has no such property
watch({ path: 'inbox', invoke: 'thumbnail', args: (file) => ({ src: file.place }) });

const received = { path: 'inbox', invoke: 'receive', args: (file: WatchedFile) => file.relativePath };
export const checked: Trigger[] = [
  watch({ ...received, complete: complete.stable, settle: '2s' }),
  watch({ ...received, complete: complete.jpeg, id: 'photos' }),
  watch({ ...received, complete: ({ size }) => (size > 100 ? 'whole' : 'partial'), id: 'others' }),
];
export const photoOrNot: CompletenessCheck = async (file) =>
  file.name.endsWith('.photo') ? await complete.jpeg(file) : complete.stable(file);
// @ts-expect-error: no such check
watch({ ...received, complete: complete.png });
// @ts-expect-error: no such verdict
watch({ ...received, complete: () => 'done' });
// @ts-expect-error: not to be replaced
complete.jpeg = complete.stable;
// @ts-expect-error: a file
complete.jpeg('a.jpg');

// @ts-expect-error: nothing to invoke
schedule({ cron: '0 3 * * *' });
// @ts-expect-error: no such choice
schedule({ cron: '0 3 * * *', invoke: 'cleanup', missed: 'all' });
// @ts-expect-error: a run has no such property
schedule({ cron: '0 3 * * *', invoke: 'cleanup', args: (run) => run.date });
export const dayOf = ({ scheduledAt, isMissed }: ScheduledRun): number =>
  isMissed ? 0 : scheduledAt.getDate();

export const ownTrigger: Trigger = {
  kind: 'clock',
  id: 'clock',
  functions: ['tick'],
  start: async ({ invoke, log, root, signal }) => {
    log.info({ root }, 'starts');
    if (!signal.aborted) await invoke('tick');
  },
  stop: async () => {},
  openFiles: async ({ root, store }): Promise<TriggerFiles> => ({
    folder: root,
    counts: () => ({ done: 1 }),
    *list(state: ReceiptState) {
      if (state === 'done') yield { path: `${root}/a`, state, size: 1 };
    },
    retry: (path) => (store.get(path) === undefined ? undefined : 'done'),
  }),
};

export async function files(runtime: Runtime): Promise<readonly string[]> {
  const found: FileInfo[] = [];
  for await (const file of runtime.files({ state: ['setAside', 'waiting'] })) found.push(file);
  // @ts-expect-error: no such state
  runtime.files({ state: 'finished' });
  // @ts-expect-error: paths, or all
  void runtime.retryFiles('some');
  const retries: FileRetry[] = await runtime.retryFiles(found.map(({ path }) => path));
  await runtime.retryFiles('all');
  // @ts-expect-error: a folder has no state
  retries.map((each) => (each.found === 'folder' ? each.state : ''));
  return retries.map((each) => (each.found === 'file' ? each.state : `${each.path}: ${each.retried}`));
}

export const scale = defineFunction({
  description: 'Scales numbers',
  timeout: '30s',
  retry: { attempts: 3, backoff: '1s', on: ['TIMEOUT'] },
  input: z.object({ values: z.array(z.number()), by: z.number().default(2) }),
  setup: async () => {},
  teardown: () => {},
  handler: async ({ values, by }, ctx): Promise<number[]> => {
    const left: number = ctx.remainingTime();
    ctx.log.info({ left, attempt: ctx.attempt }, ctx.invocationId + ctx.functionName + ctx.version + ctx.cwd);
    ctx.signal.throwIfAborted();
    ctx.progress({ done: 1 });
    for await (const message of ctx.messages) await ctx.send(message);
    const doubled = await ctx.invoke<number>('double', by, { timeout: '5s', signal: ctx.signal });
    console.log(doubled.toFixed());
    return values.map((value) => value * by);
  },
});

// @ts-expect-error: without a handler
defineFunction({ timeout: 5 });
// @ts-expect-error: no such setting
defineFunction({ retries: 3, handler: () => 1 });
// @ts-expect-error: how many attempts
defineFunction({ retry: { backoff: 5 }, handler: () => 1 });
// @ts-expect-error: no error that can be tried again
defineFunction({ retry: { attempts: 3, on: ['CANCELLED'] }, handler: () => 1 });
// @ts-expect-error: a function's own can't look at the error
defineFunction({ retry: { attempts: 3, on: () => true }, handler: () => 1 });
// @ts-expect-error: a number of ms or a text
defineFunction({ timeout: true, handler: () => 1 });
// @ts-expect-error: no schema
defineFunction({ input: { src: 'string' }, handler: () => 1 });
// @ts-expect-error: the schema has no such property
defineFunction({ input: z.object({ src: z.string() }), handler: ({ source }) => source });
// @ts-expect-error: the schema says that it is a text
defineFunction({ input: z.object({ src: z.string() }), handler: ({ src }) => src.toFixed() });
// @ts-expect-error: the context has no such property
defineFunction({ handler: (_input, ctx) => ctx.requestId });
// @ts-expect-error: a function of the caller can't be asked
defineFunction({ handler: (_input, ctx) => ctx.invoke('a', 1, { retry: { attempts: 2, on: () => true } }) });
// @ts-expect-error: a message or fields
defineFunction({ handler: (_input, ctx) => ctx.log.info(5) });

export async function embed(logger: Logger): Promise<void> {
  await using runtime: Runtime = await createRuntime({ config, cwd: '.', logger, hotReload: false });
  // @ts-expect-error: a configuration or the path of one
  await createRuntime({ config: 5 });
  // @ts-expect-error: no such option
  await createRuntime({ folder: '.' });

  const controller = new AbortController();
  const retry: RetryOptions = { attempts: 3, on: (error) => error.code === 'TIMEOUT' };
  const options = { signal: controller.signal, timeout: '10s', priority: 'high', cwd: '/', retry } as const;
  const invocation: Invocation<string> = runtime.invoke<string>('greet', { name: 'Ada' }, options);
  const status: InvocationStatus = invocation.status;
  const figures: number | undefined = invocation.report?.durationMs;
  for await (const value of invocation.progress) console.log(value, status, figures, invocation.id);
  invocation.cancel(new Error('enough'));
  const text: string = await invocation;
  console.log(text.length);

  // @ts-expect-error: a name
  runtime.invoke(5);
  // @ts-expect-error: a number of ms or a text
  runtime.invoke('greet', {}, { timeout: true });
  // @ts-expect-error: no such priority
  runtime.invoke('greet', {}, { priority: 'urgent' });
  // @ts-expect-error: the signal, not its controller
  runtime.invoke('greet', {}, { signal: controller });
  // @ts-expect-error: no such option
  runtime.invoke('greet', {}, { retries: 3 });
  // @ts-expect-error: it is a text
  const number: number = await runtime.invoke<string>('greet');
  // @ts-expect-error: nobody has said what it is
  console.log((await runtime.invoke('greet')).length, number);
  // @ts-expect-error: not to be written
  invocation.id = 'mine';
  // @ts-expect-error: no such status
  console.log(invocation.status === 'done');

  const lengths: AsyncGenerator<number> = runtime.map<number>('length', ['a', 'b'], { concurrency: 2 });
  for await (const length of lengths) console.log(length.toFixed());
  const onError = (error: Error, item: unknown, index: number) => console.log(error.message, item, index);
  for await (const each of runtime.map('greet', new Set([1]), { onError, ordered: false })) console.log(each);
  // @ts-expect-error: nothing to iterate over
  runtime.map('greet', 5);
  // @ts-expect-error: no such option
  runtime.map('greet', [], { parallel: 2 });

  const spawnOptions: SpawnOptions = { timeout: '1h', signal: controller.signal, cwd: '/' };
  const task: SpawnedFunction<string, number> = runtime.spawn<string, number>('greet', {}, spawnOptions);
  const spawnedStatus: SpawnedStatus = task.status;
  for await (const message of task.messages) console.log(message.toFixed(), spawnedStatus, task.pid);
  await task.send(new Map());
  task.endMessages();
  task.kill();
  const spoken: string = await task.done;
  console.log(spoken.length);
  await using other = runtime.spawn('greet');
  other.cancel('enough');
  // @ts-expect-error: it is never tried again
  runtime.spawn('greet', {}, { retry: { attempts: 2 } });
  // @ts-expect-error: not a promise itself
  other.then(() => {});
  // @ts-expect-error: no such status
  console.log(other.status === 'queued');
  const dedicated: (string | undefined)[] = runtime.stats().workers.map(({ dedicatedTo }) => dedicatedTo);
  console.log(dedicated.length);
  const stream: InvocationStream<number, string> = runtime.stream<number, string>('count', 5, options);
  for await (const part of stream) console.log(part.toFixed(), stream.status, stream.report?.durationMs);
  const step = await stream.next();
  console.log(step.done ? step.value.length : step.value.toFixed());
  // @ts-expect-error: it is a number
  for await (const part of runtime.stream<number>('count', 5)) console.log(part.length);
  // @ts-expect-error: no promise
  stream.then(() => {});
  // @ts-expect-error: no such option
  runtime.stream('count', 5, { window: 5 });
  const sum: Invocation<number> = runtime.run((a: number, b?: number) => a + (b ?? 2), 1);
  const joined: string = await runtime.run(
    async ({ src }: { src: string }, ...rest: number[]) => src + rest,
    { src: 'a' },
    1,
    2,
  );
  const same: string[] = await runtime.run(<Value>(value: Value) => [value], 'a');
  const how: RunOptions = {
    timeout: '5s',
    pool: 'io',
    cwd: '.',
    priority: 'low',
    retry: { attempts: 2 },
  };
  const none: Invocation<void> = runtime.runWith(how, () => {});
  console.log(sum.id, joined, same, none.status, runtime.stats().runs.succeeded);
  // @ts-expect-error: it takes a number
  runtime.run((a: number) => a, 'a');
  // @ts-expect-error: it takes two
  runtime.run((a: number, b: number) => a + b, 1);
  // @ts-expect-error: it takes none
  runtime.run(() => 1, 2);
  // @ts-expect-error: no function
  runtime.run('greet');
  // @ts-expect-error: it gives a number
  const wrong: string = await runtime.run(() => 1);
  // @ts-expect-error: no such option
  runtime.runWith({ pools: 'io' }, () => wrong);

  const infos: FunctionInfo[] = runtime.functions();
  const counts: number[] = infos.map(({ stats }) => stats.succeeded + stats.failed);
  const pids: (number | undefined)[] = runtime.stats().workers.map(({ pid }) => pid);
  console.log(counts, pids, runtime.root, runtime.dataDir, runtime.configPath?.length);
  // @ts-expect-error: it may be that there is no file
  console.log(runtime.configPath.length);
  await runtime.start();
  await runtime.drain();
  await runtime.close({ timeout: '5s' });
  // @ts-expect-error: a number of ms or a text
  await runtime.close({ timeout: {} });
}

export function describe(error: unknown): string | number | undefined | null {
  if (error instanceof TimeoutError) return error.timeoutMs;
  if (error instanceof FunctionNotFoundError) return error.closest;
  if (error instanceof WorkerCrashedError) return error.exitCode ?? error.signal ?? error.stderr.at(-1);
  if (error instanceof InvalidInputError)
    return error.issues.map(({ path, message }) => `${path}${message}`)[0];
  if (error instanceof ConfigError) return error.issues.map(({ path, message }) => `${path}: ${message}`)[0];
  if (error instanceof SerializationError) return error.path;
  if (error instanceof FunctionError && error.cause instanceof Error) return error.cause.message;
  if (error instanceof CancelledError) return String(error.cause);
  // @ts-expect-error: only a TimeoutError has it
  if (error instanceof CancelledError) return error.timeoutMs;
  // @ts-expect-error: it is not known what it is
  if (error instanceof FunctionError) return error.cause.message;
  if (error instanceof PoolError) return error.code + error.functionName + error.invocationId;
  return undefined;
}

export const described: string | undefined = thumbnail.description;
// @ts-expect-error: it takes the path of a photo
export const broken = thumbnail.handler({ source: 'a.jpg' }, {} as never);
