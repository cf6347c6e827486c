import { MAX_TEXT_LENGTH, type Content, type Range } from '../../shared/contract/content.ts';
import type { AttachmentPointer, BodyRange, DataMessage } from './codec/content.ts';
import { peerOf } from './names.ts';
import { FileNeeded, type Receiving } from './receiving.ts';
import { messageKeyOf } from './revision.ts';

type Text = Extract<DataMessage['what'], { readonly kind: 'text' }>;

/** What a message shows, and whether something of it could not be fetched or shown: then its bytes are kept. */
export interface ReadMessage {
  readonly content: Content;
  readonly missing: 'nothing' | 'files' | 'unknown';
}

const UNKNOWN: Content = { text: '', ranges: [], files: [], special: 'newer-version' };
/** Kinds of which nothing but the name is shown, and which therefore stay for a version that shows more. */
const named: readonly Content['special'][] = ['sticker', 'poll', 'contact', 'voice', 'newer-version'];

/** @throws FileNeeded when a long text is to be fetched first. */
export async function contentOf(
  receiving: Receiving,
  what: Text | { readonly kind: 'unsupported' },
): Promise<ReadMessage> {
  if (what.kind === 'unsupported') return { content: UNKNOWN, missing: 'unknown' };
  const { text, files, isWhole } = await wordsOf(receiving, what);
  const { special } = what;
  const content: Content = {
    text,
    ranges: what.ranges.flatMap((range) => rangeIn(text, range)),
    files,
    ...(what.quote === null
      ? {}
      : { quote: await messageKeyOf(receiving.work, what.quote, receiving.own.service) }),
    ...(special === null || special === undefined ? {} : { special }),
  };
  if (named.includes(content.special)) return { content, missing: 'unknown' };
  if (isWhole && what.files.length === 0) return { content, missing: 'nothing' };
  // Of a picture without words there is nothing to show.
  return text === '' ? { content: UNKNOWN, missing: 'unknown' } : { content, missing: 'files' };
}

/** The text; one longer than a row takes goes along as a file, so that nothing of it is lost. */
async function wordsOf(
  { fetched, files }: Receiving,
  what: Text,
): Promise<Pick<Content, 'text' | 'files'> & { readonly isWhole: boolean }> {
  const whole = what.longText === null ? null : longTextOf(fetched.get(what.longText), what.longText);
  if (whole === null) return { text: what.text, files: [], isWhole: what.longText === null };
  if (whole.length <= MAX_TEXT_LENGTH) return { text: whole, files: [], isWhole: true };
  const file = await files.write({ name: 'message.txt', type: 'text/plain' }, Buffer.from(whole, 'utf8'));
  return { text: whole.slice(0, MAX_TEXT_LENGTH).toWellFormed(), files: [file], isWhole: true };
}

function longTextOf(bytes: Uint8Array | null | undefined, pointer: AttachmentPointer): string | null {
  if (bytes === undefined) throw new FileNeeded(pointer);
  return bytes === null ? null : Buffer.from(bytes).toString('utf8');
}

/** A range as it is kept: inside the text, or none. */
function rangeIn(text: string, { at, length, as }: BodyRange): readonly Range[] {
  const inside = Math.min(length, text.length - at);
  if (inside < 1) return [];
  return [{ at, length: inside, as: typeof as === 'string' ? as : { mention: peerOf(as.mention) } }];
}
