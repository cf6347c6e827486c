import * as v from 'valibot';
import { isServiceId } from './service-id.ts';

// What the server's answers must look like. Anything else is no answer.

const MAX_DEVICES = 127;
const PUBLIC_KEY_BYTES = 33;
const PQ_PUBLIC_KEY_BYTES = 1_569;
const SIGNATURE_BYTES = 64;

const bytes = (from: number, to: number) =>
  v.pipe(
    v.string(),
    v.maxLength(Math.ceil((to * 4) / 3) + 8),
    v.transform((text) => Uint8Array.from(Buffer.from(text, 'base64'))),
    v.check((value) => value.length >= from && value.length <= to),
  );
const device = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_DEVICES));
const keyId = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));
const signed = (length: number) =>
  v.pipe(
    v.object({
      keyId,
      publicKey: bytes(length, length),
      signature: bytes(SIGNATURE_BYTES, SIGNATURE_BYTES),
    }),
    v.transform(({ keyId: id, publicKey: key, signature }) => ({ id, key, signature })),
  );
const oneTime = v.pipe(
  v.object({ keyId, publicKey: bytes(PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES) }),
  v.transform(({ keyId: id, publicKey: key }) => ({ id, key })),
);

/** `GET /v2/keys/<service id>/<device>`. */
export const bundlesSchema = v.object({
  identityKey: bytes(PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES),
  devices: v.pipe(
    v.array(
      v.pipe(
        v.object({
          deviceId: device,
          registrationId: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff)),
          signedPreKey: signed(PUBLIC_KEY_BYTES),
          pqPreKey: signed(PQ_PUBLIC_KEY_BYTES),
          preKey: v.nullish(oneTime),
        }),
        v.transform(({ deviceId, preKey, ...rest }) => ({
          device: deviceId,
          preKey: preKey ?? null,
          ...rest,
        })),
      ),
    ),
    v.maxLength(MAX_DEVICES),
  ),
});

/** 409 to a message. */
export const mismatchSchema = v.object({
  missingDevices: v.pipe(v.array(device), v.maxLength(MAX_DEVICES)),
  extraDevices: v.pipe(v.array(device), v.maxLength(MAX_DEVICES)),
});

/** 410 to a message. */
export const staleSchema = v.object({ staleDevices: v.pipe(v.array(device), v.maxLength(MAX_DEVICES)) });

/** 428 to a message. */
export const challengeSchema = v.object({
  token: v.pipe(v.string(), v.maxLength(1_000)),
  options: v.pipe(v.array(v.pipe(v.string(), v.maxLength(50))), v.maxLength(20)),
});

/** `GET /v1/certificate/delivery`. */
export const certificateSchema = v.object({ certificate: bytes(1, 8_000) });

/** `GET /v2/keys`. */
export const countsSchema = v.object({
  count: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_000_000)),
  pqCount: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_000_000)),
});

/** `GET /v1/profile/<aci>/<version>`. */
export const profileSchema = v.object({
  identityKey: v.nullish(bytes(PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES)),
  name: v.nullish(bytes(1, 1_000)),
  unidentifiedAccess: v.nullish(bytes(32, 32)),
  unrestrictedUnidentifiedAccess: v.nullish(v.boolean()),
});

/** `PUT /v1/devices/link`. */
export const linkedSchema = v.object({
  deviceId: device,
  uuid: v.pipe(v.string(), v.check(isServiceId)),
  pni: v.nullish(v.pipe(v.string(), v.maxLength(64))),
});
