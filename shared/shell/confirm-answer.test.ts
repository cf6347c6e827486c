import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confirmPage } from './confirm-page.ts';
import { confirmText } from './confirm-words.ts';
import { readConfirmAnswer } from './confirm-answer.ts';
import { confirmKinds, confirmTroubles, secretKinds, type ConfirmQuestion } from './host.ts';

const form = (fields: Record<string, string>): URLSearchParams => new URLSearchParams(fields);
const asking = (secret?: ConfirmQuestion['secret']): ConfirmQuestion => ({
  kind: 'set-passphrase',
  facts: {},
  ...(secret ? { secret } : {}),
});
const no = { kind: 'answer', answer: { ok: false, secret: null } };

describe('the answer of the window', () => {
  it('is no unless the person said yes', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.constantFrom(undefined, ...secretKinds),
        (ok, secret, kind) => {
          fc.pre(ok !== 'yes');
          expect(readConfirmAnswer(form({ ok, secret, repeat: secret }), asking(kind))).toEqual(no);
        },
      ),
    );
    expect(readConfirmAnswer(form({}), asking('passphrase'))).toEqual(no);
  });

  it('carries what was asked for and nothing else', () => {
    const typed = { ok: 'yes', secret: 'x', repeat: 'y' };
    expect(readConfirmAnswer(form(typed), asking())).toMatchObject({ answer: { ok: true, secret: null } });
    for (const kind of ['passphrase', 'key-text'] as const)
      expect(readConfirmAnswer(form(typed), asking(kind))).toMatchObject({
        answer: { ok: true, secret: 'x' },
      });
  });

  it('is the other way only where one was offered', () => {
    const way = form({ ok: 'way', secret: 'x' });
    expect(readConfirmAnswer(way, asking('passphrase'))).toEqual(no);
    expect(readConfirmAnswer(way, { ...asking('passphrase'), way: 'by-phrase' })).toEqual({
      kind: 'answer',
      answer: { ok: false, secret: null, way: true },
    });
  });

  it.each([
    ['seven77', 'seven77', 'too-short'],
    ['🔒🔒🔒🔒🔒🔒🔒', '🔒🔒🔒🔒🔒🔒🔒', 'too-short'],
    ['long enough', 'long enougj', 'differ'],
    ['long enough', '', 'differ'],
  ])('asks again for a new passphrase: %s, %s', (secret, repeat, trouble) => {
    expect(readConfirmAnswer(form({ ok: 'yes', secret, repeat }), asking('new-passphrase'))).toEqual({
      kind: 'again',
      trouble,
    });
  });

  it('takes a new passphrase that was typed twice as it is', () => {
    const secret = ' eight 🔒 ';
    expect(readConfirmAnswer(form({ ok: 'yes', secret, repeat: secret }), asking('new-passphrase'))).toEqual({
      kind: 'answer',
      answer: { ok: true, secret },
    });
  });
});

describe('the page of the window', () => {
  it.each(confirmTroubles)('says in words why it asks again: %s', (trouble) => {
    const question: ConfirmQuestion = { ...asking('passphrase'), trouble };
    const text = confirmText(question);
    expect(text.trouble).toMatch(/^[A-Z].+\.$/u);
    expect(confirmPage(question, text, 't')).toContain('role="alert"');
  });

  it('asks twice for what is new, once for what is known, and bounds neither key nor old passphrase from below', () => {
    const fields = (secret: NonNullable<ConfirmQuestion['secret']>): readonly string[] =>
      confirmPage(asking(secret), confirmText(asking(secret)), 't').match(/<(?:input|textarea) [^>]+>/gu) ??
      [];
    expect(fields('new-passphrase').filter((field) => field.includes('type="password"'))).toHaveLength(2);
    expect(fields('passphrase').filter((field) => field.includes('type="password"'))).toHaveLength(1);
    expect(fields('passphrase').join('')).not.toContain('minlength');
    expect(fields('key-text').join('')).toMatch(/<textarea [^>]*maxlength/u);
  });

  it('lists the words of a phrase one by one, and offers another way as a button of its own', () => {
    const shown: ConfirmQuestion = { kind: 'phrase-shown', facts: { phrase: 'abandon ability <able>' } };
    expect(confirmPage(shown, confirmText(shown), 't')).toContain(
      '<ol><li>abandon</li><li>ability</li><li>&lt;able&gt;</li></ol>',
    );
    const typed: ConfirmQuestion = { kind: 'type-phrase', facts: {}, secret: 'phrase', way: 'show-again' };
    const page = confirmPage(typed, confirmText(typed), 't');
    expect(page).toContain('value="way" formnovalidate>Show the words again<');
    expect(page).not.toContain('<ol>');
    // Enter presses the first button.
    expect(page.indexOf('value="yes"')).toBeLessThan(page.indexOf('value="way"'));
    expect(page).toMatch(/<textarea [^>]*autocomplete="off" autocapitalize="none"/u);
  });

  it('names an account by its address where nothing has a name', () => {
    expect(confirmText({ kind: 'remove-account', facts: { address: 'me@example.org' } }).title).toBe(
      'Remove “me@example.org” from this computer?',
    );
  });

  it('has a title, a meaning and two buttons for every kind, and no placeholder left', () => {
    for (const kind of confirmKinds) {
      const { title, means, yes, no: cancel } = confirmText({ kind, facts: { name: 'Ann' } });
      for (const text of [title, means, yes, cancel]) expect(text, kind).toMatch(/^[^{}]{2,}$/u);
    }
  });
});

describe('what is compared or written down', () => {
  const rows = (facts: Readonly<Record<string, string>>) => confirmText({ kind: 'key-revealed', facts }).rows;
  it.each([
    ['a Nostr key', 'key', `nsec1${'q'.repeat(58)}`],
    ['a Nostr public key', 'fingerprint', `npub1${'q'.repeat(58)}`],
    ['a safety number', 'fingerprint', Array.from({ length: 12 }, () => '01234').join(' ')],
  ])('is shown whole: %s', (_, fact, value) => {
    expect(rows({ [fact]: value })).toMatchObject([{ value }]);
  });
  it('is cut and made plain like any other text when it is none', () => {
    expect(rows({ fingerprint: `\u202e${'x'.repeat(300)}` })[0]?.value).toHaveLength(60);
    expect(rows({ key: '<b>\u0000</b>' })[0]?.value).toBe('<b></b>');
  });
  it('leaves a way to do it later', () => {
    expect(confirmText({ kind: 'key-revealed', facts: {} }).no).toBe('Later');
    expect(confirmText({ kind: 'reveal-key', facts: {} }).no).toBe('Do not');
  });
});
