import { assertNever } from '../assert.ts';
import type { Holder, SecurityFacts } from './facts.ts';
import type { Readers } from './label.ts';
import type { Looker, Sight } from './network-facts.ts';

const liveNotes = [
  'hid-sender',
  'named-sender',
  'sender-not-known',
  'content-not-known',
  'held-by-others',
  'subject-open',
  'partly-open',
] as const;
/** What is known of this conversation in place of a note of facts.json; worded as `facts.live.…`. */
export type LiveNote = (typeof liveNotes)[number];

/** What each of those who may look sees. */
export type Sees = Readonly<Record<Looker, Sight>>;

/**
 * One path of the next send, with who can read over it by the rules of the label. Each is looked at by itself: the label of several says only the worst
 * of them, and what is not known of one must not hide that another is open.
 */
export interface JudgedPath {
  readonly path: SecurityFacts;
  readonly readers: Readers;
}

/** What a path makes of a row. */
export interface PathSight {
  readonly sees: Partial<Sees>;
  readonly note: LiveNote | null;
}

/** Whoever is neither of us. */
export const others = (sight: Sight): Partial<Sees> => ({
  operator: sight,
  servers: sight,
  carrier: sight,
});
const between = (sight: Sight): Partial<Sees> => ({ operator: sight, servers: sight });

/** Facts without which nobody can say who reads the text. */
const contentFacts = ['endToEnd', 'otherKeyHolders', 'engine'] as const;

const nothingMore: PathSight = { sees: {}, note: null };
/** What is to be said where nobody can tell whether it is sealed. */
export const sealingUnknown: PathSight = { sees: others('unknown'), note: 'content-not-known' };

/** What those see who can read what is sealed. */
export function readersSight({ path, readers }: JudgedPath): PathSight {
  switch (readers.kind) {
    case 'unknown':
      return contentFacts.some((name) => readers.missing.includes(name)) ? sealingUnknown : nothingMore;
    case 'provider':
      return { sees: heldBy(path, readers.who), note: 'held-by-others' };
    case 'members-limited':
    case 'members':
      return nothingMore;
    default:
      return assertNever(readers);
  }
}

/** What is not sealed is open to all who carry it, whoever is named. */
function heldBy({ endToEnd }: SecurityFacts, who: readonly Holder[]): Partial<Sees> {
  const isOpen = endToEnd !== 'unknown' && !endToEnd.is;
  return Object.assign(isOpen ? between('yes') : {}, ...who.map(holderSight));
}

const holderSight = ({ kind }: Holder): Partial<Sees> =>
  kind === 'carrier' ? { carrier: 'yes' } : between('yes');

/** What files or reactions outside the encryption make of the text. */
export function exposedSight({ exposed }: SecurityFacts): PathSight {
  if (exposed === 'unknown') return { sees: between('unknown'), note: 'content-not-known' };
  const isOpen = exposed.is.some((what) => what === 'attachments' || what === 'reactions');
  return isOpen ? { sees: between('part'), note: 'partly-open' } : nothingMore;
}

/** Where anything is not known of a path, whether the subject is open on it is not either. */
export function subjectSight({ path: { exposed }, readers }: JudgedPath): PathSight {
  if (exposed === 'unknown') return { sees: between('unknown'), note: 'content-not-known' };
  if (exposed.is.includes('subject')) return { sees: between('yes'), note: 'subject-open' };
  return readers.kind === 'unknown' ? { sees: between('unknown'), note: null } : nothingMore;
}
