import { create } from 'zustand';
import { MAX_FILES, type Content } from '../../shared/contract/content.ts';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import { kindOf } from '../../shared/errors.ts';
import type { ConversationId, NetworkKey } from '../../shared/ids.ts';
import { call, insist, newRequest } from '../app/core.ts';
import { useView } from '../app/view.ts';
import { authorName, firstWords, type SaidRow } from '../messages/state.ts';
import { jumpToEnd } from '../messages/store.ts';
import { say, words } from '../words.ts';
import { dropFile, type Upload } from './upload.ts';

/** How long after the last key a draft is written down, in ms. */
const SAVE_AFTER_MS = 400;

export type Reply = { readonly key: NetworkKey; readonly name: string; readonly text: string };

/** What is being written in one conversation. */
export type Draft = {
  readonly text: string;
  readonly reply: Reply | null;
  readonly files: readonly Upload[];
  /** On its way to core: the field is empty, nothing is lost. */
  readonly handing: boolean;
  /** Why the last hand-over failed, as a sentence. */
  readonly trouble: string | null;
};

const empty: Draft = { text: '', reply: null, files: [], handing: false, trouble: null };

export const useDrafts = create<{ readonly drafts: ReadonlyMap<ConversationId, Draft> }>(() => ({
  drafts: new Map(),
}));

const timers = new Map<ConversationId, ReturnType<typeof setTimeout>>();
/** What core took and could not say to be on the disk: the same once more is the same request, and goes once. */
const unsure = new Map<ConversationId, { readonly request: string; readonly said: string }>();

/** What core kept of a draft of an earlier run. */
export function draftOf(row: ConversationRow): Draft {
  if (row.draft === null) return empty;
  const { quote } = row.draft;
  return {
    ...empty,
    text: row.draft.text,
    reply: quote === undefined ? null : { key: quote, name: '', text: '' },
  };
}

function change(conversation: ConversationId, patch: Partial<Draft>): void {
  useDrafts.setState((state) => ({
    drafts: new Map(state.drafts).set(conversation, {
      ...(state.drafts.get(conversation) ?? empty),
      ...patch,
    }),
  }));
}

/** Begins with what core kept, so that a first keystroke does not start from nothing. */
export function beginDraft(row: ConversationRow): void {
  if (!useDrafts.getState().drafts.has(row.id)) change(row.id, draftOf(row));
}

/** What was typed; written down once the typing pauses. */
export function writeDraft(conversation: ConversationId, text: string): void {
  change(conversation, { text, trouble: null });
  clearTimeout(timers.get(conversation));
  timers.set(
    conversation,
    setTimeout(() => flushDraft(conversation), SAVE_AFTER_MS),
  );
}

function contentOf(draft: Draft): Content {
  return {
    text: draft.text,
    ranges: [],
    files: draft.files.map((file) => file.id).filter((id) => id !== null),
    ...(draft.reply === null ? {} : { quote: draft.reply.key }),
  };
}

/** Writes a draft down now: when the field is left, the conversation changes or the window closes. */
export function flushDraft(conversation: ConversationId): void {
  if (!timers.has(conversation)) return;
  clearTimeout(timers.get(conversation));
  timers.delete(conversation);
  const draft = useDrafts.getState().drafts.get(conversation);
  if (!draft) return;
  const worth = draft.text.trim() !== '' || draft.reply !== null;
  // Files of a draft live only as long as the page: a draft names none.
  const content = worth ? { ...contentOf(draft), files: [] } : null;
  call('draft.save', { conversation, content }).catch(() => {
    // Kept here; the next keystroke tries again.
  });
}

/** Writes every touched draft down. */
export function flushDrafts(): void {
  const touched = [...timers.keys()];
  for (const conversation of touched) flushDraft(conversation);
}

function touch(conversation: ConversationId): void {
  writeDraft(conversation, useDrafts.getState().drafts.get(conversation)?.text ?? '');
}

/** Answers to a message. */
export function replyTo(conversation: ConversationId, row: SaidRow): void {
  change(conversation, { reply: { key: row.key, name: authorName(row), text: firstWords(row) } });
  touch(conversation);
  document.querySelector<HTMLElement>('[data-testid="composer"]')?.focus();
}

/** Answers to nothing in particular again. */
export function cancelReply(conversation: ConversationId): void {
  change(conversation, { reply: null });
  touch(conversation);
}

/** Adds files, or the progress of one that is known. */
export function putUpload(conversation: ConversationId, upload: Upload): void {
  const files = useDrafts.getState().drafts.get(conversation)?.files ?? [];
  const known = files.some((file) => file.local === upload.local);
  if (!known && files.length >= MAX_FILES) {
    change(conversation, { trouble: say('file.too-many', { count: MAX_FILES }) });
    if (upload.id !== null) dropFile(upload.id);
    return;
  }
  change(conversation, {
    files: known ? files.map((file) => (file.local === upload.local ? upload : file)) : [...files, upload],
  });
}

/** Takes a file out again. */
export function removeUpload(conversation: ConversationId, local: string): void {
  const files = useDrafts.getState().drafts.get(conversation)?.files ?? [];
  const gone = files.find((file) => file.local === local);
  gone?.stop.abort();
  if (gone?.id != null) dropFile(gone.id);
  change(conversation, { files: files.filter((file) => file.local !== local) });
}

/** Says in the composer what went wrong. */
export function tellTrouble(conversation: ConversationId, trouble: string | null): void {
  change(conversation, { trouble });
}

/**
 * Hands the draft to core under the label that was on the screen. The queued row comes from core; when the pipe ends
 * meanwhile, the same request goes out again, so nothing is sent twice.
 */
export async function sendDraft(row: ConversationRow): Promise<void> {
  const draft = useDrafts.getState().drafts.get(row.id) ?? draftOf(row);
  if (draft.handing || draft.files.some((file) => file.id === null || file.done < file.size)) return;
  const content = contentOf(draft);
  if (content.text.trim() === '' && content.files.length === 0) return;
  clearTimeout(timers.get(row.id));
  timers.delete(row.id);
  const said = JSON.stringify(content);
  const before = unsure.get(row.id);
  const request = before?.said === said ? before.request : newRequest();
  change(row.id, { text: '', reply: null, files: [], handing: true, trouble: null });
  try {
    await insist('message.send', {
      request,
      conversation: row.id,
      content: { ...content, text: content.text.trim() },
      seenLabel: row.labelRevision,
    });
    unsure.delete(row.id);
    change(row.id, { handing: false });
    // Whoever wrote wants to see it stand there, also from far above. Not shown, it is no failure: it went to core.
    if (useView.getState().conversation === row.id) jumpToEnd(row.id).catch(() => undefined);
    const later = useDrafts.getState().drafts.get(row.id);
    await call('draft.save', {
      conversation: row.id,
      content: later && later.text.trim() !== '' ? { ...contentOf(later), files: [] } : null,
    }).catch(() => undefined);
  } catch (error) {
    if (kindOf(error) === 'io') unsure.set(row.id, { request, said });
    const now = useDrafts.getState().drafts.get(row.id);
    // What was typed meanwhile stays, below what could not be handed over.
    const text = now && now.text !== '' ? `${draft.text}\n${now.text}` : draft.text;
    const { what, todo } = words.error(kindOf(error));
    change(row.id, {
      ...draft,
      text,
      handing: false,
      trouble: say('composer.failed', { why: `${what} ${todo}` }),
    });
    touch(row.id);
    tellTrouble(row.id, say('composer.failed', { why: `${what} ${todo}` }));
  }
}
