import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ConfirmQuestion } from '../../shared/shell/host.ts';
import { readKeyHeader } from '../../storage/key-header.ts';
import { keyringNamed, profileShell, type Page, type ProfileShell } from '../sample/profile-shell.ts';
import { request } from '../sample/rig.ts';

// Deriving a key from a passphrase is meant to be slow.
vi.setConfig({ testTimeout: 90_000 });

const PASSPHRASE = 'correct horse';
const NEW = 'battery staple';

let at: ProfileShell;
beforeEach(() => {
  at = profileShell();
});
afterEach(() => at.end());

const shown = (asked: readonly ConfirmQuestion[]): string => {
  const words = asked.findLast(({ kind }) => kind === 'phrase-shown')?.facts['phrase'];
  if (words === undefined) throw new Error('no phrase was shown');
  return words;
};
const steps = () => at.asked.map(({ kind, trouble }) => [kind, trouble ?? null]);
const rejects = (kind: string) => expect.objectContaining({ kind }) as Error;
const makePhrase = (page: Page) => page.call('profile.phrase', { request: request() });
const setDark = (page: Page) => page.call('settings.set', { request: request(), patch: { theme: 'dark' } });
const isDark = async (page: Page) => (await page.call('settings.get', {})).theme === 'dark';
const about = async (page: Page) => {
  const { keptBy, phrase } = await page.call('profile.get', {});
  return [keptBy, phrase];
};

/** A profile with a setting and a phrase in it, closed. */
async function withPhrase(kind: 'live' | 'test', first: typeof at.typed = []): Promise<string> {
  at.typed = [...first];
  const page = await at.start(kind);
  await setDark(page);
  at.typed = [...first, ...(first.length > 0 ? [] : ['']), '', shown];
  expect(await makePhrase(page)).toBe(true);
  const words = shown(at.asked);
  await at.stop();
  at.asked = [];
  return words;
}

describe('a recovery phrase', () => {
  test('is made only when asked for, shown, and counts once it was typed back', async () => {
    at.keyring = keyringNamed('kwallet6');
    const page = await at.start('live');
    expect([at.asked, await about(page)]).toEqual([[], ['keyring', false]]);
    expect(readKeyHeader(at.folder)?.phrase).toBeUndefined();
    const spelled = (asked: readonly ConfirmQuestion[]): string =>
      shown(asked)
        .split(' ')
        .map((word, index) => `${index + 1}. ${word.toUpperCase()}\n`)
        .join('');
    at.typed = ['', '', 'what was that', null, '', spelled];
    expect(await makePhrase(page)).toBe(true);
    expect(steps()).toEqual([
      ['make-phrase', null],
      ['phrase-shown', null],
      ['type-phrase', null],
      ['type-phrase', 'other-phrase'],
      ['phrase-shown', null],
      ['type-phrase', null],
    ]);
    // The same words again, not new ones.
    expect(new Set(at.asked.flatMap(({ facts }) => facts['phrase'] ?? [])).size).toBe(1);
    expect(shown(at.asked).split(' ')).toHaveLength(24);
    expect(await about(page)).toEqual(['keyring', true]);
    expect(at.lines.join('')).not.toContain(shown(at.asked).split(' ').slice(0, 2).join(' '));
  });

  test('is not made when the person stops anywhere before', async () => {
    const page = await at.start();
    for (const typed of [[], [''], ['', ''], ['', '', 'wrong']]) {
      at.typed = typed;
      await expect(makePhrase(page)).rejects.toThrow(rejects('refused'));
      expect(readKeyHeader(at.folder)?.phrase).toBeUndefined();
    }
    expect(at.ended).toBe(4);
  });

  test('voids the one before: its wrap is gone from the disk and its words open nothing', async () => {
    const old = await withPhrase('test');
    const before = readKeyHeader(at.folder)?.phrase;
    if (!before) throw new Error('no phrase');
    const page = await at.start();
    at.typed = ['', '', shown];
    await makePhrase(page);
    expect(at.asked[0]?.kind).toBe('replace-phrase');
    const words = shown(at.asked);
    expect(words).not.toBe(old);
    await at.stop();
    const kept = readFileSync(join(at.folder, 'key.json'), 'utf8');
    for (const part of [before.wrapped, before.nonce])
      expect(kept).not.toContain(Buffer.from(part).toString('base64'));
    rmSync(join(at.folder, 'test.key'));
    at.asked = [];
    at.typed = [old, words];
    expect(await isDark(await at.start())).toBe(true);
    expect(steps()).toEqual([
      ['recover-profile', 'key-file-gone'],
      ['recover-profile', 'wrong-phrase'],
    ]);
  });

  test('of another profile opens nothing, and what is no phrase is told apart', async () => {
    const words = await withPhrase('test');
    rmSync(join(at.folder, 'test.key'));
    const other = 'zoo '.repeat(23) + 'vote';
    const slip = words.split(' ').toReversed().slice(1).join(' ');
    at.typed = ['', slip, `${words} ${words}`, other, ` ${words.replaceAll(' ', '\n')} `];
    expect(await isDark(await at.start())).toBe(true);
    expect(steps().map(([, trouble]) => trouble)).toEqual([
      'key-file-gone',
      'no-phrase',
      'no-phrase',
      'no-phrase',
      'wrong-phrase',
    ]);
    // It is kept in its file again.
    await at.stop();
    at.asked = [];
    await at.start();
    expect(at.asked).toEqual([]);
  });

  test('opens a profile whose passphrase is lost, and a new passphrase is asked for', async () => {
    const words = await withPhrase('live', [PASSPHRASE]);
    at.typed = ['no idea', null, null, null, words, NEW];
    expect(await isDark(await at.start('live'))).toBe(true);
    expect(steps()).toEqual([
      ['open-profile', null],
      ['open-profile', 'wrong-passphrase'],
      ['recover-profile', null],
      ['open-profile', null],
      ['recover-profile', null],
      ['set-passphrase', null],
    ]);
    await at.stop();
    // The phrase is still good.
    at.typed = [PASSPHRASE, NEW];
    expect(await about(await at.start('live'))).toEqual(['passphrase', true]);
  });

  test('is asked for again where no new passphrase was set', async () => {
    const words = await withPhrase('live', [PASSPHRASE]);
    at.typed = [null, words];
    expect(await isDark(await at.start('live'))).toBe(true);
    await at.stop();
    at.typed = [PASSPHRASE];
    expect(await about(await at.start('live'))).toEqual(['passphrase', true]);
  });

  test('is not shown to who does not know the passphrase', async () => {
    at.typed = [PASSPHRASE];
    const page = await at.start('live');
    at.asked = [];
    at.typed = ['guess'];
    await expect(makePhrase(page)).rejects.toThrow(rejects('refused'));
    expect(steps()).toEqual([
      ['make-phrase', null],
      ['make-phrase', 'wrong-passphrase'],
    ]);
  });
});

describe('AT-53 a keyring', () => {
  test('that is gone, changed or emptied is told, with its name, and the phrase opens the profile', async () => {
    const first = keyringNamed('gnome_libsecret');
    at.keyring = first;
    const words = await withPhrase('live');
    const then = { keyring: 'gnome_libsecret' };
    // Gone: a passphrase takes its place, if wanted.
    at.keyring = 'no-keyring';
    at.typed = [words];
    expect(await isDark(await at.start('live'))).toBe(true);
    expect(steps()).toEqual([
      ['recover-profile', 'keyring-gone'],
      ['set-passphrase', 'no-keyring'],
    ]);
    expect(at.asked[0]?.facts).toEqual(then);
    await at.stop();
    // Emptied.
    first.entries.clear();
    at.keyring = first;
    at.asked = [];
    at.typed = [words];
    await at.start('live');
    expect(steps()).toEqual([['recover-profile', 'keyring-forgot']]);
    expect(at.asked[0]?.facts).toEqual(then);
    await at.stop();
    // Another one, which keeps it from then on.
    at.keyring = keyringNamed('kwallet6');
    at.asked = [];
    at.typed = [words];
    await at.start('live');
    expect(steps()).toEqual([['recover-profile', 'keyring-changed']]);
    expect(at.asked[0]?.facts).toEqual({ ...then, 'keyring-now': 'kwallet6' });
    await at.stop();
    at.asked = [];
    expect(await about(await at.start('live'))).toEqual(['keyring', true]);
    expect(at.asked).toEqual([]);
    expect(readKeyHeader(at.folder)).toMatchObject({ backend: 'kwallet6' });
  });

  test('that locks nothing is never used without a word, and not at all', async () => {
    at.keyring = 'open-keyring';
    await expect(at.start('live')).rejects.toThrow(rejects('cancelled'));
    expect(steps()).toEqual([['set-passphrase', 'open-keyring']]);
    at.typed = [PASSPHRASE];
    expect(await about(await at.start('live'))).toEqual(['passphrase', false]);
  });

  test('that came to lock nothing later closes the profile until the phrase is typed', async () => {
    at.keyring = keyringNamed('kwallet6');
    const words = await withPhrase('live');
    at.keyring = 'open-keyring';
    await expect(at.start('live')).rejects.toThrow(rejects('cancelled'));
    at.asked = [];
    at.typed = [words, NEW];
    expect(await about(await at.start('live'))).toEqual(['passphrase', true]);
    expect(steps()).toEqual([
      ['recover-profile', 'keyring-gone'],
      ['set-passphrase', 'open-keyring'],
    ]);
  });

  test('that is gone without a phrase opens nothing; the person can try again once it is back', async () => {
    const kept = keyringNamed('kwallet6');
    at.keyring = kept;
    await setDark(await at.start('live'));
    await at.stop();
    at.keyring = 'no-keyring';
    const back = (): string => {
      at.keyring = kept;
      return '';
    };
    at.typed = ['', back];
    expect(await isDark(await at.start('live'))).toBe(true);
    expect(steps()).toEqual([
      ['profile-stuck', 'keyring-gone'],
      ['profile-stuck', 'keyring-gone'],
    ]);
    await at.stop();
    at.keyring = 'no-keyring';
    await expect(at.start('live')).rejects.toThrow(rejects('cancelled'));
  });

  test('that wants the key wrapped anew gets it so', async () => {
    const kept = keyringNamed('kwallet5');
    at.keyring = kept;
    await at.start('live');
    await at.stop();
    kept.name = 'kwallet6';
    await at.start('live');
    await at.stop();
    expect(readKeyHeader(at.folder)).toMatchObject({ backend: 'kwallet6' });
    expect(kept.entries.size).toBe(2);
    kept.stale = true;
    await at.start('live');
    expect([kept.entries.size, at.asked]).toEqual([3, []]);
  });
});
