import type { FileVersion } from './file-version.ts';
import type { Timings } from './timings.ts';
import type { Completeness } from './watched-file.ts';

/** What to do with a file after a look: take it, look again after so many ms, or give it up until it changes. */
export type Readiness =
  | { readonly action: 'take' }
  | { readonly action: 'lookAgain'; readonly after: number }
  | { readonly action: 'giveUp'; readonly reason: string };

/** A file from the moment it is seen until it is taken to be complete. */
export class Arrival {
  readonly path: string;
  readonly reruns: number;
  /** What the completeness check said of it last. */
  verdict: Completeness | undefined;
  /** Not looked at before this time again. */
  restUntil = 0;
  /** The look that is planned, if one is. */
  alarm: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;
  #version: FileVersion;
  #lastSeenAt: number;
  #looks = 0;
  #longestPause = 0;

  constructor(path: string, version: FileVersion, reruns = 0) {
    this.path = path;
    this.reruns = reruns;
    this.#version = version;
    this.#lastSeenAt = version.seenAt;
  }

  get version(): FileVersion {
    return this.#version;
  }

  /** Takes down what a look has seen. */
  see(version: FileVersion): void {
    this.#lastSeenAt = version.seenAt;
    if (version.key === this.#version.key) {
      this.#looks += 1;
      return;
    }
    this.#longestPause = Math.max(this.#longestPause, version.seenAt - this.#version.seenAt);
    this.#version = version;
    this.#looks = 1;
  }

  /** Decides by the verdict on what was seen last, which tells nothing of what changed less than `settle` ms ago. */
  readiness(verdict: Completeness, timings: Timings, settle = timings.settle): Readiness {
    const quiet = this.#lastSeenAt - this.#version.seenAt;
    const isEmpty = this.#version.size === 0;
    if (isEmpty || verdict === 'partial') {
      const patience = Math.max(timings.patience, settle);
      if (quiet < patience) {
        const pause = timings.firstLookAgain * 2 ** (this.#looks - 1);
        return { action: 'lookAgain', after: Math.min(pause, patience - quiet) };
      }
      // Half a photo may be worth a try; nothing at all is not.
      if (!isEmpty) return { action: 'take' };
      if (quiet < timings.youngAge) return { action: 'lookAgain', after: timings.youngAge - quiet };
      return { action: 'giveUp', reason: 'it is empty' };
    }
    if (verdict === 'whole' && this.reruns === 0) return { action: 'take' };
    const needed = Math.max(settle, this.#quietNeeded(timings));
    return quiet < needed ? { action: 'lookAgain', after: needed - quiet } : { action: 'take' };
  }

  // Where the format can't tell, the writer's own rhythm does: one that was seen to pause for 50 ms is not done
  // after 60. A file that changed while its function ran has shown that it can't be trusted when it looks complete;
  // each time it does so again quadruples the wait, so that a slow writer, or a function that rewrites its own
  // source, costs a few runs instead of one after the other.
  #quietNeeded(timings: Timings): number {
    const byRhythm = Math.min(quietPauses * this.#longestPause, timings.patience);
    const byReruns = this.reruns === 0 ? 0 : timings.firstLookAgain * 4 ** this.reruns;
    return Math.min(Math.max(byRhythm, byReruns), timings.longestRetry);
  }
}

// Between the writes of one copy over a network, pauses differ by a factor of two or three.
const quietPauses = 4;
