import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { textOnly } from '../../shared/contract/content.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { sendState } from '../crash/page.ts';
import { addAccount } from '../crash/world.ts';
import { openShell, type Shell } from '../crash/shell.ts';
import { startRelayProcess } from '../peers/nostr/child.ts';
import { measureFloor } from './nostr-floor.ts';
import { median, quantile, show } from './result.ts';

/*
 * Send: from the click in one program to the row on the page of another, over one relay on this machine. Two cores, two lanes in threads of
 * theirs, the relay and this program: four processes on the same two processors. A message costs its sender three transactions (intent,
 * flushed along with what was sealed, and outcome), of which two are before the relay has it, and its reader one. The page hears at most every 50 ms, so
 * messages are spaced further than that. Beside it the same chain without our code (nostr-floor.ts).
 */

const MESSAGES = Number(process.env['BENCH_MESSAGES'] ?? 200);
const FLOOR_MESSAGES = Math.min(MESSAGES, 100);
const DISCARDED = 20;
/** Messages before those of a program that has been at work for a while: by then the compiler has made what it makes of our code. */
const WARM_AFTER = Number(process.env['BENCH_WARM'] ?? 600);
const SPACE_MS = 70;

const folder = await mkdtemp(join(tmpdir(), 'plainseal-nostr-bench-'));
const relay = await startRelayProcess({ tls: false });
const open = (name: string): Promise<Shell> =>
  openShell({ profile: join(folder, name), authority: '', points: [] });
const [alice, bob] = [await open('alice'), await open('bob')];

/** The first conversation in a state. */
async function conversationOf({ page }: Shell, filter: 'all' | 'requests'): Promise<ConversationId> {
  for (;;) {
    const changed = page.next('changed');
    const { rows } = await page.call('inbox.page', { filter, before: null, limit: 5 });
    if (rows[0]) return rows[0].id;
    await changed;
  }
}

/** When a page first has a row that fits: it takes what comes with the news, and fetches what the news names and does not bring, as the page does. */
async function told({ page }: Shell, fits: (row: MessageRow) => boolean): Promise<number> {
  for (let changed = page.next('changed'); ;) {
    const { messages, rows } = await changed;
    changed = page.next('changed');
    const here = rows ?? (await page.call('message.rows', { ids: [...messages] })).rows;
    if (here.some(fits)) return performance.now();
  }
}

try {
  await addAccount(alice.page, 'nostr', { relays: relay.url });
  await addAccount(bob.page, 'nostr', { relays: relay.url });
  await relay.waitForEvent({ kind: 30_443, verdict: 'accepted', skip: 1 });
  const { rows } = await bob.page.call('account.list', {});
  const { rows: own } = await alice.page.call('account.list', {});
  const [account, address] = [own[0]?.id, rows[0]?.address];
  if (account === undefined || address === undefined) throw new Error('no account');
  const opened = await alice.page.flow({ account, network: 'nostr', start: { kind: 'chat', address } });
  if (opened.kind !== 'done' || opened.conversation === null) throw new Error('no conversation');
  const chat = opened.conversation;
  const theirs = await conversationOf(bob, 'requests');
  await bob.page.call('conversation.accept', { request: crypto.randomUUID(), conversation: theirs });

  const took = { shown: [] as number[], warm: [] as number[], accepted: [] as number[] };
  const count = DISCARDED + Math.max(MESSAGES, WARM_AFTER === 0 ? 0 : WARM_AFTER + MESSAGES);
  for (let n = 0; n < count; n += 1) {
    const { labelRevision } = await alice.page.call('conversation.get', { conversation: chat });
    const text = `Message ${n}`;
    const said = (row: MessageRow): boolean => row.kind === 'message' && row.content.text === text;
    const shown = told(bob, said);
    const accepted = told(alice, (row) => said(row) && sendState(row) === 'sent');
    await pause(SPACE_MS);
    const startedAt = performance.now();
    await alice.page.call('message.send', {
      request: crypto.randomUUID(),
      conversation: chat,
      content: textOnly(text),
      seenLabel: labelRevision,
    });
    const [shownAt, acceptedAt] = await Promise.all([shown, accepted]);
    if (n < DISCARDED) continue;
    if (n >= DISCARDED + WARM_AFTER && WARM_AFTER > 0) took.warm.push(shownAt - startedAt);
    if (n >= DISCARDED + MESSAGES) continue;
    took.shown.push(shownAt - startedAt);
    took.accepted.push(acceptedAt - startedAt);
  }
  await alice.close();
  await bob.close();
  const floor = await measureFloor(relay.url, folder, FLOOR_MESSAGES);
  const result = (name: string, ours: number, value?: number): void => {
    const reference = value === undefined ? null : { name: 'the floor', value };
    show({ name: `nostr: ${name}`, unit: 'ms', ours, reference, runs: MESSAGES });
  };
  result('click to the other page, p50', median(took.shown), median(floor));
  result('click to the other page, p95', quantile(took.shown, 0.95), quantile(floor, 0.95));
  if (took.warm.length > 0) {
    result(`click to the other page, after ${WARM_AFTER}, p50`, median(took.warm), median(floor));
    result(
      `click to the other page, after ${WARM_AFTER}, p95`,
      quantile(took.warm, 0.95),
      quantile(floor, 0.95),
    );
  }
  result('click to accepted on my page, p50', median(took.accepted));
} finally {
  await relay.stop();
  await rm(folder, { recursive: true, force: true });
}
