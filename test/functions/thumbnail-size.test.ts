import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { photoFolder, put, rgbPhoto } from '../support/photos.ts';
import { thumbnail } from '../support/thumbnail.ts';

// What Pillow's Image.thumbnail makes of them.
const sizes = [
  { photo: [1, 5000], box: 1024, becomes: [1, 1024] },
  { photo: [5000, 1], box: 1024, becomes: [1024, 1] },
  { photo: [1000, 3], box: 256, becomes: [256, 1] },
  { photo: [333, 500], box: 32, becomes: [21, 32] },
  { photo: [100, 68], box: 32, becomes: [32, 22] },
  { photo: [2, 3], box: 1, becomes: [1, 1] },
  { photo: [2, 5], box: 3, becomes: [1, 3] },
  { photo: [5, 2], box: 3, becomes: [3, 1] },
  { photo: [3, 5], box: 2, becomes: [1, 2] },
  { photo: [7, 3], box: 2, becomes: [2, 1] },
  { photo: [10, 4], box: 5, becomes: [5, 2] },
  // Where rounding alone would give another size: the aspect ratio decides.
  { photo: [713, 16], box: 512, becomes: [512, 12] },
  { photo: [963, 11], box: 128, becomes: [128, 2] },
  { photo: [13, 4], box: [1000, 2], becomes: [6, 2] },
  { photo: [11, 8], box: 2, becomes: [2, 2] },
  { photo: [683, 1024], box: [400, 100], becomes: [67, 100] },
  { photo: [683, 1024], box: [50, 1000], becomes: [50, 75] },
  { photo: [1, 1], box: 1024, becomes: [1, 1] },
  { photo: [640, 480], box: 1024, becomes: [640, 480] },
  { photo: [640, 480], box: 640, becomes: [640, 480] },
] as const;

for (const { photo, box, becomes } of sizes) {
  const [from, within, to] = [photo, [box].flat(), becomes].map((pixels) => pixels.join(' x '));
  test(`${from} pixels in a box of ${within} become ${to}`, async (t) => {
    const folder = photoFolder(t);
    const src = put(folder, 'photo.jpg', await rgbPhoto(...photo));
    const { outputs, width, height } = await thumbnail({ src, sizes: [box] });
    assert.deepEqual([width, height], photo);
    const [output] = outputs;
    assert.deepEqual([output?.width, output?.height], becomes);
    const written = await sharp(output?.path).metadata();
    assert.deepEqual([written.width, written.height], becomes);
  });
}
