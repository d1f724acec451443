/** Environment variables that each keep from a way that is faster where it can be had: any value but the empty one. */
const variables = {
  /** Where the folder in memory is too small for all workers. */
  sharedMemory: 'WARM_POOL_NO_SHARED_MEMORY',
  /** Where nothing should be called that is not JavaScript. */
  mapping: 'WARM_POOL_NO_MMAP',
} as const;

export function isSwitchedOff(what: keyof typeof variables): boolean {
  return Boolean(process.env[variables[what]]);
}
