import type { ConfirmAnswer, ConfirmQuestion, ConfirmTrouble } from './host.ts';

/** Fewest characters of a passphrase that Plainseal accepts for something new. */
export const MIN_PASSPHRASE = 8;
/** Most characters of a key as text; more is no key of one person. With its escapes it fits a form of a shell. */
export const MAX_KEY_TEXT = 160 * 1024;

/** Most characters of a recovery phrase as it is typed, with the numbers and line breaks of a list. */
export const MAX_PHRASE_TEXT = 1_000;

/** What was posted: an answer for core, or a reason to show the same question again. */
export type ReadAnswer =
  | { readonly kind: 'answer'; readonly answer: ConfirmAnswer }
  | { readonly kind: 'again'; readonly trouble: ConfirmTrouble };

/**
 * Reads the form of the confirmation window (confirm-page.ts). Anything but the person's yes is a no. A new passphrase was
 * typed twice: a slip in it would lock its owner out.
 */
export function readConfirmAnswer(form: URLSearchParams, question: ConfirmQuestion): ReadAnswer {
  if (form.get('ok') === 'way' && question.way)
    return { kind: 'answer', answer: { ok: false, secret: null, way: true } };
  if (form.get('ok') !== 'yes') return { kind: 'answer', answer: { ok: false, secret: null } };
  if (!question.secret) return { kind: 'answer', answer: { ok: true, secret: null } };
  const secret = form.get('secret') ?? '';
  if (question.secret === 'new-passphrase') {
    if (Array.from(secret).length < MIN_PASSPHRASE) return { kind: 'again', trouble: 'too-short' };
    if (secret !== form.get('repeat')) return { kind: 'again', trouble: 'differ' };
  }
  return { kind: 'answer', answer: { ok: true, secret } };
}
