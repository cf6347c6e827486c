import type { ChatConnection } from '@signalapp/libsignal-client/dist/net/Chat.js';
import * as v from 'valibot';
import { PlainsealError } from '../../../shared/errors.ts';
import { guard, type Channel, type Operation } from '../guard.ts';

/** An answer with its body read as JSON; null where there is none. */
export type Reply = {
  readonly status: number;
  readonly json: unknown;
  /** What `retry-after` says, ms. */
  readonly retryAfterMs: number | null;
};

export type Request = {
  readonly verb: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly json?: object;
  readonly headers?: readonly (readonly [string, string])[];
};

const TIMEOUT_MS = 20_000;
/** Largest answer that is read, in bytes. The keys of 127 devices are some 400 KB. */
const MAX_ANSWER = 2 * 1024 * 1024;
const SECOND_MS = 1_000;
const MOST_RETRY_S = 7 * 24 * 60 * 60;

/** Before any write to a socket. @throws PlainsealError `refused` when the guard stops it. */
export function passGuard(operation: Operation): void {
  const verdict = guard(operation);
  if (verdict !== 'pass') throw new PlainsealError('refused', `guard: ${verdict.stop}`);
}

const passed = new WeakSet<object>();
declare const isPassed: unique symbol;
/** A request as it is written, byte for byte, which the guard let pass: only {@link pass} makes one. */
export type Passed = Extract<Operation, { readonly kind: 'request' }> & {
  readonly body: Uint8Array<ArrayBuffer> | null;
  readonly [isPassed]: true;
};

/** Makes a request and shows it to the guard; nothing of it changes any more. @throws PlainsealError `refused` when the guard stops it. */
export function pass(channel: Channel, { verb, path, json, headers = [] }: Request): Passed {
  const body = json === undefined ? null : new TextEncoder().encode(JSON.stringify(json));
  const all = body ? [...headers, ['content-type', 'application/json'] as const] : headers;
  const operation = Object.freeze({ kind: 'request', channel, verb, path, headers: all, body });
  passGuard(operation);
  passed.add(operation);
  return operation as Passed;
}

/**
 * Asks the server, past the guard. Throws what libsignal throws; an answer too large to be one is `bad-request`.
 * @throws PlainsealError `refused` when the guard stops it.
 */
export const ask = async (
  connection: Pick<ChatConnection, 'fetch'>,
  channel: Channel,
  request: Request,
): Promise<Reply> => write(connection, pass(channel, request));

/**
 * Writes a request over the connection it was made for. Throws what libsignal throws, and as {@link ask} an answer too large.
 * @throws PlainsealError `refused` for a look-alike, which the guard never saw.
 */
export async function write(connection: Pick<ChatConnection, 'fetch'>, request: Passed): Promise<Reply> {
  if (!passed.has(request)) throw new PlainsealError('refused', 'a request that the guard has not passed');
  const { verb, path, headers, body } = request;
  const answer = await connection.fetch({
    verb,
    path,
    headers: headers.map(([name, value]) => [name, value]),
    ...(body ? { body } : {}),
    timeoutMillis: TIMEOUT_MS,
  });
  if ((answer.body?.length ?? 0) > MAX_ANSWER) throw new PlainsealError('bad-request', 'an answer too large');
  return {
    status: answer.status,
    json: readJson(answer.body),
    retryAfterMs: retryAfter(answer.headers),
  };
}

function readJson(body: Uint8Array | undefined | null): unknown {
  if (!body || body.length === 0) return null;
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return null;
  }
}

function retryAfter(headers: readonly (readonly [string, string])[]): number | null {
  const text = headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1] ?? '';
  if (!/^\d{1,9}$/.test(text)) return null;
  return Math.min(Number(text), MOST_RETRY_S) * SECOND_MS;
}

/** Reads an answer's body; null when it has another shape: a hostile server gets no further. */
export function readAs<T>(schema: v.GenericSchema<unknown, T>, { json }: Reply): T | null {
  const read = v.safeParse(schema, json);
  return read.success ? read.output : null;
}
