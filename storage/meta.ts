import type { Database } from './database.ts';

/** A value of the profile by its name, or null. */
export function readMeta(db: Database, key: string): string | null {
  const value = db.get<{ readonly value: unknown }>('SELECT value FROM meta WHERE key = ?', key)?.value;
  return typeof value === 'string' ? value : null;
}

/** Puts a value in the place of the one before. */
export function writeMeta(db: Database, key: string, value: string): void {
  db.run(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    key,
    value,
  );
}

/** Takes a value away. */
export function deleteMeta(db: Database, key: string): void {
  db.run('DELETE FROM meta WHERE key = ?', key);
}
