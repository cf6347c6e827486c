import { textOnly } from '../../shared/contract/content.ts';
import { chatWith } from '../crash/signal-link.ts';
import { monotonicMs } from '../peers/monotonic.ts';
import { linkDevice } from './signal-device.ts';
import { median, quantile, show } from './result.ts';

/*
 * Send: from the page's call to the moment the mock server has the message of one contact with one device (before it looks at it), to
 * the moment that contact has opened it, and to the moment the page is told that it was accepted. Core, lane, server and this program
 * are four processes on the same machine. Each message costs three transactions: the intent, flushed along with the sealed bytes, and the
 * outcome.
 */

const MESSAGES = Number(process.env['BENCH_MESSAGES'] ?? 200);
const DISCARDED = 20;

const device = await linkDevice(1);
try {
  const { server, people } = device;
  const [bob] = people;
  if (!bob) throw new Error('nobody');
  const shell = await device.open();
  const { page } = shell;
  await page.online();
  const chat = await chatWith(page, bob);
  const took = { wire: [] as number[], opened: [] as number[], accepted: [] as number[] };
  for (let n = 0; n < MESSAGES + DISCARDED; n += 1) {
    const { labelRevision } = await page.call('conversation.get', { conversation: chat });
    const arrived = server.next(bob, 'message');
    const startedAt = monotonicMs();
    const sent = await page.call('message.send', {
      request: crypto.randomUUID(),
      conversation: chat,
      content: textOnly(`Message ${n}`),
      seenLabel: labelRevision,
    });
    const accepted = async (): Promise<boolean> => {
      const { rows } = await page.call('message.rows', { ids: [sent.id] });
      const [row] = rows;
      return row?.kind === 'message' && ['sent', 'delivered', 'read'].includes(row.sending?.state ?? '');
    };
    await arrived;
    const opened = monotonicMs() - startedAt;
    const wireAt = await server.call('lastRequestAt', { path: `/v1/messages/${bob.aci}` });
    if (wireAt === null) throw new Error('it went another way');
    for (;;) {
      const changed = page.next('changed');
      if (await accepted()) break;
      await changed;
    }
    const acceptedAt = monotonicMs();
    if (n < DISCARDED) continue;
    took.wire.push(wireAt - startedAt);
    took.opened.push(opened);
    took.accepted.push(acceptedAt - startedAt);
  }
  const result = (name: string, ours: number): void =>
    show({ name: `signal: ${name}`, unit: 'ms', ours, reference: null, runs: MESSAGES });
  result('click to the server, p50', median(took.wire));
  result('click to the server, p95', quantile(took.wire, 0.95));
  result('click to opened by the other side, p50', median(took.opened));
  result('click to accepted on the page, p50', median(took.accepted));
  await shell.close();
} finally {
  await device.close();
}
