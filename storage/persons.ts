import { freshId, type Millis, type PeerId, type PersonId } from '../shared/ids.ts';
import type { Database } from './database.ts';

/** The entry of the address book that holds a peer beside others; null: it stands alone. */
export function personOf(db: Database, peer: PeerId): PersonId | null {
  return (
    db.get<{ readonly person: PersonId }>('SELECT person FROM route WHERE peer = ?', peer)?.person ?? null
  );
}

/** The peers of one entry, the one asked for among them. */
export function peersOfPerson(db: Database, peer: PeerId): readonly PeerId[] {
  const peers = db
    .all<{ readonly peer: PeerId }>(
      `SELECT peer FROM route WHERE person = (SELECT person FROM route WHERE peer = ?) ORDER BY peer`,
      peer,
    )
    .map((row) => row.peer);
  return peers.length === 0 ? [peer] : peers;
}

/** Makes one entry of two. Nothing but the entry changes: trust and blocks are of each peer. */
export function mergePersons(db: Database, peer: PeerId, other: PeerId, at: Millis): void {
  const all = new Set([...peersOfPerson(db, peer), ...peersOfPerson(db, other)]);
  const person = personOf(db, peer) ?? personOf(db, other) ?? addPerson(db, at);
  for (const each of all) {
    const before = personOf(db, each);
    if (before === person) continue;
    dropRoute(db, each);
    if (before !== null) endPersonOfOne(db, before);
    db.run('INSERT INTO route (person, peer) VALUES (?, ?)', person, each);
  }
}

/** Takes one peer out of its entry, so that it stands alone again. */
export function takeApart(db: Database, peer: PeerId): void {
  const person = personOf(db, peer);
  if (person === null) return;
  dropRoute(db, peer);
  endPersonOfOne(db, person);
}

function addPerson(db: Database, at: Millis): PersonId {
  const id = freshId<PersonId>();
  // What somebody is called is told by each of their peers.
  db.run("INSERT INTO person (id, name, created_at) VALUES (?, '', ?)", id, at);
  return id;
}

const dropRoute = (db: Database, peer: PeerId): void => void db.run('DELETE FROM route WHERE peer = ?', peer);

/** An entry is there for as long as it holds more than one peer. Its routes go with it. */
function endPersonOfOne(db: Database, person: PersonId): void {
  db.run(
    'DELETE FROM person WHERE id = :person AND (SELECT count(*) FROM route WHERE person = :person) < 2',
    { person },
  );
}
