import * as v from 'valibot';
import type { Millis } from '../../../shared/ids.ts';
import type { StateKey, Work } from '../../../shared/lane/state.ts';
import { fingerprintOf, type Fingerprint } from '../../../crypto/openpgp/certificate.ts';
import { decodeRecord, readRecord, writeRecord } from '../record.ts';

const DAY_MS = 86_400_000;
/** How long an invitation proves anything, on either side. */
export const INVITE_VALID_MS = 7 * DAY_MS;

/** One invitation, given out or followed; filed under its secret. */
export interface JoinRecord {
  readonly role: 'inviter' | 'joiner';
  /** `open`: waiting; `proving`: (joiner) the key in the link answered, our proof is on its way; `done`: checked. */
  readonly state: 'open' | 'proving' | 'done';
  readonly auth: string;
  /** Of the inviter. */
  readonly fingerprint: Fingerprint;
  /** Of the inviter. */
  readonly address: string;
  readonly name: string;
  readonly expiresAt: Millis;
}

const schema: v.GenericSchema<unknown, JoinRecord> = v.object({
  role: v.picklist(['inviter', 'joiner']),
  state: v.picklist(['open', 'proving', 'done']),
  auth: v.string(),
  fingerprint: v.pipe(
    v.string(),
    v.check((text) => fingerprintOf(text) === text),
    v.transform((text) => text as Fingerprint),
  ),
  address: v.string(),
  name: v.string(),
  expiresAt: v.number(),
}) as v.GenericSchema<unknown, JoinRecord>;

const cell = (auth: string): StateKey => ({ space: 'join', key: auth });

/** The invitation with this secret; null when there is none. */
export function readJoin(work: Pick<Work, 'get'>, auth: string): Promise<JoinRecord | null> {
  return readRecord(work, cell(auth), schema);
}

export function writeJoin(work: Work, join: JoinRecord): void {
  writeRecord(work, cell(join.auth), join);
}

/** Invitations that still count at `now`; those that do not any more are removed. */
export async function openJoins(work: Work, now: Millis): Promise<readonly JoinRecord[]> {
  const joins: JoinRecord[] = [];
  for (const [key, bytes] of await work.scan('join', '')) {
    const join = decodeRecord(bytes, key, schema);
    if (join.expiresAt <= now) work.put(key, null);
    else joins.push(join);
  }
  return joins;
}
