import { kindOf, PlainsealError } from '../../shared/errors.ts';
import type { KeyLoss, KeyringLack } from '../../shared/shell/host.ts';
import { writeKeyHeader, type KeyHeader } from '../../storage/key-header.ts';
import { acceptKeyringKey, keyringHeader } from '../../storage/key-wrap.ts';
import type { ProfileInfo } from '../../storage/profile.ts';
import type { HostLink } from './host.ts';

/** A profile this process holds, and who can be asked. */
export type Place = {
  readonly profile: ProfileInfo;
  readonly folder: string;
  readonly host: Pick<HostLink, 'call'>;
};

/** Why what kept the key gives it no more, and what of it can be named. */
export type Lost = { readonly why: KeyLoss; readonly facts: Readonly<Record<string, string>> };

type Header = Extract<KeyHeader, { readonly kind: 'keyring' }>;

/** Keeps the key of a live profile under the system's keyring; gives why not where it keeps nothing. */
export async function keepInKeyring(
  { profile, folder, host }: Place,
  key: Uint8Array,
): Promise<KeyringLack | null> {
  const kept = await host.call('key.wrap', { key });
  if (kept.kind === 'none') return kept.why;
  writeKeyHeader(folder, keyringHeader(key, profile, kept));
  return null;
}

/**
 * The key under the keyring, or why that does not give it. What another keyring opens all the same, or what the keyring wants wrapped
 * anew, is.
 */
export async function askKeyring(
  place: Place,
  header: Header,
): Promise<
  { readonly kind: 'key'; readonly key: Uint8Array } | { readonly kind: 'lost'; readonly lost: Lost }
> {
  const { backend, wrapped } = header;
  const given = await place.host.call('key.unwrap', { wrapped });
  if (given.kind === 'none')
    return { kind: 'lost', lost: { why: 'keyring-gone', facts: { keyring: backend } } };
  if (given.kind === 'opened' && isOurs(place, header, given.key)) {
    if (given.stale || given.backend !== backend) await keepInKeyring(place, given.key);
    return { kind: 'key', key: given.key };
  }
  const changed = given.backend !== backend;
  const facts = changed ? { keyring: backend, 'keyring-now': given.backend } : { keyring: backend };
  return { kind: 'lost', lost: { why: changed ? 'keyring-changed' : 'keyring-forgot', facts } };
}

function isOurs({ profile }: Place, header: Header, key: Uint8Array): boolean {
  try {
    acceptKeyringKey(header, key, profile);
    return true;
  } catch (error) {
    if (kindOf(error) !== 'wrong-key') throw error;
    return false;
  }
}

/**
 * The key under the keyring.
 * @throws PlainsealError `wrong-key` where it does not give it.
 */
export async function keptInKeyring(place: Place, header: Header): Promise<Uint8Array> {
  const found = await askKeyring(place, header);
  if (found.kind === 'lost') throw new PlainsealError('wrong-key', 'the keyring does not open the key');
  return found.key;
}
