import * as v from 'valibot';
import type { Millis, NetworkKey } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import type { ServiceId } from '../../crypto/signal/address.ts';
import { shape, time } from '../../shared/shape.ts';
import { readCell, writeCell } from './cell.ts';
import { keyOf, messageNameOf } from './names.ts';
import type { MessageName } from './codec/content.ts';

/*
 * revision/<author>           the newest edits of somebody: when each was sent, and when the message it changed
 * revision/<key of an edit>   the key of the message it changed, as earlier versions wrote it
 *
 * An edit has a time of its own, and what follows (a further edit, a reaction, a receipt, a quote) may name the message by it.
 */

/** Edits remembered of one author, the newest: what follows an edit follows soon, and whoever makes thousands must not fill the disk. */
export const MAX_REVISIONS = 500;

type Revisions = readonly (readonly [edit: Millis, message: Millis])[];
const schema = shape<Revisions>(v.pipe(v.array(v.strictTuple([time, time])), v.maxLength(MAX_REVISIONS)));

const cellOf = (author: ServiceId): StateKey => ({ space: 'revision', key: author });
const earlierCellOf = (edit: NetworkKey): StateKey => ({ space: 'revision', key: edit });

const revisionsOf = async (work: Pick<Work, 'get'>, author: ServiceId): Promise<Revisions> =>
  (await readCell(work, cellOf(author), schema)) ?? [];

/** The key of the message a name means, whichever of its revisions it names. */
export async function messageKeyOf(
  work: Pick<Work, 'get'>,
  { author, sentAt }: MessageName,
  own: ServiceId,
): Promise<NetworkKey> {
  const key = keyOf({ author, sentAt }, own);
  const revision = (await revisionsOf(work, author)).find(([edit]) => edit === sentAt);
  if (revision !== undefined) return keyOf({ author, sentAt: revision[1] }, own);
  const first = await work.get(earlierCellOf(key));
  return first === null ? key : (Buffer.from(first).toString('utf8') as NetworkKey);
}

/** Notes that an edit changed a message, whichever of its revisions it names; gives the key of the message. */
export async function noteRevision(
  work: Work,
  { author, sentAt }: MessageName,
  editOf: Millis,
  own: ServiceId,
): Promise<NetworkKey> {
  const key = await messageKeyOf(work, { author, sentAt: editOf }, own);
  const message = messageNameOf(key, own)?.sentAt ?? editOf;
  const known = await revisionsOf(work, author);
  if (message !== sentAt && !known.some(([edit]) => edit === sentAt))
    writeCell(work, cellOf(author), [...known, [sentAt, message]].slice(-MAX_REVISIONS));
  return key;
}
