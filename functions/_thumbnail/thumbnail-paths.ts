import { basename, dirname, extname, resolve } from 'node:path';
import { ThumbnailError } from './thumbnail-error.ts';
import type { Dimensions } from './thumbnail-size.ts';

/** Where thumbnails go unless the caller says otherwise. */
export const defaultDest = '{dir}/thumbnails/{w}x{h}/{name}.{ext}';

/**
 * The path of each box's thumbnail. `dest` is a template with `{dir}`, `{name}` and `{ext}` of the photo and
 * `{w}` and `{h}` of the box; without any of them it is a folder that takes the place of `{dir}/thumbnails`.
 */
export function thumbnailPaths(
  dest: string,
  photo: string,
  boxes: readonly Dimensions[],
  cwd: string,
): string[] {
  const template = placeholder.test(dest) ? dest : `${dest}/{w}x{h}/{name}.{ext}`;
  const paths = boxes.map((box) => resolve(cwd, fillIn(template, photo, box)));
  const twice = paths.find((path, index) => paths.indexOf(path) < index);
  if (twice !== undefined) {
    throw new ThumbnailError(
      'BAD_DEST',
      `two sizes would be written to one file, ${JSON.stringify(twice)}; use {w} and {h} in \`dest\``,
    );
  }
  return paths;
}

const placeholder = /\{[^{}]*\}/;

function fillIn(template: string, photo: string, box: Dimensions): string {
  const extension = extname(photo);
  const values: Record<string, string> = {
    dir: dirname(photo),
    name: basename(photo, extension),
    ext: extension.slice(1),
    w: String(box.width),
    h: String(box.height),
  };
  // A photo without an extension gets thumbnails without one. All are filled in at once: a name may hold
  // braces.
  const fitting = extension === '' ? template.replaceAll('.{ext}', '') : template;
  return fitting.replace(/\{([^{}]*)\}/g, (found, key: string) => {
    const value = Object.hasOwn(values, key) ? values[key] : undefined;
    if (value !== undefined) return value;
    const known = Object.keys(values).map((name) => `{${name}}`);
    throw new ThumbnailError('BAD_DEST', `\`dest\` has ${found}, which is none of ${known.join(' ')}`);
  });
}
