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
