import type { GroupContext } from 'ts-mls';
import { joined, Malformed, readWhole, u32, u64, u8, vector, type Reader } from './bytes.ts';
import { expandSenderDataKey, expandSenderDataNonce } from 'ts-mls/sender.js';
import {
  encodeMessage,
  PRIVATE_MESSAGE,
  signFramed,
  verifyFramed,
  type Framed,
  type Signed,
} from './framing.ts';
import { guardedNonce, keyFor, nextKey, type Ratchet } from './ratchet.ts';
import { demand, Refused } from './refusal.ts';
import type { Suite } from './suite.ts';

const APPLICATION = 1;
const COMMIT = 3;
const GUARD_BYTES = 4;
/** Contents are padded to a multiple of this, so that sizes say less. */
const PADDING = 256;

/** A PrivateMessage as it came: nothing of it is opened. */
export interface Sealed {
  readonly groupId: Uint8Array;
  readonly epoch: bigint;
  readonly authenticatedData: Uint8Array;
  readonly senderData: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** Reads a PrivateMessage behind its header. @throws Malformed, Refused `unsupported` for a handshake: those are public in our groups. */
export function readPrivate(from: Reader): Sealed {
  const groupId = from.vector();
  const epoch = from.u64();
  const type = from.u8();
  if (type > APPLICATION && type <= COMMIT) throw new Refused('unsupported');
  if (type !== APPLICATION) throw new Malformed('no such content');
  const [authenticatedData, senderData, ciphertext] = [from.vector(), from.vector(), from.vector()];
  from.end();
  return { groupId, epoch, authenticatedData, senderData, ciphertext };
}

/** SenderDataAAD, and with the authenticated data behind it PrivateContentAAD (RFC 9420 §6.3). */
const aadOf = ({ groupId, epoch }: Pick<Sealed, 'groupId' | 'epoch'>): Uint8Array =>
  joined(vector(groupId), u64(epoch), u8(APPLICATION));

async function senderKey(suite: Suite, secret: Uint8Array, ciphertext: Uint8Array) {
  return {
    key: await expandSenderDataKey(suite, secret, ciphertext),
    nonce: await expandSenderDataNonce(suite, secret, ciphertext),
  };
}

/** Who sent it and under which key, as far as a member of its epoch can tell before opening it. */
export interface SenderData {
  readonly leaf: number;
  readonly generation: number;
  readonly reuseGuard: Uint8Array;
}

/** @throws Refused `decryption` when it is not of this epoch. */
export async function openSenderData(
  suite: Suite,
  sealed: Sealed,
  senderDataSecret: Uint8Array,
): Promise<SenderData> {
  const { key, nonce } = await senderKey(suite, senderDataSecret, sealed.ciphertext);
  const opened = suite.hpke.decryptAead(key, nonce, aadOf(sealed), sealed.senderData);
  const bytes = await opened.catch(() => null);
  demand(bytes !== null, 'decryption');
  return readWhole(bytes, (from) => ({
    leaf: from.u32(),
    generation: from.u32(),
    reuseGuard: from.take(GUARD_BYTES),
  }));
}

const framedOf = (
  { groupId, epoch, authenticatedData }: Pick<Sealed, 'groupId' | 'epoch' | 'authenticatedData'>,
  leaf: number,
  data: Uint8Array,
): Framed => ({ groupId, epoch, leaf, authenticatedData, body: { kind: 'application', data } });

/** Opens an application message; gives its text and the sender's ratchet without the key. @throws Refused, Malformed. */
export async function openPrivate(
  suite: Suite,
  sealed: Sealed,
  sender: SenderData,
  ratchet: Ratchet,
  signatureKey: Uint8Array,
  context: GroupContext,
): Promise<{ readonly data: Uint8Array; readonly ratchet: Ratchet }> {
  const { message, ratchet: after } = await keyFor(suite, ratchet, sender.generation);
  const nonce = guardedNonce(message.nonce, sender.reuseGuard);
  const aad = joined(aadOf(sealed), vector(sealed.authenticatedData));
  const padded = await suite.hpke.decryptAead(message.key, nonce, aad, sealed.ciphertext).catch(() => null);
  demand(padded !== null, 'decryption');
  const { data, signature } = readWhole(padded, (from) => {
    const content = { data: from.vector(), signature: from.vector() };
    if (from.take(from.left).some((byte) => byte !== 0)) throw new Malformed('padding');
    return content;
  });
  const signed: Signed = {
    wireFormat: PRIVATE_MESSAGE,
    framed: framedOf(sealed, sender.leaf, data),
    signature,
    confirmationTag: null,
  };
  demand(await verifyFramed(suite, signatureKey, signed, context), 'signature');
  // The key may still lie in the cell it was read from: that one is written anew.
  if (!ratchet.passed.has(sender.generation)) message.key.fill(0);
  return { data, ratchet: after };
}

/** Seals an application message as a member; gives the MLSMessage and my ratchet after it. */
export async function sealPrivate(
  suite: Suite,
  data: Uint8Array,
  authenticatedData: Uint8Array,
  me: { readonly leaf: number; readonly signKey: Uint8Array; readonly ratchet: Ratchet },
  context: GroupContext,
  senderDataSecret: Uint8Array,
): Promise<{ readonly bytes: Uint8Array; readonly ratchet: Ratchet; readonly generation: number }> {
  const { groupId, epoch } = context;
  const base = { groupId, epoch, authenticatedData };
  const framed = framedOf(base, me.leaf, data);
  const signature = await signFramed(suite, me.signKey, PRIVATE_MESSAGE, framed, context);
  const content = joined(vector(data), vector(signature));
  const padded = new Uint8Array(Math.ceil(content.length / PADDING) * PADDING);
  padded.set(content);
  const { generation } = me.ratchet;
  const { message, ratchet } = await nextKey(suite, me.ratchet);
  const reuseGuard = suite.rng.randomBytes(GUARD_BYTES);
  const ciphertext = await suite.hpke.encryptAead(
    message.key,
    guardedNonce(message.nonce, reuseGuard),
    joined(aadOf(base), vector(authenticatedData)),
    padded,
  );
  message.key.fill(0);
  const { key, nonce } = await senderKey(suite, senderDataSecret, ciphertext);
  const who = joined(u32(me.leaf), u32(generation), reuseGuard);
  const senderData = await suite.hpke.encryptAead(key, nonce, aadOf(base), who);
  const body = joined(
    vector(groupId),
    u64(epoch),
    u8(APPLICATION),
    vector(authenticatedData),
    vector(senderData),
    vector(ciphertext),
  );
  return { bytes: encodeMessage(PRIVATE_MESSAGE, body), ratchet, generation };
}
