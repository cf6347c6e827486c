import * as v from 'valibot';
import type { Device, ServiceId } from '../../crypto/signal/address.ts';
import type { ConversationId, Millis, NetworkKey, PeerId } from '../../shared/ids.ts';
import { idSchema } from '../../shared/contract/content.ts';
import type { Intent } from '../../shared/lane/intent.ts';
import { bytes, time } from '../../shared/shape.ts';
import { decodeFrame, encodeFrame } from '../../shared/wire/codec.ts';
import { serviceIdOf, serviceOfPeer } from './names.ts';

/** What my other devices are told. */
export const syncOps = ['transcript', 'sync-read', 'sync-request', 'sync-verified', 'sync-answer'] as const;
export type SyncOp = (typeof syncOps)[number];

/** What the protocol sends by itself; the data of a `protocol` intent. */
export type Errand =
  | {
      readonly op: SyncOp;
      /** A `Content`, encoded. */
      readonly content: Uint8Array;
      /** The time of a message that was deleted: what stands in the send log for my devices under it goes. */
      readonly forget: Millis | null;
      /** When the message whose words it holds is over; it is kept no longer than that. Null: it stays. */
      readonly endsAt: Millis | null;
    }
  | {
      /** Asks a device to send something again; `content` is the `PlaintextContent` the engine made. */
      readonly op: 'retry-request';
      readonly to: Device;
      readonly content: Uint8Array;
    }
  | {
      /** A device could not open what I sent it at that time. */
      readonly op: 'resend';
      readonly to: Device;
      readonly sentAt: Millis;
      readonly ratchetKey: Uint8Array | null;
    }
  | {
      /** What I answered somebody here; core asks for it, so that no other device of mine asks again. */
      readonly op: 'accepted' | 'blocked';
      readonly service: ServiceId;
    }
  | {
      /** The person has deleted a message of mine: what this lane keeps of it goes. */
      readonly op: 'deleted';
      /** Whom it was written to. */
      readonly service: ServiceId;
      readonly message: NetworkKey;
    };

/** Largest content of an errand, in bytes. */
const MAX_CONTENT = 256 * 1024;
/** A device number is 1 to 127 (libsignal's DeviceId). */
const MAX_DEVICE = 127;
/** Bytes of a public key, its type byte included. */
const KEY_LENGTH = 33;

const content = bytes(MAX_CONTENT);
const device = v.strictObject({
  service: v.pipe(
    v.string(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const service = serviceIdOf(dataset.value);
      if (service !== null) return service;
      addIssue({ message: 'no service id' });
      return NEVER;
    }),
  ),
  device: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_DEVICE)),
});

const schemas = {
  // Those that wait since before there was an end have none.
  sync: v.strictObject({ content, forget: v.nullable(time), endsAt: v.optional(v.nullable(time), null) }),
  'retry-request': v.strictObject({ to: device, content }),
  resend: v.strictObject({ to: device, sentAt: time, ratchetKey: v.nullable(bytes(KEY_LENGTH)) }),
  deleted: v.strictObject({ peer: idSchema<PeerId>(), message: idSchema<NetworkKey>() }),
};

const isSyncOp = (op: string): op is SyncOp => (syncOps as readonly string[]).includes(op);

/** What core asks of this lane by itself. */
type Asked = Extract<Errand, { readonly op: 'accepted' | 'blocked' | 'deleted' }>;

/**
 * The intent of an errand. `conversation`: that of the one it goes to, where core knows it; then nothing is sealed while that is
 * stopped. Null for my own devices and for strangers. `key` need only be unlike that of other errands of the same time. `of`: the message whose
 * words it holds.
 */
export function errandIntent(
  errand: Exclude<Errand, Asked>,
  sentAt: Millis,
  conversation: ConversationId | null = null,
  of: NetworkKey | null = null,
): Intent {
  const { op, ...data } = errand;
  const key = `${op}:${sentAt}` as NetworkKey;
  const words = of === null ? {} : { of };
  return { conversation, sentAt, what: { kind: 'protocol', key, op, data: encodeFrame(data), ...words } };
}

/** Reads the data of a `protocol` intent; null when it is none of ours, or damaged. */
export function readErrand({ op, data }: { readonly op: string; readonly data: Uint8Array }): Errand | null {
  if (op === 'accepted' || op === 'blocked') {
    const service = serviceOfPeer(new TextDecoder().decode(data) as PeerId);
    return service && { op, service };
  }
  let value: unknown;
  try {
    value = decodeFrame(data);
  } catch {
    return null;
  }
  const read = <T>(schema: v.GenericSchema<unknown, T>): T | null => {
    const parsed = v.safeParse(schema, value);
    return parsed.success ? parsed.output : null;
  };
  if (isSyncOp(op)) {
    const sync = read(schemas.sync);
    return sync && { op, ...sync };
  }
  if (op === 'retry-request') {
    const request = read(schemas['retry-request']);
    return request && { op, ...request };
  }
  if (op === 'deleted') {
    const deleted = read(schemas.deleted);
    const service = deleted && serviceOfPeer(deleted.peer);
    return service && { op, service, message: deleted.message };
  }
  if (op !== 'resend') return null;
  const resend = read(schemas.resend);
  return resend && { op, ...resend };
}
