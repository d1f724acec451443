import { defineConfig, watch } from 'warm-pool';

export default defineConfig({
  functions: 'functions',
  triggers: [
    watch({
      path: 'inbox',
      match: '*.{jpg,jpeg}',
      ignore: '**/thumbnails/**',
      invoke: 'thumbnail',
      args: (file) => ({ src: file.path }),
    }),
  ],
});
