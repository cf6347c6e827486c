/** A stretch of a found text; `hit` where it is what was searched for. */
export type Stretch = { readonly text: string; readonly hit: boolean };

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });
/** Words highlighted of one query. */
const MAX_WORDS = 16;

function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The words of a query as they are looked for: folded, without marks. */
export function queryWords(query: string): readonly string[] {
  const words = [...segmenter.segment(query)]
    .filter((part) => part.isWordLike)
    .map((part) => fold(part.segment));
  return [...new Set(words)].slice(0, MAX_WORDS);
}

/**
 * Cuts a text into stretches, those that begin like a word of the query marked. Together they are the text again, unchanged.
 */
export function highlight(text: string, words: readonly string[]): readonly Stretch[] {
  const made: { text: string; hit: boolean }[] = [];
  const put = (part: string, hit: boolean): void => {
    if (part === '') return;
    const last = made.at(-1);
    if (last && last.hit === hit) last.text += part;
    else made.push({ text: part, hit });
  };
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    const folded = fold(segment);
    const word = isWordLike ? words.find((each) => each !== '' && folded.startsWith(each)) : undefined;
    if (word === undefined) {
      put(segment, false);
      continue;
    }
    // Folding may change lengths: the shortest beginning that folds to the word is what is marked.
    let end = 0;
    for (const letter of segment) {
      end += letter.length;
      if (fold(segment.slice(0, end)).length >= word.length) break;
    }
    put(segment.slice(0, end), true);
    put(segment.slice(end), false);
  }
  return made;
}

/** The part of a long text around its first hit. */
export function around(text: string, words: readonly string[], length: number): string {
  const line = text.replace(/\s+/gu, ' ').trim();
  if (line.length <= length) return line;
  const before = highlight(line, words);
  let at = 0;
  for (const part of before) {
    if (part.hit) break;
    at += part.text.length;
  }
  if (at >= line.length || at < length / 2) return `${line.slice(0, length)}…`;
  const from = Math.max(0, at - Math.floor(length / 3));
  return `…${line.slice(from, from + length)}${from + length < line.length ? '…' : ''}`;
}
