import type { Inflow } from './inflow.ts';
import type { ArrivedEvent } from './receive.ts';
import type { RelayUrl } from './relay-url.ts';

/** Events that wait for the older ones, and the characters of them: more is not kept back. Anybody may send large ones to an inbox. */
const MOST = 20_000;
const MOST_CHARACTERS = 32 * 1024 * 1024;
/** A relay that is not connected yet is waited for so long, */
const CONNECTING_MS = 3_000;
/** one that says nothing more, and not that this was all, so long, */
const SILENT_MS = 10_000;
/** and whatever relays do, nothing is kept back longer than this. */
const LONGEST_MS = 60_000;

/**
 * Relays give what they have stored from the newest back, and one has what another has not. It is held until all of them have given all, and then
 * taken in from the oldest on: a commit before what is sealed after it, a question before its answer, and no message before a hundred of its
 * sender that are older: their keys would be gone.
 */
export interface Stored {
  /** A relay is asked for what it has stored: it is waited for, unless that was in vain the last time. */
  asked(relay: RelayUrl): void;
  /** Takes an event of a relay: held while some relay is still giving what it has stored, else handed on. */
  take(event: ArrivedEvent): Promise<void>;
  holds(id: string): boolean;
  /** A relay has given all, or will give nothing. What it gives from now on is new. Resolves when all it gave is handed on. */
  whole(relay: RelayUrl): Promise<void>;
  /** The connection has ended, or none could be made: nothing is waited for, and the next begins anew. */
  broken(relay: RelayUrl): Promise<void>;
}

/** Holds nothing yet. `relays`: those that are being connected to. */
export function createStored(inflow: Pick<Inflow, 'push'>, relays: readonly RelayUrl[] = []): Stored {
  const held = new Map<string, ArrivedEvent>();
  let characters = 0;
  const live = new Set<RelayUrl>();
  /** Who is waited for, and whether it is connected. While it is somebody a timer runs. */
  const awaited = new Map<RelayUrl, 'connecting' | 'giving'>();
  /** Who was waited for in vain: only what such a relay gives is waited for, until it was whole once. */
  const slow = new Set<RelayUrl>();
  let waitingSince: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  /** What is handed on, one after the other: what comes meanwhile does not overtake it. */
  let handing: Promise<void> = Promise.resolve();
  let handed = Promise.withResolvers<void>();

  const handOn = (): Promise<void> => {
    const events = [...held.values()].toSorted((a, b) => a.event.created_at - b.event.created_at);
    const waiting = handed;
    characters = 0;
    handed = Promise.withResolvers();
    handing = handing.then(async () => {
      for (const event of events) {
        const pushed = inflow.push(event);
        held.delete(event.event.id);
        await pushed;
      }
      waiting.resolve();
    });
    return handing;
  };
  const setTimer = (): void => {
    clearTimeout(timer);
    waitingSince = awaited.size === 0 ? null : (waitingSince ?? performance.now());
    if (waitingSince === null) return;
    const ms = [...awaited.values()].includes('giving') ? SILENT_MS : CONNECTING_MS;
    const left = waitingSince + LONGEST_MS - performance.now();
    timer = setTimeout(
      () => {
        for (const [relay, as] of awaited) if (as === 'giving') slow.add(relay);
        awaited.clear();
        void settle();
      },
      Math.max(0, Math.min(ms, left)),
    );
    timer.unref();
  };
  /** Hands on unless there is somebody to wait for. Resolves when what is held now is handed on. */
  const settle = (): Promise<void> => {
    setTimer();
    return awaited.size === 0 ? handOn() : handed.promise;
  };
  const waitFor = (relay: RelayUrl, as: 'connecting' | 'giving'): void => {
    live.delete(relay);
    awaited.set(relay, as);
    setTimer();
  };
  for (const relay of relays) waitFor(relay, 'connecting');

  return {
    asked(relay) {
      live.delete(relay);
      if (!slow.has(relay)) waitFor(relay, 'giving');
    },
    take(arrival) {
      const { relay, event } = arrival;
      if (awaited.size === 0 && live.has(relay)) {
        handing = handing.then(() => inflow.push(arrival));
        return handing;
      }
      if (!held.has(event.id)) characters += event.content.length;
      held.set(event.id, arrival);
      if (!live.has(relay)) waitFor(relay, 'giving');
      return held.size < MOST && characters < MOST_CHARACTERS ? Promise.resolve() : handOn();
    },
    holds: (id) => held.has(id),
    whole(relay) {
      live.add(relay);
      slow.delete(relay);
      awaited.delete(relay);
      return settle();
    },
    broken(relay) {
      live.delete(relay);
      awaited.delete(relay);
      return settle();
    },
  };
}
