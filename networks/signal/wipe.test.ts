import { expect, test } from 'vitest';
import { createRawParty } from '../../crypto/signal/test/raw-party.ts';
import { createWork } from '../../shared/lane/work.ts';
import { readSelf } from './account-record.ts';
import { createLane } from './lane.ts';
import { writePeer, unknownPeer } from './peer-record.ts';
import { createRunning } from './running.ts';
import { createCoreDouble, type CoreDouble } from './test/lane-context.ts';
import { createOwnAccount } from './test/own-account.ts';
import { wipe } from './wipe.ts';

const spacesOf = (core: CoreDouble): readonly string[] => [
  ...new Set([...core.cells.keys()].map((name) => name.split('\u0000')[0] ?? '')),
];

/** A linked account that has a session with somebody. */
async function createUsed(): Promise<CoreDouble> {
  const core = createCoreDouble({ work: createOwnAccount().work });
  const { engine, context } = await createRunning(core.context);
  const friend = createRawParty();
  const work = createWork(context.view);
  const key = friend.identity.publicKey.serialize();
  await engine.startSession(await friend.bundle(), key, friend.service, work, context.now());
  writePeer(work, friend.service, unknownPeer);
  core.put(work.writes());
  return core;
}

test('forgets every secret, and keeps who was known', async () => {
  const core = await createUsed();
  expect(spacesOf(core)).toEqual(
    expect.arrayContaining(['account', 'session/ACI', 'identity/ACI', 'prekey/PNI', 'prekeys']),
  );
  await wipe(core.context);
  expect(spacesOf(core)).toEqual(['peer']);
  await expect(readSelf(createWork(core.context.view))).rejects.toMatchObject({ kind: 'not-found' });
  // The account's own record went first: whatever had come between, nothing of the rest could be used.
  expect(core.commits[0]?.work[0]).toMatchObject({ key: { space: 'account' }, value: null });
});

test('looks again at what something else wrote meanwhile', async () => {
  const core = await createUsed();
  let others = 2;
  core.intercept(({ work }) => {
    if (others-- <= 0) return null;
    const touched = work.find(({ key }) => key.space === 'session/ACI') ?? work[0];
    if (touched) core.put([{ ...touched, value: Uint8Array.from([1]), expect: 0 }]);
    return { ok: false, why: 'conflict' };
  });
  await wipe(core.context);
  expect(spacesOf(core)).toEqual(['peer']);
});

test('that a full disk stopped is gone on with at the next start', async () => {
  const core = await createUsed();
  // More than one commit takes.
  const sent = Array.from({ length: 1_000 }, (_, n) => ({ space: 'sent', key: String(n) }));
  core.put(sent.map((key) => ({ key, value: Uint8Array.from([1]), expect: 0 })));
  let commits = 0;
  core.intercept(() => (commits++ === 0 ? null : { ok: false, why: 'disk-full' }));
  await wipe(core.context);
  expect(core.logged.map(({ event }) => event)).toContain('wipe-incomplete');
  expect(JSON.stringify(core.logged)).not.toMatch(/[0-9a-f]{8}-/);
  core.intercept(null);
  const lane = createLane();
  await lane.start(core.context);
  expect(core.statuses).toEqual([{ kind: 'needs-person', why: 'unlinked' }]);
  expect(spacesOf(core)).toEqual(['peer']);
  await lane.stop();
});
