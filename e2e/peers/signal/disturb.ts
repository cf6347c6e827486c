import { createRequire } from 'node:module';
import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Server } from '@signalapp/mock-server';

const require = createRequire(import.meta.url);

type Answer = { readonly status: number; readonly body: string };
type Request = { readonly id: unknown; readonly path?: string | null };

/** Makes a mock server answer as a real one does on a bad day: it has no calls for that, so it is reached into. */
export function disturbances(server: Server): {
  answer(path: string, status: number | null, body?: string): void;
  refuse(status: number | null): void;
  requests(path: string): number;
} {
  const answers = new Map<string, Answer>();
  const asked: string[] = [];
  const { Router } = require('@signalapp/mock-server/src/server/ws/router') as {
    readonly Router: { readonly prototype: { run(request: Request): Promise<unknown> } };
  };
  const run = Router.prototype.run;
  Router.prototype.run = async function (request) {
    const path = request.path ?? '';
    asked.push(path);
    const [, instead] = [...answers].find(([begin]) => path.startsWith(begin)) ?? [];
    if (!instead) return run.call(this, request);
    const headers = ['Content-Type:application/json', 'Retry-After:7'];
    return {
      id: request.id,
      status: instead.status,
      message: null,
      headers,
      body: Buffer.from(instead.body),
    };
  };

  const inside = server as unknown as { readonly https: Http2SecureServer };
  const [take] = inside.https.listeners('connect') as ((
    request: Http2ServerRequest,
    response: Http2ServerResponse,
  ) => void)[];
  let refused: number | null = null;
  inside.https.removeAllListeners('connect');
  inside.https.on('connect', (request: Http2ServerRequest, response: Http2ServerResponse) => {
    if (refused === null) return take?.call(inside.https, request, response);
    response.writeHead(refused);
    response.end();
  });

  return {
    answer(path, status, body = '') {
      if (status === null) answers.delete(path);
      else answers.set(path, { status, body });
    },
    refuse(status) {
      refused = status;
    },
    requests: (path) => asked.filter((one) => one.startsWith(path)).length,
  };
}
