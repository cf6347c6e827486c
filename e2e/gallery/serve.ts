import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { pageFile, pageHeaders, pagePolicy } from '../../shared/shell/policy.ts';

/** Builds the page over its in-memory core and serves it on loopback under the page's policy. */
export async function serveGallery(): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  // A folder of its own: other runs build at the same time.
  const root = await mkdtemp(join(tmpdir(), 'plainseal-gallery-'));
  await build({
    configFile: fileURLToPath(new URL('../../renderer/vite.config.ts', import.meta.url)),
    mode: 'gallery',
    logLevel: 'error',
    build: { outDir: root },
  });
  const server = createServer((request, response) => {
    const file = pageFile(new URL(request.url ?? '/', 'http://x').pathname);
    if (!file) return response.writeHead(404).end();
    readFile(join(root, file.path)).then(
      (bytes) => {
        response.writeHead(200, {
          ...pageHeaders,
          'content-type': file.type,
          'content-security-policy': pagePolicy,
        });
        response.end(bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/gallery.html`,
    async close() {
      await new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      });
      await rm(root, { recursive: true });
    },
  };
}
