import Fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from '../config/logger.ts';
import { functionNotFound } from '../functions/not-found.ts';
import type { Runtime } from '../index.ts';
import { version } from '../version.ts';
import { answerOf, hasRun, type InvocationAnswer } from './answer.ts';
import type { ControlStatus, FunctionList, StopAnswer } from './api.ts';
import { Callers } from './callers.ts';
import { internalCode, reportError } from './error-report.ts';
import { serveFiles } from './file-routes.ts';
import { readCancelRequest, readInvocationRequest } from './invocation-request.ts';
import { refuse, stoppingStatus } from './refuse.ts';
import { toWire } from './wire-answer.ts';

interface RouteOptions {
  readonly runtime: Runtime;
  readonly startedAt: Date;
  readonly logger: Logger;
  readonly onStop: () => void;
  readonly stopping: AbortSignal;
}

/** The control API. Every answer is JSON, a list of files one line for each; an answer that reports an error has it as `error`. */
export function buildRoutes(options: RouteOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: largestBody,
    // The arguments of a function are the user's: what JSON.parse makes of them in the CLI is what they are here.
    onProtoPoisoning: 'ignore',
    onConstructorPoisoning: 'ignore',
    routerOptions: { maxParamLength: longestName },
  });
  tellErrors(app, options);
  serveRuntime(app, options);
  serveFunctions(app, options);
  serveFiles(app, options);
  return app;
}

// What V8 can hold as one string, which JSON.parse needs; the socket's only user is the one who runs all this.
const largestBody = 2 ** 29 - 25;

// A name is a path below the functions folder: as long as a path may be.
const longestName = 4096;

function tellErrors(app: FastifyInstance, { logger }: RouteOptions): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const { statusCode: status = 500 } = error;
    const { stack, ...report } = reportError(error);
    // A mistake of the client says nothing of our insides.
    if (status < 500) return refuse(reply, status, report);
    logger.error({ err: error }, `the control API failed: ${error.message}`);
    return refuse(reply, status, { ...report, stack });
  });
  app.setNotFoundHandler(({ method, url }, reply) => {
    const message = `The control API has no ${method} ${url}.`;
    return refuse(reply, 404, { name: 'Error', code: 'NO_SUCH_ROUTE', message });
  });
}

function serveRuntime(app: FastifyInstance, { runtime, startedAt, onStop, stopping }: RouteOptions): void {
  app.get('/status', (): ControlStatus => {
    return {
      version,
      pid: process.pid,
      state: stopping.aborted ? 'stopping' : 'running',
      root: runtime.root,
      config: runtime.configPath ?? null,
      dataDir: runtime.dataDir,
      startedAt: startedAt.toISOString(),
      uptimeMs: Date.now() - startedAt.getTime(),
      stats: runtime.stats(),
      triggers: runtime.triggers(),
    };
  });

  app.post('/stop', (_request, reply) => {
    // The answer has to be out before the shutdown, which closes this very connection.
    reply.raw.once('close', onStop);
    const { running, queued } = runtime.stats();
    const answer = { pid: process.pid, wasStopping: stopping.aborted, unfinished: running + queued };
    return reply.code(202).send(answer satisfies StopAnswer);
  });
}

interface OfFunction {
  readonly Params: { readonly name: string };
}

function serveFunctions(app: FastifyInstance, { runtime }: RouteOptions): void {
  app.get('/functions', (): FunctionList => ({ functions: runtime.functions() }));

  app.get<OfFunction>('/functions/:name', ({ params: { name } }, reply) => {
    const functions = runtime.functions();
    const found = functions.find((each) => each.name === name);
    if (found) return found;
    const { stack, ...report } = reportError(
      functionNotFound(name, { among: functions.map((each) => each.name) }),
    );
    return refuse(reply, 404, report);
  });

  const callers = new Callers();

  app.post<OfFunction>('/functions/:name/invocations', async ({ params, body }, reply) => {
    const { args, timeoutMs, retry, cwd = runtime.root, cancelKey } = readInvocationRequest(body);
    const signal = callers.enter(reply.raw, cancelKey);
    const timeout = timeoutMs === null ? Number.POSITIVE_INFINITY : timeoutMs;
    const invocation = runtime.invoke(params.name, args, { timeout, retry, cwd, signal });
    const answer = await answerOf(invocation);
    return reply.code(statusOf(answer)).send(await toWire(answer));
  });

  app.post('/cancel', ({ body }, reply) => {
    const { cancelKey, reason } = readCancelRequest(body);
    if (callers.cancel(cancelKey, reason)) return reply.code(202).send({ cancelKey });
    const message = `No invocation with the \`cancelKey\` ${JSON.stringify(cancelKey)} is under way.`;
    return refuse(reply, 404, { name: 'Error', code: 'NO_SUCH_INVOCATION', message });
  });
}

const statuses: Readonly<Record<string, number>> = {
  INVALID_INPUT: 422,
  FUNCTION_NOT_FOUND: 404,
  TIMEOUT: 504,
  // What nginx calls a client that closed its request: nobody is there to read it.
  CANCELLED: 499,
  QUEUE_FULL: 429,
  [internalCode]: 500,
};

function statusOf(answer: InvocationAnswer): number {
  if (answer.ok) return 200;
  // A runtime that is on its way out: what never ran can be sent elsewhere.
  if (answer.error.code === 'RUNTIME_CLOSED') return hasRun(answer) ? 500 : stoppingStatus;
  return statuses[answer.error.code] ?? 500;
}
