import { MAX_KEY_TEXT, MAX_PHRASE_TEXT, MIN_PASSPHRASE } from './confirm-answer.ts';
import type { ConfirmQuestion } from './host.ts';

/** What the confirmation window shows, in words. */
export type ConfirmText = {
  readonly title: string;
  readonly means: string;
  readonly rows: readonly { readonly name: string; readonly value: string }[];
  /** Words to be written down one by one. */
  readonly words: readonly string[];
  readonly yes: string;
  readonly no: string;
  /** Another way on, or null. */
  readonly way: string | null;
  readonly secretName: string | null;
  /** Of a field that is typed twice. */
  readonly repeatName: string;
  /** Why it is asked again, or null. */
  readonly trouble: string | null;
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

const password = (id: string, name: string, more: string): string =>
  `<label for="${id}">${escape(name)}</label><input id="${id}" name="${id}" type="password" required autocomplete="off"${more}>`;

/** The field a secret is typed into: a key as text has lines, a passphrase has none, a new one is typed twice. */
function secretField({ kind, secret }: ConfirmQuestion, text: ConfirmText): string {
  if (secret === undefined) return '';
  const name = text.secretName ?? '';
  switch (secret) {
    case 'key-text':
      return `<label for="secret">${escape(name)}</label><textarea id="secret" name="secret" required rows="8" maxlength="${MAX_KEY_TEXT}" spellcheck="false" autocomplete="off"></textarea>`;
    case 'phrase':
      return `<label for="secret">${escape(name)}</label><textarea id="secret" name="secret" required rows="5" maxlength="${MAX_PHRASE_TEXT}" spellcheck="false" autocomplete="off" autocapitalize="none"${kind === 'recover-profile' ? ' autofocus' : ''}></textarea>`;
    case 'new-passphrase': {
      const least = ` minlength="${MIN_PASSPHRASE}"`;
      return password('secret', name, least) + password('repeat', text.repeatName, least);
    }
    case 'passphrase':
      // At the start there is no other window whose keys could stray here.
      return password('secret', name, kind === 'open-profile' ? ' autofocus' : '');
  }
}

/**
 * The shell's own question as a page without a script: two buttons, nothing focused, so that a key typed elsewhere
 * answers nothing. The first button is what Enter in a field presses: where something was typed that is the yes, else the no.
 * `token` comes back with the answer; every value is escaped.
 */
export function confirmPage(question: ConfirmQuestion, text: ConfirmText, token: string): string {
  const rows = text.rows
    .map(({ name, value }) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`)
    .join('');
  const no = `<button name="ok" value="no" formnovalidate>${escape(text.no)}</button>`;
  const yes = `<button name="ok" value="yes">${escape(text.yes)}</button>`;
  const way =
    text.way === null
      ? ''
      : `<button class="way" name="ok" value="way" formnovalidate>${escape(text.way)}</button>`;
  const words = text.words.map((word) => `<li>${escape(word)}</li>`).join('');
  const trouble = text.trouble === null ? '' : `<p class="trouble" role="alert">${escape(text.trouble)}</p>`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>${escape(text.title)}</title>
<link rel="stylesheet" href="${CONFIRM_STYLE_PATH}">
<main>
<h1>${escape(text.title)}</h1>
<p>${escape(text.means)}</p>
${trouble}
<dl>${rows}</dl>
${words === '' ? '' : `<ol>${words}</ol>`}
<form method="post" action="${CONFIRM_ANSWER_PATH}">
<input type="hidden" name="token" value="${escape(token)}">
${secretField(question, text)}
<div class="buttons">
${(question.secret ? yes + no : no + yes) + way}
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

/** Shown for a form larger than any answer; it holds nothing of the question, since who posted it is not known. */
export const confirmTooLarge = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Plainseal</title>
<link rel="stylesheet" href="${CONFIRM_STYLE_PATH}">
<main><p>This is too large to be one key. Go back and try again.</p></main>
</html>
`;

/** The look of the window: paper and ink, without the page's fonts, which it does not load. */
export const confirmStyle = `
:root { color-scheme: light dark; --paper: light-dark(#fbf9f4, #1b1a17); --ink: light-dark(#22201b, #ece8de); --line: light-dark(#d8d2c3, #4a463c); --quiet: light-dark(#6b6557, #a39c8b); }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 0 auto; padding: 1.5rem; }
h1 { font: 600 1.375rem/1.3 Georgia, serif; margin: 0 0 .5rem; overflow-wrap: anywhere; }
p { font-family: Georgia, serif; margin: 0 0 1rem; }
.trouble { border-left: 3px solid var(--ink); padding-left: .75rem; }
dt { font-size: .875rem; }
dd { margin: 0 0 .75rem; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
label { display: block; font-size: .875rem; margin-bottom: .25rem; }
input, textarea { box-sizing: border-box; width: 100%; font: inherit; padding: .5rem; border: 1px solid var(--line); background: transparent; color: inherit; margin-bottom: 1rem; }
ol { columns: 3 8rem; margin: 0 0 1.25rem; padding-left: 2rem; font-size: 1.0625rem; line-height: 1.75; }
li::marker { color: var(--quiet); font-size: .8125rem; }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; justify-content: flex-end; }
.way { flex-basis: 100%; border-color: transparent; padding: 0; text-align: right; text-decoration: underline; }
button { font: inherit; min-height: 2.75rem; padding: 0 1rem; border: 1px solid var(--ink); background: transparent; color: inherit; border-radius: .375rem; }
button:focus-visible, input:focus-visible, textarea:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
`;
