import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import type { CertificateFlaw } from '../certificate.ts';
import { AnswerLine, Answers, ReadyLine } from './control.ts';
import type { Call, StartOptions } from './control.ts';
import type { Event } from './event.ts';
import type { ArmOptions, Fault } from './faults.ts';
import type { Limits } from './limits.ts';
import type { EventMatch, FrameMatch, SeenEvent, SeenFrame } from './record.ts';

/** A fault armed in the other process. */
export interface RemoteFault {
  hits(): Promise<number>;
  /** Resolves when it strikes for the first time. */
  struck(): Promise<void>;
  disarm(): Promise<void>;
}

/** A relay in a process of its own: what Relay does, asked over a pipe. Calls throw when it ended. */
export interface RelayProcess {
  /** `wss://127.0.0.1:<port>`, or `ws://…` when started without TLS. */
  readonly url: string;
  /** The authority to trust, PEM. */
  readonly ca: string;
  readonly pid: number;
  stored(): Promise<readonly Event[]>;
  put(events: readonly Event[]): Promise<void>;
  forget(): Promise<void>;
  limit(limits: Partial<Limits>): Promise<void>;
  events(): Promise<readonly SeenEvent[]>;
  frames(): Promise<readonly SeenFrame[]>;
  clearRecord(): Promise<void>;
  waitForEvent(match: EventMatch, timeoutMs?: number): Promise<SeenEvent>;
  waitForFrame(match: FrameMatch, timeoutMs?: number): Promise<SeenFrame>;
  arm(fault: Fault, options?: ArmOptions): Promise<RemoteFault>;
  disarmAll(): Promise<void>;
  connections(): Promise<readonly number[]>;
  dropConnections(): Promise<void>;
  freezeConnections(): Promise<void>;
  goOffline(): Promise<void>;
  goOnline(): Promise<void>;
  /** New connections see a certificate with this flaw, or a good one again. */
  present(flaw: CertificateFlaw): Promise<void>;
  /** Closes its stdin and waits for its end. Harmless when repeated. */
  stop(): Promise<void>;
}

const GRACE_MS = 3_000;
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Starts e2e/peers/nostr/main.ts with this Node. Throws when it ends before it listens. */
export async function startRelayProcess(options: StartOptions = {}): Promise<RelayProcess> {
  const child = spawn(process.execPath, [MAIN], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout, crlfDelay: Infinity });
  const ready = Promise.withResolvers<v.InferOutput<typeof ReadyLine>>();
  const pending = new Map<number, Pending>();
  let listening = false;
  let running = true;
  let lastId = 0;

  lines.on('line', (line) => {
    const value: unknown = JSON.parse(line);
    if (!listening) {
      listening = true;
      ready.resolve(v.parse(ReadyLine, value));
      return;
    }
    const answer = v.parse(AnswerLine, value);
    const waiting = pending.get(answer.id);
    pending.delete(answer.id);
    if (answer.kind === 'answer') waiting?.resolve(answer.value);
    else waiting?.reject(new Error(answer.why));
  });
  void ended.then(() => {
    running = false;
    const error = new Error('the relay process ended');
    ready.reject(error);
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  });
  // Its end is told by `ended`.
  child.stdin.on('error', () => undefined);
  const write = (line: unknown): void => void child.stdin.write(`${JSON.stringify(line)}\n`);
  write(options);
  const { url, ca } = await ready.promise;

  const ask = async <N extends Call['name']>(
    call: Extract<Call, { readonly name: N }>,
  ): Promise<v.InferOutput<(typeof Answers)[N]>> => {
    if (!running) throw new Error('the relay process ended');
    lastId += 1;
    const id = lastId;
    const value = await new Promise<unknown>((resolve, reject) => {
      pending.set(id, { resolve, reject });
      write({ id, call });
    });
    return v.parse(Answers[call.name], value);
  };
  const tell = async (call: Call): Promise<void> => {
    await ask(call);
  };
  const limited = (timeoutMs?: number): { readonly timeoutMs?: number } =>
    timeoutMs === undefined ? {} : { timeoutMs };
  const copied = <T>(value: T) => structuredClone(value) as Mutable<T>;

  return {
    url,
    ca,
    pid: child.pid ?? 0,
    stored: () => ask({ name: 'stored' }),
    put: (events) => tell({ name: 'put', events: [...events] }),
    forget: () => tell({ name: 'forget' }),
    limit: (limits) => tell({ name: 'limit', limits }),
    events: () => ask({ name: 'events' }),
    frames: () => ask({ name: 'frames' }),
    clearRecord: () => tell({ name: 'clearRecord' }),
    waitForEvent: (match, timeoutMs) =>
      ask({ name: 'waitForEvent', match: copied(match), ...limited(timeoutMs) }),
    waitForFrame: (match, timeoutMs) => ask({ name: 'waitForFrame', match, ...limited(timeoutMs) }),
    async arm(fault, armOptions = {}) {
      const id = await ask({ name: 'arm', fault, options: copied(armOptions) });
      return {
        hits: () => ask({ name: 'hits', fault: id }),
        struck: () => tell({ name: 'struck', fault: id }),
        disarm: () => tell({ name: 'disarm', fault: id }),
      };
    },
    disarmAll: () => tell({ name: 'disarmAll' }),
    connections: () => ask({ name: 'connections' }),
    dropConnections: () => tell({ name: 'dropConnections' }),
    freezeConnections: () => tell({ name: 'freezeConnections' }),
    goOffline: () => tell({ name: 'goOffline' }),
    goOnline: () => tell({ name: 'goOnline' }),
    present: (flaw) => tell({ name: 'present', flaw }),
    async stop() {
      if (!running) return;
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** What is read-only for the caller, as valibot's types have it. */
type Mutable<T> = T extends readonly [infer A, infer B]
  ? [A, B]
  : T extends readonly (infer U)[]
    ? Mutable<U>[]
    : T extends object
      ? { -readonly [K in keyof T]: Mutable<T[K]> }
      : T;
