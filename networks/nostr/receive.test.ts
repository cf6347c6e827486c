import { expect, test } from 'vitest';
import type { GroupKey } from '../../crypto/mls/cells.ts';
import { keepDeferred } from './deferred.ts';
import { seconds, type EventId } from './event.ts';
import { writeRecord } from './group/record.ts';
import type { NostrGroupId } from './marmot/routing.ts';
import { envelopeOf } from './names.ts';
import { takeWaiting } from './receive.ts';
import { sampleRecord } from './test/sample-record.ts';
import { startTrial } from './test/trial.ts';
import { transact } from './turn.ts';

test('an event that waited and cannot be taken in is set aside once, and waits no more', async () => {
  const { running, state } = await startTrial();
  const { now } = running.context;
  // A group whose MLS state is lost: whatever is taken in of it throws.
  const group = 'ab'.repeat(32) as GroupKey;
  const routing = 'cd'.repeat(32) as NostrGroupId;
  const id = 'ef'.repeat(32) as EventId;
  const sealed = new Uint8Array(100);
  const work = state.work();
  await writeRecord(work, group, sampleRecord({ routing }));
  const waiting = { id, group: routing, sealed, datedAt: seconds(now()), receivedAt: now() };
  expect((await keepDeferred(work, waiting, 0)).kind).toBe('kept');
  state.commit(work);

  const grown = () =>
    transact(running, async (turn) => {
      turn.ledger.grown.add(group);
      await takeWaiting(turn);
      return turn.ledger.inbound;
    });
  const aside = { kind: 'quarantined', envelope: envelopeOf(id), raw: sealed, why: 'fault' };
  expect((await grown()).value).toEqual([aside]);
  expect(running.seen.has(id)).toBe(true);
  expect(state.keys('deferred')).toEqual([]);
  expect(state.keys('deferred-tally')).toEqual([]);
  expect((await grown()).value).toEqual([]);
});
