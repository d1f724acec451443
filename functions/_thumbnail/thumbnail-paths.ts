import { basename, dirname, extname, resolve, sep } from 'node:path';
import { ThumbnailError } from './thumbnail-error.ts';
import type { Dimensions } from './thumbnail-size.ts';

/** Where thumbnails go unless the caller says otherwise. */
export const defaultDest = '{dir}/thumbnails/{w}x{h}/{name}.{ext}';

export interface Places {
  /** A template or a folder. */
  readonly dest: string;
  /** The photo's absolute path. */
  readonly photo: string;
  readonly boxes: readonly Dimensions[];
  /** Where relative paths begin. */
  readonly cwd: string;
}

/**
 * The path of each box's thumbnail. `dest` is a template with `{dir}`, `{name}` and `{ext}` of the photo and
 * `{w}` and `{h}` of the box; without any of them it is a folder that takes the place of `{dir}/thumbnails`.
 * `{ext}` is the extension of the thumbnail, given without its dot; `{from}` is always the photo's own.
 */
export function thumbnailPaths(
  { dest, photo, boxes, cwd }: Places,
  extension = extensionOf(photo),
): string[] {
  if (dest.includes('\0')) {
    throw new ThumbnailError('BAD_DEST', '`dest` has a NUL character, which no path can have; take it out');
  }
  const template = placeholder.test(dest) ? dest : `${dest}/{w}x{h}/{name}.{ext}`;
  const paths = boxes.map((box) => resolve(cwd, fillIn(template, photo, extension, box)));
  const twice = paths.find((path, index) => paths.indexOf(path) < index);
  if (twice !== undefined) {
    throw new ThumbnailError(
      'BAD_DEST',
      `two sizes would be written to one file, ${JSON.stringify(twice)}; use {w} and {h} in \`dest\``,
    );
  }
  return paths;
}

/** What a file name has behind its last dot. */
export function extensionOf(path: string): string {
  return extname(path).slice(1);
}

const placeholder = /\{[^{}]*\}/;
const separator = sep === '/' ? '/' : /[\\/]/;

function fillIn(template: string, photo: string, extension: string, box: Dimensions): string {
  const values: Record<string, string> = {
    dir: dirname(photo),
    name: basename(photo, extname(photo)),
    ext: extension,
    w: String(box.width),
    h: String(box.height),
    from: extensionOf(photo),
  };
  // Without an extension there is no dot before it. All are filled in at once: a name may hold braces.
  const without = extname(photo) === '' ? ['.{from}', ...(extension === '' ? ['.{ext}'] : [])] : [];
  const fitting = without.reduce((text, part) => text.replaceAll(part, ''), template);
  const filled = (text: string) =>
    text.replace(/\{([^{}]*)\}/g, (found, key: string) => {
      const value = Object.hasOwn(values, key) ? values[key] : undefined;
      if (value !== undefined) return value;
      const known = Object.keys(values).map((name) => `{${name}}`);
      throw new ThumbnailError('BAD_DEST', `\`dest\` has ${found}, which is none of ${known.join(' ')}`);
    });
  const path = filled(fitting);
  for (const part of fitting.split(separator)) if (placeholder.test(part)) refuseAstray(part, filled(part));
  return path;
}

/** Refuses what would lead to another folder than `dest` says: a photo may be called `...jpg`. */
function refuseAstray(part: string, filled: string): void {
  if (filled !== '.' && filled !== '..') return;
  throw new ThumbnailError(
    'BAD_DEST',
    `\`dest\` has ${part}, which is ${JSON.stringify(filled)} for this photo and would lead to another folder; ` +
      'put more beside it, such as a letter',
  );
}
