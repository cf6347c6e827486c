import type { Account, Accounts } from './accounts.ts';
import type { Faults } from './faults.ts';
import { createFramer, parseLine, textOf } from './imap-syntax.ts';
import type { FrameEvent, Segment, Value } from './imap-syntax.ts';
import type { Selected } from './imap-selection.ts';
import type { Recorder } from './record.ts';
import type { Wire } from './wire.ts';

/** What all IMAP sessions of a server share. */
export interface ImapService {
  readonly accounts: Accounts;
  readonly faults: Faults;
  readonly recorder: Recorder;
  /** Space-separated, as announced. */
  readonly capabilities: string;
  readonly quotaBytes: number;
  /** IMAP METADATA of the server itself (RFC 5464). */
  readonly metadata: ReadonlyMap<string, string>;
}

/** The tagged answer to a command. */
export interface Reply {
  readonly status: 'OK' | 'NO' | 'BAD';
  readonly text: string;
}

/** One IMAP connection. */
export interface ImapSession {
  readonly service: ImapService;
  readonly wire: Wire;
  account: Account | null;
  selected: Selected | null;
  /** Sends one untagged or continuation line; the line end is added. */
  send(line: string): void;
  sendBytes(bytes: Buffer): void;
  /** Resolves once the client keeps up; also when the connection is gone. */
  drained(): Promise<void>;
}

/** Runs one command and gives its tagged answer. `name` is upper case, with `UID ` in front where it was. */
export type RunCommand = (
  session: ImapSession,
  name: string,
  args: readonly Value[],
) => Reply | Promise<Reply>;

const OK = (text: string): Reply => ({ status: 'OK', text });

/**
 * Serves IMAP4rev1 on a wire until it closes. Commands run strictly one after another. IDLE, AUTHENTICATE and LOGOUT,
 * which change how the stream itself is read, live here; `run` has all others.
 */
export function serveImap(wire: Wire, service: ImapService, run: RunCommand): void {
  const { faults, recorder, capabilities } = service;
  const framer = createFramer();
  const events: FrameEvent[] = [];
  let busy = false;
  let muted = false;
  let expects:
    { readonly kind: 'command' } | { readonly kind: 'done' | 'credentials'; readonly tag: string } = {
    kind: 'command',
  };

  const session: ImapSession = {
    service,
    wire,
    account: null,
    selected: null,
    send: (line) => session.sendBytes(Buffer.from(`${line}\r\n`)),
    sendBytes: (bytes) => {
      if (!muted && !wire.destroyed && wire.writable) wire.write(bytes);
    },
    drained: () =>
      wire.writableNeedDrain && !wire.destroyed
        ? new Promise((resolve) => {
            const done = (): void => {
              wire.off('drain', done).off('close', done);
              resolve();
            };
            wire.on('drain', done).on('close', done);
          })
        : Promise.resolve(),
  };
  const answer = (tag: string, { status, text }: Reply): void => session.send(`${tag} ${status} ${text}`);

  const authenticate = (tag: string, response: string): void => {
    const [, user = '', password = ''] = Buffer.from(response, 'base64').toString('utf8').split('\0');
    answer(tag, login(session, user, password));
  };

  const command = async (segments: readonly Segment[]): Promise<void> => {
    const parsed = parseLine(segments);
    if (parsed.kind === 'malformed') return session.send(`* BAD ${parsed.why}`);
    const [tagValue, nameValue, ...args] = parsed.values;
    const tag = tagValue?.kind === 'atom' ? tagValue.text : null;
    if (tag === null || nameValue?.kind !== 'atom') return session.send('* BAD no tag and command');
    let name = nameValue.text.toUpperCase();
    if (name === 'UID') name += ` ${textOf(args.shift())?.toUpperCase() ?? ''}`;
    recorder.command(wire.connection, describe(name, segments));

    const fits = (fault: { readonly command?: string }): boolean =>
      fault.command === undefined || fault.command.toUpperCase() === name;
    const { address } = wire.connection;
    const refused = faults.take('refuse-command', address, fits);
    if (refused !== null) {
      return answer(tag, { status: refused.status, text: refused.text ?? 'refused by the test' });
    }
    const dropped = faults.take('drop-command', address, fits);
    if (dropped?.when === 'before-effect') return wire.cut();
    const garbage = faults.take('garbage', address, fits);
    if (garbage !== null) session.sendBytes(Buffer.from(garbage.bytes, 'latin1'));
    muted = dropped !== null;

    if (name === 'IDLE') {
      if (session.account === null) return answer(tag, { status: 'BAD', text: 'not authenticated' });
      // Delta Chat core loses untagged data that comes before the continuation line.
      session.send('+ idling');
      expects = { kind: 'done', tag };
      session.selected?.announceAtOnce(true);
    } else if (name === 'AUTHENTICATE') {
      const initial = textOf(args[1]);
      if (textOf(args[0])?.toUpperCase() !== 'PLAIN') answer(tag, { status: 'NO', text: 'only PLAIN' });
      else if (initial !== null) authenticate(tag, initial);
      else {
        expects = { kind: 'credentials', tag };
        session.send('+ ');
      }
    } else if (name === 'LOGOUT') {
      session.send('* BYE');
      answer(tag, OK('bye'));
      wire.end();
    } else {
      answer(tag, await run(session, name, args));
    }
    if (dropped !== null) wire.cut();
  };

  const handle = async (event: FrameEvent): Promise<void> => {
    if (event.kind === 'continue') return session.send('+ OK');
    if (event.kind === 'overflow') {
      session.send(`* BYE ${event.what} too long`);
      wire.end();
      return;
    }
    if (expects.kind === 'command') {
      if (event.segments.every(({ bytes }) => bytes.length === 0)) return;
      return command(event.segments);
    }
    const { kind, tag } = expects;
    const line = event.segments.map(({ bytes }) => bytes.toString('latin1')).join('');
    expects = { kind: 'command' };
    if (kind === 'credentials') return authenticate(tag, line);
    session.selected?.announceAtOnce(false);
    answer(tag, /^done$/i.test(line) ? OK('idle ended') : { status: 'BAD', text: 'expected DONE' });
  };

  const work = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    for (let event = events.shift(); event !== undefined && !wire.destroyed; event = events.shift()) {
      await handle(event);
    }
    busy = false;
  };

  wire.on('data', (chunk: Buffer) => {
    events.push(...framer.push(chunk));
    void work();
  });
  wire.on('end', () => wire.end());
  wire.on('close', () => session.selected?.close());
  session.send(`* OK [CAPABILITY ${capabilities}] ready`);
}

/** Logs a session in, unless a fault or the password says no. */
export function login(session: ImapSession, user: string, password: string): Reply {
  const { service, wire } = session;
  const address = user.toLowerCase();
  const refused = service.faults.take('refuse-login', address, ({ protocol }) => protocol === 'imap');
  if (refused?.temporary === true) return { status: 'NO', text: '[UNAVAILABLE] try again later' };
  const account = refused === null && address !== '' ? service.accounts.login(address, password) : null;
  if (account === null) return { status: 'NO', text: '[AUTHENTICATIONFAILED] wrong user or password' };
  session.account = account;
  wire.connection.address = account.address;
  return OK(`[CAPABILITY ${service.capabilities}] logged in`);
}

function describe(name: string, segments: readonly Segment[]): string {
  if (name === 'LOGIN' || name === 'AUTHENTICATE') return name;
  const text = segments
    .map(({ kind, bytes }) => (kind === 'literal' ? `{${bytes.length}}` : bytes.toString('utf8')))
    .join('');
  return text.slice(text.indexOf(' ') + 1);
}
