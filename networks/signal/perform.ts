import { assertNever } from '../../shared/assert.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import type { OutboxItem } from '../../shared/lane/intent.ts';
import type { Performed } from '../../shared/lane/lane.ts';
import { createWork } from '../../shared/lane/work.ts';
import { afterAnswer } from './answer.ts';
import { compose } from './compose.ts';
import { readErrand } from './errand.ts';
import { handOver } from './hand-over.ts';
import { upload } from './long-text-upload.ts';
import { end, type Next } from './next.ts';
import { endVoid, fail, forgetDeleted, holdWithoutKey, letGo, noteNamed } from './outcome.ts';
import { afterCommit, afterTrouble, commit, DONE, later, unwritten, type Performing } from './performing.ts';
import { seal, type How, type SealResult } from './seal.ts';
import { startSessions } from './sessions.ts';

export type { Performing } from './performing.ts';

/** How often one performing goes back because devices came, went or were set up anew; then it is tried later. */
const MAX_ROUNDS = 5;

/**
 * Brings one outbox item to its end: seals it for every device of its recipient (one commit, checked by core), hands the stored bytes
 * over, commits the outcome. Of an item that is sealed already the stored bytes are handed over again.
 */
export async function perform(
  performing: Performing,
  item: OutboxItem,
  signal: AbortSignal,
): Promise<Performed> {
  if (item.state !== 'queued' && item.state !== 'sealed') return DONE;
  const { what } = item.intent;
  const errand = what.kind === 'protocol' ? readErrand(what) : null;
  if (errand?.op === 'deleted') return forgetDeleted(performing, item, errand);
  const challenged = performing.challenge.until(performing.context.now());
  if (challenged !== null) return unwritten({ kind: 'later', retryAt: challenged });
  if (performing.service() === null) return unwritten(later(performing, item));
  let next: Next =
    item.state === 'queued'
      ? { do: 'seal', how: { renewed: false, reseal: null } }
      : await resume(performing, item);
  const times = { seal: 0, 'start-sessions': 0, 'hand-over': 0 };
  while (next.do !== 'end') {
    if (signal.aborted || times[next.do]++ > MAX_ROUNDS) return later(performing, item);
    next = await advance(performing, item, next);
  }
  return next.as;
}

async function advance(
  performing: Performing,
  item: OutboxItem,
  next: Exclude<Next, { readonly do: 'end' }>,
): Promise<Next> {
  switch (next.do) {
    case 'seal':
      return sealNext(performing, item, next.how);
    case 'start-sessions':
      return sessionsNext(performing, item, next);
    case 'hand-over':
      return afterAnswer(
        performing,
        item,
        next,
        await handOver(performing, next.draft, next.artifacts, next.ready, () =>
          noteNamed(performing, item, next.draft),
        ),
      );
    default:
      return assertNever(next);
  }
}

/** What was sealed before the program ended: its content is made again, its bytes are not. */
async function resume(performing: Performing, item: OutboxItem): Promise<Next> {
  const { context, own, engine } = performing;
  const work = createWork(context.view);
  const composing = { account: context.account, own, engine, work, now: context.now() };
  const composed = await compose({ ...composing, sealed: true, renewed: false }, item);
  return composed.kind === 'draft'
    ? { do: 'hand-over', draft: composed.draft, artifacts: item.artifacts }
    : end(await fail(performing, item, 'damaged'));
}

async function sealNext(performing: Performing, item: OutboxItem, how: How): Promise<Next> {
  const result = await seal(performing, item, how);
  switch (result.kind) {
    case 'sealed':
      return { do: 'hand-over', draft: result.draft, artifacts: result.artifacts, ready: result.ready };
    case 'needs-sessions':
      return { do: 'start-sessions', of: result.draft.to, devices: result.devices, how };
    case 'renew':
      return performing.renewals.allow(result.to.service, performing.context.now())
        ? {
            do: 'start-sessions',
            of: result.to.service,
            devices: [result.to.device],
            how: { ...how, renewed: true },
          }
        : end(await letGo(performing, item, how));
    case 'upload': {
      const uploaded = await upload(performing, item.intent.what.key, result.text);
      if (uploaded.kind === 'uploaded') return { do: 'seal', how };
      return end(
        uploaded.kind === 'commit-failed'
          ? afterCommit(performing, item, uploaded.result)
          : afterTrouble(performing, item, uploaded),
      );
    }
    case 'failed':
      return end(await fail(performing, item, result.failure));
    case 'void':
      return end(await endVoid(performing, item, result, how));
    case 'commit-failed':
      return end(await sealFailed(performing, item, result));
    default:
      return assertNever(result);
  }
}

/** What was not sealed in the end. What goes to my other devices goes all the same, though core let the rest go. */
async function sealFailed(
  performing: Performing,
  item: OutboxItem,
  { draft, result }: Extract<SealResult, { readonly kind: 'commit-failed' }>,
): Promise<Performed> {
  if (result.why === 'held' && draft.enqueue.length > 0)
    await commit(performing.context, { ...emptyCommit, enqueue: draft.enqueue });
  return afterCommit(performing, item, result);
}

async function sessionsNext(
  performing: Performing,
  item: OutboxItem,
  { of, devices, how }: Extract<Next, { readonly do: 'start-sessions' }>,
): Promise<Next> {
  const started = await startSessions(performing, of, devices);
  switch (started.kind) {
    case 'started':
      return { do: 'seal', how };
    case 'nobody':
      // No other device of mine: there is nobody to tell.
      return end(
        item.intent.what.kind === 'protocol'
          ? await letGo(performing, item, how)
          : await fail(performing, item, 'address-unknown', how.reseal?.stored),
      );
    case 'refused':
      return end(await holdWithoutKey(performing, item));
    case 'commit-failed':
      return end(afterCommit(performing, item, started.result));
    case 'offline':
    case 'rate-limited':
    case 'unlinked':
    case 'expired':
      return end(afterTrouble(performing, item, started));
    default:
      return assertNever(started);
  }
}
