/**
 * What those who share locks, queues and the like ask of the arbiter, which has them all: the runtime. A request has a
 * number of its asker; most are answered, some of them only when it is their turn. Values travel beside, as bodies.
 */

/** Requests about the things themselves. `of` is the number of an earlier request of the same asker. */
export type SharedRequest =
  /** Answered when the lock is had. With `reentrant` one that the asker holds is had once more. */
  | {
      readonly op: 'lock';
      readonly name: string;
      readonly tries?: boolean;
      /** Whether the wait may end by itself: it has a timeout or a signal. */
      readonly mayEnd?: boolean;
    }
  /**
   * Not answered. With `abandoned` its holder ended without a release. `after`: how long it was had, in ms, when it was
   * had after a wait and this is the first that is heard of it.
   */
  | {
      readonly op: 'unlock';
      readonly name: string;
      readonly abandoned?: boolean;
      readonly after?: number;
    }
  /** Where its word lies, for askers that have mapped the words. */
  | { readonly op: 'slot'; readonly name: string }
  /** Where the words of all locks can be mapped. */
  | { readonly op: 'words' }
  /** Where the ring for its items can be mapped. */
  | { readonly op: 'outbox' }
  /** Not answered: there is something in it. */
  | { readonly op: 'bell' }
  /** Not answered: the lock is free, and kept a moment for its last holder although others wait. `after`: see `unlock`. */
  | { readonly op: 'keep'; readonly name: string; readonly after?: number }
  | {
      readonly op: 'permit';
      readonly name: string;
      readonly permits?: number;
      readonly bounded?: boolean;
      readonly tries?: boolean;
    }
  /** Answered when done. `of` is the permit that is given back; 0: one more than there were. */
  | {
      readonly op: 'return';
      readonly name: string;
      readonly of: number;
      readonly permits?: number;
      readonly bounded?: boolean;
    }
  | { readonly op: 'event'; readonly name: string; readonly act: 'set' | 'clear' | 'isSet' | 'wait' }
  /** Gives up the lock and answers when notified, with the lock had again. */
  | { readonly op: 'condition'; readonly name: string; readonly lock: string }
  | { readonly op: 'notify'; readonly name: string; readonly count: number }
  | { readonly op: 'barrier'; readonly name: string; readonly parties: number }
  | {
      readonly op: 'barrierState';
      readonly name: string;
      readonly parties: number;
      readonly act: 'look' | 'reset' | 'abort';
    }
  | QueueRequest
  | MapRequest
  /** That permit or delivery comes back: its holder ended without. */
  | { readonly op: 'abandon'; readonly of: number }
  /** Not answered. Whether nothing goes on in the asker but what it waits for, as it was asked by `of`. */
  | { readonly op: 'still'; readonly of: number; readonly isStill: boolean }
  /** Not answered, but that wait is, if it waits still. */
  | { readonly op: 'giveUp'; readonly of: number };

export type QueueRequest =
  | { readonly op: 'put'; readonly name: string; readonly maxSize?: number; readonly tries?: boolean }
  /** Answered with an item, of which is to be told what becomes of it. */
  | {
      readonly op: 'get';
      readonly name: string;
      readonly maxSize?: number;
      readonly tries?: boolean;
      /** More of them may be sent ahead: the asker has the words mapped. */
      readonly many?: boolean;
    }
  /** What becomes of a delivery. Answered when it is so. */
  | { readonly op: 'settle'; readonly name: string; readonly of: number; readonly act: 'done' | 'putBack' }
  /** `lane`: the number under which items can be put by the ring. `closeLane`: none is put so any more; not answered. */
  | {
      readonly op: 'queue';
      readonly name: string;
      readonly act: 'look' | 'close' | 'join' | 'clear' | 'lane' | 'closeLane';
    };

export type MapRequest =
  /** The body holds the value. With `version` it is set only if the entry is still of this one; 0: if there is none. */
  | { readonly op: 'set'; readonly name: string; readonly key: string; readonly version?: number }
  | {
      readonly op: 'entry';
      readonly name: string;
      readonly key: string;
      readonly act: 'get' | 'has' | 'delete';
    }
  | { readonly op: 'increment'; readonly name: string; readonly key: string; readonly by: number }
  | { readonly op: 'map'; readonly name: string; readonly act: 'size' | 'keys' | 'entries' | 'clear' };

/** The classes of errors that a failure is told as, by its code. */
export const errorNames: Readonly<Record<string, string>> = {
  TIMEOUT: 'TimeoutError',
  CANCELLED: 'CancelledError',
  DEADLOCK: 'DeadlockError',
  BARRIER_BROKEN: 'BrokenBarrierError',
  QUEUE_CLOSED: 'QueueClosedError',
  RUNTIME_CLOSED: 'RuntimeClosedError',
  SERIALIZATION: 'SerializationError',
};

/** What went wrong with a request. */
export interface SharedFailure {
  readonly code: string;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}
