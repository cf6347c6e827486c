/** Longest name that is shown, in code points; a longer one ends in "…". */
export const MAX_NAME = 60;
/** Longest name inside a sentence of ours. */
export const MAX_NAME_IN_SENTENCE = 32;
/** Longest file name that is shown; the end, with its extension, always is. */
export const MAX_FILE_NAME = 60;
const FILE_END = 16;
/** More marks on one letter than any living script needs would cover the lines around it. */
const MAX_MARKS = 4;

/** Letters that imitate another type face: mathematical alphanumerics, letterlike, parenthesised, circled, squared and full-width ones. */
const IMITATION =
  /[\u{1D400}-\u{1D7FF}\u{2100}-\u{214F}\u{249C}-\u{24E9}\u{1F110}-\u{1F12B}\u{1F130}-\u{1F149}\u{FF01}-\u{FF5E}]/gu;
/** Of these only the ones that stand for one letter are folded: a trade mark sign is none. */
const LETTERLIKE = /[\u2100-\u214F]/u;
/** White on black, circled and squared: without a decomposition in Unicode. */
const NEGATIVE = /[\u{1F150}-\u{1F169}\u{1F170}-\u{1F189}]/gu;
const NEGATIVE_CIRCLED_A = 0x1f150;
const NEGATIVE_SQUARED_A = 0x1f170;
const LATIN_A = 0x41;
/** Phonetic small capitals, in the order of the letters they look like. */
const SMALL_CAPITALS = 'ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ';
const SMALL_LETTERS = 'abcdefghijklmnopqrstuvwyz';

/**
 * Never shown: controls, line and paragraph marks, everything that turns direction, zero-width and filler letters that look
 * like nothing, tags, private-use and non-characters, lone surrogates, variation selectors other than text and emoji style.
 */
const INVISIBLE =
  /[\p{Cc}\p{Co}\p{Cs}\p{NChar}\u00AD\u061C\u115F\u1160\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFEFF\uFFA0\uFFF9-\uFFFC\u{1D173}-\u{1D17A}]|\u034F|[\u17B4\u17B5]|[\uFE00-\uFE0D]|[\u180B-\u180D\u180F]|[\u{E0000}-\u{E0FFF}]/gu;
/** Joiners are kept only between two things they can join. */
const LONE_JOINER =
  /(?<![\p{L}\p{M}\p{Extended_Pictographic}\uFE0F])[\u200C\u200D]+|[\u200C\u200D]+(?![\p{L}\p{Extended_Pictographic}])/gu;
const MANY_MARKS = new RegExp(`(\\p{M}{${MAX_MARKS}})\\p{M}+`, 'gu');

/**
 * Letters that imitate bold, serif or other type faces as the plain ones: Plainseal speaks in serif, and no message may.
 * May change the length: apply it to a stretch of text after its styles were cut out.
 */
export function plainLetters(text: string): string {
  return text
    .replace(IMITATION, (letter) => {
      const plain = letter.normalize('NFKC');
      if (plain === letter && /\p{Cn}/u.test(letter)) return ''; // Unicode left gaps in the block of mathematical letters
      return LETTERLIKE.test(letter) && !/^\p{L}$/u.test(plain) ? letter : plain;
    })
    .replace(NEGATIVE, (letter) => {
      const code = letter.codePointAt(0) ?? NEGATIVE_CIRCLED_A;
      const first = code < NEGATIVE_SQUARED_A ? NEGATIVE_CIRCLED_A : NEGATIVE_SQUARED_A;
      return String.fromCodePoint(LATIN_A + code - first);
    })
    .replace(/[\u0250-\u02AF\u1D00-\u1D7F\uA720-\uA7FF]/gu, (letter) => {
      const at = SMALL_CAPITALS.indexOf(letter);
      return at < 0 ? letter : (SMALL_LETTERS[at] ?? letter);
    });
}

/** One line of what another side wrote: no controls, nothing invisible, no imitated letters, single spaces. May be empty. */
function oneLine(text: string): string {
  return plainLetters(text.replace(/[\p{Z}\t\n\v\f\r\u0085]+/gu, ' '))
    .replace(INVISIBLE, '')
    .replace(LONE_JOINER, '')
    .normalize('NFC') // after all that could bring a letter and its mark together
    .replace(MANY_MARKS, '$1')
    .replace(/ +/g, ' ')
    .trim();
}

/** Whether anything would be seen: at least one letter, digit, mark of punctuation or symbol. */
const isVisible = (text: string): boolean => /[\p{L}\p{N}\p{P}\p{S}]/u.test(text);

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The longest start of `text` that has at most `most` code points and splits no letter or picture; one that is longer alone is left out. */
function start(text: string, most: number): string {
  let kept = '';
  let points = 0;
  for (const { segment } of graphemes.segment(text)) {
    points += Array.from(segment).length;
    if (points > most) break;
    kept += segment;
  }
  return kept;
}

function cut(text: string, most: number): string {
  return Array.from(text).length <= most ? text : `${start(text, most - 1).trimEnd()}…`;
}

/**
 * A name or title that others chose, or the key of somebody who has none, fit to be shown: one line, at most {@link MAX_NAME} code points, never empty
 * (then `fallback`, which must not come from others).
 */
export function plainName(text: string, fallback = 'No name'): string {
  const line = oneLine(text.slice(0, 4 * 1024)).replace(PUBLIC_KEY, '$1…$2');
  return isVisible(line) ? cut(line, MAX_NAME) : fallback;
}

/** A Nostr key in place of a name: its two ends are enough to tell people apart, and no more is read of it anyway. */
const PUBLIC_KEY = /^(npub1[02-9ac-hj-np-z]{7})[02-9ac-hj-np-z]{45}([02-9ac-hj-np-z]{6})$/u;

const SHORT_KEY = /^npub1[02-9ac-hj-np-z]{7}…[02-9ac-hj-np-z]{6}$/u;

/** Set around a name in a sentence, so that its direction stays its own (UAX #9, FSI … PDI). */
const ISOLATE = ['\u2068', '\u2069'] as const;
/** Up to four words of letters, digits and what names are joined with. A full stop only after a title or initial. */
const ORDINARY =
  /^(?:[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}\-’'\u200C\u200D]*(?:\.(?= |$))?)(?: [\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}\-’'\u200C\u200D]*(?:\.(?= |$))?){0,3}$/u;
/** "Nobody." ends a sentence, "Dr." does not. */
const STOP_AFTER_WORD = /[\p{L}\p{M}\p{N}]{5,}\./u;
/** "Alice and nobody else": names of several words do not end in a small letter's word. */
const ENDS_SMALL = / \p{Ll}[^ ]*$/u;
const QUOTES = /["“”„‟«»‹›「」『』]/gu;

/**
 * A name inside a sentence of ours. One that is not plainly a name (punctuation, symbols, many words, a small last word) is
 * put in quotation marks, so that "Alice can read this. Nobody" does not continue what Plainseal says.
 */
export function nameInSentence(text: string, fallback = 'No name'): string {
  const whole = plainName(text, fallback);
  const name = cut(whole.replace(QUOTES, '').replace(/ +/g, ' '), MAX_NAME_IN_SENTENCE).trim();
  if (whole === fallback || !isVisible(name)) return fallback;
  if (SHORT_KEY.test(whole)) return whole;
  const isOrdinary =
    ORDINARY.test(name) && !STOP_AFTER_WORD.test(name) && !ENDS_SMALL.test(name) && whole.search(QUOTES) < 0;
  const shown = isOrdinary ? name : `“${name}”`;
  return isLeftToRight(shown) ? shown : ISOLATE[0] + shown + ISOLATE[1];
}

/** Latin, Greek and Cyrillic names need no isolation, and stay easy to search for. */
const isLeftToRight = (text: string): boolean =>
  /^[\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{N}\p{P}\p{S}\p{M} ]*$/u.test(text);

/** A file name that others chose, as it is shown (never as a path): the end with its extension is always there. */
export function plainFileName(text: string, fallback = 'File'): string {
  const line = oneLine(text.slice(0, 4 * 1024)).replace(/[/\\:]/g, '_');
  if (!isVisible(line)) return fallback;
  const points = Array.from(line);
  if (points.length <= MAX_FILE_NAME) return line;
  return `${start(line, MAX_FILE_NAME - FILE_END - 1)}…${points.slice(-FILE_END).join('')}`;
}
