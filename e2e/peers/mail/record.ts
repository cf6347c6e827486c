import type { Connection, Protocol } from './connection.ts';

/** A mail as a client submitted it; `from` and `to` are the envelope, `at` is epoch ms. */
export interface SubmittedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: Buffer;
  readonly at: number;
}

/** All bytes one connection sent after TLS, and whose it was. */
export interface RequestStream {
  readonly protocol: Protocol;
  readonly connection: number;
  readonly address: string | null;
  readonly openedAt: number;
  readonly bytes: Buffer;
}

/** An IMAP command as it was read: tag left out, literals as `{size}`, credentials left out. */
export interface SeenCommand {
  readonly connection: number;
  readonly address: string | null;
  readonly text: string;
  readonly at: number;
}

/** Which submitted mail is meant; every given field must fit. */
export interface MailMatch {
  readonly from?: string;
  readonly to?: string;
  /** A string the raw mail contains. */
  readonly containing?: string;
  /** Leave out this many of the first mails of the record. */
  readonly skip?: number;
}

/** Which IMAP command is meant; every given field must fit. */
export interface CommandMatch {
  readonly address?: string;
  /** What the command begins with, in any case, e.g. `IDLE` or `UID FETCH 1:*`. */
  readonly text: string;
  /** Leave out this many of the first commands of the record. */
  readonly skip?: number;
}

/** What a server saw since it started or since `clear`. */
export interface MailRecord {
  requests(): readonly RequestStream[];
  mails(): readonly SubmittedMail[];
  commands(): readonly SeenCommand[];
  /** A submitted mail that fits, at once when it was seen before. Throws after `timeoutMs`. */
  waitForMail(match: MailMatch, timeoutMs?: number): Promise<SubmittedMail>;
  /** An IMAP command that fits, at once when it was seen before. Throws after `timeoutMs`. */
  waitForCommand(match: CommandMatch, timeoutMs?: number): Promise<SeenCommand>;
  clear(): void;
}

/** The side of the record that the services write. */
export interface Recorder {
  readonly record: MailRecord;
  received(connection: Connection, chunk: Buffer): void;
  command(connection: Connection, text: string): void;
  mail(mail: SubmittedMail): void;
}

const DEFAULT_WAIT_MS = 15_000;

interface Journal<T> {
  readonly entries: T[];
  add(entry: T): void;
  waitFor(what: string, fits: (entry: T) => boolean, skip: number, timeoutMs: number): Promise<T>;
}

/** An empty record. */
export function createRecorder(): Recorder {
  const mails = createJournal<SubmittedMail>();
  const commands = createJournal<SeenCommand>();
  const streams = new Map<number, { readonly connection: Connection; readonly chunks: Buffer[] }>();

  return {
    received(connection, chunk) {
      const stream = streams.get(connection.id) ?? { connection, chunks: [] };
      stream.chunks.push(chunk);
      streams.set(connection.id, stream);
    },
    command: ({ id, address }, text) => commands.add({ connection: id, address, text, at: Date.now() }),
    mail: (mail) => mails.add(mail),
    record: {
      requests: () =>
        [...streams.values()].map(({ connection, chunks }) => ({
          protocol: connection.protocol,
          connection: connection.id,
          address: connection.address,
          openedAt: connection.openedAt,
          bytes: Buffer.concat(chunks),
        })),
      mails: () => [...mails.entries],
      commands: () => [...commands.entries],
      waitForMail: (match, timeoutMs = DEFAULT_WAIT_MS) =>
        mails.waitFor(
          `mail ${JSON.stringify(match)}`,
          (mail) => fitsMail(mail, match),
          match.skip ?? 0,
          timeoutMs,
        ),
      waitForCommand: (match, timeoutMs = DEFAULT_WAIT_MS) =>
        commands.waitFor(
          `IMAP command ${JSON.stringify(match)}`,
          ({ address, text }) =>
            text.toUpperCase().startsWith(match.text.toUpperCase()) &&
            (match.address === undefined || match.address.toLowerCase() === address),
          match.skip ?? 0,
          timeoutMs,
        ),
      clear() {
        streams.clear();
        mails.entries.length = 0;
        commands.entries.length = 0;
      },
    },
  };
}

function fitsMail(mail: SubmittedMail, match: MailMatch): boolean {
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  const { from, to, containing } = match;
  return (
    (from === undefined || same(mail.from, from)) &&
    (to === undefined || mail.to.some((one) => same(one, to))) &&
    (containing === undefined || mail.raw.includes(containing))
  );
}

function createJournal<T>(): Journal<T> {
  const entries: T[] = [];
  const waiting = new Set<() => void>();
  return {
    entries,
    add(entry) {
      entries.push(entry);
      for (const look of waiting) look();
    },
    waitFor(what, fits, skip, timeoutMs) {
      return new Promise((resolve, reject) => {
        let next = skip;
        const stop = (): void => {
          clearTimeout(timer);
          waiting.delete(look);
        };
        const look = (): void => {
          for (; next < entries.length; next += 1) {
            const entry = entries[next];
            if (entry === undefined || !fits(entry)) continue;
            stop();
            resolve(entry);
            return;
          }
        };
        const timer = setTimeout(() => {
          stop();
          reject(new Error(`not seen within ${timeoutMs} ms: ${what}`));
        }, timeoutMs);
        waiting.add(look);
        look();
      });
    },
  };
}
