import { inMidst } from '../channel/midst.ts';
import type { InvocationStatus } from '../invocation/invocation.ts';
import { channels } from './channels.ts';
import { EventReader } from './event-reader.ts';
import type { ExitReason } from './exit-reason.ts';

interface InvocationEvent {
  readonly invocationId: string;
  readonly functionName: string;
  readonly pool: string;
  /** From 1. */
  readonly attempt: number;
}

interface WorkerEvent {
  /** Its number, from 1. */
  readonly worker: number;
  readonly pool: string;
  readonly pid: number | undefined;
  readonly threadId: number | undefined;
  /** The function that it was started for alone, by `runtime.spawn`. */
  readonly dedicatedTo: string | undefined;
}

interface FunctionEvent {
  readonly functionName: string;
  /** Names the content of its file. */
  readonly version: string;
}

/** Something that has changed in a runtime, as `runtime.events()` tells it. `at` is in ms since 1970. */
export type RuntimeEvent = { readonly at: number } & (
  | ({ readonly type: 'invocation:queued' } & InvocationEvent)
  | ({ readonly type: 'invocation:started'; readonly worker: number } & InvocationEvent)
  | ({
      readonly type: 'invocation:ended';
      readonly status: InvocationStatus;
      /** undefined when it never ran. */
      readonly durationMs: number | undefined;
    } & InvocationEvent)
  | ({ readonly type: 'worker:starting' | 'worker:ready' } & WorkerEvent)
  | ({
      readonly type: 'worker:exited';
      readonly reason: ExitReason;
      readonly exitCode: number | null;
      readonly signal: string | null;
    } & WorkerEvent)
  | ({ readonly type: 'function:loaded' | 'function:removed' } & FunctionEvent)
  | ({ readonly type: 'function:failed'; readonly message: string } & FunctionEvent)
);

export type RuntimeEventType = RuntimeEvent['type'];

/** In the place of events that a reader was too slow for. */
export interface DroppedEvents {
  readonly type: 'dropped';
  readonly at: number;
  readonly count: number;
}

/** Tells the readers of `runtime.events()` and the subscribers of node:diagnostics_channel what happens. */
export class Events {
  readonly #root: string;
  readonly #readers = new Set<EventReader>();
  #hasEnded = false;

  /** `root` is the project's folder. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Whether anybody wants to know. To be asked before an event is made. */
  wants(type: RuntimeEventType): boolean {
    return this.#readers.size > 0 || channels[type].hasSubscribers;
  }

  tell(event: RuntimeEvent): void {
    for (const reader of this.#readers) reader.push(event);
    const channel = channels[event.type];
    if (channel.hasSubscribers) inMidst(() => channel.publish({ ...event, root: this.#root }));
  }

  /** Each iteration is told what happens from its beginning on. */
  read(buffer: number): AsyncIterable<RuntimeEvent | DroppedEvents> {
    return {
      [Symbol.asyncIterator]: () => {
        const reader = new EventReader(buffer, () => this.#readers.delete(reader));
        if (this.#hasEnded) reader.end();
        else this.#readers.add(reader);
        return reader;
      },
    };
  }

  /** Nothing more will happen. */
  end(): void {
    this.#hasEnded = true;
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }
}
