import { expect, test } from './fixtures/test.ts';

test('a second tab takes over, and the first says so and stays quiet', async ({ app }) => {
  await expect(app.page.getByRole('heading', { level: 1 })).toBeVisible();
  // What duplicating a tab does: the same address, a copy of its session storage.
  const [second] = await Promise.all([
    app.page.context().waitForEvent('page'),
    app.page.evaluate(() => void window.open(location.href)),
  ]);
  await expect(second.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(app.page.getByText('open in another', { exact: false })).toBeVisible();
  await expect(second.getByRole('heading', { level: 1 })).toBeVisible();
});
