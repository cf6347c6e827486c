import type { ConversationId } from '../../shared/ids.ts';
import { needsNewer, type Content } from '../../shared/contract/content.ts';
import type { Notice } from '../../shared/shell/host.ts';
import { createWords } from '../../shared/words/words.ts';
import { plainLetters, plainName } from '../../shared/words/plain-name.ts';
import type { Database } from '../../storage/database.ts';
import { findMessage } from '../../storage/messages.ts';
import { findRow, type StoredConversationRow } from '../../storage/queries/conversation-rows.ts';
import { readSettings } from '../../storage/settings.ts';
import type { HostLink } from './host.ts';
import type { Touched } from './touched.ts';

/** Longest text of a message in a notification, in UTF-16 units. */
const MAX_BODY = 140;
/** Notifications of one conversation: at most one in this time. */
const GAP_MS = 2_000;
/** A flood from many conversations is one notification each, and no more than this at once. */
const MAX_AT_ONCE = 5;
/** Conversations whose last notification is remembered. */
const MAX_REMEMBERED = 1_000;
/** How long the number of unread messages may lag behind. */
const BADGE_MS = 250;

/** Tells the desktop of what came in, as much of it as the person has chosen, and how much is unread. */
export interface Notices {
  tell(touched: Touched): void;
  stop(): void;
}

/** What somebody wrote, as the one line it may fill. */
function oneLine(text: string): string {
  return plainLetters(text.slice(0, MAX_BODY)).replace(/\s+/gu, ' ').trim();
}

/** `unread` counts what is unread now. */
export function createNotices(of: {
  readonly db: Database;
  readonly host: HostLink;
  readonly unread: () => Promise<number>;
}): Notices {
  const { db, host } = of;
  const words = createWords();
  const last = new Map<ConversationId, number>();
  let badge = -1;
  let timer: ReturnType<typeof setTimeout> | null = null;

  function notice(row: StoredConversationRow, message: number, show: 'hidden' | 'name' | 'full'): Notice {
    // The product's name and no more: a notification is kept by the desktop, and shown over its lock.
    if (show === 'hidden')
      return { title: 'Plainseal', body: words.say('history.end.count', { count: 1 }), tag: row.id };
    const label = words.labelLine(row.label, { name: row.kind === 'direct' ? row.title : null });
    const title = plainName(row.title);
    if (show === 'name') return { title, body: label, tag: row.id };
    const found = findMessage(db, message);
    const content = found && (JSON.parse(found.content) as Content);
    const text = !content
      ? ''
      : needsNewer(content)
        ? words.say('message.newer-version')
        : oneLine(content.text);
    // The label comes first and the text is one line: nothing somebody writes can stand where the label stands.
    return { title, body: text === '' ? label : `${label}\n${text}`, tag: row.id };
  }

  function ring(touched: Touched): void {
    const show = readSettings(db).notifications;
    if (show === 'off') return;
    const newest = new Map(touched.arrived.map((one) => [one.conversation, one.message]));
    let told = 0;
    for (const [id, message] of newest) {
      const now = performance.now();
      if (told >= MAX_AT_ONCE || now - (last.get(id) ?? -Infinity) < GAP_MS) continue;
      const row = findRow(db, id);
      // Strangers do not get to ring.
      if (!row || row.muted || row.state !== 'active') continue;
      if (last.size >= MAX_REMEMBERED) last.clear();
      last.set(id, now);
      told += 1;
      void host.call('notify', notice(row, message, show)).catch(() => undefined);
    }
  }

  async function count(): Promise<void> {
    timer = null;
    const unread = await of.unread();
    if (unread === badge) return;
    badge = unread;
    await host.call('badge', { count: unread });
  }

  return {
    tell(touched) {
      if (touched.arrived.length > 0) ring(touched);
      if (touched.inbox) timer ??= setTimeout(() => void count().catch(() => undefined), BADGE_MS);
    },
    stop: () => {
      if (timer) clearTimeout(timer);
    },
  };
}
