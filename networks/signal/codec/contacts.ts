import { ContactDetailsSchema } from '../proto/signal_pb.ts';
import type { Contact } from './content.ts';
import { timerOf } from './data-message.ts';
import { MAX_CONTACT, MAX_CONTACTS, MAX_CONTACTS_BLOB, MAX_LABEL } from './numbers.ts';
import { malformed, optionalServiceOf, parse } from './reading.ts';
import { isAci } from './service-id.ts';

/** Bytes of the longest length that is read before an entry. */
const MAX_LENGTH_BYTES = 4;
const NUMBER = /^\+[1-9][0-9]{2,17}$/;

/**
 * Reads the opened contacts blob: entries with their length before them, an avatar's bytes behind. Contacts without an account on
 * Signal are left out.
 * @throws PlainsealError `bad-request`.
 */
export function decodeContacts(blob: Uint8Array): readonly Contact[] {
  if (blob.length > MAX_CONTACTS_BLOB) throw malformed('contacts are too large');
  const contacts: Contact[] = [];
  let at = 0;
  for (let count = 0; at < blob.length; count++) {
    if (count === MAX_CONTACTS) throw malformed('too many contacts');
    const { value: length, next } = lengthAt(blob, at);
    const end = next + length;
    if (length > MAX_CONTACT || end > blob.length) throw malformed('length of a contact');
    const wire = parse(ContactDetailsSchema, blob.subarray(next, end), MAX_CONTACT);
    at = end + (wire.avatar?.length ?? 0);
    if (at > blob.length) throw malformed('avatar of a contact');
    const service = optionalServiceOf(wire.serviceBinary, wire.service, 'who a contact is');
    if (service === null || !isAci(service)) continue;
    contacts.push({
      service,
      number: wire.number !== undefined && NUMBER.test(wire.number) ? wire.number : null,
      name: wire.name === undefined || wire.name.trim() === '' ? null : wire.name.slice(0, MAX_LABEL),
      timer: timerOf(wire.expireTimer, wire.expireTimerVersion),
    });
  }
  return contacts;
}

/** A varint of few bytes. */
function lengthAt(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let read = 0; read < MAX_LENGTH_BYTES; read++) {
    const byte = bytes[at + read];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * read);
    if (byte < 0x80) return { value, next: at + read + 1 };
  }
  throw malformed('length of a contact');
}
