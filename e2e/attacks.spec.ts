import { expect, test as base } from '@playwright/test';
import { attacks } from './attacks/all.ts';
import { openStage, type Stage } from './attacks/stage.ts';

// The same scripts as `npm run prove`: one stage for all, each attack with people of its own.

const test = base.extend<Record<never, never>, { readonly stage: Stage }>({
  stage: [
    async ({ browser }, provide) => {
      const stage = await openStage(browser);
      await provide(stage);
      await stage.stop();
    },
    { scope: 'worker' },
  ],
});

// One after the other: side by side, each worker would build a stage.
test.describe.configure({ mode: 'default' });

for (const { number, name, does, run } of attacks)
  test(`${number} ${name}: ${does}`, async ({ stage }) => {
    await run(stage);
    expect(stage.broken, 'the page kept to its policy').toEqual([]);
  });
