import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Random } from '../channel/support-random.ts';
import { type Running, startPool } from '../support/cli.ts';
import type { Cleanup, Project } from '../support/project.ts';
import { statusOf } from '../support/status.ts';
import { within } from '../support/wait.ts';

const victims = ['worker', 'writing worker', 'runtime', 'all', 'all while one writes', 'starting'] as const;

type Victim = (typeof victims)[number];

/** A `pool start` that is killed in every way at random moments, and started again. */
export class Killer {
  readonly #test: Cleanup;
  readonly #project: Project;
  readonly #random: Random;
  /** What was killed, in order. */
  readonly kills: Victim[] = [];
  #service: Running | undefined;

  constructor({ test, project, random }: { test: Cleanup; project: Project; random: Random }) {
    this.#test = test;
    this.#project = project;
    this.#random = random;
  }

  async start(): Promise<void> {
    await this.#launch().says(/"ready: /);
  }

  /** Kills once, after a while; a runtime is running again when it resolves. */
  async kill(): Promise<void> {
    const victim = this.#random.pick(victims);
    await delay(this.#random.below(longestPauseMs));
    if (victim === 'worker') return this.#killWorker(victim, await this.#anyWorker());
    if (victim === 'writing worker') return this.#killWorker(victim, await this.#catchWriting());
    if (victim === 'all while one writes') await this.#catchWriting();
    await this.#killRuntime(victim);
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
    await within('the end of the runtime', exit);
  }

  #killWorker(victim: Victim, pid: number | undefined): void {
    if (pid === undefined) return;
    try {
      process.kill(pid, 'SIGKILL');
      this.kills.push(victim);
    } catch {
      // It has ended by itself.
    }
  }

  /** One that runs something, if there is one. */
  async #anyWorker(): Promise<number | undefined> {
    const workers = (await statusOf(this.#project.path('.pool')))?.stats.workers ?? [];
    const busy = workers.filter(({ state }) => state === 'busy');
    return workers.length === 0 ? undefined : this.#random.pick(busy.length > 0 ? busy : workers).pid;
  }

  /** A worker that is stopped in the middle of writing thumbnails, which takes a millisecond; if one is caught. */
  async #catchWriting(): Promise<number | undefined> {
    const pid = await this.#anyWorker();
    if (pid === undefined) return undefined;
    const inbox = this.#project.path('inbox');
    const folders = fs
      .readdirSync(inbox, { recursive: true, encoding: 'utf8' })
      .filter((folder) => path.basename(folder) === '1024x1024')
      .map((folder) => path.join(inbox, folder));
    const isWriting = () =>
      folders.some((folder) => fs.readdirSync(folder).some((name) => name.includes(`-${pid}-`)));
    try {
      // It gets on in steps of a fraction of that.
      for (const end = performance.now() + longestPauseMs; performance.now() < end; ) {
        process.kill(pid, 'SIGSTOP');
        if (isWriting() && isWriting()) return pid;
        process.kill(pid, 'SIGCONT');
        await nextTurn();
      }
    } catch {
      // It has ended by itself.
    }
    return undefined;
  }
}

const longestPauseMs = 1_200;
