import * as v from 'valibot';
import type { NetworkKey } from '../../shared/ids.ts';
import type { Intent } from '../../shared/lane/intent.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { shape } from '../../shared/shape.ts';
import { readCell, writeCell } from './cell.ts';
import type { AttachmentPointer } from './codec/content.ts';

/*
 * long-text/<message key>   where the whole text lies, until the message is sent or deleted: sealing it again names the same file
 */

/** Longest text that travels in the message itself, in bytes of UTF-8. */
export const MAX_BODY_BYTES = 2_048;
/** Longest text Signal's programs show, in bytes of UTF-8. */
export const MAX_LONG_TEXT_BYTES = 64 * 1024;

const pointerSchema = shape<AttachmentPointer>(
  v.strictObject({
    cdn: v.number(),
    id: v.string(),
    key: v.instance(Uint8Array),
    digest: v.instance(Uint8Array),
    size: v.number(),
    type: v.string(),
    name: v.nullable(v.string()),
    flags: v.number(),
  }),
);

const cellOf = (message: NetworkKey): StateKey => ({ space: 'long-text', key: message });

/** The beginning of a text that fits into a message, cut between characters; the text itself where all of it fits. */
export function bodyOf(text: string): string {
  if (Buffer.byteLength(text) <= MAX_BODY_BYTES) return text;
  let length = 0;
  let bytes = 0;
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)) {
    bytes += Buffer.byteLength(segment);
    if (bytes > MAX_BODY_BYTES) break;
    length += segment.length;
  }
  // One endless cluster of marks is cut inside.
  return length > 0 ? text.slice(0, length) : cutBetweenCodePoints(text);
}

function cutBetweenCodePoints(text: string): string {
  let cut = '';
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_BODY_BYTES) return cut;
    cut += character;
  }
  return cut;
}

/** Where the whole text of a message lies, if it was uploaded. */
export function readLongText(
  work: Pick<Work, 'get'>,
  message: NetworkKey,
): Promise<AttachmentPointer | null> {
  return readCell(work, cellOf(message), pointerSchema);
}

/** Keeps where the whole text lies, or, with null, forgets it. It was read through the same work. */
export function writeLongText(work: Work, message: NetworkKey, pointer: AttachmentPointer | null): void {
  writeCell(work, cellOf(message), pointer);
}

/** The message is sent: where its whole text lies is not needed any more. Most texts are short, and nothing is asked for them. */
export async function forgetLongText(work: Work, { what }: Intent): Promise<void> {
  if (!('content' in what) || bodyOf(what.content.text) === what.content.text) return;
  await dropLongText(work, what.key);
}

/** Forgets where the whole text of a message lies, if it was uploaded. */
export async function dropLongText(work: Work, message: NetworkKey): Promise<void> {
  if ((await readLongText(work, message)) !== null) writeLongText(work, message, null);
}
