import fs from 'node:fs';
import path from 'node:path';
import type { Random } from '../channel/support-random.ts';
import * as photos from '../support/photos.ts';

/** Photos with something wrong with them, by name; a few of them can be decoded all the same. */
export async function makeBroken(random: Random): Promise<Map<string, Buffer>> {
  const [baseline, progressive] = [await photos.rgbPhoto(), await photos.progressivePhoto()];
  const broken = new Map<string, Buffer>([
    ['empty', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(20_000)],
    ['a text', Buffer.from('no photo\n'.repeat(1_000))],
    ['one marker', baseline.subarray(0, 2)],
    ['noise behind a marker', Buffer.concat([baseline.subarray(0, 2), random.bytes(20_000)])],
    ['another format', await photos.picture(300, 200).png().toBuffer()],
    ['no end', baseline.subarray(0, -2)],
    ['more behind its end', Buffer.concat([baseline, random.bytes(5_000)])],
    ['a hole', Buffer.from(baseline).fill(0, baseline.length >> 2, baseline.length >> 1)],
    ['no room for its pixels', resized(baseline, 60_000)],
    ['no pixels', resized(baseline, 0)],
  ]);
  for (const [kind, photo] of Object.entries({ baseline, progressive })) {
    for (let part = 1; part <= 6; part++) {
      broken.set(`${kind} ${part} of 7`, photo.subarray(0, Math.floor((photo.length * part) / 7)));
    }
    for (let turn = 1; turn <= 6; turn++) {
      const damaged = Buffer.from(photo);
      for (let hit = 0; hit < 20; hit++) damaged[2 + random.below(photo.length - 2)] = random.below(256);
      broken.set(`${kind} damaged ${turn}`, damaged);
    }
  }
  return new Map([...broken].map(([name, photo]) => [`${name}.jpg`, photo]));
}

/** Those of them that are whole pictures, whatever is wrong. */
export const decodable = ['another format', 'no end', 'more behind its end'];

/** Those that somebody has made to break decoders, where there are some. */
export function readBroken(): Map<string, Buffer> {
  if (photos.realPhotos === undefined) return new Map();
  const folder = path.join(photos.realPhotos, 'corrupt');
  return new Map(fs.readdirSync(folder).map((name) => [name, fs.readFileSync(path.join(folder, name))]));
}

/** A baseline photo whose header tells of other dimensions. */
function resized(photo: Buffer, side: number): Buffer {
  const changed = Buffer.from(photo);
  const frame = changed.indexOf(Buffer.from([0xff, 0xc0]));
  changed.writeUInt16BE(side, frame + 5);
  changed.writeUInt16BE(side, frame + 7);
  return changed;
}
