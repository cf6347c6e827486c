import { expect, test, vi } from 'vitest';
import type { ServiceId } from '../../crypto/signal/address.ts';
import type { OutboxId } from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { createWork } from '../../shared/lane/work.ts';
import { writeCell } from './cell.ts';
import { createLocks } from './locks.ts';
import { writeSent, type SentRecord } from './send-log.ts';
import { createSweeper } from './sweeper.ts';
import { createCoreDouble } from './test/lane-context.ts';

const alice = '00000000-0000-4000-8000-00000000000a' as ServiceId;
const bob = '00000000-0000-4000-8000-00000000000b' as ServiceId;
const NOW = 1_000;
const record = (expiresAt: number): SentRecord => ({
  item: 'item' as OutboxId,
  content: Uint8Array.of(1),
  hint: 'resendable',
  identity: '05ab',
  devices: [1],
  evidence: null,
  resends: 0,
  expiresAt,
});

test('a start lets go of what is over, and of what an earlier version kept in another form', async () => {
  const core = createCoreDouble({ now: () => NOW });
  const work = createWork(core.context.view);
  await writeSent(work, alice, 1, record(NOW), 0);
  await writeSent(work, alice, 2, record(NOW + 60_000), 0);
  for (const cell of [
    { space: 'sent', key: `${bob}/3` },
    { space: 'sent-times', key: bob },
  ]) {
    await work.get(cell);
    writeCell(work, cell, [[3, NOW + 60_000]]);
  }
  await core.context.commit({ ...emptyCommit, work: work.writes() });
  const sweeper = createSweeper(core.context, createLocks());
  sweeper.start();
  await vi.waitFor(() =>
    expect(new Set(core.cells.keys())).toEqual(new Set([`sent\u0000${alice}/2`, `sent-at\u0000${alice}`])),
  );
  sweeper.close();
});
