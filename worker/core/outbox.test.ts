import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { textOnly } from '../../shared/contract/content.ts';
import { PlainsealError } from '../../shared/errors.ts';
import {
  directConversation,
  peerId,
  type AccountId,
  type ConversationId,
  type MessageId,
  type NetworkKey,
  type OutboxId,
} from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import type { OutboxItem } from '../../shared/lane/intent.ts';
import type { CreateLane, LaneContext, Performed } from '../../shared/lane/lane.ts';
import { addAccount } from '../../storage/accounts.ts';
import type { Params } from '../../storage/connection.ts';
import { FLUSH_WITHIN_MS } from '../../storage/unflushed.ts';
import { clearFacts, goodFacts, meeting, sealedFor } from '../sample/scene.ts';
import { request, startRig, type Rig } from '../sample/rig.ts';
import { PERFORM_BACKOFF } from './outbox.ts';

// The send state machine against a model: whatever a person does, a lane answers and a restart interrupts, each conversation
// is sent in order, one at a time, each message once and always as the same bytes, and nothing that was held or cancelled goes.

const ACCOUNT = 'account' as AccountId;
const peers = [peerId('email', 'A'), peerId('email', 'B')] as const;
const chats = peers.map((peer) => directConversation(ACCOUNT, peer));

interface Pending {
  readonly item: OutboxItem;
  answer(performed: Performed): void;
  fault(error: Error): void;
  /** Whether core ended it. */
  ended?: 'aborted';
}

/** A lane that does what the test says, item by item. */
function scripted() {
  const pending = new Map<ConversationId, Pending>();
  const wire: { readonly item: OutboxId; readonly bytes: string }[] = [];
  const overlaps: OutboxId[] = [];
  const begun: Pending[] = [];
  let context: LaneContext | null = null;
  const create: CreateLane = () => ({
    start: async (given) => {
      context = given;
      for (const [index, peer] of peers.entries())
        await given.commit({ ...emptyCommit, ...meeting(chats[index]!, peer) });
      given.status({ kind: 'online' });
    },
    stop: async () => undefined,
    hint: () => undefined,
    perform: (item, signal) =>
      new Promise((resolve, reject) => {
        const conversation = item.intent.conversation!;
        if (pending.has(conversation)) overlaps.push(item.id);
        const entry: Pending = {
          item,
          answer: (performed) => (leave(), resolve(performed)),
          fault: (error) => (leave(), reject(error)),
        };
        const leave = (): void => {
          if (pending.get(conversation) === entry) pending.delete(conversation);
        };
        pending.set(conversation, entry);
        begun.push(entry);
        const aborted = (): void => {
          entry.ended = 'aborted';
          entry.fault(new Error('aborted'));
        };
        if (signal.aborted) aborted();
        else signal.addEventListener('abort', aborted, { once: true });
      }),
    // oxlint-disable-next-line require-yield
    flow: async function* () {
      return null;
    },
  });
  return { create, pending, begun, wire, overlaps, context: () => context! };
}
type Script = ReturnType<typeof scripted>;

const bytesOf = (item: OutboxItem): string => {
  const bytes = item.artifacts[0]?.bytes;
  return bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : '';
};

let sealings = 0;
/** Seals under facts; a sealed item keeps its bytes. Null when it was held. */
async function seal(script: Script, { item }: Pending, facts = goodFacts()): Promise<string | null> {
  if (item.state === 'sealed') return bytesOf(item);
  const text = `artifact ${(sealings += 1)}`;
  const result = await script.context().commit({
    ...emptyCommit,
    forecasts: [{ conversation: item.intent.conversation!, facts: [facts], hold: null }],
    outbound: [
      {
        item: item.id,
        to: 'sealed',
        evidence: sealedFor(peers[0], facts),
        artifacts: [{ to: 'them', identity: 'K', bytes: new TextEncoder().encode(text), outcome: 'pending' }],
      },
    ],
  });
  return result.ok ? text : null;
}

type ItemState = 'queued' | 'sealed' | 'held' | 'sent' | 'failed' | 'cancelled';
interface ModelItem {
  readonly message: MessageId;
  state: ItemState;
  waits: boolean;
  /** Bytes of it are stored. */
  sealed: boolean;
}
interface Model {
  readonly chats: {
    readonly id: ConversationId;
    readonly items: ModelItem[];
    stopped: boolean;
    working: ModelItem | null;
  }[];
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 12; turn += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(1);
  }
};

const open = (state: ItemState): boolean => state === 'queued' || state === 'sealed' || state === 'held';
const headOf = (items: readonly ModelItem[]): ModelItem | undefined => items.find((item) => open(item.state));

type Answer = 'send' | 'seal-later' | 'seal-fault' | 'later' | 'fault' | 'fail' | 'fall' | 'done-nothing';
type Op =
  | { readonly do: 'send'; readonly chat: number }
  | { readonly do: 'answer'; readonly chat: number; readonly with: Answer }
  | { readonly do: 'cancel'; readonly chat: number; readonly which: number }
  | { readonly do: 'retry'; readonly chat: number; readonly which: number }
  | { readonly do: 'resolve'; readonly chat: number; readonly choice: 'send' | 'discard' }
  | { readonly do: 'wait' }
  | { readonly do: 'restart' };

const chat = fc.integer({ min: 0, max: chats.length - 1 });
const ops: fc.Arbitrary<Op> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const), chat }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      chat,
      with: fc.constantFrom<Answer>(
        'send',
        'send',
        'seal-later',
        'seal-fault',
        'later',
        'fault',
        'fail',
        'fall',
        'done-nothing',
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('cancel' as const, 'retry' as const),
      chat,
      which: fc.nat(2),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('resolve' as const),
      chat,
      choice: fc.constantFrom('send' as const, 'discard' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('wait' as const, 'restart' as const) }) },
);

async function answer(script: Script, model: Model['chats'][number], with_: Answer): Promise<void> {
  const pending = script.pending.get(model.id);
  const head = model.working;
  if (!pending || !head) return;
  const sealed = head.state === 'sealed';
  // An older one that had failed and is tried again in a stopped conversation: nothing is sealed there.
  if (model.stopped && !sealed && (with_ === 'send' || with_ === 'seal-later' || with_ === 'seal-fault')) {
    expect(await seal(script, pending)).toBeNull();
    head.state = 'held';
    return pending.answer({ kind: 'done' });
  }
  switch (with_) {
    case 'send': {
      const bytes = await seal(script, pending);
      if (bytes === null) throw new Error('a good sealing was refused');
      script.wire.push({ item: pending.item.id, bytes });
      await script.context().commit({ ...emptyCommit, outbound: [{ item: pending.item.id, to: 'sent' }] });
      head.state = 'sent';
      return pending.answer({ kind: 'done' });
    }
    case 'seal-later':
    case 'seal-fault': {
      const bytes = await seal(script, pending);
      if (bytes === null) throw new Error('a good sealing was refused');
      script.wire.push({ item: pending.item.id, bytes });
      head.state = 'sealed';
      head.sealed = true;
      head.waits = true;
      if (with_ === 'seal-later') return pending.answer({ kind: 'later', retryAt: 0 });
      return pending.fault(new Error('scripted'));
    }
    case 'later':
      head.waits = true;
      return pending.answer({ kind: 'later', retryAt: Date.now() + 5_000 });
    case 'fault':
      head.waits = true;
      return pending.fault(new Error('scripted'));
    case 'done-nothing':
      head.waits = true;
      return pending.answer({ kind: 'done' });
    case 'fail':
      await script.context().commit({
        ...emptyCommit,
        outbound: [{ item: pending.item.id, to: 'failed', failure: 'too-large' }],
      });
      head.state = 'failed';
      return pending.answer({ kind: 'done' });
    case 'fall':
      if (sealed) return;
      expect(await seal(script, pending, clearFacts())).toBeNull();
      head.state = 'held';
      model.stopped = true;
      return pending.answer({ kind: 'done' });
  }
}

async function act(rig: Rig, script: Script, model: Model, op: Op): Promise<void> {
  if (op.do === 'wait') {
    await vi.advanceTimersByTimeAsync(20 * 60_000);
    for (const { items } of model.chats) for (const item of items) item.waits = false;
    return;
  }
  if (op.do === 'restart') {
    await rig.restart();
    for (const of of model.chats) of.working = null;
    // The lane tells again that it is online: whatever waited for its time is tried.
    for (const { items } of model.chats) for (const item of items) item.waits = false;
    return;
  }
  const of = model.chats[op.chat]!;
  const row = await rig.page.call('conversation.get', { conversation: of.id });
  if (op.do === 'send') {
    const sending = rig.page.call('message.send', {
      request: request(),
      conversation: of.id,
      content: textOnly(`message ${of.items.length}`),
      seenLabel: row.labelRevision,
    });
    // A lane that seals nothing yet: the intent's own flush comes by the clock.
    await settle();
    const sent = await sending;
    expect(sent.kind).toBe(of.stopped ? 'held' : 'queued');
    of.items.push({ message: sent.id, state: of.stopped ? 'held' : 'queued', waits: false, sealed: false });
  } else if (op.do === 'answer') await answer(script, of, op.with);
  else if (op.do === 'cancel' || op.do === 'retry') {
    const item = of.items.at(-1 - op.which);
    if (!item) return;
    const may =
      op.do === 'cancel' ? item.state === 'queued' || item.state === 'held' : item.state === 'failed';
    const name = op.do === 'cancel' ? 'message.cancel' : 'message.retry';
    expect(await rig.page.call(name, { request: request(), id: item.message })).toBe(may);
    if (may)
      Object.assign(item, {
        state: op.do === 'cancel' ? 'cancelled' : item.sealed ? 'sealed' : 'queued',
        waits: false,
      });
    if (!of.items.some(({ state }) => state === 'held')) of.stopped = false;
  } else {
    // A key was found again, so that the person may let it go on.
    await script.context().commit({
      ...emptyCommit,
      forecasts: [{ conversation: of.id, facts: [goodFacts()], hold: null }],
    });
    const { labelRevision } = await rig.page.call('conversation.get', { conversation: of.id });
    await rig.page.call('hold.resolve', {
      request: request(),
      conversation: of.id,
      choice: op.choice,
      seenLabel: labelRevision,
    });
    for (const item of of.items)
      if (item.state === 'held')
        Object.assign(item, { state: op.choice === 'send' ? 'queued' : 'cancelled', waits: false });
    of.stopped = false;
  }
}

/** What is stored and what is at work is what the model says. */
function compare(rig: Rig, script: Script, model: Model): void {
  for (const of of model.chats) {
    const { id, items } = of;
    const stored = rig.db
      .all<{ readonly state: string; readonly message: number }>(
        'SELECT state, message FROM outbox WHERE conversation = ? ORDER BY seq',
        id,
      )
      .map((row) => `${row.message} ${row.state}`);
    expect(stored).toEqual(items.map((item) => `${item.message} ${item.state}`));
    const head = headOf(items);
    const due = head && head.state !== 'held' && !head.waits ? head : null;
    // One that is at work stays so, though an older one that had failed was put back before it.
    const goesOn =
      of.working && !of.working.waits && (of.working.state === 'queued' || of.working.state === 'sealed');
    of.working = goesOn ? of.working : due;
    const working = script.pending.get(id)?.item;
    const message = working
      ? rig.db.get<{ readonly message: number }>('SELECT message FROM outbox WHERE id = ?', working.id)
          ?.message
      : undefined;
    expect(message === undefined ? undefined : String(message)).toBe(of.working?.message);
  }
  expect(script.overlaps).toEqual([]);
  const bytes = new Map<OutboxId, Set<string>>();
  for (const sent of script.wire) bytes.set(sent.item, (bytes.get(sent.item) ?? new Set()).add(sent.bytes));
  for (const [, all] of bytes) expect(all.size).toBe(1);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
});
afterEach(() => void vi.useRealTimers());

const start = (script: Script): Promise<Rig> =>
  startRig({
    lanes: { email: script.create },
    prepare: (db) =>
      addAccount(db, {
        id: ACCOUNT,
        network: 'email',
        address: 'me@example.org',
        displayName: 'Me',
        environment: 'test',
        createdAt: 1,
      }),
  });

test('where an intent cannot be written its call says so, and what a lane began is ended and comes to nothing', async () => {
  const script = scripted();
  const rig = await start(script);
  try {
    await settle();
    const [conversation] = chats;
    const { labelRevision: seenLabel } = await rig.page.call('conversation.get', {
      conversation: conversation!,
    });
    const send = (text: string) =>
      rig.page.call('message.send', {
        request: request(),
        conversation: conversation!,
        content: textOnly(text),
        seenLabel,
      });
    const { unflushedTransaction } = rig.db;
    const full = new PlainsealError('disk-full', 'no room');
    vi.spyOn(rig.db, 'unflushedTransaction').mockImplementationOnce((work) =>
      unflushedTransaction(() => {
        work();
        throw full;
      }),
    );
    await expect(send('lost')).rejects.toMatchObject({ kind: 'disk-full' });
    await settle();
    const lost = script.begun[0]!;
    expect(lost.ended).toBe('aborted');
    await expect(seal(script, lost)).rejects.toMatchObject({ kind: 'bad-request' });
    expect(rig.db.all('SELECT id FROM outbox')).toEqual([]);

    const kept = send('kept');
    await settle();
    await kept;
    expect(await seal(script, script.pending.get(conversation!)!)).toMatch(/^artifact/u);
  } finally {
    await rig.close();
  }
});

test('the page is answered once its intent is on the disk: along with what was sealed, or by the clock where nothing is', async () => {
  const script = scripted();
  const rig = await start(script);
  try {
    await settle();
    let answered = 0;
    const send = async (conversation: ConversationId): Promise<void> => {
      const { labelRevision: seenLabel } = await rig.page.call('conversation.get', { conversation });
      const content = textOnly('once');
      await rig.page.call('message.send', { request: request(), conversation, content, seenLabel });
      answered += 1;
    };
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
    };
    const first = send(chats[0]!);
    // Everything but the clock goes on, as long as it may: nothing was flushed.
    await turns();
    expect(script.begun).toHaveLength(1);
    expect(answered).toBe(0);
    expect(await seal(script, script.begun[0]!)).toMatch(/^artifact/u);
    await first;

    // The queue is busy, so that no lane begins: it is flushed at once.
    await send(chats[0]!);
    expect(script.begun).toHaveLength(1);

    const third = send(chats[1]!);
    await turns();
    expect(script.begun).toHaveLength(2);
    expect(answered).toBe(2);
    await vi.advanceTimersByTimeAsync(FLUSH_WITHIN_MS);
    await third;
  } finally {
    await rig.close();
  }
});

test('nobody waits for a receipt, and a receipt for nobody', async () => {
  const script = scripted();
  const rig = await start(script);
  try {
    await settle();
    const [conversation] = chats;
    const receipt = (name: string): Promise<unknown> =>
      script.context().commit({
        ...emptyCommit,
        enqueue: [
          {
            conversation: conversation!,
            sentAt: 1,
            what: { kind: 'receipt', key: name as NetworkKey, of: [], as: 'delivered', tell: true },
          },
        ],
      });
    await receipt('one');
    await receipt('two');
    await settle();
    expect(script.begun.map(({ item }) => item.intent.what.key)).toEqual(['one']);
    const { labelRevision: seenLabel } = await rig.page.call('conversation.get', {
      conversation: conversation!,
    });
    const content = textOnly('at once');
    void rig.page.call('message.send', {
      request: request(),
      conversation: conversation!,
      content,
      seenLabel,
    });
    await settle();
    expect(script.begun[1]?.item.intent.what).toMatchObject({ kind: 'content', content });
    // The message is not over, and the second receipt does not go before the first may again.
    script.begun[0]!.fault(new Error('its server has a fault'));
    await settle();
    expect(script.begun).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(PERFORM_BACKOFF.mostMs);
    await settle();
    expect(script.begun.map(({ item }) => item.intent.what.kind)).toEqual(['receipt', 'content', 'receipt']);
    expect(script.begun[2]?.item.intent.what.key).toBe('one');
  } finally {
    await rig.close();
  }
});

test('the outbox does what its model does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ops, { minLength: 1, maxLength: 40, size: 'max' }), async (list) => {
      const script = scripted();
      const rig = await start(script);
      try {
        await settle();
        const model: Model = { chats: chats.map((id) => ({ id, items: [], stopped: false, working: null })) };
        for (const op of list) {
          await act(rig, script, model, op);
          await settle();
          compare(rig, script, model);
        }
        // In the end everything that may go goes, in the order it was written.
        for (let rest = 0; rest < 2 * list.length; rest += 1) {
          for (const of of model.chats) await answer(script, of, 'send');
          await act(rig, script, model, { do: 'wait' });
          await settle();
          compare(rig, script, model);
        }
        for (const { items } of model.chats) {
          const states = items.map(({ state }) => state);
          const held = states.indexOf('held');
          const passed = held < 0 ? states : states.slice(0, held);
          expect(passed.filter((state) => state === 'queued' || state === 'sealed')).toEqual([]);
        }
      } finally {
        await rig.close();
      }
    }),
    { numRuns: 25 },
  );
}, 240_000);

test('an attempt that cannot be written down is not made again at once, and is no fault of core', async () => {
  const script = scripted();
  const rig = await start(script);
  try {
    await settle();
    const conversation = chats[0]!;
    const { run } = rig.db;
    vi.spyOn(rig.db, 'run').mockImplementation((sql, ...values) => {
      if (sql.includes('attempts = attempts + 1')) throw new PlainsealError('disk-full', 'no room');
      return run(sql, ...(values as Params));
    });
    const { labelRevision: seenLabel } = await rig.page.call('conversation.get', { conversation });
    const content = textOnly('hello');
    void rig.page.call('message.send', { request: request(), conversation, content, seenLabel });
    await settle();
    script.pending.get(conversation)?.answer({ kind: 'later', retryAt: Date.now() });
    await settle();
    expect(script.begun).toHaveLength(1);
  } finally {
    await rig.close();
  }
});
