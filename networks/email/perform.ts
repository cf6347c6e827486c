import type { ConversationId, Millis } from '../../shared/ids.ts';
import { emptyCommit, type Commit, type CommitResult } from '../../shared/lane/commit.ts';
import type { FailureCode, OutboxItem, OutboxStep, Stored } from '../../shared/lane/intent.ts';
import type { LaneContext, Performed } from '../../shared/lane/lane.ts';
import { createWork } from '../../shared/lane/work.ts';
import type { Self } from './account-record.ts';
import { compose } from './compose.ts';
import { PASSWORD_IDENTITY, PLAIN_IDENTITY } from './composed.ts';
import { guard, type Operation } from './guard.ts';
import { otherOfConversation } from './names.ts';
import { readPlain } from './records.ts';
import type { Standing } from './standing.ts';
import type { Handover, Submission } from './submission.ts';
import { PERSON_RETRY_MS, personFor, type ConnectFault } from './tls.ts';

/** What performing needs of the lane. */
export interface Performing {
  readonly context: LaneContext;
  readonly self: () => Promise<Self>;
  readonly submission: Submission;
  /** Forgets what was cached of the lane's state: somebody changed it. */
  readonly dropCaches: () => void;
  readonly standing: Pick<Standing, 'stopped' | 'passed'>;
  readonly random: () => number;
}

const CONFLICT_TRIES = 5;
const RETRY_MS = 5_000;
const RETRY_MOST_MS = 10 * 60_000;
const DISK_RETRY_MS = 30_000;

const DONE: Performed = { kind: 'done' };

/** When to try again: soon at first, then ever more seldom. */
export function retryAt(now: Millis, attempts: number): Millis {
  return now + Math.min(RETRY_MS * 2 ** Math.min(attempts, 10), RETRY_MOST_MS);
}

const later = (performing: Performing, item: OutboxItem): Performed => ({
  kind: 'later',
  retryAt: retryAt(performing.context.now(), item.attempts),
});

/**
 * Brings one outbox item to its end: seals it (one commit, checked by core), then hands the stored bytes over, then commits the outcome. For an item
 * that is sealed already only the stored bytes are handed over again.
 */
export async function perform(
  performing: Performing,
  item: OutboxItem,
  signal: AbortSignal,
): Promise<Performed> {
  switch (item.state) {
    case 'queued':
      return seal(performing, item, signal);
    case 'sealed':
      return transmit(performing, item, item.artifacts, signal);
    case 'sent':
    case 'held':
    case 'failed':
    case 'cancelled':
      return DONE;
  }
}

async function seal(performing: Performing, item: OutboxItem, signal: AbortSignal): Promise<Performed> {
  const { context, random } = performing;
  for (let attempt = 0; attempt < CONFLICT_TRIES; attempt++) {
    if (signal.aborted) return later(performing, item);
    const work = createWork(context.view);
    const self = await performing.self();
    const { account, files } = context;
    const composed = await compose({ account, self, work, now: context.now(), files, random }, item);
    if (composed.kind === 'failed')
      return finish(performing, item, { item: item.id, to: 'failed', failure: composed.failure });
    if (composed.kind === 'void') return finish(performing, item, { item: item.id, to: 'cancelled' });
    if (composed.kind === 'held') {
      const step: OutboxStep = { item: item.id, to: 'held', hold: composed.hold };
      return finish(performing, item, step, { forecasts: composed.ledger.forecasts });
    }
    const artifacts = [composed.artifact];
    const evidence = composed.evidence === null ? {} : { evidence: composed.evidence };
    const result = await commit(context, {
      ...emptyCommit,
      work: work.writes(),
      forecasts: composed.ledger.forecasts,
      outbound: [{ item: item.id, to: 'sealed', artifacts, ...evidence }],
    });
    if (result.ok) return transmit(performing, item, artifacts, signal);
    if (result.why === 'held') return DONE;
    if (result.why !== 'conflict') return { kind: 'later', retryAt: context.now() + DISK_RETRY_MS };
    performing.dropCaches();
  }
  return later(performing, item);
}

/** A commit with its crash points around it. */
export async function commit(context: LaneContext, what: Commit): Promise<CommitResult> {
  await context.crashPoint('lane.before-commit');
  const result = await context.commit(what);
  await context.crashPoint('lane.after-commit');
  return result;
}

async function finish(
  performing: Performing,
  item: OutboxItem,
  step: OutboxStep,
  more: Partial<Commit> = {},
): Promise<Performed> {
  const result = await commit(performing.context, { ...emptyCommit, ...more, outbound: [step] });
  // Refused by core's rules, or by a full disk: the item stands as it was and is performed again.
  return result.ok || result.why === 'held' ? DONE : later(performing, item);
}

async function transmit(
  performing: Performing,
  item: OutboxItem,
  artifacts: readonly Stored[],
  signal: AbortSignal,
): Promise<Performed> {
  const { context, submission } = performing;
  const [artifact, ...others] = artifacts;
  if (artifact === undefined || others.length > 0)
    return finish(performing, item, { item: item.id, to: 'failed', failure: 'damaged' });
  const operation = await operationOf(performing, item, artifact);
  if (operation === null)
    return finish(performing, item, { item: item.id, to: 'failed', failure: 'damaged' });
  const verdict = guard(operation, everEndToEnd(context));
  if (verdict.kind === 'stop') {
    context.log('guard-stopped', { why: verdict.why, operation: operation.kind });
    return finish(performing, item, { item: item.id, to: 'held', hold: 'guard' });
  }
  if (signal.aborted) return later(performing, item);
  await context.crashPoint('lane.before-wire-write');
  const handover = await submission.send(verdict.mail);
  await context.crashPoint('lane.after-wire-write');
  return settle(performing, item, artifact, handover);
}

/** A conversation of this lane is end to end exactly when it is with a key; that never changes. */
function everEndToEnd(context: LaneContext): (conversation: ConversationId) => boolean {
  return (conversation) => otherOfConversation(context.account, conversation)?.kind !== 'address';
}

/** What the stored bytes are meant to be. The guard judges whether they are. */
async function operationOf(
  performing: Performing,
  item: OutboxItem,
  artifact: Stored,
): Promise<Operation | null> {
  const { context } = performing;
  const { conversation, what } = item.intent;
  const self = await performing.self();
  const bytes =
    typeof artifact.bytes === 'string' ? (await context.files.read(artifact.bytes)).bytes : artifact.bytes;
  const common = { from: self.account.address, to: [artifact.to], messageId: what.key, bytes };
  if (artifact.identity === PASSWORD_IDENTITY)
    return what.kind === 'protocol' ? { kind: 'secure-join-request', ...common } : null;
  if (artifact.identity !== PLAIN_IDENTITY) return { kind: 'sealed-mail', conversation, ...common };
  if (conversation === null) return null;
  const plain = await readPlain(createWork(context.view), artifact.to);
  return { kind: 'plain-mail', conversation, consented: plain !== null, ...common };
}

async function settle(
  performing: Performing,
  item: OutboxItem,
  artifact: Stored,
  handover: Handover,
): Promise<Performed> {
  const { context } = performing;
  const step = (to: OutboxStep['to'], outcome: Stored['outcome'], failure?: FailureCode): OutboxStep => ({
    item: item.id,
    to,
    artifacts: [{ ...artifact, outcome }],
    ...(failure === undefined ? {} : { failure }),
  });
  switch (handover.kind) {
    case 'accepted':
      performing.standing.passed();
      return finish(performing, item, step('sent', 'accepted'));
    case 'refused':
      return finish(performing, item, step('failed', 'refused', failureOf(handover)));
    case 'ambiguous':
      context.log('handover-ambiguous', {});
      await finish(performing, item, step('sealed', 'ambiguous'));
      return later(performing, item);
    case 'later':
      context.log('handover-later', { why: handover.why });
      // The server has not taken it: the person may still take it back.
      return { ...waitFor(performing, item, handover.why), unwritten: true };
  }
}

/** What only a person can mend is said, and waits for them as the mailbox does. */
function waitFor(
  { context, standing }: Performing,
  { attempts }: OutboxItem,
  fault: ConnectFault,
): Extract<Performed, { kind: 'later' }> {
  const why = personFor(fault);
  if (why === null) return { kind: 'later', retryAt: retryAt(context.now(), attempts) };
  standing.stopped(why);
  return { kind: 'later', retryAt: context.now() + PERSON_RETRY_MS };
}

/** RFC 3463: x.1.x is about the address, x.3.4 and x.2.3 about size; RFC 5321: 552 is size too. */
function failureOf(refused: Extract<Handover, { kind: 'refused' }>): FailureCode {
  if (refused.enhanced !== null) {
    if (/^5\.1\.[0-36]$/.test(refused.enhanced)) return 'address-unknown';
    if (/^5\.(?:3\.4|2\.3)$/.test(refused.enhanced)) return 'too-large';
    return 'refused-by-server';
  }
  return refused.code === 552 ? 'too-large' : 'refused-by-server';
}
