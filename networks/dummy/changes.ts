import {
  directConversation,
  peerId,
  type ConversationId,
  type EnvelopeKey,
  type Millis,
  type NetworkKey,
} from '../../shared/ids.ts';
import type { SecurityFacts } from '../../shared/label/facts.ts';
import { emptyCommit, type Commit } from '../../shared/lane/commit.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import type { Mail } from './wire.ts';

/** What everybody may know: the server reads along. Never anything good. */
export function facts(now: Millis): SecurityFacts {
  const known = <T>(is: T) => ({ is, asOf: now, by: 'network-data' }) as const;
  return {
    endToEnd: known(false),
    otherKeyHolders: known([{ kind: 'provider', name: 'Test server' } as const]),
    forwardSecrecy: 'unknown',
    recovery: 'unknown',
    postQuantum: 'unknown',
    authenticated: 'unknown',
    exposed: 'unknown',
    engine: 'unknown',
  };
}

/** The peer of a direct conversation is the end of its name: `<account>|dummy|<address>`. */
export const addressOf = (conversation: ConversationId): string => conversation.split('|').slice(2).join('|');

/** The changes that make a conversation with an address. */
export function conversationWith(context: LaneContext, address: string, state: 'request' | 'active') {
  const peer = peerId('dummy', address);
  const conversation = directConversation(context.account, peer);
  const changes: Commit['changes'] = [
    { kind: 'peer', peer, identity: address, address, name: null },
    {
      kind: 'conversation',
      id: conversation,
      patch: { kind: 'direct', peer, protocol: 'none', state },
    },
  ];
  const forecast = { conversation, facts: [facts(context.now())], hold: null };
  return { peer, conversation, changes, forecast };
}

/** What a mail makes durable. */
export function received(context: LaneContext, mail: Mail, envelope: EnvelopeKey): Commit {
  const { peer, conversation, changes, forecast } = conversationWith(context, mail.from, 'request');
  return {
    ...emptyCommit,
    changes: [
      ...changes,
      {
        kind: 'message',
        target: { conversation, key: mail.key as NetworkKey },
        author: peer,
        sentAt: mail.sentAt,
        content: { text: mail.text, ranges: [], files: [] },
        evidence: {
          how: 'in-the-clear',
          from: mail.from,
          at: context.now(),
          facts: [facts(context.now())],
          details: [],
        },
      },
    ],
    forecasts: [forecast],
    inbound: [{ kind: 'consumed', envelope }],
  };
}

/** What a mail that must not be opened makes durable. */
export function quarantined(context: LaneContext, mail: Mail, envelope: EnvelopeKey): Commit {
  const { conversation, changes, forecast } = conversationWith(context, mail.from, 'request');
  return {
    ...emptyCommit,
    changes: [
      ...changes,
      {
        kind: 'note',
        conversation,
        key: `quarantined|${mail.id}` as NetworkKey,
        code: 'not-opened',
        at: context.now(),
      },
    ],
    forecasts: [forecast],
    inbound: [
      {
        kind: 'quarantined',
        envelope,
        raw: new TextEncoder().encode(mail.text),
        why: 'ended the lane twice',
      },
    ],
  };
}
