import { createWork } from '../../shared/lane/work.ts';
import type { Millis } from '../../shared/ids.ts';
import { OVERLAP_SECONDS, readCaughtUp, sinceOf, type Scope } from './cursor.ts';
import { isSigned, seconds } from './event.ts';
import { allRecords, type GroupRecord } from './group/record.ts';
import type { Inflow } from './inflow.ts';
import { createStored } from './stored.ts';
import type { NostrGroupId } from './marmot/routing.ts';
import type { RelayUrl } from './relay-url.ts';
import type { Ask } from './relays/ask.ts';
import type { Running } from './running.ts';

/** Relays take some twenty requests of a connection: beyond these, groups share one. */
const MOST_ALONE = 8;
const SHARED = 50;
/** So often it is noted that a connection which has given all still stands: a later one asks for what came since, not since it began. */
const NOTE_MS = 6 * 60 * 60_000;

/** What is asked of relays all the time: my inbox, and every group. */
export interface Subscriptions {
  /** Groups may have come, gone, or moved to other relays. */
  refresh(): Promise<void>;
  close(): void;
}

/** Who hears how relays answer. */
export interface Heard {
  caughtUp(): void;
  broken(): void;
}

/** Asks for nothing yet. */
export function createSubscriptions(running: Running, inflow: Inflow, heard: Heard): Subscriptions {
  const { pool, self, context } = running;
  /** The ends of what is open. */
  const open = new Map<string, () => void>();

  /** When each relay last had given everything, as it is durable: read anew when that changes, since a connection asks at once. */
  const caughtUpAt = new Map<Scope, ReadonlyMap<RelayUrl, Millis>>();
  const read = async (scopes: Iterable<Scope>): Promise<void> => {
    const work = createWork(context.view);
    for (const scope of scopes) caughtUpAt.set(scope, await readCaughtUp(work, scope));
  };
  const onChanged = (spaces: ReadonlySet<string>): void => {
    if (!spaces.has('cursor')) return;
    // What is not read stays as it was: more is asked for than is needed.
    read([...caughtUpAt.keys()]).catch(() => context.log('cursor', { error: 'unread' }));
  };
  running.changed.add(onChanged);

  const since = (scopes: readonly Scope[], relay: RelayUrl, first: number): number | null => {
    const now = context.now();
    const times = scopes.map((scope) => sinceOf(scope, caughtUpAt.get(scope)?.get(relay) ?? null, now) ?? 0);
    const earliest = Math.max(Math.min(...times), Math.min(first, seconds(now)) - OVERLAP_SECONDS);
    return earliest <= 0 ? null : earliest;
  };

  /** Asks; gives the end of it. `first`: see {@link Bucket}. */
  const subscribe = (
    ask: Ask,
    relays: readonly RelayUrl[],
    scopes: readonly Scope[],
    first: number,
  ): (() => void) => {
    const kind = ask.kind === 'inbox' ? 'wrap' : 'group';
    const stored = createStored(inflow, relays);
    /** Relays that have given all, and when each last was known to: what comes now is new. */
    const whole = new Map<RelayUrl, Millis>();
    const noteWhole = (relay: RelayUrl, at: Millis): Promise<void> =>
      inflow.push({ kind: 'caught-up', scopes, relay, at });
    const noting = setInterval(() => {
      for (const [relay, at] of whole) {
        // As it was a while ago: a connection that has died since, while the machine slept, has been found out by the next time.
        void noteWhole(relay, at);
        whole.set(relay, context.now());
      }
    }, NOTE_MS);
    noting.unref();
    const subscription = pool.subscribe(ask, relays, {
      event: (event, relay) =>
        stored.take(isSigned(event) ? { kind: 'wrap', event, relay } : { kind: 'group', event, relay }),
      known: (id) => running.echoes.has(id) || inflow.knows(id) || stored.holds(id),
      asked: (relay) => stored.asked(relay),
      caughtUp(relay) {
        const at = context.now();
        whole.set(relay, at);
        void stored.whole(relay).then(async () => {
          await noteWhole(relay, at);
          heard.caughtUp();
        });
      },
      refused(relay, code) {
        context.log('ask-refused', { kind, code });
        whole.delete(relay);
        void stored.whole(relay);
        heard.broken();
      },
      broken(relay) {
        whole.delete(relay);
        void stored.broken(relay);
        heard.broken();
      },
      since: (relay) => since(scopes, relay, first),
    });
    return () => {
      clearInterval(noting);
      subscription.close();
    };
  };

  const openInbox = async (): Promise<void> => {
    if (open.has('inbox')) return;
    await read(['inbox']);
    open.set('inbox', subscribe({ kind: 'inbox', account: self.key }, self.inbox, ['inbox'], 0));
  };

  return {
    async refresh() {
      await openInbox();
      const records = (await allRecords(createWork(context.view))).map(([, record]) => record);
      const wanted = bucketsOf(records.filter((record) => isHeard(record, context.now())));
      for (const [name, end] of open) {
        if (name === 'inbox' || wanted.has(name)) continue;
        end();
        open.delete(name);
      }
      for (const [name, { groups, relays, first }] of wanted) {
        if (open.has(name)) continue;
        await read(groups);
        open.set(name, subscribe({ kind: 'groups', groups }, relays, groups, first));
      }
    },
    close() {
      running.changed.delete(onChanged);
      for (const end of open.values()) end();
      open.clear();
    },
  };
}

/** Groups that I am in; and for a while those that I was removed from, since another branch may win, and those that were replaced. */
const isHeard = ({ out, replaced, renewAt }: GroupRecord, now: number): boolean =>
  (out === null && !replaced) || renewAt > now;

interface Bucket {
  readonly groups: readonly NostrGroupId[];
  readonly relays: readonly RelayUrl[];
  /** Nothing from well before is wanted. Epoch seconds. */
  readonly first: number;
}

/** Which groups are asked for together, by a name that says all of it. */
function bucketsOf(records: readonly GroupRecord[]): ReadonlyMap<string, Bucket> {
  const byRelays = new Map<string, GroupRecord[]>();
  const firsts = new Map<NostrGroupId, number>();
  for (const record of records) {
    // A relay has given all it had of a name only when that was for each group that has it.
    firsts.set(record.routing, Math.min(firsts.get(record.routing) ?? Infinity, record.since));
    const name = record.relays.join(' ');
    const alike = byRelays.get(name) ?? [];
    if (!alike.some(({ routing }) => routing === record.routing)) byRelays.set(name, [...alike, record]);
  }
  const buckets = new Map<string, Bucket>();
  for (const [name, all] of byRelays) {
    const sorted = all.toSorted((a, b) => (a.routing < b.routing ? -1 : 1));
    const size = sorted.length > MOST_ALONE ? SHARED : 1;
    for (let at = 0; at < sorted.length; at += size) {
      const some = sorted.slice(at, at + size);
      const groups = some.map(({ routing }) => routing);
      const first = Math.min(...groups.map((group) => firsts.get(group) ?? 0));
      buckets.set(`${name} ${groups.join()} ${first}`, { groups, relays: some[0]?.relays ?? [], first });
    }
  }
  return buckets;
}
