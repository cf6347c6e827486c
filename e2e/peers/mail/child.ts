import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import type { CertificateFlaw } from '../certificate.ts';
import { AnswerLine, Answers, ReadyLine } from './control.ts';
import type { Call, StartOptions } from './control.ts';
import type { ArmOptions, Fault } from './faults.ts';
import type { CommandMatch, MailMatch, RequestStream, SeenCommand, SubmittedMail } from './record.ts';
import type { DeliverOptions, Endpoint, MailboxState } from './server.ts';

/** A fault armed in the other process. */
export interface RemoteFault {
  hits(): Promise<number>;
  /** Resolves when it strikes for the first time. */
  struck(): Promise<void>;
  disarm(): Promise<void>;
}

/** A mail server in a process of its own: what MailServer does, asked over a pipe. Calls throw when it ended. */
export interface MailServerProcess {
  readonly imap: Endpoint;
  readonly smtp: Endpoint;
  /** The authority to trust, PEM. */
  readonly ca: string;
  readonly pid: number;
  deliver(address: string, raw: Uint8Array | string, options?: DeliverOptions): Promise<number>;
  /** Many mails in a few round trips; gives the UIDs. */
  deliverMany(
    address: string,
    raws: readonly (Uint8Array | string)[],
    options?: DeliverOptions,
  ): Promise<readonly number[]>;
  mailbox(address: string, name?: string): Promise<MailboxState>;
  changePassword(address: string, password: string): Promise<void>;
  changeUidValidity(address: string, name?: string): Promise<void>;
  mails(): Promise<readonly SubmittedMail[]>;
  requests(): Promise<readonly RequestStream[]>;
  commands(): Promise<readonly SeenCommand[]>;
  clearRecord(): Promise<void>;
  waitForMail(match: MailMatch, timeoutMs?: number): Promise<SubmittedMail>;
  waitForCommand(match: CommandMatch, timeoutMs?: number): Promise<SeenCommand>;
  arm(fault: Fault, options?: ArmOptions): Promise<RemoteFault>;
  disarmAll(): Promise<void>;
  goOffline(): Promise<void>;
  goOnline(): Promise<void>;
  dropConnections(): Promise<void>;
  /** New connections see a certificate with this flaw, or a good one again. */
  present(flaw: CertificateFlaw): Promise<void>;
  /** Closes its stdin and waits for its end. Harmless when repeated. */
  stop(): Promise<void>;
}

const GRACE_MS = 3_000;
/** Mails per line: reading a line of tens of megabytes takes longer than its mails together. */
const BATCH_MAILS = 100;
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Starts e2e/peers/mail/main.ts with this Node. Throws when it ends before it listens. */
export async function startMailServerProcess(options: StartOptions = {}): Promise<MailServerProcess> {
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
    const error = new Error('the mail server process ended');
    ready.reject(error);
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  });
  // Its end is told by `ended`.
  child.stdin.on('error', () => undefined);
  const write = (line: unknown): void => void child.stdin.write(`${JSON.stringify(line)}\n`);
  write(options);
  const { imap, smtp, ca } = await ready.promise;

  const ask = async <N extends Call['name']>(
    call: Extract<Call, { readonly name: N }>,
  ): Promise<v.InferOutput<(typeof Answers)[N]>> => {
    if (!running) throw new Error('the mail server process ended');
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
  const named = (name?: string): { readonly mailbox?: string } =>
    name === undefined ? {} : { mailbox: name };
  const limited = (timeoutMs?: number): { readonly timeoutMs?: number } =>
    timeoutMs === undefined ? {} : { timeoutMs };
  const deliverMany: MailServerProcess['deliverMany'] = async (address, raws, { flags, ...rest } = {}) => {
    const uids: number[] = [];
    for (let at = 0; at < raws.length; at += BATCH_MAILS) {
      const batch = raws.slice(at, at + BATCH_MAILS).map((raw) => Buffer.from(raw).toString('base64'));
      const deliverOptions = flags === undefined ? rest : { ...rest, flags: [...flags] };
      uids.push(...(await ask({ name: 'deliver', address, raws: batch, options: deliverOptions })));
    }
    return uids;
  };

  return {
    imap,
    smtp,
    ca,
    pid: child.pid ?? 0,
    deliverMany,
    async deliver(address, raw, deliverOptions) {
      const [uid] = await deliverMany(address, [raw], deliverOptions);
      if (uid === undefined) throw new Error('nothing was delivered');
      return uid;
    },
    mailbox: (address, name) => ask({ name: 'mailbox', address, ...named(name) }),
    changePassword: (address, password) => tell({ name: 'changePassword', address, password }),
    changeUidValidity: (address, name) => tell({ name: 'changeUidValidity', address, ...named(name) }),
    mails: () => ask({ name: 'mails' }),
    requests: () => ask({ name: 'requests' }),
    commands: () => ask({ name: 'commands' }),
    clearRecord: () => tell({ name: 'clearRecord' }),
    waitForMail: (match, timeoutMs) => ask({ name: 'waitForMail', match, ...limited(timeoutMs) }),
    waitForCommand: (match, timeoutMs) => ask({ name: 'waitForCommand', match, ...limited(timeoutMs) }),
    async arm(fault, armOptions = {}) {
      const id = await ask({ name: 'arm', fault, options: armOptions });
      return {
        hits: () => ask({ name: 'hits', fault: id }),
        struck: () => tell({ name: 'struck', fault: id }),
        disarm: () => tell({ name: 'disarm', fault: id }),
      };
    },
    disarmAll: () => tell({ name: 'disarmAll' }),
    goOffline: () => tell({ name: 'goOffline' }),
    goOnline: () => tell({ name: 'goOnline' }),
    dropConnections: () => tell({ name: 'dropConnections' }),
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
