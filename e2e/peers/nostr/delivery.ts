import { createDice } from './dice.ts';
import type { Event } from './event.ts';
import type { Fault, Faults, Occasion } from './faults.ts';

/** How events reach one subscriber: in order and once, unless a fault says otherwise. */
export interface Delivery {
  /** Hands an event over. `live`: it has just come in, not from the store. */
  give(subscription: string, event: Event, live: boolean): void;
}

type Chaos = Extract<Fault, { readonly kind: 'chaos' }>;

/** One set of dice per armed fault: all connections of a relay draw from it. */
const diceOf = new WeakMap<Chaos, () => number>();

function rolls(chaos: Chaos): () => number {
  const known = diceOf.get(chaos);
  if (known) return known;
  const dice = createDice(chaos.seed);
  diceOf.set(chaos, dice);
  return dice;
}

function tampered(event: Event, part: 'content' | 'sig' | 'id' | 'created_at'): Event {
  const turned = (hex: string): string => `${hex.startsWith('0') ? '1' : '0'}${hex.slice(1)}`;
  switch (part) {
    case 'content':
      return { ...event, content: `${event.content}A` };
    case 'created_at':
      return { ...event, created_at: event.created_at + 1 };
    case 'sig':
      return { ...event, sig: turned(event.sig) };
    case 'id':
      return { ...event, id: turned(event.id) };
  }
}

/** The delivery to one connection. `send` puts a frame into its stream. */
export function createDelivery(
  faults: Faults,
  connection: number,
  send: (frame: readonly unknown[]) => void,
): Delivery {
  let held: (readonly [string, Event])[] = [];
  const put = (subscription: string, event: Event): void => send(['EVENT', subscription, event]);
  const release = (): void => {
    const released = held;
    held = [];
    for (const [subscription, event] of released.toReversed()) put(subscription, event);
  };

  const reordered = (subscription: string, event: Event, occasion: Occasion): boolean => {
    const reorder = faults.hold('reorder-delivery', occasion);
    if (reorder === null) return false;
    held.push([subscription, event]);
    if (held.length >= reorder.fault.window) release();
    else if (held.length === 1) void reorder.released.then(release);
    return true;
  };

  const chaotic = (subscription: string, event: Event, occasion: Occasion): boolean => {
    const chaos = faults.take('chaos', occasion);
    if (chaos === null) return false;
    const roll = rolls(chaos);
    // Always three rolls, so that one share does not shift the others.
    const [drop, duplicate, late] = [roll(), roll(), roll()];
    if (drop < chaos.drop) return true;
    const copies = duplicate < chaos.duplicate ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (late < chaos.late) setTimeout(() => put(subscription, event), Math.ceil(roll() * chaos.lateMs));
      else put(subscription, event);
    }
    return true;
  };

  return {
    give(subscription, event, live) {
      const occasion: Occasion = { connection, eventKind: event.kind };
      if (faults.take('drop-delivery', occasion)) return;
      const foreign = faults.take('foreign-delivery', occasion);
      if (foreign) return put(subscription, foreign.event);
      const tamper = faults.take('tamper-delivery', occasion);
      if (tamper) return put(subscription, tampered(event, tamper.part));
      const duplicate = faults.take('duplicate-delivery', occasion);
      if (duplicate) {
        for (let copy = 0; copy < duplicate.copies; copy += 1) put(subscription, event);
        return;
      }
      if (reordered(subscription, event, occasion)) return;
      if (live && chaotic(subscription, event, occasion)) return;
      put(subscription, event);
    },
  };
}
