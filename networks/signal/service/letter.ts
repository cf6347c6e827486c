import type { ServiceId } from '../../../crypto/signal/address.ts';
import type { Sealed } from '../../../crypto/signal/engine.ts';
import type { Millis } from '../../../shared/ids.ts';
import { pass, type Passed } from './ask.ts';

/** One device's part of a message. */
export type DeviceMessage = {
  readonly device: number;
  readonly registrationId: number;
  readonly type: Sealed['type'] | 'sealed';
  readonly bytes: Uint8Array;
};

/** One message to all devices of a service id. */
export type Message = {
  readonly to: ServiceId;
  readonly sentAt: Millis;
  readonly parts: readonly DeviceMessage[];
  /** 16 bytes: sealed, over the anonymous connection. */
  readonly accessKey: Uint8Array | null;
  /** Not queued for who is away. */
  readonly online: boolean;
  readonly urgent: boolean;
};

/** A message with the request that carries it, which is made and shown to the guard while core still writes what was sealed. */
export type Letter = { readonly message: Message; readonly request: Passed };

/** Types of a message part by their numbers on the wire (Envelope.Type). */
const types: Readonly<Record<DeviceMessage['type'], number>> = {
  'double-ratchet': 1,
  prekey: 3,
  sealed: 6,
  plaintext: 8,
};

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Makes the request of a message; nothing goes anywhere. @throws PlainsealError `refused` when the guard stops it. */
export function letterOf(message: Message): Letter {
  const { to, sentAt, parts, accessKey, online, urgent } = message;
  const request = pass(accessKey === null ? 'account' : 'anonymous', {
    verb: 'PUT',
    path: `/v1/messages/${to}?story=false`,
    headers: accessKey === null ? [] : [['unidentified-access-key', base64(accessKey)]],
    json: {
      messages: parts.map(({ device, registrationId, type, bytes }) => ({
        type: types[type],
        destinationDeviceId: device,
        destinationRegistrationId: registrationId,
        content: base64(bytes),
      })),
      timestamp: sentAt,
      online,
      urgent,
    },
  });
  return { message, request };
}
