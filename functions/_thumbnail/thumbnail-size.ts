/** Width and height in pixels. */
export interface Dimensions {
  readonly width: number;
  readonly height: number;
}

/**
 * The size a picture gets when it is fitted inside a box: never enlarged, at least one pixel. The side that
 * isn't given by the box is rounded as Pillow's `Image.thumbnail` does it: whichever of the two nearest whole
 * numbers comes closer to the picture's aspect ratio, the smaller one when both are as close.
 */
export function fitInside(picture: Dimensions, box: Dimensions): Dimensions {
  if (box.width >= picture.width && box.height >= picture.height) {
    return { width: picture.width, height: picture.height };
  }
  const aspect = picture.width / picture.height;
  if (box.width / box.height >= aspect) {
    const width = roundBy(box.height * aspect, (n) => Math.abs(aspect - n / box.height));
    return { width, height: box.height };
  }
  const height = roundBy(box.width / aspect, (n) => (n === 0 ? 0 : Math.abs(aspect - box.width / n)));
  return { width: box.width, height };
}

function roundBy(exact: number, distance: (n: number) => number): number {
  const [below, above] = [Math.floor(exact), Math.ceil(exact)];
  return Math.max(1, distance(above) < distance(below) ? above : below);
}

/** How a picture becomes a thumbnail: it is scaled, and what of that is outside `size` is cropped on both sides alike. */
export interface Framing {
  readonly scaled: Dimensions;
  readonly size: Dimensions;
}

/** `inside`: the whole picture, within the box. `cover`: the middle of it, which fills the box. */
export type Fit = 'inside' | 'cover';

export function frame(picture: Dimensions, box: Dimensions, fit: Fit): Framing {
  if (fit === 'cover') return cover(picture, box);
  const size = fitInside(picture, box);
  return { scaled: size, size };
}

/**
 * What sharp does for `fit: 'cover'` with `withoutEnlargement`: the picture is scaled until it just covers the
 * box and cropped to it. One that is too small on either side is not scaled at all, and cropped where it is larger:
 * the thumbnail is as wide as the narrower of the two and as high as the lower.
 */
function cover(picture: Dimensions, box: Dimensions): Framing {
  const size = {
    width: Math.min(box.width, picture.width),
    height: Math.min(box.height, picture.height),
  };
  const scale = Math.min(1, Math.max(box.width / picture.width, box.height / picture.height));
  const scaled = {
    width: Math.max(size.width, Math.round(picture.width * scale)),
    height: Math.max(size.height, Math.round(picture.height * scale)),
  };
  return { scaled, size };
}

/** The part of the scaled picture that is the thumbnail; undefined when that is all of it. */
export function cropOf({ scaled, size }: Framing) {
  if (scaled.width === size.width && scaled.height === size.height) return undefined;
  // Where the two sides can't be alike, sharp's cover leaves out a pixel more on the left or at the top.
  const before = (whole: number, part: number) => Math.floor((whole - part + 1) / 2);
  return { left: before(scaled.width, size.width), top: before(scaled.height, size.height), ...size };
}
