import type { Brand } from '../../shared/ids.ts';

/** A Signal service id in its string form: a lower-case UUID (ACI), or `PNI:` and a UUID. */
export type ServiceId = Brand<string, 'ServiceId'>;

/** Which of my two identities something was sent to: the account's, or the phone number's. Their sessions never mix. */
export type Local = 'ACI' | 'PNI';

/** What a ratchet is with: one device (1 to 127) of one service id. */
export type Device = { readonly service: ServiceId; readonly device: number };
