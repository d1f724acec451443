import type { ResourceLimits } from 'node:worker_threads';

/**
 * Options for Node as a thread can have them. Those that set V8's limits are for a whole process; a thread has limits of
 * its own, which mean the same.
 */
export function splitExecArgv(options: readonly string[]): {
  execArgv: string[];
  resourceLimits: ResourceLimits;
} {
  const execArgv: string[] = [];
  const resourceLimits: ResourceLimits = {};
  for (const option of options) {
    const [, name = '', value = ''] = /^--([a-z_-]+)=(\d+)$/.exec(option) ?? [];
    const limit = limits[name.replaceAll('_', '-')];
    if (limit) resourceLimits[limit.name] = Number(value) * limit.scale;
    else execArgv.push(option);
  }
  return { execArgv, resourceLimits };
}

const limits: Readonly<Record<string, { name: keyof ResourceLimits; scale: number }>> = {
  'max-old-space-size': { name: 'maxOldGenerationSizeMb', scale: 1 },
  // V8's young generation is two semi-spaces, and as much as one of them for large objects.
  'max-semi-space-size': { name: 'maxYoungGenerationSizeMb', scale: 3 },
  // In KB.
  'stack-size': { name: 'stackSizeMb', scale: 1 / 1024 },
};
