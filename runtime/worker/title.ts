/** What a list of processes calls a worker process, and one that has no functions yet. */
export const title = { worker: 'pool-worker', spare: 'pool-spare' } as const;
