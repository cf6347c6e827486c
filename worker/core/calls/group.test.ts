import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CallArgs } from '../../../shared/contract/calls.ts';
import { textOnly } from '../../../shared/contract/content.ts';
import type { ConversationRow, MemberRow } from '../../../shared/contract/conversation.ts';
import { directConversation, peerId, type ConversationId, type PeerId } from '../../../shared/ids.ts';
import type { Change } from '../../../shared/lane/change.ts';
import { emptyCommit } from '../../../shared/lane/commit.ts';
import { MAX_GROUP_PEERS, type GroupChange, type OutboxItem } from '../../../shared/lane/intent.ts';
import type { Performed } from '../../../shared/lane/lane.ts';
import { request, type Rig } from '../../sample/rig.ts';
import { goodFacts } from '../../sample/scene.ts';
import { ACCOUNT, openScripted, sendWell, type Known, type scriptedLane } from '../../sample/scripted.ts';

// Groups over the real core and a lane that tells the group at once, or not at all: what a person may change is decided here,
// what became of it is the lane's to say.

const NAMES = ['Alice', 'Bob', 'Carol', 'Dan'] as const;
type Name = (typeof NAMES)[number];
const peer = (name: string): PeerId => peerId('nostr', name);
const known = (name: string): Change => ({
  kind: 'peer',
  peer: peer(name),
  identity: name,
  address: null,
  name,
});
const chat = directConversation(ACCOUNT, peer('Alice'));
const alice: Known = {
  network: 'nostr',
  peer: peer('Alice'),
  chat,
  met: {
    changes: [
      ...NAMES.map(known),
      {
        kind: 'conversation',
        id: chat,
        patch: { kind: 'direct', peer: peer('Alice'), protocol: 'mls', state: 'active' },
      },
    ],
    forecasts: [{ conversation: chat, facts: [goodFacts()], hold: null }],
  },
  facts: goodFacts,
};

let rig: Rig;
let lane: ReturnType<typeof scriptedLane>;
/** What the lane does with a change; null: it waits. */
let tell: ((item: OutboxItem, change: GroupChange) => Promise<Performed>) | null = null;

beforeEach(async () => {
  tell = null;
  ({ rig, lane } = await openScripted({ perform }, alice));
});
afterEach(() => rig.close());

function perform(item: OutboxItem): Promise<Performed> {
  const { what } = item.intent;
  lane.performed.push(item);
  if (what.kind === 'group') return tell === null ? new Promise(() => undefined) : tell(item, what.change);
  return sendWell(item, lane.context(), peer('Alice'), goodFacts(Date.now()));
}

const commit = (changes: readonly Change[]) => lane.context().commit({ ...emptyCommit, changes });
const member = (
  conversation: ConversationId,
  act: Extract<Change, { kind: 'member' }>['act'],
  who: PeerId | 'me',
  by: PeerId | 'me' | null = null,
): Change => ({ kind: 'member', conversation, peer: who, act, by });

/** What an honest lane says once the group was told. */
function came(conversation: ConversationId, change: GroupChange): readonly Change[] {
  switch (change.act) {
    case 'create':
      return [
        member(conversation, 'joined', 'me', 'me'),
        member(conversation, 'promoted', 'me', 'me'),
        // Whom I named I have added, also where the lane does not say so.
        ...change.members.map((each) => member(conversation, 'joined', each)),
      ];
    case 'add':
      return change.peers.map((each) => member(conversation, 'joined', each, 'me'));
    case 'remove':
      return [member(conversation, 'removed', change.peer, 'me')];
    case 'promote':
      return [member(conversation, 'promoted', change.peer, 'me')];
    case 'demote':
      return [member(conversation, 'demoted', change.peer, 'me')];
    case 'rename':
      return [{ kind: 'conversation', id: conversation, patch: { title: change.title, by: 'me' } }];
    case 'leave':
      return [member(conversation, 'left', 'me')];
  }
}

/** Seals, publishes, applies: two commits, as Marmot has it. */
async function tellAtOnce(item: OutboxItem, change: GroupChange): Promise<Performed> {
  const conversation = item.intent.conversation!;
  const facts = [goodFacts(Date.now())];
  const { ok } = await lane.context().commit({
    ...emptyCommit,
    forecasts: [{ conversation, facts, hold: null }],
    outbound: [
      {
        item: item.id,
        to: 'sealed',
        artifacts: [{ to: 'relays', identity: 'group', bytes: new Uint8Array([1]), outcome: 'pending' }],
      },
    ],
  });
  if (!ok) return { kind: 'done' };
  await lane.context().commit({
    ...emptyCommit,
    changes: came(conversation, change),
    outbound: [{ item: item.id, to: 'sent' }],
  });
  return { kind: 'done' };
}

const make = (members: readonly string[], title = 'Cave') =>
  rig.page.call('group.create', {
    request: request(),
    account: ACCOUNT,
    title,
    members: members.map(peer),
  });
const rowOf = (conversation: ConversationId) => rig.page.call('conversation.get', { conversation });
const membersOf = (conversation: ConversationId) => rig.page.call('group.members', { conversation });
async function ask(conversation: ConversationId, edit: CallArgs<'group.change'>['change']) {
  const { labelRevision } = await rowOf(conversation);
  return rig.page.call('group.change', {
    request: request(),
    conversation,
    change: edit,
    seenLabel: labelRevision,
  });
}
const send = async (conversation: ConversationId, text: string) =>
  rig.page.call('message.send', {
    request: request(),
    conversation,
    content: textOnly(text),
    seenLabel: (await rowOf(conversation)).labelRevision,
  });
async function rowsOf(conversation: ConversationId) {
  const page = { conversation, around: 'end', side: 'around', limit: 100 } as const;
  return (await rig.page.call('message.page', page)).rows;
}
/** The rows Plainseal states: `member-joined by Alice: Bob`. */
async function stated(conversation: ConversationId): Promise<readonly string[]> {
  const name = (who: { readonly me: boolean; readonly name?: string }) => (who.me ? 'me' : who.name);
  return (await rowsOf(conversation)).flatMap((row) => {
    if (row.kind !== 'note') return [];
    const { by = null, people = [], others = 0 } = row.who ?? {};
    const names = [...people.map(name), ...(others > 0 ? [`+${others}`] : [])].join(' ');
    return [`${row.code}${by ? ` by ${name(by)}` : ''}${names === '' ? '' : `: ${names}`}`];
  });
}
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let seen = 0; !(await holds());)
    seen = (await rig.page.until('changed', (changed) => changed.seq > seen)).seq;
};
const rejects = (kind: string) => expect.objectContaining({ kind }) as unknown;
const roles = (rows: readonly MemberRow[]) => rows.map(({ name, role, waits }) => [name, role, waits]);

/** A group that the lane has told. */
async function made(members: readonly string[]): Promise<ConversationId> {
  tell = tellAtOnce;
  const { conversation } = await make(members);
  await until(async () => (await membersOf(conversation)).rows.every(({ role }) => role !== 'invited'));
  return conversation;
}

describe('group.create', () => {
  test('makes the conversation with the intent; what is written meanwhile waits behind it', async () => {
    const { conversation } = await make(['Bob', 'Carol']);
    expect(await rowOf(conversation)).toMatchObject({
      kind: 'group',
      title: 'Cave',
      state: 'active',
      label: {
        protocol: 'mls',
        readers: { kind: 'unknown' },
        identity: { kind: 'group', checked: 0, changed: 0, of: 2 },
      },
      can: { rename: 'yes', 'add-member': 'yes' },
    });
    const members = await membersOf(conversation);
    expect(roles(members.rows)).toEqual([
      ['Bob', 'invited', 'add'],
      ['Carol', 'invited', 'add'],
    ]);
    expect(members.me).toEqual({ role: 'admin', by: null });
    expect((await send(conversation, 'hello')).kind).toBe('queued');
    expect(lane.performed).toEqual([]);
    expect(await stated(conversation)).toEqual(['group-made']);
  });

  test('is told, and then what waited goes out under the label its sender saw', async () => {
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    tell = async (...told) => (await gate, tellAtOnce(...told));
    const { conversation } = await make(['Bob', 'Carol']);
    const { id } = await send(conversation, 'hello');
    go();
    const sent = async () => {
      const { rows } = await rig.page.call('message.rows', { ids: [id] });
      return rows[0]?.kind === 'message' && rows[0].sending?.state === 'sent';
    };
    await until(sent);
    expect(await stated(conversation)).toEqual(['group-made', 'member-joined by me: Bob Carol']);
    expect((await rowOf(conversation)).label).toMatchObject({
      readers: { kind: 'members-limited' },
      identity: { of: 2 },
      sending: { ok: true },
    });
  });

  test('of nobody known, somebody twice, too many, a blank name, another network: refused, and nothing is made', async () => {
    await expect(make(['Nobody'])).rejects.toThrow(rejects('refused'));
    await expect(make(['Bob', 'Bob'])).rejects.toThrow(rejects('refused'));
    await expect(make(['Bob'], '   ')).rejects.toThrow(rejects('bad-request'));
    await expect(make([])).rejects.toThrow(rejects('bad-request'));
    const crowd = Array.from({ length: MAX_GROUP_PEERS }, (_, index) => `P${index}`);
    await commit(crowd.map(known));
    await expect(make(crowd)).rejects.toThrow(rejects('too-large'));
    const { rows } = await rig.page.call('inbox.page', { filter: 'all', before: null, limit: 9 });
    expect(rows.map((row) => row.id)).toEqual([chat]);
    expect((await make(crowd.slice(1))).conversation).toBeTruthy();
  });

  test('the same request makes one group', async () => {
    const args = { request: 'the-same-group', account: ACCOUNT, title: 'Cave', members: [peer('Bob')] };
    expect(await rig.page.call('group.create', args)).toEqual(await rig.page.call('group.create', args));
  });

  test('that fails takes no messages, and what waited is not sent', async () => {
    let fail: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (fail = resolve));
    tell = async (item) => {
      await gate;
      await lane.context().commit({
        ...emptyCommit,
        outbound: [{ item: item.id, to: 'failed', failure: 'address-unknown' }],
      });
      return { kind: 'done' };
    };
    const { conversation } = await make(['Bob']);
    const { id } = await send(conversation, 'hello');
    fail();
    await until(async () => (await rowOf(conversation)).state === 'left');
    expect(await stated(conversation)).toEqual(['group-made', 'group-not-made']);
    const { rows } = await rig.page.call('message.rows', { ids: [id] });
    expect(rows[0]).toMatchObject({ sending: { state: 'cancelled' } });
    expect((await membersOf(conversation)).rows).toEqual([]);
    await expect(send(conversation, 'more')).rejects.toThrow(rejects('refused'));
    // Saying yes does not bring anybody back into what is over.
    await rig.page.call('conversation.accept', { request: request(), conversation });
    expect((await rowOf(conversation)).state).toBe('left');
  });

  test('that fails leaves nobody behind who was to be added to it', async () => {
    let fail: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (fail = resolve));
    tell = async (item) => {
      await gate;
      await lane.context().commit({
        ...emptyCommit,
        outbound: [{ item: item.id, to: 'failed', failure: 'address-unknown' }],
      });
      return { kind: 'done' };
    };
    const { conversation } = await make(['Bob']);
    await ask(conversation, { act: 'add', peers: [peer('Dan')] });
    expect((await membersOf(conversation)).rows).toHaveLength(2);
    fail();
    await until(async () => (await rowOf(conversation)).state === 'left');
    expect((await membersOf(conversation)).rows).toEqual([]);
  });
});

describe('group.change', () => {
  test('adds, removes, makes and unmakes admins, renames, leaves; each is stated', async () => {
    const group = await made(['Bob']);
    const done = async () => roles((await membersOf(group)).rows).every(([, , waits]) => waits === null);
    await ask(group, { act: 'add', peers: [peer('Carol'), peer('Dan')] });
    await until(done);
    await ask(group, { act: 'promote', peer: peer('Carol') });
    await until(async () => (await membersOf(group)).rows[0]?.role === 'admin');
    await ask(group, { act: 'demote', peer: peer('Carol') });
    await until(async () => (await membersOf(group)).rows[0]?.role === 'member');
    await ask(group, { act: 'remove', peer: peer('Bob') });
    await until(async () => (await membersOf(group)).rows.length === 2);
    await ask(group, { act: 'rename', title: ' Den ' });
    await until(async () => (await rowOf(group)).title === 'Den');
    await ask(group, { act: 'promote', peer: peer('Dan') });
    await until(async () => (await rowOf(group)).can.leave === 'yes');
    await ask(group, { act: 'leave' });
    await until(async () => (await rowOf(group)).state === 'left');
    expect(await stated(group)).toEqual([
      'group-made',
      'member-joined by me: Bob',
      'member-joined by me: Carol Dan',
      'member-promoted by me: Carol',
      'member-demoted by me: Carol',
      'member-removed by me: Bob',
      'group-renamed by me',
      'member-promoted by me: Dan',
      'member-left: me',
    ]);
    await expect(ask(group, { act: 'rename', title: 'More' })).rejects.toThrow(rejects('refused'));
  });

  test('waits visibly until the group is told, and is asked for once', async () => {
    const group = await made(['Bob', 'Carol']);
    tell = null;
    await ask(group, { act: 'remove', peer: peer('Bob') });
    await ask(group, { act: 'remove', peer: peer('Bob') });
    await ask(group, { act: 'add', peers: [peer('Dan')] });
    await ask(group, { act: 'rename', title: 'Den' });
    await ask(group, { act: 'rename', title: 'Den' });
    const members = await membersOf(group);
    expect(roles(members.rows)).toEqual([
      ['Bob', 'member', 'remove'],
      ['Carol', 'member', null],
      ['Dan', 'invited', 'add'],
    ]);
    expect(members.renaming).toBe('Den');
    expect((await rowOf(group)).title).toBe('Cave');
    // Who is to be in it counts at once for what is written now.
    expect((await rowOf(group)).label.identity).toEqual({ kind: 'group', checked: 0, changed: 0, of: 3 });
    expect(rig.db.all("SELECT 1 FROM outbox WHERE state = 'queued'").length).toBe(3);
  });

  test('an add that fails leaves nobody behind, and says so', async () => {
    const group = await made(['Bob']);
    tell = async (item) => {
      await lane.context().commit({
        ...emptyCommit,
        outbound: [{ item: item.id, to: 'failed', failure: 'not-possible' }],
      });
      return { kind: 'done' };
    };
    await ask(group, { act: 'add', peers: [peer('Dan')] });
    await until(async () => (await stated(group)).includes('group-not-changed'));
    expect(roles((await membersOf(group)).rows)).toEqual([['Bob', 'member', null]]);
    expect((await rowOf(group)).label.identity).toMatchObject({ of: 1 });
  });

  test('somebody who could not be added is named', async () => {
    tell = async (item, told) => {
      const id = item.intent.conversation!;
      await tellAtOnce(item, told.act === 'create' ? { ...told, members: [peer('Bob')] } : told);
      await commit([member(id, 'removed', peer('Dan'))]);
      return { kind: 'done' };
    };
    const { conversation } = await make(['Bob', 'Dan']);
    await until(async () => (await stated(conversation)).includes('member-not-added: Dan'));
    expect(roles((await membersOf(conversation)).rows)).toEqual([['Bob', 'member', null]]);
  });

  test('under a label that was never shown, and in a stopped group, nothing is changed', async () => {
    const group = await made(['Bob']);
    const edit = { request: request(), conversation: group, change: { act: 'rename', title: 'X' } } as const;
    await expect(rig.page.call('group.change', { ...edit, seenLabel: 999 })).rejects.toThrow(
      rejects('refused'),
    );
    await lane.context().commit({
      ...emptyCommit,
      forecasts: [{ conversation: group, facts: [goodFacts()], hold: 'fork' }],
    });
    await expect(ask(group, { act: 'rename', title: 'X' })).rejects.toThrow(rejects('refused'));
  });

  test('a direct conversation is no group', async () => {
    expect(await rowOf(chat)).toMatchObject({ can: { rename: 'no', leave: 'no', reaction: 'yes' } });
    await expect(ask(chat, { act: 'rename', title: 'X' })).rejects.toThrow(rejects('refused'));
  });

  test('who is no admin changes nothing but leaves; who is the only one does not', async () => {
    const group = await made(['Bob', 'Carol']);
    expect((await rowOf(group)).can.leave).toEqual({ limit: 'only-admin' });
    await expect(ask(group, { act: 'leave' })).rejects.toThrow(rejects('refused'));
    await commit([member(group, 'promoted', peer('Bob'), 'me'), member(group, 'demoted', 'me', peer('Bob'))]);
    expect((await rowOf(group)).can).toMatchObject({
      rename: { limit: 'admins-only' },
      'add-member': { limit: 'admins-only' },
      'remove-member': { limit: 'admins-only' },
      'set-admin': { limit: 'admins-only' },
      leave: 'yes',
    });
    for (const edit of [
      { act: 'rename', title: 'X' },
      { act: 'add', peers: [peer('Dan')] },
      { act: 'remove', peer: peer('Carol') },
      { act: 'promote', peer: peer('Carol') },
      { act: 'demote', peer: peer('Bob') },
    ] as const)
      await expect(ask(group, edit), edit.act).rejects.toThrow(rejects('refused'));
    await ask(group, { act: 'leave' });
    await until(async () => (await rowOf(group)).state === 'left');
  });

  test('the last other admin cannot be on the way out while I leave', async () => {
    const group = await made(['Bob', 'Carol']);
    await commit([member(group, 'promoted', peer('Bob'), 'me')]);
    tell = null;
    await ask(group, { act: 'demote', peer: peer('Bob') });
    await expect(ask(group, { act: 'leave' })).rejects.toThrow(rejects('refused'));
  });

  test('an admin who loses the office and is taken out is one admin fewer, not two', async () => {
    const group = await made(['Bob', 'Carol']);
    for (const name of ['Bob', 'Carol']) await commit([member(group, 'promoted', peer(name), 'me')]);
    tell = null;
    await ask(group, { act: 'demote', peer: peer('Bob') });
    await ask(group, { act: 'remove', peer: peer('Bob') });
    await ask(group, { act: 'leave' });
    expect((await membersOf(group)).leaving).toBe(true);
  });
});

describe('what the lane tells of a group', () => {
  test('who was there before me is no news; what comes after is, once', async () => {
    const group = 'a-group' as ConversationId;
    const first: readonly Change[] = [
      known('Eve'),
      {
        kind: 'conversation',
        id: group,
        patch: { kind: 'group', protocol: 'mls', state: 'request', title: 'Theirs' },
      },
      member(group, 'invited', 'me', peer('Eve')),
      member(group, 'joined', peer('Eve')),
      member(group, 'promoted', peer('Eve')),
      member(group, 'joined', peer('Bob')),
    ];
    await commit(first);
    expect(await rowOf(group)).toMatchObject({ state: 'request', snippet: { kind: 'request' } });
    expect(await membersOf(group)).toMatchObject({
      me: { role: 'invited', by: { me: false, name: 'Eve' } },
      rows: [{ name: 'Eve', role: 'admin' }, { name: 'Bob' }],
    });
    expect(await stated(group)).toEqual([]);
    await rig.page.call('conversation.accept', { request: request(), conversation: group });
    await commit([
      { kind: 'conversation', id: group, patch: { state: 'active' } },
      member(group, 'joined', peer('Carol')),
      // Who asked me in is known from then.
      member(group, 'joined', 'me'),
    ]);
    expect(await stated(group)).toEqual(['member-joined by Eve: me']);
    const more = [member(group, 'joined', peer('Dan'), peer('Eve')), member(group, 'left', peer('Bob'))];
    await commit(more);
    await commit(more);
    await commit([{ kind: 'conversation', id: group, patch: { title: 'Ours', by: peer('Eve') } }]);
    await commit([member(group, 'removed', 'me', peer('Eve'))]);
    expect(await stated(group)).toEqual([
      'member-joined by Eve: me',
      'member-joined by Eve: Dan',
      'member-left: Bob',
      'group-renamed by Eve',
      'member-removed by Eve: me',
    ]);
    expect((await rowOf(group)).state).toBe('left');
    // Asked in again: a request once more, and no news of its own.
    await commit([
      { kind: 'conversation', id: group, patch: { state: 'request' } },
      member(group, 'invited', 'me', peer('Carol')),
    ]);
    expect((await rowOf(group)).state).toBe('request');
    expect((await stated(group)).length).toBe(5);
  });

  test('who asked me in is not who took me out, nor who made me an admin', async () => {
    const group = 'a-group' as ConversationId;
    const patch = { kind: 'group', protocol: 'mls', state: 'request', title: 'Theirs' } as const;
    await commit([{ kind: 'conversation', id: group, patch }, member(group, 'invited', 'me', peer('Bob'))]);
    await rig.page.call('conversation.accept', { request: request(), conversation: group });
    await commit([member(group, 'joined', 'me'), member(group, 'joined', peer('Carol'))]);
    await commit([member(group, 'promoted', 'me', peer('Carol'))]);
    expect((await membersOf(group)).me).toMatchObject({ role: 'admin', by: { name: 'Bob' } });
    await commit([member(group, 'removed', 'me', peer('Carol'))]);
    // Asked in again, by somebody whom the network does not tell of.
    await commit([{ kind: 'conversation', id: group, patch: { state: 'request' } }]);
    expect((await membersOf(group)).me).toEqual({ role: null, by: null });
  });

  test('many at once are one row that names a few', async () => {
    const group = await made(['Bob']);
    const crowd = Array.from({ length: 9 }, (_, index) => `P${index}`);
    await commit([
      ...crowd.map(known),
      ...crowd.map((name) => member(group, 'joined', peer(name), peer('Bob'))),
    ]);
    expect((await stated(group)).at(-1)).toBe('member-joined by Bob: P0 P1 P2 +6');
    await commit(crowd.slice(0, 4).map((name) => member(group, 'left', peer(name))));
    expect((await stated(group)).at(-1)).toBe('member-left: P0 P1 P2 P3');
  });

  test('told again that an admin is there, they stay one', async () => {
    const group = await made(['Bob']);
    await commit([member(group, 'promoted', peer('Bob'))]);
    await commit([member(group, 'joined', peer('Bob'))]);
    expect(roles((await membersOf(group)).rows)).toEqual([['Bob', 'admin', null]]);
  });
});

type Edit = CallArgs<'group.change'>['change'];
const who = fc.constantFrom<Name>(...NAMES);
const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ act: fc.constant('add'), peers: fc.array(who.map(peer), { minLength: 1, maxLength: 3 }) }),
  fc.record({ act: fc.constantFrom('remove', 'promote', 'demote'), peer: who.map(peer) }),
  fc.record({ act: fc.constant('rename'), title: fc.constantFrom('A', 'B', ' ') }),
  fc.record({ act: fc.constant('leave') }),
) as fc.Arbitrary<Edit>;

/** Whether a change is mine to make, said a second time: from what the page can see, and not from the database. */
function mayBe(edit: Edit, row: ConversationRow, rows: readonly MemberRow[]): boolean {
  const of = (id: PeerId) => rows.find((each) => each.peer === id);
  const isAdmin = row.can.rename === 'yes';
  if (row.state !== 'active') return false;
  switch (edit.act) {
    case 'add':
      return isAdmin && new Set(edit.peers).size === edit.peers.length && edit.peers.every((id) => !of(id));
    case 'remove':
      return isAdmin && of(edit.peer) !== undefined;
    case 'promote':
      return isAdmin && of(edit.peer)?.role === 'member';
    case 'demote':
      return isAdmin && of(edit.peer)?.role === 'admin';
    case 'rename':
      return isAdmin && edit.title.trim() !== '';
    case 'leave':
      return !isAdmin || rows.length === 0 || rows.some(({ role }) => role === 'admin');
  }
}

test('whatever is asked in whatever order: what my role allows is told and holds, all else is refused and changes nothing', async () => {
  tell = tellAtOnce;
  let kept = 0;
  let turnedAway = 0;
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('edit' as const), edit: edits }) },
    // Bob, where he is there, takes my role, or gives it back.
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('demote-me' as const, 'promote-me' as const) }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      const group = await made(['Bob', 'Carol']);
      for (const each of steps) {
        const [row, before] = [await rowOf(group), await membersOf(group)];
        if (each.kind !== 'edit') {
          if (row.state !== 'active') continue;
          await commit([
            member(group, each.kind === 'demote-me' ? 'demoted' : 'promoted', 'me', peer('Bob')),
          ]);
          continue;
        }
        const { edit } = each;
        if (!mayBe(edit, row, before.rows)) {
          turnedAway += 1;
          await expect(ask(group, edit)).rejects.toThrow();
          expect(await membersOf(group)).toEqual(before);
          expect(await rowOf(group)).toEqual(row);
          continue;
        }
        kept += 1;
        await ask(group, edit);
        await until(async () => {
          const now = await membersOf(group);
          return !now.leaving && now.renaming === null && now.rows.every(({ waits }) => waits === null);
        });
        expectHolds(edit, await rowOf(group), (await membersOf(group)).rows);
      }
    }),
    { numRuns: 30 },
  );
  expect(kept).toBeGreaterThan(20);
  expect(turnedAway).toBeGreaterThan(20);
}, 120_000);

/** What holds once a change was told. */
function expectHolds(edit: Edit, row: ConversationRow, rows: readonly MemberRow[]): void {
  const role = (id: PeerId) => rows.find((each) => each.peer === id)?.role;
  switch (edit.act) {
    case 'add':
      for (const id of edit.peers) expect(role(id)).toBe('member');
      break;
    case 'remove':
      expect(role(edit.peer)).toBeUndefined();
      break;
    case 'promote':
      expect(role(edit.peer)).toBe('admin');
      break;
    case 'demote':
      expect(role(edit.peer)).toBe('member');
      break;
    case 'rename':
      expect(row.title).toBe(edit.title.trim());
      break;
    case 'leave':
      expect(row.state).toBe('left');
      break;
  }
}

test('the lane hears of a block and of its end: invitations that wait for the person lie with it', async () => {
  const heard = (): readonly string[] =>
    lane.performed.flatMap(({ intent: { what, conversation } }) =>
      what.kind === 'protocol' ? [`${what.op} ${conversation}`] : [],
    );
  const asking = (id: ConversationId): readonly Change[] => [
    { kind: 'conversation', id, patch: { kind: 'group', protocol: 'mls', state: 'request', title: 'Cats' } },
    member(id, 'invited', 'me', peer('Alice')),
  ];
  const [first, second] = ['cats', 'dogs'].map((name) => `${ACCOUNT}|${name}` as ConversationId);
  if (first === undefined || second === undefined) throw new Error('no groups');
  await commit(asking(first));
  await rig.page.call('conversation.block', { request: request(), conversation: first });
  await expect.poll(heard).toContain(`blocked ${first}`);
  await rig.page.call('person.block', { request: request(), peer: peer('Alice') });
  await expect.poll(heard).toContain(`blocked ${chat}`);
  // What somebody asks me into whom I have blocked is blocked as it comes.
  await commit(asking(second));
  await expect.poll(heard).toContain(`blocked ${second}`);
  await rig.page.call('person.unblock', { request: request(), peer: peer('Alice') });
  await expect.poll(heard).toContain(`unblocked ${chat}`);
});
