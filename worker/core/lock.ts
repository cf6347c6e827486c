import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { assertNever } from '../../shared/assert.ts';
import type { KeptBy } from '../../shared/contract/settings.ts';
import { kindOf, PlainsealError } from '../../shared/errors.ts';
import type { ConfirmKind, KeyringLack } from '../../shared/shell/host.ts';
import { DATABASE_FILE } from '../../storage/database.ts';
import { readKeyHeader, type KeyHeader } from '../../storage/key-header.ts';
import {
  changePassphrase,
  dropTestKey,
  keepInTestFile,
  keepUnderPassphrase,
  newKey,
  testKey,
  unwrapWithPassphrase,
} from '../../storage/key-wrap.ts';
import { hasPhrase, keepUnderPhrase } from '../../storage/recovery-phrase.ts';
import { askKeyring, keepInKeyring, keptInKeyring, type Lost, type Place } from './keyring.ts';
import { askInSeries, type Ask, type AskOr } from './question.ts';
import { recovering, writtenPhrase } from './recovery.ts';

/** How the database key of the open profile is kept. Passphrases are typed in the shell's own window. */
export interface ProfileLock {
  readonly keptBy: KeptBy;
  /** @throws PlainsealError `conflict` when there is a passphrase already, `refused` when the person says no. */
  set(): Promise<void>;
  /** @throws PlainsealError `conflict` when there is none, `refused` when the person says no. */
  change(): Promise<void>;
  /** @throws as `change`. */
  remove(): Promise<void>;
  /** Whether a recovery phrase was made. */
  readonly phrase: boolean;
  /**
   * Makes a recovery phrase: shown in the shell's own window, and kept once it was typed back. The one before opens nothing then.
   * @throws PlainsealError `refused` when the person says no: then the one before is still the one.
   */
  makePhrase(): Promise<void>;
}

type Header<K extends KeyHeader['kind']> = Extract<KeyHeader, { readonly kind: K }>;
type Unlocked = { readonly key: Uint8Array; readonly passphrase: string };

/**
 * The database key: of a test profile in a file, of a live one under the system's keyring, or of either under a passphrase, which
 * is asked for. Where that is lost, the person reads what happened and opens it by the recovery phrase, if one was made.
 * @throws PlainsealError `cancelled` when the person does not unlock it, `wrong-key` when the header is gone, and what reading it throws.
 */
export async function openKey(place: Place): Promise<Uint8Array> {
  const { profile, folder, host } = place;
  const header = readKeyHeader(folder);
  switch (header?.kind) {
    case undefined:
      return profile.kind === 'test' ? testKey(folder) : firstKey(place);
    case 'test':
      return fileKey(place, header).catch(cancelled);
    case 'keyring':
      return keyringKey(place, header).catch(cancelled);
    case 'passphrase':
      dropTestKey(folder);
      return askInSeries(host, (ask, askOr) => passphraseKey(place, header, ask, askOr)).catch(cancelled);
  }
}

/** Not to unlock is no fault and no refusal: the shell ends without a word. */
function cancelled(error: unknown): never {
  if (kindOf(error) !== 'refused') throw error;
  throw new PlainsealError('cancelled', 'the profile was not unlocked', { cause: error });
}

/** A live profile's first key, under the keyring; where there is none, under a passphrase. */
async function firstKey(place: Place): Promise<Uint8Array> {
  const { folder, host } = place;
  // A database whose key header is gone is a loss, not a first start.
  if (existsSync(join(folder, DATABASE_FILE)))
    throw new PlainsealError('wrong-key', 'the key header of the database is gone');
  const key = newKey();
  const lack = await keepInKeyring(place, key);
  if (lack !== null)
    await askInSeries(host, (ask) => keepUnderNewPassphrase(place, key, ask, lack)).catch(cancelled);
  return key;
}

/** The key in the file of a test profile; where that is gone, by the phrase. */
async function fileKey(place: Place, header: Header<'test'>): Promise<Uint8Array> {
  const { folder, host } = place;
  try {
    return testKey(folder);
  } catch (error) {
    if (!header.phrase || (kindOf(error) !== 'corrupt' && kindOf(error) !== 'wrong-key')) throw error;
    return askInSeries(host, (ask) => recoveredKey(place, header, ask, { why: 'key-file-gone', facts: {} }));
  }
}

async function keyringKey(place: Place, header: Header<'keyring'>): Promise<Uint8Array> {
  for (;;) {
    const found = await askKeyring(place, header);
    if (found.kind === 'key') return found.key;
    const { lost } = found;
    if (header.phrase) return askInSeries(place.host, (ask) => recoveredKey(place, header, ask, lost));
    await askInSeries(place.host, (ask) =>
      ask({ kind: 'profile-stuck', facts: lost.facts, trouble: lost.why }),
    );
  }
}

/** Opens by the passphrase, or by the phrase where the person has no other. */
async function passphraseKey(
  place: Place,
  header: Header<'passphrase'>,
  ask: Ask,
  askOr: AskOr,
): Promise<Uint8Array> {
  if (!header.phrase) return (await unlock(place, header, 'open-profile', ask)).key;
  for (;;) {
    const unlocked = await unlocking(place, header, 'open-profile', (question) =>
      askOr({ ...question, way: 'by-phrase' }),
    );
    if (unlocked) return unlocked.key;
    const key = await recovering(place.profile, header, null, (question) =>
      askOr({ ...question, way: 'by-passphrase' }),
    );
    if (key) {
      await ifWanted(keepUnderNewPassphrase(place, key, ask, null));
      return key;
    }
  }
}

/** Opens by the phrase, and keeps the key where it can be kept now: whatever kept it before does no longer. */
async function recoveredKey(place: Place, header: KeyHeader, ask: Ask, lost: Lost): Promise<Uint8Array> {
  const key = await recovering(place.profile, header, lost, ask);
  if (key === null) throw new PlainsealError('refused', 'the person did not type the phrase');
  if (place.profile.kind === 'test') keepInTestFile(place.folder, key);
  else {
    const lack = await keepInKeyring(place, key);
    if (lack !== null) await ifWanted(keepUnderNewPassphrase(place, key, ask, lack));
  }
  return key;
}

/** The profile is open already: without a new keeper the phrase is asked for at the next start. */
async function ifWanted(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    if (kindOf(error) !== 'refused') throw error;
  });
}

async function keepUnderNewPassphrase(
  { folder }: Place,
  key: Uint8Array,
  ask: Ask,
  lack: KeyringLack | null,
): Promise<void> {
  const why = lack === null ? {} : { trouble: lack };
  const passphrase = await ask({ kind: 'set-passphrase', facts: {}, secret: 'new-passphrase', ...why });
  await keepUnderPassphrase(folder, key, passphrase);
}

/** Asks for the passphrase until it opens the key; null when the person takes another way. */
async function unlocking(
  { profile }: Place,
  header: Header<'passphrase'>,
  kind: ConfirmKind,
  ask: (question: Parameters<Ask>[0]) => Promise<string | null>,
): Promise<Unlocked | null> {
  const question = { kind, facts: {}, secret: 'passphrase' } as const;
  let passphrase = await ask(question);
  while (passphrase !== null) {
    try {
      return { key: await unwrapWithPassphrase(header, passphrase, profile), passphrase };
    } catch (error) {
      if (kindOf(error) !== 'wrong-key') throw error;
      passphrase = await ask({ ...question, trouble: 'wrong-passphrase' });
    }
  }
  return null;
}

async function unlock(
  place: Place,
  header: Header<'passphrase'>,
  kind: ConfirmKind,
  ask: Ask,
): Promise<Unlocked> {
  const unlocked = await unlocking(place, header, kind, ask);
  if (!unlocked) throw new PlainsealError('refused', 'no passphrase was typed');
  return unlocked;
}

/** The lock of a profile whose key was opened with {@link openKey}. */
export function profileLock(place: Place): ProfileLock {
  const { profile, folder, host } = place;

  const kept = (): KeptBy => {
    const { kind } = header();
    return kind === 'test' ? 'file' : kind;
  };
  let keptBy = kept();
  let phrase = hasPhrase(folder);
  /** Asks, and notes what keeps the key since. */
  const act = (work: Parameters<typeof askInSeries<void>>[1]): Promise<void> =>
    askInSeries(host, work).finally(() => {
      keptBy = kept();
      phrase = hasPhrase(folder);
    });

  function header(): KeyHeader {
    const found = readKeyHeader(folder);
    if (found === null) throw new PlainsealError('wrong-key', 'the key header is gone');
    return found;
  }
  function locked(): Header<'passphrase'> {
    const found = header();
    if (found.kind !== 'passphrase') throw new PlainsealError('conflict', 'there is no passphrase');
    return found;
  }
  async function currentKey(found: Header<'test'> | Header<'keyring'>): Promise<Uint8Array> {
    switch (found.kind) {
      case 'test':
        return testKey(folder);
      case 'keyring':
        return keptInKeyring(place, found);
      default:
        return assertNever(found);
    }
  }

  return {
    get keptBy() {
      return keptBy;
    },
    get phrase() {
      return phrase;
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
        const { key, passphrase } = await unlock(place, locked(), 'change-passphrase', ask);
        key.fill(0);
        const wanted = await ask({ kind: 'change-passphrase', facts: {}, secret: 'new-passphrase' });
        await changePassphrase(folder, passphrase, wanted);
      }),
    remove: () =>
      act(async (ask) => {
        const { key } = await unlock(place, locked(), 'remove-passphrase', ask);
        try {
          if (profile.kind === 'test') return keepInTestFile(folder, key);
          const lack = await keepInKeyring(place, key);
          if (lack === null) return;
          // It cannot be done, whatever is answered; the person reads why.
          await ask({ kind: 'remove-passphrase', facts: {}, trouble: lack });
          throw new PlainsealError('refused', 'this system has no keyring');
        } finally {
          key.fill(0);
        }
      }),
    makePhrase: () =>
      act(async (ask, askOr) => {
        const found = header();
        const kind = found.phrase ? 'replace-phrase' : 'make-phrase';
        let key: Uint8Array;
        if (found.kind === 'passphrase') key = (await unlock(place, found, kind, ask)).key;
        else {
          await ask({ kind, facts: {} });
          key = await currentKey(found);
        }
        try {
          keepUnderPhrase(folder, key, await writtenPhrase(ask, askOr));
        } finally {
          key.fill(0);
        }
      }),
  };
}
