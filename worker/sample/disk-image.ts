import type { Database } from '../../storage/database.ts';

/**
 * For tests: what lanes keep, as an image of the disk has it, to be put back while core is stopped. The profile's mark is not moved by
 * it, as if the image carried that along: only the network can tell.
 */
export function takeImage(db: Database): { putBack(): void } {
  const image = (['lane_state', 'cursor'] as const).map(
    (table) => [table, db.all<Record<string, string>>(`SELECT * FROM ${table}`)] as const,
  );
  return {
    putBack() {
      for (const [table, rows] of image) {
        db.run(`DELETE FROM ${table}`);
        for (const row of rows) {
          const columns = Object.keys(row);
          const places = columns.map(() => '?').join();
          db.run(`INSERT INTO ${table} (${columns.join()}) VALUES (${places})`, ...Object.values(row));
        }
      }
    },
  };
}
