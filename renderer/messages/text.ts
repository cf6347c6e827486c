import { LinkifyIt } from 'linkify-it';
import type { Content, Range } from '../../shared/contract/content.ts';
import type { PeerId } from '../../shared/ids.ts';
import { plainLetters } from '../../shared/words/plain-name.ts';

/** How a stretch of text is drawn. */
type Style = Exclude<Range['as'], object>;

/** A stretch of text that is drawn alike. The texts of all pieces together are the text of the message. */
export type Piece = {
  readonly text: string;
  readonly styles: readonly Style[];
  readonly mention: PeerId | null;
  /** Where it leads when pressed: an absolute http, https or mailto address, or null. */
  readonly link: string | null;
};

const SCHEMES = new Set(['http:', 'https:', 'mailto:']);
/** Longer texts are not searched for links: nobody presses the thousandth. */
const MAX_LINKED = 20_000;
/** Links offered in one message. */
const MAX_LINKS = 500;

const linkify = new LinkifyIt({ fuzzyIP: false, fuzzyEmail: true, fuzzyLink: true });

type Span = { readonly at: number; readonly end: number };
type Link = Span & { readonly to: string };

/** The links of a plain text, in order and without overlap. Only http, https and mailto; none with a name and password. */
export function linksOf(text: string): readonly Link[] {
  if (text.length > MAX_LINKED) return [];
  const found: Link[] = [];
  for (const match of (linkify.match(text) ?? []).slice(0, MAX_LINKS)) {
    const to = address(match.url);
    if (to !== null) found.push({ at: match.index, end: match.lastIndex, to });
  }
  return found;
}

/** The address a link really leads to, as a browser would read it; null when it must not be offered. */
function address(url: string): string | null {
  const read = URL.parse(url);
  if (!read || !SCHEMES.has(read.protocol)) return null;
  // `https://bank.example@evil.example` reads like the former and leads to the latter.
  if (read.username !== '' || read.password !== '') return null;
  return read.href;
}

/** Only what lies within the text, cut to it. */
function within(range: Range, length: number): (Span & { readonly as: Range['as'] }) | null {
  const at = Math.max(0, Math.min(length, Math.trunc(range.at)));
  const end = Math.max(at, Math.min(length, Math.trunc(range.at + range.length)));
  return end > at ? { at, end, as: range.as } : null;
}

/**
 * Cuts a message's text where its styles, mentions and links begin and end. Ranges may overlap, repeat, or lie outside the
 * text. Letters that imitate another type face come out plain; everything else comes out as it was.
 */
export function pieces(content: Pick<Content, 'text' | 'ranges'>): readonly Piece[] {
  const { text } = content;
  const ranges = content.ranges.map((range) => within(range, text.length)).filter((range) => range !== null);
  const links = linksOf(text);
  const cuts = new Set([0, text.length]);
  for (const { at, end } of [...ranges, ...links]) cuts.add(at).add(end);
  const sorted = [...cuts].sort((left, right) => left - right);
  const made: Piece[] = [];
  for (let index = 0; index + 1 < sorted.length; index += 1) {
    const at = sorted[index] ?? 0;
    const end = sorted[index + 1] ?? text.length;
    const over = ranges.filter((range) => range.at <= at && range.end >= end);
    const styles = new Set<Style>();
    let mention: PeerId | null = null;
    for (const { as } of over)
      if (typeof as === 'string') styles.add(as);
      else mention = as.mention;
    made.push({
      text: plainLetters(text.slice(at, end)),
      styles: [...styles],
      mention,
      link: links.find((link) => link.at <= at && link.end >= end)?.to ?? null,
    });
  }
  return made;
}

const EMOJI_ONLY = /^(?:\p{RGI_Emoji}\s*){1,3}$/v;

/** Whether a text is one to three emoji and nothing else: those are drawn large. */
export function isEmojiOnly(text: string): boolean {
  return text.length <= 120 && EMOJI_ONLY.test(text.trim());
}
