import type { Evidence } from '../../shared/label/evidence.ts';
import type { Work } from '../../shared/lane/state.ts';
import { trustIn } from './correspondent.ts';
import type { Draft } from './draft.ts';
import { peerOf } from './names.ts';
import type { Part } from './part.ts';
import { readPeer } from './peer-record.ts';
import type { Performing } from './performing.ts';
import type { SentRecord } from './send-log.ts';

type Details = Evidence['details'];

/**
 * The facts of every path a draft takes, one per device. Sealing again adds to what was there `before`. Null where nothing is
 * sealed.
 */
export async function sealedEvidence(
  { engine, sealedSender }: Performing,
  { to }: Draft,
  parts: readonly Part[],
  before: SentRecord | null,
  work: Work,
  now: number,
): Promise<Evidence | null> {
  const made = parts.flatMap(({ sealed }) => sealed ?? []);
  const [first] = parts;
  if (first === undefined || made.length === 0) return before?.evidence ?? null;
  // What is not known any more of the other devices is told by their sessions.
  const others = before === null ? [] : (before.evidence?.facts ?? (await engine.forecast(to, work, now)));
  const possible = await sealedSender.possible(to, work, now);
  const sealed = before?.evidence ? staysSealed(before.evidence, possible) : possible;
  return {
    how: 'sealed-here',
    at: now,
    facts: [...others, ...made.map(({ facts }) => facts)],
    details: withSealedSender(
      mergedDetails([before?.evidence?.details ?? [], ...made.map(({ details }) => details)]),
      sealed,
    ),
    to: [{ peer: peerOf(to), key: first.identity, trust: trustIn(await readPeer(work, to)) }],
  };
}

/** One detail per name; devices that differ are named side by side. */
function mergedDetails(all: readonly Details[]): Details {
  const values = new Map<Details[number]['name'], Set<string>>();
  for (const { name, value } of all.flat()) values.set(name, (values.get(name) ?? new Set()).add(value));
  return [...values].map(([name, set]) => ({ name, value: [...set].join(', ') }));
}

const YES = 'yes';
const NO = 'no';

const saysNamed = (evidence: Evidence): boolean =>
  evidence.details.some(({ name, value }) => name === 'sealed-sender' && value === NO);

/** Details that say whether the server was told who sends. */
export function withSealedSender(details: Details, sealed: boolean): Details {
  const others = details.filter(({ name }) => name !== 'sealed-sender');
  return [...others, { name: 'sealed-sender', value: sealed ? YES : NO }];
}

/** Whether, with one more attempt, the server was not told who sends: what it was told once it knows. */
export const staysSealed = (evidence: Evidence, sealed: boolean): boolean => sealed && !saysNamed(evidence);

/** Evidence that says how a message went out, with one more attempt; null where it says so already. */
export function wentSealed(evidence: Evidence, sealed: boolean): Evidence | null {
  const stays = staysSealed(evidence, sealed);
  const told = evidence.details.find(({ name }) => name === 'sealed-sender');
  if (told?.value === (stays ? YES : NO)) return null;
  return { ...evidence, details: withSealedSender(evidence.details, stays) };
}
