import { kindOf, PlainsealError, errorKinds, type ErrorKind } from '../errors.ts';
import { decodeFrame, encodeFrame } from './codec.ts';
import type { Pipe, Undo } from './pipe.ts';

export type Handlers<O> = {
  readonly [K in keyof O]: O[K] extends { args: infer A; result: infer R }
    ? (args: A, signal: AbortSignal) => Promise<R> | R
    : never;
};

/** Checks an argument that came over the border; throws PlainsealError `bad-request`. */
export type Check = (name: string, args: unknown) => unknown;

export interface Link<Use, Emit, Hear> {
  /** @throws PlainsealError with the kind the other side gave, `gone` when the pipe ended, `cancelled` when `signal` fired. */
  call<K extends keyof Use & string>(
    name: K,
    args: Use[K] extends { args: infer A } ? A : never,
    signal?: AbortSignal,
  ): Promise<Use[K] extends { result: infer R } ? R : never>;
  emit<K extends keyof Emit & string>(name: K, payload: Emit[K]): void;
  listen<K extends keyof Hear & string>(name: K, hear: (payload: Hear[K]) => void): Undo;
  ended(tell: () => void): Undo;
  close(): void;
}

/** Frames are arrays, kind first: call, cancel, ok, error, news. */
const CALL = 0;
const CANCEL = 1;
const OK = 2;
const ERROR = 3;
const NEWS = 4;

/** Calls one peer may have running at once; more is a fault or an attack. */
const MAX_RUNNING = 4_096;

const isErrorKind = (value: unknown): value is ErrorKind =>
  typeof value === 'string' && (errorKinds as readonly string[]).includes(value);

/**
 * Call, listen, cancel over a pipe: the whole vocabulary between processes. Errors cross as `{kind, message}` with a
 * closed set of kinds. A frame that cannot be read, or answers nothing that was asked, is dropped and told to `fault`.
 */
export function link<Serve, Use, Emit, Hear>(options: {
  readonly pipe: Pipe;
  readonly serve: Handlers<Serve>;
  readonly check?: Check;
  readonly fault?: (what: string) => void;
}): Link<Use, Emit, Hear> {
  const { pipe, check, fault } = options;
  const serve = new Map<string, (args: unknown, signal: AbortSignal) => unknown>(
    Object.entries(options.serve as Record<string, (args: unknown, signal: AbortSignal) => unknown>),
  );
  const asked = new Map<number, { resolve(value: unknown): void; reject(error: PlainsealError): void }>();
  const running = new Map<number, AbortController>();
  const listeners = new Map<string, Set<(payload: unknown) => void>>();
  let nextId = 1;
  let open = true;

  const send = (frame: readonly unknown[]): void => {
    if (open) pipe.send(encodeFrame(frame));
  };

  async function answer(id: number, name: string, args: unknown): Promise<void> {
    const handler = serve.get(name);
    const stop = new AbortController();
    running.set(id, stop);
    try {
      if (!handler) throw new PlainsealError('bad-request', 'no such call');
      const value = await handler(check ? check(name, args) : args, stop.signal);
      send([OK, id, value ?? null]);
    } catch (error) {
      const kind = kindOf(error);
      if (kind === 'internal')
        fault?.(`call ${name} failed: ${error instanceof Error ? (error.stack ?? '') : ''}`);
      // The text of an unexpected error may quote content: only our own messages cross.
      send([ERROR, id, kind, error instanceof PlainsealError ? error.message : 'unexpected error']);
    } finally {
      running.delete(id);
    }
  }

  function receive(bytes: Uint8Array): void {
    let frame: unknown;
    try {
      frame = decodeFrame(bytes);
    } catch {
      fault?.('unreadable frame');
      return;
    }
    if (!Array.isArray(frame)) return fault?.('frame is not a list');
    const [kind, second, third, fourth] = frame as readonly unknown[];
    if (kind === NEWS && typeof second === 'string') {
      for (const hear of listeners.get(second) ?? []) hear(third);
    } else if (kind === CALL && typeof second === 'number' && typeof third === 'string') {
      if (running.has(second) || running.size >= MAX_RUNNING) return fault?.('call refused');
      void answer(second, third, fourth);
    } else if (kind === CANCEL && typeof second === 'number') {
      running.get(second)?.abort();
    } else if ((kind === OK || kind === ERROR) && typeof second === 'number') {
      const waiting = asked.get(second);
      if (!waiting) return;
      asked.delete(second);
      if (kind === OK) waiting.resolve(third);
      else
        waiting.reject(
          new PlainsealError(
            isErrorKind(third) ? third : 'internal',
            typeof fourth === 'string' ? fourth : '',
          ),
        );
    } else fault?.('frame of no known kind');
  }

  pipe.listen(receive);
  pipe.ended(() => {
    open = false;
    for (const waiting of asked.values())
      waiting.reject(new PlainsealError('gone', 'the other side has ended'));
    asked.clear();
    for (const stop of running.values()) stop.abort();
  });

  return {
    call(name, args, signal) {
      type Result = Use[typeof name] extends { result: infer R } ? R : never;
      return new Promise<Result>((resolve, reject) => {
        if (!open) return reject(new PlainsealError('gone', 'the other side has ended'));
        if (signal?.aborted) return reject(new PlainsealError('cancelled', 'cancelled before it was asked'));
        const id = nextId++;
        const cancel = (): void => {
          asked.delete(id);
          send([CANCEL, id]);
          reject(new PlainsealError('cancelled', 'cancelled'));
        };
        signal?.addEventListener('abort', cancel, { once: true });
        const settled = (): void => signal?.removeEventListener('abort', cancel);
        asked.set(id, {
          resolve: (value) => (settled(), resolve(value as Result)),
          reject: (error) => (settled(), reject(error)),
        });
        send([CALL, id, name, args]);
      });
    },
    emit: (name, payload) => send([NEWS, name, payload]),
    listen(name, hear) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set);
      const entry = hear as (payload: unknown) => void;
      set.add(entry);
      return () => void set.delete(entry);
    },
    ended: (tell) => pipe.ended(tell),
    close: () => {
      open = false;
      pipe.close();
    },
  };
}
