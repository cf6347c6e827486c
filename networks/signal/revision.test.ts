import { expect, it } from 'vitest';
import { createWork } from '../../shared/lane/work.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { MAX_REVISIONS, messageKeyOf, noteRevision } from './revision.ts';
import { createCoreDouble } from './test/lane-context.ts';
import { ALICE, ME } from './test/receiving-world.ts';

const T = 1_799_999_000_000;

it('a message is known by each of its revisions, whichever of them an edit named', async () => {
  const work = createWork(createCoreDouble().context.view);
  await noteRevision(work, { author: ALICE, sentAt: T + 1 }, T, ME);
  expect(await noteRevision(work, { author: ALICE, sentAt: T + 2 }, T + 1, ME)).toBe(`${ALICE}:${T}`);
  await noteRevision(work, { author: ME, sentAt: T + 2 }, T + 1, ME);
  expect(await messageKeyOf(work, { author: ALICE, sentAt: T + 2 }, ME)).toBe(`${ALICE}:${T}`);
  expect(await messageKeyOf(work, { author: ME, sentAt: T + 2 }, ME)).toBe(`me:${T + 1}`);
  expect(await messageKeyOf(work, { author: ALICE, sentAt: T + 3 }, ME)).toBe(`${ALICE}:${T + 3}`);
});

it('of very many the newest are known, and still those that an earlier version noted', async () => {
  const { context } = createCoreDouble({
    work: [
      {
        key: { space: 'revision', key: `${ALICE}:${T - 1}` },
        value: Buffer.from(`${ALICE}:${T - 9}`),
        expect: 0,
      },
    ],
  });
  const work = createWork(context.view);
  for (let n = 1; n <= MAX_REVISIONS + 1; n += 1)
    await noteRevision(work, { author: ALICE, sentAt: T + n }, T, ME);
  await context.commit({ ...emptyCommit, work: work.writes() });
  const view = createWork(context.view);
  const keys = await Promise.all(
    [T + 1, T + 2, T + MAX_REVISIONS + 1, T - 1].map((sentAt) =>
      messageKeyOf(view, { author: ALICE, sentAt }, ME),
    ),
  );
  expect(keys).toEqual([T + 1, T, T, T - 9].map((sentAt) => `${ALICE}:${sentAt}`));
});
