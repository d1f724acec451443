/**
 * Calls back for Ctrl-C and its kind (SIGINT, SIGTERM, SIGHUP): `first` for the first one, `again` for each one after.
 * It holds to the end of the program, so that one more Ctrl-C changes nothing of an exit that is under way.
 */
export function onInterrupt(handlers: {
  first: (signal: NodeJS.Signals) => void;
  again: (signal: NodeJS.Signals) => void;
}): void {
  let last: number | undefined;
  const listener = (signal: NodeJS.Signals) => {
    const now = performance.now();
    const isEcho = last !== undefined && now - last < echoMs();
    const isFirst = last === undefined;
    if (isEcho) return;
    last = now;
    if (isFirst) handlers.first(signal);
    else handlers.again(signal);
  };
  for (const signal of signals) process.on(signal, listener);
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

// One Ctrl-C can arrive twice: the terminal sends it to the whole process group, and `npm start`, `npx` or `timeout`
// send it on to their child. Nobody presses it again within a tenth of a second; npm, which needs its own event loop for
// it, is given more where both cores are busy.
function echoMs(): number {
  return process.env.npm_lifecycle_event === undefined ? 100 : 500;
}
