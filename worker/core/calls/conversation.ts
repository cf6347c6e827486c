import { PlainsealError } from '../../../shared/errors.ts';
import { markRead, patchConversation, setDraft, type Conversation } from '../../../storage/conversations.ts';
import { startRead } from '../../../storage/expiry.ts';
import { standingOf } from '../../../storage/floors.ts';
import { findMessage, rowidOf, unreadKeys } from '../../../storage/messages.ts';
import type { StoredConversationRow } from '../../../storage/queries/conversation-rows.ts';
import { readSettings } from '../../../storage/settings.ts';
import type { ConversationRow } from '../../../shared/contract/conversation.ts';
import type { NetworkKey } from '../../../shared/ids.ts';
import { blockConversation } from '../commit/block.ts';
import { cancelItem } from '../commit/group.ts';
import { capabilities, followsInvitations, tellsOwnDevices } from '../capabilities.ts';
import { addSideIntent } from '../commit/own-intent.ts';
import { tellsFrom, tellsOf } from '../tells.ts';
import { touchConversation, touchMessage, type Touched } from '../touched.ts';
import { putNote } from '../commit/peer-change.ts';
import type { Scope } from '../commit/scope.ts';
import { setPersonBlocked, tellPhone } from './person.ts';
import { conversationOf, mustFind, personScope, refreshLabel, type CallScope, type Serve } from './scope.ts';

/** Most messages one read receipt names. */
const MAX_RECEIPT = 100;
/** Most messages that one look tells my own devices of, the newest: they take what is older as read with them. */
const MAX_READ = 1_000;

type Names =
  | 'inbox.page'
  | 'inbox.counts'
  | 'conversation.get'
  | 'conversation.facts'
  | 'conversation.set'
  | 'conversation.read'
  | 'conversation.accept'
  | 'conversation.block'
  | 'draft.save'
  | 'typing.set'
  | 'peer.get'
  | 'contact.list';

/** The list, its conversations and who is in them. */
export function conversationCalls(of: CallScope): Serve<Names> {
  function shown(row: StoredConversationRow): ConversationRow {
    const { network, protocol, myRole, othersWithoutAdmin, tellsRead, tellsTyping, ...rest } = row;
    const tells = tellsOf({ label: row.label, tellsRead, tellsTyping }, readSettings(of.db), row.floor.least);
    of.seen.shown(rest);
    return {
      ...rest,
      can: capabilities({ ...rest, network, protocol, myRole, othersWithoutAdmin }),
      tells,
    };
  }

  const tells = (conversation: Conversation): ConversationRow['tells'] =>
    tellsOf(conversation, readSettings(of.db), standingOf(of.db, conversation.id).least);

  /** Of a conversation of two its person is blocked, everywhere; of a group that group alone. */
  function block(id: ConversationRow['id'], touched: Touched): void {
    const { conversation, account } = conversationOf(of.db, id);
    const { kind, peer } = conversation;
    if (kind === 'direct' && peer !== null) return setPersonBlocked(of, peer, true, touched);
    blockConversation(personScope(of, account, touched), id, cancelItem);
  }

  function accept(id: ConversationRow['id'], touched: Touched): void {
    const { conversation, account } = conversationOf(of.db, id);
    const { kind, peer, state } = conversation;
    const blocked = kind === 'direct' && peer !== null && state === 'blocked';
    if (blocked) setPersonBlocked(of, peer, false, touched);
    else if (state === 'request' && peer !== null)
      tellPhone(personScope(of, account, touched), peer, 'accepted');
    // Who is in a group no more does not come back into it by saying yes.
    if (state !== 'left') patchConversation(of.db, id, { state: 'active' });
    if (state === 'request' && conversation.notKept > 0) stateNotKept(personScope(of, account, touched), id);
    touchConversation(touched, id);
    tellAccepted(id, touched);
  }

  /** From now on everything they write is kept: the row says where something is missing. */
  function stateNotKept(scope: Scope, id: ConversationRow['id']): void {
    const key = `note|not-kept|${id}|${scope.now}` as NetworkKey;
    putNote(scope, { conversation: id, key, code: 'not-kept', quoted: null });
  }

  /** Where an invitation has to be followed its lane does so now, and did nothing before. */
  function tellAccepted(id: ConversationRow['id'], touched: Touched): void {
    const { conversation, account } = conversationOf(of.db, id);
    if (!followsInvitations(conversation.network)) return;
    addSideIntent(personScope(of, account, touched), id, null, (key) => ({
      kind: 'protocol',
      key,
      op: 'accepted',
      data: new Uint8Array(),
    }));
  }

  function decide(
    name: 'conversation.accept' | 'conversation.block',
    effect: (id: ConversationRow['id'], touched: Touched) => void,
  ) {
    return ({ request, conversation: id }: { request: string; conversation: ConversationRow['id'] }) =>
      of.once(
        name,
        request,
        () => void conversationOf(of.db, id),
        (_nothing, touched) => {
          effect(id, touched);
          return null;
        },
      );
  }

  /**
   * Tells that messages were read: their authors, where the person wants that and the network can (whether they asked, the lane
   * knows), and my own devices, where the network has them. A stranger is told nothing.
   */
  function enqueueReceipts(id: ConversationRow['id'], upTo: number, touched: Touched): void {
    const { conversation, account } = conversationOf(of.db, id);
    const { network, state } = conversation;
    const able = capabilities(conversation)['read-receipt'] === 'yes';
    const tell = able && state === 'active' && tells(conversation).read;
    if (!tell && !tellsOwnDevices(network)) return;
    const most = tellsOwnDevices(network) ? MAX_READ : MAX_RECEIPT;
    const keys = unreadKeys(of.db, id, conversation.readUpTo, upTo, most);
    const scope = personScope(of, account, touched);
    for (let at = 0; at < keys.length; at += MAX_RECEIPT) {
      const some = keys.slice(at, at + MAX_RECEIPT);
      addSideIntent(scope, id, null, (key) => ({
        kind: 'receipt',
        key,
        of: some,
        as: 'read',
        tell,
      }));
    }
  }

  /** The time of what goes by itself begins now. */
  function startReading(id: ConversationRow['id'], upTo: number, touched: Touched): void {
    for (const message of startRead(of.db, id, upTo, of.clock())) {
      touchMessage(touched, id, message);
      touched.expiry = true;
    }
  }

  return {
    'inbox.page': async (args) => {
      const { seq } = of.news;
      const page = await of.read('inbox.page', args);
      return { rows: page.rows.map(shown), more: page.more, seq };
    },
    'inbox.counts': () => of.read('inbox.counts', {}),
    'conversation.get': async (args) => {
      refreshLabel(of, args.conversation);
      return shown(mustFind(await of.read('conversation.get', args), 'conversation'));
    },
    'conversation.facts': async (args) => mustFind(await of.read('conversation.facts', args), 'conversation'),
    'conversation.set': ({ request, conversation: id, ...patch }) =>
      of.once(
        'conversation.set',
        request,
        () => conversationOf(of.db, id),
        ({ conversation: { label } }, touched) => {
          const { title, pinned, muted, archived, tellsRead, tellsTyping } = patch;
          patchConversation(of.db, id, {
            ...(title === undefined ? {} : { title }),
            ...(pinned === undefined ? {} : { pinned }),
            ...(muted === undefined ? {} : { muted }),
            ...(archived === undefined ? {} : { archived }),
            ...(tellsRead === undefined ? {} : { tellsRead: tellsFrom(tellsRead, label) }),
            ...(tellsTyping === undefined ? {} : { tellsTyping: tellsFrom(tellsTyping, label) }),
          });
          touchConversation(touched, id);
          return null;
        },
      ),
    'conversation.read': ({ conversation: id, upTo }) => {
      of.write((touched) => {
        const message = mustFind(findMessage(of.db, rowidOf(upTo)), 'message');
        if (message.conversation !== id)
          throw new PlainsealError('bad-request', 'the message is in another conversation');
        enqueueReceipts(id, message.id, touched);
        startReading(id, message.id, touched);
        if (markRead(of.db, id, message.id)) touchConversation(touched, id);
      });
      return null;
    },
    'conversation.accept': decide('conversation.accept', accept),
    'conversation.block': decide('conversation.block', block),
    'draft.save': ({ conversation: id, content }) => {
      of.write((touched) => {
        const { conversation } = conversationOf(of.db, id);
        setDraft(of.db, id, content);
        // Every keystroke saves; the list only changes when a draft appears, goes, or says something else.
        if (JSON.stringify(conversation.draft) !== JSON.stringify(content)) touchConversation(touched, id);
      });
      return null;
    },
    'typing.set': ({ conversation: id, on }) => {
      const { conversation } = conversationOf(of.db, id);
      const able = capabilities(conversation).typing === 'yes';
      const tell = tells(conversation).typing;
      if (able && tell && conversation.state === 'active' && conversation.hold === null)
        of.lanes.get(conversation.account)?.hint({ kind: 'typing', conversation: id, on });
      return null;
    },
    'contact.list': (args) => of.read('contact.list', args),
    'peer.get': async (args) => mustFind(await of.read('peer.get', args), 'peer'),
  };
}
