import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from '@playwright/test';
import { findChromium } from '../../browser/chromium.ts';
import type { Plainseal } from '../../e2e/fixtures/plainseal.ts';
import { watch } from '../../e2e/fixtures/app.ts';
import { chatRow, messageWith, readHeader } from '../../e2e/fixtures/steps.ts';
import { en } from '../../shared/words/en.ts';
import { answerTo } from './answer.ts';
import type { Expected, Row } from './table.ts';

/** How long a row, the mail server and a contact may take, in ms. */
const SENT_MS = 5_000;
const ACCEPTED_MS = 15_000;
const ANSWERED_MS = 20_000;
/** How long it is watched that nothing comes from where nothing may come, in ms. */
const SILENCE_MS = 3_000;

/** Opens the page in a headless browser, writes to everybody, reads what the page says; `broken`: what it did that it must not. */
export async function readEverybody(
  plainseal: Plainseal,
  contacts: readonly Expected[],
  options: { readonly screenshots: string | null; readonly wrote: (contact: string, text: string) => void },
): Promise<{ readonly rows: readonly Row[]; readonly broken: readonly string[] }> {
  const executablePath = findChromium();
  const browser = await chromium.launch({
    ...(executablePath === null ? {} : { executablePath }),
    // Chromium does not start as root with its sandbox.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  try {
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } });
    const broken = watch(context);
    const page = await context.newPage();
    await page.goto(await plainseal.enter());
    const rows: Row[] = [];
    for (const contact of contacts) {
      rows.push(await talkTo(page, contact, { browser, plainseal, wrote: options.wrote }));
      if (options.screenshots !== null) {
        await mkdir(options.screenshots, { recursive: true });
        await page.screenshot({ path: join(options.screenshots, `${contact.contact.split('@')[0]}.png`) });
      }
    }
    return { rows, broken };
  } finally {
    await browser.close();
  }
}

type Talk = {
  readonly browser: Browser;
  readonly plainseal: Plainseal;
  readonly wrote: (contact: string, text: string) => void;
};

async function talkTo(page: Page, contact: Expected, talk: Talk): Promise<Row> {
  await chatRow(page, contact.listed).click();
  await page.getByTestId('header-name').waitFor();
  const times = await write(page, contact, talk);
  const header = await readHeader(page);
  const cut = header.network.lastIndexOf(' · ');
  return {
    contact: header.name,
    network: header.network.slice(0, cut),
    protocol: header.network.slice(cut + 3),
    readers: header.stopped ?? header.readers,
    identity: header.identity,
    ...times,
  };
}

/** Writes one text and notes when what was seen. */
async function write(
  page: Page,
  contact: Expected,
  talk: Talk,
): Promise<Pick<Row, 'sent' | 'accepted' | 'answered'>> {
  const text = `Hello ${contact.contact.split('@')[0]}, it is ${new Date().toISOString()}`;
  const composer = page.getByTestId('composer');
  // A stopped conversation has no field to write in: that nothing can go out is what is looked for.
  if ((await composer.count()) === 0) return { sent: null, accepted: null, answered: null };

  await composer.fill(text);
  const openly = page.getByRole('button', { name: en['composer.send-openly'], exact: true });
  const asks = (await openly.count()) > 0;
  const startedAt = performance.now();
  if (asks) {
    await openly.click();
    await sayYes(talk);
  } else await page.getByRole('button', { name: en['composer.send'], exact: true }).click();
  talk.wrote(contact.contact, text);

  const row = messageWith(page, text).filter({ hasNotText: answerTo(text) });
  const since = async (wait: Promise<unknown>): Promise<number | null> =>
    wait.then(
      () => performance.now() - startedAt,
      () => null,
    );
  const state = (words: RegExp) => row.getByTestId('message-state').filter({ hasText: words });
  const sent = await since(row.waitFor({ timeout: SENT_MS }));
  const [accepted, answered] = await Promise.all([
    since(state(/^(Accepted|Delivered|Read)/).waitFor({ state: 'attached', timeout: ACCEPTED_MS })),
    since(
      messageWith(page, answerTo(text)).waitFor({ timeout: contact.answered ? ANSWERED_MS : SILENCE_MS }),
    ),
  ]);
  const held = (await state(/not sent/i).count()) > 0;
  return { sent: held ? null : sent, accepted, answered };
}

/** Answers the shell's own question, in a window of its own as a person would. */
async function sayYes({ browser, plainseal }: Talk): Promise<void> {
  const context = await browser.newContext();
  const window = await context.newPage();
  await window.goto(await plainseal.question());
  await window.getByRole('button', { name: en['confirm.send-without-encryption.yes'] }).click();
  await window.getByText('You can close this window.').waitFor();
  await context.close();
}
