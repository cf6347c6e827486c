import type { AccountId, Millis, NetworkId, PeerId } from '../shared/ids.ts';
import type { Trust } from '../shared/label/facts.ts';
import type { Database } from './database.ts';

export interface Peer {
  readonly id: PeerId;
  readonly network: NetworkId;
  /** What is compared: a fingerprint, an address, a service id. */
  readonly identity: string;
  readonly address: string | null;
  readonly name: string | null;
  readonly mergedInto: PeerId | null;
  readonly firstSeenAt: Millis;
}

const columns =
  'id, network, identity, address, name, merged_into AS mergedInto, first_seen_at AS firstSeenAt';

/** One peer, or null. */
export function findPeer(db: Database, id: PeerId): Peer | null {
  return db.get<Peer>(`SELECT ${columns} FROM peer WHERE id = ?`, id) ?? null;
}

/** Makes sure a peer that a lane named has a row; what it is called may come later. */
export function ensurePeer(
  db: Database,
  peer: Pick<Peer, 'id' | 'network' | 'identity' | 'firstSeenAt'>,
): void {
  db.run(
    'INSERT INTO peer (id, network, identity, first_seen_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    peer.id,
    peer.network,
    peer.identity,
    peer.firstSeenAt,
  );
}

/** The lane of an account told of a peer. */
export function knowPeer(db: Database, account: AccountId, peer: PeerId): void {
  db.run('INSERT INTO known_peer (account, peer) VALUES (?, ?) ON CONFLICT DO NOTHING', account, peer);
}

/** Whether the lane of an account ever told of a peer, and it is still that one. */
export function knowsPeer(db: Database, account: AccountId, peer: PeerId): boolean {
  return (
    db.get(
      `SELECT 1 FROM known_peer AS k JOIN peer AS p ON p.id = k.peer
       WHERE k.account = ? AND k.peer = ? AND p.merged_into IS NULL`,
      account,
      peer,
    ) !== undefined
  );
}

/** What the other side says of itself; null leaves what was known. */
export function describePeer(
  db: Database,
  id: PeerId,
  about: { readonly address: string | null; readonly name: string | null },
): void {
  db.run(
    'UPDATE peer SET address = coalesce(?, address), name = coalesce(?, name) WHERE id = ?',
    about.address,
    about.name,
    id,
  );
}

/** What I call somebody; null: nothing any more. */
export function namePeer(db: Database, id: PeerId, name: string | null): void {
  db.run('UPDATE peer SET name = ? WHERE id = ?', name, id);
}

/** The peer's key or identity as it is compared is now another. */
export function setPeerIdentity(db: Database, id: PeerId, identity: string): void {
  db.run('UPDATE peer SET identity = ? WHERE id = ?', identity, id);
}

/** Two peers turned out to be one. Nothing is moved but the link: trust is never carried over. */
export function mergePeers(db: Database, from: PeerId, into: PeerId): void {
  db.run('UPDATE peer SET merged_into = ? WHERE id = ?', into, from);
}

/** Peers that turned out to be the same as one of those given, and those. */
export function withMerged(db: Database, peers: readonly PeerId[]): readonly PeerId[] {
  return db
    .all<{ readonly id: PeerId }>(
      `WITH given AS (SELECT value AS id FROM json_each(?))
       SELECT id FROM peer WHERE id IN given OR merged_into IN given
         OR id IN (SELECT merged_into FROM peer WHERE id IN given) ORDER BY id`,
      JSON.stringify(peers),
    )
    .map((row) => row.id);
}

/** Accounts whose lane ever told of a peer. */
export function knownBy(db: Database, peer: PeerId): readonly AccountId[] {
  return db
    .all<{ readonly account: AccountId }>(
      'SELECT account FROM known_peer WHERE peer = ? ORDER BY account',
      peer,
    )
    .map((row) => row.account);
}

/** What was written of an account's trust in a peer, or null: nobody ever decided or proved anything. */
export function writtenTrust(db: Database, account: AccountId, peer: PeerId): Trust | null {
  const row = db.get<{ readonly trust: string }>(
    'SELECT trust FROM trust WHERE account = ? AND peer = ?',
    account,
    peer,
  );
  return row ? (JSON.parse(row.trust) as Trust) : null;
}

/** What an account knows of a peer's identity; nothing written means not checked. */
export function trustOf(db: Database, account: AccountId, peer: PeerId): Trust {
  return writtenTrust(db, account, peer) ?? { kind: 'unchecked' };
}

/** Replaces an account's trust in a peer. */
export function setTrust(db: Database, account: AccountId, peer: PeerId, trust: Trust): void {
  db.run(
    `INSERT INTO trust (account, peer, trust) VALUES (?, ?, ?)
     ON CONFLICT (account, peer) DO UPDATE SET trust = excluded.trust`,
    account,
    peer,
    JSON.stringify(trust),
  );
}
