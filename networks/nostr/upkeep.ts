import { randomInt } from 'node:crypto';
import type { GroupKey } from '../../crypto/mls/cells.ts';
import type { Millis } from '../../shared/ids.ts';
import { createWork } from '../../shared/lane/work.ts';
import { announce } from './announce.ts';
import { departing } from './group/departing.ts';
import { RENEWAL_MS } from './group/converge.ts';
import { errandIntent } from './group/errand.ts';
import { allRecords, isWhole, readRecord, writeRecord, type GroupRecord } from './group/record.ts';
import { forgetGroup, isOver } from './group/replace.ts';
import { envelopeOf } from './names.ts';
import { dropOldRequests } from './requests.ts';
import type { Running } from './running.ts';
import { transact } from './turn.ts';

/** New keys that could not be committed are tried again after this. */
const RENEW_AGAIN_MS = 60 * 60_000;
/** Somebody who leaves is let go by whoever comes first: the dice spread who tries. */
const DEPARTURE_MS = 500;
const DEPARTURE_SPREAD_MS = 4_000;
/** A key package that was used opens what was sent with it for as long as it stays: another is offered soon, and once for several uses. */
const OFFER_MS = 2_000;
const ANNOUNCE_RETRY_MS = 20_000;
const ANNOUNCE_AGAIN_MS = 6 * 60 * 60_000;
/** Between looks at what is due, at most. */
const LOOK_MS = 60_000;
/** Epochs and invitations that are too old go. */
const SWEEP_MS = 6 * 60 * 60_000;

/** What an account does by itself: it can be found, its keys do not grow old, and who leaves is let go. */
export interface Upkeep {
  /** Something has changed. */
  wake(): void;
  /** Relays can be reached (again). */
  online(): void;
  /** What others add me with has been used: there is to be another. */
  offerAgain(): void;
  stop(): void;
}

/** Nothing runs before it is woken. */
export function createUpkeep(running: Running): Upkeep {
  const { context, stopping } = running;
  const timers = new Map<string, NodeJS.Timeout>();
  let announcing = false;
  let announcedAt: Millis | null = null;
  let sweptAt: Millis | null = null;

  const after = (name: string, ms: Millis, run: () => Promise<void>): void => {
    clearTimeout(timers.get(name));
    if (stopping.signal.aborted) return;
    const timer = setTimeout(() => {
      timers.delete(name);
      if (!stopping.signal.aborted) run().catch((error: unknown) => fault(name, error));
    }, ms);
    timer.unref();
    timers.set(name, timer);
  };
  const fault = (what: string, error: unknown): void =>
    context.log('upkeep', { what, error: error instanceof Error ? error.name : 'unknown' });

  /** Renews what is due, and looks again when the next will be; also after a fault. */
  const renewDue = async (): Promise<void> => {
    const now = context.now();
    let next = now + LOOK_MS;
    try {
      for (const [group, record] of await allRecords(createWork(context.view))) {
        if (!isWhole(record) || record.told.members.length < 2) continue;
        if (isDue(record, now)) await enqueueRenewal(running, group);
        else next = Math.min(next, record.renewAt);
      }
      if (sweptAt === null || now - sweptAt > SWEEP_MS) {
        sweptAt = now;
        await sweep(running);
      }
    } finally {
      after('look', Math.max(50, next - now), renewDue);
    }
  };

  const depart = (group: GroupKey): void => {
    if (timers.has(group)) return;
    after(group, DEPARTURE_MS + randomInt(DEPARTURE_SPREAD_MS), () => letGo(running, group));
  };

  const announceNow = async (): Promise<void> => {
    if (announcing) return;
    announcing = true;
    let done = false;
    try {
      done = await announce(running);
    } finally {
      announcing = false;
      announcedAt = done ? context.now() : null;
      after('announce', done ? ANNOUNCE_AGAIN_MS : ANNOUNCE_RETRY_MS, announceNow);
    }
  };

  return {
    wake() {
      after('look', 20, renewDue);
      for (const group of running.departures) depart(group);
      running.departures.clear();
    },
    online() {
      if (announcedAt === null) after('announce', 0, announceNow);
      this.wake();
    },
    offerAgain() {
      if (!announcing && announcedAt !== null) after('announce', OFFER_MS, announceNow);
    },
    stop() {
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

/** Whether my keys are to be renewed; also when that was put off further than it ever is, by a clock that was ahead. */
const isDue = ({ renewAt }: GroupRecord, now: Millis): boolean =>
  renewAt <= now || renewAt > now + RENEWAL_MS;

async function enqueueRenewal(running: Running, group: GroupKey): Promise<void> {
  await transact(running, async ({ work, ledger, now }) => {
    const record = await readRecord(work, group);
    if (record === null || !isDue(record, now)) return;
    await writeRecord(work, group, { ...record, renewAt: now + RENEW_AGAIN_MS });
    ledger.enqueue.push(errandIntent({ op: 'renew', group, keys: [] }, now));
  });
}

/** Has the commit made that lets go those who leave, unless another was quicker. */
async function letGo(running: Running, group: GroupKey): Promise<void> {
  await transact(running, async (turn) => {
    const { work, ledger, now } = turn;
    if (!isWhole(await readRecord(work, group))) return;
    if ((await departing(turn, group)).length > 0)
      ledger.enqueue.push(errandIntent({ op: 'depart', group, keys: [] }, now));
  });
}

async function sweep(running: Running): Promise<void> {
  await transact(running, async ({ work, ledger, now }) => {
    // Core lets go of the bytes it kept of them.
    for (const id of await dropOldRequests(work, now))
      ledger.inbound.push({ kind: 'consumed', envelope: envelopeOf(id) });
  });
  await transact(running, async (turn) => {
    const { work, now } = turn;
    for (const [group, record] of await allRecords(work)) {
      if (isOver(record, now)) await forgetGroup(turn, group, record);
      else await running.engine.upkeep(group, work, now);
    }
  });
}
