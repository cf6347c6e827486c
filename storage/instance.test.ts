import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { AccountId } from '../shared/ids.ts';
import { addAccount, removeAccount } from './accounts.ts';
import { forgetCopied, isCopied } from './copies.ts';
import { openDatabase, type Database } from './database.ts';
import { MOVE_MS, openInstance, type Instance } from './instance.ts';
import { scratch } from './test/scratch.ts';

const folderFor = scratch();
const key = new Uint8Array(32).fill(7);
const A = 'a' as AccountId;

type Open = { readonly db: Database; readonly instance: Instance; close(): void };
type Place = { readonly folder: string; readonly marks: string; readonly machine?: string | null };

function open({ folder, marks, machine = 'here' }: Place): Open {
  const db = openDatabase({ folder, key });
  const instance = openInstance({ db, marks, machine, clock: () => 5 });
  return {
    db,
    instance,
    close: () => {
      instance.close();
      db.close();
    },
  };
}
/** Moves a ratchet as a commit does. */
function commit({ db, instance }: Open): void {
  expect(db.transaction(() => instance.stage())).toBe(true);
  instance.publish();
}
/** Ends between what the last commit left in the database and the mark outside. */
function cut(running: Open, marks: string): void {
  const inTheWay = `${markOf(marks)}.part`;
  mkdirSync(inTheWay);
  running.db.transaction(() => running.instance.stage());
  expect(() => running.instance.close()).toThrow();
  running.db.close();
  rmdirSync(inTheWay);
}
const markOf = (marks: string): string => join(marks, readdirSync(marks)[0] ?? '', 'mark');
/** One account in a profile that was opened and closed. */
function used(): Required<Place> {
  const root = folderFor();
  const folder = join(root, 'profile');
  cpSync(folderFor(), folder, { recursive: true });
  const place = { folder, marks: join(root, 'marks'), machine: 'here' };
  const first = open(place);
  expect(first.instance.foundCopy).toBe(false);
  addAccount(first.db, {
    id: A,
    network: 'signal',
    address: '+1',
    displayName: '',
    environment: 'test',
    createdAt: 1,
  });
  first.close();
  return place;
}
const copyOf = (place: Place, name: string): string => {
  const to = join(place.folder, '..', name);
  cpSync(place.folder, to, { recursive: true });
  return to;
};
const found = (place: Place): boolean => {
  const running = open(place);
  const copied = isCopied(running.db, A);
  expect(running.instance.foundCopy).toBe(copied);
  running.close();
  return copied;
};

describe('AT-54 a profile', () => {
  it('goes on where it is, moved within the machine, and after it was cut off at any point', () => {
    const place = used();
    expect(found(place)).toBe(false);
    const moved = { ...place, folder: copyOf(place, 'moved') };
    rmSync(place.folder, { recursive: true });
    expect(found(moved)).toBe(false);
  });

  it('is a copy on another machine, with or without what lies beside it', () => {
    const place = used();
    expect(found({ ...place, folder: copyOf(place, 'b'), marks: join(place.folder, '../none') })).toBe(true);
    const marks = join(place.folder, '../carried');
    cpSync(place.marks, marks, { recursive: true });
    expect(found({ ...place, folder: copyOf(place, 'c'), marks, machine: 'there' })).toBe(true);
    // The one it came from knows nothing of it, and goes on.
    expect(found(place)).toBe(false);
  });

  it('is a copy when an older folder was put back, whether copied while it was closed or while it ran', () => {
    const place = used();
    const closed = copyOf(place, 'closed');
    const running = open(place);
    running.db.checkpointTruncate();
    const midway = copyOf(place, 'midway');
    running.close();
    for (const folder of [closed, midway]) expect(found({ ...place, folder })).toBe(true);
    expect(found(place)).toBe(false);
  });

  it('is a copy while another program holds the instance', () => {
    const place = used();
    const folder = copyOf(place, 'second');
    const running = open(place);
    // As if the mark had not moved since.
    const mark = markOf(place.marks);
    const then = /"mark":"([^"]+)"/u;
    const second = openDatabase({ folder, key });
    const kept = String(
      second.get<{ readonly value: unknown }>("SELECT value FROM meta WHERE key = 'instance'")?.value,
    );
    second.close();
    writeFileSync(mark, then.exec(kept)?.[1] ?? '');
    expect(found({ ...place, folder })).toBe(true);
    running.close();
  });

  it('that was found to be one is an instance of its own from then on; its accounts stay noted until the person acts', () => {
    const place = used();
    const copy = { ...place, folder: copyOf(place, 'copy'), marks: join(place.folder, '../there') };
    expect(found(copy)).toBe(true);
    const again = open(copy);
    expect([again.instance.foundCopy, isCopied(again.db, A)]).toEqual([false, true]);
    again.db.transaction(() => forgetCopied(again.db, A));
    expect(isCopied(again.db, A)).toBe(false);
    again.close();
    expect(found(copy)).toBe(false);
    // A copy of the copy is one again.
    expect(found({ ...copy, marks: join(place.folder, '../third') })).toBe(true);
    const last = open({ ...copy, marks: join(place.folder, '../third') });
    last.db.transaction(() => removeAccount(last.db, A));
    expect(isCopied(last.db, A)).toBe(false);
    last.close();
  });

  it('whose mark is damaged or gone is a copy: unknown is never good', () => {
    for (const damage of ['', 'x', null]) {
      const place = used();
      const mark = markOf(place.marks);
      expect(existsSync(mark)).toBe(true);
      if (damage === null) rmSync(mark);
      else writeFileSync(mark, damage);
      expect(found(place)).toBe(true);
    }
  });

  it('leaves on the disk outside only what says nothing', () => {
    const place = used();
    const names = readdirSync(place.marks, { recursive: true, encoding: 'utf8' });
    expect(names.filter((name) => name.endsWith('mark'))).toHaveLength(1);
    const mark = readFileSync(join(place.marks, names.find((name) => name.endsWith('mark')) ?? ''), 'utf8');
    expect(mark).toMatch(/^[\w-]{22}$/u);
  });

  it('is never taken for the one it was copied from once that moved on, whatever was cut off where', () => {
    const step = fc.constantFrom('commit', 'cut', 'pause', 'copy', 'restart');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const place = used();
        const clock = vi.spyOn(performance, 'now');
        let now = 0;
        clock.mockImplementation(() => now);
        const copies: string[] = [];
        let running = open(place);
        try {
          for (const name of steps) {
            switch (name) {
              case 'pause':
                now += MOVE_MS;
                break;
              case 'commit':
                // Each comes late enough to move the mark.
                now += MOVE_MS;
                commit(running);
                break;
              case 'cut':
                now += MOVE_MS;
                cut(running, place.marks);
                running = open(place);
                break;
              case 'copy':
                running.db.checkpointTruncate();
                copies.push(copyOf(place, `copy-${copies.length}`));
                break;
              case 'restart':
                running.close();
                running = open(place);
                break;
            }
            // The one itself never takes itself for a copy.
            expect(isCopied(running.db, A)).toBe(false);
          }
          running.close();
          for (const folder of copies) expect(found({ ...place, folder })).toBe(true);
          expect(found(place)).toBe(false);
        } finally {
          clock.mockRestore();
        }
      }),
      { numRuns: 15 },
    );
  });
});
