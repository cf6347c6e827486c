import { decrypt, readMessage, verify, type SignaturePacket } from 'openpgp';
import type { Envelope, OpenLimits, OpenRefusal } from './envelope.ts';
import { AEAD_OCB, openSeipd2 } from './seipd2.ts';

/** A session key as the library gives it; `algorithm` is null where the body names it (version 2). */
export interface SessionKey {
  readonly data: Uint8Array;
  readonly algorithm: string | null;
}

/** What was inside: one literal packet and the signature packets over it, none of them checked yet. */
export interface Content {
  readonly kind: 'content';
  readonly plaintext: Uint8Array;
  readonly signatures: readonly SignaturePacket[];
}

const ALWAYS_ALLOWED_BYTES = 1024 * 1024;

/**
 * Opens the body of an envelope with one session key. AES-OCB goes the fast way, the rest through the library; both give
 * out nothing before the integrity of the whole is proven. Never throws.
 * @returns 'wrong-key' when this session key does not open the body, or the body is damaged: cryptography cannot tell the two apart.
 */
export async function openBody(
  envelope: Envelope,
  sessionKey: SessionKey,
  limits: OpenLimits,
): Promise<Content | OpenRefusal | 'wrong-key'> {
  const size = envelope.body.body.length;
  const most = Math.min(limits.plaintextBytes, Math.max(ALWAYS_ALLOWED_BYTES, size * limits.expansion));
  const config = { maxDecompressedMessageSize: most };
  let proven = false;
  try {
    if (envelope.seipd === 2 && envelope.aead === AEAD_OCB) {
      const packets = openSeipd2(sessionKey.data, envelope.body.body);
      if (packets === null) return 'wrong-key';
      proven = true;
      const message = await readMessage({ binaryMessage: packets, config });
      return await content(verify({ message, verificationKeys: [], format: 'binary', config }), limits);
    }
    const message = await readMessage({ binaryMessage: envelope.body.raw, config });
    const sessionKeys = [
      { data: sessionKey.data, algorithm: (sessionKey.algorithm ?? 'aes128') as 'aes128' },
    ];
    return await content(decrypt({ message, sessionKeys, format: 'binary', config }), limits);
  } catch (error) {
    return reason(error, proven);
  }
}

interface Read {
  readonly data: Uint8Array;
  readonly signatures: readonly {
    readonly signature: Promise<{ readonly packets: readonly SignaturePacket[] }>;
  }[];
}

async function content(reading: Promise<Read>, limits: OpenLimits): Promise<Content | OpenRefusal> {
  const { data, signatures } = await reading;
  if (data.length > limits.plaintextBytes) return 'too-large';
  if (signatures.length > limits.signatures) return 'too-many-packets';
  const packets: SignaturePacket[] = [];
  for (const { signature } of signatures) packets.push(...(await signature).packets);
  return { kind: 'content', plaintext: data, signatures: packets };
}

/** The library (and the runtime's GCM below it) says what went wrong in words only; words not known here count as malformed. */
function reason(error: unknown, proven: boolean): OpenRefusal | 'wrong-key' {
  const text = String(error);
  if (/Maximum decompressed message size/i.test(text)) return 'too-large';
  if (proven) return /decompression not supported|unsupported/i.test(text) ? 'unsupported' : 'malformed';
  if (
    /Modification detected|Authentication tag mismatch|unable to authenticate|Unexpected session key/i.test(
      text,
    )
  )
    return 'wrong-key';
  return 'malformed';
}
