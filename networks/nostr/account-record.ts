import * as v from 'valibot';
import { PlainsealError } from '../../shared/errors.ts';
import type { Millis } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { hexId, readCell, relayUrl, writeCell } from './cell.ts';
import { publicKeyOf, secretKeyFrom, type PublicKey, type SecretKey } from './keys.ts';
import type { Slot } from './marmot/key-package-event.ts';
import type { RelayUrl } from './relay-url.ts';

/** My account: a key, and where it is found. Holds the key; the database it lies in is encrypted. Never logged. */
export interface Account {
  readonly secret: SecretKey;
  readonly displayName: string;
  /** Where my lists and key packages are published (NIP-65 write relays). */
  readonly write: readonly RelayUrl[];
  /** Where invitations reach me (NIP-17 inbox relays). */
  readonly inbox: readonly RelayUrl[];
  /** The place of my key package at relays; drawn once. */
  readonly slot: Slot;
  /** `brought`: it is used elsewhere too, and its lists there are not mine alone. */
  readonly origin: 'made' | 'brought';
  /** When the person was last shown the key to write it down; null: never, and losing this machine loses the account. */
  readonly writtenDownAt: Millis | null;
  /** An authority (PEM) to trust in place of the system's, in test environments only. */
  readonly ca: string | null;
}

/** Where it lies. */
export const ACCOUNT: StateKey = { space: 'account', key: 'self' };

const accountSchema: v.GenericSchema<unknown, Account> = v.object({
  secret: v.pipe(
    v.instance(Uint8Array),
    v.transform((bytes) => secretKeyFrom(bytes)),
    v.custom<SecretKey>((key) => key !== null),
  ),
  displayName: v.string(),
  write: v.array(relayUrl),
  inbox: v.array(relayUrl),
  slot: hexId<Slot>(),
  origin: v.picklist(['made', 'brought']),
  writtenDownAt: v.nullable(v.number()),
  ca: v.nullable(v.string()),
});

/** Writes the account. */
export async function writeAccount(work: Work, account: Account): Promise<void> {
  await work.get(ACCOUNT);
  const { secret, displayName, write, inbox, slot, origin, writtenDownAt, ca } = account;
  writeCell(work, ACCOUNT, { secret, displayName, write, inbox, slot, origin, writtenDownAt, ca });
}

/** My account with its public key. */
export interface Self extends Account {
  readonly key: PublicKey;
}

/** Reads the account. @throws PlainsealError `corrupt` when it is not there or does not read. */
export async function readSelf(work: Pick<Work, 'get'>): Promise<Self> {
  const account = await readCell(work, ACCOUNT, accountSchema);
  if (account === null) throw new PlainsealError('corrupt', 'account state is missing');
  return { ...account, key: publicKeyOf(account.secret) };
}
