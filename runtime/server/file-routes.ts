import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { RuntimeClosedError } from '../errors/pool-errors.ts';
import type { FileInfo, Runtime } from '../index.ts';
import type { FileRetries } from './api.ts';
import { reportError } from './error-report.ts';
import { readFilesQuery, readRetryRequest } from './files-request.ts';
import { refuse, stoppingStatus } from './refuse.ts';

interface FileRoutes {
  readonly runtime: Runtime;
  readonly stopping: AbortSignal;
}

/** The routes for the files that triggers work on. */
export function serveFiles(app: FastifyInstance, { runtime, stopping }: FileRoutes): void {
  app.get('/files', ({ query }, reply) => {
    const options = readFilesQuery(query);
    if (stopping.aborted) return refuseStopping(reply);
    // As it is read: nobody has 100,000 of them in memory, and a client that is slow or goes away holds nothing up.
    const lines = Readable.from(inLines(runtime.files(options)), { objectMode: false });
    return reply.type('application/x-ndjson').send(lines);
  });

  app.post('/files/retry', async ({ body }, reply) => {
    const paths = readRetryRequest(body);
    if (stopping.aborted) return refuseStopping(reply);
    try {
      return { retries: await runtime.retryFiles(paths) } satisfies FileRetries;
    } catch (error) {
      if (error instanceof RuntimeClosedError) return refuseStopping(reply);
      throw error;
    }
  });
}

function refuseStopping(reply: FastifyReply): FastifyReply {
  const { stack, ...report } = reportError(new RuntimeClosedError('The runtime is stopping.'));
  return refuse(reply, stoppingStatus, report);
}

/** One line of JSON for each, some of them at a time. */
async function* inLines(files: AsyncIterable<FileInfo>): AsyncGenerator<string, void, undefined> {
  let lines = '';
  for await (const file of files) {
    lines += `${JSON.stringify(file)}\n`;
    if (lines.length < chunkLength) continue;
    yield lines;
    lines = '';
  }
  if (lines !== '') yield lines;
}

// A write for each line would take longer than the line.
const chunkLength = 16_384;
