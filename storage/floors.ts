import type { ConversationId, PeerId } from '../shared/ids.ts';
import { highest, NO_FLOOR, type Floor, type Standing } from '../shared/label/floor.ts';
import type { Database } from './database.ts';

const EVERYBODY = 'everybody';

interface Row {
  readonly whose: string;
  readonly least: Floor;
}

/**
 * Completes `WITH RECURSIVE same (peer) AS (`, and those the floor is asked for, by everybody who is the same person: peers that I
 * merged into one entry of the address book, and peers that turned out to be one. Merging never loses a floor.
 */
const theSame = `
  UNION SELECT b.peer FROM same JOIN route AS a ON a.peer = same.peer JOIN route AS b ON b.person = a.person
  UNION SELECT p.id FROM same JOIN peer AS p ON p.merged_into = same.peer
  UNION SELECT p.merged_into FROM same JOIN peer AS p ON p.id = same.peer WHERE p.merged_into IS NOT NULL
)`;

/** The floor for everybody. */
export function floorForAll(db: Database): Floor {
  return db.get<Row>('SELECT whose, least FROM floor WHERE whose = ?', EVERYBODY)?.least ?? NO_FLOOR;
}

/** The floor of a person, named by any of their peers; that for everybody is not in it. */
export function floorFor(db: Database, peer: PeerId): Floor {
  const rows = db.all<Row>(
    `WITH RECURSIVE same (peer) AS (SELECT ? ${theSame} SELECT whose, least FROM floor WHERE whose IN same`,
    peer,
  );
  return highest(rows.map(({ least }) => least));
}

/** What a conversation stands on: the highest floor of everybody's and of each who is in it, or is to be. */
export function standingOf(db: Database, conversation: ConversationId): Standing {
  const all = floorForAll(db);
  // Asked for each row of the list and each sealing: who is who is looked up only where somebody has a floor of their own.
  if (db.get('SELECT 1 FROM floor WHERE whose <> ? LIMIT 1', EVERYBODY) === undefined)
    return { least: all, from: 'everybody' };
  const rows = db.all<Row>(
    `WITH RECURSIVE same (peer) AS (
       SELECT peer FROM conversation WHERE id = :conversation AND peer IS NOT NULL
       UNION SELECT peer FROM membership WHERE conversation = :conversation ${theSame}
     SELECT whose, least FROM floor WHERE whose IN same`,
    { conversation },
  );
  const least = highest([all, ...rows.map((row) => row.least)]);
  return { least, from: least === all ? 'everybody' : 'person' };
}

/** Sets the floor for everybody. */
export function setFloorForAll(db: Database, least: Floor): void {
  put(db, EVERYBODY, least);
}

/** Sets the floor of a person, named by any of their peers: of all that are the same person now. */
export function setFloorFor(db: Database, peer: PeerId, least: Floor): void {
  const same = db.all<{ readonly peer: PeerId }>(
    `WITH RECURSIVE same (peer) AS (SELECT ? ${theSame} SELECT peer FROM same`,
    peer,
  );
  for (const one of same) put(db, one.peer, least);
}

function put(db: Database, whose: string, least: Floor): void {
  if (least === NO_FLOOR) db.run('DELETE FROM floor WHERE whose = ?', whose);
  else
    db.run(
      'INSERT INTO floor (whose, least) VALUES (?, ?) ON CONFLICT (whose) DO UPDATE SET least = excluded.least',
      whose,
      least,
    );
}
