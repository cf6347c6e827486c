import type { Millis } from '../../shared/ids.ts';
import type { Inbox } from './connection.ts';
import type { Cursor } from './records.ts';

/** UIDs below the next one that are looked at for the server's idea of the time. */
const LOOKED_AT = 50;

/**
 * A cursor behind everything that is there. Its moment is the server's: when the newest mail came, as a clock of mine that is ahead would have mail
 * left alone that has yet to come. `now` where the server has none to tell by.
 * @throws ConnectError when the connection ends.
 */
export async function beginHere(
  inbox: Pick<Inbox, 'uidValidity' | 'uidNext' | 'newerThan' | 'headers'>,
  now: Millis,
): Promise<Cursor> {
  const uid = Math.max(0, inbox.uidNext - 1);
  const cursor = { uidValidity: inbox.uidValidity, uid };
  // Nothing was ever in it: whatever comes is new.
  if (uid === 0) return { ...cursor, since: 0 };
  // What comes while this is asked is above the cursor, and none of it.
  const uids = (await inbox.newerThan(Math.max(0, uid - LOOKED_AT))).filter((one) => one <= uid);
  const found = uids.length === 0 ? [] : await inbox.headers(uids);
  const dates = found.map(({ arrivedAt }) => arrivedAt).filter((at) => at !== 0);
  return { ...cursor, since: dates.length === 0 ? now : Math.min(now, Math.max(...dates)) };
}
