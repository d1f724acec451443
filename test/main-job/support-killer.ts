import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Random } from '../channel/support-random.ts';
import { type Running, startPool } from '../support/cli.ts';
import type { Cleanup, Project } from '../support/project.ts';
import { countsOf, filesOf, statusOf } from '../support/status.ts';
import { within } from '../support/wait.ts';
import { Deck } from './support-deck.ts';
import { defaultAttempts } from './support-runs.ts';

const victims = ['worker', 'writing worker', 'runtime', 'all', 'all while one writes', 'starting'] as const;

type Victim = (typeof victims)[number];

/** Those that have a worker in the middle of writing thumbnails killed. */
const writers: readonly Victim[] = ['writing worker', 'all while one writes'];

/** A `pool start` that is killed in every way at random moments, and started again. */
export class Killer {
  readonly #test: Cleanup;
  readonly #project: Project;
  readonly #random: Random;
  readonly #deck: Deck<Victim>;
  /** What was killed, in order. */
  readonly kills: Victim[] = [];
  /** How many of these kills were of a runtime that had photos in hand. */
  killedAtWork = 0;
  #service: Running | undefined;

  constructor({ test, project, random }: { test: Cleanup; project: Project; random: Random }) {
    this.#test = test;
    this.#project = project;
    this.#random = random;
    this.#deck = new Deck(random, victims);
  }

  async start(): Promise<void> {
    await this.#launch().says(/"ready: /);
  }

  /** How many workers were killed in the middle of writing thumbnails. */
  get killedWriting(): number {
    return this.kills.filter((victim) => writers.includes(victim)).length;
  }

  /**
   * Kills once, after a while, unless there is nothing of that kind to be killed. A runtime is running again when it
   * resolves. Without a `victim` all kinds have their turns.
   */
  async kill(victim: Victim = this.#deck.deal()): Promise<void> {
    await delay(this.#random.below(longestPauseMs));
    if (victim === 'worker') return this.#killWorker(victim, await this.#anyWorker());
    if (victim === 'writing worker') return this.#killWorker(victim, await this.#catchWriting());
    const isCaught = victim === 'all while one writes' && (await this.#catchWriting()) !== undefined;
    const { running = 0 } = await countsOf(this.#dataDir);
    await this.#killRuntime(victim === 'all while one writes' && !isCaught ? 'all' : victim);
    if (running > 0) this.killedAtWork += 1;
    if (victim === 'starting') {
      this.#launch();
      await delay(this.#random.below(1_500));
      await this.#killRuntime(victim);
    }
    await this.start();
  }

  /** Stops the runtime as Ctrl-C does; resolves with its exit code. */
  async stop(): Promise<number | null> {
    this.#running.interrupt();
    return (await this.#running.ended).code;
  }

  get #dataDir(): string {
    return this.#project.path('.pool');
  }

  get #running(): Running {
    if (!this.#service) throw new Error('there is no runtime');
    return this.#service;
  }

  #launch(): Running {
    this.#service = startPool(this.#test, this.#project, ['start']);
    return this.#service;
  }

  /** Resolves when the runtime itself is gone; its workers are left to find out, unless they are killed with it. */
  async #killRuntime(victim: Victim): Promise<void> {
    const { child } = this.#running;
    assert.equal(
      child.exitCode ?? child.signalCode,
      null,
      `it has ended by itself: ${this.#running.stderr()}`,
    );
    this.kills.push(victim);
    const exit = once(child, 'exit');
    if (victim === 'runtime') child.kill('SIGKILL');
    else this.#running.interrupt('SIGKILL');
    assert.deepEqual(await within('the end of the runtime', exit), [null, 'SIGKILL']);
  }

  async #killWorker(victim: Victim, pid: number | undefined): Promise<void> {
    if (pid === undefined) return;
    const isSpared = await this.#mayBeLastAttempt();
    try {
      process.kill(pid, isSpared ? 'SIGCONT' : 'SIGKILL');
      if (!isSpared) this.kills.push(victim);
    } catch {
      // It has ended by itself.
    }
  }

  /**
   * Whether a photo would be set aside if its worker were killed once more, as it should be: its runs may be what kills
   * the workers. A kill of the runtime counts for no photo.
   */
  async #mayBeLastAttempt(): Promise<boolean> {
    const files = await filesOf(this.#dataDir, ['queued', 'held', 'running', 'waiting']);
    return !files || files.some(({ failures = 0 }) => failures >= defaultAttempts - 1);
  }

  /** The process of one that runs something, if there is one; else, unless that is what is asked for, of any. */
  async #anyWorker(state?: 'busy'): Promise<number | undefined> {
    const workers = (await statusOf(this.#dataDir))?.stats.workers ?? [];
    const busy = workers.filter((worker) => worker.state === 'busy');
    const found = busy.length > 0 || state === 'busy' ? busy : workers;
    return found.length === 0 ? undefined : this.#random.pick(found).pid;
  }

  /** A worker that is stopped in the middle of writing thumbnails, which takes a millisecond; if one is caught in time. */
  async #catchWriting(): Promise<number | undefined> {
    for (const end = performance.now() + longestHuntMs; performance.now() < end; ) {
      const pid = await this.#anyWorker('busy');
      if (pid === undefined) await delay(10);
      else if (await this.#stopWriting(pid)) return pid;
    }
    return undefined;
  }

  /** Whether this worker is stopped now, and there are temporary files of its own. */
  async #stopWriting(pid: number): Promise<boolean> {
    const inbox = this.#project.path('inbox');
    const folders = fs
      .readdirSync(inbox, { recursive: true, encoding: 'utf8' })
      .filter((folder) => path.basename(folder) === '1024x1024')
      .map((folder) => path.join(inbox, folder));
    const isWriting = () =>
      folders.some((folder) => fs.readdirSync(folder).some((name) => name.includes(`-${pid}-`)));
    try {
      // It gets on in steps of a fraction of that.
      for (const end = performance.now() + longestStepsMs; performance.now() < end; ) {
        process.kill(pid, 'SIGSTOP');
        if (isWriting() && isStopped(pid) && isWriting()) return true;
        process.kill(pid, 'SIGCONT');
        await nextTurn();
      }
    } catch {
      // It has ended by itself.
    }
    return false;
  }
}

/** A process that was sent the signal may go on for a moment. */
function isStopped(pid: number): boolean {
  return spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.startsWith('T');
}

const longestPauseMs = 1_200;

/** A worker that has something to do is waited for, and then looked at as long as it takes for a few photos. */
const longestHuntMs = 2_500;
const longestStepsMs = 500;
