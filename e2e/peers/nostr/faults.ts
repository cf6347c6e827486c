import type { Event } from './event.ts';

/** Which way a frame goes. */
export type Direction = 'to-relay' | 'to-client';

/** The machine-readable beginnings of OK and CLOSED (NIP-01, NIP-42). */
export const prefixes = [
  'duplicate',
  'pow',
  'blocked',
  'rate-limited',
  'invalid',
  'restricted',
  'mute',
  'error',
  'auth-required',
] as const;
export type Prefix = (typeof prefixes)[number];

/** One thing that goes wrong at a relay. */
export type Fault =
  /** Answer an event with OK false and do nothing. */
  | { readonly kind: 'refuse-event'; readonly prefix: Prefix; readonly text?: string }
  /** Do not answer an event: taken and passed on, or thrown away. */
  | { readonly kind: 'silent-event'; readonly taken: boolean }
  /** Answer OK true and throw the event away. */
  | { readonly kind: 'lose-event' }
  /** Close the connection at an event: before it is taken, after it is taken but unanswered, or right after its OK. */
  | { readonly kind: 'cut-event'; readonly when: 'before-taken' | 'after-taken' | 'after-ok' }
  /** Leave out one delivery to a subscriber. */
  | { readonly kind: 'drop-delivery' }
  | { readonly kind: 'duplicate-delivery'; readonly copies: number }
  /** Hold deliveries of a connection until there are this many, then send them last one first. Released when disarmed. */
  | { readonly kind: 'reorder-delivery'; readonly window: number }
  /** Deliver an event with one part changed, so that id or signature no longer hold. */
  | { readonly kind: 'tamper-delivery'; readonly part: 'content' | 'sig' | 'id' | 'created_at' }
  /** Deliver an event nobody asked for in place of one that was. */
  | { readonly kind: 'foreign-delivery'; readonly event: Event }
  /** Everything at once, by dice of this seed: shares between 0 and 1, and up to `lateMs` of delay. Only live deliveries; what is stored stays. */
  | {
      readonly kind: 'chaos';
      readonly seed: number;
      readonly drop: number;
      readonly duplicate: number;
      readonly late: number;
      readonly lateMs: number;
    }
  /** Hold the frames going one way, in order, until disarmed. */
  | { readonly kind: 'stall'; readonly direction: Direction }
  /** Let frames going one way through late, in order. */
  | { readonly kind: 'delay'; readonly direction: Direction; readonly ms: number }
  /** Close a connection after this many more frames went one way. */
  | { readonly kind: 'cut-after'; readonly direction: Direction; readonly frames: number }
  /** Answer the WebSocket handshake with this HTTP status. */
  | { readonly kind: 'refuse-connect'; readonly status: number }
  /** Take the TCP connection and never answer the handshake, until disarmed. */
  | { readonly kind: 'stall-connect' }
  /** Answer a subscription with CLOSED. */
  | { readonly kind: 'close-subscription'; readonly prefix: Prefix; readonly text?: string }
  | { readonly kind: 'no-eose' }
  | { readonly kind: 'notice'; readonly text: string }
  /** Send this text as it is in front of the answer to the next frame. */
  | { readonly kind: 'garbage'; readonly text: string }
  /** Send one text frame of this many bytes in front of the answer to the next frame. */
  | { readonly kind: 'oversized'; readonly bytes: number };

export type FaultKind = Fault['kind'];
type FaultOf<K extends FaultKind> = Extract<Fault, { readonly kind: K }>;

/** How often a fault strikes (default once) and what it fits (default anything). */
export interface ArmOptions {
  readonly times?: number | 'always';
  /** Strike only events of these kinds. */
  readonly kinds?: readonly number[];
  /** Strike only the connection with this number (see the record). */
  readonly connection?: number;
}

/** A fault that was armed. */
export interface ArmedFault {
  readonly id: number;
  hits(): number;
  /** Resolves when it strikes for the first time; stays pending when disarmed before. */
  readonly struck: Promise<void>;
  /** Takes it back and releases what it holds. Harmless when repeated. */
  disarm(): void;
}

/** What a fault is asked about. */
export interface Occasion {
  readonly connection: number;
  /** The kind of the event concerned, null where there is none. */
  readonly eventKind: number | null;
}

interface Entry {
  readonly fault: Fault;
  readonly options: ArmOptions;
  left: number;
  hits: number;
  readonly strike: () => void;
  readonly released: Promise<void>;
  /** For `cut-after`: frames still to pass, per connection. */
  readonly room: Map<number, number>;
}

/** The faults armed at one relay. */
export interface Faults {
  arm(fault: Fault, options?: ArmOptions): ArmedFault;
  disarmAll(): void;
  /** Uses up one strike of the first armed fault of this kind that fits, or gives null. */
  take<K extends FaultKind>(
    kind: K,
    occasion: Occasion,
    fits?: (fault: FaultOf<K>) => boolean,
  ): FaultOf<K> | null;
  /** As `take`, with a promise that resolves when the fault is disarmed. */
  hold<K extends FaultKind>(
    kind: K,
    occasion: Occasion,
    fits?: (fault: FaultOf<K>) => boolean,
  ): { readonly fault: FaultOf<K>; readonly released: Promise<void> } | null;
  /** False when the connection must close before this frame. */
  room(connection: number, direction: Direction): boolean;
}

/** An empty set of faults. */
export function createFaults(): Faults {
  const entries: Entry[] = [];
  const disarms = new Map<number, () => void>();
  let lastId = 0;

  const matches = ({ left, options }: Entry, { connection, eventKind }: Occasion): boolean =>
    left > 0 &&
    (options.connection === undefined || options.connection === connection) &&
    (options.kinds === undefined || (eventKind !== null && options.kinds.includes(eventKind)));
  const strike = (entry: Entry): void => {
    entry.left -= 1;
    entry.hits += 1;
    entry.strike();
  };
  const find = <K extends FaultKind>(
    kind: K,
    occasion: Occasion,
    fits: (fault: FaultOf<K>) => boolean,
  ): Entry | null =>
    entries.find(
      (one) => one.fault.kind === kind && matches(one, occasion) && fits(one.fault as FaultOf<K>),
    ) ?? null;
  const any = (): boolean => true;

  return {
    arm(fault, options = {}) {
      lastId += 1;
      const id = lastId;
      const struck = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      const entry: Entry = {
        fault,
        options,
        left: options.times === 'always' ? Infinity : (options.times ?? 1),
        hits: 0,
        strike: () => struck.resolve(),
        released: released.promise,
        room: new Map(),
      };
      entries.push(entry);
      const disarm = (): void => {
        entry.left = 0;
        const at = entries.indexOf(entry);
        if (at >= 0) entries.splice(at, 1);
        disarms.delete(id);
        released.resolve();
      };
      disarms.set(id, disarm);
      return { id, hits: () => entry.hits, struck: struck.promise, disarm };
    },

    disarmAll() {
      for (const disarm of disarms.values()) disarm();
    },

    take(kind, occasion, fits = any) {
      const entry = find(kind, occasion, fits);
      if (entry === null) return null;
      strike(entry);
      return entry.fault as FaultOf<typeof kind>;
    },

    hold(kind, occasion, fits = any) {
      const entry = find(kind, occasion, fits);
      if (entry === null) return null;
      strike(entry);
      return { fault: entry.fault as FaultOf<typeof kind>, released: entry.released };
    },

    room(connection, direction) {
      for (const entry of entries) {
        const { fault } = entry;
        if (fault.kind !== 'cut-after' || fault.direction !== direction) continue;
        if (!matches(entry, { connection, eventKind: null })) continue;
        const left = entry.room.get(connection) ?? fault.frames;
        if (left > 0) {
          entry.room.set(connection, left - 1);
          continue;
        }
        strike(entry);
        return false;
      }
      return true;
    },
  };
}
