import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ServiceId } from '../../crypto/signal/address.ts';
import type { AccountId, ConversationId, NetworkKey, PeerId } from '../../shared/ids.ts';
import { newNetworkKey } from '../../shared/lane/network-key.ts';
import {
  conversationWith,
  isAci,
  keyOf,
  messageNameOf,
  peerOf,
  serviceIdOf,
  serviceOfConversation,
  serviceOfPeer,
} from './names.ts';

const account = 'account' as AccountId;
const service = fc
  .tuple(fc.boolean(), fc.uuid())
  .map(([pni, uuid]) => `${pni ? 'PNI:' : ''}${uuid}` as ServiceId);

test('a name reads back as it was written', () => {
  fc.assert(
    fc.property(
      service,
      service,
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      (own, other, sentAt) => {
        expect(serviceOfConversation(account, conversationWith(account, other))).toBe(other);
        expect(serviceOfPeer(peerOf(other))).toBe(other);
        for (const author of [own, other])
          expect(messageNameOf(keyOf({ author, sentAt }, own), own)).toEqual({ author, sentAt });
        expect(messageNameOf(newNetworkKey('signal', sentAt), own)).toEqual({ author: own, sentAt });
        expect(isAci(other)).toBe(!other.startsWith('PNI'));
      },
    ),
  );
});

test('anything else names nothing', () => {
  const own = '00000000-0000-4000-8000-000000000000' as ServiceId;
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(messageNameOf(text as NetworkKey, own)).toBeNull();
      expect(serviceOfConversation(account, `account|signal|${text}` as ConversationId)).toBeNull();
    }),
  );
  for (const text of [`${own}:01`, `${own}:-1`, `${own}:1e3`, 'me:', 'me:9007199254740993', `x${own}:1`])
    expect(messageNameOf(text as NetworkKey, own)).toBeNull();
  expect(serviceIdOf(own.toUpperCase().replace('8', 'A'))).toBeNull();
  expect(serviceOfConversation('other' as AccountId, conversationWith(account, own))).toBeNull();
  expect(serviceOfPeer(`email|${own}` as PeerId)).toBeNull();
});
