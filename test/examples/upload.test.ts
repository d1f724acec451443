import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { buildApp } from '../../examples/upload/app.ts';
import { rgbPhoto } from '../support/photos.ts';
import { startExample } from '../support/run-example.ts';
import { until, within } from '../support/wait.ts';

describe('the upload service', () => {
  test('gives a form, takes a photo and answers with its thumbnail, and refuses what is none', async (t) => {
    const example = startExample(t, 'upload/main.ts');
    const [, url] = await example.says(/^open (http:\S+)\n/);
    const upload = async (content: Uint8Array, field = 'photo') => {
      const body = new FormData();
      body.append(field, new Blob([new Uint8Array(content)]), 'photo.jpg');
      return fetch(`${url}/upload`, { method: 'POST', body });
    };
    const refusal = async (response: Response) => {
      const { message } = (await response.json()) as { message: string };
      return { status: response.status, message };
    };

    const form = await fetch(`${url}/`);
    assert.match(form.headers.get('content-type') ?? '', /^text\/html/);
    assert.match(await form.text(), /<form action="\/upload" method="post" enctype="multipart\/form-data">/);

    const isThumbnail = async (response: Response) => {
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-type'), 'image/jpeg');
      assert.match(response.headers.get('x-colours') ?? '', /^(?:#[0-9a-f]{6} ?){3}$/);
      const { format, width, height } = await sharp(await response.arrayBuffer()).metadata();
      assert.deepEqual([format, width, height], ['jpeg', 512, 341]);
    };
    const photo = await rgbPhoto();
    await isThumbnail(await upload(photo));

    const broken = await refusal(await upload(Buffer.from('no picture')));
    assert.equal(broken.status, 415);
    assert.match(broken.message, /^This file is no picture that can be read: send a JPEG/);
    const cut = await refusal(await upload(photo.subarray(0, 2000)));
    assert.deepEqual([cut.status, cut.message], [415, broken.message]);

    assert.deepEqual(await refusal(await upload(Buffer.alloc(0))), {
      status: 400,
      message: 'There is no photo in this: choose one.',
    });
    const noFile = new FormData();
    noFile.append('name', 'value');
    const withoutFile = await fetch(`${url}/upload`, { method: 'POST', body: noFile });
    assert.equal((await refusal(withoutFile)).status, 400);

    const noForm = await fetch(`${url}/upload`, { method: 'POST', body: 'text' });
    assert(noForm.status >= 400 && noForm.status < 500, String(noForm.status));
    assert.equal((await refusal(await upload(randomBytes(31 * 1024 * 1024)))).status, 413);

    // What was refused is of no consequence to others.
    for (const response of await Promise.all([upload(photo), upload(photo), upload(photo)]))
      await isThumbnail(response);

    example.interrupt();
    const { stderr } = await example.ended;
    assert.equal(stderr, '');
    await example.untilNothingIsLeft();
  });

  test('gives up the thumbnail of a browser that goes away', async (t) => {
    let begin: (signal: AbortSignal) => void;
    const begun = new Promise<AbortSignal>((resolve) => {
      begin = resolve;
    });
    const app = await buildApp((_photo, signal) => {
      begin(signal);
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    });
    t.after(() => app.close());
    const body = new FormData();
    body.append('photo', new Blob(['any']), 'photo.jpg');
    const url = `${await app.listen({ port: 0 })}/upload`;
    const browser = new AbortController();
    const answer = fetch(url, { method: 'POST', body, signal: browser.signal }).catch(() => 'gone');
    const signal = await within('the upload', begun);
    assert.equal(signal.aborted, false);
    browser.abort();
    assert.equal(await answer, 'gone');
    await until('the end of its thumbnail', () => signal.aborted);
  });

  test('says how long its event loop was held up, with the pool and without', async (t) => {
    const example = startExample(
      t,
      'upload/measure.ts',
      (command) => `${command} --uploads 3 --megapixels 1`,
    );
    const { code, stdout, stderr } = await example.ended;
    assert.deepEqual([code, stderr], [0, '']);
    const [title, ...lines] = stdout.trimEnd().split('\n');
    assert.equal(title, '3 uploads at once of a photo of 1 megapixels');
    const rows = lines.slice(2).map((line) => /^(.+?)((?: +\d+\.\d){4})$/.exec(line)?.[1]?.trim());
    assert.deepEqual(rows, [
      'nothing but receiving it',
      'thumbnail, in the handler',
      'thumbnail, in the pool',
      'thumbnail and colours, in the handler',
      'thumbnail and colours, in the pool',
    ]);
    await example.untilNothingIsLeft();
  });
});
