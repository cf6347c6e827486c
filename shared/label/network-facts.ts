import * as v from 'valibot';
import { networks, protocols } from '../ids.ts';

/** What there is to be seen of one message; worded as `facts.what.…`. */
export const whatRows = [
  'content',
  'subject',
  'sender',
  'recipient',
  'time',
  'size',
  'ip',
  'groups',
] as const;
export type WhatRow = (typeof whatRows)[number];

/**
 * Who might see it. The operator: my mail provider, Signal, the relays I chose. Servers: of the other side and all between. The carrier: my
 * internet provider.
 */
export const lookers = ['you', 'peer', 'operator', 'servers', 'carrier', 'us'] as const;
export type Looker = (typeof lookers)[number];

/** `absent`: there is nobody of that kind on the way. */
export const sights = ['yes', 'part', 'no', 'absent', 'unknown'] as const;
export type Sight = (typeof sights)[number];

/** A calendar day, `2026-11-22`. */
const day = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\d$/),
  v.check((text) => {
    const at = Date.parse(`${text}T00:00:00Z`);
    return Number.isFinite(at) && new Date(at).toISOString().startsWith(text);
  }, 'no such day'),
);
/** What was read to know it: a section of a standard or a named page; never empty. */
const sources = v.pipe(v.array(v.pipe(v.string(), v.minLength(4))), v.minLength(1));
/** When something was looked at, and where. */
const dated = { asOf: day, sources };
const sight = v.picklist(sights);

/** Networks there is no lane for; each named and explained as `elsewhere.…`. */
export const elsewhere = [
  'matrix',
  'xmpp',
  'telegram',
  'fediverse',
  'sms',
  'whatsapp',
  'messenger',
  'threema',
  'webex',
  'slack',
  'imessage',
  'rcs',
  'wechat',
] as const;

/** Why there is none: not built yet, not without its operator's word, or shut to programs of others. */
export const reasons = ['planned', 'contract', 'closed'] as const;

/** The shape of networks/facts.json. */
export const factsSchema = v.strictObject({
  format: v.literal(1),
  /** The newest day any of it was looked at. */
  asOf: day,
  routes: v.array(
    v.strictObject({
      network: v.picklist(networks),
      protocol: v.picklist(protocols),
      rows: v.array(
        v.strictObject({
          what: v.picklist(whatRows),
          sees: v.strictObject({
            you: sight,
            peer: sight,
            operator: sight,
            servers: sight,
            carrier: sight,
            us: sight,
          }),
          /** Id of a sentence in shared/words. */
          note: v.pipe(v.string(), v.startsWith('facts.note.')),
          ...dated,
        }),
      ),
    }),
  ),
  /** What those who run a network say of a program like this one. */
  permissions: v.array(
    v.strictObject({
      network: v.picklist(networks),
      is: v.picklist(['open', 'tolerated', 'contract']),
      note: v.pipe(v.string(), v.startsWith('facts.permission.')),
      ...dated,
    }),
  ),
  /** To whom somebody is reported who does harm: their provider, the network's operator, or nobody since there is none. */
  reporting: v.array(
    v.strictObject({
      network: v.picklist(networks),
      to: v.picklist(['provider', 'operator', 'nobody']),
      note: v.pipe(v.string(), v.startsWith('facts.reporting.')),
      ...dated,
    }),
  ),
  /** What holds whatever the network. */
  everywhere: v.array(
    v.strictObject({ note: v.pipe(v.string(), v.startsWith('facts.everywhere.')), ...dated }),
  ),
  /** What a block does beyond this computer. `server`: whether those who run the network keep it. */
  blocking: v.array(
    v.strictObject({
      network: v.picklist(networks),
      server: v.picklist(['yes', 'no']),
      note: v.pipe(v.string(), v.startsWith('facts.blocking.')),
      ...dated,
    }),
  ),
  /** What cannot be reached, and why. */
  unreachable: v.array(v.strictObject({ id: v.picklist(elsewhere), is: v.picklist(reasons), ...dated })),
  libraries: v.array(
    v.strictObject({
      name: v.string(),
      /** As the engine built on it names itself in its facts. */
      engine: v.string(),
      version: v.string(),
      reviewedVersion: v.string(),
      note: v.string(),
      ...dated,
    }),
  ),
});
export type NetworkFacts = v.InferOutput<typeof factsSchema>;
