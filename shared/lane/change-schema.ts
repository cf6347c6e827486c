import * as v from 'valibot';
import { contentSchema, idSchema } from '../contract/content.ts';
import { protocols, type ConversationId, type NetworkKey, type PeerId } from '../ids.ts';
import { evidenceSchema, trustSchema } from '../label/schema.ts';
import { chosenBy, shape, text, time } from '../shape.ts';
import { noteCodes, type Change } from './change.ts';
import { failureCodes } from './intent.ts';

const conversation = idSchema<ConversationId>();
const key = idSchema<NetworkKey>();
const peer = idSchema<PeerId>();
/** `me` reads as any other id does. */
const author = peer as v.GenericSchema<unknown, PeerId | 'me'>;
const target = v.strictObject({ conversation, key });
const receipt = v.strictObject({
  kind: v.picklist(['delivered', 'read', 'viewed']),
  of: key,
  by: peer,
  at: time,
});
/** A conversation's timer. */
export const timerSchema = v.strictObject({ ms: v.nullable(time), version: time });
const patch = v.strictObject({
  kind: v.exactOptional(v.picklist(['direct', 'group', 'channel', 'self'])),
  peer: v.exactOptional(peer),
  protocol: v.exactOptional(v.picklist(protocols)),
  state: v.exactOptional(v.picklist(['request', 'active', 'left', 'blocked'])),
  title: v.exactOptional(text(500)),
  by: v.exactOptional(author),
  timer: v.exactOptional(timerSchema),
});
/** A set of reactions. */
export const emoji = v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(64))), v.maxLength(20));

/** One change of a commit. */
export const changeSchema = shape<Change>(
  chosenBy('kind', {
    peer: v.strictObject({
      kind: v.literal('peer'),
      peer,
      identity: text(512),
      address: v.nullable(text(512)),
      name: v.nullable(text(500)),
    }),
    message: v.strictObject({
      kind: v.literal('message'),
      target,
      author,
      sentAt: time,
      content: contentSchema,
      evidence: evidenceSchema,
      expires: v.exactOptional(v.strictObject({ afterMs: time, startedAt: v.nullable(time) })),
    }),
    edit: v.strictObject({
      kind: v.literal('edit'),
      target,
      by: author,
      content: contentSchema,
      evidence: evidenceSchema,
    }),
    reaction: v.strictObject({
      kind: v.literal('reaction'),
      target,
      by: author,
      emoji,
      evidence: evidenceSchema,
    }),
    delete: v.strictObject({ kind: v.literal('delete'), target, by: author }),
    receipt: v.strictObject({ kind: v.literal('receipt'), receipt }),
    'delivery-failed': v.strictObject({
      kind: v.literal('delivery-failed'),
      of: key,
      why: v.picklist(failureCodes),
      at: time,
    }),
    'own-read': v.strictObject({ kind: v.literal('own-read'), target, at: v.exactOptional(time) }),
    note: v.strictObject({
      kind: v.literal('note'),
      conversation,
      key,
      code: v.picklist(noteCodes),
      at: time,
      quoted: v.exactOptional(text(2_000)),
      of: v.exactOptional(v.pipe(v.array(author), v.maxLength(10))),
    }),
    conversation: v.strictObject({ kind: v.literal('conversation'), id: conversation, patch }),
    member: v.strictObject({
      kind: v.literal('member'),
      conversation,
      peer: author,
      act: v.picklist(['joined', 'left', 'removed', 'promoted', 'demoted', 'invited']),
      by: v.nullable(author),
    }),
    device: v.strictObject({
      kind: v.literal('device'),
      peer,
      device: text(200),
      act: v.picklist(['added', 'removed']),
      sameIdentity: v.boolean(),
    }),
    identity: v.strictObject({
      kind: v.literal('identity'),
      peer,
      was: v.nullable(text(512)),
      now: text(512),
      trust: trustSchema,
    }),
    'peers-merged': v.strictObject({ kind: v.literal('peers-merged'), from: peer, into: peer }),
  }),
);
