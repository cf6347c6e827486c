import type { TLSSocket } from 'node:tls';
import type { Certificate } from '../certificate.ts';
import { createAccounts, mailboxOf } from './accounts.ts';
import type { KnownAccount } from './accounts.ts';
import type { Connection, Protocol } from './connection.ts';
import { createFaults } from './faults.ts';
import type { Faults } from './faults.ts';
import { IMAP_CAPABILITIES, runImapCommand } from './imap-commands.ts';
import { serveImap } from './imap-session.ts';
import { openListener } from './listener.ts';
import type { Mailbox } from './mailbox.ts';
import type { Policy } from './policy.ts';
import { createRecorder } from './record.ts';
import type { MailRecord } from './record.ts';
import { createSubmission, traceHeader } from './smtp.ts';
import type { UnknownRecipients } from './smtp.ts';
import { openWire } from './wire.ts';

/** How a server is set up. Everything but the certificate has a default. */
export interface MailServerOptions {
  readonly certificate: Certificate;
  /** Users whose password is fixed. Anybody else may log in too; the first password sticks. */
  readonly accounts?: readonly KnownAccount[];
  readonly policy?: Policy;
  /** Announced besides the usual ones, e.g. `XCHATMAIL`. */
  readonly capabilities?: readonly string[];
  /** Not announced although usual, e.g. `IDLE`. The commands still work. */
  readonly withoutCapabilities?: readonly string[];
  readonly unknownRecipients?: UnknownRecipients;
  readonly maxMailBytes?: number;
  readonly quotaBytes?: number;
}

/** Where a service listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** How a mail is put into a mailbox directly. `receivedAt` is epoch ms. */
export interface DeliverOptions {
  readonly mailbox?: string;
  readonly flags?: readonly string[];
  readonly receivedAt?: number;
}

/** A mailbox as it is now. */
export interface MailboxState {
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly mails: readonly MailState[];
}

export interface MailState {
  readonly uid: number;
  readonly raw: Buffer;
  readonly flags: readonly string[];
  readonly receivedAt: number;
}

/** A running mail server. */
export interface MailServer {
  readonly imap: Endpoint;
  readonly smtp: Endpoint;
  /** The authority to trust, PEM. */
  readonly ca: string;
  readonly record: MailRecord;
  readonly faults: Faults;
  /** Puts these exact bytes into a mailbox (a string as UTF-8); gives the UID. Throws when there is no such mailbox. */
  deliver(address: string, raw: Uint8Array | string, options?: DeliverOptions): number;
  /** What is in a mailbox. Throws when there is no such mailbox. */
  mailbox(address: string, name?: string): MailboxState;
  /** Begins a new UIDVALIDITY, numbers the mails anew and ends the sessions that had the mailbox selected. */
  changeUidValidity(address: string, name?: string): void;
  /** Takes another password from now on; sessions that are signed in stay. */
  changePassword(address: string, password: string): void;
  /** Closes every connection of both services and refuses new ones; the ports stay the same. */
  goOffline(): Promise<void>;
  goOnline(): Promise<void>;
  /** Closes every connection of both services. */
  dropConnections(): void;
  /** New connections see this certificate. */
  present(certificate: Certificate): void;
  stop(): Promise<void>;
}

const DEFAULT_MAX_MAIL_BYTES = 100 << 20;
const DEFAULT_QUOTA_BYTES = 1 << 30;

/** Starts an IMAP and a submission service on random loopback ports, TLS from the first byte, all in memory. */
export async function startMailServer(options: MailServerOptions): Promise<MailServer> {
  const { certificate, policy = 'open', unknownRecipients = 'accept' } = options;
  const accounts = createAccounts(options.accounts);
  const faults = createFaults();
  const recorder = createRecorder();
  let lastConnection = 0;

  const requireMailbox = (address: string, name = 'INBOX'): Mailbox => {
    const mailbox = mailboxOf(accounts.open(address), name);
    if (mailbox === undefined) throw new Error(`${address} has no mailbox ${name}`);
    return mailbox;
  };

  const submission = createSubmission({
    accounts,
    faults,
    recorder,
    policy,
    unknownRecipients,
    maxMailBytes: options.maxMailBytes ?? DEFAULT_MAX_MAIL_BYTES,
    deliver: (from, to, raw) => {
      const at = Date.now();
      requireMailbox(to).add(Buffer.concat([traceHeader(from, to, at), raw]), [], at);
    },
  });
  const without = new Set(options.withoutCapabilities);
  const imapService = {
    accounts,
    faults,
    recorder,
    capabilities: [...IMAP_CAPABILITIES, ...(options.capabilities ?? [])]
      .filter((one) => !without.has(one))
      .join(' '),
    quotaBytes: options.quotaBytes ?? DEFAULT_QUOTA_BYTES,
    metadata: new Map<string, string>(),
  };

  const accept = (protocol: Protocol) => (socket: TLSSocket) => {
    lastConnection += 1;
    const connection: Connection = { id: lastConnection, protocol, openedAt: Date.now(), address: null };
    const wire = openWire(socket, connection, faults, (chunk) => recorder.received(connection, chunk));
    if (protocol === 'imap') serveImap(wire, imapService, runImapCommand);
    else submission.serve(wire);
  };
  const imap = await openListener('imap', certificate, faults, accept('imap'));
  const smtp = await openListener('smtp', certificate, faults, accept('smtp'));
  const listeners = [imap, smtp];

  return {
    imap: { host: imap.host, port: imap.port },
    smtp: { host: smtp.host, port: smtp.port },
    ca: certificate.ca,
    record: recorder.record,
    faults,
    deliver: (address, raw, { mailbox, flags, receivedAt } = {}) =>
      requireMailbox(address, mailbox).add(Buffer.from(raw), flags, receivedAt).uid,
    mailbox(address, name) {
      const mailbox = requireMailbox(address, name);
      const mails = mailbox.uids().flatMap((uid) => mailbox.get(uid) ?? []);
      return {
        uidValidity: mailbox.uidValidity(),
        uidNext: mailbox.uidNext(),
        mails: mails.map(({ uid, raw, flags, receivedAt }) => ({ uid, raw, flags: [...flags], receivedAt })),
      };
    },
    changePassword: (address, password) => {
      accounts.open(address).password = password;
    },
    changeUidValidity: (address, name) => requireMailbox(address, name).invalidate(),
    async goOffline() {
      await Promise.all(listeners.map((listener) => listener.goOffline()));
    },
    async goOnline() {
      await Promise.all(listeners.map((listener) => listener.goOnline()));
    },
    dropConnections: () => listeners.forEach((listener) => listener.dropAll()),
    present: (next) => listeners.forEach((listener) => listener.present(next)),
    async stop() {
      faults.disarmAll();
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
}
