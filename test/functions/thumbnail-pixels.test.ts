import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import * as photos from '../support/photos.ts';
import { failureOf, thumbnail } from '../support/thumbnail.ts';

/** Small photos whose headers say that they are larger: what follows is not enough for that. */
const claiming: Record<string, (width: number, height: number) => Promise<Buffer>> = {
  png: async (width, height) => {
    const photo = await photos.picture(30, 20).png().toBuffer();
    photo.writeUInt32BE(width, 16);
    photo.writeUInt32BE(height, 20);
    photo.writeUInt32BE(crc32(photo.subarray(12, 29)), 29);
    return photo;
  },
  jpg: async (width, height) => {
    const photo = await photos.rgbPhoto(30, 20);
    const frame = photo.indexOf(Buffer.from([0xff, 0xc0]));
    photo.writeUInt16BE(height, frame + 5);
    photo.writeUInt16BE(width, frame + 7);
    return photo;
  },
};

const limit = 178_956_970;

for (const [kind, make] of Object.entries(claiming)) {
  test(`a ${kind} of ${limit} pixels is not refused for its size, and one of three more is`, async (t) => {
    const folder = photos.photoFolder(t);
    const requestFor = async (width: number, height: number) => {
      return { src: photos.put(folder, `a.${kind}`, await make(width, height)), sizes: [32] };
    };

    const [width, height] = [10_922, 16_385];
    assert.equal(width * height, limit);
    const request = await requestFor(width, height);
    const outcome = await thumbnail(request).then(
      () => 'made',
      async () => (await failureOf(request)).code,
    );
    // Its picture is looked for, and most of it isn't there.
    assert.match(outcome, /^(made|TRUNCATED|DAMAGED)$/);

    assert.equal(5_993 * 29_861, limit + 3);
    const refused = await failureOf(await requestFor(5_993, 29_861));
    assert.equal(refused.code, 'TOO_LARGE');
    assert.equal(
      refused.message,
      'the picture has 5993 x 29861 pixels, more than the 178956970 supported; make it smaller first',
    );
  });
}
