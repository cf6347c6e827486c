import { createHash, randomUUID } from 'node:crypto';
import type { Device, ServiceId } from '../../../crypto/signal/address.ts';
import type { SignalEnvelope } from '../../../crypto/signal/engine.ts';
import type { EnvelopeKey, Millis } from '../../../shared/ids.ts';
import type { AttachmentPointer, Outgoing, OutgoingData } from '../codec/content.ts';
import { encodeContent } from '../codec/encode.ts';
import { createLocks } from '../locks.ts';
import { createReceiver, type Receiver } from '../reception.ts';
import type { Own } from '../receiving.ts';
import type { Delivery, SignalService } from '../service/service.ts';
import { arrivingOf } from './arriving.ts';
import { createClearEngine, script, type Scripted } from './clear-engine.ts';
import { createCoreDouble, type CoreDouble, type DoubleOptions } from './lane-context.ts';

export const ME = '00000000-0000-4000-8000-000000000001' as ServiceId;
export const MY_PNI = 'PNI:00000000-0000-4000-8000-000000000002' as ServiceId;
export const ALICE = '00000000-0000-4000-8000-0000000000a1' as ServiceId;
export const BOB = '00000000-0000-4000-8000-0000000000b0' as ServiceId;
export const OWN_DEVICE = 2;
const NOW: Millis = 1_800_000_000_000;

/** The identity key of somebody, in hex. */
export const keyOf = (service: ServiceId, generation = 0): string =>
  `05${createHash('sha256').update(`${service}/${generation}`).digest('hex')}`;
const OWN: Own = { service: ME, device: OWN_DEVICE, identityKey: Buffer.from(keyOf(ME), 'hex') };

/** Receiving over a stand-in for core and an engine that seals nothing. */
export interface ReceivingWorld {
  readonly core: CoreDouble;
  readonly receiver: Receiver;
  /** Deliveries that were acknowledged, in order. */
  readonly acknowledged: EnvelopeKey[];
  readonly files: Map<string, Uint8Array>;
  readonly downloads: string[];
  /** Nothing can be downloaded just now. */
  offline: boolean;
  profile: SignalService['profile'];
  now: Millis;
  /** Lets deliveries arrive and waits until all of them are dealt with. */
  arrive(...deliveries: readonly Delivery[]): Promise<void>;
  delivery(more: Partial<Delivery> & { readonly envelope?: SignalEnvelope | null }): Delivery;
  /** A content of a device, as an envelope of the queue. */
  from(device: Device, content: Uint8Array, more?: Envelope): Delivery;
  alice(outgoing: Outgoing, more?: Envelope): Delivery;
  bob(outgoing: Outgoing, more?: Envelope): Delivery;
  /** From my phone, device 1 of my account. */
  phone(outgoing: Outgoing, more?: Envelope): Delivery;
}

export type Envelope = Partial<Omit<Scripted, 'content'>> & {
  readonly sentAt?: Millis;
  readonly key?: string;
  readonly destination?: ServiceId;
  readonly sealed?: boolean;
  readonly envelopeType?: SignalEnvelope['type'];
};

export function createReceivingWorld(options: DoubleOptions = {}): ReceivingWorld {
  const core = createCoreDouble({ now: () => world.now, ...options });
  const acknowledged: EnvelopeKey[] = [];
  const files = new Map<string, Uint8Array>();
  const downloads: string[] = [];
  const service = {
    profile: (of: ServiceId, key: Uint8Array) => world.profile(of, key),
    download: async ({ id }: Pick<AttachmentPointer, 'id'>) => {
      downloads.push(id);
      if (world.offline) return { kind: 'offline' as const };
      const bytes = files.get(id);
      return bytes === undefined ? { kind: 'gone' as const } : { kind: 'bytes' as const, bytes };
    },
  } as Pick<SignalService, 'profile' | 'download'> as SignalService;
  const receiver = createReceiver({
    context: core.context,
    engine: createClearEngine({ service: ME, pni: MY_PNI }),
    own: OWN,
    withLocks: createLocks(),
    service,
    // What lies on the server is not sealed here: the digest alone says whether it is what was sent.
    openFile: (bytes, { digest }) =>
      createHash('sha256').update(bytes).digest().equals(Buffer.from(digest)) ? bytes : null,
  });

  function from(device: Device, content: Uint8Array, more: Envelope = {}): Delivery {
    const {
      sentAt = NOW,
      key = randomUUID(),
      destination = ME,
      sealed = false,
      envelopeType,
      ...scripted
    } = more;
    const bytes = script({ content, identity: keyOf(device.service), from: device, ...scripted });
    return world.delivery({
      key: key as EnvelopeKey,
      envelope: {
        type: envelopeType ?? (sealed ? 'sealed' : 'double-ratchet'),
        source: sealed ? null : device,
        destination,
        sentAt,
        serverAt: sentAt,
        content: bytes,
      },
      raw: bytes,
    });
  }

  const sends =
    (device: Device) =>
    (outgoing: Outgoing, more: Envelope = {}): Delivery =>
      from(device, encodeContent(outgoing), { sentAt: timeOf(outgoing), ...more });

  const world: ReceivingWorld = {
    core,
    receiver,
    acknowledged,
    files,
    downloads,
    offline: false,
    profile: async () => ({ kind: 'unknown' }),
    now: NOW,
    async arrive(...deliveries) {
      await receiver.receive(arrivingOf(deliveries));
    },
    delivery(more) {
      const key = more.key ?? (randomUUID() as string as EnvelopeKey);
      return {
        envelope: null,
        receipt: null,
        malformed: false,
        raw: Uint8Array.of(1, 2, 3),
        acknowledge: () => void acknowledged.push(key),
        ...more,
        key,
      };
    },
    from,
    alice: sends({ service: ALICE, device: 1 }),
    bob: sends({ service: BOB, device: 1 }),
    phone: sends({ service: ME, device: 1 }),
  };
  return world;
}

/** The time by which an outgoing content is named. */
function timeOf(outgoing: Outgoing): Millis {
  if ('data' in outgoing) return outgoing.data.sentAt;
  if (outgoing.kind === 'sent') return outgoing.sentAt;
  return outgoing.kind === 'typing' ? outgoing.at : NOW;
}

/** A data message that says a text. */
export const text = (
  words: string,
  sentAt: Millis,
  more: Partial<Omit<OutgoingData, 'what'>> & {
    readonly what?: Partial<Extract<OutgoingData['what'], { readonly kind: 'text' }>>;
  } = {},
): Outgoing => ({ kind: 'data', data: textData(words, sentAt, more) });

export const textData = (
  words: string,
  sentAt: Millis,
  { what, ...more }: Parameters<typeof text>[2] = {},
): OutgoingData => ({
  sentAt,
  profileKey: null,
  timer: null,
  ...more,
  what: { kind: 'text', text: words, ranges: [], quote: null, longText: null, ...what },
});

/** A transcript of something I sent on another device. */
export const transcript = (
  to: ServiceId,
  message: OutgoingData,
  more: Partial<Extract<Outgoing, { readonly kind: 'sent' }>> = {},
): Outgoing => ({
  kind: 'sent',
  to,
  sentAt: message.sentAt,
  message,
  editOf: null,
  expirationStartedAt: null,
  sealed: true,
  identityKey: Buffer.from(keyOf(to), 'hex'),
  ...more,
});

/** Another data message than a text. */
export const data = (
  what: OutgoingData['what'],
  sentAt: Millis,
  more: Partial<OutgoingData> = {},
): Outgoing => ({
  kind: 'data',
  data: { sentAt, profileKey: null, timer: null, what, ...more },
});
