import { defineFunction } from 'warm-pool';
import { makeThumbnail } from './_make-thumbnail.ts';

export default defineFunction({
  description: 'Makes a thumbnail of an uploaded photo, and finds its colours',
  timeout: '20s',
  memory: '512mb',
  handler: makeThumbnail,
});
