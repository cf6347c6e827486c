import { createRequire } from 'node:module';
import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Server } from '@signalapp/mock-server';
import { containsWord } from '../canary.ts';
import { monotonicMs } from '../monotonic.ts';

const require = createRequire(import.meta.url);

type Answer = { readonly status: number; readonly body: string };
type Reply = { readonly body?: Uint8Array | null };
/** Where the keys of somebody's devices are asked for. */
const KEYS = '/v2/keys/';
type Request = {
  readonly id: unknown;
  readonly path?: string | null;
  readonly headers?: readonly string[] | null;
  readonly body?: Uint8Array | null;
};

/** Makes a mock server answer as a real one does on a bad day: it has no calls for that, so it is reached into. */
export function disturbances(server: Server): {
  answer(path: string, status: number | null, body?: string): void;
  refuse(status: number | null): void;
  withholdPostQuantum(on: boolean): void;
  requests(path: string): number;
  /** When the last of those came, before the server looked at it: the machine's monotonic clock, ms. Null: none came. */
  lastRequestAt(path: string): number | null;
  readable(words: readonly string[]): readonly string[];
} {
  const answers = new Map<string, Answer>();
  const asked: { readonly path: string; readonly at: number }[] = [];
  /** Every byte that came after TLS, by request. */
  const heard: Uint8Array[][] = [];
  let withheld = false;
  const { Router } = require('@signalapp/mock-server/src/server/ws/router') as {
    readonly Router: { readonly prototype: { run(request: Request): Promise<Reply> } };
  };
  const run = Router.prototype.run;
  Router.prototype.run = async function (request) {
    const path = request.path ?? '';
    asked.push({ path, at: monotonicMs() });
    const head = Buffer.from([path, ...(request.headers ?? [])].join('\n'));
    heard.push([head, request.body ?? new Uint8Array()]);
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
  inside.https.prependListener('request', (request: Http2ServerRequest) => {
    const parts: Uint8Array[] = [Buffer.from(JSON.stringify([request.url, request.headers]))];
    heard.push(parts);
    // To listen would set the stream going before its own reader is there.
    const emit = request.emit.bind(request);
    request.emit = (name: string, ...given: unknown[]): boolean => {
      if (name === 'data' && given[0] instanceof Uint8Array) parts.push(given[0]);
      return emit(name, ...given);
    };
  });
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
    readable: (words) =>
      words.filter((word) => heard.some((parts) => containsWord(Buffer.concat(parts), word))),
    requests: (path) => asked.filter((one) => one.path.startsWith(path)).length,
    lastRequestAt: (path) => asked.findLast((one) => one.path.startsWith(path))?.at ?? null,
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
