import type { CallArgs, CallName, CallResults } from '../../../shared/contract/calls.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import type { ConversationId, MessageId, Millis } from '../../../shared/ids.ts';
import type { CrashPoint } from '../../../shared/lane/lane.ts';
import type { ConfirmKind } from '../../../shared/shell/host.ts';
import { findAccount, type Account } from '../../../storage/accounts.ts';
import { findConversation, type Conversation } from '../../../storage/conversations.ts';
import type { Database } from '../../../storage/database.ts';
import type { Files } from '../../../storage/files.ts';
import { findMessage, rowidOf, type Message } from '../../../storage/messages.ts';
import type { queries } from '../../../storage/queries/list.ts';
import { labelIsOld, relabel } from '../commit/relabel.ts';
import { freshMemo, type Scope } from '../commit/scope.ts';
import type { HostLink } from '../host.ts';
import type { Flows } from '../lanes/flows.ts';
import type { Lanes } from '../lanes/lanes.ts';
import type { ProfileLock } from '../lock.ts';
import type { Log } from '../log.ts';
import type { News } from '../news.ts';
import type { Outbox } from '../outbox.ts';
import type { Once, Write } from '../once.ts';
import type { SeenLabels } from '../seen-labels.ts';
import type { Touched } from '../touched.ts';

/** Runs a query of storage/queries on the reader's connection, or on the writer's where there is no reader. */
export type Read = <K extends keyof typeof queries>(
  name: K,
  args: Parameters<(typeof queries)[K]>[1],
) => Promise<ReturnType<(typeof queries)[K]>>;

/** What the calls of the page work with. */
export interface CallScope {
  readonly db: Database;
  readonly read: Read;
  /** The same on core's own connection: for what is small and was just written. */
  readonly readHere: Read;
  readonly files: Files;
  readonly host: HostLink;
  readonly clock: () => Millis;
  readonly profile: { readonly kind: 'live' | 'test'; readonly version: string };
  readonly lock: ProfileLock | null;
  readonly news: News;
  readonly lanes: Lanes;
  readonly flows: Flows;
  readonly outbox: Outbox;
  readonly seen: SeenLabels;
  readonly log: Log;
  readonly crash: (name: CrashPoint) => Promise<void>;
  readonly write: Write;
  /**
   * The same, and flushed along with what a lane seals for it where a lane begins at once (decision 26): what follows waits for
   * `db.flushed()`, as `once` does.
   */
  readonly writeWithSeal: Write;
  readonly once: Once;
  /** What was deleted is gone from the disk, as soon as no reader is in the way. */
  readonly wipe: () => void;
}

/** The calls one file serves. */
export type Serve<K extends CallName> = {
  readonly [N in K]: (args: CallArgs<N>, signal: AbortSignal) => Promise<CallResults[N]> | CallResults[N];
};

/** @throws PlainsealError `not-found` */
export function mustFind<T>(found: T | null, what: string): T {
  if (found === null) throw new PlainsealError('not-found', `no such ${what}`);
  return found;
}

/** A conversation with its account. */
export function conversationOf(
  db: Database,
  id: ConversationId,
): { readonly conversation: Conversation; readonly account: Account } {
  const conversation = mustFind(findConversation(db, id), 'conversation');
  return { conversation, account: mustFind(findAccount(db, conversation.account), 'account') };
}

/** A message that somebody wrote, as opposed to a note. */
export function messageOf(db: Database, id: MessageId): Message {
  const message = mustFind(findMessage(db, rowidOf(id)), 'message');
  if (message.kind !== 'message') throw new PlainsealError('bad-request', 'a note is no message');
  return message;
}

/** The scope in which the rules of a commit apply to what the person does. */
export function personScope(of: Pick<CallScope, 'db' | 'clock'>, account: Account, touched: Touched): Scope {
  return { db: of.db, account, now: of.clock(), touched, memo: freshMemo() };
}

/** A conversation that is looked at shows the label of this moment: facts grow old without anybody telling. */
export function refreshLabel(of: CallScope, id: ConversationId): void {
  const { account } = conversationOf(of.db, id);
  if (!labelIsOld({ db: of.db, account, now: of.clock() }, id)) return;
  of.write((touched) => relabel(personScope(of, account, touched), id));
}

/**
 * Asks in the shell's own window.
 * @throws PlainsealError `refused` when the person says no, or there is no window.
 */
export async function confirm(
  of: CallScope,
  kind: ConfirmKind,
  facts: Readonly<Record<string, string>>,
  secret?: 'passphrase' | 'new-passphrase' | 'key-text',
): Promise<string | null> {
  const answer = await of.host.call('confirm', secret ? { kind, facts, secret } : { kind, facts });
  if (!answer.ok) throw new PlainsealError('refused', 'the person said no');
  return answer.secret;
}
