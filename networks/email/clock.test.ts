import { describe, expect, test } from 'vitest';
import { forecast } from '../../crypto/openpgp/engine.ts';
import type { Millis } from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { createWork } from '../../shared/lane/work.ts';
import { beginHere } from './cursor-begin.ts';
import { readCursor, writeCursor } from './records.ts';
import { createTaker, type Taken, type Taker } from './test/taker.ts';
import { createWriter, letterOf, sealedMail, type Writer } from './test/writer.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const messages = ({ changes }: Taken) => changes.filter(({ kind }) => kind === 'message');
const mailTo = async (me: Taker, from: Writer) =>
  sealedMail(from, letterOf(from, me.address, 'hello'), [me.certificate]);

describe('my clock is behind', () => {
  test('by days: what the server says came later is no mail from the future', async () => {
    const now = () => Date.now() - 3 * DAY;
    const me = await createTaker('me@example.org', { now, serverNow: Date.now });
    const taken = await me.take(await mailTo(me, await createWriter('alice@example.org', 'Alice')));
    expect(taken.settled).toMatchObject([{ kind: 'consumed' }]);
    const [message] = messages(taken);
    // Told by my clock all the same: what comes once it is right stands after it.
    expect(message?.kind === 'message' && [message.sentAt, message.evidence.at]).toSatisfy(
      (times: readonly number[]) => times.every((at) => at <= now()),
    );
  });

  test('by days: a key that was made since is kept, and stops what is written to it until my clock is right', async () => {
    const now = () => Date.now() - 3 * DAY;
    const me = await createTaker('me@example.org', { now, serverNow: Date.now });
    const alice = await createWriter('alice@example.org', 'Alice');
    const taken = await me.take(await mailTo(me, alice));
    expect(messages(taken)).toHaveLength(1);
    const holdAt = async (at: Millis) =>
      (await forecast(createWork(me.core.context.view), [alice.key.certificate.fingerprint], at)).hold;
    expect([await holdAt(now()), await holdAt(Date.now())]).toEqual(['no-key', null]);
  });

  test('by hours, and so is the server: hours are no future', async () => {
    const me = await createTaker('me@example.org', { now: () => Date.now() - 2 * HOUR });
    const taken = await me.take(await mailTo(me, await createWriter('alice@example.org', 'Alice')));
    expect(messages(taken)).toHaveLength(1);
  });
});

describe('my clock was ahead when the account was added', () => {
  const ahead = 2 * DAY;
  const header = (from: number) => ({ size: 1, arrivedAt: from, header: new Uint8Array(0) });

  test('mail that comes after is taken in', async () => {
    const me = await createTaker();
    const work = createWork(me.core.context.view);
    const cursor = await readCursor(work);
    writeCursor(work, { uidValidity: 0, uid: 0, ...cursor, since: Date.now() + ahead });
    await me.core.context.commit({ ...emptyCommit, work: work.writes() });
    const taken = await me.take(await mailTo(me, await createWriter('alice@example.org', 'Alice')));
    expect(messages(taken)).toHaveLength(1);
  });

  test('when it was added is told by the newest mail at the server, never later than by my clock', async () => {
    const came = new Map([
      [7, 500],
      [9, 900],
      [10, 300],
      // Came while it was asked.
      [11, 2_000],
    ]);
    const inbox = (uidNext: number): Parameters<typeof beginHere>[0] => ({
      uidValidity: 7,
      uidNext,
      newerThan: async (uid) => [...came.keys()].filter((one) => one > uid),
      headers: async (uids) => uids.map((uid) => ({ uid, ...header(came.get(uid) ?? 0) })),
    });
    expect(await beginHere(inbox(11), 1_000)).toEqual({ uidValidity: 7, uid: 10, since: 900 });
    expect(await beginHere(inbox(11), 800)).toEqual({ uidValidity: 7, uid: 10, since: 800 });
    // Its mails went elsewhere, so nothing tells.
    expect(await beginHere({ ...inbox(500), newerThan: async () => [] }, 1_000)).toMatchObject({
      since: 1_000,
    });
    expect(await beginHere(inbox(1), 1_000)).toEqual({ uidValidity: 7, uid: 0, since: 0 });
  });
});
