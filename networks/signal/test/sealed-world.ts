// The oracle has enums; the numbers themselves are what is meant.
// oxlint-disable typescript/no-unsafe-enum-assignment
import { createAccount, type Account } from '../../../crypto/signal/test/account.ts';
import { createAuthority, createRawParty, type RawParty } from '../../../crypto/signal/test/raw-party.ts';
import { openAttachment } from '../../../crypto/signal/attachment.ts';
import type { SignalEnvelope } from '../../../crypto/signal/engine.ts';
import type { EnvelopeKey, Millis } from '../../../shared/ids.ts';
import type { LaneContext } from '../../../shared/lane/lane.ts';
import type { Outgoing } from '../codec/content.ts';
import { decodeEnvelope } from '../codec/decode.ts';
import { encodeContent } from '../codec/encode.ts';
import * as oracle from '../codec/test/oracle.ts';
import { createLocks } from '../locks.ts';
import { createReceiver, type Receiver } from '../reception.ts';
import type { Delivery, SignalService } from '../service/service.ts';

/** Somebody's device that seals with libsignal for this one. */
export interface Sender {
  readonly party: RawParty;
  /** As the server hands it over, sender in the clear or sealed. Bytes of an envelope, parsed by our codec. */
  says(outgoing: Outgoing, how?: How): Promise<Delivery>;
}
export interface How {
  readonly sentAt?: Millis;
  readonly sealed?: boolean;
  readonly guid?: Uint8Array;
  /** Changes the envelope on its way. */
  readonly change?: (envelope: SignalEnvelope) => SignalEnvelope;
}

/** For tests: a linked device whose messages are sealed by libsignal itself, signed for by a server of our own. */
export interface SealedWorld {
  readonly account: Account;
  readonly acknowledged: EnvelopeKey[];
  receiver(context: LaneContext): Receiver;
  /** Somebody who has fetched the keys of this device and may write to it. */
  meet(of?: Parameters<typeof createRawParty>[0]): Promise<Sender>;
  /** Another device of my own account. */
  phone(): Promise<Sender>;
  delivery(bytes: Uint8Array): Delivery;
}

const TYPES = { 'double-ratchet': 1, prekey: 3, sealed: 6, plaintext: 8 } as const;

/** The envelope as bytes, written by the mock server's own codec. */
export function envelopeBytes(envelope: SignalEnvelope, guid: Uint8Array | null = null): Uint8Array {
  const { type, source, destination, sentAt, serverAt, content } = envelope;
  return oracle.encodeEnvelope({
    type: TYPES[type],
    sourceServiceIdBinary: source === null ? null : oracle.idBytes(source.service),
    sourceDeviceId: source?.device ?? null,
    destinationServiceIdBinary: oracle.idBytes(destination),
    clientTimestamp: BigInt(sentAt),
    serverTimestamp: BigInt(serverAt),
    content: oracle.own(content),
    serverGuidBinary: guid === null ? null : oracle.own(guid),
  });
}

export function createSealedWorld(): SealedWorld {
  const authority = createAuthority();
  const account = createAccount([authority]);
  const acknowledged: EnvelopeKey[] = [];
  let oneTime = 0;
  const service = {
    profile: async () => ({ kind: 'unknown' as const }),
    download: async () => ({ kind: 'gone' as const }),
  } as Pick<SignalService, 'profile' | 'download'> as SignalService;

  function delivery(bytes: Uint8Array): Delivery {
    const decoded = decodeEnvelope(bytes);
    return { ...decoded, raw: bytes, acknowledge: () => void acknowledged.push(decoded.key) };
  }

  async function meet(of: Parameters<typeof createRawParty>[0] = {}): Promise<Sender> {
    const party = createRawParty(of);
    await party.meet(account.aci, account.keys.aci, oneTime++);
    const certificate = authority.certify({
      service: party.service,
      device: party.device,
      key: party.identity.publicKey,
    });
    return {
      party,
      async says(
        outgoing,
        { sentAt = timeOf(outgoing), sealed = false, guid, change = (same: SignalEnvelope) => same } = {},
      ) {
        const content = encodeContent(outgoing);
        const times = { sentAt, serverAt: sentAt + 1 };
        const envelope = sealed
          ? { ...(await party.writeSealed(content, account.aci, certificate)), ...times }
          : await party.write(content, account.aci, times);
        return delivery(envelopeBytes(change(envelope), guid));
      },
    };
  }

  return {
    account,
    acknowledged,
    receiver: (context) =>
      createReceiver({
        context,
        engine: account.engine,
        own: {
          service: account.aci.service,
          device: account.aci.device,
          identityKey: account.aci.key,
        },
        withLocks: createLocks(),
        service,
        openFile: openAttachment,
      }),
    meet,
    phone: () => meet({ service: account.aci.service, device: 1, identity: account.identity }),
    delivery,
  };
}

function timeOf(outgoing: Outgoing): Millis {
  if ('data' in outgoing) return outgoing.data.sentAt;
  return outgoing.kind === 'sent' ? outgoing.sentAt : Date.now();
}
