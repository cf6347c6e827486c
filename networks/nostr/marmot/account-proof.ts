import { eventId, type Draft } from '../event.ts';
import { fromHex, toHex } from '../hex.ts';
import { publicKeyBytes, publicKeyFromBytes, publicKeyOf, type PublicKey, type SecretKey } from '../keys.ts';
import { sign, verify } from '../schnorr.ts';

/** The app component `marmot.member.account-identity-proof.v2`, in every leaf: the account vouches for the leaf's MLS key. */
export const ACCOUNT_PROOF_COMPONENT = 0x8009;

/** The event that is signed is never published; its kind is kept for that (Marmot registries). */
const PROOF_KIND = 450;
const PROOF_BYTES = 104;
const TEXT = 'Authorize this MLS leaf key for my Marmot account';
/** 9999-12-31, as everywhere in this program. */
const MAX_CREATED_AT = 253_402_300_799n;

/** What the component holds. `created_at` is in seconds. */
export interface AccountProof {
  readonly signer: PublicKey;
  readonly created_at: number;
  readonly signature: Uint8Array;
}

/** The event whose id the signature is over, for suite 1 (Ed25519: scheme 0x0807). */
function proofDraft(mlsKey: Uint8Array, created_at: number): Draft {
  const tags = [
    ['d', 'marmot.account-identity-proof.v2'],
    ['component', '0x8009'],
    ['ciphersuite', '0x0001'],
    ['signature_scheme', '0x0807'],
    ['mls_signature_key', toHex(mlsKey)],
  ];
  return { created_at, kind: PROOF_KIND, tags, content: TEXT };
}

/** Vouches for an MLS signature key; gives the component's 104 bytes. `auxRand`: for the specification's vector only. */
export function signAccountProof(
  secret: SecretKey,
  mlsKey: Uint8Array,
  created_at: number,
  auxRand?: Uint8Array,
): Uint8Array {
  const signer = publicKeyOf(secret);
  const id = eventId(signer, proofDraft(mlsKey, created_at));
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(created_at));
  return Buffer.concat([publicKeyBytes(signer), time, sign(fromHex(id), secret, auxRand)]);
}

/** Reads the component; null when it is no such thing. Says nothing about whether the proof holds. */
export function readAccountProof(bytes: Uint8Array): AccountProof | null {
  if (bytes.length !== PROOF_BYTES) return null;
  const signer = publicKeyFromBytes(bytes.subarray(0, 32));
  const created_at = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(32);
  if (signer === null || created_at > MAX_CREATED_AT) return null;
  return { signer, created_at: Number(created_at), signature: Uint8Array.from(bytes.subarray(40)) };
}

/** True when the account a leaf names has signed for the leaf's MLS key. Anything else is no member. */
export function accountProofHolds(proof: AccountProof, identity: PublicKey, mlsKey: Uint8Array): boolean {
  if (proof.signer !== identity) return false;
  const id = eventId(proof.signer, proofDraft(mlsKey, proof.created_at));
  return verify(proof.signature, fromHex(id), publicKeyBytes(proof.signer));
}
