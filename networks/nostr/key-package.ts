import * as v from 'valibot';
import type { KeyPackageRef, MadeKeyPackage } from '../../crypto/mls/engine.ts';
import { marmotProfile } from '../../crypto/mls/marmot-rules.ts';
import type { Millis } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { readCell, writeCell } from './cell.ts';
import { seconds, signEvent, type SignedEvent } from './event.ts';
import { keyPackageDraft, readKeyPackageEvent } from './marmot/key-package-event.ts';
import { knownComponents } from './marmot/member.ts';
import { allRequests } from './requests.ts';
import type { Turn } from './turn.ts';

/*
 * key-package/offer   which key package of mine is offered, and which ones are on their way out
 */

/** One that has been used is replaced soon (Marmot, joining.md); whoever took it before still gets me in, for so long at least. */
const GRACE_MS = 24 * 60 * 60 * 1_000;
/** One is replaced before it runs out. */
const RENEW_BEFORE_MS = 21 * 24 * 60 * 60 * 1_000;

interface Offer {
  readonly ref: KeyPackageRef;
  /** Somebody has added me with it. */
  readonly used: boolean;
  /** Replaced ones, with when their secrets go. */
  readonly retired: readonly { readonly ref: KeyPackageRef; readonly goesAt: Millis }[];
}

const OFFER: StateKey = { space: 'key-package', key: 'offer' };
const schema: v.GenericSchema<unknown, Offer> = v.object({
  ref: v.string(),
  used: v.boolean(),
  retired: v.array(v.object({ ref: v.string(), goesAt: v.number() })),
});

/** Notes that I have joined with what is offered: it is replaced. */
export async function noteKeyPackageUsed(work: Work): Promise<void> {
  const offer = await readCell(work, OFFER, schema);
  if (offer !== null && !offer.used) writeCell(work, OFFER, { ...offer, used: true });
}

/**
 * Of retired key packages those that still have a use: their time is not over, or an invitation that waits for the person opens with them alone.
 * There are no more of those than requests are kept, and none stays longer than it is valid.
 */
async function stillUseful(
  { work, running, now }: Turn,
  mine: readonly MadeKeyPackage[],
  retired: Offer['retired'],
): Promise<Offer['retired']> {
  const isDue = ({ goesAt }: Offer['retired'][number]): boolean => goesAt <= now;
  if (!retired.some(isDue)) return retired;
  const waiting = await allRequests(work);
  const named = new Set(waiting.flatMap(({ welcome }) => running.engine.keyPackagesIn(welcome.message)));
  const valid = new Set(mine.map(({ ref }) => ref));
  return retired.filter((one) => !isDue(one) || (named.has(one.ref) && valid.has(one.ref)));
}

/**
 * What is offered, if it may stay: valid by now, not used, not about to run out, and its secrets are here. Secrets of old ones that have no use any
 * more go.
 */
async function standingOffer(turn: Turn): Promise<MadeKeyPackage | null> {
  const { work, running, now } = turn;
  const mine = await running.engine.keyPackages(work, now);
  const offer = await readCell(work, OFFER, schema);
  if (offer === null) return null;
  const retired = await stillUseful(turn, mine, offer.retired);
  for (const one of offer.retired)
    if (!retired.includes(one)) await running.engine.dropKeyPackage(one.ref, work);
  if (retired.length < offer.retired.length) writeCell(work, OFFER, { ...offer, retired });
  const standing = mine.find(({ ref }) => ref === offer.ref);
  if (standing === undefined || offer.used) return null;
  return standing.validFrom <= now && standing.expiresAt > now + RENEW_BEFORE_MS ? standing : null;
}

/**
 * The event to publish so that others can add me, given what relays hold of mine; null when that is right. A new key package takes the place
 * of one that was used, runs out, or was made while my clock was ahead; the secrets of the old one go a day later, or once no invitation that
 * waits needs them.
 */
export async function offerKeyPackage(turn: Turn, held: readonly SignedEvent[]): Promise<SignedEvent | null> {
  const { running, now } = turn;
  const { secret, slot } = running.self;
  const standing = await standingOffer(turn);
  const offered = held.map((event) => readKeyPackageEvent(event)).find((one) => one?.slot === slot);
  if (standing !== null && offered?.ref === standing.ref) return null;
  const { message } = standing ?? (await replace(turn));
  const { extensions, proposals } = marmotProfile;
  const newest = Math.max(0, ...held.map(({ created_at }) => created_at));
  const draft = keyPackageDraft(
    message,
    slot,
    { extensions, proposals, components: knownComponents },
    Math.max(seconds(now), newest + 1),
  );
  return signEvent(draft, secret);
}

async function replace({ running, work, now }: Turn): Promise<MadeKeyPackage> {
  const made = await running.engine.makeKeyPackage(work, now);
  const before = await readCell(work, OFFER, schema);
  const retired = before === null ? [] : [...before.retired, { ref: before.ref, goesAt: now + GRACE_MS }];
  writeCell(work, OFFER, { ref: made.ref, used: false, retired });
  return made;
}
