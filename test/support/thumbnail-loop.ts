// A process to be killed: makes thumbnails of one photo again and again, in two qualities by turns.
// Arguments: the photo, where the thumbnails go, the sizes as JSON. Writes a line once it is at it.
import { thumbnailHere } from './thumbnail.ts';

const [src, dest, sizes] = process.argv.slice(2) as [string, string, string];

async function loop() {
  for (let turn = 0; ; turn++) {
    await thumbnailHere({ src, dest, sizes: JSON.parse(sizes), quality: turn % 2 === 0 ? 90 : 30 });
    if (turn === 0) console.log('making thumbnails');
  }
}

void loop();
