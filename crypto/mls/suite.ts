import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
} from 'node:crypto';
import { getCiphersuiteFromName, getCiphersuiteImpl, type CiphersuiteImpl } from 'ts-mls';
import { hexOf, sameBytes, utf8 } from './bytes.ts';
import { hmacSha256 } from './hmac.ts';
import { expand, extract, nodeHpke } from './node-hpke.ts';

/** Hash, HPKE, signatures and key derivation of a cipher suite, in the shape that ts-mls uses. */
export type Suite = CiphersuiteImpl;

/** The only suite of Marmot, and the one every MLS implementation must have (RFC 9420 §17.1): 0x0001. */
export const SUITE_NAME = 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519';

const HASH_BYTES = 32;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** What stands before the 32 bytes of an Ed25519 key in DER (RFC 8410). */
const PRIVATE_DER = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_DER = Buffer.from('302a300506032b6570032100', 'hex');

/** Public keys that are remembered as objects at most. */
const MAX_PUBLIC_KEYS = 1_000;
const signing = new WeakMap<Uint8Array, KeyObject>();
const verifying = new Map<string, KeyObject>();

/** A key object is made once per key: making it takes twice as long as signing with it. It goes with the bytes it was made from. */
function signingKey(seed: Uint8Array): KeyObject {
  const key =
    signing.get(seed) ??
    createPrivateKey({ key: Buffer.concat([PRIVATE_DER, seed]), format: 'der', type: 'pkcs8' });
  signing.set(seed, key);
  return key;
}

/** The same for keys of others, by what they are: the oldest goes first. */
function verifyingKey(publicKey: Uint8Array): KeyObject {
  const name = hexOf(publicKey);
  const key =
    verifying.get(name) ??
    createPublicKey({ key: Buffer.concat([PUBLIC_DER, publicKey]), format: 'der', type: 'spki' });
  verifying.set(name, key);
  const [oldest] = verifying.keys();
  if (verifying.size > MAX_PUBLIC_KEYS && oldest !== undefined) verifying.delete(oldest);
  return key;
}

/** The suite on `node:crypto`: the same bytes as ts-mls's own (suite.test.ts), without its waits for WebCrypto. */
export const nodeSuite: Suite = {
  name: SUITE_NAME,
  hpke: nodeHpke,
  rng: { randomBytes: (length) => Uint8Array.from(randomBytes(length)) },
  kdf: {
    size: HASH_BYTES,
    extract: async (salt, ikm) => extract(salt, ikm),
    expand: async (prk, info, length) => expand(prk, info, length),
  },
  hash: {
    digest: async (data) => hash('sha256', data, 'buffer'),
    mac: async (key, data) => hmacSha256(key, data),
    async verifyMac(key, given, data) {
      const wanted = hmacSha256(key, data);
      return given.length === wanted.length && timingSafeEqual(given, wanted);
    },
  },
  signature: {
    async sign(seed, message) {
      return sign(null, message, signingKey(seed));
    },
    async verify(publicKey, message, signature) {
      if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
      return verify(null, message, verifyingKey(publicKey), signature);
    },
    async keygen() {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      return {
        signKey: Uint8Array.from(
          privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(PRIVATE_DER.length),
        ),
        publicKey: Uint8Array.from(
          publicKey.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_DER.length),
        ),
      };
    },
  },
};

/** The same suite on WebCrypto and pure JavaScript, as ts-mls brings it: for a runtime without the primitives of `node:crypto`. */
export const portableSuite = (): Promise<Suite> => getCiphersuiteImpl(getCiphersuiteFromName(SUITE_NAME));

/** Does one of everything, and says whether it came out right. */
async function works(suite: Suite): Promise<boolean> {
  try {
    const { hpke, signature } = suite;
    const text = utf8('plainseal');
    const { signKey, publicKey } = await signature.keygen();
    const signed = await signature.verify(publicKey, text, await signature.sign(signKey, text));
    const pair = await hpke.deriveKeyPair(await suite.hash.digest(text));
    const { enc, ct } = await hpke.seal(pair.publicKey, text, text);
    return signed && sameBytes(await hpke.open(pair.privateKey, enc, ct, text), text);
  } catch {
    return false;
  }
}

/** The fastest suite that works in this runtime. `preferred`: for tests. */
export async function loadSuite(preferred: Suite = nodeSuite): Promise<Suite> {
  return (await works(preferred)) ? preferred : portableSuite();
}
