import assert from 'node:assert/strict';
import { type CreateRuntimeOptions, createRuntime, type FunctionInfo, type Runtime } from 'warm-pool';
import { type Cleanup, makeProject, type Project } from './project.ts';
import { within } from './wait.ts';

/** A user's project and the runtime on it. */
export interface Running {
  readonly project: Project;
  readonly runtime: Runtime;
}

/**
 * Makes a project of these files and a runtime on it, which is closed when the test ends. Its configuration is the
 * project's own unless `config` is given. It doesn't follow changes unless `hotReload` is true.
 */
export async function runProject(
  test: Cleanup,
  files: Record<string, string | Uint8Array>,
  options: CreateRuntimeOptions = {},
): Promise<Running> {
  let runtime: Runtime | undefined;
  // Before the project is made, so that the runtime is closed before its folder is removed.
  test.after(() => runtime?.close({ timeout: 0 }));
  const project = makeProject(test, files);
  runtime = await within('the runtime', createRuntime({ cwd: project.root, hotReload: false, ...options }));
  return { project, runtime };
}

/** Creates a runtime on a project that is there already; it is closed when the test ends. */
export async function openRuntime(test: Cleanup, options: CreateRuntimeOptions): Promise<Runtime> {
  const runtime = await within('the runtime', createRuntime({ hotReload: false, ...options }));
  test.after(() => runtime.close({ timeout: 0 }));
  return runtime;
}

/** What the runtime lists of a function, which has to be there. */
export function infoOf(runtime: Runtime, name: string): FunctionInfo {
  const info = runtime.functions().find((each) => each.name === name);
  assert(info, `there is no function ${name} among ${namesOf(runtime).join(', ')}`);
  return info;
}

/** The names of all functions, in the order of the list. */
export function namesOf(runtime: Runtime): string[] {
  return runtime.functions().map(({ name }) => name);
}

/** What a promise rejects with, which has to be of this class; fails when it resolves. */
export async function rejectionOf<Rejection extends Error>(
  promise: Promise<unknown>,
  errorClass: abstract new (...args: never[]) => Rejection,
): Promise<Rejection> {
  const outcome = await within('a rejection', Promise.allSettled([promise]));
  const [settled] = outcome;
  assert(settled?.status === 'rejected', `expected a ${errorClass.name}, but it resolved`);
  const { reason } = settled;
  assert(reason instanceof errorClass, `expected a ${errorClass.name}, got ${String(reason)}`);
  return reason;
}
