import { PlainsealError } from '../../shared/errors.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import type { KeyImport, KeyRefusal } from '../../shared/lane/key.ts';
import type { KeyFile } from '../../shared/lane/lane.ts';
import { createWork } from '../../shared/lane/work.ts';
import { adoptBroughtKey } from '../../crypto/openpgp/keyring.ts';
import { exportOwnKey, importOwnKey } from '../../crypto/openpgp/keys.ts';
import type { Flowing } from './flows.ts';
import { commit } from './perform.ts';

/** Only what is asked of a running account. */
type Account = Pick<Flowing, 'context' | 'self' | 'dropCaches'>;

const CONFLICT_TRIES = 5;
/** What a file name should not hold on some system; an address may. */
const unusual = /[^\p{L}\p{N}@.+_-]/gu;

/** The key that signs today, armored and sealed with a passphrase: what GnuPG, Thunderbird and Delta Chat read. */
export async function exportOwn({ self }: Account, passphrase: string): Promise<KeyFile> {
  const { account, key } = await self();
  return {
    name: `secret-key-${account.address.replaceAll(unusual, '_')}.asc`,
    bytes: Buffer.from(await exportOwnKey(key, passphrase), 'utf8'),
  };
}

const refused = (why: KeyRefusal): KeyImport => ({ kind: 'refused', why });

/**
 * Makes a brought key the one that signs and receives from now on, in one commit. Keys before it stay for opening old mail. Refuses
 * what could not be used today, and a key of another address: other programs find a key by it.
 * @throws PlainsealError where core could not commit.
 */
export async function importOwn(of: Account, text: string, passphrase: string | null): Promise<KeyImport> {
  const { context } = of;
  const read = await importOwnKey(Buffer.from(text, 'utf8'), passphrase, context.now());
  if (read.kind === 'refused') return read;
  const { account } = await of.self();
  if (!read.key.certificate.addresses.includes(account.address)) return refused('other-address');
  for (let attempt = 0; attempt < CONFLICT_TRIES; attempt++) {
    const work = createWork(context.view);
    const adopted = await adoptBroughtKey(work, read.key, context.now());
    if (adopted.kind === 'refused') return adopted;
    const { fingerprint } = adopted.key.certificate;
    const result = await commit(context, {
      ...emptyCommit,
      work: work.writes(),
      inbound: [{ kind: 'cursor', name: 'identity', value: fingerprint }],
    });
    of.dropCaches();
    if (result.ok) return { kind: 'imported', identity: fingerprint };
    if (result.why !== 'conflict')
      throw new PlainsealError(result.why === 'held' ? 'internal' : result.why, 'not committed');
  }
  throw new PlainsealError('conflict', 'the keys changed again and again');
}
