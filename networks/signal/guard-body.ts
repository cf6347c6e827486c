import * as v from 'valibot';

/* The bodies that may go out, shape by shape. Written down here once more, from the server's own description: no builder is asked. */

const MAX_DEVICE = 127;
const MAX_REGISTRATION = 0x3fff;
/** One part of a message, sealed. */
const MAX_PART = 300 * 1024;
const PUBLIC_KEY_BYTES = 33;
const PQ_PUBLIC_KEY_BYTES = 1_569;
const SIGNATURE_BYTES = 64;
const DIGEST_BYTES = 32;
const MAX_KEYS = 200;

const base64 = (from: number, to: number) =>
  v.pipe(
    v.string(),
    v.maxLength(Math.ceil(to / 3) * 4),
    v.regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
    v.check((text) => {
      const { length } = Buffer.from(text, 'base64');
      return length >= from && length <= to;
    }),
  );
const whole = (from: number, to: number) => v.pipe(v.number(), v.integer(), v.minValue(from), v.maxValue(to));

const keyId = whole(0, 0xff_ffff);
const publicKey = base64(PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES);
const signature = base64(SIGNATURE_BYTES, SIGNATURE_BYTES);
const signed = v.strictObject({ keyId, publicKey, signature });
const pqSigned = v.strictObject({
  keyId,
  publicKey: base64(PQ_PUBLIC_KEY_BYTES, PQ_PUBLIC_KEY_BYTES),
  signature,
});

/** `PUT /v2/keys`. */
export const keysBody = v.strictObject({
  preKeys: v.pipe(v.array(v.strictObject({ keyId, publicKey })), v.maxLength(MAX_KEYS)),
  pqPreKeys: v.pipe(v.array(pqSigned), v.maxLength(MAX_KEYS)),
  signedPreKey: v.exactOptional(signed),
  pqLastResortPreKey: v.exactOptional(pqSigned),
});

/** `POST /v2/keys/check`. */
export const checkBody = v.strictObject({
  identityType: v.literal('ACI'),
  digest: base64(DIGEST_BYTES, DIGEST_BYTES),
});

/** `PUT /v1/devices/link`. */
export const linkBody = v.strictObject({
  verificationCode: v.pipe(v.string(), v.maxLength(512)),
  accountAttributes: v.strictObject({
    fetchesMessages: v.literal(true),
    registrationId: whole(1, MAX_REGISTRATION),
    pniRegistrationId: v.exactOptional(whole(1, MAX_REGISTRATION)),
    // A sealed name: nobody but my own devices reads what this one is called.
    name: base64(50, 400),
    capabilities: v.strictObject({ spqr: v.literal(true) }),
  }),
  aciSignedPreKey: signed,
  aciPqLastResortPreKey: pqSigned,
  pniSignedPreKey: v.exactOptional(signed),
  pniPqLastResortPreKey: v.exactOptional(pqSigned),
});

/** `PUT /v1/messages/<service id>`. */
export const messageBody = v.strictObject({
  messages: v.pipe(
    v.array(
      v.strictObject({
        type: v.picklist([1, 3, 6, 8]),
        destinationDeviceId: whole(1, MAX_DEVICE),
        destinationRegistrationId: whole(0, 0xffff),
        content: base64(1, MAX_PART),
      }),
    ),
    v.minLength(1),
    v.maxLength(MAX_DEVICE),
  ),
  timestamp: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  online: v.boolean(),
  urgent: v.boolean(),
});

/** `PUT /v1/challenge`. Without the scheme of the link that Signal's page leads to: its server reads what stands behind it. */
export const challengeBody = v.strictObject({
  type: v.literal('captcha'),
  token: v.pipe(v.string(), v.maxLength(1_000)),
  captcha: v.pipe(v.string(), v.regex(/^signal-[a-z0-9-]{1,40}\.[\x21-\x7e]{1,20000}$/i)),
});
