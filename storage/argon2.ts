import crypto from 'node:crypto';
import { argon2id } from 'hash-wasm';
import type { Argon2Cost } from './key-header.ts';

/** Node has Argon2 from 24.7 on; Electron's BoringSSL does not. Both paths give the same bytes. */
export type Argon2Path = 'native' | 'wasm';

let nativeHidden = false;
/** For tests: hides the runtime's own Argon2, as under Electron. */
export function hideNativeArgon2(hidden: boolean): void {
  nativeHidden = hidden;
}

/** The ways this runtime has, the preferred one first. */
export function argon2Paths(): readonly Argon2Path[] {
  const native = typeof (crypto as { readonly argon2?: unknown }).argon2 === 'function';
  return native && !nativeHidden ? ['native', 'wasm'] : ['wasm'];
}

/**
 * Argon2id, version 1.3 (RFC 9106), without secret or associated data.
 * @param length bytes wanted
 */
export async function deriveArgon2id(
  input: {
    readonly password: Uint8Array;
    readonly salt: Uint8Array;
    readonly cost: Argon2Cost;
    readonly length: number;
  },
  path: Argon2Path = argon2Paths()[0] ?? 'wasm',
): Promise<Uint8Array> {
  const { password, salt, cost, length } = input;
  if (path === 'wasm')
    return argon2id({
      password,
      salt,
      parallelism: cost.lanes,
      iterations: cost.passes,
      memorySize: cost.memoryKib,
      hashLength: length,
      outputType: 'binary',
    });
  return new Promise((resolve, reject) => {
    const parameters = {
      message: password,
      nonce: salt,
      parallelism: cost.lanes,
      tagLength: length,
      memory: cost.memoryKib,
      passes: cost.passes,
    };
    crypto.argon2('argon2id', parameters, (error, derived) => {
      if (error) reject(error);
      else resolve(new Uint8Array(derived));
    });
  });
}
