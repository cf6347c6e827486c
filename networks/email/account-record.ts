import * as v from 'valibot';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import type { Millis } from '../../shared/ids.ts';
import { PlainsealError } from '../../shared/errors.ts';
import { ownKeys, type Reads } from '../../crypto/openpgp/keyring.ts';
import type { OwnKey } from '../../crypto/openpgp/keys.ts';
import { readRecord, writeRecord } from './record.ts';

/** One service of a mail provider. `starttls` upgrades a plain connection before anything is said; both refuse to go on without TLS. */
export interface Server {
  readonly host: string;
  readonly port: number;
  readonly security: 'tls' | 'starttls';
  /** What it wants as user name. */
  readonly user: 'address' | 'local-part';
}

/** The user name an account signs in with. */
export function userOf(server: Server, address: string): string {
  return server.user === 'address' ? address : address.slice(0, address.lastIndexOf('@'));
}

/** What the lane needs to sign in. Holds the password; the database it lies in is encrypted. Never logged. */
export interface AccountRecord {
  readonly address: string;
  readonly displayName: string;
  readonly password: string;
  readonly imap: Server;
  readonly smtp: Server;
  /** An authority (PEM) to trust in place of the system's, in test environments only. */
  readonly ca: string | null;
}

const ACCOUNT: StateKey = { space: 'account', key: 'settings' };

const serverSchema = v.object({
  host: v.string(),
  port: v.number(),
  security: v.picklist(['tls', 'starttls']),
  user: v.picklist(['address', 'local-part']),
});
const accountSchema: v.GenericSchema<unknown, AccountRecord> = v.object({
  address: v.string(),
  displayName: v.string(),
  password: v.string(),
  imap: serverSchema,
  smtp: serverSchema,
  ca: v.nullable(v.string()),
});

/** Writes how to sign in. */
export async function writeAccount(work: Work, account: AccountRecord): Promise<void> {
  await work.get(ACCOUNT);
  writeRecord(work, ACCOUNT, account);
}

/** My account and my keys, the one that signs first. */
export interface Self {
  readonly account: AccountRecord;
  readonly key: OwnKey;
  readonly keys: readonly OwnKey[];
}

/** Everything about myself. @throws PlainsealError `corrupt` when it is not there or does not read. */
export async function readSelf(work: Reads, now: Millis): Promise<Self> {
  const account = await readRecord(work, ACCOUNT, accountSchema);
  const keys = await ownKeys(work, now);
  const [key] = keys;
  if (account === null || key === undefined) throw new PlainsealError('corrupt', 'account state is missing');
  return { account, key, keys };
}
