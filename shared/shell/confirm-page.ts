import type { ConfirmQuestion } from './host.ts';

/** What the confirmation window shows, in words. */
export type ConfirmText = {
  readonly title: string;
  readonly means: string;
  readonly rows: readonly { readonly name: string; readonly value: string }[];
  readonly yes: string;
  readonly no: string;
  readonly secretName: string | null;
};

export const CONFIRM_STYLE_PATH = '/confirm.css';
export const CONFIRM_ANSWER_PATH = '/answer';

const escapes: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '');

/** The field a secret is typed into: an armored key has lines, a passphrase has none. */
function secretField(kind: NonNullable<ConfirmQuestion['secret']>, name: string): string {
  const label = `<label for="secret">${escape(name)}</label>`;
  return kind === 'key-text'
    ? `${label}<textarea id="secret" name="secret" required rows="8" spellcheck="false" autocomplete="off"></textarea>`
    : `${label}<input id="secret" name="secret" type="password" required autocomplete="off" minlength="8">`;
}

/**
 * The shell's own question as a page without a script: two buttons, nothing focused, so that a key typed elsewhere
 * answers nothing. `token` comes back with the answer; every value is escaped.
 */
export function confirmPage(question: ConfirmQuestion, text: ConfirmText, token: string): string {
  const rows = text.rows
    .map(({ name, value }) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`)
    .join('');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>${escape(text.title)}</title>
<link rel="stylesheet" href="${CONFIRM_STYLE_PATH}">
<main>
<h1>${escape(text.title)}</h1>
<p>${escape(text.means)}</p>
<dl>${rows}</dl>
<form method="post" action="${CONFIRM_ANSWER_PATH}">
<input type="hidden" name="token" value="${escape(token)}">
${question.secret && text.secretName !== null ? secretField(question.secret, text.secretName) : ''}
<div class="buttons">
<button name="ok" value="no" formnovalidate>${escape(text.no)}</button>
<button name="ok" value="yes">${escape(text.yes)}</button>
</div>
</form>
</main>
</html>
`;
}

/** Shown once it is answered. */
export const confirmDone = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Plainseal</title>
<link rel="stylesheet" href="${CONFIRM_STYLE_PATH}">
<main><p>You can close this window.</p></main>
</html>
`;

/** The look of the window: paper and ink, without the page's fonts, which it does not load. */
export const confirmStyle = `
:root { color-scheme: light dark; --paper: light-dark(#fbf9f4, #1b1a17); --ink: light-dark(#22201b, #ece8de); --line: light-dark(#d8d2c3, #4a463c); }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 0 auto; padding: 1.5rem; }
h1 { font: 600 1.375rem/1.3 Georgia, serif; margin: 0 0 .5rem; overflow-wrap: anywhere; }
p { font-family: Georgia, serif; margin: 0 0 1rem; }
dt { font-size: .875rem; }
dd { margin: 0 0 .75rem; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
label { display: block; font-size: .875rem; margin-bottom: .25rem; }
input, textarea { box-sizing: border-box; width: 100%; font: inherit; padding: .5rem; border: 1px solid var(--line); background: transparent; color: inherit; margin-bottom: 1rem; }
.buttons { display: flex; gap: .75rem; justify-content: flex-end; }
button { font: inherit; min-height: 2.75rem; padding: 0 1rem; border: 1px solid var(--ink); background: transparent; color: inherit; border-radius: .375rem; }
button:focus-visible, input:focus-visible, textarea:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
`;
