import * as v from 'valibot';
import { contentSchema, idSchema } from '../contract/content.ts';
import { groupEdits, groupPeers, groupTitle } from '../contract/group.ts';
import type { ConversationId, FileId, NetworkKey, OutboxId } from '../ids.ts';
import { holdReasons } from '../label/facts.ts';
import { evidenceSchema } from '../label/schema.ts';
import { bytes, list, shape, text, time } from '../shape.ts';
import { emoji, timerSchema } from './change-schema.ts';
import {
  failureCodes,
  outboxStates,
  resealReasons,
  type GroupChange,
  type Intent,
  type OutboxStep,
  type Stored,
} from './intent.ts';

/** Largest artifact, or data of the protocol's own, in bytes. */
export const MAX_ARTIFACT = 32 * 1024 * 1024;

const conversation = idSchema<ConversationId>();
const key = idSchema<NetworkKey>();
const groupChangeSchema = shape<GroupChange>(
  v.variant('act', [
    v.strictObject({ act: v.literal('create'), title: groupTitle, members: groupPeers }),
    ...groupEdits,
  ]),
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
      v.strictObject({
        kind: v.literal('protocol'),
        key,
        op: text(100),
        data: bytes(MAX_ARTIFACT),
        of: v.exactOptional(key),
      }),
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
