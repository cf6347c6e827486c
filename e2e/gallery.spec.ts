import { expect, type Locator, type Page } from '@playwright/test';
import { en } from '../shared/words/en.ts';
import { nameInSentence, plainName } from '../shared/words/plain-name.ts';
import { expectAccessible } from './gallery/accessible.ts';
import { comeIn } from './gallery/come-in.ts';
import { test } from './gallery/fixture.ts';

// A trace of each step costs a third of the time here, and every state can be opened again by its name.
test.use({ trace: 'off', screenshot: 'only-on-failure' });

test.beforeEach(({ page: _page }, info) =>
  test.skip(info.project.name !== 'browser', 'one browser is enough'),
);

const message = (page: Page, text: string): Locator => page.getByTestId('message').filter({ hasText: text });

test('what cannot be added is named, with why, since when and from where', async ({ page, show }) => {
  await show('new');
  await page.getByRole('button', { name: 'What about WhatsApp and others?' }).click();
  const table = page.getByRole('table', { name: 'What you cannot add, and why' });
  await expect(table.getByRole('row')).toHaveCount(14);
  await expect(table.getByRole('row', { name: /^WhatsApp/u })).toHaveText(
    /Not without its operator\. Meta lets in companies .*2026$/u,
  );
  await page.getByText('Where this comes from').click();
  await expect(page.getByText('Regulation (EU) 2022/1925, Article 7').first()).toBeVisible();
});

test('the label opens who can see what, by keyboard, as a table with its sources', async ({ page, show }) => {
  await show('chat=priya');
  await page.getByTestId('header-readers').focus();
  await page.keyboard.press('Enter');
  const sheet = page.getByRole('dialog', { name: 'Who can see what' });
  const table = sheet.getByRole('table', { name: 'Who can see what' });
  await expect(table.getByRole('columnheader')).toHaveText([
    'What',
    'You',
    'The other side',
    'Signal',
    /^Other servers/u,
    'Your internet provider',
    /^Plainseal/u,
  ]);
  const row = (name: RegExp): Locator => table.getByRole('row', { name });
  await expect(row(/^What you write/u).getByRole('cell')).toHaveText([
    'Reads',
    'Reads',
    'No',
    'Nobody there',
    'No',
    'No',
  ]);
  await expect(row(/^Who sends/u)).toContainText('Your newest message hid it from Signal.');
  await expect(
    row(/^Who sends/u)
      .getByRole('cell')
      .nth(2),
  ).toHaveText('In part');
  await expect(sheet.getByText('Covered, also while you write.')).toBeVisible();
  await sheet.getByText('Where each line comes from').focus();
  await page.keyboard.press('Enter');
  await expect(sheet.getByText(/Looked up, .*: signal\.org blog/u)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('header-readers')).toBeFocused();
  await show('chat=kenji&sheet=who-sees');
  await expect(
    row(/^What you write/u)
      .getByRole('cell')
      .nth(2),
  ).toHaveText('Not known');
});

test('a floor is raised by keyboard, and the composer says beforehand that what is sent waits', async ({
  page,
  show,
}) => {
  await show('chat=alice');
  await expect(page.getByTestId('composer-below')).toHaveCount(0);
  await show('chat=alice&sheet=settings');
  const floor = page.getByRole('radiogroup', { name: en['floor.everybody'] });
  await floor.getByRole('radio', { name: en['floor.unknown'] }).focus();
  await page.keyboard.press('ArrowUp');
  await expect(floor.getByRole('radio', { name: en['floor.members'] })).toBeChecked();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('composer-below')).toContainText(en['floor.composer']);
  await expect(page.getByRole('button', { name: en['floor.hold'] })).toBeVisible();
  await page.getByRole('button', { name: en['floor.show'] }).press('Enter');
  await expect(floor.getByRole('radio', { name: en['floor.members'] })).toBeChecked();
});

test('a report shows what it reveals before it is written, by keyboard', async ({ page, show }) => {
  await show('chat=stranger');
  await page.getByRole('button', { name: en['report.act'] }).press('Enter');
  const sheet = page.getByRole('dialog', { name: 'Report “tomas.lind@post.example”' });
  await expect(sheet.getByRole('button', { name: en['report.save'] })).toHaveCount(0);
  const first = sheet.getByRole('checkbox').first();
  await first.focus();
  await page.keyboard.press('Space');
  await expect(first).toBeChecked();
  await expect(sheet.getByTestId('report-to')).toHaveText(
    `${en['facts.reporting.email']} abuse@post.example`,
  );
  await sheet.getByText(en['report.whole']).press('Enter');
  const whole = JSON.parse(await sheet.getByTestId('report-whole').innerText()) as { messages: unknown[] };
  expect(whole.messages).toHaveLength(1);
  await expectAccessible(page);
  await sheet.getByRole('button', { name: en['report.save'] }).press('Enter');
  await expect(sheet.getByText(en['report.saved'])).toBeVisible();
  // In a group it is of one member, from their row.
  await show('chat=cave&sheet=group');
  await page.getByRole('button', { name: 'Act on Wen Li' }).press('Enter');
  await page.getByRole('menuitem', { name: en['report.act'] }).press('Enter');
  const ofMember = page.getByRole('dialog', { name: 'Report Wen Li' });
  await expect(ofMember.getByRole('checkbox', { name: /The north passage is dry/u })).toBeVisible();
  await expect(ofMember.getByRole('checkbox')).toHaveCount(1);
});

test('what is held below the floor of a person leads to where it is set', async ({ page, show }) => {
  await show('chat=held-below');
  const panel = page.getByRole('region', { name: en['stopped.region'] });
  await expect(panel).toContainText('You allow nothing below “Private, with limits” for Rui Costa.');
  await expect(panel.getByRole('button', { name: en['hold.send'], exact: true })).toHaveCount(0);
  await panel.getByRole('button', { name: en['floor.show'] }).press('Enter');
  await page.getByRole('radio', { name: en['floor.unknown'] }).press('Space');
  await page.keyboard.press('Escape');
  await panel.getByRole('button', { name: en['composer.send-openly'] }).press('Enter');
  await expect(panel).toHaveCount(0);
});

test('a text that changed shows its difference first, and what was agreed to can be read and withdrawn', async ({
  page,
  show,
}) => {
  await show('sheet=email&changed');
  await expect(page.getByRole('heading', { name: /^What changed since you agreed on/u })).toBeVisible();
  await expect(page.getByRole('insertion')).toHaveText(
    'New: Sealed mail can be read only by its sender and receivers.',
  );
  await expect(page.getByRole('deletion')).toHaveText(
    'No longer said: Sealed mail can be read only by its receivers.',
  );
  await page.getByRole('button', { name: 'I have read this' }).click();
  await expect(page.getByRole('heading', { name: 'Add e-mail' })).toBeVisible();
  await show('sheet=settings');
  const ledger = page.getByRole('region', { name: 'What you agreed to' });
  const email = ledger.getByRole('article').filter({ hasText: 'E-mail' });
  await email.getByText('What it said').click();
  await expect(email.getByText('A stolen key opens old messages too.')).toBeVisible();
  await email.getByRole('button', { name: 'Withdraw for E-mail' }).click();
  await expect(email).toContainText(/Withdrawn on .* Nothing connects there\./u);
  await expect(email.getByRole('button')).toHaveCount(0);
});

test('the surface grows louder as the state gets weaker', async ({ page, show }) => {
  const box = page.getByTestId('composer').locator('..');
  const border = (): Promise<string> => box.evaluate((element) => getComputedStyle(element).borderTopStyle);
  await show('chat=priya');
  expect(await border()).toBe('solid');
  await expect(page.getByRole('button', { name: 'Send', exact: true })).toBeVisible();
  await show('chat=alice');
  expect(await border()).toBe('double');
  await show('chat=hartmann');
  expect(await border()).toBe('dashed');
  await expect(page.getByRole('button', { name: 'Send openly' })).toBeVisible();
  await show('chat=kenji');
  expect(await border()).toBe('dotted');
  await expect(page.getByRole('button', { name: 'Send openly' })).toBeVisible();
  await show('chat=jonas');
  await expect(page.getByTestId('composer')).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Sending is stopped' })).toContainText(
    'Is this still Jonas Weber?',
  );
  await expect(page.getByTestId('header-stopped')).toContainText('Nothing is sent until you look.');
});

test('AT-02 no text of others is ever drawn in the serif of Plainseal', async ({ page, show }) => {
  for (const query of ['chat=hostile', 'chat=jonas', 'chat=fell', 'chat=allotment', 'chat=priya']) {
    await show(query);
    const serif = await page.evaluate(() =>
      [...document.querySelectorAll('bdi, [data-testid="message"] p[dir], blockquote')]
        .filter((element) => getComputedStyle(element).fontFamily.includes('Serif'))
        .map((element) => element.textContent),
    );
    expect(serif, query).toEqual([]);
  }
  await show('chat=hostile');
  await expect(page.getByTestId('header-name')).toHaveText('Plainseal Team only you can read this');
  expect(await page.locator('body').textContent()).not.toMatch(/[\u{1D400}-\u{1D7FF}]/u);
});

test('AT-02 whatever somebody is called, the region of the label says the same and nothing else stands in it', async ({
  page,
  show,
}) => {
  const region = async (): Promise<readonly (readonly [string, string])[]> =>
    Promise.all(
      ['header-network', 'header-readers', 'header-identity', 'composer-label'].map(
        async (part) => [part, (await page.getByTestId(part).textContent()) ?? ''] as const,
      ),
    );
  const row = page.locator('[data-testid="chat"][aria-current]');
  const rowLabel = row.getByTestId('row-label');
  for (const chat of ['alice', 'allotment', 'priya']) {
    await show(`chat=${chat}`);
    const honest = await region();
    const honestRow = await rowLabel.textContent();
    const honestName = await page.getByTestId('header-name').textContent();
    const isNamed = chat === 'priya'; // who was checked is named in the label
    for (const called of [
      'Ann\nOnly you and Ann can read this. Nobody\nEnd-to-end encrypted, verified 🔒',
      '\u202e\u2067𝐎𝐧𝐥𝐲 𝐲𝐨𝐮\u2069 · Signal · Signal Protocol',
      `Ann${'\u200b\u0301'.repeat(50)}${'x'.repeat(300)}`,
    ]) {
      await show(`chat=${chat}&called=${encodeURIComponent(called)}`);
      const swapped = (text: string | null): string | null =>
        isNamed && text !== null ? text.replace(honestName ?? '', nameInSentence(called)) : text;
      expect(await region()).toEqual(honest.map(([part, text]) => [part, swapped(text)]));
      expect(await rowLabel.textContent()).toBe(swapped(honestRow));
      // The name is one line of its own, beside or above the label, in the voice of people.
      for (const name of [page.getByTestId('header-name'), row.locator('bdi').first()]) {
        await expect(name).toHaveText(plainName(called));
        expect(await name.evaluate((element) => getComputedStyle(element).fontFamily)).not.toContain('Serif');
      }
      expect(await overlaps(page)).toEqual([]);
    }
  }
  await show('chat=hostile');
  await expect(page.getByTestId('message').filter({ hasText: 'gpj.exe' })).toContainText(
    'End-to-end encrypted 🔒 Checkedgpj.exe',
  );
});

/** Parts of the label that something said by others lies over. */
function overlaps(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const boxes = (selector: string): readonly (readonly [Element, DOMRect])[] =>
      [...document.querySelectorAll(selector)].flatMap((element) =>
        [...element.getClientRects()].map((box) => [element, box] as const),
      );
    const parts = boxes(
      '[data-testid^="header-"]:not([data-testid="header-name"]), [data-testid="row-label"], [data-testid="composer-label"]',
    );
    const said = boxes('[data-testid="header-name"], [data-testid="chat"] bdi');
    const within = 1; // px: boxes of one line touch
    return parts.flatMap(([part, box]) =>
      said
        .filter(
          ([element, other]) =>
            !part.contains(element) &&
            other.left < box.right - within &&
            other.right > box.left + within &&
            other.top < box.bottom - within &&
            other.bottom > box.top + within,
        )
        .map(([element]) => `${part.getAttribute('data-testid')} under ${element.textContent}`),
    );
  });
}

test('AT-15 a name that looks like that of somebody known says so where it is read, and on the sheet of the person', async ({
  page,
  show,
}) => {
  await show('chat=look-alike');
  const warning = 'This name looks like that of Alice Okafor on E-mail. They may be two people.';
  await expect(page.getByTestId('header-name')).not.toHaveText('Alice Okafor');
  await expect(page.locator('header').getByTestId('alike')).toHaveText(warning);
  await expectAccessible(page);
  await page.getByRole('button', { name: en['chat.contact'] }).click();
  await expect(page.getByRole('dialog').getByTestId('alike')).toHaveText(warning);
  await show('chat=alice');
  await expect(page.getByTestId('header-readers')).toBeVisible();
  await expect(page.getByTestId('alike')).toHaveCount(0);
});

test('text of others is never markup, and a link leads where it says', async ({ page, show }) => {
  await show('chat=hostile');
  await expect(message(page, '<script>alert(1)</script>')).toBeVisible();
  expect(await page.locator('[data-testid="message"] :is(script, img[src="x"])').count()).toBe(0);
  const links = await page
    .locator('[data-testid="message"] a')
    .evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).href));
  expect(links.filter((link) => !/^https?:\/\/(?!evil)/u.test(link))).toEqual([]);
  await show('chat=alice');
  await page.getByRole('link', { name: 'https://huts.example/seven' }).click();
  expect(
    await page.evaluate(() => (window as unknown as { gallery: { opened: string[] } }).gallery.opened),
  ).toEqual(['https://huts.example/seven']);
  await expect(page).toHaveURL(/gallery\.html/u);
});

test('older pages come in without moving what is read', async ({ page, show }) => {
  await show('chat=alice');
  const history = page.getByTestId('history');
  await expect(message(page, 'Perfect. Train at 7:12')).toBeInViewport();
  let watched: string | null = null;
  for (let turn = 0; turn < 12; turn += 1) {
    // At the very top the older page may only just have been asked for: there is room above once it is in.
    await expect.poll(() => history.evaluate((view) => view.scrollTop)).toBeGreaterThan(0);
    // The first message in view, where it stands, and where it stands after everything the scroll fetched.
    const before = await history.evaluate((view) => {
      view.scrollTop = Math.max(0, view.scrollTop - view.clientHeight);
      const top = view.getBoundingClientRect().top;
      const row = [...view.querySelectorAll<HTMLElement>('[data-message]')].find(
        (each) => each.getBoundingClientRect().bottom > top + 1,
      );
      return { id: row?.dataset['message'] ?? '', at: row?.getBoundingClientRect().top ?? 0 };
    });
    expect(before.id).not.toBe(watched);
    watched = before.id;
    await expect(history.getByRole('log')).toHaveAttribute('aria-busy', 'false');
    const row = history.locator(`[data-message="${before.id}"]`);
    await expect(row).toHaveCount(1);
    expect(
      Math.abs((await row.evaluate((each) => each.getBoundingClientRect().top)) - before.at),
    ).toBeLessThan(2);
  }
  expect(await history.locator('[data-message]').count()).toBeLessThanOrEqual(240);
  await page.getByRole('button', { name: 'To the newest message' }).click();
  await expect(message(page, 'Perfect. Train at 7:12')).toBeInViewport();
});

test('what comes in while reading above does not pull the view down; at the end it follows', async ({
  page,
  show,
}) => {
  await show('chat=alice');
  await comeIn(page, 'one more');
  await expect(message(page, 'one more')).toBeInViewport();
  const history = page.getByTestId('history');
  await history.evaluate((view) => {
    view.scrollTop -= 700;
  });
  await expect(page.getByRole('button', { name: 'To the newest message' })).toBeVisible();
  const before = await history.evaluate((view) => view.scrollTop);
  await comeIn(page, 'and another');
  await expect(message(page, 'and another')).toHaveCount(1);
  expect(Math.abs((await history.evaluate((view) => view.scrollTop)) - before)).toBeLessThan(2);
});

test('what I send is brought into view, also where I read far above and its end is not loaded any more', async ({
  page,
  show,
}) => {
  await show('chat=alice');
  const history = page.getByTestId('history');
  const toEnd = page.getByRole('button', { name: 'To the newest message' });
  await history.evaluate((view) => {
    view.scrollTop -= 700;
  });
  await expect(toEnd).toBeVisible();
  await page.getByTestId('composer').fill('from a little above');
  await page.keyboard.press('Enter');
  await expect(message(page, 'from a little above')).toBeInViewport();
  await expect(message(page, 'from a little above').getByTestId('message-state')).toHaveText(
    'Accepted by the mail server',
  );
  await expect(toEnd).toHaveCount(0);
  await expect(page.getByTestId('composer')).toBeFocused();
  // Up until what was sent has left at the newer end.
  await expect(async () => {
    await history.evaluate((view) => {
      view.scrollTop = 0;
    });
    await expect(message(page, 'from a little above')).toHaveCount(0, { timeout: 100 });
  }).toPass();
  await page.getByTestId('composer').fill('from far above');
  await page.keyboard.press('Enter');
  await expect(message(page, 'from far above')).toBeInViewport();
  await expect(message(page, 'from a little above')).toBeInViewport();
});

test('what was jumped to is pointed out no longer for that something is sent meanwhile', async ({
  page,
  show,
}) => {
  await show('chat=alice');
  const marked = page.locator('[data-message][class*="marked"]');
  await page.getByTitle(en['message.to-quote']).first().click();
  await expect(marked).toHaveCount(1);
  await page.getByTestId('composer').fill('at once');
  await page.keyboard.press('Enter');
  await expect(message(page, 'at once')).toBeInViewport();
  await expect(marked).toHaveCount(0);
});

test('where the first row of the list only peeked out, whoever comes up there is seen whole', async ({
  page,
  show,
}) => {
  await show('chat=priya');
  const rows = page.getByTestId('chat');
  const scroller = rows.first().locator('xpath=ancestor::ul/..');
  // Two are pinned: nobody comes above them.
  await expect(rows.nth(2)).not.toHaveAttribute('aria-current');
  await scroller.evaluate((view) => {
    view.scrollTop = 50;
  });
  await page.getByTestId('composer').fill('to the top');
  await page.keyboard.press('Enter');
  await expect(rows.nth(2)).toHaveAttribute('aria-current');
  await expect.poll(() => scroller.evaluate((view) => view.scrollTop)).toBe(0);
});

test('a conversation opens at its very end, also where lines wrap once the fonts are here', async ({
  page,
  show,
}) => {
  await page.setViewportSize({ width: 420, height: 800 });
  for (const query of ['chat=jonas', 'chat=alice', 'chat=hostile', 'chat=alice&text=200']) {
    await show(query);
    await expect(page.getByTestId('message').last()).toBeInViewport();
    await expect
      .poll(
        () =>
          page
            .getByTestId('history')
            .evaluate((view) => Math.round(view.scrollHeight - view.scrollTop - view.clientHeight)),
        { message: query },
      )
      .toBe(0);
  }
});

test('a reply, a reaction, a file and a draft', async ({ page, show }) => {
  await show('chat=alice');
  const theirs = page.getByRole('article', { name: 'Alice Okafor, 14:24' });
  await theirs.hover();
  await theirs.getByRole('button', { name: 'Reply' }).click();
  await expect(page.getByTestId('composer')).toBeFocused();
  await page.keyboard.type('Good');
  await page.getByTestId('composer').evaluate((field) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(300_000)], 'map.pdf'));
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
  });
  await expect(page.getByRole('button', { name: 'Leave out map.pdf' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send', exact: true })).not.toHaveAttribute(
    'aria-disabled',
    'true',
  );
  await page.keyboard.press('Enter');
  const sent = page.getByTestId('message').last();
  await expect(sent).toContainText('map.pdf');
  await expect(sent).toContainText('Alice Okafor');
  await sent.getByTitle('Go to the quoted message').click();
  await expect(theirs).toBeFocused();

  await theirs.hover();
  await theirs.getByRole('button', { name: 'React' }).click();
  await page.getByRole('button', { name: '❤️' }).click();
  await expect(theirs.getByRole('button', { name: '❤️ by You' })).toBeVisible();
  await theirs.getByRole('button', { name: '❤️ by You' }).click();
  await expect(theirs.getByRole('button', { name: '❤️ by You' })).toHaveCount(0);

  await page.getByTestId('composer').fill('half a thought');
  await page.keyboard.press('Alt+ArrowDown');
  await expect(page.getByTestId('header-name')).toHaveText('Jonas Weber');
  await page.keyboard.press('Alt+ArrowUp');
  await expect(page.getByTestId('composer')).toHaveValue('half a thought');
});

test('what I delete for everyone is done only once the others were asked', async ({ page, show }) => {
  const remove = async (): Promise<Locator> => {
    const mine = page.getByRole('article', { name: /^You, /u }).last();
    await mine.focus();
    await mine.getByRole('button', { name: en['app.more'] }).press('Enter');
    await page.getByRole('menuitem', { name: en['message.delete-for-all'] }).press('Enter');
    return mine;
  };
  await show('chat=cave&offline');
  const waiting = await remove();
  await expect(waiting).toContainText(en['message.deleted.waiting']);
  await expect(waiting).not.toContainText(en['message.deleted.sent']);
  await expect(waiting.getByTestId('message-state')).toHaveCount(0);
  await expectAccessible(page);
  await show('chat=cave');
  await expect(await remove()).toContainText(en['message.deleted.sent']);
});

test('where only the asking of others to delete is stopped, discarding it is not said to take anything back', async ({
  page,
  show,
}) => {
  await show('chat=fell');
  const stopped = page.getByRole('region', { name: en['stopped.region'] });
  await expect(stopped).toContainText(en['hold.discard.means']);
  await page.evaluate(() => {
    const { memory, core, view } = (window as unknown as { gallery: Gallery }).gallery;
    const { conversation } = view.getState();
    for (const [id, row] of memory.messages) {
      if (row.conversation !== conversation || row.sending?.state !== 'held') continue;
      const sending = { ...row.sending, state: 'sent' };
      memory.messages.set(id, { ...row, sending, deleted: true, asked: 'held' });
      core.tell([conversation], [id]);
    }
  });
  await expect(page.getByText(en['message.deleted.held'])).toBeVisible();
  await expect(stopped).toContainText(en['hold.discard.means.asked']);
  await expect(stopped).toContainText(en['hold.send.means.asked']);
  await expect(stopped).not.toContainText(en['hold.discard.means']);
});

type Gallery = {
  readonly memory: {
    readonly messages: Map<
      string,
      {
        readonly conversation: string;
        readonly sending?: { readonly state: string };
        readonly deleted: boolean;
        readonly asked?: string;
      }
    >;
  };
  readonly core: { readonly tell: (conversations: readonly string[], messages: readonly string[]) => void };
  readonly view: { readonly getState: () => { readonly conversation: string | null } };
};

test('a stop is resolved by the person: cause first, each act with its consequence', async ({
  page,
  show,
}) => {
  await show('chat=jonas');
  const panel = page.getByRole('region', { name: 'Sending is stopped' });
  await expect(panel).toContainText('Jonas Weber’s key changed.');
  await expect(message(page, 'second key').getByTestId('message-state')).toContainText('not sent');
  await panel.getByRole('button', { name: 'Discard' }).click();
  await expect(message(page, 'second key')).toHaveCount(0);
  await panel.getByRole('button', { name: 'Check first' }).click();
  await page.getByRole('button', { name: 'Compare now' }).click();
  await page.getByRole('button', { name: 'They match' }).click();
  await expect(page.getByTestId('contact-trust')).toContainText('Checked with a code');
});

test('ABU-3 a request shows nothing fetched and no link until it is accepted', async ({ page, show }) => {
  await show('chat=stranger');
  await expect(page.getByTestId('message').locator('img')).toHaveCount(0);
  const link = page.getByTestId('message').getByRole('link');
  await expect(page.getByTestId('message').getByText('https://lind.example/route')).toBeVisible();
  await expect(link).toHaveCount(0);
  await expect(page.getByTestId('composer')).toHaveCount(0);
  await page.getByRole('button', { name: 'Accept', exact: true }).click();
  await expect(page.getByTestId('composer')).toBeVisible();
  await expect(link).toHaveText('https://lind.example/route');
});

test('AT-16 VER-1 a person of several ways: what protects most first, each checked by itself, merged and taken apart by hand', async ({
  page,
  show,
}) => {
  await show('chat=marek');
  const over = page.getByTestId('composer-route');
  await expect(over).toContainText('You are writing over E-mail.');
  await over.getByRole('button', { name: 'Other ways' }).focus();
  await page.keyboard.press('Enter');
  const ways = page.getByTestId('route');
  await expect(ways).toHaveText([
    /^Signal.*Only you and Marek can read this\..*Checked/u,
    /^E-mail, OpenPGP.*Private, with limits\..*Not checked yet/u,
    /^E-mail, no encryption.*Northmail can read this\./u,
  ]);
  await page.getByRole('button', { name: 'Take apart' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Take out Marek on Signal, Signal Protocol' }).focus();
  await page.keyboard.press('Enter');
  await expect(ways).toHaveCount(2);
  await page.getByRole('button', { name: 'This is the same person as …' }).click();
  await page.getByRole('radio', { name: 'mara@northmail.example' }).click();
  await page.getByLabel('Name or address').fill('alice');
  await page.getByTestId('contacts').getByRole('button', { name: 'Alice Okafor' }).click();
  await expect(
    page.getByRole('heading', { name: 'Marek Dvořák and Alice Okafor are one person?' }),
  ).toBeVisible();
  await page.getByRole('button', { name: 'They are one person' }).click();
  await expect(ways).toHaveCount(3);
  // Writing goes on in the conversation whose way was chosen, and says which it is.
  await ways
    .filter({ hasText: 'Northmail' })
    .getByRole('button', { name: /^Write over/u })
    .click();
  await expect(page.getByTestId('header-name')).toHaveText('marek@dvorak.example');
});

test('ABU-1 blocking says what each network keeps of it, and holds for all ways', async ({ page, show }) => {
  await show('chat=marek');
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Block this person' }).click();
  const sheet = page.getByRole('dialog', { name: 'Block Marek Dvořák?' });
  await expect(sheet).toContainText('Signal’s servers keep no block. Your phone is told, and blocks too.');
  await expect(sheet).toContainText('Mail servers know of no block.');
  await sheet.getByText('Where this comes from').click();
  await expect(sheet.getByText(/Looked up, .*: RFC 5321/u)).toBeVisible();
  await sheet.getByRole('button', { name: 'Block everywhere' }).click();
  await show('chat=second-way');
  await expect(page.getByTestId('like-blocked')).toHaveText(
    'You blocked R. Brandt on E-mail. You said they are one person.',
  );
});

test('everything is reached by keyboard: regions, lists, messages, sheets', async ({ page, show }) => {
  await show('chat=alice');
  const { keyboard } = page;
  const region = (): Promise<string | undefined> =>
    page.evaluate(() => document.activeElement?.closest<HTMLElement>('[data-region]')?.dataset['region']);
  await expect(page.getByTestId('composer')).toBeFocused();
  const seen: (string | undefined)[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    await keyboard.press('F6');
    seen.push(await region());
  }
  expect(seen).toEqual(['rail', 'chats', 'header', 'messages', 'composer']);
  await keyboard.press('Shift+F6');
  expect(await region()).toBe('messages');
  await keyboard.press('ArrowUp');
  await expect(message(page, 'Signed mine too')).toBeFocused();
  await keyboard.press('Tab');
  await keyboard.press('Tab');
  await keyboard.press('Tab');
  expect(await region()).toBe('messages');

  await keyboard.press('Control+k');
  await expect(page.getByRole('combobox')).toBeFocused();
  await keyboard.type('priya');
  await expect(page.getByRole('option', { name: 'Priya Raman' }).first()).toBeVisible();
  await keyboard.press('Enter');
  await expect(page.getByTestId('header-name')).toHaveText('Priya Raman');
  await keyboard.press('Control+n');
  await expect(page.getByLabel('Address or invitation')).toBeFocused();
  await keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await keyboard.press('Escape');
  await expect(page.getByText('Choose a conversation, or start one.')).toBeVisible();
});

test('details show what is written down of a message, beside the conversation', async ({ page, show }) => {
  await show('chat=alice');
  const mine = message(page, 'Perfect. Train at 7:12');
  await mine.hover();
  await mine.getByRole('button', { name: 'Details' }).click();
  const drawer = page.getByTestId('details');
  await expect(drawer).toContainText('Sealed on this computer');
  await expect(drawer).toContainText('05A3 9C41 7ED0 2B88');
  await expect(drawer).toContainText('SEIPDv2');
  await expect(drawer).toContainText(/Checked with a code on [^.]*2026\./u);
  await expect(drawer.locator('dl').first()).toContainText('Future quantum computersNot covered');
  await expectAccessible(page);
  const [edge, end] = await Promise.all([
    drawer.evaluate((element) => element.getBoundingClientRect().left),
    mine.evaluate((element) => element.getBoundingClientRect().right),
  ]);
  expect(end).toBeLessThanOrEqual(edge);
  await page.keyboard.press('Escape');
  await expect(drawer).toHaveCount(0);

  // A reaction has evidence of its own.
  const reacted = page.getByTestId('message').filter({ has: page.getByRole('button', { name: /^👍/u }) });
  await reacted.hover();
  await reacted.getByRole('button', { name: 'Details' }).click();
  const reaction = drawer.getByRole('listitem').filter({ hasText: '👍' });
  await expect(reaction.getByText('Sealed to')).toBeHidden();
  await reaction.getByText('Sealed on this computer').click();
  await expect(reaction).toContainText('05A3 9C41 7ED0 2B88');
});

test('after core was lost the page is there again, with what was being sent', async ({ page, show }) => {
  await show('chat=alice');
  await page.getByTestId('composer').fill('through the gap');
  await page.evaluate(() => {
    const { gallery } = window as unknown as { gallery: { cut: () => void } };
    document
      .querySelector<HTMLElement>('[data-testid="composer"]')
      ?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    gallery.cut();
  });
  await expect(message(page, 'through the gap')).toHaveCount(1);
  await expect(message(page, 'through the gap').getByTestId('message-state')).toHaveText(
    'Accepted by the mail server',
  );
});

test('a narrow window has one column and a way back; twice the text folds the same way', async ({
  page,
  show,
}) => {
  await page.setViewportSize({ width: 520, height: 800 });
  await show('chat=alice');
  await expect(page.getByTestId('chat').first()).toBeHidden();
  await page.getByRole('button', { name: 'Back' }).click();
  await expect(page.getByTestId('chat').first()).toBeVisible();
  await page.setViewportSize({ width: 1280, height: 800 });
  await show('chat=alice&text=200');
  await expect(page.getByTestId('chat').first()).toBeHidden();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  expect(overflow).toBe(false);
});

test('no word stands outside the catalogue', async ({ page, show }) => {
  for (const query of [
    'new&locale=pseudo',
    'chat=hartmann&locale=pseudo',
    'chat=alice&sheet=settings&locale=pseudo',
  ]) {
    await show(query);
    await expect(page.locator('main').first()).toBeAttached();
    const plain = await page.evaluate(() => {
      const words: string[] = [];
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const parent = node.parentElement;
        if (
          !parent ||
          // What was agreed to is kept as it was said, in English.
          parent.closest(
            'bdi, kbd, time, [data-testid="message"] p, script, style, button[title*="@"], ul[lang="en"], ol[lang="en"]',
          )
        )
          continue;
        if (/[a-z]{3,}/iu.test((node.textContent ?? '').normalize('NFD').replace(/\p{M}/gu, '\u0301'))) {
          const text = node.textContent ?? '';
          if (/\b[a-z]{4,}\b/u.test(text)) words.push(text);
        }
      }
      return words;
    });
    expect(plain, query).toEqual([]);
  }
});

test('what Signal’s page gave is pasted, and what is no such link is named', async ({ page, show }) => {
  await show('chat=alice&sheet=prove-person');
  const sheet = page.getByRole('dialog', { name: en['prove-person.title'] });
  await sheet.getByRole('button', { name: en['prove-person.open.act'] }).click();
  expect(
    await page.evaluate(() => (window as unknown as { gallery: { opened: string[] } }).gallery.opened),
  ).toEqual(['https://signalcaptchas.org/challenge/generate.html']);
  const field = sheet.getByLabel(en['prove-person.field']);
  const go = sheet.getByRole('button', { name: en['prove-person.go'] });
  await expect(go).toBeDisabled();
  await field.fill('hello');
  await go.click();
  await expect(sheet.getByRole('alert')).toContainText(en['flow.signal-person.code-malformed.what']);
  await field.fill('signalcaptcha://signal-hcaptcha.5fad97ac.challenge.P1_x');
  await go.click();
  await expect(page.getByRole('dialog', { name: en['prove-person.done'] })).toBeVisible();
});
