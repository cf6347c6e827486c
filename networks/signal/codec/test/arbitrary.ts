import fc from 'fast-check';
import type { ServiceId } from '../../../../crypto/signal/address.ts';
import type { AttachmentPointer, BodyRange, MessageName, Outgoing, OutgoingData } from '../content.ts';
import { serviceIdFromBytes } from '../service-id.ts';

export const bytes = (length: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((value) => Uint8Array.from(value));

export const aci: fc.Arbitrary<ServiceId> = bytes(16).map((id) => serviceIdFromBytes(id) as ServiceId);
export const pni: fc.Arbitrary<ServiceId> = bytes(16).map(
  (id) => serviceIdFromBytes(Uint8Array.from([1, ...id])) as ServiceId,
);
export const time = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
export const text = fc.string({ unit: 'grapheme', maxLength: 60 });
export const name: fc.Arbitrary<MessageName> = fc.record({ author: aci, sentAt: time });
export const timer = fc.record({
  ms: fc.integer({ min: 0, max: 0xffff_ffff }).map((seconds) => (seconds === 0 ? null : seconds * 1_000)),
  version: fc.integer({ min: 0, max: 0xffff_ffff }),
});

export const pointer: fc.Arbitrary<AttachmentPointer> = fc.record({
  cdn: fc.constantFrom(2, 3),
  id: fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/),
  key: bytes(64),
  digest: bytes(32),
  size: fc.integer({ min: 0, max: 0xffff_ffff }),
  type: fc.constantFrom('text/plain', 'image/jpeg', 'audio/aac'),
  name: fc.option(fc.string({ maxLength: 20 })),
  flags: fc.constantFrom(0, 2, 8),
});

export const range: fc.Arbitrary<BodyRange> = fc.record({
  at: fc.integer({ min: 0, max: 0xffff_ffff }),
  length: fc.integer({ min: 1, max: 0xffff_ffff }),
  as: fc.oneof(
    fc.constantFrom(
      'bold' as const,
      'italic' as const,
      'spoiler' as const,
      'strike' as const,
      'mono' as const,
    ),
    aci.map((mention) => ({ mention })),
  ),
});

const emoji = fc.constantFrom('👍', '❤️', '👨‍👩‍👧‍👦', '🏴󠁧󠁢󠁳󠁣󠁴󠁿');

const what: fc.Arbitrary<OutgoingData['what']> = fc.oneof(
  fc.record({
    kind: fc.constant('text' as const),
    text: text.filter((words) => words !== ''),
    ranges: fc.array(range, { maxLength: 5 }),
    quote: fc.option(fc.record({ name, text })),
    longText: fc.option(pointer.map((one) => ({ ...one, type: 'text/x-signal-plain' }))),
  }),
  fc.constant({ kind: 'timer' as const }),
  fc.record({ kind: fc.constant('reaction' as const), target: name, emoji, remove: fc.boolean() }),
  fc.record({ kind: fc.constant('delete' as const), targetSentAt: time }),
);

export const outgoingData: fc.Arbitrary<OutgoingData> = fc.record({
  sentAt: time,
  profileKey: fc.option(bytes(32)),
  timer: fc.option(timer),
  what,
});

export const outgoing: fc.Arbitrary<Outgoing> = fc.oneof(
  fc.record({ kind: fc.constant('data' as const), data: outgoingData }),
  fc.record({ kind: fc.constant('edit' as const), targetSentAt: time, data: outgoingData }),
  fc.record({
    kind: fc.constant('receipt' as const),
    as: fc.constantFrom('delivered' as const, 'read' as const),
    of: fc.array(time, { maxLength: 20 }),
  }),
  fc.record({ kind: fc.constant('typing' as const), on: fc.boolean(), at: time }),
  fc.record({
    kind: fc.constant('sent' as const),
    to: fc.oneof(aci, pni),
    sentAt: time,
    message: outgoingData,
    editOf: fc.option(time),
    expirationStartedAt: fc.option(time),
    sealed: fc.boolean(),
    identityKey: bytes(33),
  }),
  fc.record({ kind: fc.constant('sync-read' as const), of: fc.array(name, { minLength: 1, maxLength: 20 }) }),
  fc.record({
    kind: fc.constant('sync-request' as const),
    what: fc.constantFrom('contacts' as const, 'blocked' as const, 'configuration' as const, 'keys' as const),
  }),
  fc.record({
    kind: fc.constant('sync-verified' as const),
    service: aci,
    identityKey: bytes(33),
    state: fc.constantFrom('default' as const, 'verified' as const),
  }),
  fc.record({
    kind: fc.constant('sync-request-response' as const),
    service: aci,
    answer: fc.constantFrom('accept' as const, 'block' as const),
  }),
  fc.constant({ kind: 'null-message' as const }),
);
