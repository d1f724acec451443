interface Stopping {
  readonly wasStopping: boolean;
  readonly unfinished: number;
}

/** Says on stderr what is waited for. */
export function printStopping(pid: number, { wasStopping, unfinished }: Stopping): void {
  const what = unfinished === 1 ? 'one invocation finishes' : `${unfinished} invocations finish`;
  const first = unfinished === 0 ? '' : `; ${what} first`;
  process.stderr.write(
    wasStopping
      ? `The runtime (pid ${pid}) is stopping already${first}. Ctrl-C in its terminal kills.\n`
      : `Stopping the runtime (pid ${pid})${first}.\n`,
  );
}
