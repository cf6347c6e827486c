import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import type { WebSocket } from 'ws';
import { createDelivery } from './delivery.ts';
import { eventFlaw, Event, tagValue } from './event.ts';
import type { Direction, Faults } from './faults.ts';
import { Filter, fits } from './filter.ts';
import type { Limits } from './limits.ts';
import type { Recorder, SeenEvent } from './record.ts';
import type { Store } from './store.ts';

/** What all connections of a relay share. */
export interface Shared {
  readonly url: () => string;
  readonly limits: () => Limits;
  readonly faults: Faults;
  readonly store: Store;
  readonly recorder: Recorder;
  /** Tells every connection of an event that has come in. */
  readonly spread: (event: Event) => void;
}

/** One client connection. */
export interface Session {
  readonly id: number;
  /** Hands over an event to the subscriptions it fits. */
  offer(event: Event): void;
  /** Neither reads nor answers any more, as if the line had gone dead without a word. */
  freeze(): void;
  close(): void;
}

const MINUTE_MS = 60_000;
const AUTH_KIND = 22_242;
const GIFT_WRAP_KIND = 1059;
const AUTH_VALID_SECONDS = 600;

const Subscription = v.tuple([v.literal('REQ'), v.pipe(v.string(), v.minLength(1), v.maxLength(64))]);

/** Serves one WebSocket: NIP-01 and NIP-42, with the faults that are armed. */
export function serve(socket: WebSocket, id: number, shared: Shared): Session {
  const { faults, store, recorder } = shared;
  const subscriptions = new Map<string, readonly Filter[]>();
  const authenticated = new Set<string>();
  const challenge = randomBytes(16).toString('hex');
  let handedOver: number[] = [];

  const cut = (): void => socket.terminate();
  // Frames of one direction pass one after the other, so that a held one holds those behind it.
  const queues: Record<Direction, Promise<void>> = {
    'to-relay': Promise.resolve(),
    'to-client': Promise.resolve(),
  };
  const pass = (direction: Direction, act: () => void): void => {
    queues[direction] = queues[direction].then(async () => {
      const occasion = { connection: id, eventKind: null };
      const same = (fault: { readonly direction: Direction }): boolean => fault.direction === direction;
      await faults.hold('stall', occasion, same)?.released;
      const delay = faults.take('delay', occasion, same);
      if (delay) await new Promise((resolve) => setTimeout(resolve, delay.ms));
      if (faults.room(id, direction)) act();
      else cut();
    });
  };
  const sendText = (text: string): void => pass('to-client', () => socket.send(text));
  const send = (frame: readonly unknown[]): void => sendText(JSON.stringify(frame));
  const delivery = createDelivery(faults, id, send);

  const judge = (event: Event, bytes: number): string | null => {
    const limits = shared.limits();
    if (limits.auth === 'always' && authenticated.size === 0) return 'auth-required: prove an account first';
    if (bytes > limits.maxEventBytes) return 'invalid: event too large';
    const now = Date.now();
    if (event.created_at > now / 1000 + limits.maxFutureSeconds) return 'invalid: created_at too far ahead';
    handedOver = handedOver.filter((at) => at > now - MINUTE_MS);
    if (limits.eventsPerMinute !== null && handedOver.length >= limits.eventsPerMinute)
      return 'rate-limited: slow down';
    handedOver.push(now);
    return null;
  };

  const take = (event: Event): void => {
    if (store.put(event) !== 'older') shared.spread(event);
  };

  const onEvent = (value: unknown, bytes: number): void => {
    const flaw = eventFlaw(value);
    if (flaw === 'shape') return send(['NOTICE', 'invalid: not an event']);
    const event = v.parse(Event, value);
    const occasion = { connection: id, eventKind: event.kind };
    const seen = (verdict: SeenEvent['verdict']): void =>
      recorder.event({ connection: id, event, verdict, at: Date.now() });
    const answer = (accepted: boolean, text: string): void => {
      seen(accepted ? 'accepted' : 'refused');
      send(['OK', event.id, accepted, text]);
    };
    if (flaw === 'signature') return answer(false, 'invalid: id or signature');
    const refuse = faults.take('refuse-event', occasion);
    if (refuse) return answer(false, `${refuse.prefix}: ${refuse.text ?? 'on demand'}`);
    const objection = judge(event, bytes);
    if (objection !== null) return answer(false, objection);
    if (faults.take('lose-event', occasion)) return answer(true, '');
    const silent = faults.take('silent-event', occasion);
    const atCut = faults.take('cut-event', occasion);
    if (silent !== null || (atCut !== null && atCut.when !== 'after-ok')) {
      if (silent?.taken === true || atCut?.when === 'after-taken') take(event);
      seen('silent');
      if (atCut) cut();
      return;
    }
    const duplicate = store.has(event.id);
    if (!duplicate) take(event);
    answer(true, duplicate ? 'duplicate: have it' : '');
    if (atCut) pass('to-client', cut);
  };

  const mayRead = (filters: readonly Filter[]): boolean => {
    const { auth } = shared.limits();
    if (auth === 'never') return true;
    if (auth === 'always') return authenticated.size > 0;
    return filters.every((filter) => {
      if (filter.kinds && !filter.kinds.includes(GIFT_WRAP_KIND)) return true;
      const recipients = filter['#p'];
      return (
        Array.isArray(recipients) &&
        recipients.length > 0 &&
        recipients.every((one) => authenticated.has(one))
      );
    });
  };

  const onRequest = (frame: readonly unknown[]): void => {
    const head = v.safeParse(Subscription, frame.slice(0, 2));
    if (!head.success) return send(['NOTICE', 'invalid: subscription id']);
    const [, name] = head.output;
    const read = v.safeParse(v.pipe(v.array(Filter), v.minLength(1)), frame.slice(2));
    const closed = (why: string): void => {
      subscriptions.delete(name);
      send(['CLOSED', name, why]);
    };
    if (!read.success) return closed('invalid: filter');
    const limits = shared.limits();
    const close = faults.take('close-subscription', { connection: id, eventKind: null });
    if (close) return closed(`${close.prefix}: ${close.text ?? 'on demand'}`);
    if (read.output.length > limits.maxFilters) return closed('error: too many filters');
    if (!subscriptions.has(name) && subscriptions.size >= limits.maxSubscriptions)
      return closed('error: too many subscriptions');
    if (!mayRead(read.output)) return closed('auth-required: prove the account first');
    subscriptions.set(name, read.output);
    for (const event of store.query(read.output, limits.maxLimit)) delivery.give(name, event, false);
    if (!faults.take('no-eose', { connection: id, eventKind: null })) send(['EOSE', name]);
  };

  const onAuth = (value: unknown): void => {
    if (eventFlaw(value) === 'shape') return send(['NOTICE', 'invalid: not an event']);
    const event = v.parse(Event, value);
    const good =
      eventFlaw(value) === null &&
      event.kind === AUTH_KIND &&
      tagValue(event, 'challenge') === challenge &&
      tagValue(event, 'relay') === shared.url() &&
      Math.abs(event.created_at - Date.now() / 1000) < AUTH_VALID_SECONDS;
    if (good) authenticated.add(event.pubkey);
    send(['OK', event.id, good, good ? '' : 'restricted: proof refused']);
  };

  const onFrame = (text: string): void => {
    recorder.frame({ connection: id, authenticated: [...authenticated], text, at: Date.now() });
    const occasion = { connection: id, eventKind: null };
    const garbage = faults.take('garbage', occasion);
    if (garbage) sendText(garbage.text);
    const oversized = faults.take('oversized', occasion);
    if (oversized) sendText(`["NOTICE","${'x'.repeat(Math.max(0, oversized.bytes - 13))}"]`);
    const notice = faults.take('notice', occasion);
    if (notice) send(['NOTICE', notice.text]);
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      return send(['NOTICE', 'invalid: not JSON']);
    }
    if (!Array.isArray(frame)) return send(['NOTICE', 'invalid: not a list']);
    const [verb, second] = frame as readonly unknown[];
    if (verb === 'EVENT') onEvent(second, Buffer.byteLength(JSON.stringify(second ?? null)));
    else if (verb === 'REQ') onRequest(frame);
    else if (verb === 'CLOSE') subscriptions.delete(String(second));
    else if (verb === 'AUTH') onAuth(second);
    else send(['NOTICE', 'invalid: unknown verb']);
  };

  socket.on('message', (data, binary) => {
    if (binary) return send(['NOTICE', 'invalid: binary frame']);
    pass('to-relay', () => onFrame(Buffer.from(data as Buffer).toString('utf8')));
  });
  // Its end is told by `close`.
  socket.on('error', () => undefined);
  if (shared.limits().auth !== 'never') send(['AUTH', challenge]);

  return {
    id,
    offer(event) {
      for (const [name, filters] of subscriptions)
        if (filters.some((filter) => fits(filter, event))) delivery.give(name, event, true);
    },
    freeze: () => socket.pause(),
    close: cut,
  };
}
