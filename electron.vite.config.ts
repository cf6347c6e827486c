import { join } from 'node:path';
import { defineConfig } from 'electron-vite';
import page from './renderer/vite.config.ts';

const root = import.meta.dirname;
/** Every program that runs under Node, each a file of its own beside the others: they find one another by name. */
const programs = {
  main: 'electron/main.ts',
  core: 'worker/core/main.ts',
  'lane-thread': 'worker/lane/thread.ts',
  'lane-process': 'worker/lane/process.ts',
  'reader-thread': 'storage/reader-thread.ts',
  'checkpoint-thread': 'storage/checkpoint-thread.ts',
};

const LIBSIGNAL = '@signalapp/libsignal-client';

export default defineConfig(({ command }) => {
  const renderer = page({ command, mode: 'production' });
  return {
    main: {
      build: {
        outDir: join(root, 'out/main'),
        target: 'node24',
        minify: false,
        // Packages stay outside and load as they are. A package's JSON is taken in: its import would lose the attribute without
        // which Node refuses it.
        externalizeDeps: { exclude: [LIBSIGNAL] },
        rollupOptions: {
          external: [new RegExp(`^${LIBSIGNAL}(/.*\\.js)?$`)],
          input: Object.fromEntries(Object.entries(programs).map(([name, file]) => [name, join(root, file)])),
          output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
        },
      },
    },
    preload: {
      build: {
        outDir: join(root, 'out/preload'),
        externalizeDeps: false,
        rollupOptions: {
          input: { preload: join(root, 'electron/preload.ts') },
          // A sandboxed preload script is CommonJS and one file.
          output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
        },
      },
    },
    // electron-vite bundles this file together with the page's own configuration, whose folder then reads as this one: every
    // path is named again. It does not minify by itself either, as vite does: the page is the same in both shells.
    renderer: {
      ...renderer,
      root: join(root, 'renderer'),
      build: {
        ...renderer.build,
        minify: true,
        outDir: join(root, 'out/page'),
        rolldownOptions: { input: join(root, 'renderer/index.html') },
      },
    },
  };
});
