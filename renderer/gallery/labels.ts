import type { Fact, Holder, HoldReason, SecurityFacts, Trust } from '../../shared/label/facts.ts';
import type { Label, LimitCode } from '../../shared/label/label.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import { peerId } from '../../shared/ids.ts';
import type { LiveFacts } from '../../shared/label/who-sees.ts';

/** The moment the gallery stands still at: a Thursday afternoon. */
export const NOW = Date.parse('2026-11-19T14:31:00');
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** So many minutes before {@link NOW}. */
export const minutesAgo = (minutes: number): number => NOW - minutes * MINUTE;
/** So many days before {@link NOW}. */
export const daysAgo = (days: number): number => NOW - days * DAY;

export const checked: Trust = { kind: 'checked', at: Date.parse('2026-03-03T12:00:00'), by: 'secure-join' };
export const unchecked: Trust = { kind: 'unchecked' };
export const changed: Trust = { kind: 'changed', at: minutesAgo(169), wasChecked: true };

const base = { network: 'email', protocol: 'openpgp', testNetwork: false, rules: 1 } as const;
const one = (trust: Trust): Label['identity'] => ({ kind: 'one', trust });
const openpgpLimits: readonly LimitCode[] = ['no-forward-secrecy', 'no-recovery'];

/** Private, with the limits OpenPGP has. */
export const limited = (trust: Trust): Label => ({
  ...base,
  readers: { kind: 'members-limited', limits: openpgpLimits },
  identity: one(trust),
  sending: { ok: true },
});

/** Nothing to say against it. */
export const members = (trust: Trust): Label => ({
  ...base,
  network: 'signal',
  protocol: 'signal',
  readers: { kind: 'members' },
  identity: one(trust),
  sending: { ok: true },
});

const northmail: Holder = { kind: 'provider', name: 'Northmail' };

/** A mail provider reads along. */
export const provider: Label = {
  ...base,
  protocol: 'none',
  readers: { kind: 'provider', who: [northmail] },
  identity: one(unchecked),
  sending: { ok: true },
};

/** A needed fact is missing. */
export const unknown: Label = {
  ...base,
  network: 'nostr',
  protocol: 'mls',
  readers: { kind: 'unknown', missing: ['endToEnd'] },
  identity: one(unchecked),
  sending: { ok: true },
};

/** A label under which nothing is sent until the person looked. */
export const stopped = (label: Label, why: HoldReason): Label => ({ ...label, sending: { ok: false, why } });

/** A group of six, four of them checked. */
export const group: Label = {
  ...limited(checked),
  identity: { kind: 'group', checked: 4, changed: 0, of: 6 },
};

/** A Nostr conversation over MLS: nobody outside has looked at the engine. */
export const mls = (identity: Label['identity']): Label => ({
  ...base,
  network: 'nostr',
  protocol: 'mls',
  readers: { kind: 'members-limited', limits: ['engine-unaudited'] },
  identity,
  sending: { ok: true },
});

const known = <T>(is: T): Fact<T> => ({ is, asOf: minutesAgo(3), by: 'message' });

/** The facts of an OpenPGP message as the engine reports them. */
const openpgpFacts: SecurityFacts = {
  endToEnd: known(true),
  otherKeyHolders: known([]),
  forwardSecrecy: known({ withinMs: 'never' }),
  recovery: known({ withinMs: 'never' }),
  postQuantum: known('none'),
  authenticated: known(true),
  exposed: known([]),
  engine: known({ name: 'OpenPGP.js', version: '6.3.2', review: 'audited' }),
};

export const OWN_KEY = '7C2A91D0E4B83F5566A1C90D2E7F4B3A18D6509C';
/** The key of somebody on Nostr. */
export const OTHER_NPUB = 'npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6';
export const ALICE_KEY = '05A39C417ED02B88F16A30C75D19E40BA2C47F31';

export const sealedHere: Evidence = {
  how: 'sealed-here',
  at: minutesAgo(3),
  facts: [openpgpFacts],
  details: [
    { name: 'suite', value: 'SEIPDv2, AES-256 OCB, X25519' },
    { name: 'own-key', value: OWN_KEY },
    { name: 'header-protection', value: 'yes' },
    { name: 'hidden-recipients', value: 'yes' },
  ],
  to: [{ peer: peerId('email', ALICE_KEY), key: ALICE_KEY, trust: checked }],
};

export const openedHere: Evidence = {
  how: 'opened-here',
  at: minutesAgo(7),
  facts: [openpgpFacts],
  details: [
    { name: 'suite', value: 'SEIPDv2, AES-256 OCB, X25519' },
    { name: 'header-protection', value: 'yes' },
  ],
  from: { peer: peerId('email', ALICE_KEY), key: ALICE_KEY, trust: checked, proof: 'signature' },
};

const plainFacts: SecurityFacts = {
  ...openpgpFacts,
  endToEnd: known(false),
  otherKeyHolders: known([northmail]),
  exposed: known(['subject', 'attachments', 'reactions']),
  engine: 'unknown',
};
const signalFacts: SecurityFacts = {
  ...openpgpFacts,
  forwardSecrecy: known({ withinMs: 0 }),
  recovery: known({ withinMs: 2 * DAY }),
  postQuantum: known('ongoing'),
  engine: known({ name: 'libsignal', version: '0.103.0', review: 'audited' }),
};
const mlsFacts: SecurityFacts = {
  ...openpgpFacts,
  forwardSecrecy: known({ withinMs: 3 * DAY }),
  recovery: known({ withinMs: 5 * DAY }),
  engine: known({ name: 'Plainseal on ts-mls', version: '1.6.4', review: 'unaudited' }),
};

/** What the lane of a conversation with that label would have reported. */
export function liveFactsOf({ protocol, readers }: Label): LiveFacts {
  if (readers.kind === 'unknown') return { forecast: [], sealedSender: null };
  const facts = { openpgp: openpgpFacts, none: plainFacts, signal: signalFacts, mls: mlsFacts }[protocol];
  return {
    forecast: [facts],
    sealedSender: protocol === 'signal' ? { hidden: true, at: minutesAgo(3) } : null,
  };
}
