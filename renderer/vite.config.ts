import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The page is built to out/page; `--mode gallery` builds the page over the in-memory core to out/gallery instead. */
export default defineConfig(({ mode }) => {
  const gallery = mode === 'gallery';
  return {
    root: here,
    base: './',
    plugins: [react()],
    // `data:` is allowed by no directive of the page's policy, so nothing is inlined.
    build: {
      outDir: gallery ? '../out/gallery' : '../out/page',
      emptyOutDir: true,
      target: 'chrome140',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rolldownOptions: { input: `${here}${gallery ? 'gallery.html' : 'index.html'}` },
    },
    css: { modules: { generateScopedName: '[name]_[local]_[hash:5]' } },
  };
});
