import { createHash, randomUUID } from 'node:crypto';
import { textOnly } from '../../shared/contract/content.ts';
import { MAX_CHUNK, type Calls } from '../../shared/contract/calls.ts';
import type { Events } from '../../shared/contract/events.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import type { ConversationId, FileId } from '../../shared/ids.ts';
import type { FlowStep } from '../../shared/lane/flow.ts';
import { link, type Link } from '../../shared/wire/rpc.ts';
import type { Pipe, Undo } from '../../shared/wire/pipe.ts';
import { wholeHistory } from '../../worker/sample/history.ts';

type Call = Link<Calls, Record<never, never>, Events>['call'];
type OwnRow = Extract<MessageRow, { readonly kind: 'message' }>;

/** A page that follows a script. */
export interface Page {
  readonly call: Call;
  /** Resolves with the next payload that fits. */
  next<K extends keyof Events>(name: K, fits?: (payload: Events[K]) => boolean): Promise<Events[K]>;
  /** Calls `hear` with every payload from now on. */
  hear<K extends keyof Events>(name: K, hear: (payload: Events[K]) => void): Undo;
  /** Resolves once every account's lane is online. */
  online(): Promise<void>;
  /** Runs a flow to its end. */
  flow(args: Omit<Calls['flow.start']['args'], 'request'>): Promise<FlowStep>;
  /** Every row of a conversation, oldest first. */
  history(conversation: ConversationId): Promise<readonly MessageRow[]>;
  /** The SHA-256 of a stored file, hex. */
  digest(file: { readonly id: FileId; readonly size: number }): Promise<string>;
}

/** Puts a scripted page on a pipe to core. */
export function scriptPage(pipe: Pipe): Page {
  const line = link<Record<never, never>, Calls, Record<never, never>, Events>({ pipe, serve: {} });
  const next: Page['next'] = (name, fits = () => true) =>
    new Promise((resolve) => {
      const undo = line.listen(name, (payload) => {
        if (!fits(payload)) return;
        undo();
        resolve(payload);
      });
    });

  return {
    call: line.call,
    next,
    hear: (name, hear) => line.listen(name, hear),
    async online() {
      for (;;) {
        const told = next('lane');
        const { rows } = await line.call('account.list', {});
        if (rows.every(({ status }) => status.kind === 'online')) return;
        await told;
      }
    },
    async flow(args) {
      const steps: Events['flow'][] = [];
      const undo = line.listen('flow', (told) => void steps.push(told));
      try {
        const { flow } = await line.call('flow.start', { request: randomUUID(), ...args });
        const last = (told: Events['flow']): boolean =>
          told.flow === flow && (told.step.kind === 'done' || told.step.kind === 'failed');
        return (steps.find(last) ?? (await next('flow', last))).step;
      } finally {
        undo();
      }
    },
    history: (conversation) => wholeHistory(line.call, conversation),
    async digest({ id, size }) {
      const hash = createHash('sha256');
      for (let at = 0; at < size;) {
        const bytes = await line.call('file.read', { file: id, at, length: MAX_CHUNK });
        if (bytes.byteLength === 0) throw new Error('a stored file ends early');
        hash.update(bytes);
        at += bytes.byteLength;
      }
      return hash.digest('hex');
    },
  };
}

/** A message the page was asked to send. It knows how far it has come, as a page does that core was taken from under it. */
export interface Errand {
  /** The same after every restart: core does the same request once. */
  readonly request: string;
  readonly text: string;
  readonly file: { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> } | null;
  /** Set once the upload was answered. */
  uploaded: FileId | null;
  /** Core has taken it: from now on it may not be lost. */
  answered: boolean;
}

export const errand = (text: string, file: Errand['file'] = null): Errand => ({
  request: randomUUID(),
  text,
  file,
  uploaded: null,
  answered: false,
});

/** Does what is left of the errands, in order. Throws when core goes away; call it again with the next page. */
export async function run(page: Page, to: ConversationId, errands: readonly Errand[]): Promise<void> {
  for (const one of errands) {
    if (one.answered) continue;
    if (one.file) one.uploaded ??= await upload(page, one.file);
    const { labelRevision } = await page.call('conversation.get', { conversation: to });
    const answer = await page.call('message.send', {
      request: one.request,
      conversation: to,
      content: { ...textOnly(one.text), files: one.uploaded ? [one.uploaded] : [] },
      seenLabel: labelRevision,
    });
    if (answer.kind !== 'queued') throw new Error(`a message was held: ${answer.why}`);
    one.answered = true;
  }
}

async function upload(page: Page, file: NonNullable<Errand['file']>): Promise<FileId> {
  const { name, bytes } = file;
  const begun = await page.call('file.begin', { name, type: 'application/octet-stream', size: bytes.length });
  await page.call('file.chunk', { file: begun.file, at: 0, bytes, last: true });
  return begun.file;
}

/** How far the network has taken my message. */
export function sendState(row: MessageRow): NonNullable<OwnRow['sending']>['state'] | null {
  return row.kind === 'message' ? (row.sending?.state ?? null) : null;
}

/** Why my message does not go out, as a code. */
export function whyStuck(row: MessageRow): string {
  return row.kind === 'message' ? (row.sending?.hold ?? row.sending?.failure ?? 'no reason') : 'a note';
}
