import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MessageRow } from '../../shared/contract/message.ts';
import type { ConversationId, MessageId } from '../../shared/ids.ts';
import {
  compareIds,
  concerned,
  MAX_ROWS,
  PAGE,
  withChanges,
  withNewer,
  withOlder,
  type Window,
} from './window.ts';

const id = (number: number): MessageId => String(number) as MessageId;
const note = (number: number, quoted: string | null = null): MessageRow => ({
  kind: 'note',
  id: id(number),
  conversation: 'c' as ConversationId,
  code: 'checked',
  at: number,
  quoted,
});
const range = (from: number, to: number): readonly MessageRow[] =>
  Array.from({ length: to - from }, (_, index) => note(from + index));
const ids = (window: Window): readonly number[] => window.rows.map((row) => Number(row.id));

describe('compareIds', () => {
  it('orders decimal ids as numbers, beyond what a double holds', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 80n }),
        fc.bigInt({ min: 0n, max: 2n ** 80n }),
        (left, right) => {
          const sign = left < right ? -1 : left > right ? 1 : 0;
          expect(Math.sign(compareIds(String(left) as MessageId, String(right) as MessageId))).toBe(sign);
        },
      ),
    );
  });
});

describe('a window of messages', () => {
  const whole: Window = { rows: range(100, 160), moreBefore: true, moreAfter: false };

  it('takes an older page without a hole or a double', () => {
    const next = withOlder(whole, range(60, 105), false);
    expect(ids(next)).toEqual(Array.from({ length: 100 }, (_, index) => 60 + index));
    expect(next.moreBefore).toBe(false);
    expect(next.moreAfter).toBe(false);
  });

  it('lets rows go at the far end when it grows too long, and says so', () => {
    const older = withOlder(
      { rows: range(1_000, 1_000 + MAX_ROWS), moreBefore: true, moreAfter: false },
      range(900, 1_000),
      true,
    );
    expect(older.rows.length).toBe(MAX_ROWS);
    expect(ids(older)[0]).toBe(900);
    expect(older.moreAfter).toBe(true);
    const newer = withNewer(
      { rows: range(0, MAX_ROWS), moreBefore: false, moreAfter: true },
      range(MAX_ROWS, MAX_ROWS + 50),
      false,
    );
    expect(newer.rows.length).toBe(MAX_ROWS);
    expect(ids(newer).at(-1)).toBe(MAX_ROWS + 49);
    expect(newer.moreBefore).toBe(true);
  });

  it('keeps only a page of what somebody leaves behind who follows more than it holds', () => {
    const full: Window = { rows: range(0, MAX_ROWS), moreBefore: false, moreAfter: false };
    const fresh = range(MAX_ROWS, MAX_ROWS + 10);
    const asked = fresh.map((row) => row.id);
    const next = withChanges(full, asked, fresh, 'following');
    expect(ids(next)).toEqual(Array.from({ length: PAGE }, (_, index) => MAX_ROWS + 10 - PAGE + index));
    expect(next.moreBefore).toBe(true);
    expect(withChanges(full, asked, fresh, 'end').rows.length).toBe(MAX_ROWS);
    // Nothing leaves before there is need.
    const room: Window = { ...full, rows: range(0, 100) };
    expect(withChanges(room, asked, fresh, 'following').rows.length).toBe(110);
  });

  it('keeps the identity of rows that say the same', () => {
    const next = withNewer(whole, [note(100), note(101, 'other')], false);
    expect(next.rows[0]).toBe(whole.rows[0]);
    expect(next.rows[1]).not.toBe(whole.rows[1]);
  });

  it('asks only for changes it shows or that may have come at an open end', () => {
    expect(concerned(whole, [id(50), id(120), id(200)])).toEqual([id(120), id(200)]);
    const middle: Window = { ...whole, moreAfter: true };
    expect(concerned(middle, [id(50), id(120), id(200)])).toEqual([id(120)]);
    const start: Window = { ...whole, moreBefore: false };
    expect(concerned(start, [id(50)])).toEqual([id(50)]);
  });

  it('drops what was asked for and is not there any more', () => {
    const next = withChanges(whole, [id(120), id(161)], [note(161)], 'end');
    expect(ids(next)).not.toContain(120);
    expect(ids(next).at(-1)).toBe(161);
  });

  it('stays ordered, without doubles and within its bound under any sequence of pages and changes', () => {
    const page = fc.tuple(
      fc.constantFrom('older', 'newer', 'end', 'following'),
      fc.nat(2_000),
      fc.integer({ min: 1, max: 120 }),
    );
    fc.assert(
      fc.property(fc.array(page, { maxLength: 12 }), (steps) => {
        let window: Window = { rows: range(1_000, 1_050), moreBefore: true, moreAfter: true };
        for (const [what, from, length] of steps) {
          const rows = range(from, from + length);
          if (what === 'older') window = withOlder(window, rows, true);
          else if (what === 'newer') window = withNewer(window, rows, true);
          else
            window = withChanges(
              window,
              rows.map((row) => row.id),
              rows.slice(1),
              what,
            );
          const shown = ids(window);
          expect(shown.length).toBeLessThanOrEqual(MAX_ROWS);
          expect(shown).toEqual([...new Set(shown)].sort((left, right) => left - right));
        }
      }),
    );
  });
});
