import * as v from 'valibot';
import type { CertificateAuthority } from '../certificate.ts';
import { Event } from './event.ts';
import { prefixes } from './faults.ts';
import type { ArmedFault, Fault } from './faults.ts';
import type { Limits } from './limits.ts';
import type { Relay } from './relay.ts';

/**
 * The language between a relay in a process of its own and its driver: JSON lines. The driver's first line is the
 * options, the relay's first line is where it listens; then calls and answers, matched by `id`.
 */
const direction = v.picklist(['to-relay', 'to-client']);
const prefix = v.picklist(prefixes);
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const text = v.exactOptional(v.string());
const flaw = v.picklist(['none', 'other-authority', 'wrong-host', 'expired', 'not-yet-valid']);

const fault = v.variant('kind', [
  v.object({ kind: v.literal('refuse-event'), prefix, text }),
  v.object({ kind: v.literal('silent-event'), taken: v.boolean() }),
  v.object({ kind: v.literal('lose-event') }),
  v.object({ kind: v.literal('cut-event'), when: v.picklist(['before-taken', 'after-taken', 'after-ok']) }),
  v.object({ kind: v.literal('drop-delivery') }),
  v.object({ kind: v.literal('duplicate-delivery'), copies: size }),
  v.object({ kind: v.literal('reorder-delivery'), window: size }),
  v.object({
    kind: v.literal('tamper-delivery'),
    part: v.picklist(['content', 'sig', 'id', 'created_at']),
  }),
  v.object({ kind: v.literal('foreign-delivery'), event: Event }),
  v.object({
    kind: v.literal('chaos'),
    seed: size,
    drop: share,
    duplicate: share,
    late: share,
    lateMs: size,
  }),
  v.object({ kind: v.literal('stall'), direction }),
  v.object({ kind: v.literal('delay'), direction, ms: size }),
  v.object({ kind: v.literal('cut-after'), direction, frames: size }),
  v.object({ kind: v.literal('refuse-connect'), status: size }),
  v.object({ kind: v.literal('stall-connect') }),
  v.object({ kind: v.literal('close-subscription'), prefix, text }),
  v.object({ kind: v.literal('no-eose') }),
  v.object({ kind: v.literal('notice'), text: v.string() }),
  v.object({ kind: v.literal('garbage'), text: v.string() }),
  v.object({ kind: v.literal('oversized'), bytes: size }),
]) satisfies v.GenericSchema<unknown, Fault>;

const limits = v.object({
  maxMessageBytes: v.exactOptional(size),
  maxEventBytes: v.exactOptional(size),
  maxSubscriptions: v.exactOptional(size),
  maxFilters: v.exactOptional(size),
  maxLimit: v.exactOptional(size),
  eventsPerMinute: v.exactOptional(v.nullable(size)),
  maxFutureSeconds: v.exactOptional(size),
  auth: v.exactOptional(v.picklist(['never', 'inbox', 'always'])),
}) satisfies v.GenericSchema<unknown, Partial<Limits>>;

/** The driver's first line. `tls`: false for a relay without TLS, else it makes its own certificate. */
export const StartLine = v.object({
  tls: v.exactOptional(v.boolean()),
  limits: v.exactOptional(limits),
  flaw: v.exactOptional(flaw),
});
export type StartOptions = v.InferInput<typeof StartLine>;

/** The relay's first line. */
export const ReadyLine = v.object({ url: v.string(), ca: v.string() });

const eventMatch = v.object({
  kind: v.exactOptional(size),
  author: text,
  tag: v.exactOptional(v.tuple([v.string(), v.string()])),
  verdict: v.exactOptional(v.picklist(['accepted', 'refused', 'silent'])),
  skip: v.exactOptional(size),
});
const frameMatch = v.object({
  text: v.string(),
  connection: v.exactOptional(size),
  skip: v.exactOptional(size),
});
const armed = v.object({ fault: size });
const timeoutMs = v.exactOptional(size);

/** What the driver may ask. */
export const Call = v.variant('name', [
  v.object({ name: v.literal('stored') }),
  v.object({ name: v.literal('put'), events: v.array(Event) }),
  v.object({ name: v.literal('forget') }),
  v.object({ name: v.literal('limit'), limits }),
  v.object({ name: v.literal('events') }),
  v.object({ name: v.literal('frames') }),
  v.object({ name: v.literal('clearRecord') }),
  v.object({ name: v.literal('waitForEvent'), match: eventMatch, timeoutMs }),
  v.object({ name: v.literal('waitForFrame'), match: frameMatch, timeoutMs }),
  v.object({
    name: v.literal('arm'),
    fault,
    options: v.object({
      times: v.exactOptional(v.union([size, v.literal('always')])),
      kinds: v.exactOptional(v.array(size)),
      connection: v.exactOptional(size),
    }),
  }),
  v.object({ name: v.literal('hits'), ...armed.entries }),
  v.object({ name: v.literal('struck'), ...armed.entries }),
  v.object({ name: v.literal('disarm'), ...armed.entries }),
  v.object({ name: v.literal('disarmAll') }),
  v.object({ name: v.literal('connections') }),
  v.object({ name: v.literal('dropConnections') }),
  v.object({ name: v.literal('freezeConnections') }),
  v.object({ name: v.literal('goOffline') }),
  v.object({ name: v.literal('goOnline') }),
  v.object({ name: v.literal('present'), flaw }),
]);
export type Call = v.InferInput<typeof Call>;
type ReadCall = v.InferOutput<typeof Call>;

const seenEvent = v.object({
  connection: v.number(),
  event: Event,
  verdict: v.picklist(['accepted', 'refused', 'silent']),
  at: v.number(),
});
const seenFrame = v.object({
  connection: v.number(),
  authenticated: v.array(v.string()),
  text: v.string(),
  at: v.number(),
});
const nothing = v.null();

/** What the relay answers to each call. */
export const Answers = {
  stored: v.array(Event),
  put: nothing,
  forget: nothing,
  limit: nothing,
  events: v.array(seenEvent),
  frames: v.array(seenFrame),
  clearRecord: nothing,
  waitForEvent: seenEvent,
  waitForFrame: seenFrame,
  arm: v.number(),
  hits: v.number(),
  struck: nothing,
  disarm: nothing,
  disarmAll: nothing,
  connections: v.array(v.number()),
  dropConnections: nothing,
  freezeConnections: nothing,
  goOffline: nothing,
  goOnline: nothing,
  present: nothing,
} satisfies { readonly [N in Call['name']]: v.GenericSchema };

/** A call on the line, and its answer. */
export const CallLine = v.object({ id: v.number(), call: Call });
export const AnswerLine = v.variant('kind', [
  v.object({ kind: v.literal('answer'), id: v.number(), value: v.unknown() }),
  v.object({ kind: v.literal('failure'), id: v.number(), why: v.string() }),
]);

/** Carries out calls at a relay. Answers with what `Answers` has for the call; throws what the relay throws. */
export function createController(
  relay: Relay,
  authority: CertificateAuthority,
): (call: ReadCall) => Promise<unknown> {
  const faults = new Map<number, ArmedFault>();
  const armedFault = (id: number): ArmedFault => {
    const known = faults.get(id);
    if (!known) throw new Error(`no fault ${id}`);
    return known;
  };
  return async (call) => {
    switch (call.name) {
      case 'stored':
        return relay.stored();
      case 'put':
        relay.put(call.events);
        return null;
      case 'forget':
        relay.forget();
        return null;
      case 'limit':
        relay.limit(call.limits);
        return null;
      case 'events':
        return relay.record.events();
      case 'frames':
        return relay.record.frames();
      case 'clearRecord':
        relay.record.clear();
        return null;
      case 'waitForEvent':
        return relay.record.waitForEvent(call.match, call.timeoutMs);
      case 'waitForFrame':
        return relay.record.waitForFrame(call.match, call.timeoutMs);
      case 'arm': {
        const one = relay.arm(call.fault, call.options);
        faults.set(one.id, one);
        return one.id;
      }
      case 'hits':
        return armedFault(call.fault).hits();
      case 'struck':
        await armedFault(call.fault).struck;
        return null;
      case 'disarm':
        armedFault(call.fault).disarm();
        return null;
      case 'disarmAll':
        relay.disarmAll();
        return null;
      case 'connections':
        return relay.connections();
      case 'dropConnections':
        relay.dropConnections();
        return null;
      case 'freezeConnections':
        relay.freezeConnections();
        return null;
      case 'goOffline':
        await relay.goOffline();
        return null;
      case 'goOnline':
        await relay.goOnline();
        return null;
      case 'present':
        relay.present(await authority.issue(call.flaw));
        return null;
    }
  };
}
