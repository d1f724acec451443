// Sends as many photos at once as it is told to, and tells how long that took. Started by measure.ts.
import sharp from 'sharp';

interface Order {
  url: string;
  count: number;
}

const megapixels = Number(process.argv[2]);
const photo = new Blob([new Uint8Array(await makePhoto())], { type: 'image/jpeg' });
process.on('message', (order: Order) => sendAll(order));
process.send?.('ready');

async function sendAll({ url, count }: Order): Promise<void> {
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: count }, () => upload(url)));
  process.send?.((performance.now() - startedAt) / 1000);
}

async function upload(url: string): Promise<void> {
  const body = new FormData();
  body.append('photo', photo, 'photo.jpg');
  const response = await fetch(url, { method: 'POST', body });
  const answer = await response.arrayBuffer();
  if (!response.ok) throw new Error(`answered ${response.status}: ${Buffer.from(answer)}`);
}

/** Coloured clouds, enlarged: as large as a photo of a camera. */
async function makePhoto(): Promise<Buffer> {
  const height = Math.round(Math.sqrt((megapixels * 1e6) / 1.5));
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const create = { width: 600, height: 400, channels: 3, background: 'black', noise } as const;
  const clouds = await sharp({ create }).png().toBuffer();
  return sharp(clouds)
    .resize(Math.round(height * 1.5), height)
    .jpeg({ quality: 90 })
    .toBuffer();
}
