import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect, type Locator, type Page } from '@playwright/test';
import { findChromium } from '../browser/chromium.ts';
import { codes } from '../shared/test/codes.ts';
import { en } from '../shared/words/en.ts';
import { expectAccessible } from './fixtures/accessible.ts';
import { filmOf, pictureOf } from './fixtures/code-picture.ts';
import { test } from './gallery/fixture.ts';

// What there is to compare comes from a core in memory; the lanes' own comparisons are tested beside them.

const OTTO = String(codes['nostr-key'][0]);
const STRANGER = 'npub1stv045ymgxcrz0mft7zk3kp59yx9yumzx7ydcfexj6ejvvz734ssjvzwg4';

async function begin(page: Page): Promise<Locator> {
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('button', { name: /^Compare (?:now|again)$/u }).click();
  await sheet.getByRole('radio', { name: en['check.way.code'] }).click();
  return sheet;
}

for (const [query, of] of [
  ['chat=priya&linked', ['both']],
  ['chat=alice', ['theirs', 'own']],
  ['chat=otto', ['theirs', 'own']],
] as const)
  test(`${query} is compared by eye, aloud and by code on one sheet, by keyboard`, async ({ page, show }) => {
    await show(`${query}&sheet=contact`);
    const sheet = page.getByRole('dialog');
    await sheet.getByRole('button', { name: en['check.start'] }).focus();
    await page.keyboard.press('Enter');
    await sheet.getByRole('radio', { name: en['check.way.number'] }).focus();
    for (const each of of)
      await expect(sheet.getByTestId(`compare-${each}`).getByTestId('key')).toBeVisible();
    await page.keyboard.press('ArrowRight');
    for (const each of of)
      await expect(sheet.getByTestId(`compare-${each}`).getByRole('listitem').first()).toBeVisible();
    await expectAccessible(page, 'words to read aloud');
    await page.keyboard.press('ArrowRight');
    await expect(sheet.getByRole('img', { name: en['check.code.qr'] })).toBeVisible();
    await expect(sheet.getByRole('button', { name: en['check.match'] })).toHaveCount(0);
    await expectAccessible(page, 'codes to show and to scan');
    await page.keyboard.press('ArrowRight');
    await sheet.getByRole('button', { name: en['check.differ'] }).focus();
    await page.keyboard.press('Enter');
    await expect(sheet.getByRole('alert')).toContainText(en['flow.numbers-differ.what']);
  });

test('AT-13 a code of another kind is named, whichever way it comes; one that differs is told loudly', async ({
  page,
  show,
}) => {
  await show('chat=otto&sheet=contact');
  const sheet = await begin(page);
  const paste = sheet.getByLabel(en['scan.paste']);
  const alert = sheet.getByRole('alert');
  await paste.fill('sgnl://linkdevice?uuid=1');
  await page.keyboard.press('Enter');
  await expect(alert).toContainText(en['link-code.what']);
  await sheet.getByTestId('scan-file').setInputFiles(pictureOf(String(codes['openpgp-invite'][0])));
  await expect(alert).toContainText('This is an e-mail invitation.');
  await expect(alert).toContainText('This place takes a Nostr key or a Nostr invitation.');
  await sheet.getByTestId('scan-file').setInputFiles(pictureOf(codes['signal-number'][0] ?? ''));
  await expect(alert).toContainText('This is a Signal number to compare.');
  await sheet
    .getByTestId('scan-file')
    .setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('x') });
  await expect(alert).toContainText(en['scan.nothing.what']);
  await paste.fill(String(codes['nostr-secret'][0]));
  await page.keyboard.press('Enter');
  await expect(alert).toContainText(en['secret-code.what']);
  await expect(paste).toHaveValue('');

  await paste.fill(STRANGER);
  await page.keyboard.press('Enter');
  await expect(alert).toContainText(en['flow.code-differs.what']);
  await expect(sheet.getByTestId('contact-trust')).toHaveText('Not checked yet.');
});

test('their code is taken from a picture that is pasted', async ({ page, show }) => {
  await show('chat=otto&sheet=contact');
  const sheet = await begin(page);
  const { name, mimeType, buffer } = pictureOf(OTTO);
  await sheet.getByLabel(en['scan.paste']).evaluate(
    (field, { bytes, ...file }) => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([Uint8Array.from(bytes)], file.name, { type: file.mimeType }));
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    },
    { name, mimeType, bytes: [...buffer] },
  );
  await expect(sheet.getByText(en['check.done'])).toBeVisible();
  await expect(sheet.getByTestId('contact-trust')).toHaveText(/^Checked with a code on /u);
});

test('their code is read by the camera, which is off before and after', async ({ site }) => {
  const folder = await mkdtemp(join(tmpdir(), 'plainseal-camera-'));
  const film = join(folder, 'code.y4m');
  await writeFile(film, filmOf(OTTO));
  const executablePath = findChromium();
  const browser = await chromium.launch({
    ...(executablePath === null ? {} : { executablePath }),
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${film}`,
    ],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`${site}?chat=otto&sheet=contact`);
    const sheet = await begin(page);
    // Nobody has allowed it yet: that is said, with the way round it.
    await sheet.getByRole('button', { name: en['scan.camera'] }).click();
    await expect(sheet.getByRole('alert')).toHaveText(en['scan.camera.refused']);
    await page.context().grantPermissions(['camera']);
    await sheet.getByRole('button', { name: en['scan.camera.stop'] }).click();
    await sheet.getByRole('button', { name: en['scan.camera'] }).click();
    await expect(sheet.getByText(en['check.done'])).toBeVisible();
    await expect(sheet.locator('video')).toHaveCount(0);
  } finally {
    await browser.close();
    await rm(folder, { recursive: true });
  }
});

test('a new chat is begun with a code from a picture; one of another kind is named', async ({
  page,
  show,
}) => {
  await show('sheet=new-chat');
  const sheet = page.getByRole('dialog');
  const field = sheet.getByLabel(en['new.field'], { exact: true });
  await sheet.getByTestId('scan-file').setInputFiles(pictureOf(String(codes['openpgp-group'][0])));
  await expect(sheet.getByRole('alert')).toContainText('This is an invitation to an e-mail group.');
  await expect(field).toHaveValue('');
  // Another account of mine can.
  await sheet.getByTestId('scan-file').setInputFiles(pictureOf(OTTO));
  await expect(sheet.getByLabel(en['new.field.nostr'], { exact: true })).toHaveValue(OTTO);
  const invitation = String(codes['openpgp-invite'][0]);
  await sheet.getByTestId('scan-file').setInputFiles(pictureOf(invitation));
  await expect(field).toHaveValue(invitation);
  await expect(sheet.getByRole('button', { name: en['new.go'] })).toBeEnabled();
  await expectAccessible(page, 'a new chat by code');
});

test('an invitation for another account of mine is taken by that where it was pasted, and kept where it was typed', async ({
  page,
  show,
}) => {
  await show('sheet=new-chat');
  const { keyboard } = page;
  const sheet = page.getByRole('dialog');
  const from = sheet.getByRole('radiogroup', { name: en['new.from'] });
  const mail = from.getByRole('radio', { name: 'mara@northmail.example' });
  const nostr = from.getByRole('radio', { name: /npub1/u });
  const ofMail = sheet.getByLabel(en['new.field'], { exact: true });
  const ofNostr = sheet.getByLabel(en['new.field.nostr'], { exact: true });
  const go = sheet.getByRole('button', { name: en['new.go'] });
  // Typed it may become anything: it stays, and what to do is said.
  await ofMail.fill(OTTO);
  await expect(mail).toBeChecked();
  await expect(sheet.getByRole('alert')).toContainText(
    /This is a Nostr key\..*To use it, choose “Mara, npub1.*” above\./u,
  );
  await expect(go).toBeDisabled();
  await expectAccessible(page, 'a code of another account');
  await nostr.press('Space');
  await expect(ofNostr).toHaveValue(OTTO);
  await expect(go).toBeEnabled();
  // Pasted it is whole.
  await mail.press('Space');
  await ofMail.press('ControlOrMeta+A');
  await keyboard.press('ControlOrMeta+X');
  await expect(ofMail).toHaveValue('');
  await keyboard.press('ControlOrMeta+V');
  await expect(nostr).toBeChecked();
  await expect(ofNostr).toHaveValue(OTTO);
  await expect(ofNostr).toBeFocused();
  await expect(sheet).toContainText(/This is a Nostr key\. You now write from “Mara, npub1/u);
  await expect(sheet.getByRole('alert')).toHaveCount(0);
  await expectAccessible(page, 'a code that moved');
  // Where no account of mine takes it, it says which would.
  await page.keyboard.press('Escape');
  await page.evaluate(() => {
    const { memory, core } = (window as unknown as { gallery: Gallery }).gallery;
    memory.accounts = memory.accounts.filter(({ network }) => network === 'email');
    core.tell([], [], { accounts: true });
  });
  await expect(page.getByText('npub1')).toHaveCount(0);
  await page.keyboard.press('ControlOrMeta+N');
  await ofMail.fill(OTTO);
  await expect(sheet.getByRole('alert')).toContainText('To use it, add an account on Nostr first.');
  await expect(ofMail).toHaveValue(OTTO);
});

type Gallery = {
  readonly memory: { accounts: readonly { readonly network: string }[] };
  readonly core: {
    readonly tell: (chats: readonly string[], messages: readonly string[], also: object) => void;
  };
};

test('a link from outside fills in a new chat once no panel is open, and begins nothing', async ({
  page,
  show,
}) => {
  await show('chat=alice&sheet=settings');
  const hand = (code: string) =>
    page.evaluate(
      (link) => (window as unknown as { gallery: { hand(link: string): void } }).gallery.hand(link),
      code,
    );
  await hand(`nostr:${OTTO}`);
  await expect(page.getByRole('dialog', { name: en['settings.title'] })).toBeVisible();
  await page.keyboard.press('Escape');
  const sheet = page.getByRole('dialog', { name: en['new.title'] });
  // From the account that can: the first one is of e-mail.
  await expect(sheet.getByLabel(en['new.field.nostr'], { exact: true })).toHaveValue(`nostr:${OTTO}`);
  await expect(sheet).toContainText(en['link.outside']);
  await expect(sheet.getByRole('button', { name: en['new.go'] })).toBeEnabled();
  await expect(sheet.getByRole('status')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await hand('nostr:note1qqqqqqqq');
  await expect(sheet.getByRole('alert')).toContainText('This is another code of Nostr.');
  await expect(sheet.getByRole('button', { name: en['new.go'] })).toBeDisabled();
});
