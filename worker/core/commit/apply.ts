import { PlainsealError } from '../../../shared/errors.ts';
import { freshId, type ConversationId, type NetworkKey, type OutboxId } from '../../../shared/ids.ts';
import { assertNever } from '../../../shared/assert.ts';
import type { Change } from '../../../shared/lane/change.ts';
import type { Commit, CommitResult, Forecast, Settled } from '../../../shared/lane/commit.ts';
import { isQuiet, type Intent } from '../../../shared/lane/intent.ts';
import { moveAddress } from '../../../storage/accounts.ts';
import { findConversation, setForecast } from '../../../storage/conversations.ts';
import {
  ADDRESS_CURSOR,
  clearMarker,
  hasMarkers,
  IDENTITY_CURSOR,
  outcomeOf,
  readCursor,
  settle,
  SKIPPED_CURSOR,
} from '../../../storage/inbound.ts';
import { writeCells } from '../../../storage/lane-state.ts';
import { findMessageByKey } from '../../../storage/messages.ts';
import { addIntent, sweepQuiet } from '../../../storage/outbox.ts';
import { hasWaitingEdit, WAIT_MS } from '../../../storage/waiting.ts';
import { changesAddress } from '../capabilities.ts';
import { addTouched, nothingTouched, touchConversation } from '../touched.ts';
import { changeConversation } from './conversation-change.ts';
import { holdInPlace, resumePassed } from './hold.ts';
import { changeMember, stateNews } from './member-change.ts';
import { changeNote, changeTarget, receiveMessage } from './message-change.ts';
import { Held, stepOutbound } from './outbound.ts';
import { changeDevice, changeIdentity, changeMerged, changePeer } from './peer-change.ts';
import { holdAfterForecast, isPassing, relabel, relabelAs } from './relabel.ts';
import { freshMemo, ownConversation, type Scope } from './scope.ts';

/**
 * Applies one commit of a lane inside the caller's transaction, all or nothing. What touches nothing is not told.
 * @throws PlainsealError `bad-request` or `refused` for a commit no lane of ours would make; `disk-full`, `io` and the like
 * when the database does.
 */
export function applyCommit(outer: Omit<Scope, 'memo'>, commit: Commit, seq: number): CommitResult {
  const scope: Scope = { ...outer, memo: freshMemo() };
  // Dropped with the savepoint: nothing of it was looked up, or touched, in vain.
  const part: Scope = { ...outer, memo: freshMemo(), touched: nothingTouched() };
  try {
    scope.db.savepoint(() => applyAll(part, commit));
  } catch (error) {
    if (error instanceof Held) return held(scope, commit, error);
    if (error instanceof PlainsealError && error.kind === 'conflict') return { ok: false, why: 'conflict' };
    throw error;
  }
  addTouched(scope.touched, part.touched);
  return { ok: true, seq };
}

function held(scope: Scope, commit: Commit, stop: Held): CommitResult {
  scope.db.savepoint(() => holdInPlace(scope, commit, stop));
  return { ok: false, why: 'held', reason: stop.reason, item: stop.item };
}

function applyAll(scope: Scope, commit: Commit): void {
  if (deliveredBefore(scope, commit)) {
    for (const settled of commit.inbound)
      if (settled.kind === 'cursor') settle(scope.db, scope.account.id, settled, scope.now);
    return;
  }
  writeCells(scope.db, scope.account.id, commit.work);
  for (const change of commit.changes) applyChange(scope, change);
  stateNews(scope);
  // Of each conversation the last one stands.
  const forecasts = new Map(commit.forecasts.map((forecast) => [forecast.conversation, forecast]));
  for (const id of scope.memo.stale) if (!forecasts.has(id)) relabel(scope, id);
  for (const forecast of forecasts.values()) setForecastOf(scope, forecast);
  for (const step of commit.outbound) stepOutbound(scope, step, commit.forecasts);
  for (const intent of commit.enqueue) enqueue(scope, intent);
  if (commit.enqueue.length > 0) sweepQuiet(scope.db, scope.now, commit.enqueue.length);
  const marked = commit.inbound.length > 0 && hasMarkers(scope.db, scope.account.id);
  for (const settled of commit.inbound) {
    const moved = moveAccount(scope, settled);
    if (moved || showsInAccount(scope, settled)) scope.touched.accounts = true;
    if (settled.kind === 'not-kept') tellNotKept(scope, settled.conversation);
    settle(scope.db, scope.account.id, asKept(scope, settled), scope.now);
    // Core lets go of its bytes in time.
    if (settled.kind === 'parked') scope.touched.expiry = true;
    if (marked && settled.kind !== 'cursor') clearMarker(scope.db, scope.account.id, settled.envelope);
  }
}

function setForecastOf(scope: Scope, { conversation: id, facts, hold }: Forecast): void {
  const conversation = ownConversation(scope, id);
  setForecast(scope.db, id, facts);
  if (hold === null && isPassing(conversation.hold)) resumePassed(scope, id);
  const next = holdAfterForecast(scope.db, conversation, hold);
  relabelAs(scope, { ...conversation, forecast: facts }, next);
}

/**
 * Bytes that hold the words of a message are kept with it. Where it was dropped, is over or was deleted they are not; where an edit waits for it they
 * are for as long as that does.
 */
function asKept(scope: Scope, settled: Settled): Settled {
  if (settled.kind !== 'parked' || settled.of === undefined || isHere(scope, settled.of)) return settled;
  const waits =
    findMessageByKey(scope.db, scope.account.id, settled.of) === null &&
    hasWaitingEdit(scope.db, scope.account.id, settled.of);
  return waits
    ? { ...settled, until: Math.min(settled.until, scope.now + WAIT_MS) }
    : { kind: 'consumed', envelope: settled.envelope };
}

/** Whether a message is here, and not deleted. */
function isHere({ db, account }: Scope, key: NetworkKey): boolean {
  return findMessageByKey(db, account.id, key)?.deleted === false;
}

/** The request says how much of it was not kept; where there is none, the account does. */
function tellNotKept({ db, touched }: Scope, request: ConversationId): void {
  if (findConversation(db, request)) touchConversation(touched, request);
  else touched.accounts = true;
}

/** Whether a cursor is news of what is shown of the account. */
function showsInAccount(scope: Scope, settled: Settled): boolean {
  if (settled.kind !== 'cursor') return false;
  if (settled.name !== IDENTITY_CURSOR && settled.name !== SKIPPED_CURSOR) return false;
  return readCursor(scope.db, scope.account.id, settled.name) !== settled.value;
}

/** Moves the account where its network says that it has another address now, as a phone may have another number; whether it did. */
function moveAccount({ db, account }: Scope, settled: Settled): boolean {
  if (settled.kind !== 'cursor' || settled.name !== ADDRESS_CURSOR || !changesAddress(account.network))
    return false;
  return moveAddress(db, account, settled.value);
}

/**
 * Whether everything this commit settles was consumed before: the acknowledgement was lost, the server gave it again.
 * Applying it once more could answer a handshake twice.
 */
function deliveredBefore(scope: Scope, commit: Commit): boolean {
  const envelopes = commit.inbound.filter((settled) => settled.kind !== 'cursor');
  return (
    envelopes.length > 0 &&
    commit.outbound.length === 0 &&
    envelopes.every((settled) => {
      const outcome = outcomeOf(scope.db, scope.account.id, settled.envelope);
      return outcome === 'consumed' || outcome === 'duplicate';
    })
  );
}

function applyChange(scope: Scope, change: Change): void {
  switch (change.kind) {
    case 'peer':
      return changePeer(scope, change);
    case 'message':
      return receiveMessage(scope, change);
    case 'edit':
    case 'reaction':
    case 'delete':
    case 'own-read':
    case 'receipt':
    case 'delivery-failed':
      return changeTarget(scope, change);
    case 'note':
      return changeNote(scope, change);
    case 'conversation':
      return changeConversation(scope, change);
    case 'member':
      return changeMember(scope, change);
    case 'device':
      return changeDevice(scope, change);
    case 'identity':
      return changeIdentity(scope, change);
    case 'peers-merged':
      return changeMerged(scope, change);
    default:
      return assertNever(change);
  }
}

/**
 * What the protocol sends by itself. A lane never writes in the person's name, and a receipt goes to an active conversation or
 * not at all: a stranger learns from none that somebody is here.
 */
function enqueue(scope: Scope, intent: Intent): void {
  if (!isQuiet(intent)) throw new PlainsealError('refused', 'a lane may enqueue receipts and protocol only');
  const { what } = intent;
  // It was deleted while it went out: nobody is told its words any more.
  if (what.kind === 'protocol' && what.of !== undefined && !isHere(scope, what.of)) return;
  const conversation = intent.conversation && ownConversation(scope, intent.conversation);
  if (what.kind === 'receipt' && (!conversation || conversation.state !== 'active')) return;
  addIntent(scope.db, {
    id: freshId<OutboxId>(),
    account: scope.account.id,
    message: null,
    intent,
    seenLabel: null,
    hold: null,
  });
  scope.touched.outbox = true;
}
