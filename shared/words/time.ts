import type { Millis } from '../ids.ts';
import type { Say } from './say.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const QUARTER_MS = 15 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

/** Times and days in words. All in one time zone and by one region's habits. */
export function timeWords(say: Say, region: string, timeZone: string | undefined) {
  const format = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(region, { ...options, ...(timeZone === undefined ? {} : { timeZone }) });
  const clockFormat = format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const exactFormat = format({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  const dateFormat = format({ day: 'numeric', month: 'long', year: 'numeric' });
  const calendarFormat = new Intl.DateTimeFormat(region, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  });
  const dayFormat = format({ weekday: 'long', day: 'numeric', month: 'long' });
  const weekdayFormat = format({ weekday: 'short' });
  const shortFormat = format({ day: 'numeric', month: 'short' });
  const shortYearFormat = format({ day: 'numeric', month: 'short', year: 'numeric' });
  const keyFormat = new Intl.DateTimeFormat('en-CA', timeZone === undefined ? {} : { timeZone });

  const dayKey = perStretch(keyFormat, QUARTER_MS);
  const sameDay = (a: Millis, b: Millis): boolean => dayKey(a) === dayKey(b);
  const sameYear = (a: Millis, b: Millis): boolean => dayKey(a).slice(0, 4) === dayKey(b).slice(0, 4);

  /** `14:28`. */
  const clock = perStretch(clockFormat, MINUTE_MS);
  /** `14:28:03`. */
  const exactClock = (at: Millis): string => show(exactFormat, at);
  /** `3 March 2026`. */
  const date = (at: Millis): string => show(dateFormat, at);

  /** A calendar day of networks/facts.json, `2026-11-22`, which is the same day everywhere: `22 Nov 2026`. */
  const day = (text: string): string => show(calendarFormat, Date.parse(`${text}T00:00:00Z`));

  /** The line between two days: `Today, Thursday 19 November`, `Yesterday`, `Wednesday 18 November`, `3 March 2025`. */
  function dayLine(at: Millis, now: Millis): string {
    if (sameDay(at, now)) return say('time.today.long', { day: show(dayFormat, at) });
    if (sameDay(at, now - DAY_MS)) return say('time.yesterday');
    return sameYear(at, now) ? show(dayFormat, at) : date(at);
  }

  /** In a list row: `14:31` today, `Wed` within six days, `16 Nov`, `16 Nov 2025`. */
  function rowTime(at: Millis, now: Millis): string {
    if (sameDay(at, now)) return clock(at);
    if (at < now && at > now - 6 * DAY_MS) return show(weekdayFormat, at);
    return show(sameYear(at, now) ? shortFormat : shortYearFormat, at);
  }

  /** `7 days`, `2 hours`, `30 minutes`, `5 seconds`; rounded up, so that it never says less than it is. */
  function span(ms: Millis): string {
    if (ms > DAY_MS) return say('time.days', { count: Math.ceil(ms / DAY_MS) });
    if (ms > HOUR_MS) return say('time.hours', { count: Math.ceil(ms / HOUR_MS) });
    if (ms > MINUTE_MS) return say('time.minutes', { count: Math.ceil(ms / MINUTE_MS) });
    return say('time.seconds', { count: Math.max(1, Math.ceil(ms / SECOND_MS)) });
  }

  /** How long something stays: `1 week`, `8 hours`, `30 seconds`; as {@link span} where no unit fits. */
  function stay(ms: Millis): string {
    if (ms > 0 && ms % WEEK_MS === 0) return say('time.weeks', { count: ms / WEEK_MS });
    if (ms > 0 && ms % DAY_MS === 0) return say('time.days', { count: ms / DAY_MS });
    if (ms > 0 && ms % HOUR_MS === 0) return say('time.hours', { count: ms / HOUR_MS });
    return span(ms);
  }

  return { clock, exactClock, date, day, dayLine, rowTime, span, stay, sameDay };
}

/** A time that no calendar holds is shown as a dash, not as an error. */
const show = (format: Intl.DateTimeFormat, at: Millis): string =>
  Math.abs(at) <= 8.64e15 ? format.format(at) : '–';

/** Stretches whose text is remembered at most. */
const MAX_STRETCHES = 2_000;

/**
 * A format whose text stays the same for a whole stretch of time, remembered: each row of a list asks for it, and formatting takes
 * longer than all else of a row. Days begin, and minutes, at full quarters and minutes of UTC wherever clocks were set since 1972.
 */
function perStretch(format: Intl.DateTimeFormat, stretch: Millis): (at: Millis) => string {
  const known = new Map<number, string>();
  return (at) => {
    const number = Math.floor(at / stretch);
    const before = known.get(number);
    if (before !== undefined) return before;
    const text = show(format, at);
    if (known.size >= MAX_STRETCHES) known.clear();
    known.set(number, text);
    return text;
  };
}
