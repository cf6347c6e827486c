import * as v from 'valibot';
import type { ServiceId } from '../../crypto/signal/address.ts';
import type { Millis } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { shape, text, time } from '../../shared/shape.ts';
import { readCell, writeCell } from './cell.ts';

/*
 * profile/<service id>   what is known of somebody's profile
 */

export interface ProfileRecord {
  /** As it came in a message, or from my phone's list; 32 bytes. */
  readonly profileKey: Uint8Array | null;
  /** As they call themselves. */
  readonly name: string | null;
  /**
   * How they take sealed messages: under the access key of their profile, from everybody, or not at all. Unknown until the profile
   * was looked at; then it is tried under the access key.
   */
  readonly sealed: 'unknown' | 'access-key' | 'anybody' | 'never';
  /** When the profile was last fetched; null: never yet. */
  readonly fetchedAt: Millis | null;
}

export const unknownProfile: ProfileRecord = {
  profileKey: null,
  name: null,
  sealed: 'unknown',
  fetchedAt: null,
};

const schema = shape<ProfileRecord>(
  v.strictObject({
    profileKey: v.nullable(v.instance(Uint8Array)),
    name: v.nullable(text(500)),
    sealed: v.picklist(['unknown', 'access-key', 'anybody', 'never']),
    fetchedAt: v.nullable(time),
  }),
);

const cellOf = (service: ServiceId): StateKey => ({ space: 'profile', key: service });

export function readProfile(work: Pick<Work, 'get'>, service: ServiceId): Promise<ProfileRecord | null> {
  return readCell(work, cellOf(service), schema);
}

/** Writes a profile that was read through the same work. */
export function writeProfile(work: Work, service: ServiceId, profile: ProfileRecord): void {
  writeCell(work, cellOf(service), profile);
}
