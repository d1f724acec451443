import type { FunctionInfo } from '../../runtime/index.ts';
import type { CommonOptions } from '../command.ts';
import { InterruptedWork } from '../interrupted-work.ts';
import { openProject } from './open.ts';

/** Asks a project for its functions. */
export async function readFunctions(options: CommonOptions): Promise<readonly FunctionInfo[]> {
  const work = new InterruptedWork();
  try {
    const project = await work.open(openProject(options));
    return await project.functions();
  } finally {
    await work.close();
  }
}
