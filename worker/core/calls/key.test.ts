import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { directConversation, peerId, type GrantId } from '../../../shared/ids.ts';
import type { FlowAnswer } from '../../../shared/lane/flow.ts';
import type { KeyImport, KeyRefusal } from '../../../shared/lane/key.ts';
import type { Lane } from '../../../shared/lane/lane.ts';
import type { ConfirmQuestion } from '../../../shared/shell/host.ts';
import { request, type Rig } from '../../sample/rig.ts';
import { goodFacts } from '../../sample/scene.ts';
import { ACCOUNT, openScripted, type Known } from '../../sample/scripted.ts';

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

describe('a key that is to be written down', () => {
  const lane: Partial<Lane> = { writtenKey: async () => 'nsec1whole' };
  /** A rig with an account that is a key. */
  async function openKeyed(answers: readonly boolean[], of: Partial<Lane> = lane) {
    const peer = peerId('nostr', 'Bob');
    const chat = directConversation(ACCOUNT, peer);
    const bob: Known = {
      network: 'nostr',
      peer,
      chat,
      met: {
        changes: [
          {
            kind: 'conversation',
            id: chat,
            patch: { kind: 'direct', peer, protocol: 'mls', state: 'active' },
          },
        ],
        forecasts: [],
      },
      facts: goodFacts,
    };
    const opened = (await openScripted(of, bob)).rig;
    rig = opened;
    const left = [...answers];
    opened.shell.answer = () => ({ ok: left.shift() ?? false, secret: null });
    return opened;
  }
  const kept = async (it: Rig) => (await it.page.call('account.list', {})).rows[0]?.keyKept;
  const reveal = (it: Rig) => it.page.call('key.reveal', { request: request(), account: ACCOUNT });

  test('stands in the shell’s window alone, once the person wants to see it; written down is remembered', async () => {
    const it = await openKeyed([true, true]);
    expect(await kept(it)).toBe(false);
    expect(await reveal(it)).toBe(true);
    expect(it.shell.asked).toEqual([
      { kind: 'reveal-key', facts: { address: 'me@example.org' }, series: true },
      { kind: 'key-revealed', facts: { key: 'nsec1whole' }, series: true },
    ]);
    expect(await kept(it)).toBe(true);
    const told = JSON.stringify([it.page.heard, it.db.all('SELECT * FROM request')]);
    expect(told).not.toContain('nsec1');
  });

  test('is not shown after a no, and a later is no promise', async () => {
    const no = await openKeyed([false]);
    await expect(reveal(no)).rejects.toThrow(rejects('refused'));
    expect(no.shell.asked).toHaveLength(1);
    await no.close();
    rig = null;
    const later = await openKeyed([true, false]);
    expect(await reveal(later)).toBe(false);
    expect(await kept(later)).toBe(false);
  });

  test('is refused where there is none, or the lane says more than a line', async () => {
    for (const [of, kind] of [
      [{}, 'refused'],
      [{ writtenKey: async () => 'two\nlines' }, 'internal'],
      [{ writtenKey: async () => 'x'.repeat(201) }, 'internal'],
    ] as const) {
      const odd = await openKeyed([true, true], of);
      await expect(reveal(odd)).rejects.toThrow(rejects(kind));
      expect(odd.shell.asked).toHaveLength(1);
      await odd.close();
      rig = null;
    }
  });

  test('an account whose key is kept nowhere else is removed only after that was said', async () => {
    const it = await openKeyed([false, true, true, false]);
    const remove = () => it.page.call('account.remove', { request: request(), account: ACCOUNT });
    await expect(remove()).rejects.toThrow(rejects('refused'));
    await reveal(it);
    await expect(remove()).rejects.toThrow(rejects('refused'));
    expect(it.shell.asked.map(({ kind }) => kind)).toEqual([
      'remove-key-account',
      'reveal-key',
      'key-revealed',
      'remove-account',
    ]);
  });

  test('a mail account is no key', async () => {
    const { rig: it } = await open({}, []);
    expect(await kept(it)).toBeNull();
  });
});

describe('a key for an account that is being added', () => {
  /** Wants the key `good` with the passphrase `open`, and makes an account of it. */
  const adding: Partial<Lane> = {
    flow: async function* () {
      let why: KeyRefusal | null = null;
      for (;;) {
        const answer: FlowAnswer | undefined = yield { kind: 'ask-key', why };
        if (answer?.kind !== 'key') {
          yield { kind: 'failed', why: 'cancelled' };
          return null;
        }
        if (answer.text !== 'good') why = 'malformed';
        else if (answer.passphrase === null) why = 'passphrase-needed';
        else if (answer.passphrase !== 'open') why = 'wrong-passphrase';
        else break;
      }
      yield { kind: 'done', conversation: null, peer: null };
      return { network: 'email', address: 'new@example.org', displayName: '', work: [] };
    },
  };
  const add = (it: Rig) =>
    it.page.flow({ account: null, network: 'email', start: { kind: 'add-account', args: {} } });

  test('goes from the shell’s window to the lane; the page hears only that something goes on', async () => {
    const { rig: it, ended } = await open(adding, ['bad', 'good', 'opne', 'open']);
    expect((await add(it)).kind).toBe('done');
    expect(it.shell.asked.map(({ kind, secret, trouble }) => [kind, secret, trouble])).toEqual([
      ['bring-key', 'key-text', undefined],
      ['bring-key', 'key-text', 'malformed'],
      ['bring-key', 'passphrase', 'passphrase-needed'],
      ['bring-key', 'passphrase', 'wrong-passphrase'],
    ]);
    await expect.poll(ended).toBe(1);
    const told = JSON.stringify([it.page.heard, it.db.all('SELECT * FROM request')]);
    expect(told).toContain('key-asked');
    expect(told).not.toMatch(/opne|"open"|"good"|"bad"/u);
    expect(it.db.all("SELECT 1 FROM cursor WHERE name = 'key-kept'")).toHaveLength(1);
  });

  test('is none when the person stops; nothing is added', async () => {
    const { rig: it, ended } = await open(adding, ['good']);
    expect(await add(it)).toEqual({ kind: 'failed', why: 'cancelled' });
    await expect.poll(ended).toBe(1);
    expect((await it.page.call('account.list', {})).rows).toHaveLength(1);
  });

  test('the page cannot give one, and no other flow may ask for one', async () => {
    const { rig: it } = await open(adding, []);
    const { flow } = await it.page.call('flow.start', {
      request: request(),
      account: ACCOUNT,
      network: 'email',
      start: { kind: 'invite' },
    });
    expect((await it.page.until('flow', (told) => told.flow === flow)).step).toEqual({
      kind: 'failed',
      why: 'internal',
    });
    expect(it.shell.asked).toEqual([]);
    await expect(
      it.page.call('flow.answer', { flow, answer: { kind: 'key', text: 'good', passphrase: null } }),
    ).rejects.toThrow(rejects('bad-request'));
  });
});
