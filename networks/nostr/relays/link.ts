import type { Millis } from '../../../shared/ids.ts';
import { guard, type Identity, type Operation, type Passed } from '../guard.ts';
import type { PublicKey } from '../keys.ts';
import type { RelayUrl } from '../relay-url.ts';
import { createAnswers } from './answers.ts';
import { requestOf } from './ask.ts';
import { failuresBefore, pauseAfter } from './back-off.ts';
import { readRelayFrame, type RelayCode, type RelayFrame } from './frame.ts';
import { fetchInformation, type RelayInformation } from './information.ts';
import type { LinkState, RelayOutcome } from './pool.ts';
import { createQueue } from './queue.ts';
import { barOf, openSocket, type Reach, type RelayFault, type RelaySocket } from './socket.ts';
import type { Line, Stream } from './stream.ts';

/** What a link needs from the lane. */
export interface LinkContext {
  readonly reach: Reach;
  /** My account: the guard sees to it that it is named only where it must be. */
  readonly account: PublicKey;
  now(): Millis;
  /** Signs the answer to a relay's challenge; null when this identity proves nothing. */
  prove(relay: RelayUrl, identity: Identity, challenge: string): Operation | null;
  /** For the developer's log: codes and numbers. */
  log(event: string, facts: Readonly<Record<string, string | number | boolean>>): void;
}

/** One relay, spoken to as one identity, kept connected as long as something is wanted of it. */
export interface Link {
  readonly relay: RelayUrl;
  readonly identity: Identity;
  publish(frame: Passed, signal: AbortSignal): Promise<RelayOutcome>;
  attach(stream: Stream): void;
  detach(stream: Stream): void;
  state(): LinkState;
  wake(): void;
  close(): void;
}

/** How long an event waits for a connection. */
const CONNECT_WAIT_MS = 20_000;
/** A connection nobody wants is closed after this. */
const IDLE_MS = 60_000;
/** A request that the relay has ended for now is made again after this. */
const ASK_AGAIN_MS = 15_000;
/** Every relay takes frames of this size; larger ones are not sent before it has said what it takes. */
const UNASKED_BYTES = 16 * 1024;
const passing: ReadonlySet<RelayCode> = new Set(['rate-limited', 'error', 'other']);

/** Opens nothing before something is wanted. */
export function createLink(relay: RelayUrl, identity: Identity, context: LinkContext): Link {
  const streams = new Set<Stream>();
  const answers = createAnswers();
  const publishing = new Map<string, Promise<RelayOutcome>>();
  const stopping = new AbortController();
  const bar = barOf(relay, context.reach);
  let socket: RelaySocket | null = null;
  let connecting = false;
  let failures = 0;
  /** When the connection was made, and whether it has given all that was stored for some request. */
  let connection = { openedAt: 0, served: false };
  let offline: { readonly fault: RelayFault; readonly retryAt: Millis } | null = null;
  let retry: NodeJS.Timeout | undefined;
  let idle: NodeJS.Timeout | undefined;
  let challenge: string | null = null;
  let proving: Promise<boolean> | null = null;
  let information: Promise<RelayInformation | null> | null = null;
  /** Streams that have asked again after a proof on this connection. */
  let askedAgain = new Set<Stream>();
  let changed = Promise.withResolvers<void>();

  const notify = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const wanted = (): boolean => streams.size > 0 || publishing.size > 0;

  /** The only way to the wire: through the guard. */
  const say = (operation: Operation): void => {
    const checked = guard(operation);
    if (checked.kind === 'pass') socket?.send(checked.frame);
    else context.log('guard-stop', { operation: operation.kind, why: checked.why });
  };
  const line = (stream: Stream): Line => ({
    request: (subscription, range) => say(requestOf(stream.ask, range, subscription, context.account)),
    close: (subscription) => say({ kind: 'close', text: JSON.stringify(['CLOSE', subscription]) }),
  });

  /** Proves the identity to this connection, once. */
  const prove = (): Promise<boolean> => {
    proving ??= (async () => {
      const operation = challenge === null ? null : context.prove(relay, identity, challenge);
      const checked = operation && guard(operation);
      if (checked?.kind !== 'pass' || checked.frame.event === null || socket === null) return false;
      const answer = answers.to(checked.frame.event);
      socket.send(checked.frame);
      const got = await answer;
      return got !== 'none' && got.accepted;
    })();
    return proving;
  };

  const onClosed = async (stream: Stream, subscription: string, code: RelayCode): Promise<void> => {
    const at = socket;
    const openAgain = (): void => {
      if (at !== null && socket === at && streams.has(stream)) stream.open(line(stream));
    };
    if (code === 'auth-required' && !askedAgain.has(stream)) {
      askedAgain.add(stream);
      if (await prove()) return openAgain();
    }
    stream.refused(subscription, code);
    if (passing.has(code)) setTimeout(openAgain, ASK_AGAIN_MS).unref();
  };

  const work = async (frame: RelayFrame): Promise<void> => {
    if (frame.kind !== 'event' && frame.kind !== 'eose' && frame.kind !== 'closed') return;
    const stream = [...streams].find((one) => one.owns(frame.subscription));
    if (stream === undefined) return;
    if (frame.kind === 'event') await stream.event(frame.subscription, frame.event);
    else if (frame.kind === 'eose') {
      connection.served = true;
      stream.stored(frame.subscription);
    } else await onClosed(stream, frame.subscription, frame.code);
  };

  /** Takes the text of one connection: answers at once, the rest in order. */
  const createReader = (): ((text: string) => void) => {
    const queue = createQueue({
      work,
      fault: (error) => context.log('relay-work', { error: error instanceof Error ? error.name : 'unknown' }),
      pause: () => socket?.pause(),
      resume: () => socket?.resume(),
      stopped: () => stopping.signal.aborted,
    });
    return (text) => {
      const frame = readRelayFrame(text);
      if (frame?.kind === 'auth') challenge = frame.challenge;
      else if (frame?.kind === 'ok') answers.got(frame.event, frame);
      else if (frame !== null && frame.kind !== 'notice') queue(frame, text.length);
    };
  };

  const onEnd = (fault: RelayFault | null): void => {
    answers.end();
    if (fault !== null && !stopping.signal.aborted) {
      failures += 1;
      const ms = pauseAfter(fault, failures);
      offline = { fault, retryAt: context.now() + ms };
      context.log('relay-ended', { fault, failures, retryMs: ms });
      retry = setTimeout(() => void connect(), ms);
      for (const stream of streams) stream.broken();
    }
    notify();
    // Closed because nobody wanted it; somebody may want it by now.
    if (fault === null) void connect();
  };

  const connect = async (): Promise<void> => {
    if (bar !== null || socket !== null || connecting || stopping.signal.aborted || !wanted()) return;
    connecting = true;
    clearTimeout(retry);
    [offline, challenge, proving, askedAgain] = [null, null, null, new Set()];
    const opened = await openSocket(relay, identity, context.reach, createReader(), stopping.signal);
    connecting = false;
    if (typeof opened === 'string') return onEnd(opened);
    socket = opened;
    connection = { openedAt: Date.now(), served: false };
    void opened.ended.then((fault) => {
      socket = null;
      const { openedAt, served } = connection;
      failures = failuresBefore(failures, { heldMs: Date.now() - openedAt, served });
      onEnd(fault);
    });
    for (const stream of streams) stream.open(line(stream));
    notify();
    rest();
  };

  /** Closes a connection that nobody has wanted for a while. */
  const rest = (): void => {
    clearTimeout(idle);
    if (wanted()) return;
    idle = setTimeout(() => {
      if (!wanted()) socket?.close();
    }, IDLE_MS);
    idle.unref();
  };

  /** The connection, once it stands; else why not. */
  const online = async (signal: AbortSignal): Promise<RelaySocket | RelayFault> => {
    const deadline = Date.now() + CONNECT_WAIT_MS;
    for (;;) {
      if (socket !== null) return socket;
      const left = deadline - Date.now();
      if (bar !== null) return bar;
      // No attempt is due in time: what the last one failed with stands.
      if (offline !== null && offline.retryAt - context.now() > left) return offline.fault;
      if (left <= 0 || signal.aborted || stopping.signal.aborted) return 'unreachable';
      const waited = Promise.withResolvers<void>();
      const timer = setTimeout(waited.resolve, left);
      const abort = (): void => waited.resolve();
      signal.addEventListener('abort', abort, { once: true });
      await Promise.race([changed.promise, waited.promise]);
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  };

  const hand = async (frame: Passed, id: string, signal: AbortSignal): Promise<RelayOutcome> => {
    const bytes = Buffer.byteLength(frame.text, 'utf8');
    if (bytes > UNASKED_BYTES && bar === null) {
      information ??= fetchInformation(relay, context.reach);
      const most = (await information)?.maxMessageBytes ?? null;
      // Without an answer the relay is asked again the next time.
      if (most === null) information = null;
      else if (bytes > most) return { kind: 'too-large', most };
    }
    for (let again = false; ; again = true) {
      const at = await online(signal);
      if (typeof at === 'string') return { kind: 'offline', fault: at };
      const answer = answers.to(id);
      at.send(frame);
      const got = await answer;
      if (got === 'none') return { kind: 'ambiguous' };
      if (got.accepted) return { kind: 'accepted' };
      if (got.code !== 'auth-required' || again || !(await prove()))
        return { kind: 'refused', code: got.code };
    }
  };

  return {
    relay,
    identity,
    publish(frame, signal) {
      const id = frame.event;
      if (id === null) throw new Error('a frame without an event');
      const known = publishing.get(id);
      if (known !== undefined) return known;
      const outcome = hand(frame, id, signal).finally(() => {
        publishing.delete(id);
        rest();
      });
      publishing.set(id, outcome);
      void connect();
      return outcome;
    },
    attach(stream) {
      streams.add(stream);
      if (socket !== null) stream.open(line(stream));
      else if (bar !== null) stream.broken();
      else void connect();
    },
    detach(stream) {
      if (!streams.delete(stream)) return;
      stream.close();
      rest();
    },
    state() {
      if (bar !== null) return { kind: 'barred', fault: bar };
      if (socket !== null) return { kind: 'online' };
      if (connecting) return { kind: 'connecting' };
      return offline === null ? { kind: 'idle' } : { kind: 'offline', ...offline };
    },
    wake() {
      failures = 0;
      void connect();
    },
    close() {
      stopping.abort();
      clearTimeout(retry);
      clearTimeout(idle);
      socket?.close();
      answers.end();
      notify();
    },
  };
}
