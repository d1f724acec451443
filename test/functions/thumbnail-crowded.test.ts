import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import * as photos from '../support/photos.ts';
import { kinds } from '../support/pictures.ts';
import { failureOf, thumbnail } from '../support/thumbnail.ts';
import { within } from '../support/wait.ts';

const small = () => photos.picture(300, 200);

/** So many bytes, the same few again and again. */
const repeated = (text: string, bytes: number) => Buffer.alloc(bytes, Buffer.from(text, 'latin1'));

// A tenth of what the objects for half a million parts need. The bytes of a photo are not counted in it.
const mostObjectsMB = 24;
const manyBytes = 4 * 1024 ** 2;

describe('a file that is made of very many parts needs little memory', () => {
  const webpChunk = 'abcd\0\0\0\0';
  const crowded: Record<string, { make: () => Promise<Buffer> | Buffer; ends: RegExp }> = {
    'a webp with zeros behind its end': {
      make: async () => Buffer.concat([await small().webp().toBuffer(), Buffer.alloc(manyBytes)]),
      ends: /^made$/,
    },
    'a webp of empty chunks': {
      make: () => {
        const header = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
        header.writeUInt32LE(4 + manyBytes, 4);
        return Buffer.concat([header, repeated(webpChunk, manyBytes)]);
      },
      ends: /^TRUNCATED$/,
    },
    'an avif with empty boxes behind it': {
      make: async () =>
        Buffer.concat([await kinds.avif(small()).toBuffer(), repeated('\0\0\0\x08free', manyBytes)]),
      ends: /^made$/,
    },
    'a jpeg with empty comments': {
      make: async () =>
        photos.withHeader(await small().jpeg().toBuffer(), repeated('\xff\xfe\0\x02', manyBytes)),
      ends: /^made$/,
    },
    'a jpeg with empty segments of metadata': {
      make: async () =>
        photos.withHeader(await small().jpeg().toBuffer(), repeated('\xff\xe1\0\x02', manyBytes)),
      ends: /^DAMAGED$/,
    },
  };
  for (const [what, { make, ends }] of Object.entries(crowded)) {
    test(what, async (t) => {
      const src = photos.put(photos.photoFolder(t), 'photo', await make());
      assert.match(await within(`an end for ${what}`, endInLittleMemory(src)), ends);
    });
  }
});

test('a webp ends where its header says: a picture behind that is not its own', async (t) => {
  const header = Buffer.from('RIFF\x0c\0\0\0WEBPabcd\0\0\0\0', 'latin1');
  const picture = (await small().webp().toBuffer()).subarray(12);
  const src = photos.put(photos.photoFolder(t), 'a.webp', Buffer.concat([header, picture]));
  assert.equal((await failureOf({ src })).code, 'TRUNCATED');
});

test('a JPEG may have thousands of segments of metadata, but not any number', async (t) => {
  const folder = photos.photoFolder(t);
  const photo = await small().jpeg().toBuffer();
  const crowded = (count: number) => photos.withHeader(photo, repeated('\xff\xeb\0\x02', count * 4));
  const { outputs } = await thumbnail({ src: photos.put(folder, 'a.jpg', crowded(9_990)), sizes: [64] });
  assert.equal(outputs.length, 1);
  const { code, message } = await failureOf({ src: photos.put(folder, 'b.jpg', crowded(10_001)) });
  assert.equal(code, 'DAMAGED');
  assert.match(message, /more than 10000 segments of metadata; copy it again/);
});

/** Makes a thumbnail in a thread that ends when it has more objects than it may: `made`, or the code of the error. */
async function endInLittleMemory(src: string): Promise<string> {
  const beside = import.meta.resolve('warm-pool/functions/thumbnail');
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { module, request, cwd } = workerData;
    import(module)
      .then(({ makeThumbnails }) => makeThumbnails(request, { cwd }))
      .then(() => 'made', (error) => error.code ?? String(error))
      .then((end) => parentPort.postMessage(end));
  `;
  const request = {
    ...{ src, dest: 'out', sizes: [64], format: 'jpeg', fit: 'inside' },
    ...{ quality: 65, metadata: 'keep', autoOrient: false },
  };
  const module = new URL('./_thumbnail/make-thumbnails.js', beside).href;
  const worker = new Worker(source, {
    eval: true,
    execArgv: [],
    workerData: { module, request, cwd: src.slice(0, -'/photo'.length) },
    resourceLimits: { maxOldGenerationSizeMb: mostObjectsMB },
  });
  try {
    // An error of the worker, as when it has no memory left, rejects.
    const [end] = await once(worker, 'message');
    return String(end);
  } finally {
    await worker.terminate();
  }
}
