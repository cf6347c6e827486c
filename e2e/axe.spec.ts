import { expect } from '@playwright/test';
import { expectAccessible } from './gallery/accessible.ts';
import { test } from './gallery/fixture.ts';

// Every state of the page, as axe and the colours of the system find it.
test.use({ trace: 'off', screenshot: 'only-on-failure' });

const states = [
  ['chat=alice', 'Private, with limits.'],
  ['chat=priya', 'Only you and Priya Raman can read this.'],
  ['chat=hartmann', 'Northmail can read this.'],
  ['chat=kenji', 'Not known. Treat it as public.'],
  ['chat=allotment', 'Private, with limits.'],
  ['chat=jonas', 'Private, with limits.'],
] as const;

for (const [query, readers] of states)
  test(`${query} says who can read it, and axe finds no fault`, async ({ page, show }) => {
    await show(query);
    await expect(page.getByTestId('header-readers')).toHaveText(readers);
    // By ear the row says the same in its short form, stopped before all else.
    const isStopped = (await page.getByTestId('header-stopped').count()) > 0;
    await expect(page.locator('[data-testid="chat"][aria-current]')).toHaveAccessibleName(
      isStopped
        ? /Stopped\./u
        : new RegExp(readers.replace(/(?: can read this)?\.$/u, '').replace('. ', '\\. '), 'u'),
    );
    await expectAccessible(page);
    // As it stands in the colours the system asks for: what is read stays read, and stands out no less.
    for (const media of [
      { contrast: 'more', colorScheme: 'light' },
      { contrast: 'more', colorScheme: 'dark' },
      { forcedColors: 'active', colorScheme: 'light' },
      { forcedColors: 'active', colorScheme: 'dark' },
    ] as const) {
      await page.emulateMedia(media);
      await expect(page.getByTestId('header-readers')).toBeVisible();
      // Under forced colours the contrast is the system's own.
      if ('contrast' in media) await expectAccessible(page, ['color-contrast']);
    }
    await page.emulateMedia({ contrast: null, colorScheme: null, forcedColors: null });
  });

for (const query of [
  'chat=stranger',
  'chat=fell',
  'chat=hostile',
  'chat=fatima',
  'chat=alice&theme=dark',
  'chat=jonas&theme=dark',
  'chat=hartmann&theme=dark',
  'chat=below',
  'chat=held-below&theme=dark',
  'chat=alice&sheet=settings',
  'chat=alice&sheet=account',
  'chat=alice&sheet=prove-person',
  'chat=alice&sheet=relays',
  'chat=alice&sheet=sign-in',
  'chat=alice&sheet=new-chat',
  'chat=alice&sheet=palette',
  'chat=alice&sheet=who-sees',
  'chat=kenji&sheet=who-sees&theme=dark',
  'chat=priya&sheet=who-sees&text=200',
  'chat=alice&sheet=tells',
  'chat=marek&sheet=contact',
  'chat=marek&sheet=contact&theme=dark',
  'chat=alice&sheet=merge',
  'chat=marek&sheet=apart&theme=dark',
  'chat=marek&sheet=block',
  'chat=second-way',
  'sheet=email&changed',
  'sheet=add',
  'sheet=signal',
  'sheet=signal&theme=dark',
  'sheet=signal&text=200',
  'new',
  'new&theme=dark',
  'chat=jonas&text=200',
  'chat=cave',
  'chat=cave&sheet=group',
  'chat=cave&sheet=group&theme=dark',
  'chat=reading&sheet=group&text=200',
  'chat=asked',
  'sheet=new-group',
  'sheet=nostr',
  'sheet=account-nostr&theme=dark',
  'chat=priya&linked&sheet=contact',
])
  test(`axe finds no fault in ${query}`, async ({ page, show }) => {
    await show(query);
    await expectAccessible(page);
  });
