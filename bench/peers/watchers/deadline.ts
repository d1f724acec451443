const deadlineMs = 30_000;

/** Waits for something that takes a few seconds at most, with 100,000 files in the folder; rejects when it takes 30 s. */
export async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`Expected ${what} within ${deadlineMs / 1000} s`);
    timer = setTimeout(() => reject(error), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
