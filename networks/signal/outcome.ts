import { emptyCommit, type Commit, type CommitResult } from '../../shared/lane/commit.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import {
  isQuiet,
  type FailureCode,
  type OutboxItem,
  type OutboxStep,
  type Stored,
} from '../../shared/lane/intent.ts';
import type { Performed } from '../../shared/lane/lane.ts';
import type { Work } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { deviceOf, toHandOver } from './artifact.ts';
import type { Composed, Draft } from './draft.ts';
import type { Errand } from './errand.ts';
import { staysSealed, wentSealed } from './evidence.ts';
import { forgetMessage } from './forget-message.ts';
import { forgetLongText } from './long-text.ts';
import { forecastsOf } from './forecast.ts';
import { afterCommit, commit, CONFLICT_TRIES, DONE, type Performing } from './performing.ts';
import { noteReached } from './reached.ts';
import type { How } from './seal.ts';
import { readSent, writeSent } from './send-log.ts';
import { transcriptIntent } from './transcript.ts';

/** Commits a step of an item that needs nothing of the lane's state. */
export async function finish(
  performing: Performing,
  item: OutboxItem,
  step: Omit<OutboxStep, 'item'>,
  more: Partial<Commit> = {},
): Promise<Performed> {
  const outbound = [{ item: item.id, ...step }];
  const result = await commit(performing.context, { ...emptyCommit, ...more, outbound });
  return result.ok ? DONE : afterCommit(performing, item, result);
}

/** It is over without having been sent, and what stopped its conversation while it was tried with it. */
export async function fail(
  performing: Performing,
  item: OutboxItem,
  failure: FailureCode,
  artifacts: readonly Stored[] = [],
): Promise<Performed> {
  const forecasts = await forecastsOf(performing, item, createWork(performing.context.view), null);
  const step = { to: 'failed', failure, artifacts: withOutcome(artifacts, 'refused') } as const;
  return finish(performing, item, step, { forecasts });
}

/** What was handed over, with what became of it. */
export function withOutcome(artifacts: readonly Stored[], outcome: Stored['outcome']): readonly Stored[] {
  return toHandOver(artifacts).map((artifact) => ({ ...artifact, outcome }));
}

/** The person has deleted a message of mine: what this lane keeps of it goes. Needs no connection. */
export async function forgetDeleted(
  performing: Performing,
  item: OutboxItem,
  { service, message }: Extract<Errand, { readonly op: 'deleted' }>,
): Promise<Performed> {
  const { context, own } = performing;
  const result = await performing.withLocks([service, own.service], async () => {
    for (let attempt = 0; ; attempt++) {
      const work = createWork(context.view);
      await forgetMessage(work, own.service, service, message);
      const outbound = [{ item: item.id, to: 'sent' as const }];
      const told = await commit(context, { ...emptyCommit, work: work.writes(), outbound });
      if (told.ok || told.why !== 'conflict' || attempt >= CONFLICT_TRIES) return told;
    }
  });
  return result.ok ? DONE : afterCommit(performing, item, result);
}

/** It was taken: one commit with what my other devices are told. */
export async function settleSent(
  performing: Performing,
  item: OutboxItem,
  of: { readonly draft: Draft; readonly artifacts: readonly Stored[]; readonly sealed: boolean },
): Promise<Performed> {
  const result = await performing.withLocks([of.draft.to], async () => {
    for (let attempt = 0; ; attempt++) {
      const told = await commitSent(performing, item, of);
      if (told.ok || told.why !== 'conflict' || attempt >= CONFLICT_TRIES) return told;
    }
  });
  return result.ok ? DONE : afterCommit(performing, item, result);
}

async function commitSent(
  performing: Performing,
  item: OutboxItem,
  { draft, artifacts, sealed }: Parameters<typeof settleSent>[2],
): Promise<CommitResult> {
  const { context, own } = performing;
  const { to, told } = draft;
  const now = context.now();
  const work = createWork(context.view);
  const { evidence, unnamed } = await settleRecord(work, item, draft, sealed, now);
  await forgetLongText(work, item.intent);
  const sent = withOutcome(artifacts, 'accepted');
  await noteReached(
    work,
    to,
    sent.flatMap((artifact) => deviceOf(artifact.to)?.device ?? []),
  );
  const [first] = sent;
  const identityKey = Buffer.from(first?.identity ?? '', 'hex');
  return commit(context, {
    ...emptyCommit,
    work: work.writes(),
    // Something may have stopped the conversation since it was sealed, also before the program last ended: that is over.
    forecasts: item.state === 'sealed' ? await forecastsOf(performing, item, work, null) : [],
    outbound: [
      {
        item: item.id,
        to: 'sent',
        artifacts: sent,
        ...(evidence === null ? {} : { evidence }),
      },
    ],
    enqueue:
      told === null ? [] : [transcriptIntent(told, { to, identityKey, sealed: unnamed, now }, own.service)],
  });
}

/**
 * Ends the part of the record that was kept for the outcome; gives evidence where it has to say something else now, and whether no attempt
 * told the server who sends. Where nothing is known of attempts before, they may have.
 */
async function settleRecord(
  work: Work,
  item: OutboxItem,
  { to, sentAt }: Draft,
  sealed: boolean,
  now: number,
): Promise<{ readonly evidence: Evidence | null; readonly unnamed: boolean }> {
  const record = await readSent(work, to, sentAt, now);
  if (record?.item !== item.id || record.evidence === null)
    return { evidence: null, unnamed: sealed && item.attempts === 0 };
  await writeSent(work, to, sentAt, { ...record, evidence: null }, now);
  return { evidence: wentSealed(record.evidence, sealed), unnamed: staysSealed(record.evidence, sealed) };
}

/**
 * Before bytes go out with my name on them that were to go without: the evidence says so from then on, whatever comes of this attempt and
 * of those after it. False when that cannot be written down; then nothing goes out.
 */
export function noteNamed(performing: Performing, item: OutboxItem, { to, sentAt }: Draft): Promise<boolean> {
  const { context } = performing;
  return performing.withLocks([to], async () => {
    for (let attempt = 0; attempt < CONFLICT_TRIES; attempt += 1) {
      const work = createWork(context.view);
      const now = context.now();
      const record = await readSent(work, to, sentAt, now);
      if (record?.item !== item.id || record.evidence === null) return true;
      const evidence = wentSealed(record.evidence, false);
      if (evidence === null) return true;
      await writeSent(work, to, sentAt, { ...record, evidence }, now);
      const step: OutboxStep = { item: item.id, to: 'sealed', evidence };
      const result = await commit(context, { ...emptyCommit, work: work.writes(), outbound: [step] });
      if (result.ok) return true;
      if (result.why !== 'conflict') return false;
    }
    return false;
  });
}

/** The keys the server gives out for the recipient cannot be used. What nobody waits for stops nothing: core lets it go. */
export async function holdWithoutKey(performing: Performing, item: OutboxItem): Promise<Performed> {
  const forecasts = isQuiet(item.intent)
    ? []
    : await forecastsOf(performing, item, createWork(performing.context.view), 'no-key');
  return finish(performing, item, { to: 'held', hold: 'no-key' }, { forecasts });
}

/** Nobody waits for it, and there is nobody or nothing to send to. What was sealed already cannot be taken back into the blue. */
export function letGo(performing: Performing, item: OutboxItem, { reseal }: How): Promise<Performed> {
  return reseal === null
    ? finish(performing, item, { to: 'cancelled' })
    : fail(performing, item, 'address-unknown', reseal.stored);
}

/** Nothing is to be sent to the recipient. What my other devices are told is all there is to do. */
export function endVoid(
  performing: Performing,
  item: OutboxItem,
  { enqueue }: Extract<Composed, { readonly kind: 'void' }>,
  how: How,
): Promise<Performed> {
  return enqueue.length === 0
    ? letGo(performing, item, how)
    : finish(performing, item, { to: 'sent' }, { enqueue });
}
