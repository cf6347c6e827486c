import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type {
  Account,
  Answer,
  CallName,
  Calls,
  Linked,
  LocalEnvironment,
  Queue,
  Received,
  SendOptions,
} from './protocol.ts';

export type { Account, Linked, LocalEnvironment, Received, SendOptions } from './protocol.ts';

/** Signal's own mock server in a process of its own. Calls throw when it ended, waiting ones after their timeout. */
export interface SignalServer {
  readonly environment: LocalEnvironment;
  readonly pid: number;
  call<N extends CallName>(name: N, args: Calls[N]['args']): Promise<Calls[N]['result']>;
  account(
    name: string,
    options?: { readonly contacts?: readonly Account[]; readonly number?: boolean },
  ): Promise<Account>;
  /** Scans a code with a phone. Answers only once the device has uploaded its keys: do not await it before it can. */
  link(phone: Account, url: string): Promise<Linked>;
  introduce(account: Account, device: Linked, to?: 'ACI' | 'PNI'): Promise<void>;
  /** Gives the message's time, which names it. */
  sendText(from: Account, to: Linked, text: string, options?: SendOptions): Promise<number>;
  sendContent(from: Account, to: Linked, content: Uint8Array, options?: SendOptions): Promise<number>;
  next(account: Account, queue: Queue, timeoutMs?: number): Promise<Received>;
  stop(): Promise<void>;
}

const WAIT_MS = 15_000;
const GRACE_MS = 3_000;
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

/** Starts it with this Node. @throws Error when it ends before it listens. */
export async function startSignalServer(): Promise<SignalServer> {
  const child = fork(MAIN, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  const ended = once(child, 'exit');
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const ready = Promise.withResolvers<LocalEnvironment>();
  let running = true;
  let lastId = 0;
  child.on('message', (answer: Answer) => {
    if (answer.kind === 'ready') return ready.resolve(answer.environment);
    const waiting = pending.get(answer.id);
    pending.delete(answer.id);
    if (answer.kind === 'answer') waiting?.resolve(answer.value);
    else waiting?.reject(new Error(answer.why));
  });
  void ended.then(() => {
    running = false;
    const error = new Error('the Signal server ended');
    ready.reject(error);
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  });
  const environment = await ready.promise;

  function call<N extends CallName>(name: N, args: Calls[N]['args']): Promise<Calls[N]['result']> {
    if (!running) return Promise.reject(new Error('the Signal server ended'));
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject });
      child.send({ id, name, args });
    });
  }

  return {
    environment,
    pid: child.pid ?? 0,
    call,
    account: (name, { contacts = [], number = true } = {}) =>
      call('account', { name, contacts: contacts.map(({ id }) => id), number }),
    link: (phone, url) => call('link', { phone: phone.id, url }),
    introduce: async (account, device, to = 'ACI') =>
      void (await call('introduce', { account: account.id, device: device.id, pni: to === 'PNI' })),
    sendText: (from, to, text, options = {}) =>
      call('sendText', { account: from.id, device: to.id, text, options }),
    sendContent: (from, to, content, options = {}) =>
      call('sendContent', { account: from.id, device: to.id, content, options }),
    next: (account, queue, timeoutMs = WAIT_MS) => call('next', { account: account.id, queue, timeoutMs }),
    async stop() {
      if (!running) return;
      child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
