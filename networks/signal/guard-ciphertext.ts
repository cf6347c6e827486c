/*
 * What sealed bytes look like from outside. Reads libsignal's formats by itself, in the narrowest sense, and shares no code with what
 * makes them: a builder that slips cannot slip past here too.
 */

const VERSION_4 = 0x44;
const SEALED_SENDER_1 = 0x11;
const PLAINTEXT = 0xc0;
const PADDING = 0x80;
const PUBLIC_KEY_BYTES = 33;
const KYBER_BYTES = 1_569;
const RATCHET_MAC_BYTES = 8;
const AES_BLOCK = 16;
const MAC_BYTES = 32;
/** Contents are padded to it before they are sealed. */
const CONTENT_BLOCK = 80;
const readableRun = (length: number): RegExp =>
  new RegExp(`[^\\p{Cn}\\ufffd\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]{${length}}`, 'u');
/** Of random bytes a run so long comes once in 10^13 messages. */
const READABLE_RUN = readableRun(40);
const READABLE_DIGEST = readableRun(MAC_BYTES);
const EQUAL_RUN = 12;
const MAX_VARINT_BYTES = 10;

type Field = number | Uint8Array;
/** Which fields a message has: numbers, byte strings. Every other is refused, and none comes twice. */
type Shape = Readonly<Record<number, 'number' | 'bytes'>>;

const ratchetShape: Shape = { 1: 'bytes', 2: 'number', 3: 'number', 4: 'bytes', 5: 'bytes', 6: 'bytes' };
const prekeyShape: Shape = {
  1: 'number',
  2: 'bytes',
  3: 'bytes',
  4: 'bytes',
  5: 'number',
  6: 'number',
  7: 'number',
  8: 'bytes',
};
const sealedShape: Shape = { 1: 'bytes', 2: 'bytes', 3: 'bytes' };
const retryShape: Shape = { 8: 'bytes' };
/** DecryptionErrorMessage: ratchet key, time, device. */
const errorShape: Shape = { 1: 'bytes', 2: 'number', 3: 'number' };

/** Whether bytes are a ciphertext of the type the wire gives them (Envelope.Type); words of a person never are. */
export function isCiphertext(type: number, bytes: Uint8Array): boolean {
  switch (type) {
    case 1:
      return isRatchetMessage(bytes);
    case 3:
      return isPreKeyMessage(bytes);
    case 6:
      return isSealedSender(bytes);
    case 8:
      return isRetryRequest(bytes);
    default:
      return false;
  }
}

function isRatchetMessage(bytes: Uint8Array): boolean {
  if (bytes[0] !== VERSION_4 || bytes.length <= RATCHET_MAC_BYTES + 1) return false;
  const fields = readFields(bytes.subarray(1, bytes.length - RATCHET_MAC_BYTES), ratchetShape);
  const text = fields?.get(4);
  return (
    sized(fields?.get(1), PUBLIC_KEY_BYTES) &&
    text instanceof Uint8Array &&
    text.length >= CONTENT_BLOCK &&
    text.length % AES_BLOCK === 0 &&
    !isReadable(bytes)
  );
}

function isPreKeyMessage(bytes: Uint8Array): boolean {
  if (bytes[0] !== VERSION_4) return false;
  const fields = readFields(bytes.subarray(1), prekeyShape);
  const message = fields?.get(4);
  return (
    sized(fields?.get(2), PUBLIC_KEY_BYTES) &&
    sized(fields?.get(3), PUBLIC_KEY_BYTES) &&
    sized(fields?.get(8), KYBER_BYTES) &&
    message instanceof Uint8Array &&
    isRatchetMessage(message) &&
    !isReadable(bytes)
  );
}

/** UnidentifiedSenderMessage: an ephemeral key, the sender's own key sealed, the rest sealed. */
function isSealedSender(bytes: Uint8Array): boolean {
  if (bytes[0] !== SEALED_SENDER_1) return false;
  const fields = readFields(bytes.subarray(1), sealedShape);
  const sender = fields?.get(2);
  const rest = fields?.get(3);
  return (
    sized(fields?.get(1), PUBLIC_KEY_BYTES) &&
    sender instanceof Uint8Array &&
    sender.length > PUBLIC_KEY_BYTES &&
    rest instanceof Uint8Array &&
    rest.length > CONTENT_BLOCK &&
    !isReadable(bytes)
  );
}

/** The one thing that goes unsealed: a Content with nothing but a DecryptionErrorMessage, padded. It names keys and times only. */
function isRetryRequest(bytes: Uint8Array): boolean {
  if (bytes[0] !== PLAINTEXT) return false;
  let end = bytes.length - 1;
  while (end > 0 && bytes[end] === 0) end -= 1;
  if (bytes[end] !== PADDING) return false;
  const error = readFields(bytes.subarray(1, end), retryShape)?.get(8);
  const fields = error instanceof Uint8Array ? readFields(error, errorShape) : null;
  const key = fields?.get(1);
  return fields !== null && (key === undefined || sized(key, PUBLIC_KEY_BYTES));
}

/** Whether bytes are a sealed file: iv, blocks of AES-CBC, MAC. */
export function isSealedFile(bytes: Uint8Array): boolean {
  const blocks = bytes.length - MAC_BYTES;
  return blocks >= 2 * AES_BLOCK && blocks % AES_BLOCK === 0 && !isReadable(bytes);
}

/** Whether bytes are as random as a digest. */
export const isDigest = (bytes: Uint8Array): boolean =>
  bytes.length === MAC_BYTES && !isReadable(bytes, READABLE_DIGEST);

const sized = (field: Field | undefined, length: number): boolean =>
  field instanceof Uint8Array && field.length === length;

/**
 * Whether somebody could read something in it: a long run of characters, in whatever script, or of one byte over and over, as
 * padding is before it is sealed. Nothing that a cipher made has either.
 */
function isReadable(bytes: Uint8Array, run: RegExp = READABLE_RUN): boolean {
  let equal = 0;
  let last = -1;
  for (const byte of bytes) {
    equal = byte === last ? equal + 1 : 1;
    last = byte;
    if (equal >= EQUAL_RUN) return true;
  }
  return run.test(new TextDecoder().decode(bytes));
}

/** The fields of a protobuf of one shape, or null for everything else. */
function readFields(bytes: Uint8Array, shape: Shape): ReadonlyMap<number, Field> | null {
  const fields = new Map<number, Field>();
  let at = 0;
  const number = (): number => {
    let value = 0;
    let scale = 1;
    for (let n = 0; n < MAX_VARINT_BYTES; n += 1) {
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
    const name = Math.floor(tag / 8);
    const kind = tag % 8 === 0 ? 'number' : tag % 8 === 2 ? 'bytes' : null;
    if (kind === null || shape[name] !== kind || fields.has(name)) return null;
    const value = number();
    if (Number.isNaN(value)) return null;
    if (kind === 'number') fields.set(name, value);
    else {
      if (at + value > bytes.length) return null;
      fields.set(name, bytes.subarray(at, at + value));
      at += value;
    }
  }
  return fields;
}
