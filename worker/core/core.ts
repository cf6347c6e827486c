import type { Calls } from '../../shared/contract/calls.ts';
import type { Events } from '../../shared/contract/events.ts';
import type { AccountId, ConversationId, Millis, OutboxId } from '../../shared/ids.ts';
import type { AccountSetup } from '../../shared/lane/flow.ts';
import type { CrashPoint } from '../../shared/lane/lane.ts';
import { link, type Link } from '../../shared/wire/rpc.ts';
import type { Pipe, Undo } from '../../shared/wire/pipe.ts';
import { findAccount, listAccounts, type Account } from '../../storage/accounts.ts';
import { isCopied, isCopiedRatchet, noteCopied } from '../../storage/copies.ts';
import { findConversation } from '../../storage/conversations.ts';
import type { Database } from '../../storage/database.ts';
import type { Files } from '../../storage/files.ts';
import { hurry } from '../../storage/outbox.ts';
import { queries } from '../../storage/queries/list.ts';
import { messageRows } from '../../storage/queries/messages.ts';
import type { Instance } from '../../storage/instance.ts';
import type { Checkpointer } from '../../storage/checkpointer.ts';
import type { Reader } from '../../storage/reader.ts';
import { allCalls, checkCall } from './calls/list.ts';
import { personScope, type CallScope, type Read } from './calls/scope.ts';
import { stopCopied, takePlace } from './commit/anew.ts';
import { createCommitQueue } from './commit/queue.ts';
import { failDeadly } from './commit/deadly.ts';
import { createExpiry } from './expiry.ts';
import type { HostLink } from './host.ts';
import { connectLanes, type ConnectLane } from './lanes/connect.ts';
import { createFlows, type Flows } from './lanes/flows.ts';
import { createLanes, type Lanes } from './lanes/lanes.ts';
import type { LaneSource } from './lanes/serve.ts';
import type { ProfileLock } from './lock.ts';
import type { Log } from './log.ts';
import { createNews } from './news.ts';
import { createNotices } from './notices.ts';
import { createOnce, type Begin, type Write } from './once.ts';
import { createOutbox } from './outbox.ts';
import { createSeenLabels } from './seen-labels.ts';
import { nothingTouched, touchMessage, type Touched } from './touched.ts';

export interface CoreOptions {
  readonly database: Database;
  /** Reads pages of history in a thread of its own; without it the writer's connection does. */
  readonly reader?: Reader;
  /** Moves the write-ahead log into the database in a thread of its own; without it the writer does. */
  readonly checkpointer?: Checkpointer;
  readonly files: Files;
  readonly host: HostLink;
  readonly profile: { readonly kind: 'live' | 'test'; readonly version: string };
  /** Moves with the ratchets, so that a copy is told; without it none is. */
  readonly instance?: Instance;
  /** How the profile's key is kept; without it the key is the caller's affair, and no passphrase can be set. */
  readonly lock?: ProfileLock;
  readonly clock: () => Millis;
  /** For jitter only. */
  readonly random?: () => number;
  /** Test harness: which crash points are told, and what lanes add to their clock. */
  readonly harness?: {
    readonly crashPoints: readonly CrashPoint[];
    readonly clockOffset: Millis;
    /** PEM: what a test account's servers are trusted by. */
    readonly authority: string | null;
    readonly signal: string | null;
  };
  /** How a lane's pipe is made; threads and the shell's processes where absent. */
  readonly connect?: ConnectLane;
  readonly log?: Log;
}

export interface Core {
  /** Serves a page; ends with its pipe or with `undo`. */
  attachPage(pipe: Pipe): Undo;
  /** The shell introduced the pipe of a process lane. */
  attachLane(account: AccountId, pipe: Pipe): void;
  /** Stops lanes and outbox, answers what waits. The database is the caller's to close. */
  stop(): Promise<void>;
}

type PageLink = Link<Record<string, never>, Events, Record<string, never>>;

/** Starts core over an open database: lanes start, the outbox goes on where it stood. Nothing here grows with history. */
export function startCore(options: CoreOptions): Core {
  const { database: db, files, host, clock } = options;
  const random = options.random ?? Math.random;
  const log: Log = options.log ?? (() => undefined);
  const harness = options.harness ?? { crashPoints: [], clockOffset: 0, authority: null, signal: null };
  const told: ReadonlySet<CrashPoint> = new Set(harness.crashPoints);
  const crash = async (name: CrashPoint): Promise<void> => {
    if (told.has(name)) await host.call('crash.point', { name });
  };

  const pages = new Set<PageLink>();
  const news = createNews(
    (name, payload) => {
      for (const page of pages) page.emit(name, payload);
    },
    (ids) => (pages.size === 0 ? null : here(() => messageRows(db, { ids: [...ids] }).rows)),
  );
  /** Reads on core's own connection, what has run out left out. */
  const here = <T>(query: () => T): T => {
    expiry.now();
    return db.readTransaction(query);
  };
  const readHere: Read = async (name, args) => {
    const query = queries[name] as (database: Database, given: typeof args) => never;
    return here(() => query(db, args));
  };
  const read: Read = async (name, args) => {
    if (!options.reader) return readHere(name, args);
    expiry.now();
    return (await options.reader.run(name, args)) as never;
  };
  const notices = createNotices({ db, host, unread: async () => (await read('inbox.counts', {})).unread });
  const connector = connectLanes(host);
  const connect = options.connect ?? connector.connect;

  function tell(touched: Touched): void {
    news.changed(touched);
    notices.tell(touched);
    if (touched.expiry) expiry.look();
    if (touched.emptied) wipe();
    if (touched.outbox) pumping ??= setImmediate(pumpAll);
  }
  /** In a turn of its own: whoever waits to be answered waits no longer for what is next to be sent. */
  let pumping: ReturnType<typeof setImmediate> | null = null;
  function pumpAll(): void {
    pumping = null;
    for (const account of lanes.accounts()) outbox.pump(account);
  }
  const room = (account: AccountId): number => lanes.get(account)?.room ?? 0;
  const write: Write = (work) => {
    const touched = nothingTouched();
    const result = db.transaction(() => work(touched, () => undefined));
    tell(touched);
    return result;
  };
  const writeWithSeal: Write = (work) => {
    if (!lanes.accounts().some((account) => room(account) > 0)) return write(work);
    const touched = nothingTouched();
    let begun: OutboxId | null = null;
    const begin: Begin = (item) => {
      if (outbox.begin(item)) begun = item.id;
    };
    try {
      const result = db.unflushedTransaction(() => work(touched, begin));
      // Nobody seals anything for it now.
      if (begun === null) db.flush();
      // What could not be flushed stands all the same, and is shown; its call says that it is not on the disk.
      const durable = (): void => tell(touched);
      db.flushed().then(durable, durable);
      return result;
    } catch (error) {
      if (begun !== null) outbox.abort(begun);
      throw error;
    }
  };

  function wipe(): void {
    // A delete is done once the log holds nothing of it any more; the next one, or the close, tries again.
    const truncate = (): void => {
      if (!db.checkpointTruncate()) log('wipe.busy');
    };
    const { reader, checkpointer } = options;
    const unread = async (): Promise<void> => (reader ? reader.endSnapshot(truncate) : truncate());
    (checkpointer ? checkpointer.pause(unread) : unread()).catch(() => log('wipe.failed'));
  }
  const expiry = createExpiry({ db, clock, write, wipe, log });

  /** The network showed a lane that its state lives on elsewhere: nothing more of it is used. */
  function foundCopied(account: Account): void {
    if (isCopied(db, account.id)) return;
    write((touched) => {
      noteCopied(db, account.id, clock());
      stopCopied(personScope({ db, clock }, account, touched));
    });
    lanes.stop(account.id).then(
      () => news.changed({ ...nothingTouched(), accounts: true }),
      () => log('copy.not-stopped'),
    );
  }

  /** A device that was linked again takes the place of the one before, in one transaction, once nothing of that one is under way. */
  async function putAnew(account: Account, setup: AccountSetup): Promise<void> {
    await lanes.stop(account.id);
    await commits.drain();
    try {
      write((touched) => takePlace(personScope({ db, clock }, account, touched), setup));
      wipe();
    } finally {
      const now = findAccount(db, account.id);
      if (now) lanes.start(now);
    }
  }

  const commits = createCommitQueue({
    db,
    clock,
    tell,
    crash,
    log,
    ...(options.instance ? { instance: options.instance } : {}),
  });
  const source: LaneSource = { db, files, clock, commit: commits.submit, crash };
  const lanes: Lanes = createLanes({
    source,
    connect,
    random,
    log,
    ...harness,
    events: {
      status: (account, status) => {
        expiry.now();
        news.lane(account.id, status);
        if (status.kind === 'needs-person' && status.why === 'clone-suspected') foundCopied(account);
      },
      ready: (account) => {
        hurry(db, account.id);
        outbox.pump(account.id);
      },
      flowStep: (flow, step) => flows.step(flow, step),
      typing: (account, conversation, on) => {
        const found = findConversation(db, conversation as ConversationId);
        // That a stranger writes is no news.
        if (found?.account === account.id && found.state === 'active') news.typing(found.id, on);
      },
      died: (account) => flows.died(account.id),
    },
  });
  const outbox = createOutbox({
    db,
    clock,
    random,
    log,
    room,
    perform: async (account, item, signal) => {
      const performed = await lanes.must(account).perform(item, signal);
      if (performed !== 'deadly') return performed;
      write((touched) => failDeadly(db, item.id, clock(), touched));
      return { kind: 'done' };
    },
    told: ({ conversation, message }) => {
      if (conversation !== null && message !== null)
        write((touched) => touchMessage(touched, conversation, message));
    },
  });
  const flows: Flows = createFlows({
    source,
    lanes,
    connect,
    log,
    ...harness,
    profile: options.profile.kind,
    host,
    tell: (flow, step) => news.tell('flow', { flow, step }),
    added: (account) => {
      news.changed({ ...nothingTouched(), accounts: true });
      lanes.start(account);
    },
    anew: putAnew,
  });

  const scope: CallScope = {
    db,
    read,
    readHere,
    files,
    host,
    clock,
    profile: options.profile,
    lock: options.lock ?? null,
    news,
    lanes,
    flows,
    outbox,
    seen: createSeenLabels(),
    log,
    crash,
    write,
    writeWithSeal,
    once: createOnce({ db, clock, write }),
    wipe,
  };
  const serve = allCalls(scope);
  const undoClicked = host.listen('notice.clicked', ({ tag }) => {
    const id = tag as ConversationId;
    if (findConversation(db, id)) news.tell('open', { conversation: id });
  });
  expiry.look();
  for (const account of listAccounts(db))
    if (isCopiedRatchet(db, account))
      write((touched) => stopCopied(personScope({ db, clock }, account, touched)));
  lanes.startAll();

  return {
    attachPage(pipe) {
      const page: PageLink = link<Calls, Record<string, never>, Events, Record<string, never>>({
        pipe,
        serve,
        check: checkCall,
        fault: () => log('page.fault'),
      });
      pages.add(page);
      const leave = (): void => void pages.delete(page);
      page.ended(leave);
      return () => {
        leave();
        page.close();
      };
    },
    attachLane: connector.introduce,
    async stop() {
      undoClicked();
      flows.stop();
      expiry.stop();
      const work = outbox.stop();
      await lanes.stopAll();
      await work;
      await commits.drain();
      await files.dropUnfinished();
      await db.flushed().catch(() => undefined);
      news.stop();
      notices.stop();
      for (const page of pages) page.close();
      pages.clear();
    },
  };
}
