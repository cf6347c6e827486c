import type { Connection, Direction, Protocol } from './connection.ts';

/** One thing that goes wrong. Codes are SMTP reply codes (4xx temporary, 5xx permanent); sizes are bytes. */
export type Fault =
  /** Refuse the next login: authentication failed, or (temporary) the service is unavailable. */
  | { readonly kind: 'refuse-login'; readonly protocol: Protocol; readonly temporary?: boolean }
  | { readonly kind: 'refuse-sender'; readonly code: number; readonly text?: string }
  /** Refuse RCPT TO: for one recipient, or for the next ones of any name. */
  | {
      readonly kind: 'refuse-recipient';
      readonly code: number;
      readonly text?: string;
      readonly recipient?: string;
    }
  /** Refuse the mail after its last byte. */
  | { readonly kind: 'refuse-data'; readonly code: number; readonly text?: string }
  /** Take the mail, then send a delivery failure to its sender. `recipient` is an address or a domain. */
  | { readonly kind: 'bounce'; readonly recipient: string }
  /** Close the connection at the end of DATA: before the mail is taken, after it is taken but unanswered, or right after the 250. */
  | { readonly kind: 'drop-data'; readonly when: 'before-accept' | 'after-accept' | 'after-reply' }
  /** Close a connection after exactly this many more bytes went one way. */
  | {
      readonly kind: 'drop-after';
      readonly protocol: Protocol;
      readonly direction: Direction;
      readonly bytes: number;
    }
  /** Hold the bytes going one way, in order, until disarmed. */
  | { readonly kind: 'stall'; readonly protocol: Protocol; readonly direction: Direction }
  /** Accept the TCP connection and never begin TLS, until disarmed. */
  | { readonly kind: 'stall-connect'; readonly protocol: Protocol }
  /** Let the bytes going one way through late. */
  | {
      readonly kind: 'delay';
      readonly protocol: Protocol;
      readonly direction: Direction;
      readonly ms: number;
    }
  /** Answer an IMAP command (e.g. `SELECT`, `UID FETCH`) with NO or BAD and do nothing. */
  | {
      readonly kind: 'refuse-command';
      readonly command: string;
      readonly status: 'NO' | 'BAD';
      readonly text?: string;
    }
  /** Close the connection at an IMAP command: before it takes effect, or after it took effect but unanswered. */
  | {
      readonly kind: 'drop-command';
      readonly command: string;
      readonly when: 'before-effect' | 'after-effect';
    }
  /** Send these bytes (a latin-1 string, sent as is) in front of the answer to an IMAP command. */
  | { readonly kind: 'garbage'; readonly bytes: string; readonly command?: string }
  /** Answer the next FETCH of a body with a literal that announces this many bytes, send some of them, then nothing more. */
  | { readonly kind: 'oversized-literal'; readonly announced: number; readonly sent: number };

export type FaultKind = Fault['kind'];
type FaultOf<K extends FaultKind> = Extract<Fault, { readonly kind: K }>;

/** How often a fault strikes (default once) and whom (default anybody). */
export interface ArmOptions {
  readonly times?: number | 'always';
  /** Strike only connections logged in as this address (or, for a login, trying to). */
  readonly address?: string;
}

/** A fault that was armed. */
export interface ArmedFault {
  readonly id: number;
  /** How often it struck so far. */
  hits(): number;
  /** Resolves when it strikes for the first time; never rejects, stays pending when disarmed before. */
  readonly struck: Promise<void>;
  /** Takes it back; releases what it holds (`stall`, `stall-connect`). Harmless when repeated. */
  disarm(): void;
}

interface Entry {
  readonly id: number;
  readonly fault: Fault;
  readonly address: string | null;
  left: number;
  hits: number;
  readonly strike: () => void;
  readonly released: Promise<void>;
  /** For `drop-after`: bytes still to pass, per connection. */
  readonly room: Map<number, number>;
}

/** The faults armed at one server. */
export interface Faults {
  arm(fault: Fault, options?: ArmOptions): ArmedFault;
  disarmAll(): void;
  /** Uses up one strike of the first armed fault of this kind that fits, or gives null. */
  take<K extends FaultKind>(
    kind: K,
    address: string | null,
    fits: (fault: FaultOf<K>) => boolean,
  ): FaultOf<K> | null;
  /** A promise to wait for before bytes may pass, or null when nothing holds them. */
  hold(connection: Connection, direction: Direction): Promise<void> | null;
  /** A promise to wait for before TLS may begin, or null. */
  holdConnect(protocol: Protocol): Promise<void> | null;
  /** How many of `bytes` may pass before the connection must close, or null when all may. */
  room(connection: Connection, direction: Direction, bytes: number): number | null;
}

/** An empty set of faults. */
export function createFaults(): Faults {
  const entries: Entry[] = [];
  const disarms = new Map<number, () => void>();
  let lastId = 0;

  const matches = (entry: Entry, address: string | null): boolean =>
    entry.left > 0 && (entry.address === null || entry.address === address);
  const strike = (entry: Entry): void => {
    entry.left -= 1;
    entry.hits += 1;
    entry.strike();
  };

  const take = <K extends FaultKind>(
    kind: K,
    address: string | null,
    fits: (fault: FaultOf<K>) => boolean,
  ): FaultOf<K> | null => {
    const entry = entries.find(
      (one) => one.fault.kind === kind && matches(one, address) && fits(one.fault as FaultOf<K>),
    );
    if (entry === undefined) return null;
    strike(entry);
    return entry.fault as FaultOf<K>;
  };

  return {
    arm(fault, { times = 1, address } = {}) {
      lastId += 1;
      const id = lastId;
      const struck = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      const entry: Entry = {
        id,
        fault,
        address: address?.toLowerCase() ?? null,
        left: times === 'always' ? Infinity : times,
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

    take,

    hold(connection, direction) {
      if (entries.length === 0) return null;
      const same = (fault: { readonly protocol: Protocol; readonly direction: Direction }): boolean =>
        fault.protocol === connection.protocol && fault.direction === direction;
      const stalled = entries.find(
        (entry) => entry.fault.kind === 'stall' && same(entry.fault) && matches(entry, connection.address),
      );
      if (stalled !== undefined) {
        strike(stalled);
        return stalled.released;
      }
      const delay = take('delay', connection.address, same);
      return delay === null ? null : new Promise((resolve) => setTimeout(resolve, delay.ms));
    },

    holdConnect(protocol) {
      const entry = entries.find(
        ({ fault, left }) => fault.kind === 'stall-connect' && fault.protocol === protocol && left > 0,
      );
      if (entry === undefined) return null;
      strike(entry);
      return entry.released;
    },

    room(connection, direction, bytes) {
      for (const entry of entries) {
        const { fault } = entry;
        if (
          fault.kind !== 'drop-after' ||
          fault.protocol !== connection.protocol ||
          fault.direction !== direction
        )
          continue;
        if (!matches(entry, connection.address)) continue;
        const room = entry.room.get(connection.id) ?? fault.bytes;
        if (room > bytes) {
          entry.room.set(connection.id, room - bytes);
          continue;
        }
        strike(entry);
        return room;
      }
      return null;
    },
  };
}
