import { headerLines, parseDate } from './imap-fetch.ts';
import { textOf } from './imap-syntax.ts';
import type { Value } from './imap-syntax.ts';
import type { StoredMail } from './mailbox.ts';
import { parseSequenceSet, select } from './sequence-set.ts';

/** Says whether a mail fits. */
export type Criterion = (mail: StoredMail) => boolean;

const DAY_MS = 86_400_000;

const FLAG_KEYS: Readonly<Record<string, Criterion>> = {
  ALL: () => true,
  ...Object.fromEntries(
    ['Seen', 'Deleted', 'Flagged', 'Answered', 'Draft'].flatMap((flag) => [
      [flag.toUpperCase(), (mail: StoredMail) => mail.flags.has(`\\${flag}`)],
      [`UN${flag.toUpperCase()}`, (mail: StoredMail) => !mail.flags.has(`\\${flag}`)],
    ]),
  ),
};

/** Reads search keys (RFC 9051 §6.4.4); null for those this server does not know. `uids` is the numbering of the session. */
export function parseSearch(args: readonly Value[], uids: readonly number[]): Criterion | null {
  const rest = [...args];
  const all: Criterion[] = [];
  while (rest.length > 0) {
    const next = takeKey(rest, uids);
    if (next === null) return null;
    all.push(next);
  }
  return (mail) => all.every((fits) => fits(mail));
}

function takeKey(rest: Value[], uids: readonly number[]): Criterion | null {
  const value = rest.shift();
  if (value?.kind === 'list') return parseSearch(value.items, uids);
  const word = textOf(value)?.toUpperCase() ?? '';
  const flag = FLAG_KEYS[word];
  if (flag !== undefined) return flag;
  const argument = (): string | null => textOf(rest.shift());

  switch (word) {
    case 'CHARSET':
      argument();
      return FLAG_KEYS['ALL'] ?? null;
    case 'NOT': {
      const inner = takeKey(rest, uids);
      return inner && ((mail) => !inner(mail));
    }
    case 'OR': {
      const first = takeKey(rest, uids);
      const second = takeKey(rest, uids);
      return first && second && ((mail) => first(mail) || second(mail));
    }
    case 'UID':
      return inSet(argument(), (set) => new Set(select(set, uids)));
    case 'HEADER':
      return header(argument(), argument());
    case 'FROM':
    case 'TO':
    case 'CC':
    case 'SUBJECT':
      return header(word, argument());
    case 'KEYWORD':
    case 'UNKEYWORD': {
      const keyword = argument();
      return keyword === null ? null : (mail) => mail.flags.has(keyword) === (word === 'KEYWORD');
    }
    case 'SINCE':
    case 'BEFORE':
    case 'ON': {
      const day = parseDate(argument() ?? '');
      if (day === null) return null;
      if (word === 'SINCE') return (mail) => mail.receivedAt >= day;
      if (word === 'BEFORE') return (mail) => mail.receivedAt < day;
      return (mail) => mail.receivedAt >= day && mail.receivedAt < day + DAY_MS;
    }
    case 'LARGER':
    case 'SMALLER':
    case 'MODSEQ': {
      const limit = Number(argument());
      if (!Number.isSafeInteger(limit)) return null;
      if (word === 'LARGER') return (mail) => mail.raw.length > limit;
      if (word === 'SMALLER') return (mail) => mail.raw.length < limit;
      return (mail) => mail.modseq >= limit;
    }
    default:
      return inSet(word, (set) => {
        const numbers = uids.map((_uid, at) => at + 1);
        return new Set(select(set, numbers).map((number) => uids[number - 1] ?? 0));
      });
  }
}

function inSet(
  text: string | null,
  members: (set: NonNullable<ReturnType<typeof parseSequenceSet>>) => ReadonlySet<number>,
): Criterion | null {
  const set = parseSequenceSet(text ?? '');
  if (set === null) return null;
  const picked = members(set);
  return (mail) => picked.has(mail.uid);
}

function header(name: string | null, text: string | null): Criterion | null {
  if (name === null || text === null) return null;
  const wanted = name.toLowerCase();
  const part = text.toLowerCase();
  return (mail) =>
    headerLines(mail.raw).some(
      (field) => field.name === wanted && field.line.toLowerCase().includes(part, wanted.length + 1),
    );
}
