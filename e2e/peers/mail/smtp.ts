import type { Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { Accounts } from './accounts.ts';
import { makeBounce } from './bounce.ts';
import type { Faults } from './faults.ts';
import { checkPolicy } from './policy.ts';
import type { Policy } from './policy.ts';
import type { Recorder, SubmittedMail } from './record.ts';
import type { Wire } from './wire.ts';

/** What becomes of mail to an address nobody logged in as: taken for later, refused at RCPT TO, or bounced. */
export type UnknownRecipients = 'accept' | 'refuse' | 'bounce';

/** Where a mail goes once it is taken. Throws when it could not be handed over. */
export type Deliver = (from: string, to: string, raw: Buffer) => void | Promise<void>;

/** What the submission service needs. */
export interface SmtpService {
  readonly accounts: Accounts;
  readonly faults: Faults;
  readonly recorder: Recorder;
  readonly policy: Policy;
  readonly unknownRecipients: UnknownRecipients;
  readonly maxMailBytes: number;
  readonly deliver: Deliver;
}

const IDLE_LIMIT_MS = 3_600_000;

/** Serves submission (RFC 6409) on wires that already have TLS. Login is required. */
export function createSubmission(service: SmtpService): { serve(wire: Wire): void } {
  const { accounts, faults, recorder } = service;
  const wires = new Map<string, Wire>();
  const addressOf = (id: string): string | null => wires.get(id)?.connection.address ?? null;

  const server = new SMTPServer({
    secure: true,
    secured: true,
    name: 'localhost',
    hideSTARTTLS: true,
    logger: false,
    disableReverseLookup: true,
    socketTimeout: IDLE_LIMIT_MS,
    authMethods: ['PLAIN', 'LOGIN'],
    size: service.maxMailBytes,

    onAuth({ username = '', password }, session, done) {
      const address = username.toLowerCase();
      const refused = faults.take('refuse-login', address, ({ protocol }) => protocol === 'smtp');
      if (refused?.temporary === true) return done(reply(454, 'Temporary authentication failure'));
      const account = refused === null && address !== '' ? accounts.login(address, password ?? '') : null;
      if (account === null) return done(reply(535, 'Wrong user or password'));
      const wire = wires.get(session.id);
      if (wire !== undefined) wire.connection.address = account.address;
      done(null, { user: account.address });
    },

    onMailFrom(_from, session, done) {
      const refused = faults.take('refuse-sender', addressOf(session.id), () => true);
      done(refused === null ? null : reply(refused.code, refused.text ?? 'Sender refused'));
    },

    onRcptTo({ address }, session, done) {
      const refused = faults.take(
        'refuse-recipient',
        addressOf(session.id),
        ({ recipient }) => recipient === undefined || recipient.toLowerCase() === address.toLowerCase(),
      );
      if (refused !== null) return done(reply(refused.code, refused.text ?? 'Recipient refused'));
      if (service.unknownRecipients === 'refuse' && !accounts.has(address))
        return done(reply(550, 'No such user here'));
      done();
    },

    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const mail: SubmittedMail = {
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks),
          at: Date.now(),
        };
        if (stream.sizeExceeded) return done(reply(552, 'Mail too large'));
        finish(mail, wires.get(session.id)).then(
          (error) => done(error, 'queued'),
          (error: unknown) => done(reply(451, String(error))),
        );
      });
    },
  });
  server.on('error', () => undefined);

  /** Takes or refuses a whole mail; an error is the refusal. */
  async function finish(mail: SubmittedMail, wire: Wire | undefined): Promise<Error | null> {
    const address = wire?.connection.address ?? null;
    const refused = faults.take('refuse-data', address, () => true) ?? checkPolicy(service.policy, mail);
    if (refused !== null) return reply(refused.code, refused.text ?? 'Mail refused');
    const dropped = faults.take('drop-data', address, () => true);
    if (dropped?.when === 'before-accept') {
      wire?.cut();
      return null;
    }
    recorder.mail(mail);
    for (const recipient of new Set(mail.to.map((one) => one.toLowerCase()))) await handOver(mail, recipient);
    if (dropped?.when === 'after-accept') wire?.cut();
    if (dropped?.when === 'after-reply') wire?.cutAfterWrite();
    return null;
  }

  async function handOver(mail: SubmittedMail, recipient: string): Promise<void> {
    const domain = recipient.slice(recipient.lastIndexOf('@') + 1);
    const bounced = faults.take('bounce', mail.from.toLowerCase(), (fault) =>
      [recipient, domain].includes(fault.recipient.toLowerCase()),
    );
    if (bounced !== null || (service.unknownRecipients === 'bounce' && !accounts.has(recipient))) {
      // A failure of a failure goes nowhere (RFC 5321 §6.1).
      if (mail.from !== '') await service.deliver('', mail.from, makeBounce(mail, recipient));
      return;
    }
    await service.deliver(mail.from, recipient, mail.raw);
  }

  return {
    serve(wire) {
      const id = String(wire.connection.id);
      wires.set(id, wire);
      wire.on('close', () => wires.delete(id));
      // The wire has every member of a socket that smtp-server uses once TLS is up.
      server.connect(wire as unknown as Socket, { id });
    },
  };
}

/** The lines a server adds on delivery (RFC 5321 §4.4). */
export function traceHeader(from: string, to: string, at: number): Buffer {
  return Buffer.from(
    `Return-Path: <${from}>\r\nDelivered-To: ${to}\r\n` +
      `Received: from localhost by localhost with ESMTPSA; ${new Date(at).toUTCString().replace('GMT', '+0000')}\r\n`,
  );
}

function reply(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code });
}
