import type { Migration } from '../migrate.ts';
import { first } from './0001-first.ts';
import { expiry } from './0002-expiry.ts';
import { knownPeers } from './0003-known-peers.ts';
import { myRole } from './0004-my-role.ts';
import { keptDisclosures } from './0005-kept-disclosures.ts';
import { tells } from './0006-tells.ts';
import { persons } from './0007-persons.ts';
import { floor } from './0008-floor.ts';
import { strangers } from './0009-strangers.ts';
import { foundByIndex } from './0010-found-by-index.ts';
import { openItems } from './0011-open-items.ts';
import { wordsBeside } from './0012-words-beside.ts';
import { waitingUntil } from './0013-waiting-until.ts';
import { waitingShare } from './0014-waiting-share.ts';
import { doubtBefore } from './0015-doubt-before.ts';

/** Every step of the schema, in order. A released step never changes; a later change is a new one. */
export const migrations: readonly Migration[] = [
  { version: 1, sql: first },
  { version: 2, sql: expiry },
  { version: 3, sql: knownPeers },
  { version: 4, sql: myRole },
  { version: 5, sql: keptDisclosures },
  { version: 6, sql: tells },
  { version: 7, sql: persons },
  { version: 8, sql: floor },
  { version: 9, sql: strangers },
  { version: 10, sql: foundByIndex },
  { version: 11, sql: openItems },
  { version: 12, sql: wordsBeside },
  { version: 13, sql: waitingUntil },
  { version: 14, sql: waitingShare },
  { version: 15, sql: doubtBefore },
];
