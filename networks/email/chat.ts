import type { HeaderLine } from './header-field.ts';

/** Marks every mail of a chat program; inside the encryption always, outside never relied on. */
export const CHAT_VERSION: HeaderLine = ['Chat-Version', '1.0'];

/** Delta Chat core sends larger files as a pre-message and a post-message; we do not send larger ones at all yet. Bytes, all files together. */
export const MAX_FILES_BYTES = 140_000;

const ZERO_WIDTH_SPACE = '\u200b';

/**
 * The body text of a chat message. A line that begins with `--` would be read as the start of a signature and cut off, so a zero-width
 * space parts the dashes, as Delta Chat core does.
 */
export function bodyText(text: string): string {
  return text.replace(/^--/gm, `-${ZERO_WIDTH_SPACE}-`);
}

/** Lines of a quoted message that go along. */
const QUOTED_LINES = 5;

/** The body text of an answer: the words it answers in front, marked with `> `, as mail programs and Delta Chat do. */
export function answerText(quoted: string, text: string): string {
  const lines = quoted
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(0, QUOTED_LINES);
  const words = bodyText(text);
  return lines.length === 0 ? words : `${lines.map((line) => `> ${line}`).join('\n')}\n\n${words}`;
}

/** Fields that make a mail the answer to another (RFC 5322 §3.6.4). */
export function replyFields(to: string): readonly HeaderLine[] {
  return [
    ['In-Reply-To', `<${to}>`],
    ['References', `<${to}>`],
  ];
}

/** What the other side's program put around a message's words. */
export interface Words {
  readonly text: string;
  /** The text began with a quoted block: the message answers one. */
  readonly quoted: boolean;
}

/**
 * The words of a chat message out of its body text: a leading quoted block is left out (the message it answers is named by In-Reply-To), so is a
 * signature after `-- `; parted dashes are joined again. Text of other mail programs stays as it is.
 */
export function readBodyText(body: string, isChat: boolean): Words {
  const text = body.replace(/\r\n/g, '\n').replace(/\n+$/, '');
  if (!isChat) return { text, quoted: false };
  const all = text.split('\n');
  let first = 0;
  while (first < all.length && (all[first] ?? '').startsWith('>')) first += 1;
  const quoted = first > 0 && (first === all.length || all[first] === '');
  const rest = quoted ? all.slice(first + 1) : all;
  const signature = rest.findIndex((line) => line === '-- ');
  const kept = signature < 0 ? rest : rest.slice(0, signature);
  return {
    text: kept
      .join('\n')
      .replace(/^\n+|\n+$/g, '')
      .replace(new RegExp(`^-${ZERO_WIDTH_SPACE}-`, 'gm'), '--'),
    quoted,
  };
}

/** Delta Chat marks the new text of an edit with this, so that programs that know no edits show it as one. */
export const EDIT_MARK = '✏️';
export const DELETE_TEXT = '🚮';
