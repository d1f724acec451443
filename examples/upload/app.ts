import multipart from '@fastify/multipart';
import fastify, { type FastifyInstance } from 'fastify';
import { FunctionError } from 'warm-pool';
import type { Thumbnail } from './functions/_make-thumbnail.ts';

/** Makes the thumbnail: in the pool or, to compare, in the handler. */
export type MakeThumbnail = (photo: Buffer, signal: AbortSignal) => Promise<Thumbnail>;

const longestPhoto = 30 * 1024 * 1024;

/** The web service: a form, and what it is sent to. */
export async function buildApp(makeThumbnail: MakeThumbnail): Promise<FastifyInstance> {
  const app = fastify();
  await app.register(multipart, { limits: { fileSize: longestPhoto, files: 1 } });

  app.get('/', (_request, reply) => reply.type('text/html').send(form));

  app.post('/upload', async (request, reply) => {
    const file = await request.file();
    const photo = await file?.toBuffer();
    if (!photo?.length) return reply.code(400).send({ message: 'There is no photo in this: choose one.' });
    // When the browser goes away nobody needs the thumbnail any more. (`request.signal` aborts after each body.)
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const { jpeg, colours } = await makeThumbnail(photo, gone.signal);
    return reply.type('image/jpeg').header('x-colours', colours.join(' ')).send(jpeg);
  });

  app.setErrorHandler((error, _request, reply) => {
    // What the function threw is answered as if the handler had.
    reply.send(error instanceof FunctionError ? error.cause : error);
  });
  return app;
}

const form = `<!doctype html>
<html lang="en">
  <title>Thumbnails</title>
  <form action="/upload" method="post" enctype="multipart/form-data">
    <input type="file" name="photo" accept="image/*" required>
    <button>Make a thumbnail</button>
  </form>
</html>
`;
