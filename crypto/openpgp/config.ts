import { config, enums, type Config } from 'openpgp';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Chunk size octet of SEIPDv2: 2^(c+6) = 8 KiB, what Delta Chat core sends (RFC 9580 §5.13.2). */
export const CHUNK_SIZE_OCTET = 7;

/** No message is ever opened to more than this, compressed or not. */
export const PLAINTEXT_LIMIT_BYTES = 64 * MIB;

/** A certificate or secret key larger than this is not parsed. Photos and third-party signatures of the largest known public keys fit. */
export const KEY_LIMIT_BYTES = 256 * KIB;

/**
 * How far another machine's clock may run ahead of ours before its signatures and keys count as made in the future: a day, as a clock that takes
 * the time of day for UTC is up to 14 hours off, theirs or ours.
 */
export const CLOCK_SKEW_MS = 24 * 60 * 60 * 1000;

/**
 * Every setting of openpgp.js this engine relies on, stated here so that a new default of the library changes nothing.
 * The library reads its global object in places that take no argument, so the global object itself is set, once, on import.
 */
Object.assign(config, {
  preferredHashAlgorithm: enums.hash.sha256,
  preferredSymmetricAlgorithm: enums.symmetric.aes128,
  preferredCompressionAlgorithm: enums.compression.uncompressed,
  preferredAEADAlgorithm: enums.aead.ocb,
  aeadProtect: true,
  aeadChunkSizeByte: CHUNK_SIZE_OCTET,
  v6Keys: false,
  showVersion: false,
  showComment: false,
  allowUnauthenticatedMessages: false,
  allowUnauthenticatedStream: false,
  allowInsecureDecryptionWithSigningKeys: false,
  allowInsecureVerificationWithReformattedKeys: false,
  allowMissingKeyFlags: false,
  enableParsingV5Entities: false,
  parseAEADEncryptedV4KeysAsLegacy: false,
  ignoreUnsupportedPackets: true,
  ignoreMalformedPackets: false,
  enforceGrammar: true,
  additionalAllowedPackets: [],
  knownNotations: [],
  passwordCollisionCheck: false,
  // Off: it makes version 6 session-key packets to RSA keys unreadable in 6.3.2, and nothing we send back tells the two outcomes apart.
  constantTimePKCS1Decryption: false,
  nonDeterministicSignaturesViaNotation: true,
  minRSABits: 2047,
  maxUserIDLength: KIB,
  maxDecompressedMessageSize: PLAINTEXT_LIMIT_BYTES,
  s2kType: enums.s2k.iterated,
  s2kIterationCountByte: 224,
  maxArgon2MemoryExponent: 19,
  rejectHashAlgorithms: new Set([enums.hash.md5, enums.hash.ripemd, enums.hash.sha1]),
  rejectMessageHashAlgorithms: new Set([enums.hash.md5, enums.hash.ripemd, enums.hash.sha1]),
} satisfies Partial<Config>);

/** The settings in force, as openpgp.js wants them where a method takes a whole configuration. */
export const strict: Config = config;

/**
 * Accepts hashes and algorithms we otherwise refuse. Used where accepting is the cautious side: a revocation made with
 * SHA-1 still revokes, and a key that only works here is told apart (weak) from one that works nowhere.
 */
export const lenient: Config = {
  ...config,
  minRSABits: 0,
  rejectHashAlgorithms: new Set(),
  rejectPublicKeyAlgorithms: new Set(),
  rejectCurves: new Set(),
};

/** What a certificate made here announces: AES-256 with OCB first, like Delta Chat core's. */
export const newKeyConfig: Partial<Config> = { preferredSymmetricAlgorithm: enums.symmetric.aes256 };
