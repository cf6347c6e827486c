import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { assertNever } from '../../shared/assert.ts';
import type { KeptBy } from '../../shared/contract/settings.ts';
import { kindOf, PlainsealError } from '../../shared/errors.ts';
import type { ConfirmQuestion } from '../../shared/shell/host.ts';
import { DATABASE_FILE } from '../../storage/database.ts';
import { readKeyHeader, writeKeyHeader, type KeyHeader } from '../../storage/key-header.ts';
import {
  acceptKeyringKey,
  changePassphrase,
  dropTestKey,
  keepInTestFile,
  keepUnderPassphrase,
  keyringHeader,
  newKey,
  testKey,
  unwrapWithPassphrase,
} from '../../storage/key-wrap.ts';
import type { ProfileInfo } from '../../storage/profile.ts';
import type { HostLink } from './host.ts';
import { askInSeries, type Ask } from './question.ts';

/** A profile this process holds, and who can be asked. */
type Place = {
  readonly profile: ProfileInfo;
  readonly folder: string;
  readonly host: Pick<HostLink, 'call'>;
};

/** How the database key of the open profile is kept. Passphrases are typed in the shell's own window. */
export interface ProfileLock {
  readonly keptBy: KeptBy;
  /** @throws PlainsealError `conflict` when there is a passphrase already, `refused` when the person says no. */
  set(): Promise<void>;
  /** @throws PlainsealError `conflict` when there is none, `refused` when the person says no. */
  change(): Promise<void>;
  /** @throws as `change`. */
  remove(): Promise<void>;
}

type Locked = Extract<KeyHeader, { readonly kind: 'passphrase' }>;

/**
 * The database key: of a test profile in a file, of a live one under the system's keyring, or of either under a passphrase, which
 * is asked for.
 * @throws PlainsealError `cancelled` when the person does not unlock it, `wrong-key` when the keyring gave another key or the header is
 *   gone, and what reading the header throws.
 */
export async function openKey(place: Place): Promise<Uint8Array> {
  const { profile, folder, host } = place;
  const header = readKeyHeader(folder);
  switch (header?.kind) {
    case undefined:
      return profile.kind === 'test' ? testKey(folder) : firstKey(place);
    case 'test':
      return testKey(folder);
    case 'keyring':
      return keyringKey(place, header);
    case 'passphrase': {
      dropTestKey(folder);
      const unlocked = askInSeries(host, (ask) => unlocking(place, header, ask, 'open-profile'));
      return (await unlocked.catch(cancelled)).key;
    }
  }
}

/** Not to unlock is no fault and no refusal: the shell ends without a word. */
function cancelled(error: unknown): never {
  if (kindOf(error) !== 'refused') throw error;
  throw new PlainsealError('cancelled', 'the profile was not unlocked', { cause: error });
}

async function keyringKey(
  { profile, host }: Place,
  header: Extract<KeyHeader, { readonly kind: 'keyring' }>,
): Promise<Uint8Array> {
  return acceptKeyringKey(header, await host.call('key.unwrap', { wrapped: header.wrapped }), profile);
}

/** A live profile's first key, under the keyring; where there is none, under a passphrase. */
async function firstKey(place: Place): Promise<Uint8Array> {
  const { folder, host } = place;
  // A database whose key header is gone is a loss, not a first start.
  if (existsSync(join(folder, DATABASE_FILE)))
    throw new PlainsealError('wrong-key', 'the key header of the database is gone');
  const key = newKey();
  if (!(await keepInKeyring(place, key))) {
    const question = {
      kind: 'set-passphrase',
      facts: {},
      secret: 'new-passphrase',
      trouble: 'no-keyring',
    } as const;
    const passphrase = await askInSeries(host, (ask) => ask(question)).catch(cancelled);
    await keepUnderPassphrase(folder, key, passphrase);
  }
  return key;
}

/** False where the system has no keyring. */
async function keepInKeyring({ profile, folder, host }: Place, key: Uint8Array): Promise<boolean> {
  try {
    writeKeyHeader(folder, keyringHeader(key, profile, await host.call('key.wrap', { key })));
    return true;
  } catch (error) {
    if (kindOf(error) !== 'refused') throw error;
    return false;
  }
}

/** Asks for the passphrase until it opens the key, or the person says no. */
async function unlocking(
  { profile }: Place,
  header: Locked,
  ask: Ask,
  kind: ConfirmQuestion['kind'],
): Promise<{ readonly key: Uint8Array; readonly passphrase: string }> {
  const question = { kind, facts: {}, secret: 'passphrase' } as const;
  let passphrase = await ask(question);
  for (;;) {
    try {
      return { key: await unwrapWithPassphrase(header, passphrase, profile), passphrase };
    } catch (error) {
      if (kindOf(error) !== 'wrong-key') throw error;
      passphrase = await ask({ ...question, trouble: 'wrong-passphrase' });
    }
  }
}

/** The lock of a profile whose key was opened with {@link openKey}. */
export function profileLock(place: Place): ProfileLock {
  const { profile, folder, host } = place;

  const kept = (): KeptBy => {
    const { kind } = header();
    return kind === 'test' ? 'file' : kind;
  };
  let keptBy = kept();
  /** Asks, and notes what keeps the key since. */
  const act = (work: (ask: Ask) => Promise<void>): Promise<void> =>
    askInSeries(host, work).finally(() => {
      keptBy = kept();
    });

  function header(): KeyHeader {
    const found = readKeyHeader(folder);
    if (found === null) throw new PlainsealError('wrong-key', 'the key header is gone');
    return found;
  }
  function locked(): Locked {
    const found = header();
    if (found.kind !== 'passphrase') throw new PlainsealError('conflict', 'there is no passphrase');
    return found;
  }
  async function currentKey(found: Exclude<KeyHeader, Locked>): Promise<Uint8Array> {
    switch (found.kind) {
      case 'test':
        return testKey(folder);
      case 'keyring':
        return keyringKey(place, found);
      default:
        return assertNever(found);
    }
  }

  return {
    get keptBy() {
      return keptBy;
    },
    set: () =>
      act(async (ask) => {
        const found = header();
        if (found.kind === 'passphrase') throw new PlainsealError('conflict', 'there is a passphrase');
        const passphrase = await ask({ kind: 'set-passphrase', facts: {}, secret: 'new-passphrase' });
        const key = await currentKey(found);
        await keepUnderPassphrase(folder, key, passphrase);
        key.fill(0);
      }),
    change: () =>
      act(async (ask) => {
        const { key, passphrase } = await unlocking(place, locked(), ask, 'change-passphrase');
        key.fill(0);
        const wanted = await ask({ kind: 'change-passphrase', facts: {}, secret: 'new-passphrase' });
        await changePassphrase(folder, passphrase, wanted);
      }),
    remove: () =>
      act(async (ask) => {
        const { key } = await unlocking(place, locked(), ask, 'remove-passphrase');
        try {
          if (profile.kind === 'test') keepInTestFile(folder, key);
          else if (!(await keepInKeyring(place, key))) {
            // It cannot be done, whatever is answered; the person reads why.
            await ask({ kind: 'remove-passphrase', facts: {}, trouble: 'no-keyring' });
            throw new PlainsealError('refused', 'this system has no keyring');
          }
        } finally {
          key.fill(0);
        }
      }),
  };
}
