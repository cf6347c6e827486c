import { errandIntent } from '../../networks/nostr/group/errand.ts';
import { groupOf } from '../../networks/nostr/group/record.ts';
import { freshId, type ConversationId, type OutboxId } from '../../shared/ids.ts';
import type { GroupEdit } from '../../shared/lane/intent.ts';
import { createWork } from '../../shared/lane/work.ts';
import { scanCells } from '../../storage/lane-state.ts';
import { isIn } from '../../storage/memberships.ts';
import { addIntent } from '../../storage/outbox.ts';
import { openSomebody, viewOf, type Somebody } from '../../worker/sample/nostr-world.ts';
import { startRelay, type Relay } from '../peers/nostr/relay.ts';
import { groupStateOf, isMyGroup, joinedOf } from './group-state.ts';
import { createRandom, type Random } from './random.ts';

/** What a script did, and what came out. */
export interface ScriptReport {
  readonly steps: number;
  readonly did: Readonly<Record<string, number>>;
  /** Messages that had to be read by somebody, and were. */
  readonly read: number;
  /** How often somebody left one branch for another. */
  readonly rewinds: number;
  readonly faults: readonly string[];
}

const PEOPLE = ['alice', 'bob', 'carol', 'dave'] as const;
/** Between two moments at which everything has to be settled. */
const SEGMENT = 10;
/** How long everything may take to settle, once nothing is in its way. */
const SETTLE_MS = 90_000;

interface Member {
  readonly one: Somebody;
  /** The group, once they are in it. */
  chat: ConversationId | null;
}

/** A message, and who has to have it in the end. */
interface Said {
  readonly by: Member;
  readonly text: string;
  readonly to: readonly Member[];
}

/**
 * Four people with whole programs of their own over two relays that lose, double, delay and refuse: they write, add and remove each other,
 * rename the group at once, and their lanes die and start again. Whenever all has settled they must be in one state, and have every message.
 */
export async function runMarmotScript(of: {
  readonly seed: number;
  readonly steps: number;
  readonly tell?: (line: string) => void;
}): Promise<ScriptReport> {
  const random = createRandom(of.seed);
  const relays = [await startRelay(), await startRelay()];
  const members: Member[] = [];
  const did: Record<string, number> = {};
  const faults: string[] = [];
  let read = 0;
  const note = (what: string): void => {
    did[what] = (did[what] ?? 0) + 1;
  };
  try {
    for (const name of PEOPLE)
      members.push({
        one: await openSomebody(
          name,
          relays.map(({ url }) => url),
        ),
        chat: null,
      });
    await found(members, relays);
    for (let step = 0; step < of.steps; step += SEGMENT) {
      const before = members.filter(({ chat }) => chat !== null);
      const said = await segment(random, relays, members, note, step);
      const told = await settle(relays, members, said, before);
      faults.push(...told.faults.map((fault) => `after ${step + SEGMENT} steps: ${fault}`));
      read += told.read;
      of.tell?.(
        `${step + SEGMENT} steps, ${read} read${told.faults.length > 0 ? `: ${told.faults.join('; ')}` : ''}`,
      );
      if (told.faults.length > 0) break;
    }
  } finally {
    for (const relay of relays) relay.disarmAll();
    for (const { one } of members) await one.close();
    for (const relay of relays) await relay.stop();
  }
  const rewinds = members.reduce((sum, { one }) => sum + (one.logged.get('branch') ?? 0), 0);
  return { steps: of.steps, did, read, rewinds, faults };
}

/** Everybody is in one group, and everybody may change it. */
async function found(members: readonly Member[], relays: readonly Relay[]): Promise<void> {
  for (const { one } of members)
    for (const relay of relays)
      await relay.record.waitForEvent({ kind: 30_443, author: one.peer.slice('nostr|'.length) });
  const [first, ...others] = members;
  if (first === undefined) throw new Error('nobody');
  // All know each other: who is invited again joins without being asked.
  for (const a of members) for (const b of members) if (a !== b) await a.one.chat(b.one.address);
  for (const { one } of members)
    await one.eventually(
      'conversations',
      async () => (await one.rows()).filter(({ state }) => state === 'active').length >= 3,
    );
  first.chat = await first.one.found(
    'Owls',
    others.map(({ one }) => one.peer),
  );
  for (const member of others) member.chat = await member.one.conversation('the group', isMyGroup, SETTLE_MS);
  for (const { one } of others) {
    const chat = first.chat;
    await first.one.eventually(
      'members',
      async () => (await namesIn(first.one, chat)).length === PEOPLE.length,
    );
    await first.one.change(chat, { act: 'promote', peer: one.peer });
  }
  for (const { one, chat } of members)
    await one.eventually(
      'office',
      async () => chat !== null && (await one.row(chat)).can['rename'] === 'yes',
      SETTLE_MS,
    );
}

/** Who somebody thinks is in, themselves among them; sorted. */
async function namesIn(one: Somebody, chat: ConversationId): Promise<readonly string[]> {
  const members = await one.rig.page.call('group.members', { conversation: chat });
  return [...joinedOf(members), ...(isIn(members.me.role) ? [one.peer] : [])].toSorted();
}

/** Some steps, without waiting for anything. */
async function segment(
  random: Random,
  relays: readonly Relay[],
  members: readonly Member[],
  note: (what: string) => void,
  from: number,
): Promise<readonly Said[]> {
  const said: Said[] = [];
  const inside = (): Member[] => members.filter(({ chat }) => chat !== null);
  const pick = <T>(all: readonly T[]): T => {
    const one = all[random.between(0, all.length - 1)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  };
  const change = async (member: Member, edit: GroupEdit): Promise<void> => {
    if (member.chat === null) return;
    try {
      await member.one.change(member.chat, edit);
      note(edit.act);
    } catch {
      // Core says no: somebody was quicker, or the label is being looked at.
      note(`${edit.act} refused`);
    }
  };
  // At most one goes, or comes back, in a segment: else nobody could say who has to have what.
  let moved = false;
  for (let step = from; step < from + SEGMENT; step += 1) {
    const [one, other] = shuffled(random, inside());
    if (one === undefined || other === undefined) throw new Error('too few are in');
    switch (random.between(0, 11)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const text = `${one.one.name} in step ${step}`;
        if (one.chat !== null && (await spoken(one, text))) said.push({ by: one, text, to: inside() });
        note('message');
        break;
      }
      case 4:
        await Promise.all([
          change(one, { act: 'rename', title: `of ${one.one.name} ${step}` }),
          change(other, { act: 'rename', title: `of ${other.one.name} ${step}` }),
        ]);
        break;
      case 5: {
        const out = members.find(({ chat }) => chat === null);
        if (moved) break;
        moved = true;
        if (out !== undefined) {
          await change(one, { act: 'add', peers: [out.one.peer] });
          break;
        }
        await Promise.all([
          change(one, { act: 'remove', peer: other.one.peer }),
          change(pick(inside()), { act: 'rename', title: `while ${other.one.name} goes ${step}` }),
        ]);
        break;
      }
      case 10:
        await renew(one);
        note('update');
        break;
      case 6:
        one.one.killLane();
        note('crash');
        break;
      case 7:
        if (random.between(0, 1) === 0) break;
        await one.one.rig.restart();
        note('restart');
        break;
      case 8:
        pick(relays).dropConnections();
        note('cut');
        break;
      case 9: {
        const kind = pick(['refuse-event', 'silent-event', 'cut-event'] as const);
        const fault = {
          'refuse-event': { kind: 'refuse-event', prefix: 'error' },
          'silent-event': { kind: 'silent-event', taken: random.between(0, 1) === 0 },
          'cut-event': {
            kind: 'cut-event',
            when: pick(['before-taken', 'after-taken', 'after-ok'] as const),
          },
        } as const;
        pick(relays).arm(fault[kind], { kinds: [445] });
        note(kind);
        break;
      }
      default:
        pick(relays).arm(
          {
            kind: 'chaos',
            seed: random.between(0, 1_000_000),
            drop: 0.2,
            duplicate: 0.3,
            late: 0.4,
            lateMs: 300,
          },
          { times: 20, kinds: [445] },
        );
        note('chaos');
    }
    await new Promise((resolve) => setTimeout(resolve, random.between(0, 120)));
  }
  return said;
}

function shuffled<T>(random: Random, from: readonly T[]): T[] {
  return from
    .map((one) => [random.between(0, 1_000_000), one] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, one]) => one);
}

async function spoken({ one, chat }: Member, text: string): Promise<boolean> {
  try {
    if (chat !== null) await one.say(chat, text);
    return chat !== null;
  } catch {
    return false;
  }
}

/** New keys of somebody's own, as the lane asks for when they are due. */
async function renew({ one, chat }: Member): Promise<void> {
  const group = chat && (await groupOf(createWork(viewOf(one)), chat));
  if (chat === null || !group) return;
  const { db } = one.rig;
  const sentAt = Date.now();
  db.transaction(() =>
    addIntent(db, {
      id: freshId<OutboxId>(),
      account: one.account,
      message: null,
      intent: errandIntent({ op: 'renew', group, keys: [] }, sentAt),
      seenLabel: null,
      hold: null,
    }),
  );
  // Core looks into the outbox when it has put something in itself.
  await one.accept(chat);
}

/** Waits until everybody is in one state, and says what is not as it has to be. */
async function settle(
  relays: readonly Relay[],
  members: readonly Member[],
  said: readonly Said[],
  before: readonly Member[],
): Promise<{ readonly faults: readonly string[]; readonly read: number }> {
  for (const relay of relays) relay.disarmAll();
  // What a relay lost on the way comes with the next connection.
  for (const relay of relays) relay.dropConnections();
  // Whose lane died again and again waits for minutes; a person would press "Connect now".
  for (const { one } of members) await one.rig.page.call('account.reconnect', { account: one.account });
  const end = Date.now() + SETTLE_MS;
  for (;;) {
    for (const { one } of members) await one.agree();
    const told = await look(members, said, before);
    if (told.faults.length === 0 || Date.now() > end) {
      for (const member of members) member.chat = await chatNow(member);
      return told.faults.length === 0
        ? told
        : { ...told, faults: [...told.faults, ...(await Promise.all(members.map(insideOf)))] };
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** What somebody's program knows of the group, has set aside and has told last: for whoever reads of a fault. */
async function insideOf({ one }: Member): Promise<string> {
  const aside = one.setAside();
  const waiting = scanCells(one.rig.db, one.account, 'deferred', '').length;
  const groups = (await one.rows()).filter(({ kind }) => kind === 'group');
  const known = await Promise.all(
    groups.map(async ({ id, state }) => `${state} at ${(await groupStateOf(one, id)).epoch}`),
  );
  return [
    `${one.name}: ${known.join(', ') || 'no group'}; ${waiting} wait, set aside: ${aside.join(', ') || 'nothing'}`,
    ...one.recent,
  ].join('\n    ');
}

async function chatNow({ one }: Member): Promise<ConversationId | null> {
  return (await one.rows()).find(isMyGroup)?.id ?? null;
}

async function look(
  members: readonly Member[],
  said: readonly Said[],
  before: readonly Member[],
): Promise<{ readonly faults: readonly string[]; readonly read: number }> {
  const faults: string[] = [];
  const inside: { readonly member: Member; readonly chat: ConversationId }[] = [];
  for (const member of members) {
    const chat = await chatNow(member);
    if (chat !== null) inside.push({ member, chat });
    const waiting = member.one.rig.db.all<{ readonly state: string }>(
      "SELECT state FROM outbox WHERE state IN ('queued', 'sealed', 'held')",
    );
    if (waiting.length > 0)
      faults.push(`${member.one.name} has ${waiting.length} to send (${waiting[0]?.state})`);
  }
  const states = await Promise.all(inside.map(async ({ member, chat }) => groupStateOf(member.one, chat)));
  const [first] = states;
  if (new Set(states.map((state) => JSON.stringify(state))).size > 1)
    faults.push(
      `not one state: ${inside.map(({ member }, n) => `${member.one.name} ${states[n]?.epoch}`).join(', ')}`,
    );
  for (const [n, { member, chat }] of inside.entries()) {
    const shown = await namesIn(member.one, chat);
    if (shown.join() !== states[n]?.members.join())
      faults.push(`${member.one.name} shows others than MLS has`);
  }
  const names = new Set(first?.members);
  if (inside.some(({ member }) => !names.has(member.one.peer))) faults.push('somebody thinks they are in');
  if (names.size !== inside.length) faults.push(`${names.size} are in, ${inside.length} know it`);
  let read = 0;
  const stayed = (member: Member): boolean =>
    before.includes(member) && inside.some((one) => one.member === member);
  for (const { member, chat } of inside) {
    const texts = await member.one.texts(chat);
    for (const { by, text, to } of said) {
      if (!stayed(member) || !stayed(by) || !to.includes(member)) continue;
      const times = texts.filter((one) => one === text).length;
      if (times === 1) read += 1;
      else faults.push(`${member.one.name} has "${text}" ${times} times`);
    }
  }
  return { faults, read };
}
