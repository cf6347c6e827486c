import type { Label } from './label.ts';
import { readersRank } from './rules.ts';

const trustRank = { checked: 2, unchecked: 1, changed: 0 } as const;

/**
 * Orders labels by what they protect, the most first: who can read it, then whether it is really them, then how many limits it has.
 * A stopped one comes after one that is open and otherwise the same. Zero: neither protects more.
 */
export function byProtection(a: Label, b: Label): number {
  return (
    readersRank[b.readers.kind] - readersRank[a.readers.kind] ||
    trustOf(b) - trustOf(a) ||
    limitsOf(a) - limitsOf(b) ||
    Number(b.sending.ok) - Number(a.sending.ok)
  );
}

const trustOf = ({ identity }: Label): number =>
  identity.kind === 'one' ? trustRank[identity.trust.kind] : trustRank.unchecked;
const limitsOf = ({ readers }: Label): number =>
  readers.kind === 'members-limited' ? readers.limits.length : 0;
