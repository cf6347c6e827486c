import * as v from 'valibot';

/** Which connection a request goes over: my account's, or the one that does not say who I am. */
export type Channel = 'account' | 'anonymous';

/** Everything this lane ever writes to a socket. */
export type Operation =
  | {
      readonly kind: 'request';
      readonly channel: Channel;
      readonly verb: string;
      readonly path: string;
      readonly headers: readonly (readonly [string, string])[];
      readonly body: Uint8Array | null;
    }
  /** A sealed file for the content network. */
  | { readonly kind: 'upload'; readonly bytes: Uint8Array }
  | { readonly kind: 'download'; readonly url: string };

export type Verdict = 'pass' | { readonly stop: string };

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const SERVICE = `(?:PNI:)?${UUID}`;
const AES_BLOCK = 16;
const MAC_BYTES = 32;
const MAX_BODY = 1024 * 1024;

const b64 = (from: number, to: number) =>
  v.pipe(
    v.string(),
    v.regex(/^[A-Za-z0-9+/]+={0,2}$/),
    v.check((text) => {
      const { length } = Buffer.from(text, 'base64');
      return length >= from && length <= to;
    }),
  );
const id = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xff_ffff));
const publicKey = b64(33, 33);
const pqPublicKey = b64(1_569, 1_569);
const signature = b64(64, 64);
const signed = v.strictObject({ keyId: id, publicKey, signature });
const pqSigned = v.strictObject({ keyId: id, publicKey: pqPublicKey, signature });
const registration = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(0x3fff));

const keysBody = v.strictObject({
  preKeys: v.pipe(v.array(v.strictObject({ keyId: id, publicKey })), v.maxLength(200)),
  pqPreKeys: v.pipe(v.array(pqSigned), v.maxLength(200)),
  signedPreKey: v.exactOptional(signed),
  pqLastResortPreKey: v.exactOptional(pqSigned),
});
const linkBody = v.strictObject({
  verificationCode: v.pipe(v.string(), v.maxLength(512)),
  accountAttributes: v.strictObject({
    fetchesMessages: v.literal(true),
    registrationId: registration,
    pniRegistrationId: v.exactOptional(registration),
    name: b64(50, 400),
    capabilities: v.record(v.string(), v.boolean()),
  }),
  aciSignedPreKey: signed,
  aciPqLastResortPreKey: pqSigned,
  pniSignedPreKey: v.exactOptional(signed),
  pniPqLastResortPreKey: v.exactOptional(pqSigned),
});
const messageBody = v.strictObject({
  messages: v.pipe(
    v.array(
      v.strictObject({
        type: v.picklist([1, 3, 6, 8]),
        destinationDeviceId: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(127)),
        destinationRegistrationId: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff)),
        content: b64(1, 400 * 1024),
      }),
    ),
    v.minLength(1),
    v.maxLength(127),
  ),
  timestamp: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  online: v.boolean(),
  urgent: v.boolean(),
});
const challengeBody = v.strictObject({
  type: v.literal('captcha'),
  token: v.pipe(v.string(), v.maxLength(1_000)),
  captcha: v.pipe(v.string(), v.startsWith('signalcaptcha://'), v.maxLength(20_000)),
});

type Rule = {
  readonly verb: 'GET' | 'PUT';
  readonly path: RegExp;
  readonly channels: readonly Channel[];
  readonly body: 'none' | v.GenericSchema;
  readonly look?: (body: unknown, channel: Channel) => Verdict;
};

/** What may be asked; everything else may not. */
const rules: readonly Rule[] = [
  { verb: 'GET', path: /^\/v1\/keepalive$/, channels: ['account', 'anonymous'], body: 'none' },
  { verb: 'GET', path: /^\/v1\/accounts\/whoami$/, channels: ['account'], body: 'none' },
  { verb: 'GET', path: /^\/v2\/keys\?identity=(?:aci|pni)$/, channels: ['account'], body: 'none' },
  { verb: 'PUT', path: /^\/v2\/keys\?identity=(?:aci|pni)$/, channels: ['account'], body: keysBody },
  {
    verb: 'GET',
    path: new RegExp(`^/v2/keys/${SERVICE}/(?:\\d{1,3}|\\*)$`),
    channels: ['account', 'anonymous'],
    body: 'none',
  },
  {
    verb: 'GET',
    path: /^\/v1\/certificate\/delivery\?includeE164=false$/,
    channels: ['account'],
    body: 'none',
  },
  {
    verb: 'GET',
    path: new RegExp(`^/v1/profile/${UUID}/[0-9a-f]{64}$`),
    channels: ['account', 'anonymous'],
    body: 'none',
  },
  { verb: 'PUT', path: /^\/v1\/challenge$/, channels: ['account'], body: challengeBody },
  { verb: 'PUT', path: /^\/v1\/devices\/link$/, channels: ['anonymous'], body: linkBody },
  {
    verb: 'PUT',
    path: new RegExp(`^/v1/messages/${SERVICE}\\?story=false$`),
    channels: ['account', 'anonymous'],
    body: messageBody,
    look: checkMessage,
  },
];

const headerRules: Readonly<Record<string, RegExp>> = {
  'content-type': /^application\/json$/,
  authorization: /^Basic [A-Za-z0-9+/]+={0,2}$/,
  // 16 bytes; given with sealed messages and profiles, never with who I am.
  'unidentified-access-key': /^[A-Za-z0-9+/]{22}==$/,
};

/** The last look before the socket. Default deny; reads the bytes by itself and shares no code with what built them. */
export function guard(operation: Operation): Verdict {
  switch (operation.kind) {
    case 'download':
      return /^https:\/\/[a-z0-9.-]+(?::\d+)?\/(?:[a-z0-9]+\/)*[A-Za-z0-9_-]{1,200}$/.test(operation.url)
        ? 'pass'
        : { stop: 'not a file of the content network' };
    case 'upload':
      return isSealedFile(operation.bytes) ? 'pass' : { stop: 'not a sealed file' };
    case 'request':
      return checkRequest(operation);
  }
}

function checkRequest({
  channel,
  verb,
  path,
  headers,
  body,
}: Extract<Operation, { kind: 'request' }>): Verdict {
  const rule = rules.find((one) => one.verb === verb && one.path.test(path));
  if (!rule) return { stop: 'no such request' };
  if (!rule.channels.includes(channel)) return { stop: 'over the wrong connection' };
  const names = headers.map(([name]) => name.toLowerCase());
  for (const [name, value] of headers)
    if (!headerRules[name.toLowerCase()]?.test(value)) return { stop: 'a header that is not known' };
  if (names.includes('authorization') && rule.body !== linkBody)
    return { stop: 'a password where none belongs' };
  if (names.includes('unidentified-access-key') && channel === 'account')
    return { stop: 'an access key beside who I am' };
  if (rule.body === 'none') return body === null ? 'pass' : { stop: 'a body where none belongs' };
  if (body === null || body.length > MAX_BODY) return { stop: 'a body that is missing or too large' };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return { stop: 'not JSON' };
  }
  if (!v.is(rule.body, value)) return { stop: 'another shape' };
  return rule.look?.(value, channel) ?? 'pass';
}

function checkMessage(value: unknown, channel: Channel): Verdict {
  for (const { type, content } of (value as v.InferOutput<typeof messageBody>).messages) {
    if ((type === 6) !== (channel === 'anonymous')) return { stop: 'sealed and unsealed confused' };
    if (!looksSealed(type, Buffer.from(content, 'base64'))) return { stop: 'not what its type says' };
  }
  return 'pass';
}

const VERSION_4 = 0x44;
const SEALED_SENDER_1 = 0x11;
const PLAINTEXT = 0xc0;
const RATCHET_MAC = 8;

/** Whether bytes have the structure of a ciphertext of libsignal; words of a person never have. */
function looksSealed(type: number, bytes: Uint8Array): boolean {
  switch (type) {
    case 1:
      return bytes[0] === VERSION_4 && isRatchetMessage(bytes);
    case 3: {
      const inner = bytes[0] === VERSION_4 ? fieldsOf(bytes.subarray(1)) : null;
      const message = inner?.get(4);
      return (
        inner?.get(2)?.length === 33 &&
        inner.get(3)?.length === 33 &&
        message !== undefined &&
        isRatchetMessage(message)
      );
    }
    case 6: {
      const fields = bytes[0] === SEALED_SENDER_1 ? fieldsOf(bytes.subarray(1)) : null;
      return (
        fields?.get(1)?.length === 33 &&
        (fields.get(2)?.length ?? 0) >= 43 &&
        (fields.get(3)?.length ?? 0) > 0
      );
    }
    case 8: {
      // A Content with nothing but a DecryptionErrorMessage (field 8), padded.
      if (bytes[0] !== PLAINTEXT) return false;
      let end = bytes.length - 1;
      while (end > 0 && bytes[end] === 0) end -= 1;
      const fields = bytes[end] === 0x80 ? fieldsOf(bytes.subarray(1, end)) : null;
      return fields?.size === 1 && fields.has(8);
    }
    default:
      return false;
  }
}

function isRatchetMessage(bytes: Uint8Array): boolean {
  if (bytes[0] !== VERSION_4 || bytes.length <= RATCHET_MAC + 1) return false;
  const fields = fieldsOf(bytes.subarray(1, bytes.length - RATCHET_MAC));
  const text = fields?.get(4);
  return (
    fields?.get(1)?.length === 33 && text !== undefined && text.length > 0 && text.length % AES_BLOCK === 0
  );
}

/** The length-delimited fields of a protobuf, or null for bytes that are none. */
function fieldsOf(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> | null {
  const fields = new Map<number, Uint8Array>();
  let at = 0;
  const number = (): number => {
    let value = 0;
    let scale = 1;
    for (let n = 0; n < 10; n += 1) {
      const byte = bytes[at];
      if (byte === undefined) return Number.NaN;
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return Number.NaN;
  };
  while (at < bytes.length) {
    const tag = number();
    const wire = tag % 8;
    if (!(tag >= 8) || !(wire === 0 || wire === 2)) return null;
    const value = number();
    if (Number.isNaN(value)) return null;
    if (wire === 0) continue;
    if (at + value > bytes.length) return null;
    fields.set(Math.floor(tag / 8), bytes.subarray(at, at + value));
    at += value;
  }
  return fields;
}

/** iv, AES-CBC blocks, MAC; and no long run of bytes that are all text, as a file in the clear has. */
function isSealedFile(bytes: Uint8Array): boolean {
  if (bytes.length < AES_BLOCK * 2 + MAC_BYTES || (bytes.length - MAC_BYTES) % AES_BLOCK !== 0) return false;
  let text = 0;
  for (const byte of bytes)
    if (byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127)) text += 1;
  // Of random bytes 38 % are; of text nearly all.
  return text / bytes.length < 0.6;
}
