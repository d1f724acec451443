import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { complete } from '../../runtime/triggers/watch/watch.ts';
import { realPhotos, skippedWithoutPhotos } from '../support/photos.ts';
import { EOI, makeJpeg, SOI, segment } from './support-jpeg.ts';

const folder = mkdtempSync(join(tmpdir(), 'warm-pool-jpeg-'));
after(() => rmSync(folder, { recursive: true }));

/** The verdict on these bytes, or on the first `size` of them. */
async function judge(content: Buffer, size = content.length) {
  const path = join(folder, 'photo.jpg');
  writeFileSync(path, content);
  return complete.jpeg({ path, name: 'photo.jpg', relativePath: 'photo.jpg', size, mtimeMs: 0 });
}

const noise = (side: number) =>
  sharp({
    create: {
      width: side,
      height: side,
      channels: 3,
      background: 'red',
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
    },
  });

const made: Record<string, () => Promise<Buffer>> = {
  'one scan': () => noise(512).jpeg().toBuffer(),
  progressive: () => noise(512).jpeg({ progressive: true }).toBuffer(),
  'one colour, whose data is nearly all the same byte': () =>
    sharp({ create: { width: 2000, height: 2000, channels: 3, background: 'black' } })
      .jpeg({ optimiseCoding: true })
      .toBuffer(),
  'a thumbnail in its EXIF, stuffed bytes, restarts and fill': async () => makeJpeg({ scanBytes: 90_000 }),
  'ten scans with tables between them': async () => makeJpeg({ scanBytes: 90_000, scans: 10 }),
  'more bytes than are ever read at once': async () => makeJpeg({ scanBytes: 3_000_000, scans: 3 }),
};

for (const [name, make] of Object.entries(made)) {
  test(`a JPEG with ${name} is whole with its last byte and partial before`, async () => {
    const content = await make();
    assert.equal(await judge(content), 'whole');
    const sizes = new Set([0, 1, 2, 3, 20, 100, content.length - 3, content.length - 2, content.length - 1]);
    for (let size = 0; size < content.length; size += Math.ceil(content.length / 50)) sizes.add(size);
    for (const size of sizes) {
      assert.equal(await judge(content.subarray(0, size)), 'partial', `${size} of ${content.length} bytes`);
      const allocated = Buffer.alloc(content.length);
      content.copy(allocated, 0, 0, size);
      assert.equal(await judge(allocated), 'partial', `${size} of ${content.length} bytes, the rest zeros`);
    }
  });
}

test('the size that was seen counts, not what the file has become since', async () => {
  const content = makeJpeg({ scanBytes: 5_000 });
  assert.equal(await judge(content, content.length - 1), 'partial');
  assert.equal(await judge(content.subarray(0, 3_000), content.length), 'partial');
});

test('bytes after the image are not judged: the format says nothing of them', async () => {
  for (const scans of [1, 4]) {
    for (const trailing of [Buffer.alloc(1), Buffer.alloc(200_000, 7), makeJpeg().subarray(0, 900)]) {
      assert.equal(await judge(makeJpeg({ scanBytes: 100_000, scans, trailing })), 'unknown');
    }
  }
  // Whichever of two images ends with the file, the first one is there.
  assert.equal(await judge(makeJpeg({ trailing: makeJpeg() })), 'whole');
});

test('an end of image between the scans of a progressive image, inside of a segment, ends nothing', async () => {
  const start = makeJpeg({ scans: 2 }).subarray(0, -2);
  const comment = segment(0xfe, Buffer.concat([Buffer.alloc(50, 65), EOI]));
  assert.equal(await judge(Buffer.concat([start, comment])), 'partial');
  assert.equal(await judge(Buffer.concat([start, comment, EOI])), 'whole');
});

test('other formats are unknown, zeros are something still to be written', async () => {
  assert.equal(await judge(await noise(32).png().toBuffer()), 'unknown');
  assert.equal(await judge(Buffer.from('GIF89a, or so')), 'unknown');
  assert.equal(await judge(Buffer.alloc(10_000)), 'partial');
});

test('damage ends in a verdict', async () => {
  const content = makeJpeg({ scanBytes: 3_000 });
  const shortLength = Buffer.concat([SOI, Buffer.from([0xff, 0xe1, 0, 0]), content.subarray(2)]);
  assert.equal(await judge(shortLength), 'whole');
  const junk = Buffer.concat([SOI, Buffer.alloc(300, 1), content.subarray(2)]);
  assert.equal(await judge(junk), 'whole');
  assert.equal(await judge(Buffer.concat([SOI, EOI])), 'whole');
  for (let seed = 0; seed < 200; seed += 1) {
    const damaged = Buffer.from(content);
    for (let hit = 0; hit < 10; hit += 1)
      damaged[2 + ((seed * 7919 + hit * 104_729) % (content.length - 2))] = (seed * 31 + hit) % 256;
    assert.ok(['whole', 'partial', 'unknown'].includes(await judge(damaged)));
  }
});

for (const [name, unit] of Object.entries({
  'fill bytes': [0xff],
  'stuffed bytes': [0xff, 0x00],
  'markers without a segment': [0xff, 0x01],
  'segments without a body': [0xff, 0xe1, 0x00, 0x02],
})) {
  test(`a megabyte of ${name} is awaited read by read, not byte by byte`, async () => {
    const content = Buffer.concat([SOI, Buffer.alloc(1_000_000, Buffer.from(unit))]);
    let promises = 0;
    const hook = createHook({
      init(_id, type) {
        if (type === 'PROMISE') promises += 1;
      },
    }).enable();
    try {
      assert.equal(await judge(content), 'partial');
    } finally {
      hook.disable();
    }
    assert.ok(promises < content.length / 1_000, `${promises} promises`);
  });
}

test('a file that is not there rejects, as reading it would', async () => {
  const path = join(folder, 'missing.jpg');
  await assert.rejects(complete.jpeg({ path, name: '', relativePath: '', size: 10, mtimeMs: 0 }), {
    code: 'ENOENT',
  });
});

test('no camera photo is partial, and none is whole before its end', {
  skip: skippedWithoutPhotos,
}, async () => {
  const camera = join(realPhotos ?? '', 'camera');
  for (const name of readdirSync(camera).filter((file) => /\.jpe?g$/i.test(file))) {
    const path = join(camera, name);
    const { size } = statSync(path);
    const verdict = await complete.jpeg({ path, name, relativePath: name, size, mtimeMs: 0 });
    assert.notEqual(verdict, 'partial', name);
    if (verdict !== 'whole') continue;
    // Two images in one file may end it together: after the first one it is unknown what is to come.
    for (let part = 0; part < size; part += 65_536) {
      const early = await complete.jpeg({ path, name, relativePath: name, size: part, mtimeMs: 0 });
      assert.notEqual(early, 'whole', `${part} bytes of ${name}`);
    }
    assert.equal(readFileSync(path).subarray(-2).equals(EOI), true, name);
  }
});

test('`complete.stable` leaves it to time', () => {
  assert.equal(complete.stable({ path: '', name: '', relativePath: '', size: 1, mtimeMs: 0 }), 'unknown');
});
