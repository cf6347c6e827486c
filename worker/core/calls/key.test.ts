import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GrantId } from '../../../shared/ids.ts';
import type { KeyImport, KeyRefusal } from '../../../shared/lane/key.ts';
import type { Lane } from '../../../shared/lane/lane.ts';
import type { ConfirmQuestion } from '../../../shared/shell/host.ts';
import { request, type Rig } from '../../sample/rig.ts';
import { ACCOUNT, openScripted } from '../../sample/scripted.ts';

let folder: string;
let rig: Rig | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainseal-key-'));
});
afterEach(async () => {
  await rig?.close();
  rig = null;
  rmSync(folder, { recursive: true, force: true });
});

const rejects = (kind: string) => expect.objectContaining({ kind }) as Error;

/** A rig whose person types `typed`, one after the other, and then says no. */
async function open(
  lane: Partial<Lane>,
  typed: readonly string[],
): Promise<{ readonly rig: Rig; readonly ended: () => number }> {
  const opened = (await openScripted(lane)).rig;
  rig = opened;
  const left = [...typed];
  let ended = 0;
  opened.shell.answer = () => {
    const secret = left.shift();
    return secret === undefined ? { ok: false, secret: null } : { ok: true, secret };
  };
  opened.shell.serve = {
    'confirm.end': () => {
      ended += 1;
      return null;
    },
    'file.save': ({ name }) => name as GrantId,
    'grant.open': ({ grant }) => ({ path: join(folder, grant), mode: 'write' }),
  };
  return { rig: opened, ended: () => ended };
}

describe('a key that is handed out', () => {
  const lane: Partial<Lane> = {
    exportKey: async (passphrase) => ({ name: 'key.asc', bytes: Buffer.from(`sealed with ${passphrase}`) }),
  };

  test('is written where the person says, under what they typed in the shell’s window', async () => {
    const { rig: it, ended } = await open(lane, ['pass phrase']);
    const again = request();
    expect(await it.page.call('key.export', { request: again, account: ACCOUNT })).toBe(true);
    expect(it.shell.asked).toEqual([
      { kind: 'export-key', facts: { address: 'me@example.org' }, secret: 'new-passphrase', series: true },
    ]);
    expect(ended()).toBe(1);
    expect(readFileSync(join(folder, 'key.asc'), 'utf8')).toBe('sealed with pass phrase');
    expect(statSync(join(folder, 'key.asc')).mode & 0o777).toBe(0o600);
    // The same request again asks and writes nothing.
    rmSync(join(folder, 'key.asc'));
    expect(await it.page.call('key.export', { request: again, account: ACCOUNT })).toBe(true);
    expect(it.shell.asked).toHaveLength(1);
  });

  test('is not when the person says no, in either window', async () => {
    const { rig: it } = await open(lane, []);
    await expect(it.page.call('key.export', { request: request(), account: ACCOUNT })).rejects.toThrow(
      rejects('refused'),
    );
    it.shell.answer = () => ({ ok: true, secret: 'pass phrase' });
    it.shell.serve = { ...it.shell.serve, 'file.save': () => null };
    expect(await it.page.call('key.export', { request: request(), account: ACCOUNT })).toBe(false);
  });
});

describe('a key that is brought', () => {
  const asked = (it: Rig): readonly (readonly [string | undefined, string | undefined])[] =>
    it.shell.asked.map(({ secret, trouble }: ConfirmQuestion) => [secret, trouble]);
  /** A lane that takes the key `good` with the passphrase `open`, and refuses as the text says. */
  function picky(given: (readonly [string, string | null])[]): Partial<Lane> {
    return {
      importKey: async (text, passphrase): Promise<KeyImport> => {
        given.push([text, passphrase]);
        if (text !== 'good') return { kind: 'refused', why: text as KeyRefusal };
        if (passphrase === 'open') return { kind: 'imported', identity: 'ABCD' };
        return { kind: 'refused', why: passphrase === null ? 'passphrase-needed' : 'wrong-passphrase' };
      },
    };
  }

  test('is asked for until one is taken, its passphrase only where it has one; each refusal is said in that window', async () => {
    const given: (readonly [string, string | null])[] = [];
    const typed = ['expired', 'revoked', 'good', 'opne', 'open'];
    const { rig: it, ended } = await open(picky(given), typed);
    const seq = (await it.page.call('profile.get', {})).seq;
    expect(await it.page.call('key.import', { request: request(), account: ACCOUNT })).toBe(true);
    expect(asked(it)).toEqual([
      ['key-text', undefined],
      ['key-text', 'expired'],
      ['key-text', 'revoked'],
      ['passphrase', 'passphrase-needed'],
      ['passphrase', 'wrong-passphrase'],
    ]);
    expect(given).toEqual([
      ['expired', null],
      ['revoked', null],
      ['good', null],
      ['good', 'opne'],
      ['good', 'open'],
    ]);
    expect(ended()).toBe(1);
    await it.page.until('changed', (changed) => changed.seq > seq && changed.accounts);
    // Nothing that was typed has reached the page, or core's own memory of requests.
    const told = JSON.stringify([it.page.heard, it.db.all('SELECT * FROM request')]);
    expect(told).not.toMatch(/opne|"open"|good/u);
  });

  test('is none when the person stops', async () => {
    const given: (readonly [string, string | null])[] = [];
    const { rig: it, ended } = await open(picky(given), ['good', 'opne']);
    await expect(it.page.call('key.import', { request: request(), account: ACCOUNT })).rejects.toThrow(
      rejects('refused'),
    );
    expect(given).toEqual([
      ['good', null],
      ['good', 'opne'],
    ]);
    expect(ended()).toBe(1);
  });

  test('is refused where the network takes none, the lane answers out of shape, or fails', async () => {
    const { rig: it, ended } = await open({}, ['good', 'good', 'good']);
    const bring = () => it.page.call('key.import', { request: request(), account: ACCOUNT });
    await expect(bring()).rejects.toThrow(rejects('refused'));
    expect(ended()).toBe(1);
    await it.close();
    rig = null;
    for (const [answer, kind] of [
      [async () => ({ kind: 'imported' }), 'internal'],
      [async () => ({ kind: 'refused', why: 'because' }), 'internal'],
      [() => Promise.reject(new Error('good')), 'internal'],
    ] as const) {
      const { rig: odd } = await open({ importKey: answer as unknown as NonNullable<Lane['importKey']> }, [
        'good',
      ]);
      await expect(odd.page.call('key.import', { request: request(), account: ACCOUNT })).rejects.toThrow(
        rejects(kind),
      );
      await odd.close();
      rig = null;
    }
  });
});
