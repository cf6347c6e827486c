import { expect, test } from 'vitest';
import type { EpochId, EpochRef, GroupKey } from '../../../crypto/mls/cells.ts';
import { createMemoryState } from '../test/memory-view.ts';
import { bestTip } from './branch.ts';
import { nodesOf, noteCommit, noteHeard, removalId } from './commit-note.ts';

const group = 'group' as GroupKey;
const epoch = (id: string, parent: string | null, number: bigint): EpochRef => ({
  id: id as EpochId,
  parent: parent as EpochId | null,
  number,
  startedAt: 0,
  commit: `commit of ${id}`,
});
/** Somebody renames the group, and another removes me at the same time; the others have gone on after the first. */
const epochs = [epoch('fork', null, 1n), epoch('renamed', 'fork', 2n)];
const note = { committer: 'aa', privileged: true, removal: null };
const removed = { at: 'fork' as EpochId, message: new Uint8Array([1]), unreadFrom: 1_000 };

async function world() {
  const work = createMemoryState().work();
  await noteCommit(work, group, 'commit of renamed', note);
  await noteCommit(work, group, 'removal', { ...note, committer: 'bb', removal: removed });
  return {
    heard: (at: string, now: number) => noteHeard(work, group, epochs, at as EpochId, now),
    tip: async (unreadAt: readonly number[]) =>
      bestTip(await nodesOf(work, group, epochs, unreadAt), 'renamed').id,
  };
}

test('what nobody can read before the removal says nothing of it, what comes after is the others going on', async () => {
  const { tip } = await world();
  expect(await tip([])).toBe('renamed');
  expect(await tip([999])).toBe('renamed');
  expect(await tip([1_000])).toBe(removalId('removal'));
});

test('who is heard on the other branch says that it is the one, until something comes again that cannot be read', async () => {
  const { heard, tip } = await world();
  expect(await heard('renamed', 2_000)).toBe(true);
  expect(await tip([1_500, 2_000])).toBe('renamed');
  expect(await tip([1_500, 2_001])).toBe(removalId('removal'));
});

test('what is said in the epoch that the removal left says nothing: its author need not have known of it', async () => {
  const { heard, tip } = await world();
  expect(await heard('fork', 2_000)).toBe(false);
  expect(await tip([1_500])).toBe(removalId('removal'));
});
