import * as v from 'valibot';
import { codeKinds, MAX_CODE } from '../code.ts';
import { idSchema } from '../contract/content.ts';
import {
  networks,
  type ConversationId,
  type EnvelopeKey,
  type FileId,
  type NetworkKey,
  type PeerId,
} from '../ids.ts';
import { holdReasons } from '../label/facts.ts';
import { factsSchema } from '../label/schema.ts';
import { bytes, chosenBy, list, shape, text, time } from '../shape.ts';
import { changeSchema } from './change-schema.ts';
import type { Commit, Settled } from './commit.ts';
import { flowFailures, type AccountSetup, type Again, type FlowStep } from './flow.ts';
import { intentSchema, stepSchema } from './intent-schema.ts';
import { keyRefusals, WRITTEN_KEY, type KeyImport } from './key.ts';
import { crashPoints, type CrashPoint, type LaneStatus, type Performed } from './lane.ts';
import type { StateKey, StateWrite } from './state.ts';

// Lanes parse hostile bytes in processes of their own: what they tell core is checked like anything else from outside.

/** Largest value of one state cell, in bytes. */
export const MAX_STATE_VALUE = 16 * 1024 * 1024;
/** Largest envelope kept with an inbound outcome, in bytes. */
export const MAX_RAW = 32 * 1024 * 1024;
/** Largest file a lane hands over in one call, in bytes. */
export const MAX_LANE_FILE = 48 * 1024 * 1024;

const conversation = idSchema<ConversationId>();
const peer = idSchema<PeerId>();

/** A cell's name. */
export const stateKeySchema = shape<StateKey>(v.strictObject({ space: text(200), key: text(1_000) }));

const stateWriteSchema = shape<StateWrite>(
  v.strictObject({
    key: stateKeySchema,
    value: v.nullable(bytes(MAX_STATE_VALUE)),
    expect: time,
    version: v.exactOptional(v.pipe(time, v.minValue(1))),
  }),
);

const envelope = idSchema<EnvelopeKey>();
const settledSchema = shape<Settled>(
  chosenBy('kind', {
    consumed: v.strictObject({ kind: v.literal('consumed'), envelope }),
    duplicate: v.strictObject({ kind: v.literal('duplicate'), envelope }),
    'not-kept': v.strictObject({ kind: v.literal('not-kept'), envelope, conversation }),
    parked: v.strictObject({
      kind: v.literal('parked'),
      envelope,
      raw: bytes(MAX_RAW),
      needs: v.picklist(['epoch', 'sender-key', 'acceptance', 'post-message', 'newer-version']),
      until: time,
      of: v.exactOptional(idSchema<NetworkKey>()),
    }),
    quarantined: v.strictObject({
      kind: v.literal('quarantined'),
      envelope,
      raw: v.union([bytes(MAX_RAW), v.strictObject({ at: text(1_000) })]),
      why: text(500),
    }),
    cursor: v.strictObject({ kind: v.literal('cursor'), name: text(200), value: text(2_000) }),
  }),
);

/** A lane's commit. */
export const commitSchema = shape<Commit>(
  v.strictObject({
    work: list(stateWriteSchema),
    changes: list(changeSchema),
    forecasts: list(
      v.strictObject({
        conversation,
        facts: list(factsSchema),
        hold: v.nullable(v.picklist(holdReasons)),
      }),
    ),
    inbound: list(settledSchema),
    outbound: list(stepSchema),
    enqueue: list(intentSchema),
  }),
);

const statusSchema = shape<LaneStatus>(
  v.variant('kind', [
    v.strictObject({ kind: v.literal('connecting') }),
    v.strictObject({
      kind: v.literal('offline'),
      retryAt: time,
      why: v.exactOptional(v.literal('captive-portal')),
    }),
    v.strictObject({ kind: v.literal('catching-up'), left: v.nullable(time) }),
    v.strictObject({ kind: v.literal('online'), lacks: v.exactOptional(v.literal('number')) }),
    v.strictObject({
      kind: v.literal('needs-person'),
      why: v.picklist([
        'unlinked',
        'expired',
        'password',
        'certificate',
        'captcha',
        'elsewhere',
        'clone-suspected',
        'disclosure',
      ]),
    }),
    v.strictObject({ kind: v.literal('crashed'), times: time, retryAt: time }),
    v.strictObject({ kind: v.literal('stopped') }),
  ]),
);

const comparable = v.strictObject({
  of: v.picklist(['both', 'theirs', 'own']),
  number: text(1_000),
  words: v.pipe(v.array(text(20)), v.maxLength(100)),
});

const flowStepSchema = shape<FlowStep>(
  v.variant('kind', [
    v.strictObject({ kind: v.literal('progress'), stage: text(200) }),
    v.strictObject({ kind: v.literal('show-code'), text: text(8_000), expiresAt: v.nullable(time) }),
    v.strictObject({
      kind: v.literal('ask'),
      fields: v.pipe(
        v.array(v.strictObject({ name: text(40), secret: v.boolean(), value: text(1_000) })),
        v.maxLength(40),
      ),
      why: v.nullable(v.picklist(flowFailures)),
      of: v.exactOptional(text(1_000)),
    }),
    v.strictObject({ kind: v.literal('ask-key'), why: v.nullable(v.picklist(keyRefusals)) }),
    v.strictObject({
      kind: v.literal('compare'),
      theirs: text(1_000),
      values: v.tupleWithRest([comparable], comparable),
      code: bytes(MAX_CODE),
      accepts: v.array(v.picklist(codeKinds)),
      matched: v.boolean(),
    }),
    v.strictObject({
      kind: v.literal('done'),
      conversation: v.nullable(conversation),
      peer: v.nullable(peer),
    }),
    v.strictObject({ kind: v.literal('failed'), why: v.picklist(flowFailures) }),
  ]),
);

/** What an account needs to begin anew. */
export const againSchema = shape<Again>(
  v.strictObject({
    name: v.pipe(v.string(), v.minLength(1), v.maxLength(512)),
    keeps: list(text(200)),
  }),
);

const setupSchema = shape<AccountSetup>(
  v.strictObject({
    network: v.picklist(networks),
    address: v.pipe(v.string(), v.minLength(1), v.maxLength(512)),
    displayName: text(500),
    identity: v.exactOptional(text(512)),
    work: list(stateWriteSchema),
    again: v.exactOptional(againSchema),
  }),
);

/** What each call of a lane must look like (CoreCalls). */
export const coreCallSchemas = {
  'state.get': v.strictObject({ key: stateKeySchema }),
  'state.scan': v.strictObject({ space: text(200), prefix: text(1_000) }),
  commit: v.strictObject({ commit: commitSchema }),
  mark: v.strictObject({ envelope: v.pipe(v.string(), v.minLength(1), v.maxLength(1_000)) }),
  credit: v.strictObject({ bytes: time }),
  room: v.strictObject({ conversation, bytes: time }),
  'file.read': v.strictObject({ file: idSchema<FileId>() }),
  'file.write': v.strictObject({ name: text(255), type: text(127), bytes: bytes(MAX_LANE_FILE) }),
  'crash.point': v.strictObject({ name: shape<CrashPoint>(v.picklist(crashPoints)) }),
} as const;

/** What each piece of news of a lane must look like (LaneNews). */
export const laneNewsSchemas = {
  status: statusSchema,
  'flow.step': v.strictObject({ flow: text(100), step: flowStepSchema, setup: v.nullable(setupSchema) }),
  typing: v.strictObject({ conversation, on: v.boolean() }),
  log: v.strictObject({
    event: text(200),
    facts: v.record(text(100), v.union([text(200), v.number(), v.boolean()])),
  }),
} as const;

/** What a lane answers to `key.export`. */
export const keyFileSchema = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(255)),
  bytes: bytes(MAX_STATE_VALUE),
});

/** What a lane answers to `key.import`. */
export const keyImportSchema = shape<KeyImport>(
  v.variant('kind', [
    v.strictObject({ kind: v.literal('imported'), identity: text(512) }),
    v.strictObject({ kind: v.literal('refused'), why: v.picklist(keyRefusals) }),
  ]),
);

/** What a lane answers to `perform`. */
export const performedSchema = shape<Performed>(
  v.variant('kind', [
    v.strictObject({ kind: v.literal('done') }),
    v.strictObject({
      kind: v.literal('later'),
      retryAt: time,
      unwritten: v.exactOptional(v.literal(true)),
    }),
  ]),
);

/** What a lane answers to `key.text`. */
export const keyTextSchema = v.pipe(v.string(), v.regex(WRITTEN_KEY));
