import os from 'node:os';

const bytesInGigabyte = 1024 ** 3;

/** The machine in words: what a reader needs to judge the figures, and nothing that names it. */
export function describeMachine(): string {
  const cores = os.availableParallelism();
  const model = os.cpus()[0]?.model.trim();
  return [
    `${cores} ${cores === 1 ? 'core' : 'cores'}${model ? ` (${model})` : ''}`,
    `${Math.round(os.totalmem() / bytesInGigabyte)} GB`,
    `${os.type()} ${os.arch()}`,
    `Node ${process.versions.node}`,
  ].join(', ');
}
