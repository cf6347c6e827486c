import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Channel } from './manifest.ts';

/** Where updates come from and who signs them. */
export type UpdateSource = {
  readonly channel: Channel;
  /** Address of the channel's manifest, https; the files lie beside it. */
  readonly manifest: string;
  /** Public half of the key that signs releases, as PEM. */
  readonly key: string;
};

/**
 * What a maintainer fills in before a release that updates itself. Null: nothing is asked of anybody, ever. There is no server
 * of ours.
 */
export const updateSource: UpdateSource | null = null;

/** A source, read. @throws Error for an address without TLS or a key that is not Ed25519's. */
export function openSource({ manifest, key }: UpdateSource): {
  readonly address: URL;
  readonly key: KeyObject;
} {
  const address = new URL(manifest);
  if (address.protocol !== 'https:') throw new Error('updates come over https only');
  const opened = createPublicKey(key);
  if (opened.asymmetricKeyType !== 'ed25519') throw new Error('updates are signed with Ed25519 only');
  return { address, key: opened };
}
