import type { AddressInfo } from 'node:net';
import express from 'express';
import { createRuntime } from 'warm-pool';

const runtime = await createRuntime({ cwd: import.meta.dirname, config: { functions: './functions' } });
const app = express();

app.get('/primes/:below', async (request, response) => {
  const below = Number(request.params.below);
  response.json(await runtime.invoke('count-primes', { below }));
});

app.get('/health', (_request, response) => {
  response.json({ ok: true });
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error;
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
