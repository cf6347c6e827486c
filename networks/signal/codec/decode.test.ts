// The oracle has enums; the numbers themselves are what is tested.
// oxlint-disable typescript/no-unsafe-enum-assignment
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { ServiceId } from '../../../crypto/signal/address.ts';
import { MAX_TEXT_LENGTH } from '../../../shared/contract/content.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import { ContentSchema } from '../proto/signal_pb.ts';
import type { AttachmentPointer, DataMessage, Incoming, MessageName } from './content.ts';
import {
  decodeContacts,
  decodeContent,
  decodeEnvelope,
  decodeProvisionEnvelope,
  decodeProvisionMessage,
} from './decode.ts';
import { MAX_CONTENT } from './numbers.ts';
import * as any from './test/arbitrary.ts';
import * as oracle from './test/oracle.ts';
import { Proto } from './test/oracle.ts';

const ALICE = '11111111-1111-4111-8111-111111111111' as ServiceId;
const PNI = 'PNI:22222222-2222-4222-8222-222222222222' as ServiceId;
const NAME: MessageName = { author: ALICE, sentAt: 1_700_000_000_000 };
const SENT_AT = 1_700_000_000_001n;
const FILE: AttachmentPointer = {
  cdn: 3,
  id: 'abc_-1',
  key: new Uint8Array(64).fill(1),
  digest: new Uint8Array(32).fill(2),
  size: 9,
  type: 'image/jpeg',
  name: 'a.jpg',
  flags: 0,
};

const dataIn = (fields: Partial<oracle.DataParams>): DataMessage => {
  const incoming = decodeContent(oracle.encodeData({ timestamp: SENT_AT, ...fields }));
  if (incoming.kind !== 'data') throw new Error(incoming.kind);
  return incoming.data;
};
const whatIn = (fields: Partial<oracle.DataParams>): DataMessage['what'] => dataIn(fields).what;
const refused = (act: () => unknown): void => {
  expect(act).toThrow(PlainsealError);
  expect(act).toThrow(expect.objectContaining({ kind: 'bad-request' }));
};
const empty = Uint8Array.of();

describe('a data message', () => {
  it('is what its flags say', () => {
    expect(whatIn({ flags: 1, body: 'TERMINATE' })).toEqual({ kind: 'end-session' });
    expect(dataIn({ flags: 2, expireTimer: 60, expireTimerVersion: 3 })).toMatchObject({
      what: { kind: 'timer' },
      timer: { ms: 60_000, version: 3 },
    });
    expect(whatIn({ flags: 4 })).toEqual({ kind: 'profile-key' });
  });

  it('of a newer version is unsupported, whatever else it holds', () => {
    expect(whatIn({ body: 'hello', requiredProtocolVersion: 8 })).toMatchObject({ kind: 'text' });
    expect(whatIn({ body: 'hello', requiredProtocolVersion: 9 })).toEqual({ kind: 'unsupported' });
    expect(whatIn({ flags: 1, requiredProtocolVersion: 99 })).toEqual({ kind: 'unsupported' });
  });

  it('that says nothing we know is unsupported', () => {
    expect(whatIn({})).toEqual({ kind: 'unsupported' });
    expect(whatIn({ body: '' })).toEqual({ kind: 'unsupported' });
    expect(whatIn({ payment: { Item: null } })).toEqual({ kind: 'unsupported' });
    expect(whatIn({ body: 'a vote', pollVote: pollVote() })).toEqual({ kind: 'unsupported' });
    expect(whatIn({ giftBadge: { receiptCredentialPresentation: null } })).toEqual({ kind: 'unsupported' });
    expect(whatIn({ groupCallUpdate: { eraId: 'e' } })).toEqual({ kind: 'unsupported' });
  });

  it('names what it only names', () => {
    const special = (fields: Partial<oracle.DataParams>): unknown => {
      const what = whatIn(fields);
      return what.kind === 'text' ? what.special : what.kind;
    };
    expect(special({ isViewOnce: true, attachments: [oracle.pointer(FILE)] })).toBe('view-once');
    expect(special({ sticker: sticker() })).toBe('sticker');
    expect(special({ pollCreate: { question: 'q', allowMultiple: false, options: ['a', 'b'] } })).toBe(
      'poll',
    );
    expect(special({ attachments: [oracle.pointer({ ...FILE, flags: 1 })] })).toBe('voice');
    expect(special({ attachments: [oracle.pointer(FILE)] })).toBeNull();
  });

  it('keeps nothing of what may be looked at once', () => {
    expect(whatIn({ isViewOnce: true, attachments: [oracle.pointer(FILE)] })).toMatchObject({ files: [] });
  });

  it('of a group carries its key', () => {
    const masterKey = new Uint8Array(32).fill(7);
    const group = { masterKey, revision: 1, groupChange: null };
    expect(dataIn({ body: 'hi', groupV2: group })).toMatchObject({
      group: masterKey,
      what: { kind: 'text' },
    });
    expect(whatIn({ groupV2: { ...group, groupChange: Uint8Array.of(1) } })).toEqual({ kind: 'unsupported' });
    refused(() => dataIn({ body: 'hi', groupV2: { ...group, masterKey: new Uint8Array(31) } }));
  });

  it('reads service ids in their older form', () => {
    const target = { ...oracle.reaction('👍', NAME), targetAuthorAciBinary: null };
    const text = { ...target, targetAuthorAci: ALICE.toUpperCase() };
    expect(whatIn({ reaction: text })).toMatchObject({ target: NAME, emoji: '👍', remove: false });
    refused(() => whatIn({ reaction: target }));
    refused(() => whatIn({ reaction: { ...target, targetAuthorAci: 'nobody' } }));
    refused(() => whatIn({ reaction: { ...target, targetAuthorAci: PNI } }));
    refused(() => whatIn({ reaction: { ...target, targetAuthorAciBinary: new Uint8Array(15) } }));
  });

  it.each([
    ['without a time', { timestamp: null, body: 'x' }],
    ['at time zero', { timestamp: 0n, body: 'x' }],
    ['at a time that is no safe integer', { timestamp: 2n ** 53n, body: 'x' }],
    ['at the last time of all', { timestamp: 2n ** 64n - 1n, body: 'x' }],
    ['with a longer text than fits', { body: 'x'.repeat(MAX_TEXT_LENGTH + 1) }],
    ['with a reaction without a sign', { reaction: oracle.reaction('', NAME) }],
    ['with a reaction that is an essay', { reaction: oracle.reaction('x'.repeat(65), NAME) }],
    ['with a reaction to no time', { reaction: oracle.reaction('👍', { ...NAME, sentAt: 0 }) }],
    ['with a deletion of nothing', { delete: { targetSentTimestamp: null } }],
    ['with a profile key of the wrong length', { body: 'x', profileKey: new Uint8Array(16) }],
    ['with a quote of nobody', { body: 'x', quote: { ...oracle.quote(NAME, ''), authorAciBinary: empty } }],
    ['with many files', { attachments: Array.from({ length: 65 }, () => oracle.pointer(FILE)) }],
    ['with a file without a key', { attachments: [oracle.pointer(FILE, { key: null })] }],
    ['with a file with half a key', { attachments: [oracle.pointer(FILE, { key: new Uint8Array(32) })] }],
    ['with a file without a digest', { attachments: [oracle.pointer(FILE, { digest: null })] }],
    ['with a file that is nowhere', { attachments: [oracle.pointer(FILE, { attachmentIdentifier: null })] }],
    ['with a file one folder up', { attachments: [oracle.pointer({ ...FILE, id: '..' })] }],
    ['with a file somewhere else', { attachments: [oracle.pointer({ ...FILE, id: '../v1/keys' })] }],
  ] satisfies readonly (readonly [string, Partial<oracle.DataParams>])[])('%s is refused', (_, fields) => {
    refused(() => dataIn(fields));
  });

  it('leaves out styles that do not read, and keeps the words', () => {
    const bold = { at: 0, length: 1, as: 'bold' } as const;
    const bodyRanges = [
      oracle.bodyRange(bold),
      { start: 0, length: 0, associatedValue: { style: 1 } },
      { start: 0, length: 1, associatedValue: { style: 17 } },
      { start: 0, length: 1, associatedValue: null },
      { start: 0, length: 1, associatedValue: { mentionAci: 'nobody' } },
      { start: 0, length: 1, associatedValue: { mentionAciBinary: oracle.idBytes(PNI) } },
    ];
    expect(whatIn({ body: 'words', bodyRanges })).toMatchObject({ text: 'words', ranges: [bold] });
    const many = Array.from({ length: 1_000 }, () => oracle.bodyRange(bold));
    expect(
      (whatIn({ body: 'words', bodyRanges: many }) as { readonly ranges: readonly unknown[] }).ranges,
    ).toHaveLength(250);
  });
});

const pollVote = (): Proto.DataMessage.PollVote.Params => ({
  targetAuthorAciBinary: oracle.idBytes(ALICE),
  targetSentTimestamp: 1n,
  optionIndexes: [0],
  voteCount: 1,
});
const sticker = (): Proto.DataMessage.Sticker.Params => ({
  packId: Uint8Array.of(1),
  packKey: Uint8Array.of(2),
  stickerId: 1,
  data: oracle.pointer(FILE),
  emoji: '👍',
});

describe('a content', () => {
  it('of an unknown kind is unsupported; one with nothing in it is refused', () => {
    const unknown = Uint8Array.from([0xfa, 0x07, 0x01, 0x00]); // field 127, one byte
    expect(decodeContent(unknown)).toEqual({ kind: 'unsupported' });
    refused(() => decodeContent(empty));
    refused(() => decodeContent(new Uint8Array(MAX_CONTENT + 1)));
  });

  it('that brings keys alone shows nothing', () => {
    const bytes = oracle.encodeContent({ senderKeyDistributionMessage: Uint8Array.of(1) });
    expect(decodeContent(bytes)).toEqual({ kind: 'nothing', what: 'sender-key' });
    const signature = { pni: new Uint8Array(16), signature: new Uint8Array(64) };
    expect(decodeContent(oracle.encodeContent({ pniSignatureMessage: signature })).kind).toBe('nothing');
  });

  it('keeps what it does not know', () => {
    fc.assert(
      fc.property(any.text, fc.integer({ min: 100, max: 1_000 }), any.bytes(12), (body, field, value) => {
        const known = oracle.encodeData({ body, timestamp: SENT_AT });
        const tag = field * 8 + 2;
        const unknown = [(tag & 0x7f) | 0x80, tag >> 7, value.length, ...value];
        const bytes = Uint8Array.from([...known, ...unknown]);
        const again = toBinary(ContentSchema, fromBinary(ContentSchema, bytes));
        const read = oracle.decodeContent(again);
        expect(read.$unknown.map((one) => [...one])).toEqual([unknown]);
        expect(read.content?.dataMessage?.body ?? '').toBe(body);
      }),
    );
  });

  it('takes a deeply nested group for no message, without running out of stack', () => {
    refused(() => decodeContent(new Uint8Array(MAX_CONTENT).fill(0x7b))); // starts field 15, again and again
  });

  it.each([0, 1, 2])('is a receipt of type %i', (type) => {
    const bytes = oracle.encodeContent({ content: { receiptMessage: { type, timestamp: [SENT_AT] } } });
    const as = (['delivered', 'read', 'viewed'] as const)[type];
    expect(decodeContent(bytes)).toEqual({ kind: 'receipt', as, of: [Number(SENT_AT)] });
  });

  it('with receipts without end is refused, and those of a newer kind are unsupported', () => {
    const timestamp = Array.from({ length: 4_001 }, () => SENT_AT);
    refused(() =>
      decodeContent(oracle.encodeContent({ content: { receiptMessage: { type: 0, timestamp } } })),
    );
    const newer = oracle.encodeContent({ content: { receiptMessage: { type: 3 as 2, timestamp: [1n] } } });
    expect(decodeContent(newer)).toEqual({ kind: 'unsupported' });
  });
});

describe('what another device of mine says', () => {
  const syncIn = (fields: Parameters<typeof oracle.encodeSync>[0]): Incoming =>
    decodeContent(oracle.encodeSync(fields));

  it('is a transcript', () => {
    const sent = oracle.sent({
      timestamp: SENT_AT,
      destinationServiceIdBinary: oracle.idBytes(PNI),
      message: oracle.data({ body: 'hi', timestamp: SENT_AT }),
      expirationStartTimestamp: 5n,
      isRecipientUpdate: true,
    });
    expect(syncIn({ content: { sent } })).toMatchObject({
      sync: { kind: 'sent', to: PNI, sentAt: Number(SENT_AT), expirationStartedAt: 5, isUpdate: true },
    });
    expect(syncIn({ content: { sent: oracle.sent({ timestamp: 1n }) } })).toMatchObject({
      sync: { to: null, message: null, expirationStartedAt: null, isUpdate: false },
    });
    refused(() => syncIn({ content: { sent: oracle.sent({}) } }));
  });

  it('is what I read and viewed there', () => {
    const read = [{ senderAci: ALICE, timestamp: 7n, senderAciBinary: null }];
    expect(syncIn({ read })).toMatchObject({ sync: { kind: 'read', of: [{ author: ALICE, sentAt: 7 }] } });
    expect(syncIn({ viewed: read })).toMatchObject({ sync: { kind: 'viewed' } });
    refused(() => syncIn({ read: [{ senderAci: null, timestamp: 7n, senderAciBinary: null }] }));
  });

  it('is a list of blocked people, without what does not read', () => {
    const blocked = {
      numbers: ['+15550001'],
      acis: [ALICE, 'nobody'],
      groupIds: null,
      acisBinary: [oracle.idBytes(ALICE), oracle.idBytes(PNI), Uint8Array.of(1)],
    };
    expect(syncIn({ content: { blocked } })).toEqual({
      kind: 'sync',
      sync: { kind: 'blocked', services: [ALICE] },
    });
  });

  it.each([
    [1, 'accept'],
    [2, 'delete'],
    [3, 'block'],
    [4, 'block'],
    [5, 'unknown'],
    [6, 'block'],
    [99, 'unknown'],
  ] as const)('answers a request with %i: %s', (type, answer) => {
    const messageRequestResponse = {
      threadAci: null,
      groupId: null,
      type: type as 1,
      threadAciBinary: oracle.idBytes(ALICE),
    };
    expect(syncIn({ content: { messageRequestResponse } })).toMatchObject({
      sync: { kind: 'request-response', service: ALICE, answer },
    });
  });

  it('is settings, a check, keys, a deletion', () => {
    const configuration = {
      readReceipts: true,
      unidentifiedDeliveryIndicators: null,
      typingIndicators: false,
      linkPreviews: null,
    };
    expect(syncIn({ content: { configuration } })).toMatchObject({
      sync: { kind: 'configuration', readReceipts: true, typing: false },
    });
    const verified = {
      destinationAci: null,
      identityKey: new Uint8Array(33),
      state: 1,
      nullMessage: null,
      destinationAciBinary: oracle.idBytes(ALICE),
    };
    expect(syncIn({ content: { verified } })).toMatchObject({
      sync: { kind: 'verified', state: 'verified' },
    });
    refused(() => syncIn({ content: { verified: { ...verified, identityKey: new Uint8Array(32) } } }));
    const keys = { master: null, accountEntropyPool: 'A'.repeat(64), mediaRootBackupKey: null };
    expect(syncIn({ content: { keys } })).toMatchObject({ sync: { accountEntropyPool: 'a'.repeat(64) } });
    refused(() => syncIn({ content: { keys: { ...keys, accountEntropyPool: 'short' } } }));
    const deleteForMe = {
      messageDeletes: [
        {
          conversation: { identifier: { threadServiceIdBinary: oracle.idBytes(ALICE) } },
          messages: [{ author: { authorServiceIdBinary: oracle.idBytes(ALICE) }, sentTimestamp: 9n }],
        },
      ],
      conversationDeletes: null,
      localOnlyConversationDeletes: null,
      attachmentDeletes: null,
    };
    expect(syncIn({ content: { deleteForMe } })).toMatchObject({
      sync: {
        kind: 'delete-for-me',
        messages: [{ conversation: ALICE, message: { author: ALICE, sentAt: 9 } }],
      },
    });
  });
});

describe('an envelope', () => {
  const envelope = (fields: Partial<oracle.EnvelopeParams> = {}): Uint8Array =>
    oracle.encodeEnvelope({
      type: 1,
      sourceDeviceId: 2,
      clientTimestamp: 3n,
      serverTimestamp: 4n,
      content: Uint8Array.of(1),
      sourceServiceIdBinary: oracle.idBytes(ALICE),
      destinationServiceIdBinary: oracle.idBytes(PNI),
      ...fields,
    });

  it('is a receipt of the server', () => {
    expect(decodeEnvelope(envelope({ type: 5, content: null }))).toMatchObject({
      envelope: null,
      receipt: { from: { service: ALICE, device: 2 }, sentAt: 3 },
      malformed: false,
    });
  });

  it.each([
    ['of an unknown type', { type: 7 as 1 }],
    ['without a type', { type: null }],
    ['without content', { content: null }],
    ['with empty content', { content: empty }],
    ['without a destination', { destinationServiceIdBinary: null }],
    ['without a source', { sourceServiceIdBinary: null }],
    ['of device 0', { sourceDeviceId: 0 }],
    ['of device 128', { sourceDeviceId: 128 }],
    ['without a time', { clientTimestamp: null }],
    ['without the server’s time', { serverTimestamp: null }],
  ] satisfies readonly (readonly [string, Partial<oracle.EnvelopeParams>])[])(
    '%s is malformed',
    (_, fields) => {
      expect(decodeEnvelope(envelope(fields))).toMatchObject({
        envelope: null,
        receipt: null,
        malformed: true,
      });
    },
  );

  it('may say which identity my new number has, in either form', () => {
    expect(decodeEnvelope(envelope())).not.toHaveProperty('updatedPni');
    const binary = oracle.idBytes(PNI).slice(1);
    expect(decodeEnvelope(envelope({ updatedPniBinary: binary })).updatedPni).toBe(PNI);
    for (const updatedPni of [PNI, PNI.slice('PNI:'.length).toUpperCase()])
      expect(decodeEnvelope(envelope({ updatedPni })).updatedPni).toBe(PNI);
    const odd = decodeEnvelope(envelope({ updatedPniBinary: Uint8Array.of(1), updatedPni: null }));
    expect([odd.malformed, odd.updatedPni]).toEqual([false, undefined]);
  });

  it('is named by its guid, or by what it says', () => {
    const guid = '33333333-3333-4333-8333-333333333333';
    const binary = Uint8Array.from(Buffer.from(guid.replaceAll('-', ''), 'hex'));
    expect(decodeEnvelope(envelope({ serverGuidBinary: binary })).key).toBe(`guid:${guid}`);
    expect(decodeEnvelope(envelope({ serverGuid: guid.toUpperCase() })).key).toBe(`guid:${guid}`);
    const plain = decodeEnvelope(envelope()).key;
    expect(decodeEnvelope(envelope({ serverTimestamp: 99n })).key).toBe(plain);
    expect(decodeEnvelope(envelope({ content: Uint8Array.of(2) })).key).not.toBe(plain);
    expect(decodeEnvelope(envelope({ sourceDeviceId: 3 })).key).not.toBe(plain);
  });
});

describe('the contacts blob', () => {
  const entry = (fields: Partial<Proto.ContactDetails.Params>, avatar = 0): number[] => {
    const details = Proto.ContactDetails.encode({
      number: null,
      aci: null,
      aciBinary: null,
      name: null,
      avatar: avatar === 0 ? null : { contentType: 'image/png', length: avatar },
      expireTimer: null,
      expireTimerVersion: null,
      inboxPosition: null,
      ...fields,
    });
    const length =
      details.length < 0x80 ? [details.length] : [(details.length & 0x7f) | 0x80, details.length >> 7];
    return [...length, ...details, ...Array.from({ length: avatar }, () => 0xff)];
  };

  it('is read with its avatars, without those who have no account', () => {
    const blob = Uint8Array.from([
      ...entry(
        { aciBinary: oracle.idBytes(ALICE), name: 'Alice', number: '+15550001', expireTimer: 60 },
        300,
      ),
      ...entry({ number: '+15550002', name: 'Nobody' }),
      ...entry({ aci: ALICE, name: '  ', number: 'no number' }),
    ]);
    expect(decodeContacts(blob)).toEqual([
      { service: ALICE, name: 'Alice', number: '+15550001', timer: { ms: 60_000, version: 0 } },
      { service: ALICE, name: null, number: null, timer: { ms: null, version: 0 } },
    ]);
    expect(decodeContacts(empty)).toEqual([]);
  });

  it('cut anywhere but between entries is refused', () => {
    const one = entry({ aciBinary: oracle.idBytes(ALICE), name: 'Alice' }, 5);
    const blob = Uint8Array.from([...one, ...one]);
    for (let end = 1; end < blob.length; end++) {
      if (end === one.length) continue;
      refused(() => decodeContacts(blob.subarray(0, end)));
    }
  });
});

describe('hostile bytes', () => {
  const decoders = {
    content: decodeContent,
    contacts: decodeContacts,
    'provision envelope': decodeProvisionEnvelope,
    'provision message': decodeProvisionMessage,
  };

  it.each(Object.entries(decoders))('%s: are refused as such, or read', (_, decode) => {
    const check = (bytes: Uint8Array): void => {
      try {
        decode(bytes);
      } catch (error) {
        expect(error).toMatchObject({ name: 'PlainsealError', kind: 'bad-request' });
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), check), { numRuns: 2_000 });
  });

  it('never make an envelope throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const { key, envelope, receipt, malformed } = decodeEnvelope(bytes);
        expect(key.length).toBeLessThan(100);
        expect(malformed).toBe(envelope === null && receipt === null);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of a real message with some bytes changed are refused as such, or read', () => {
    const real = oracle.encodeData({
      body: 'words',
      timestamp: SENT_AT,
      attachments: [oracle.pointer(FILE)],
      quote: oracle.quote(NAME, 'quoted'),
      bodyRanges: [oracle.bodyRange({ at: 0, length: 2, as: { mention: ALICE } })],
    });
    const place = fc.integer({ min: 0, max: real.length - 1 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(place, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 }),
        place,
        (changes, end) => {
          const bytes = Uint8Array.from(real);
          for (const [at, value] of changes) bytes[at] = value;
          for (const broken of [bytes, bytes.subarray(0, end)]) {
            try {
              decodeContent(broken);
            } catch (error) {
              expect(error).toMatchObject({ name: 'PlainsealError', kind: 'bad-request' });
            }
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
