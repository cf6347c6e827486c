import { ImapFlow } from 'imapflow';
import type { Millis } from '../../shared/ids.ts';
import { userOf } from './account-record.ts';
import { inTime, timeFor, WHOLE_MS } from './deadline.ts';
import { CONNECT_TIMEOUT_MS, ConnectError, isCertificateError, tlsOptions, type Access } from './tls.ts';

/** Larger mails are left on the server. Bytes. */
export const MAX_MAIL_BYTES = 40 * 1024 * 1024;
/** No answer of a server may be larger: a mail of the largest size, with room for what frames it. */
const MAX_LITERAL_BYTES = MAX_MAIL_BYTES + 64 * 1024;
/** Silence of a server that has something to answer. */
const SILENCE_MS = 60_000;
/** RFC 2177 asks to renew IDLE at least every 29 minutes; middle boxes forget connections sooner. */
const IDLE_RENEW_MS = 4 * 60_000;

/** A mail as far as it is known before its body is fetched. */
export interface MailHeader {
  readonly uid: number;
  /** RFC822.SIZE, as the server says. */
  readonly size: number;
  /** When it arrived at the server. */
  readonly arrivedAt: Millis;
  /** The header fields asked for. */
  readonly header: Uint8Array;
}

/** The fields that decide what becomes of a mail. */
export const headerNames = [
  'From',
  'Subject',
  'Date',
  'Message-ID',
  'Content-Type',
  'Chat-Version',
  'Chat-Is-Post-Message',
  'Autocrypt',
  'Secure-Join',
  'List-Id',
] as const;

/** The INBOX, opened for reading only (EXAMINE): nothing in it is ever marked, moved or deleted. */
export interface Inbox {
  readonly uidValidity: number;
  readonly uidNext: number;
  /** UIDs above `uid`, ascending. */
  newerThan(uid: number): Promise<readonly number[]>;
  headers(uids: readonly number[]): Promise<readonly MailHeader[]>;
  /** Whole mails by UID; what vanished meanwhile is missing. Cut at {@link MAX_MAIL_BYTES} and one. */
  bodies(uids: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>>;
  /** Resolves when something may have arrived since the last call of {@link newerThan}. Rejects when the connection ends. */
  changed(): Promise<void>;
  close(): void;
}

type ImapError = Error & {
  readonly authenticationFailed?: boolean;
  readonly serverResponseCode?: string;
  readonly tlsFailed?: boolean;
  readonly code?: string;
};

/** RFC 5530: the account is fine, the service is not. */
const temporary: ReadonlySet<string> = new Set([
  'UNAVAILABLE',
  'INUSE',
  'LIMIT',
  'SERVERBUG',
  'CONTACTADMIN',
]);

function connectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  const { authenticationFailed, serverResponseCode, tlsFailed, code } = error as ImapError;
  const options = { cause: error };
  if (isCertificateError(error)) return new ConnectError('certificate', options);
  if (authenticationFailed)
    return new ConnectError(temporary.has(serverResponseCode ?? '') ? 'busy' : 'login', options);
  if (tlsFailed || code?.startsWith('ERR_SSL') || code === 'EPROTO')
    return new ConnectError('no-tls', options);
  if (code === 'LiteralTooLarge' || code === 'LineTooLarge' || code === 'ResponseTooLarge')
    return new ConnectError('protocol', options);
  return new ConnectError('unreachable', options);
}

/** What headers and lists of numbers may come to, in bytes; how long they may take goes by it. */
const ANSWER_BYTES = 256 * 1024;

const sequence = (uids: readonly number[]): string => uids.join(',');

/**
 * Signs in and opens the INBOX read-only.
 * @param signal ends the connection, also while it is being made.
 * @param wholeMs how long it may take, and any command beside the time its answer needs.
 * @throws ConnectError
 */
export async function openInbox(
  access: Access,
  signal: AbortSignal,
  wholeMs: Millis = WHOLE_MS,
): Promise<Inbox> {
  const { server, address, password, proxy } = access;
  const client = new ImapFlow({
    host: server.host,
    port: server.port,
    secure: server.security === 'tls',
    ...(server.security === 'starttls' ? { doSTARTTLS: true } : {}),
    auth: { user: userOf(server, address), pass: password },
    tls: tlsOptions(access),
    ...(proxy === null ? {} : { proxy }),
    logger: false,
    // No name, version or system: the server learns nothing about this machine it does not need.
    clientInfo: { name: 'Plainseal', version: false, vendor: false, os: false },
    disableAutoIdle: true,
    disableCompression: true,
    maxIdleTime: IDLE_RENEW_MS,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    maxLiteralSize: MAX_LITERAL_BYTES,
    maxLineLength: 1024 * 1024,
    maxResponseSize: MAX_LITERAL_BYTES + 1024 * 1024,
  });
  let news = false;
  let wake: (() => void) | null = null;
  let ended: ConnectError | null = null;
  const stir = (): void => {
    news = true;
    wake?.();
  };
  const end = (error: unknown): void => {
    ended ??= connectError(error);
    wake?.();
  };
  // A closed connection says least; what came before or after it may say why.
  const worse = (fault: ConnectError): ConnectError =>
    fault.fault === 'unreachable' ? (ended ?? fault) : fault;
  client.on('exists', stir);
  client.on('error', end);
  client.on('close', () => end(new ConnectError('unreachable')));
  const abort = (): void => client.close();
  signal.addEventListener('abort', abort, { once: true });

  const asking = async <T>(ask: () => Promise<T>, bytes = ANSWER_BYTES): Promise<T> => {
    if (ended) throw ended;
    try {
      return await inTime(timeFor(wholeMs, bytes), ask(), () => client.close());
    } catch (error) {
      throw worse(connectError(error));
    }
  };

  try {
    signal.throwIfAborted();
    const opening = client.connect().then(() => client.mailboxOpen('INBOX', { readOnly: true }));
    const mailbox = await inTime(wholeMs, opening, () => client.close());
    return {
      uidValidity: Number(mailbox.uidValidity),
      uidNext: mailbox.uidNext,
      newerThan: (uid) =>
        asking(async () => {
          news = false;
          const found = await client.search({ uid: `${uid + 1}:*` }, { uid: true });
          if (!Array.isArray(found)) throw new ConnectError('protocol');
          // "n:*" always names the last mail, even one below n (RFC 3501 §6.4.8).
          return [...new Set(found.filter((one) => one > uid))].toSorted((a, b) => a - b);
        }),
      headers: (uids) =>
        asking(async () => {
          const found: MailHeader[] = [];
          const query = { uid: true, size: true, internalDate: true, headers: [...headerNames] };
          for (const mail of await client.fetchAll(sequence(uids), query, { uid: true })) {
            if (!uids.includes(mail.uid)) continue;
            found.push({
              uid: mail.uid,
              size: mail.size ?? 0,
              arrivedAt: new Date(mail.internalDate ?? 0).getTime() || 0,
              header: mail.headers ?? new Uint8Array(0),
            });
          }
          return found.toSorted((a, b) => a.uid - b.uid);
        }),
      bodies: (uids) =>
        asking(async () => {
          const found = new Map<number, Uint8Array>();
          const query = { uid: true, source: { start: 0, maxLength: MAX_MAIL_BYTES + 1 } };
          for (const mail of await client.fetchAll(sequence(uids), query, { uid: true }))
            if (mail.source && uids.includes(mail.uid)) found.set(mail.uid, mail.source);
          return found;
        }, MAX_MAIL_BYTES),
      async changed() {
        if (ended) throw ended;
        if (news) return;
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        // IDLE at once; the next command ends it. A server that fails it closes the connection or will be asked again.
        client.idle().catch(end);
        await woken;
        wake = null;
        if (ended) throw ended;
      },
      close() {
        signal.removeEventListener('abort', abort);
        client.close();
      },
    };
  } catch (error) {
    signal.removeEventListener('abort', abort);
    client.close();
    throw worse(connectError(error));
  }
}
