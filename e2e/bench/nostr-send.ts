import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { textOnly } from '../../shared/contract/content.ts';
import type { ConversationId } from '../../shared/ids.ts';
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

  const took = { shown: [] as number[], accepted: [] as number[] };
  for (let n = 0; n < MESSAGES + DISCARDED; n += 1) {
    const { labelRevision } = await alice.page.call('conversation.get', { conversation: chat });
    const text = `Message ${n}`;
    const shown = (async (): Promise<number> => {
      for (let changed = bob.page.next('changed'); ;) {
        const { messages } = await changed;
        changed = bob.page.next('changed');
        // As the page does: what the news names is fetched.
        const fetched = await bob.page.call('message.rows', { ids: [...messages] });
        if (fetched.rows.some((row) => row.kind === 'message' && row.content.text === text))
          return performance.now();
      }
    })();
    await pause(SPACE_MS);
    const startedAt = performance.now();
    const sent = await alice.page.call('message.send', {
      request: crypto.randomUUID(),
      conversation: chat,
      content: textOnly(text),
      seenLabel: labelRevision,
    });
    for (;;) {
      const changed = alice.page.next('changed');
      const [row] = (await alice.page.call('message.rows', { ids: [sent.id] })).rows;
      if (row?.kind === 'message' && row.sending?.state === 'sent') break;
      await changed;
    }
    const acceptedAt = performance.now();
    const shownAt = await shown;
    if (n < DISCARDED) continue;
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
  result('click to accepted on my page, p50', median(took.accepted));
} finally {
  await relay.stop();
  await rm(folder, { recursive: true, force: true });
}
