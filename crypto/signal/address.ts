import { ProtocolAddress } from '@signalapp/libsignal-client';
import type { Brand } from '../../shared/ids.ts';

/** A Signal service id in its string form: a lower-case UUID (ACI), or `PNI:` and a UUID. */
export type ServiceId = Brand<string, 'ServiceId'>;

/** Which of my two identities something was sent to: the account's, or the phone number's. Their sessions never mix. */
export type Local = 'ACI' | 'PNI';

/** What a ratchet is with: one device (1 to 127) of one service id. */
export type Device = { readonly service: ServiceId; readonly device: number };

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const PNI_PREFIX = 'PNI:';
/** libsignal's DeviceId. */
const MAX_DEVICE = 127;

/** Whether a text is an account's service id, in the one form that it is compared in. */
export const isAci = (service: string): boolean => UUID.test(service);

/** Whether a text is a service id, of an account or of a phone number. */
export const isServiceId = (service: string): boolean =>
  isAci(service.startsWith(PNI_PREFIX) ? service.slice(PNI_PREFIX.length) : service);

/** Whether there can be such a device. */
export const isDeviceNumber = (device: number): boolean =>
  Number.isInteger(device) && device >= 1 && device <= MAX_DEVICE;

/** The address under which libsignal knows a device. */
export const addressOf = ({ service, device }: Device): ProtocolAddress =>
  ProtocolAddress.new(service, device);
