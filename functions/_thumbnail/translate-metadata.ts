import { withAvifMetadata } from './containers/avif-metadata.ts';
import { withPngMetadata } from './containers/png-chunks.ts';
import { withWebpMetadata } from './containers/webp-chunks.ts';
import type { Embed, EmbedOptions } from './embed-metadata.ts';
import { orientationExif, uprightExif } from './exif-block.ts';
import {
  exifSegment,
  maxExifInJpeg,
  maxProfileInJpeg,
  profileSegments,
  withSegments,
} from './jpeg-metadata.ts';
import type { Photo } from './photo.ts';
import type { Layout } from './pixels.ts';

/** What is kept of a photo's metadata, in the form in which another kind of file has them. */
export function translatedFor(photo: Photo, options: EmbedOptions): Embed {
  const orientation = options.turned ? 1 : photo.orientation;
  const profile = profileFor(photo, options);
  const exif = exifFor(photo, options);
  switch (options.format) {
    case 'jpeg': {
      const kept = [...(exif ? [exifSegment(exif)] : []), ...(profile ? [profileSegments(profile)] : [])];
      return (jpeg) => withSegments(jpeg, Buffer.concat(kept));
    }
    case 'png':
      return (png) => withPngMetadata(png, { exif, profile });
    case 'webp':
      return (webp, size) => withWebpMetadata(webp, { exif, profile, size });
    case 'avif':
      return (avif) => withAvifMetadata(avif, { exif, profile, orientation });
  }
}

function exifFor(photo: Photo, { format, everything, turned }: EmbedOptions): Buffer | undefined {
  const orientation = turned ? 1 : photo.orientation;
  const exif = everything ? photo.exif : undefined;
  const tooLong = exif !== undefined && format === 'jpeg' && exif.length > maxExifInJpeg;
  if (exif !== undefined && !tooLong) return turned ? uprightExif(exif) : exif;
  return orientation === 1 ? undefined : orientationExif(orientation);
}

// What a profile's header calls the colours it is for.
const colourSpaces: Record<Layout, string> = { grey: 'GRAY', rgb: 'RGB ', cmyk: 'CMYK' };

/**
 * The profile, if it is for colours like those of the thumbnails. Colours that were converted by it are not: they are
 * sRGB now, which needs none.
 */
function profileFor({ profile }: Photo, { format, layout }: EmbedOptions): Buffer | undefined {
  if (profile === undefined || profile.toString('latin1', 16, 20) !== colourSpaces[layout]) return undefined;
  return format === 'jpeg' && profile.length > maxProfileInJpeg ? undefined : profile;
}
