/** Where a worker is in its life. By itself, as a user's types need it without all that a worker is made of. */
export type WorkerState = 'starting' | 'ready' | 'busy' | 'draining' | 'exited';
