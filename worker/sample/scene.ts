import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Content } from '../../shared/contract/content.ts';
import { textOnly } from '../../shared/contract/content.ts';
import {
  directConversation,
  freshId,
  peerId,
  type AccountId,
  type ConversationId,
  type NetworkId,
  type NetworkKey,
  type OutboxId,
  type PeerId,
} from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { SecurityFacts } from '../../shared/label/facts.ts';
import { emptyCommit, type Commit, type CommitResult } from '../../shared/lane/commit.ts';
import type { Intent, OutboxStep } from '../../shared/lane/intent.ts';
import { addAccount, type Account } from '../../storage/accounts.ts';
import { findConversation, type Conversation } from '../../storage/conversations.ts';
import { openDatabase, type Database } from '../../storage/database.ts';
import { addMessage, findMessage, type Message } from '../../storage/messages.ts';
import { addIntent, findOutgoing, type Outgoing } from '../../storage/outbox.ts';
import { applyCommit } from '../core/commit/apply.ts';
import { nothingTouched, type Touched } from '../core/touched.ts';

/** For tests: one e-mail account over a real database, and commits applied to it as core applies them. */
export interface Scene {
  readonly db: Database;
  readonly account: Account;
  now: number;
  /** Applies a commit in a transaction of its own. */
  commit(commit: Partial<Commit>): CommitResult;
  /** What the last commit touched. */
  readonly touched: Touched;
  conversation(id: ConversationId): Conversation;
  message(key: string): Message | null;
  /** Writes an intent of the person, seen under the conversation's label of now. */
  intend(conversation: ConversationId, text: string): { readonly id: OutboxId; readonly message: number };
  item(id: OutboxId): Outgoing;
  close(): void;
}

export const ALICE = peerId('email', 'ALICE-FINGERPRINT');
export const key = (text: string): NetworkKey => text as NetworkKey;

/** Facts of a path that is as good as OpenPGP gets. */
export function goodFacts(asOf = 1_000): SecurityFacts {
  const fact = <T>(is: T) => ({ is, asOf, by: 'certificate' }) as const;
  return {
    endToEnd: fact(true),
    otherKeyHolders: fact([]),
    forwardSecrecy: fact({ withinMs: 'never' } as const),
    recovery: fact({ withinMs: 'never' } as const),
    postQuantum: fact('none'),
    authenticated: fact(true),
    exposed: fact([]),
    engine: fact({ name: 'openpgp', version: '6', review: 'audited' } as const),
  };
}

/** Facts of a path that the provider reads. */
export function clearFacts(asOf = 1_000): SecurityFacts {
  const fact = <T>(is: T) => ({ is, asOf, by: 'network-data' }) as const;
  return {
    ...goodFacts(asOf),
    endToEnd: fact(false),
    otherKeyHolders: fact([{ kind: 'provider', name: 'Example Mail' } as const]),
  };
}

export const openedBy = (peer: PeerId, facts = goodFacts()): Evidence => ({
  how: 'opened-here',
  at: 1_000,
  facts: [facts],
  details: [],
  from: { peer, key: 'K', trust: { kind: 'unchecked' }, proof: 'signature' },
});

export const sealedFor = (peer: PeerId, facts = goodFacts()): Evidence => ({
  how: 'sealed-here',
  at: 1_000,
  facts: [facts],
  details: [],
  to: [{ peer, key: 'K', trust: { kind: 'unchecked' } }],
});

/** The changes that make a direct OpenPGP conversation with a peer, and its first forecast. */
export function meeting(
  conversation: ConversationId,
  peer: PeerId,
  facts: readonly SecurityFacts[] = [goodFacts()],
): Pick<Commit, 'changes' | 'forecasts'> {
  return {
    changes: [
      {
        kind: 'peer',
        peer,
        identity: peer.slice('email|'.length),
        address: 'alice@example.org',
        name: 'Alice',
      },
      {
        kind: 'conversation',
        id: conversation,
        patch: { kind: 'direct', peer, protocol: 'openpgp', state: 'active' },
      },
    ],
    forecasts: [{ conversation, facts, hold: null }],
  };
}

export const messageFrom = (
  peer: PeerId,
  conversation: ConversationId,
  name: string,
  text: string,
): Commit['changes'][number] => ({
  kind: 'message',
  target: { conversation, key: key(name) },
  author: peer,
  sentAt: 500,
  content: textOnly(text),
  evidence: openedBy(peer),
});

/** The sealing step of an item for one destination. */
export function sealing(item: OutboxId, more: Partial<OutboxStep> = {}): OutboxStep {
  return {
    item,
    to: 'sealed',
    artifacts: [{ to: 'alice', identity: 'K', bytes: new Uint8Array([1]), outcome: 'pending' }],
    evidence: sealedFor(ALICE),
    ...more,
  };
}

/** Opens a scene with an account on one network. */
export function openScene(network: NetworkId = 'email'): Scene {
  const folder = mkdtempSync(join(tmpdir(), 'plainseal-scene-'));
  const db = openDatabase({ folder, key: new Uint8Array(32).fill(9) });
  const account: Account = {
    id: freshId<AccountId>(),
    network,
    address: 'me@example.org',
    displayName: 'Me',
    environment: 'test',
    createdAt: 1,
  };
  addAccount(db, account);
  let seq = 0;
  const scene = {
    db,
    account,
    now: 1_000,
    touched: nothingTouched(),
    commit(commit: Partial<Commit>): CommitResult {
      scene.touched = nothingTouched();
      seq += 1;
      return db.transaction(() =>
        applyCommit(
          { db, account, now: scene.now, touched: scene.touched },
          { ...emptyCommit, ...commit },
          seq,
        ),
      );
    },
    conversation(id: ConversationId): Conversation {
      const found = findConversation(db, id);
      if (!found) throw new Error('no such conversation');
      return found;
    },
    message(name: string): Message | null {
      const row = db.get<{ readonly id: number }>('SELECT id FROM message WHERE key = ?', name);
      return row ? findMessage(db, row.id) : null;
    },
    intend(conversation: ConversationId, text: string) {
      const id = freshId<OutboxId>();
      const content: Content = textOnly(text);
      const name = key(`out-${id}`);
      const intent: Intent = {
        conversation,
        sentAt: scene.now,
        what: { kind: 'content', key: name, content },
      };
      const message = db.transaction(() => {
        const rowid = addMessage(
          db,
          {
            conversation,
            account: account.id,
            key: name,
            author: null,
            sentAt: scene.now,
            content,
            evidence: null,
            label: null,
            sending: { outbox: id, state: 'queued' },
          },
          scene.now,
        );
        const seenLabel = scene.conversation(conversation).label;
        addIntent(db, { id, account: account.id, message: rowid, intent, seenLabel, hold: null });
        return rowid ?? -1;
      });
      return { id, message };
    },
    item(id: OutboxId): Outgoing {
      const found = findOutgoing(db, id);
      if (!found) throw new Error('no such item');
      return found;
    },
    close(): void {
      db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return scene;
}

/** The direct conversation with a peer in a scene. */
export const withPeer = (scene: Scene, peer: PeerId): ConversationId =>
  directConversation(scene.account.id, peer);
