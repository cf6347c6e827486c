import type { Millis } from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import { createWork } from '../../shared/lane/work.ts';
import type { Contact } from './codec/content.ts';
import { decodeContacts } from './codec/decode.ts';
import { MAX_CONTACTS_BLOB } from './codec/numbers.ts';
import { learnTimer, openConversation, tellPeer } from './correspondent.ts';
import { fetchFile, type OpenFile } from './fetched-files.ts';
import { createLedger, commitOf } from './ledger.ts';
import type { WithLocks } from './locks.ts';
import { readPeer, unknownPeer, writePeer } from './peer-record.ts';
import { commit, CONFLICT_TRIES } from './performing.ts';
import { readPendingContacts, writePendingContacts, type PendingContacts } from './phone-record.ts';
import type { Own } from './receiving.ts';
import type { SignalService } from './service/service.ts';

/** Contacts of one commit. */
const CHUNK = 500;
/** When a list that could not be had is tried again, unless a new connection comes first. */
const AGAIN_MS: Millis = 60_000;

export interface ContactLists {
  /** Fetches a list that my phone sent, if one waits; a later one is fetched after it. */
  fetch(): void;
  /** Resolves when nothing is being fetched. */
  idle(): Promise<void>;
  close(): void;
}

interface Parts {
  readonly context: LaneContext;
  readonly own: Own;
  readonly withLocks: WithLocks;
  readonly service: SignalService;
  readonly openFile: OpenFile;
}

/** Takes my phone's lists of contacts in, outside of receiving: they may be large, and are made durable piece by piece. */
export function createContactLists(parts: Parts): ContactLists {
  let running: Promise<void> = Promise.resolve();
  let closed = false;
  let again: ReturnType<typeof setTimeout> | undefined;
  function fetch(): void {
    clearTimeout(again);
    running = running.then(async () => {
      if (closed) return;
      try {
        const came = await takePending(parts, () => closed);
        if (came === 'later' && !closed) again = setTimeout(fetch, AGAIN_MS);
      } catch (error) {
        parts.context.log('contacts-fault', { error: error instanceof Error ? error.name : 'unknown' });
      }
    });
  }
  return {
    fetch,
    idle: () => running,
    close: () => {
      closed = true;
      clearTimeout(again);
    },
  };
}

/** Takes in the list that waits, if one does; `later`: it cannot be had just now, and waits on. */
async function takePending(parts: Parts, isClosed: () => boolean): Promise<'done' | 'later'> {
  const { context } = parts;
  const pending = await readPendingContacts(createWork(context.view));
  if (pending === null) return 'done';
  const fetched = await fetchFile(parts, pending.blob, MAX_CONTACTS_BLOB);
  if (fetched.kind === 'later') return 'later';
  // Without it there is only fewer names; the phone sends its list again when something in it changes.
  const contacts = fetched.kind === 'file' ? readList(context, fetched.bytes) : [];
  for (let at = 0; at < contacts.length; at += CHUNK) {
    if (isClosed()) return 'done';
    if (!(await takeChunk(parts, contacts.slice(at, at + CHUNK)))) return 'done';
  }
  await forget(context, pending);
  return 'done';
}

function readList(context: LaneContext, blob: Uint8Array): readonly Contact[] {
  try {
    return decodeContacts(blob);
  } catch {
    context.log('contacts-malformed', { bytes: blob.length });
    return [];
  }
}

/** Commits a piece of the list. False when core cannot: it waits for the next start. */
function takeChunk({ context, own, withLocks }: Parts, contacts: readonly Contact[]): Promise<boolean> {
  const services = contacts.map(({ service }) => service);
  return withLocks(services, async () => {
    for (let attempt = 0; attempt < CONFLICT_TRIES; attempt++) {
      const work = createWork(context.view);
      const ledger = createLedger();
      const telling = { account: context.account, work, ledger, now: context.now() };
      for (const contact of contacts)
        if (contact.service !== own.service) await takeContact(telling, contact, own);
      const result = await commit(context, commitOf(work, ledger, []));
      if (result.ok) return true;
      if (result.why !== 'conflict') return false;
    }
    return false;
  });
}

/** Somebody in my phone's list is no stranger, and has the name that the list gives them. */
async function takeContact(
  telling: Parameters<typeof tellPeer>[0],
  { service, number, name, timer }: Contact,
  own: Own,
): Promise<void> {
  const { work } = telling;
  const known = await readPeer(work, service);
  const peer = { ...(known ?? unknownPeer), number, name };
  const isNews = known === null || known.number !== number || known.name !== name;
  if (isNews) {
    writePeer(work, service, peer);
    await tellPeer(telling, service, peer);
  }
  if (peer.conversation) {
    await openConversation(telling, service, 'active', own);
    await learnTimer(telling, service, timer);
  } else if (!peer.accepted) writePeer(work, service, { ...peer, accepted: true });
}

/** The list is taken in, unless another one came meanwhile. */
async function forget(context: LaneContext, pending: PendingContacts): Promise<void> {
  const work = createWork(context.view);
  const now = await readPendingContacts(work);
  if (now === null || now.blob.id !== pending.blob.id) return;
  writePendingContacts(work, null);
  await commit(context, { ...emptyCommit, work: work.writes() });
}
