// A web service that makes thumbnails of uploaded photos in a pool of processes.
import { createRuntime } from 'warm-pool';
import { buildApp } from './app.ts';
import type { Thumbnail } from './functions/_make-thumbnail.ts';

const runtime = await createRuntime({ cwd: import.meta.dirname, config: { functions: './functions' } });
const app = await buildApp((photo, signal) =>
  runtime.invoke<Thumbnail>('thumbnail', { photo, colours: 3 }, { signal }),
);
app.addHook('onClose', () => runtime.close());

console.log(`open ${await app.listen({ port: Number(process.env.PORT ?? 3000) })}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => app.close());
