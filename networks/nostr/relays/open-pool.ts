import { isSigned, type SignedEvent } from '../event.ts';
import { isPassed, type Identity } from '../guard.ts';
import { newer } from '../relay-list.ts';
import type { RelayUrl } from '../relay-url.ts';
import { identityOf, type Ask } from './ask.ts';
import { createLink, type Link, type LinkContext } from './link.ts';
import type { RelayOutcome, RelayPool, Sink } from './pool.ts';
import { createSeenIds, createStream } from './stream.ts';

const FETCH_MS = 15_000;
/** One fetch brings no more: what is fetched has been published by strangers. */
const MAX_FETCHED = 2_000;

/** The relays of one account. Nothing connects before something is wanted. */
export function openPool(context: LinkContext): RelayPool {
  const links = new Map<string, Link>();
  const stopping = new AbortController();
  /** Ends of the fetches under way. */
  const fetching = new Set<() => void>();

  const linkTo = (relay: RelayUrl, identity: Identity): Link => {
    const name = `${identity} ${relay}`;
    let link = links.get(name);
    if (!link) {
      link = createLink(relay, identity, context);
      links.set(name, link);
    }
    return link;
  };
  const distinct = (relays: readonly RelayUrl[]): readonly RelayUrl[] => [...new Set(relays)];

  const follow = (ask: Ask, relays: readonly RelayUrl[], sink: Sink, live: boolean): (() => void) => {
    const seen = createSeenIds();
    const ends = distinct(relays).map((relay) => {
      const link = linkTo(relay, identityOf(ask));
      const stream = createStream(ask, relay, sink, seen, live);
      link.attach(stream);
      return () => link.detach(stream);
    });
    return () => {
      for (const end of ends) end();
    };
  };

  return {
    publish(frame, relays, signal = stopping.signal) {
      if (!isPassed(frame) || frame.event === null || frame.relay !== null)
        throw new Error('not an event that the guard has passed');
      const identity = frame.identity ?? 'nobody';
      const first = Promise.withResolvers<'accepted' | 'ambiguous' | 'nowhere'>();
      const each = distinct(relays).map(async (relay): Promise<readonly [RelayUrl, RelayOutcome]> => {
        const outcome = await linkTo(relay, identity).publish(frame, signal);
        if (outcome.kind === 'accepted') first.resolve('accepted');
        return [relay, outcome];
      });
      const outcomes = Promise.all(each).then((entries) => {
        const ambiguous = entries.some(([, { kind }]) => kind === 'ambiguous');
        first.resolve(ambiguous ? 'ambiguous' : 'nowhere');
        return new Map(entries);
      });
      return { first: first.promise, outcomes };
    },

    subscribe(ask, relays, sink) {
      return { close: follow(ask, relays, sink, true) };
    },

    async fetch(ask, relays, { timeoutMs = FETCH_MS } = {}) {
      const events: SignedEvent[] = [];
      const open = new Set(distinct(relays));
      const complete: RelayUrl[] = [];
      const finished = Promise.withResolvers<void>();
      const settle = (relay: RelayUrl): void => {
        open.delete(relay);
        if (open.size === 0) finished.resolve();
      };
      const end = follow(
        ask,
        relays,
        {
          event(event) {
            if (isSigned(event) && events.push(event) >= MAX_FETCHED) finished.resolve();
          },
          caughtUp(relay) {
            complete.push(relay);
            settle(relay);
          },
          refused: settle,
          broken: settle,
          since: () => null,
        },
        false,
      );
      if (open.size === 0) finished.resolve();
      const timer = setTimeout(finished.resolve, timeoutMs);
      fetching.add(finished.resolve);
      await finished.promise;
      fetching.delete(finished.resolve);
      clearTimeout(timer);
      end();
      return { events: events.toSorted((a, b) => (newer(a, b) === a ? -1 : 1)), complete };
    },

    links: () =>
      [...links.values()].map((link) => ({
        relay: link.relay,
        identity: link.identity,
        state: link.state(),
      })),
    wake() {
      for (const link of links.values()) link.wake();
    },
    close() {
      stopping.abort();
      for (const end of fetching) end();
      for (const link of links.values()) link.close();
    },
  };
}
