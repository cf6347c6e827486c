import * as v from 'valibot';
import { contentSchema, idSchema } from '../contract/content.ts';
import type { ConversationId, FileId, NetworkKey, OutboxId, PeerId } from '../ids.ts';
import { holdReasons } from '../label/facts.ts';
import { evidenceSchema } from '../label/schema.ts';
import { bytes, list, shape, text, time } from '../shape.ts';
import { emoji, timerSchema } from './change-schema.ts';
import {
  failureCodes,
  outboxStates,
  resealReasons,
  type GroupChange,
  type GroupEdit,
  type Intent,
  type OutboxStep,
  type Stored,
} from './intent.ts';

/** Largest artifact, or data of the protocol's own, in bytes. */
export const MAX_ARTIFACT = 32 * 1024 * 1024;

/** Longest name of a group, in UTF-16 units. */
export const MAX_GROUP_TITLE = 100;
/** Most people one change of a group names. */
export const MAX_GROUP_PEERS = 150;

const conversation = idSchema<ConversationId>();
const key = idSchema<NetworkKey>();
const peer = idSchema<PeerId>();
const peers = v.pipe(v.array(peer), v.minLength(1), v.maxLength(MAX_GROUP_PEERS));
const title = v.pipe(text(MAX_GROUP_TITLE), v.minLength(1));

const groupEdits = [
  v.strictObject({ act: v.literal('add'), peers }),
  v.strictObject({ act: v.picklist(['remove', 'promote', 'demote']), peer }),
  v.strictObject({ act: v.literal('rename'), title }),
  v.strictObject({ act: v.literal('leave') }),
] as const;
/** A change of a group that is there. */
export const groupEditSchema = shape<GroupEdit>(v.variant('act', groupEdits));
const groupChangeSchema = shape<GroupChange>(
  v.variant('act', [v.strictObject({ act: v.literal('create'), title, members: peers }), ...groupEdits]),
);

/** An intent. */
export const intentSchema = shape<Intent>(
  v.strictObject({
    conversation: v.nullable(conversation),
    sentAt: time,
    what: v.variant('kind', [
      v.strictObject({
        kind: v.literal('content'),
        key,
        content: contentSchema,
        timer: v.exactOptional(timerSchema),
      }),
      v.strictObject({ kind: v.literal('reaction'), key, target: key, emoji }),
      v.strictObject({ kind: v.literal('edit'), key, target: key, content: contentSchema }),
      v.strictObject({ kind: v.literal('delete'), key, target: key }),
      v.strictObject({
        kind: v.literal('receipt'),
        key,
        of: list(key),
        as: v.picklist(['delivered', 'read']),
        tell: v.boolean(),
      }),
      v.strictObject({ kind: v.literal('timer'), key, timer: timerSchema }),
      v.strictObject({ kind: v.literal('group'), key, change: groupChangeSchema }),
      v.strictObject({ kind: v.literal('protocol'), key, op: text(100), data: bytes(MAX_ARTIFACT) }),
    ]),
  }),
);

const storedSchema = shape<Stored>(
  v.strictObject({
    to: text(512),
    identity: text(512),
    bytes: v.union([bytes(MAX_ARTIFACT), idSchema<FileId>()]),
    outcome: v.picklist(['pending', 'accepted', 'ambiguous', 'refused']),
  }),
);

/** A step of one outbox item. */
export const stepSchema = shape<OutboxStep>(
  v.strictObject({
    item: idSchema<OutboxId>(),
    to: v.picklist(outboxStates),
    artifacts: v.exactOptional(list(storedSchema)),
    reseal: v.exactOptional(v.picklist(resealReasons)),
    evidence: v.exactOptional(evidenceSchema),
    hold: v.exactOptional(v.picklist(holdReasons)),
    failure: v.exactOptional(v.picklist(failureCodes)),
  }),
);
