import { cpSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { textOnly } from '../../shared/contract/content.ts';
import {
  directConversation,
  networks,
  type AccountId,
  type NetworkId,
  type PeerId,
} from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { disclosures } from '../../shared/words/disclosure.ts';
import { addAccount } from '../../storage/accounts.ts';
import { isCopied, noteCopied } from '../../storage/copies.ts';
import { openDatabase } from '../../storage/database.ts';
import { writeCells } from '../../storage/lane-state.ts';
import { addConversation, addMessage } from '../../storage/test/sample.ts';
import { keyringNamed, profileShell, type Page, type ProfileShell } from '../sample/profile-shell.ts';
import { request, startRig, type Rig } from '../sample/rig.ts';
import { ACCOUNT, addTestAccount, openScripted } from '../sample/scripted.ts';
import { hasRatchet } from '../../shared/contract/account.ts';

// Deriving a key from a passphrase is meant to be slow.
vi.setConfig({ testTimeout: 60_000 });

const rejects = (kind: string) => expect.objectContaining({ kind }) as Error;

describe('AT-54 a profile on a second machine', () => {
  const CHAT = directConversation('a' as AccountId, 'someone' as PeerId);
  const PASSPHRASE = 'correct horse';
  let here: ProfileShell;
  let there: ProfileShell;
  beforeEach(() => {
    here = profileShell();
    there = profileShell();
    here.keyring = keyringNamed('kwallet6');
  });
  afterEach(async () => {
    await here.end();
    await there.end();
  });

  /** A live profile with an account of each kind and a message, and its copy with nothing of this machine's. */
  async function copied(): Promise<string> {
    const page = await here.start('live');
    here.typed = ['', '', (asked) => asked.at(-2)?.facts['phrase'] ?? ''];
    await page.call('profile.phrase', { request: request() });
    await here.stop();
    const key = typeof here.keyring === 'string' ? undefined : here.keyring.entries.get('entry 0');
    if (!key) throw new Error('no key');
    const db = openDatabase({ folder: here.folder, key });
    addConversation(db, CHAT);
    addMessage(db, { id: 1, conversation: CHAT, text: 'long ago' });
    for (const network of ['signal', 'nostr'] as const)
      addAccount(db, {
        id: network as string as AccountId,
        network,
        address: network,
        displayName: '',
        environment: 'live',
        createdAt: 2,
      });
    db.close();
    rmSync(there.folder, { recursive: true, force: true });
    cpSync(here.folder, there.folder, { recursive: true });
    return here.asked.at(-2)?.facts['phrase'] ?? '';
  }
  const whys = async (page: Page) => {
    const { rows } = await page.call('account.list', {});
    return Object.fromEntries(
      rows.map(({ network, status }) => [network, status.kind === 'needs-person' ? status.why : status.kind]),
    );
  };

  test('is refused without keyring and phrase, in words', async () => {
    await copied();
    for (const keyring of ['no-keyring', 'open-keyring', keyringNamed('kwallet6')] as const) {
      there.keyring = keyring;
      there.asked = [];
      await expect(there.start('live')).rejects.toThrow(rejects('cancelled'));
      const trouble = typeof keyring === 'string' ? 'keyring-gone' : 'keyring-forgot';
      expect(there.asked.map((one) => [one.kind, one.trouble])).toEqual([['recover-profile', trouble]]);
    }
  });

  test('opens by the phrase: all history is readable, every account is stopped as a copy', async () => {
    const phrase = await copied();
    there.typed = [phrase, PASSPHRASE];
    const page = await there.start('live');
    const { rows } = await page.call('message.page', {
      conversation: CHAT,
      around: 'end',
      side: 'around',
      limit: 10,
    });
    expect(rows).toMatchObject([{ content: { text: 'long ago' } }]);
    expect(await whys(page)).toEqual({
      email: 'clone-suspected',
      signal: 'clone-suspected',
      nostr: 'clone-suspected',
    });
    // E-mail goes on once the person says so; a ratchet never does.
    for (const account of ['signal', 'nostr'] as const)
      await expect(
        page.call('account.go-on', { request: request(), account: account as string as AccountId }),
      ).rejects.toThrow(rejects('refused'));
    const goOn = () => page.call('account.go-on', { request: request(), account: 'a' as AccountId });
    await expect(goOn()).rejects.toThrow(rejects('refused'));
    there.typed = [''];
    expect(await goOn()).toBe(true);
    expect(there.asked.at(-1)).toMatchObject({ kind: 'go-on-here', facts: { address: 'me@example.org' } });
    await there.stop();
    // So it stays at the next start; and where it came from nothing changed.
    there.typed = [PASSPHRASE];
    const stopped = { email: 'disclosure', signal: 'clone-suspected', nostr: 'clone-suspected' };
    expect(await whys(await there.start('live'))).toEqual(stopped);
    expect(await whys(await here.start('live'))).toEqual({
      email: 'disclosure',
      signal: 'disclosure',
      nostr: 'disclosure',
    });
  });
});

describe('AT-54 the ratchet of a recognised copy', () => {
  let rig: Rig | null = null;
  afterEach(async () => {
    await rig?.close();
    rig = null;
  });

  test.each(networks.filter(hasRatchet))(
    'of %s is never given to a lane, whatever the page asks for',
    async (network) => {
      const connected: NetworkId[] = [];
      const opened = await startRig({
        connect: () => () => {
          connected.push(network);
          throw new Error('a lane was started');
        },
        prepare: (db) => {
          addTestAccount(db, network);
          writeCells(db, ACCOUNT, [{ key: { space: 's', key: 'k' }, value: new Uint8Array([1]), expect: 0 }]);
          noteCopied(db, ACCOUNT, 1);
        },
      });
      rig = opened;
      const { page } = opened;
      const { version } = disclosures[network];
      const tries: (() => Promise<unknown>)[] = [
        () => page.call('account.reconnect', { account: ACCOUNT }),
        () => page.call('disclosure.withdraw', { request: request(), network }),
        () => page.call('disclosure.accept', { request: request(), network, version }),
        () => page.call('account.go-on', { request: request(), account: ACCOUNT }),
        () => page.call('key.export', { request: request(), account: ACCOUNT }),
        () => page.call('key.reveal', { request: request(), account: ACCOUNT }),
        () => page.call('key.import', { request: request(), account: ACCOUNT }),
        () =>
          page.call('flow.start', {
            request: request(),
            account: ACCOUNT,
            network,
            start: { kind: 'check', peer: 'p' as PeerId },
          }),
      ];
      for (const attempt of tries) await attempt().catch(() => undefined);
      await opened.restart();
      await opened.page.call('account.reconnect', { account: ACCOUNT });
      expect(connected).toEqual([]);
      expect((await opened.page.call('account.list', {})).rows[0]?.status).toEqual({
        kind: 'needs-person',
        why: 'clone-suspected',
      });
      // Noted until the account is removed; its state was not touched.
      expect(isCopied(opened.db, ACCOUNT)).toBe(true);
      expect(opened.db.get('SELECT count(*) AS n FROM lane_state')).toEqual({ n: 1 });
    },
  );

  test('is stopped for good once a lane says that the network showed newer of our own', async () => {
    const opened = await openScripted();
    rig = opened.rig;
    const context = opened.lane.context();
    // What the lane asked for just before, and what stands in line still, changes nothing durable any more.
    const cell = { key: { space: 's', key: 'k' }, value: new Uint8Array([1]), expect: 0 };
    const inLine = expect(context.commit({ ...emptyCommit, work: [cell] })).rejects.toThrow();
    context.status({ kind: 'needs-person', why: 'clone-suspected' });
    await inLine;
    await vi.waitFor(() => expect(isCopied(opened.rig.db, ACCOUNT)).toBe(true));
    await vi.waitFor(async () => {
      const { rows } = await opened.rig.page.call('account.list', {});
      expect(rows[0]?.status).toEqual({ kind: 'needs-person', why: 'clone-suspected' });
    });
    expect(opened.rig.db.get("SELECT count(*) AS n FROM lane_state WHERE space = 's'")).toEqual({ n: 0 });
    const { conversations } = await opened.rig.page.until('changed', (one) => one.conversations.length > 0);
    const conversation = conversations[0];
    if (conversation === undefined) throw new Error('no conversation');
    await opened.rig.page
      .call('message.send', { request: request(), conversation, content: textOnly('x'), seenLabel: 0 })
      .catch(() => undefined);
    expect(opened.lane.performed).toEqual([]);
  });
});
