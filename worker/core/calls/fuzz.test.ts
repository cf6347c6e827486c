import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callSchemas } from '../../../shared/contract/calls.ts';
import { errorKinds, kindOf, PlainsealError } from '../../../shared/errors.ts';
import { emptyCommit } from '../../../shared/lane/commit.ts';
import { pageCalls } from '../../sample/page-calls.ts';
import type { Rig } from '../../sample/rig.ts';
import { ALICE, messageFrom } from '../../sample/scene.ts';
import { CHAT, openScripted } from '../../sample/scripted.ts';

// A page is code from the disk in a sandbox, and still what it says is checked: whatever it calls with, core answers with a
// result or an error of the closed kinds, never with an unexpected one, and goes on.

let rig: Rig;
const ids: string[] = [];
beforeAll(async () => {
  const opened = await openScripted();
  ({ rig } = opened);
  for (let n = 0; n < 5; n += 1)
    await opened.lane
      .context()
      .commit({ ...emptyCommit, changes: [messageFrom(ALICE, CHAT, `key ${n}`, `text ${n}`)] });
  const page = await rig.page.call('message.page', {
    conversation: CHAT,
    around: 'end',
    side: 'around',
    limit: 9,
  });
  ids.push(...page.rows.map((row) => row.id));
  rig.shell.serve = {
    'file.pick': () => [],
    'file.save': () => null,
    'grant.open': () => {
      throw new PlainsealError('not-found', 'no such grant');
    },
  };
  rig.shell.answer = () => ({ ok: (asked += 1) % 3 === 0, secret: null });
});
let asked = 0;
afterAll(() => rig.close());

test('every call with any argument is answered with a result or an error of the closed kinds', async () => {
  const answered = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.array(pageCalls(ids), { minLength: 1, maxLength: 12, size: 'max' }), async (list) => {
      const results = await Promise.allSettled(
        list.map(({ name, args }) =>
          (rig.page.call as (n: string, a: unknown) => Promise<unknown>)(name, args),
        ),
      );
      for (const [index, result] of results.entries()) {
        const name = list[index]!.name;
        if (result.status === 'fulfilled') {
          answered.set(name, (answered.get(name) ?? 0) + 1);
          continue;
        }
        const error: unknown = result.reason;
        // What the page's own codec refuses never reaches core.
        if (!(error instanceof PlainsealError)) continue;
        expect(errorKinds).toContain(kindOf(error));
        expect(`${name}: ${error.kind} ${error.message}`).not.toMatch(/: internal/);
      }
    }),
    { numRuns: 250 },
  );
  // The fuzz got past the border: most calls were also answered well.
  expect(answered.size).toBeGreaterThan(Object.keys(callSchemas).length / 2);
  expect((await rig.page.call('profile.get', {})).kind).toBe('test');
}, 300_000);
