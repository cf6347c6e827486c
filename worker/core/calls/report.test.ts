import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { textOnly } from '../../../shared/contract/content.ts';
import {
  peerId,
  type ConversationId,
  type GrantId,
  type MessageId,
  type PeerId,
} from '../../../shared/ids.ts';
import { emptyCommit } from '../../../shared/lane/commit.ts';
import { verifyReport } from '../report/pack.ts';
import { request, type Rig } from '../../sample/rig.ts';
import { ALICE, key, messageFrom, openedBy } from '../../sample/scene.ts';
import { ACCOUNT, CHAT, openScripted } from '../../sample/scripted.ts';

const BOB = peerId('email', 'BOB');
const GROUP = 'group' as ConversationId;
let rig: Rig;
let folder: string;
let rows: readonly MessageId[];

beforeEach(async () => {
  const opened = await openScripted();
  ({ rig } = opened);
  folder = mkdtempSync(join(tmpdir(), 'plainseal-report-'));
  await opened.lane.context().commit({
    ...emptyCommit,
    changes: [
      messageFrom(ALICE, CHAT, 'one', 'ALICE ONE'),
      messageFrom(ALICE, CHAT, 'two', 'ALICE TWO'),
      {
        kind: 'message',
        target: { conversation: CHAT, key: key('three') },
        author: ALICE,
        sentAt: 700,
        content: { ...textOnly('ALICE THREE'), quote: key('mine') },
        evidence: openedBy(ALICE),
      },
      { kind: 'peer', peer: BOB, identity: 'BOB', address: 'bob@example.org', name: 'Bob' },
      {
        kind: 'conversation',
        id: GROUP,
        patch: { kind: 'group', protocol: 'openpgp', state: 'active', title: 'GROUP' },
      },
      messageFrom(ALICE, GROUP, 'four', 'ALICE IN A GROUP'),
    ],
  });
  const { labelRevision } = await rig.page.call('conversation.get', { conversation: CHAT });
  await rig.page.call('message.send', {
    request: request(),
    conversation: CHAT,
    content: textOnly('MINE'),
    seenLabel: labelRevision,
  });
  rows = rig.db
    .all<{ readonly id: number }>('SELECT id FROM message ORDER BY id')
    .map(({ id }) => String(id) as MessageId);
});
afterEach(async () => {
  await rig.close();
  rmSync(folder, { recursive: true });
});

const preview = (messages: readonly MessageId[], conversation = CHAT, of: PeerId | null = null) =>
  rig.page.call('report.preview', { conversation, of, messages: [...messages] });
const rejects = (kind: string) => expect.objectContaining({ kind }) as unknown;

test('AT-65 a report reveals the chosen messages of that person and nothing else', async () => {
  const { contents } = await preview(rows.slice(1, 3));
  expect(contents).toEqual({
    network: 'email',
    protocol: 'openpgp',
    testNetwork: true,
    reported: { id: ALICE, address: 'alice@example.org', fingerprint: 'ALICE-FINGERPRINT' },
    messages: ['two', 'three'].map((name, at) => ({
      key: name,
      text: `ALICE ${name.toUpperCase()}`,
      files: [],
      sentAt: at === 0 ? 500 : 700,
      receivedAt: expect.any(Number) as number,
      known: 'opened-here',
      proof: 'signature',
      fingerprint: 'K',
    })),
  });
  // Whatever is asked for: what I wrote, notes, and what they wrote elsewhere are not theirs to be reported from here.
  const all = await preview([...rows, 'x' as MessageId, '999' as MessageId]);
  expect(all.contents.messages.map(({ key: name }) => name)).toEqual(['one', 'two', 'three']);
  for (const secret of ['MINE', 'mine', 'GROUP', 'bob@', 'me@example.org', ACCOUNT])
    expect(JSON.stringify(all.contents)).not.toContain(secret);
});

test('AT-65 in a group it is of one who wrote there, and of what they wrote there', async () => {
  const { contents } = await preview(rows, GROUP, ALICE);
  expect(contents.reported).toMatchObject({ id: ALICE });
  expect(contents.messages.map(({ key: name }) => name)).toEqual(['four']);
  for (const secret of ['ONE', 'TWO', 'MINE', 'bob@', ACCOUNT])
    expect(JSON.stringify(contents)).not.toContain(secret);
  // Of nobody, of who wrote nothing there, and of nothing that they wrote.
  for (const [messages, of] of [
    [rows, null],
    [rows, BOB],
    [rows.slice(0, 1), ALICE],
  ] as const)
    await expect(preview(messages, GROUP, of)).rejects.toThrow(rejects('refused'));
  await expect(preview(rows, CHAT, BOB)).rejects.toThrow(rejects('refused'));
});

test('AT-65 what is written is what was shown, in the shell’s dialog, and can be checked', async () => {
  const path = join(folder, 'report.json');
  const asked: string[] = [];
  rig.shell.serve = {
    'file.save': ({ name }) => (asked.push(name), 'grant' as GrantId),
    'grant.open': () => ({ path, mode: 'write' }),
  };
  const messages = rows.slice(0, 2);
  const { contents, sha256 } = await preview(messages);
  const save = (seen: string) =>
    rig.page.call('report.save', { request: request(), conversation: CHAT, of: null, messages, seen });
  await expect(save('0'.repeat(64))).rejects.toThrow(rejects('conflict'));
  expect(asked).toEqual([]);
  expect(await save(sha256)).toBe(true);
  expect(asked).toEqual(['plainseal-report.json']);
  const file = readFileSync(path);
  expect(verifyReport(file)).toBe(sha256);
  expect((JSON.parse(file.toString()) as { contents: unknown }).contents).toEqual(contents);
  // What is deleted meanwhile is not written behind the person's back.
  await rig.page.call('message.delete', { request: request(), id: messages[0]! });
  await expect(save(sha256)).rejects.toThrow(rejects('conflict'));
  rig.shell.serve = { 'file.save': () => null };
  expect(await save((await preview(messages)).sha256)).toBe(false);
});
