import * as v from 'valibot';
import type { ServiceId } from '../../crypto/signal/address.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { list, shape, text } from '../../shared/shape.ts';
import { readCell, writeCell } from './cell.ts';
import type { AttachmentPointer } from './codec/content.ts';

/*
 * What my phone says of the whole account:
 *   phone/settings   its switches
 *   phone/blocked    whom it blocks
 *   phone/contacts   a list of contacts that is still to be fetched
 */

/** Null: it has not said yet. */
export interface PhoneSettings {
  readonly readReceipts: boolean | null;
  readonly typing: boolean | null;
}

const cell = (key: string): StateKey => ({ space: 'phone', key });
const SETTINGS = cell('settings');
const BLOCKED = cell('blocked');
const CONTACTS = cell('contacts');

const settingsSchema = shape<PhoneSettings>(
  v.strictObject({ readReceipts: v.nullable(v.boolean()), typing: v.nullable(v.boolean()) }),
);
const blockedSchema = shape<{ readonly services: readonly ServiceId[] }>(
  v.strictObject({ services: list(text(64)) }),
);
const contactsSchema = shape<PendingContacts>(
  v.strictObject({
    blob: v.strictObject({
      cdn: v.number(),
      id: v.string(),
      key: v.instance(Uint8Array),
      digest: v.instance(Uint8Array),
      size: v.number(),
      type: v.string(),
      name: v.nullable(v.string()),
      flags: v.number(),
    }),
    complete: v.boolean(),
  }),
);

export async function readPhoneSettings(work: Pick<Work, 'get'>): Promise<PhoneSettings> {
  return (await readCell(work, SETTINGS, settingsSchema)) ?? { readReceipts: null, typing: null };
}

/** What is null in `told` stays as it was. */
export async function notePhoneSettings(work: Work, told: PhoneSettings): Promise<void> {
  const known = await readPhoneSettings(work);
  writeCell(work, SETTINGS, {
    readReceipts: told.readReceipts ?? known.readReceipts,
    typing: told.typing ?? known.typing,
  });
}

export async function readBlocked(work: Pick<Work, 'get'>): Promise<readonly ServiceId[]> {
  return (await readCell(work, BLOCKED, blockedSchema))?.services ?? [];
}

/** Writes the list; it was read through the same work. */
export function writeBlocked(work: Work, services: readonly ServiceId[]): void {
  writeCell(work, BLOCKED, { services });
}

/** A list of contacts that lies on the server. */
export interface PendingContacts {
  readonly blob: AttachmentPointer;
  /** It names all of them, not only some that changed. */
  readonly complete: boolean;
}

export function readPendingContacts(work: Pick<Work, 'get'>): Promise<PendingContacts | null> {
  return readCell(work, CONTACTS, contactsSchema);
}

/** Writes, or with null removes, the list to be fetched; it was read through the same work. */
export function writePendingContacts(work: Work, pending: PendingContacts | null): void {
  writeCell(work, CONTACTS, pending);
}
