import { createWork } from '../../shared/lane/work.ts';
import { readCaughtUp, sinceOf, type Scope } from './cursor.ts';
import { allRecords, type GroupRecord } from './group/record.ts';
import type { Inflow } from './inflow.ts';
import { createStored } from './stored.ts';
import type { NostrGroupId } from './marmot/routing.ts';
import type { RelayUrl } from './relay-url.ts';
import type { Sink, Subscription } from './relays/pool.ts';
import type { Running } from './running.ts';

/** Relays take some twenty requests of a connection: beyond these, groups share one. */
const MOST_ALONE = 8;
const SHARED = 50;

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
  const open = new Map<string, Subscription>();

  const since = async (
    scopes: readonly Scope[],
    relays: readonly RelayUrl[],
    first: number,
  ): Promise<number | null> => {
    const work = createWork(context.view);
    const times: (number | null)[] = [];
    for (const scope of scopes) {
      const caughtUp = await readCaughtUp(work, scope);
      for (const relay of relays) times.push(sinceOf(scope, caughtUp.get(relay) ?? null, context.now()));
    }
    const earliest = times.reduce<number | null>(
      (least, at) => (least === null || at === null ? null : Math.min(least, at)),
      times[0] ?? null,
    );
    return earliest === null && first === 0 ? null : Math.max(earliest ?? 0, first);
  };

  const sinkFor = (kind: 'wrap' | 'group', scopes: readonly Scope[], from: number | null): Sink => {
    const stored = createStored(inflow);
    return {
      event: (event, relay) => stored.take({ kind, event, relay }),
      known: (id) => running.echoes.has(id) || inflow.knows(id) || stored.holds(id),
      caughtUp(relay) {
        void stored.whole(relay).then(async () => {
          await inflow.push({ kind: 'caught-up', scopes, relay, at: context.now() });
          heard.caughtUp();
        });
      },
      refused(relay, code) {
        context.log('ask-refused', { kind, code });
        void stored.whole(relay);
        heard.broken();
      },
      broken(relay) {
        void stored.broken(relay);
        heard.broken();
      },
      since: () => from,
    };
  };

  const openInbox = async (): Promise<void> => {
    if (open.has('inbox')) return;
    const from = await since(['inbox'], self.inbox, 0);
    const ask = { kind: 'inbox', account: self.key } as const;
    open.set('inbox', pool.subscribe(ask, self.inbox, sinkFor('wrap', ['inbox'], from)));
  };

  return {
    async refresh() {
      await openInbox();
      const records = (await allRecords(createWork(context.view))).map(([, record]) => record);
      const wanted = bucketsOf(records.filter((record) => isHeard(record, context.now())));
      for (const [name, subscription] of open) {
        if (name === 'inbox' || wanted.has(name)) continue;
        subscription.close();
        open.delete(name);
      }
      for (const [name, { groups, relays, first }] of wanted) {
        if (open.has(name)) continue;
        const from = await since(groups, relays, first);
        open.set(name, pool.subscribe({ kind: 'groups', groups }, relays, sinkFor('group', groups, from)));
      }
    },
    close() {
      for (const subscription of open.values()) subscription.close();
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
  /** Nothing from before is wanted. Epoch seconds. */
  readonly first: number;
}

/** Which groups are asked for together, by a name that says all of it. */
function bucketsOf(records: readonly GroupRecord[]): ReadonlyMap<string, Bucket> {
  const byRelays = new Map<string, GroupRecord[]>();
  for (const record of records) {
    const name = record.relays.join(' ');
    byRelays.set(name, [...(byRelays.get(name) ?? []), record]);
  }
  const buckets = new Map<string, Bucket>();
  for (const [name, all] of byRelays) {
    const sorted = all.toSorted((a, b) => (a.routing < b.routing ? -1 : 1));
    const size = sorted.length > MOST_ALONE ? SHARED : 1;
    for (let at = 0; at < sorted.length; at += size) {
      const some = sorted.slice(at, at + size);
      const groups = some.map(({ routing }) => routing);
      const first = Math.min(...some.map(({ since }) => since));
      buckets.set(`${name} ${groups.join()} ${first}`, { groups, relays: some[0]?.relays ?? [], first });
    }
  }
  return buckets;
}
