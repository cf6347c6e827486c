import type { Millis, PeerId } from '../shared/ids.ts';
import type { Database } from './database.ts';

/** Whether I blocked a peer. */
export function isBlocked(db: Database, peer: PeerId): boolean {
  return db.get('SELECT 1 FROM blocked_peer WHERE peer = ?', peer) !== undefined;
}

/** Notes that a peer is blocked, whatever the account. False: it was already. */
export function addBlocked(db: Database, peer: PeerId, at: Millis): boolean {
  return (
    db.run('INSERT INTO blocked_peer (peer, at) VALUES (?, ?) ON CONFLICT DO NOTHING', peer, at).changes === 1
  );
}

/** Notes that a peer is blocked no more. False: it was not. */
export function dropBlocked(db: Database, peer: PeerId): boolean {
  return db.run('DELETE FROM blocked_peer WHERE peer = ?', peer).changes === 1;
}
