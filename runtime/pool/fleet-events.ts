import type { JournalContent } from '../channel/journal/reader.ts';
import type { WorkerCrashedError } from '../errors/pool-errors.ts';
import type { WorkerExit } from '../invocation/outcome.ts';
import type { Code } from './code.ts';
import type { Worker } from './worker.ts';
import type { WorkerEvents } from './worker-events.ts';

/** What a fleet tells its pool. */
export interface FleetEvents
  extends Pick<
    WorkerEvents,
    | 'arbiter'
    | 'onLine'
    | 'onLog'
    | 'onReturned'
    | 'onStarted'
    | 'onFinished'
    | 'onResults'
    | 'onSplit'
    | 'onCall'
    | 'onWaits'
    | 'onGoesOn'
  > {
  /** A worker is being started. */
  onStarting(worker: Worker): void;
  /** A worker has loaded its functions. */
  onReady(worker: Worker): void;
  /** A worker can take an invocation, its first or one more. */
  onFree(): void;
  /** A worker ended; whatever it had is the pool's to settle. */
  onEnd(worker: Worker, exit: WorkerExit, journal: JournalContent): void;
  /** A first worker has loaded this code, which can come into service by `switchTo`. */
  onLoaded(code: Code): void;
  /** No worker starts; what waits should be told. */
  onHopeless(error: WorkerCrashedError): void;
}
