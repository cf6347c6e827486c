// The oracle has enums; the numbers themselves are what is tested.
// oxlint-disable typescript/no-unsafe-enum-assignment
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertNever } from '../../../shared/assert.ts';
import type { DataMessage, Incoming, Outgoing, OutgoingData, Sync } from './content.ts';
import { decodeContent, decodeEnvelope, decodeProvisionMessage } from './decode.ts';
import { encodeContent, encodeDeviceName } from './encode.ts';
import * as any from './test/arbitrary.ts';
import * as oracle from './test/oracle.ts';
import { Proto } from './test/oracle.ts';

const RUNS = { numRuns: 300 };
const TEXT_STYLES = { bold: 1, italic: 2, spoiler: 3, strike: 4, mono: 5 } as const;
const NO_TIMER = { ms: null, version: 0 };

/** What the other side reads of what goes out, by our own decoder. */
function heard(outgoing: Outgoing): Incoming {
  switch (outgoing.kind) {
    case 'data':
      return { kind: 'data', data: heardData(outgoing.data) };
    case 'edit':
      return { kind: 'edit', targetSentAt: outgoing.targetSentAt, data: heardData(outgoing.data) };
    case 'receipt':
      return outgoing;
    case 'typing':
      return { ...outgoing, group: null };
    case 'null-message':
      return { kind: 'nothing', what: 'null-message' };
    case 'sent':
    case 'sync-read':
    case 'sync-request':
    case 'sync-verified':
    case 'sync-request-response':
      return { kind: 'sync', sync: heardSync(outgoing) };
    default:
      return assertNever(outgoing);
  }
}

function heardSync(outgoing: Extract<Outgoing, { readonly kind: `s${string}` }>): Sync {
  switch (outgoing.kind) {
    case 'sent': {
      const { to, sentAt, expirationStartedAt, editOf } = outgoing;
      const kind = editOf === null ? ('data' as const) : ('edit' as const);
      const message = { kind, data: heardData(outgoing.message), targetSentAt: editOf };
      return { kind: 'sent', to, sentAt, expirationStartedAt, message, isUpdate: false };
    }
    case 'sync-read':
      return { kind: 'read', of: outgoing.of };
    case 'sync-request':
      return { kind: 'request', what: outgoing.what };
    case 'sync-verified':
      return { ...outgoing, kind: 'verified' };
    case 'sync-request-response':
      return { ...outgoing, kind: 'request-response' };
    default:
      return assertNever(outgoing);
  }
}

function heardData({ sentAt, profileKey, timer, what }: OutgoingData): DataMessage {
  return {
    sentAt,
    group: null,
    profileKey,
    timer: timer ?? NO_TIMER,
    what:
      what.kind === 'text' ? { ...what, quote: what.quote?.name ?? null, files: [], special: null } : what,
  };
}

describe('what we write', () => {
  it('is what we read', () => {
    fc.assert(
      fc.property(any.outgoing, (outgoing) => {
        expect(decodeContent(encodeContent(outgoing))).toEqual(heard(outgoing));
      }),
      RUNS,
    );
  });

  it('is what Signal’s codec reads, and it knows every field', () => {
    fc.assert(
      fc.property(any.outgoingData, (data) => {
        const read = oracle.decodeContent(encodeContent({ kind: 'data', data }));
        expect(read.$unknown).toEqual([]);
        const message = read.content?.dataMessage;
        expect(message?.$unknown).toEqual([]);
        expect(message).toMatchObject({
          timestamp: BigInt(data.sentAt),
          profileKey: data.profileKey === null ? null : oracle.own(data.profileKey),
          expireTimer: data.timer === null ? null : (data.timer.ms ?? 0) / 1_000,
          expireTimerVersion: data.timer === null ? null : data.timer.version,
          flags: data.what.kind === 'timer' ? 2 : null,
        });
        expectWhat(message, data.what);
      }),
      RUNS,
    );
  });

  it('is read as a transcript, a receipt, a typing notice and the rest', () => {
    fc.assert(
      fc.property(any.outgoing, (outgoing) => {
        expectKind(oracle.decodeContent(encodeContent(outgoing)).content, outgoing);
      }),
      RUNS,
    );
  });

  it('names a device', () => {
    const name = {
      ephemeralPublic: Uint8Array.of(1),
      syntheticIv: Uint8Array.of(2),
      ciphertext: Uint8Array.of(3),
    };
    expect(Proto.DeviceName.decode(oracle.own(encodeDeviceName(name)))).toMatchObject(name);
  });
});

function expectKind(content: oracle.Oracle['content'], outgoing: Outgoing): void {
  switch (outgoing.kind) {
    case 'receipt':
      expect(content?.receiptMessage).toMatchObject({
        type: outgoing.as === 'delivered' ? 0 : 1,
        timestamp: outgoing.of.map(BigInt),
      });
      return;
    case 'typing':
      expect(content?.typingMessage).toMatchObject({
        timestamp: BigInt(outgoing.at),
        action: outgoing.on ? 0 : 1,
        groupId: null,
      });
      return;
    case 'edit':
      expect(content?.editMessage?.targetSentTimestamp).toBe(BigInt(outgoing.targetSentAt));
      return;
    case 'sent': {
      const sent = content?.syncMessage?.content?.sent;
      expect(sent).toMatchObject({
        timestamp: BigInt(outgoing.sentAt),
        destinationServiceIdBinary: oracle.idBytes(outgoing.to),
        expirationStartTimestamp:
          outgoing.expirationStartedAt === null ? null : BigInt(outgoing.expirationStartedAt),
      });
      expect(sent?.unidentifiedStatus).toMatchObject([
        {
          unidentified: outgoing.sealed,
          destinationServiceIdBinary: oracle.idBytes(outgoing.to),
          destinationPniIdentityKey: outgoing.to.startsWith('PNI:') ? oracle.own(outgoing.identityKey) : null,
        },
      ]);
      return;
    }
    case 'sync-read':
      expect(content?.syncMessage?.read).toMatchObject(
        outgoing.of.map(({ author, sentAt }) => ({
          senderAciBinary: oracle.idBytes(author),
          timestamp: BigInt(sentAt),
        })),
      );
      return;
    case 'sync-request': {
      const numbers = { contacts: 1, blocked: 3, configuration: 4, keys: 5 };
      const request = content?.syncMessage?.content?.request;
      expect(request?.type).toBe(numbers[outgoing.what]);
      return;
    }
    case 'sync-verified':
      expect(content?.syncMessage?.content?.verified).toMatchObject({
        destinationAciBinary: oracle.idBytes(outgoing.service),
        identityKey: oracle.own(outgoing.identityKey),
        state: outgoing.state === 'verified' ? 1 : 0,
      });
      return;
    case 'sync-request-response':
      expect(content?.syncMessage?.content?.messageRequestResponse).toMatchObject({
        threadAciBinary: oracle.idBytes(outgoing.service),
        type: outgoing.answer === 'accept' ? 1 : 3,
      });
      return;
    case 'null-message':
      expect(content?.nullMessage?.padding?.length).toBeGreaterThan(0);
      return;
    case 'data':
      expect(content?.dataMessage).toBeDefined();
      return;
    default:
      assertNever(outgoing);
  }
}

function expectWhat(message: Proto.DataMessage | undefined, what: OutgoingData['what']): void {
  switch (what.kind) {
    case 'text':
      expect(message?.body).toBe(what.text);
      expect(message?.bodyRanges).toMatchObject(
        what.ranges.map(({ at, length, as }) => ({
          start: at,
          length,
          associatedValue:
            typeof as === 'string'
              ? { style: TEXT_STYLES[as] }
              : { mentionAciBinary: oracle.idBytes(as.mention) },
        })),
      );
      if (what.quote !== null)
        expect(message?.quote).toMatchObject({
          id: BigInt(what.quote.name.sentAt),
          authorAciBinary: oracle.idBytes(what.quote.name.author),
          text: what.quote.text,
        });
      if (what.longText !== null)
        expect(message?.attachments).toMatchObject([
          {
            attachmentIdentifier: { cdnKey: what.longText.id },
            contentType: 'text/x-signal-plain',
            cdnNumber: what.longText.cdn,
            key: oracle.own(what.longText.key),
            digest: oracle.own(what.longText.digest),
            size: what.longText.size,
          },
        ]);
      return;
    case 'reaction':
      expect(message?.reaction).toMatchObject({
        emoji: what.emoji,
        remove: what.remove,
        targetAuthorAciBinary: oracle.idBytes(what.target.author),
        targetSentTimestamp: BigInt(what.target.sentAt),
      });
      return;
    case 'delete':
      expect(message?.delete?.targetSentTimestamp).toBe(BigInt(what.targetSentAt));
      return;
    case 'timer':
      return;
    default:
      assertNever(what);
  }
}

describe('what Signal’s codec writes', () => {
  it('is read as a text with everything that belongs to it', () => {
    fc.assert(
      fc.property(
        any.text.filter((text) => text !== ''),
        fc.array(any.range, { maxLength: 5 }),
        fc.option(any.name),
        fc.array(any.pointer, { maxLength: 4 }),
        any.timer,
        any.time,
        (body, ranges, quoted, files, timer, sentAt) => {
          const encoded = oracle.encodeData({
            body,
            timestamp: BigInt(sentAt),
            expireTimer: (timer.ms ?? 0) / 1_000,
            expireTimerVersion: timer.version,
            bodyRanges: ranges.map(oracle.bodyRange),
            quote: quoted === null ? null : oracle.quote(quoted, 'words'),
            attachments: files.map((file) => oracle.pointer(file)),
          });
          const what = {
            kind: 'text',
            text: body,
            ranges,
            quote: quoted,
            longText: null,
            files,
            special: null,
          } as const;
          const data = { sentAt, group: null, profileKey: null, timer, what };
          expect(decodeContent(encoded)).toEqual({ kind: 'data', data });
        },
      ),
      RUNS,
    );
  });

  it('is read as an envelope', () => {
    const types = { 'double-ratchet': 1, prekey: 3, sealed: 6, plaintext: 8 } as const;
    fc.assert(
      fc.property(
        fc.constantFrom(
          'double-ratchet' as const,
          'prekey' as const,
          'sealed' as const,
          'plaintext' as const,
        ),
        fc.record({ service: any.aci, device: fc.integer({ min: 1, max: 127 }) }),
        fc.oneof(any.aci, any.pni),
        any.time,
        any.time,
        any.bytes(40),
        fc.option(any.bytes(16)),
        fc.boolean(),
        (type, source, destination, sentAt, serverAt, content, guid, asText) => {
          const bytes = oracle.encodeEnvelope({
            type: types[type],
            sourceDeviceId: source.device,
            clientTimestamp: BigInt(sentAt),
            serverTimestamp: BigInt(serverAt),
            content,
            serverGuidBinary: guid,
            ...(asText
              ? { sourceServiceId: source.service, destinationServiceId: destination }
              : {
                  sourceServiceIdBinary: oracle.idBytes(source.service),
                  destinationServiceIdBinary: oracle.idBytes(destination),
                }),
          });
          const read = decodeEnvelope(bytes);
          expect(read).toMatchObject({
            envelope: {
              type,
              source: type === 'sealed' ? null : source,
              destination,
              sentAt,
              serverAt,
              content,
            },
            receipt: null,
            malformed: false,
          });
          expect(read.key.startsWith(guid === null ? 'sha256:' : 'guid:')).toBe(true);
        },
      ),
      RUNS,
    );
  });

  it('is read as a provisioning message', () => {
    fc.assert(
      fc.property(
        any.aci,
        fc.option(any.bytes(16)),
        any.bytes(33),
        any.bytes(32),
        fc.option(fc.stringMatching(/^[0-9a-z]{64}$/)),
        (aci, pni, publicKey, privateKey, accountEntropyPool) => {
          const bytes = oracle.own(
            Proto.ProvisionMessage.encode({
              aciIdentityKeyPublic: publicKey,
              aciIdentityKeyPrivate: privateKey,
              pniIdentityKeyPublic: pni === null ? null : publicKey,
              pniIdentityKeyPrivate: pni === null ? null : privateKey,
              number: pni === null ? null : '+15550001',
              provisioningCode: 'code',
              userAgent: null,
              profileKey: privateKey,
              readReceipts: true,
              provisioningVersion: 1,
              masterKey: null,
              ephemeralBackupKey: null,
              accountEntropyPool,
              mediaRootBackupKey: null,
              aciBinary: oracle.idBytes(aci),
              pniBinary: pni,
              authCredentialSalt: null,
            }),
          );
          expect(decodeProvisionMessage(bytes)).toMatchObject({
            aci,
            aciIdentity: { publicKey, privateKey },
            pniIdentity: pni === null ? null : { publicKey, privateKey },
            number: pni === null ? null : '+15550001',
            provisioningCode: 'code',
            readReceipts: true,
            accountEntropyPool,
          });
        },
      ),
      RUNS,
    );
  });
});
