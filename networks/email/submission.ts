import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Millis } from '../../shared/ids.ts';
import { userOf } from './account-record.ts';
import { inTime, timeFor, WHOLE_MS } from './deadline.ts';
import { isPassed, type Passed } from './guard.ts';
import {
  CONNECT_TIMEOUT_MS,
  ConnectError,
  isCertificateError,
  PERSON_RETRY_MS,
  personFor,
  tlsOptions,
  type Access,
  type ConnectFault,
} from './tls.ts';

/** What became of one attempt to hand a mail over. */
export type Handover =
  | { readonly kind: 'accepted' }
  /** The server said a final no (5xx). */
  | { readonly kind: 'refused'; readonly code: number; readonly enhanced: string | null }
  /** It said "later" (4xx), or there was no connection; nothing was handed over. */
  | { readonly kind: 'later'; readonly why: ConnectError['fault'] }
  /** The connection was lost after the bytes began to flow: the server may or may not have the mail. */
  | { readonly kind: 'ambiguous' };

/** A connection to the submission service, opened when needed and kept a while. */
export interface Submission {
  /** Hands over one mail the guard has passed. One at a time; callers queue. */
  send(mail: Passed): Promise<Handover>;
  close(): void;
}

/** How long an idle connection is kept: servers close them after minutes, and each says who is online. */
const KEEP_MS = 20_000;
const SILENCE_MS = 60_000;

type SmtpError = Error & {
  readonly code?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly response?: string | undefined;
};

/** Nodemailer's own codes, its words about STARTTLS, and OpenSSL's where a server speaks no TLS at all. */
const noTls = /^(?:ETLS|EPROTO) |STARTTLS|SSL routines|wrong version number/i;

function connectFault(error: SmtpError): ConnectError {
  const options = { cause: error };
  if (isCertificateError(error)) return new ConnectError('certificate', options);
  const status = error.responseCode ?? 0;
  if (error.code === 'EAUTH')
    return new ConnectError(status >= 400 && status < 500 ? 'busy' : 'login', options);
  if (noTls.test(`${error.code} ${error.message}`)) return new ConnectError('no-tls', options);
  return new ConnectError(status >= 400 && status < 500 ? 'busy' : 'unreachable', options);
}

/** Opens and signs in. @throws ConnectError */
async function open(
  access: Access,
  wholeMs: Millis,
  ended: (connection: SMTPConnection) => void,
): Promise<SMTPConnection> {
  const { server, address, password } = access;
  // This connection knows no proxies; going around the one the person set would show where they are.
  if (access.proxy !== null) throw new ConnectError('unreachable');
  const connection = new SMTPConnection({
    host: server.host,
    port: server.port,
    secure: server.security === 'tls',
    ...(server.security === 'starttls' ? { requireTLS: true } : {}),
    // The name a client gives in EHLO (RFC 5321 §4.1.1.1) would tell the machine's; Delta Chat says the same.
    name: 'localhost',
    tls: tlsOptions(access),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    dnsTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    // A loopback server is reachable although no other interface is up.
    allowInternalNetworkInterfaces: true,
    logger: false,
  });
  const signIn = async (): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      connection.once('error', reject);
      connection.once('end', () => reject(new Error('ended')));
      connection.connect((error) => (error ? reject(error) : resolve()));
    });
    connection.removeAllListeners('error');
    connection.removeAllListeners('end');
    connection.on('error', () => ended(connection));
    connection.on('end', () => ended(connection));
    await new Promise<void>((resolve, reject) => {
      connection.login({ credentials: { user: userOf(server, address), pass: password } }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  };
  try {
    await inTime(wholeMs, signIn(), () => connection.close());
    return connection;
  } catch (error) {
    connection.on('error', () => undefined);
    connection.close();
    throw error instanceof ConnectError ? error : connectFault(error as SmtpError);
  }
}

/** Signs in and out again: the test of a new account. @throws ConnectError */
export async function verifySubmission(access: Access): Promise<void> {
  const connection = await open(access, WHOLE_MS, () => undefined);
  connection.quit();
}

/** RFC 5321 §4.5.3.2.6: a server may take so long to say whether it takes a mail. */
const TAKE_MS = 10 * 60_000;

/** Makes the submission of one account. Nothing connects before the first mail. `whole`: how long signing in and handing over may take. */
export function createSubmission(
  access: Access,
  whole: { readonly openMs: Millis; readonly takeMs: Millis } = { openMs: WHOLE_MS, takeMs: TAKE_MS },
): Submission {
  let current: Promise<SMTPConnection> | null = null;
  let idle: NodeJS.Timeout | null = null;
  let closed = false;
  // By a clock that nobody sets: one that was ahead, and is put right, would bar for as long as it was.
  let barred: { readonly why: ConnectFault; readonly until: number } | null = null;
  let last: Promise<unknown> = Promise.resolve();

  const forget = (connection: SMTPConnection): void => {
    void current?.then(
      (one) => {
        if (one === connection) current = null;
      },
      () => undefined,
    );
    connection.close();
  };

  async function transmit(mail: Passed): Promise<Handover> {
    if (closed) return { kind: 'later', why: 'unreachable' };
    // What waits behind the first that was refused does not offer the same password once more.
    if (barred !== null && performance.now() < barred.until) return { kind: 'later', why: barred.why };
    let connection: SMTPConnection;
    try {
      current ??= open(access, whole.openMs, forget);
      connection = await current;
    } catch (error) {
      current = null;
      const why = (error as ConnectError).fault;
      barred = personFor(why) === null ? null : { why, until: performance.now() + PERSON_RETRY_MS };
      return { kind: 'later', why };
    }
    let began = false;
    // Read only once the server has answered 354: from then on it may have the mail.
    const bytes = new Readable({
      read() {
        began = true;
        this.push(mail.bytes);
        this.push(null);
      },
    });
    const envelope = { from: mail.from, to: [...mail.to], size: mail.bytes.length };
    const lostNow = (): Handover => (began ? { kind: 'ambiguous' } : { kind: 'later', why: 'unreachable' });
    const handing = new Promise<Handover>((resolve) => {
      const lost = (): void => resolve(lostNow());
      connection.once('error', lost);
      connection.once('end', lost);
      connection.send(envelope, bytes, (error) =>
        resolve(error ? outcome(error, began) : { kind: 'accepted' }),
      );
    });
    const takeMs = timeFor(whole.takeMs, mail.bytes.length);
    const handover = await inTime(takeMs, handing, () => connection.close()).catch(lostNow);
    connection.removeAllListeners('error');
    connection.removeAllListeners('end');
    connection.on('error', () => forget(connection));
    connection.on('end', () => forget(connection));
    // After anything but success the state of the dialogue is not known: a new connection is cheaper than a wrong guess.
    if (handover.kind !== 'accepted') forget(connection);
    return handover;
  }

  return {
    send(mail) {
      if (!isPassed(mail)) throw new Error('a mail that the guard has not passed');
      const run = last.then(async () => {
        if (idle) clearTimeout(idle);
        const handover = await transmit(mail);
        idle = setTimeout(() => void current?.then(quit, () => undefined), KEEP_MS);
        idle.unref();
        return handover;
      });
      last = run.catch(() => undefined);
      return run;
    },
    close() {
      closed = true;
      if (idle) clearTimeout(idle);
      void current?.then(
        (connection) => connection.close(),
        () => undefined,
      );
      current = null;
    },
  };

  function quit(connection: SMTPConnection): void {
    current = null;
    connection.quit();
  }
}

/** RFC 5321 §4.2.1: the first digit decides; RFC 3463: what exactly. No code at all: the connection is gone. */
function outcome(error: SmtpError, began: boolean): Handover {
  const code = error.responseCode ?? 0;
  if (code >= 500 && code < 600) {
    const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(error.response ?? '')?.[1] ?? null;
    // 503 and the like answer a broken dialogue, 535 a lost login: neither is about this mail.
    if (code === 503 || code === 530 || code === 535)
      return { kind: 'later', why: code === 503 ? 'protocol' : 'login' };
    return { kind: 'refused', code, enhanced };
  }
  if (code >= 400 && code < 500) return { kind: 'later', why: 'busy' };
  if (error.code === 'EMESSAGE') return { kind: 'refused', code: 552, enhanced: '5.3.4' };
  return began ? { kind: 'ambiguous' } : { kind: 'later', why: 'unreachable' };
}
