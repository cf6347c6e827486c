import type { CallArgs, Calls } from '../../shared/contract/calls.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import { PlainsealError } from '../../shared/errors.ts';
import type { PeerRow } from '../../shared/contract/conversation.ts';
import type { PersonRow } from '../../shared/contract/person.ts';
import { byProtection } from '../../shared/label/order.ts';
import type { ConversationId, PeerId, PersonId } from '../../shared/ids.ts';
import { NO_FLOOR } from '../../shared/label/floor.ts';
import type { Handlers } from '../../shared/wire/rpc.ts';
import { belongs, compareRows } from '../chats/store.ts';
import { compareIds } from '../messages/window.ts';
import { ALICE_KEY, liveFactsOf, minutesAgo, openedHere, OTHER_NPUB, sealedHere } from './labels.ts';
import { LOOK_ALIKE, NOSTR_ACCOUNT } from './chats.ts';
import { chatOf, saidOf, type Memory, type Said } from './memory.ts';
import { pictureBytes } from './picture.ts';

export type Reads =
  | 'profile.get' | 'account.list' | 'disclosure.list' | 'disclosure.ledger' | 'inbox.page' | 'inbox.counts' | 'conversation.get' | 'conversation.facts'
  | 'peer.get' | 'person.get' | 'contact.list' | 'message.page' | 'message.rows' | 'message.details' | 'search' | 'settings.get' | 'floor.get' | 'report.preview' | 'file.read'; // prettier-ignore

/** Calls that only look. */
export function reads(memory: Memory): Pick<Handlers<Calls>, Reads> {
  const inOrder = (conversation: ConversationId): readonly MessageRow[] =>
    [...memory.messages.values()]
      .filter((row) => row.conversation === conversation)
      .sort((left, right) => compareIds(left.id, right.id));
  return {
    'profile.get': () => ({
      kind: 'test',
      version: '0.1.0',
      seq: memory.seq,
      keptBy: 'keyring',
      phrase: false,
    }),
    'account.list': () => ({ rows: memory.accounts }),
    'disclosure.ledger': () => ({ rows: memory.consents }),
    'disclosure.list': () => ({ rows: memory.disclosures }),
    'settings.get': () => memory.settings,
    'floor.get': ({ peer }) => memory.floors.get(peer) ?? NO_FLOOR,
    'inbox.page': ({ filter, before, limit }) => {
      const all = [...memory.chats.values()].filter((row) => belongs(row, filter)).sort(compareRows);
      const from = before === null ? 0 : all.findIndex((row) => row.id === before.id) + 1;
      const rows = all.slice(from, from + limit);
      return { rows, more: from + limit < all.length, seq: memory.seq };
    },
    'inbox.counts': () => {
      const all = [...memory.chats.values()];
      const count = (filter: CallArgs<'inbox.page'>['filter']): number =>
        all.filter((row) => belongs(row, filter)).length;
      return {
        unread: all
          .filter((row) => belongs(row, 'all') && !row.muted)
          .reduce((sum, row) => sum + row.unread, 0),
        stopped: count('stopped'),
        requests: count('requests'),
        drafts: count('drafts'),
      };
    },
    'conversation.get': ({ conversation }) => chatOf(memory, conversation),
    'conversation.facts': ({ conversation }) => liveFactsOf(chatOf(memory, conversation).label),
    'peer.get': ({ peer }) => {
      const row = [...memory.chats.values()].find((each) => each.peer === peer);
      if (!row) return fromGroups(memory, peer);
      return {
        id: peer,
        name: row.title,
        ...(row.label.network === 'nostr'
          ? { address: OTHER_NPUB, identity: OTHER_NPUB }
          : { address: `${row.title.split(' ')[0]?.toLowerCase()}@post.example`, identity: ALICE_KEY }),
        trust: row.label.identity.kind === 'one' ? row.label.identity.trust : { kind: 'unchecked' },
        ownName: row.label.network === 'nostr' ? row.title : null,
        // The gallery's look-alike: Cyrillic letters where Alice Okafor has Latin ones.
        alike:
          row.title === LOOK_ALIKE ? [{ name: 'Alice Okafor', network: 'email', isWrittenAlike: false }] : [],
        blocked: row.state === 'blocked',
        likeBlocked:
          row.title === 'Rolf Brandt' ? { name: 'R. Brandt', network: 'email', why: 'same-person' } : null,
        firstSeenAt: minutesAgo(400_000),
        conversations: [row.id],
      };
    },
    'person.get': ({ peer }) => personOf(memory, peer),
    'contact.list': ({ account, text, limit }) => ({
      rows: [...memory.chats.values()]
        .filter((row) => row.account === account)
        .filter((row) => row.kind === 'direct' && row.peer !== null && row.state === 'active')
        .filter((row) => row.title.toLowerCase().includes(text.toLowerCase()))
        .slice(0, limit)
        .map((row) => ({
          peer: row.peer ?? ('' as never),
          name: row.title,
          address: null,
          chat: row.title,
          conversation: row.id,
        })),
    }),
    'message.page': ({ conversation, around, side, limit }) => {
      const all = inOrder(conversation);
      const first = chatOf(memory, conversation).firstUnread;
      const wanted = around === 'first-unread' ? (first ?? 'end') : around;
      const at = wanted === 'end' ? all.length : all.findIndex((row) => compareIds(row.id, wanted) >= 0);
      const [from, to] =
        side === 'before'
          ? [Math.max(0, at - limit), at]
          : side === 'after'
            ? [at + 1, at + 1 + limit]
            : [Math.max(0, at - Math.floor(limit / 2)), at + Math.ceil(limit / 2)];
      return {
        rows: all.slice(from, to).map(sized),
        moreBefore: from > 0,
        moreAfter: to < all.length,
        seq: memory.seq,
      };
    },
    'message.rows': ({ ids }) => ({
      rows: ids
        .map((id) => memory.messages.get(id))
        .filter((row) => row !== undefined)
        .map(sized),
    }),
    'message.details': ({ id }) => {
      const row = saidOf(memory, id);
      const evidence = row.label.protocol === 'none' ? null : row.author.me ? sealedHere : openedHere;
      const reactions = row.reactions.flatMap(({ emoji, by }) =>
        by.map((author) => ({
          by: author,
          emoji: [emoji],
          at: row.receivedAt,
          evidence: author.me ? sealedHere : openedHere,
        })),
      );
      return { id, label: row.label, evidence, revisions: [], reactions, deliveries: [] };
    },
    'report.preview': ({ conversation, of, messages }) => {
      const { title, peer, label } = chatOf(memory, conversation);
      const { network, protocol, testNetwork } = label;
      return {
        contents: {
          network,
          protocol,
          testNetwork,
          reported: {
            id: of ?? peer ?? '',
            address: of === null ? title : null,
            fingerprint: protocol === 'none' ? null : ALICE_KEY,
          },
          messages: messages.map((id) => {
            const { key, content, sentAt, receivedAt } = saidOf(memory, id);
            const proven = { known: 'opened-here', proof: 'signature', fingerprint: ALICE_KEY } as const;
            return { key, text: content.text, files: [], sentAt, receivedAt, ...proven };
          }),
        },
        sha256: '1f'.repeat(32),
      };
    },
    search: ({ text, in: scope, limit }) => {
      const wanted = text.toLowerCase();
      const rows = [...memory.messages.values()]
        .filter((row): row is Said => row.kind === 'message')
        .filter(
          (row) =>
            (scope === null || row.conversation === scope) && row.content.text.toLowerCase().includes(wanted),
        )
        .sort((left, right) => right.receivedAt - left.receivedAt)
        .slice(0, limit)
        .map((row) => ({
          id: row.id,
          conversation: row.conversation,
          title: chatOf(memory, row.conversation).title,
          author: row.author,
          sentAt: row.sentAt,
          text: row.content.text,
        }));
      return { rows, more: false };
    },
    'file.read': ({ at, length }) => pictureBytes.slice(at, at + length),
  };
}

/** The gallery's picture has as many bytes as its drawing made. */
function sized(row: MessageRow): MessageRow {
  if (row.kind === 'note') return row;
  return {
    ...row,
    files: row.files.map((file) => (file.size === 0 ? { ...file, size: pictureBytes.byteLength } : file)),
  };
}

/** The ways to somebody, as core orders them. */
function personOf(memory: Memory, peer: PeerId): PersonRow {
  const peers = memory.persons.find((each) => each.includes(peer)) ?? [peer];
  const routes = [...memory.chats.values()]
    .filter((row) => row.kind === 'direct' && row.peer !== null && peers.includes(row.peer))
    .sort((a, b) => byProtection(a.label, b.label) || b.lastAt - a.lastAt)
    .map(({ id, account, title, label, lastAt, state, peer: of }) => ({
      peer: of ?? peer,
      account,
      network: label.network,
      name: title,
      address: null,
      trust: label.identity.kind === 'one' ? label.identity.trust : ({ kind: 'unchecked' } as const),
      conversation: { id, label, lastAt },
      chat: title,
      blocked: state === 'blocked',
    }));
  // Somebody who is known from groups alone has a way, and no conversation yet.
  if (routes.length === 0) {
    const { name, address, trust } = fromGroups(memory, peer);
    const way = { account: NOSTR_ACCOUNT, network: 'nostr', chat: address, blocked: false } as const;
    return { person: null, routes: [{ ...way, peer, name, address, trust, conversation: null }] };
  }
  return { person: peers.length > 1 ? ('person-marek' as PersonId) : null, routes };
}

/** Somebody who is known from groups alone. */
function fromGroups(memory: Memory, peer: PeerId): PeerRow {
  const groups = [...memory.members].filter(([, { rows }]) => rows.some((each) => each.peer === peer));
  const member = groups[0]?.[1].rows.find((each) => each.peer === peer);
  if (!member) throw new PlainsealError('not-found', 'no such peer');
  return {
    id: peer,
    name: member.name,
    address: OTHER_NPUB,
    identity: OTHER_NPUB,
    trust: member.trust,
    ownName: member.name,
    alike: [],
    blocked: false,
    likeBlocked: null,
    firstSeenAt: minutesAgo(4_000),
    conversations: groups.map(([id]) => id),
  };
}
