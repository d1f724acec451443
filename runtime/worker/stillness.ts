/** What there is of a channel here. */
interface Connection {
  ref(): void;
  unref(): void;
}

/** Longer than the event loop needs to find out that there is nothing in it. */
const longestLookMs = 5;

/**
 * Whether nothing goes on in this worker: no timer, no file, no connection, nothing that Node would wait for. Node says so
 * when the event loop is empty but for the channel with the runtime.
 */
export function isStillWithout(channel: Connection): Promise<boolean> {
  return new Promise((resolve) => {
    // Others that listen would take it for the end of the program.
    const others = process.rawListeners('beforeExit') as (() => void)[];
    process.removeAllListeners('beforeExit');
    const settle = (isStill: boolean) => {
      channel.ref();
      clearTimeout(timer);
      process.removeAllListeners('beforeExit');
      for (const listener of others) process.on('beforeExit', listener);
      resolve(isStill);
    };
    process.once('beforeExit', () => settle(true));
    const timer = setTimeout(() => settle(false), longestLookMs).unref();
    channel.unref();
  });
}
