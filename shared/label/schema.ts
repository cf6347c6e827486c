import * as v from 'valibot';
import { idSchema } from '../contract/content.ts';
import type { PeerId } from '../ids.ts';
import { chosenBy, list, shape, text, time } from '../shape.ts';
import { detailNames, type Evidence } from './evidence.ts';
import type { Fact, SecurityFacts, Trust } from './facts.ts';

const peer = idSchema<PeerId>();
const span = v.union([v.pipe(v.number(), v.finite(), v.minValue(0)), v.literal('never')]);

const fact = <T>(is: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, Fact<T>> =>
  shape(
    // What is most often so is tried first: each miss makes an issue that is thrown away.
    v.union([
      v.strictObject({
        is,
        asOf: time,
        by: v.picklist(['session', 'message', 'group', 'certificate', 'network-data']),
      }),
      v.literal('unknown'),
    ]),
  );

/** The facts of one path. */
export const factsSchema = shape<SecurityFacts>(
  v.strictObject({
    endToEnd: fact(v.boolean()),
    otherKeyHolders: fact(
      list(
        v.strictObject({
          kind: v.picklist(['provider', 'carrier', 'bridge', 'organisation']),
          name: text(200),
        }),
      ),
    ),
    forwardSecrecy: fact(v.strictObject({ withinMs: span })),
    recovery: fact(v.strictObject({ withinMs: span })),
    postQuantum: fact(v.picklist(['none', 'handshake', 'ongoing'])),
    authenticated: fact(v.boolean()),
    exposed: fact(list(v.picklist(['subject', 'reactions', 'group-name', 'attachments']))),
    engine: fact(
      v.strictObject({
        name: text(100),
        version: text(100),
        review: v.picklist(['audited', 'unaudited', 'known-bad']),
      }),
    ),
  }),
);

/** What is known of an identity. */
export const trustSchema = shape<Trust>(
  chosenBy('kind', {
    checked: v.strictObject({
      kind: v.literal('checked'),
      at: time,
      by: v.picklist(['number', 'code', 'secure-join', 'own-device']),
    }),
    unchecked: v.strictObject({ kind: v.literal('unchecked') }),
    changed: v.strictObject({ kind: v.literal('changed'), at: time, wasChecked: v.boolean() }),
  }),
);

const evidenceBase = {
  at: time,
  facts: list(factsSchema),
  details: list(v.strictObject({ name: v.picklist(detailNames), value: text(1_000) })),
};
/** How one version of a message was protected. */
export const evidenceSchema = shape<Evidence>(
  chosenBy('how', {
    'sealed-here': v.strictObject({
      ...evidenceBase,
      how: v.literal('sealed-here'),
      to: list(v.strictObject({ peer, key: text(512), trust: trustSchema })),
    }),
    'opened-here': v.strictObject({
      ...evidenceBase,
      how: v.literal('opened-here'),
      from: v.strictObject({
        peer,
        key: text(512),
        trust: trustSchema,
        proof: v.picklist(['signature', 'session', 'certificate', 'none']),
      }),
    }),
    'told-by-own-device': v.strictObject({
      ...evidenceBase,
      how: v.literal('told-by-own-device'),
      device: text(200),
    }),
    'in-the-clear': v.strictObject({ ...evidenceBase, how: v.literal('in-the-clear'), from: text(512) }),
    imported: v.strictObject({ ...evidenceBase, how: v.literal('imported'), from: text(512) }),
  }),
);
