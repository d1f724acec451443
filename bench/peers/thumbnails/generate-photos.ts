import path from 'node:path';
import sharp from 'sharp';

const width = 3_008;
const height = 2_000;
const channels = 3;
// Chosen so that a file comes to some 2.5 MB, as the real photos do: decoding costs by the byte as well as by the pixel.
const quality = 92;
const grain = 48;
// Coarse shapes down to fine texture: a camera's photos have detail at every scale, and thumbnails keep the coarse.
const layers = [
  { cell: 500, strength: 60 },
  { cell: 120, strength: 35 },
  { cell: 24, strength: 20 },
  { cell: 6, strength: 12 },
] as const;

/**
 * Writes photo-like JPEGs: a lit gradient, noise in layers from coarse to fine, and grain as of a sensor, with EXIF and
 * an ICC profile. The same pixels each time.
 */
export async function generatePhotos(folder: string, count: number, signal: AbortSignal): Promise<void> {
  for (let seed = 1; seed <= count; seed += 1) {
    signal.throwIfAborted();
    await sharp(paint(seed), { raw: { width, height, channels } })
      .withIccProfile('srgb')
      .withExif({ IFD0: { Make: 'warm-pool', Model: `generated ${seed}` } })
      .jpeg({ quality })
      .toFile(path.join(folder, `photo-${String(seed).padStart(2, '0')}.jpg`));
  }
}

function paint(seed: number): Uint8ClampedArray {
  const random = randomNumbers(seed);
  const pixels = new Uint8ClampedArray(width * height * channels);
  const light = { x: random() * 90, y: random() * 90 };
  const tint = Array.from({ length: channels }, () => 20 + random() * 60);
  const fields = layers.map((layer) => ({ ...layer, ...noiseField(layer.cell, random) }));

  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let brightness = (light.x * x) / width + (light.y * y) / height;
      for (const { strength, valueAt } of fields) {
        brightness += strength * valueAt(x, y);
      }
      for (let channel = 0; channel < channels; channel += 1, at += 1) {
        pixels[at] = brightness + (tint[channel] ?? 0) + grain * random();
      }
    }
  }
  return pixels;
}

/** Smooth noise from 0 to 1: random values on a grid of cells, and straight lines between them. */
function noiseField(cell: number, random: () => number): { valueAt(x: number, y: number): number } {
  const columns = Math.ceil(width / cell) + 1;
  const rows = Math.ceil(height / cell) + 1;
  const grid = Float32Array.from({ length: columns * rows }, random);
  const gridAt = (index: number) => grid[index] ?? 0;
  return {
    valueAt(x, y) {
      const column = Math.floor(x / cell);
      const row = Math.floor(y / cell);
      const right = x / cell - column;
      const down = y / cell - row;
      const corner = row * columns + column;
      const above = gridAt(corner) * (1 - right) + gridAt(corner + 1) * right;
      const below = gridAt(corner + columns) * (1 - right) + gridAt(corner + columns + 1) * right;
      return above * (1 - down) + below * down;
    },
  };
}

/** Random numbers from 0 to 1, the same for the same seed (xorshift with 32 bits). */
function randomNumbers(seed: number): () => number {
  let state = seed * 0x9e3779b1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
