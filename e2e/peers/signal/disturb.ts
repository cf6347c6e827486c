import { createRequire } from 'node:module';
import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Server } from '@signalapp/mock-server';

const require = createRequire(import.meta.url);

type Answer = { readonly status: number; readonly body: string };
type Reply = { readonly body?: Uint8Array | null };
/** Where the keys of somebody's devices are asked for. */
const KEYS = '/v2/keys/';
type Request = { readonly id: unknown; readonly path?: string | null };

/** Makes a mock server answer as a real one does on a bad day: it has no calls for that, so it is reached into. */
export function disturbances(server: Server): {
  answer(path: string, status: number | null, body?: string): void;
  refuse(status: number | null): void;
  withholdPostQuantum(on: boolean): void;
  requests(path: string): number;
} {
  const answers = new Map<string, Answer>();
  const asked: string[] = [];
  let withheld = false;
  const { Router } = require('@signalapp/mock-server/src/server/ws/router') as {
    readonly Router: { readonly prototype: { run(request: Request): Promise<Reply> } };
  };
  const run = Router.prototype.run;
  Router.prototype.run = async function (request) {
    const path = request.path ?? '';
    asked.push(path);
    const [, instead] = [...answers].find(([begin]) => path.startsWith(begin)) ?? [];
    if (!instead) {
      const reply = await run.call(this, request);
      return withheld && path.startsWith(KEYS) ? withoutPostQuantum(reply) : reply;
    }
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
    withholdPostQuantum(on) {
      withheld = on;
    },
    requests: (path) => asked.filter((one) => one.startsWith(path)).length,
  };
}

/** Keys of devices as a server gives them out, less the post-quantum one of each. */
function withoutPostQuantum(reply: Reply): Reply {
  const keys = JSON.parse(Buffer.from(reply.body ?? []).toString('utf8')) as {
    readonly devices: readonly Record<string, unknown>[];
  };
  const devices = keys.devices.map(({ pqPreKey: _withheld, ...others }) => others);
  return { ...reply, body: Buffer.from(JSON.stringify({ ...keys, devices })) };
}
