import { cutShort, damaged } from '../thumbnail-error.ts';

const screenEnd = 13;
const extensionBlock = 0x21;
const pictureBlock = 0x2c;
const trailer = 0x3b;

/**
 * Refuses a GIF that doesn't reach its trailer. The decoder refuses it as well, but doesn't tell it from one that is
 * damaged.
 */
export function refuseCutGif(gif: Buffer): void {
  let at = screenEnd + colourTableBytes(byteAt(gif, 10));
  for (;;) {
    const block = byteAt(gif, at);
    if (block === trailer) return;
    if (block === extensionBlock) {
      at = afterSubBlocks(gif, at + 2);
    } else if (block === pictureBlock) {
      const table = colourTableBytes(byteAt(gif, at + 9));
      // Behind the colours stands one byte for the size of the codes.
      at = afterSubBlocks(gif, at + 10 + table + 1);
    } else if (block === 0) {
      throw cutShort('in zeros where its picture should go on');
    } else {
      throw damaged('its structure is damaged, what should be a block of the GIF is none');
    }
  }
}

/** The lowest three bits tell the number of colours, if the highest says that there are any. */
function colourTableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

/** Each begins with its length; one without any is the last. */
function afterSubBlocks(gif: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const length = byteAt(gif, at);
    at += 1 + length;
    if (length === 0) return at;
  }
}

function byteAt(gif: Buffer, at: number): number {
  const byte = gif[at];
  if (byte === undefined) throw cutShort('within the picture');
  return byte;
}
