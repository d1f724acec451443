import { writeSync } from 'node:fs';
import { loadSubject } from './load-subjects.ts';
import type { Answer } from './measurement.ts';
import { signalGroup } from './process-group.ts';
import type { Job } from './subject.ts';

// The entry of a measuring process: one measurement, one answer, the end.

const answerDescriptor = 3;

endWithParent();
answer(await read(JSON.parse(process.argv[2] ?? '')));
// Some pools keep their process alive after they were closed; the readings are taken, so nothing is cut short.
process.exit();

// The parent never writes: the only thing that can happen on stdin is its end, when the parent is gone.
function endWithParent(): void {
  process.stdin.once('end', () => signalGroup(process.pid, 'SIGKILL'));
  process.stdin.resume();
}

async function read(job: Job): Promise<Answer> {
  try {
    const subject = await loadSubject(job.subject, job);
    const taken = await subject.measure(job);
    return { readings: typeof taken === 'number' ? { [job.measure]: taken } : taken };
  } catch (error) {
    return { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

function answer(content: Answer): void {
  writeSync(answerDescriptor, JSON.stringify(content));
}
