import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LaneStatus } from '../../shared/lane/lane.ts';
import { createStanding, type Standing } from './standing.ts';
import { PERSON_RETRY_MS } from './tls.ts';

const said: LaneStatus[] = [];
let standing: Standing;
beforeEach(() => {
  vi.useFakeTimers();
  said.length = 0;
  standing = createStanding({ status: (status) => said.push(status) });
  standing.reading({ kind: 'online' });
});
afterEach(() => {
  standing.close();
  vi.useRealTimers();
});

test('a mailbox that goes on being read does not hide that nothing can be sent', () => {
  standing.stopped('password');
  standing.reading({ kind: 'catching-up', left: 3 });
  standing.reading({ kind: 'online' });
  expect(said.at(-1)).toEqual({ kind: 'needs-person', why: 'password' });
});

test('after as long as the mailbox would wait it is online again, and so tried again', () => {
  standing.stopped('certificate');
  vi.advanceTimersByTime(PERSON_RETRY_MS - 1);
  expect(said.at(-1)).toEqual({ kind: 'needs-person', why: 'certificate' });
  vi.advanceTimersByTime(1);
  expect(said.at(-1)).toEqual({ kind: 'online' });
});

test('a mail that was taken ends it', () => {
  standing.stopped('password');
  standing.passed();
  expect(said.at(-1)).toEqual({ kind: 'online' });
  vi.advanceTimersByTime(PERSON_RETRY_MS);
  standing.passed();
  expect(said).toHaveLength(3);
});

test('an account that is not connected says that', () => {
  standing.stopped('password');
  standing.reading({ kind: 'offline', retryAt: 5 });
  expect(said.at(-1)).toEqual({ kind: 'offline', retryAt: 5 });
});
