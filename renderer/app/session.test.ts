import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PlainsealError as CoreError } from '../../shared/errors.ts';
import type { Pipe } from '../../shared/wire/pipe.ts';
import { decodeFrame } from '../../shared/wire/codec.ts';
import { pipePair } from '../../shared/wire/pair.ts';
import type { MessageId } from '../../shared/ids.ts';
import { chatId } from '../gallery/chats.ts';
import { fakeCore } from '../gallery/core.ts';
import { fillMemory, type Memory } from '../gallery/memory.ts';

/** The page's modules hold its state: each test gets fresh ones, as a page that was loaded anew. */
async function freshPage() {
  vi.resetModules();
  return {
    session: await import('./session.ts'),
    core: await import('./core.ts'),
    view: await import('./view.ts'),
    chats: await import('../chats/store.ts'),
    messages: await import('../messages/store.ts'),
    drafts: await import('../composer/store.ts'),
    accounts: await import('../accounts/store.ts'),
  };
}

type Page = Awaited<ReturnType<typeof freshPage>>;

let page: Page;
let memory: Memory;
let core: ReturnType<typeof fakeCore>;
let ends: Pipe[];
let stop: () => void;

/** Waits until a store says so; its own changes are what wakes it. */
async function until(holds: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(holds()).toBe(true), { timeout: 5_000, interval: 2 });
}

/** Answers of core that are on their way for as long as a test likes; null: they come at once. What core tells is not held up. */
let held: (() => void)[] | null;
const isAnswer = (frame: Uint8Array): boolean => (decodeFrame(frame) as readonly unknown[])[0] === 2;

function start(): void {
  stop = page.session.startSession(() => {
    const [mine, theirs] = pipePair();
    ends.push(theirs);
    core.attach(theirs);
    const listen: Pipe['listen'] = (receive) =>
      mine.listen((frame) => {
        if (held !== null && isAnswer(frame)) held.push(() => receive(frame));
        else receive(frame);
      });
    return Promise.resolve({ ...mine, listen });
  });
}

const names = (): readonly string[] => memory.asked.map((call) => call.name);
const open = (): boolean => page.core.useConnection.getState().state === 'open';
const alice = chatId('alice');

beforeEach(async () => {
  page = await freshPage();
  memory = fillMemory('full');
  core = fakeCore(memory);
  ends = [];
  held = null;
  start();
  await until(open);
});
afterEach(() => stop());

describe('the list', () => {
  it('is there after attaching, in core’s order', () => {
    const { order, rows, more } = page.chats.useChats.getState();
    expect(order.length).toBe(100);
    expect(more).toBe(true);
    expect(rows.get(order[0] ?? alice)?.title).toBe('Alice Okafor');
    expect(order.map((id) => rows.get(id)?.pinned)).toEqual(
      order.map((id) => rows.get(id)?.pinned).toSorted((left, right) => Number(right) - Number(left)),
    );
  });

  it('fetches further pages to the end, without a double', async () => {
    for (let turn = 0; turn < 5; turn += 1) await page.chats.extendList();
    const { order, more } = page.chats.useChats.getState();
    const expected = [...memory.chats.values()].filter((row) => page.chats.belongs(row, 'all')).length;
    expect(order.length).toBe(expected);
    expect(new Set(order).size).toBe(expected);
    expect(more).toBe(false);
  });

  it('fetches only the row a change names, when the order stays', async () => {
    memory.asked.length = 0;
    const row = memory.chats.get(alice);
    if (!row) throw new Error('no Alice');
    const others = page.chats.useChats.getState().rows.get(chatId('jonas'));
    memory.chats.set(alice, { ...row, title: 'Alice O.' });
    core.tell([alice], [], { inbox: false });
    await until(() => page.chats.useChats.getState().rows.get(alice)?.title === 'Alice O.');
    expect(names()).toEqual(['conversation.get']);
    expect(page.chats.useChats.getState().rows.get(chatId('jonas'))).toBe(others);
  });

  it('fetches everything after a gap in the numbers', async () => {
    memory.asked.length = 0;
    const row = memory.chats.get(alice);
    if (!row) throw new Error('no Alice');
    memory.chats.set(alice, { ...row, title: 'After the gap' });
    memory.seq += 3;
    core.tell([], [], { inbox: false });
    await until(() => page.chats.useChats.getState().rows.get(alice)?.title === 'After the gap');
    expect(names()).toContain('account.list');
    expect(names()).toContain('settings.get');
  });

  it('takes a conversation out of a list it no longer belongs to', async () => {
    page.view.showFilter('stopped');
    await page.chats.showList('stopped');
    expect(page.chats.useChats.getState().order).toContain(chatId('jonas'));
    const row = memory.chats.get(chatId('jonas'));
    if (!row) throw new Error('no Jonas');
    memory.chats.set(row.id, { ...row, label: { ...row.label, sending: { ok: true } } });
    core.tell([row.id], []);
    await until(() => !page.chats.useChats.getState().order.includes(chatId('jonas')));
  });

  it('keeps the list asked for last, whatever order the answers come in', async () => {
    await Promise.all([page.chats.showList('drafts'), page.chats.showList('requests')]);
    const { filter, order } = page.chats.useChats.getState();
    expect(filter).toBe('requests');
    expect(order).toEqual([chatId('stranger'), chatId('look-alike'), chatId('asked')]);
  });
});

describe('the messages', () => {
  const opened = () => page.messages.useMessages.getState().opened.get(alice);

  it('come page by page from the end, each once', async () => {
    page.view.openConversation(alice);
    await page.messages.openMessages(alice, 'end', null);
    expect(opened()?.rows.at(-1)?.id).toBe('10006');
    expect(opened()?.moreAfter).toBe(false);
    for (let turn = 0; turn < 30; turn += 1) await page.messages.extendMessages(alice, 'before');
    expect(opened()?.moreBefore).toBe(false);
    expect(opened()?.rows[0]?.id).toBe('1000');
    expect(opened()?.moreAfter).toBe(true);
    for (let turn = 0; turn < 30; turn += 1) await page.messages.extendMessages(alice, 'after');
    expect(opened()?.rows.at(-1)?.id).toBe('10006');
  });

  it('are fetched one by one when they change', async () => {
    page.view.openConversation(alice);
    await page.messages.openMessages(alice, 'end', null);
    memory.asked.length = 0;
    const row = memory.messages.get('10006' as MessageId);
    if (row?.kind !== 'message') throw new Error('no message');
    memory.messages.set(row.id, { ...row, content: { ...row.content, text: 'changed' } });
    core.tell([alice], [row.id], { inbox: false });
    await until(() => {
      const last = opened()?.rows.at(-1);
      return last?.kind === 'message' && last.content.text === 'changed';
    });
    expect(memory.asked.filter((call) => call.name === 'message.rows').map((call) => call.args)).toEqual([
      { ids: [row.id] },
    ]);
    expect(names()).not.toContain('message.page');
  });

  /** The newest message under another id, with other words. */
  function said(id: string, text: string) {
    const row = memory.messages.get('10006' as MessageId);
    if (row?.kind !== 'message') throw new Error('no message');
    return { ...row, id: id as MessageId, content: { ...row.content, text } };
  }
  const lastText = (): string | null => {
    const last = opened()?.rows.at(-1);
    return last?.kind === 'message' ? last.content.text : null;
  };

  it('are taken as they come with the news, and asked for by nobody', async () => {
    page.view.openConversation(alice);
    await page.messages.openMessages(alice, 'end', null);
    memory.asked.length = 0;
    core.tell([alice], ['10007' as MessageId], { inbox: false, rows: [said('10007', 'new')] });
    await until(() => lastText() === 'new');
    core.tell([alice], ['10007' as MessageId], { inbox: false, rows: [] });
    await until(() => opened()?.rows.at(-1)?.id === '10006');
    expect(names()).not.toContain('message.rows');
    expect(names()).not.toContain('message.page');
  });

  it('stand as the news said where a page was read before it and comes after it', async () => {
    for (const first of [true, false]) {
      held = [];
      memory.asked.length = 0;
      const opening = page.messages.openMessages(alice, 'end', null);
      await until(() => names().includes('message.page'));
      const text = first ? 'while it was first opened' : 'while it was opened again';
      core.tell([alice], ['10007' as MessageId], { inbox: false, rows: [said('10007', text)] });
      await turn();
      arriveAll();
      held = null;
      await opening;
      expect(lastText()).toBe(text);
    }
  });

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const arriveAll = (): void => held?.splice(0).forEach((arrive) => arrive());

  it('that lie beyond what is loaded are left out of it, so that there is no hole', async () => {
    page.view.openConversation(alice);
    await page.messages.openMessages(alice, 'end', null);
    const first = opened()?.rows[0]?.id;
    const far = memory.messages.get('1000' as MessageId);
    if (!far || first === undefined) throw new Error('no message');
    const rows = [far, said('10007', 'new')];
    const ids = rows.map(({ id }) => id);
    core.tell([alice], ids, { inbox: false, rows });
    await until(() => lastText() === 'new');
    expect(opened()?.rows[0]?.id).toBe(first);
  });

  it('stay as they were told last, while others are still asked for', async () => {
    page.view.openConversation(alice);
    await page.messages.openMessages(alice, 'end', null);
    const tell = (text: string): void => {
      const row = said('10007', text);
      memory.messages.set(row.id, row);
      core.tell([alice], [row.id], { inbox: false, rows: [row] });
    };
    held = [];
    const opening = page.messages.openMessages(alice, 'end', null);
    await until(() => held?.length === 1);
    core.tell([alice], ['10005' as MessageId], { inbox: false, rows: null });
    tell('older');
    await turn();
    arriveAll();
    await until(() => held?.length === 1);
    tell('newer');
    await turn();
    arriveAll();
    held = null;
    await opening;
    expect(lastText()).toBe('newer');
  });

  it('of a flood that comes while a conversation is first opened are there', async () => {
    page.view.openConversation(alice);
    held = [];
    memory.asked.length = 0;
    const opening = page.messages.openMessages(alice, 'end', null);
    await until(() => names().includes('message.page') && held?.length !== 0);
    memory.messages.set('10007' as MessageId, said('10007', 'of the flood'));
    core.tell([alice], [], { inbox: true, rows: null });
    await turn();
    arriveAll();
    held = null;
    await opening;
    expect(lastText()).toBe('of the flood');
  });

  it('leave when they were deleted', async () => {
    page.view.openConversation(alice);
    await page.messages.openMessages(alice, 'end', null);
    memory.messages.delete('10006' as MessageId);
    core.tell([alice], ['10006' as MessageId], { inbox: false });
    await until(() => opened()?.rows.at(-1)?.id === '10005');
  });

  it('are fetched as a whole when core names none of a flood', async () => {
    page.view.openConversation(alice);
    await page.messages.openMessages(alice, 'end', null);
    const row = memory.messages.get('10006' as MessageId);
    if (row?.kind !== 'message') throw new Error('no message');
    memory.messages.set('10007' as MessageId, { ...row, id: '10007' as MessageId });
    core.tell([], []);
    await until(() => opened()?.rows.at(-1)?.id === '10007');
  });
});

describe('a lost pipe', () => {
  const cut = (): void => ends.at(-1)?.close();

  it('is replaced, and what changed meanwhile is there', async () => {
    const row = memory.chats.get(alice);
    if (!row) throw new Error('no Alice');
    cut();
    await until(() => page.core.useConnection.getState().state === 'lost');
    memory.chats.set(alice, { ...row, title: 'Meanwhile' });
    await until(open);
    expect(page.chats.useChats.getState().rows.get(alice)?.title).toBe('Meanwhile');
  });

  it('sends what was being sent again under the same request, so that it goes out once', async () => {
    const row = memory.chats.get(alice);
    if (!row) throw new Error('no Alice');
    const before = memory.messages.size;
    page.drafts.writeDraft(alice, 'once only');
    const sending = page.drafts.sendDraft(row);
    // The call is on the wire; its answer never comes.
    await Promise.resolve();
    cut();
    await sending;
    const requests = memory.asked
      .filter((call) => call.name === 'message.send')
      .map((call) => (call.args as { request: string }).request);
    expect(new Set(requests).size).toBe(1);
    expect(memory.messages.size).toBe(before + 1);
    expect(page.drafts.useDrafts.getState().drafts.get(alice)?.text).toBe('');
  });

  it('does not retry once another page took its place', async () => {
    stop();
    page = await freshPage();
    // The class of the fresh modules, which are others than this file's.
    const { PlainsealError } = await import('../../shared/errors.ts');
    let asked = 0;
    stop = page.session.startSession(() => {
      asked += 1;
      return Promise.reject(new PlainsealError('refused', 'elsewhere'));
    });
    await until(() => page.core.useConnection.getState().state === 'refused');
    expect(asked).toBe(1);
  });
});

describe('a draft', () => {
  it('is written down when the field is left, and only then once', async () => {
    memory.asked.length = 0;
    page.drafts.writeDraft(alice, 'half');
    page.drafts.writeDraft(alice, 'half a thought');
    page.drafts.flushDraft(alice);
    page.drafts.flushDraft(alice);
    await until(() => memory.chats.get(alice)?.draft?.text === 'half a thought');
    expect(names().filter((name) => name === 'draft.save')).toHaveLength(1);
  });

  it('comes back with the reason when it could not be handed over', async () => {
    const row = memory.chats.get(alice);
    if (!row) throw new Error('no Alice');
    page.drafts.writeDraft(alice, 'lost?');
    memory.chats.delete(alice);
    await page.drafts.sendDraft(row);
    const draft = page.drafts.useDrafts.getState().drafts.get(alice);
    expect(draft?.text).toBe('lost?');
    expect(draft?.trouble).toContain('It is no longer here.');
    expect(draft?.handing).toBe(false);
  });

  it('that may stand, though the disk refused, is the same request when it is sent again, and another when it says something else', async () => {
    const row = memory.chats.get(alice);
    if (!row) throw new Error('no Alice');
    const broken = (): void =>
      void vi.spyOn(memory.chats, 'get').mockImplementationOnce(() => {
        throw new CoreError('io', 'the disk refuses');
      });
    const requests = (): readonly string[] =>
      memory.asked
        .filter((call) => call.name === 'message.send')
        .map((call) => (call.args as { request: string }).request);
    page.drafts.writeDraft(alice, 'once?');
    broken();
    await page.drafts.sendDraft(row);
    expect(page.drafts.useDrafts.getState().drafts.get(alice)).toMatchObject({
      text: 'once?',
      handing: false,
    });
    await page.drafts.sendDraft(row);
    expect(new Set(requests()).size).toBe(1);
    expect(requests()).toHaveLength(2);
    expect(page.drafts.useDrafts.getState().drafts.get(alice)?.text).toBe('');
    page.drafts.writeDraft(alice, 'once?');
    await page.drafts.sendDraft(row);
    expect(new Set(requests()).size).toBe(2);

    page.drafts.writeDraft(alice, 'this');
    broken();
    await page.drafts.sendDraft(row);
    page.drafts.writeDraft(alice, 'that');
    await page.drafts.sendDraft(row);
    expect(new Set(requests()).size).toBe(4);
  });

  it('is sent under the label that was on the screen', async () => {
    const row = memory.chats.get(alice);
    if (!row) throw new Error('no Alice');
    page.drafts.writeDraft(alice, '  hello  ');
    await page.drafts.sendDraft({ ...row, labelRevision: 7 });
    const sent = memory.asked.find((call) => call.name === 'message.send')?.args as {
      seenLabel: number;
      content: { text: string };
    };
    expect(sent.seenLabel).toBe(7);
    expect(sent.content.text).toBe('hello');
  });
});
