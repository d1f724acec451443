import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { answerOf, type InvocationAnswer, reportError } from '../../runtime/server/client.ts';
import type { CommonOptions } from '../command.ts';
import { startFailure } from '../failure.ts';
import { createLogger } from '../output/logger.ts';
import { killRuntime } from './kill.ts';
import type { Project } from './project.ts';

/** A project with a runtime of its own, for one command. */
export async function ownProject(options: CommonOptions): Promise<Project> {
  const startedAt = performance.now();
  const runtime = await start(options);
  const startMs = performance.now() - startedAt;
  return {
    async invoke(name, { args, timeoutMs, retry, signal }) {
      const answer = await answerOf(
        runtime.invoke(name, args, { timeout: timeoutMs, retry, signal, cwd: process.cwd() }),
      );
      return withStart(answer, startMs);
    },
    functions: async () => runtime.functions(),
    close: () => runtime.close(),
    kill: () => killRuntime(runtime),
  };
}

async function start({ config, logLevel, json, verbose }: CommonOptions): Promise<Runtime> {
  // Who asks for a level wants to see all of that level.
  const logger = createLogger({ json, verbose, functionsOnly: logLevel === undefined });
  try {
    return await createRuntime({ config, logger, logLevel, hotReload: false });
  } catch (error) {
    throw startFailure(reportError(error));
  }
}

/** The runtime was started for this call alone: that is what its init took, whichever worker was ready by then. */
function withStart(answer: InvocationAnswer, startMs: number): InvocationAnswer {
  if (answer.initMs === undefined) return answer;
  return { ...answer, initMs: Math.round((startMs + answer.initMs) * 100) / 100 };
}
