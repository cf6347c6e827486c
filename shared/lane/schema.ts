import * as v from 'valibot';
import { contentSchema, idSchema } from '../contract/content.ts';
import type { ConversationId, EnvelopeKey, FileId, NetworkKey, OutboxId, PeerId } from '../ids.ts';
import { networks, protocols } from '../ids.ts';
import { detailNames, type Evidence } from '../label/evidence.ts';
import { holdReasons, type Fact, type SecurityFacts, type Trust } from '../label/facts.ts';
import { noteCodes, type Change } from './change.ts';
import type { Commit, Settled } from './commit.ts';
import { flowFailures, type AccountSetup, type FlowStep } from './flow.ts';
import {
  failureCodes,
  outboxStates,
  resealReasons,
  type Intent,
  type OutboxStep,
  type Stored,
} from './intent.ts';
import { keyRefusals, type KeyImport } from './key.ts';
import { crashPoints, type CrashPoint, type LaneStatus, type Performed } from './lane.ts';
import type { StateKey, StateWrite } from './state.ts';

// Lanes parse hostile bytes in processes of their own: what they tell core is checked like anything else from outside.

/** Most entries of one list of a commit. */
export const MAX_LIST = 10_000;
/** Largest value of one state cell, in bytes. */
export const MAX_STATE_VALUE = 16 * 1024 * 1024;
/** Largest envelope kept with an inbound outcome, in bytes. */
export const MAX_RAW = 32 * 1024 * 1024;
/** Largest file a lane hands over in one call, in bytes. */
export const MAX_LANE_FILE = 48 * 1024 * 1024;

const list = <T>(item: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, T[]> =>
  v.pipe(v.array(item), v.maxLength(MAX_LIST)) as v.GenericSchema<unknown, T[]>;
const shape = <T>(schema: unknown): v.GenericSchema<unknown, T> => schema as v.GenericSchema<unknown, T>;
const text = (max: number) => v.pipe(v.string(), v.maxLength(max));
const bytes = (max: number) =>
  v.pipe(
    v.instance(Uint8Array),
    v.check((value) => value.byteLength <= max),
  );
const time = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const span = v.union([v.pipe(v.number(), v.finite(), v.minValue(0)), v.literal('never')]);
const conversation = idSchema<ConversationId>();
const key = idSchema<NetworkKey>();
const peer = idSchema<PeerId>();
const author = v.union([v.literal('me'), peer]) as v.GenericSchema<unknown, PeerId | 'me'>;

const fact = <T>(is: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, Fact<T>> =>
  shape(
    v.union([
      v.literal('unknown'),
      v.strictObject({
        is,
        asOf: time,
        by: v.picklist(['session', 'message', 'group', 'certificate', 'network-data']),
      }),
    ]),
  );

const factsSchema = shape<SecurityFacts>(
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

const trustSchema = shape<Trust>(
  v.variant('kind', [
    v.strictObject({
      kind: v.literal('checked'),
      at: time,
      by: v.picklist(['number', 'code', 'secure-join', 'own-device']),
    }),
    v.strictObject({ kind: v.literal('unchecked') }),
    v.strictObject({ kind: v.literal('changed'), at: time, wasChecked: v.boolean() }),
  ]),
);

const evidenceBase = {
  at: time,
  facts: list(factsSchema),
  details: list(v.strictObject({ name: v.picklist(detailNames), value: text(1_000) })),
};
const evidenceSchema = shape<Evidence>(
  v.variant('how', [
    v.strictObject({
      ...evidenceBase,
      how: v.literal('sealed-here'),
      to: list(v.strictObject({ peer, key: text(512), trust: trustSchema })),
    }),
    v.strictObject({
      ...evidenceBase,
      how: v.literal('opened-here'),
      from: v.strictObject({
        peer,
        key: text(512),
        trust: trustSchema,
        proof: v.picklist(['signature', 'session', 'certificate', 'none']),
      }),
    }),
    v.strictObject({ ...evidenceBase, how: v.literal('told-by-own-device'), device: text(200) }),
    v.strictObject({ ...evidenceBase, how: v.picklist(['in-the-clear', 'imported']), from: text(512) }),
  ]),
);

/** A cell's name. */
export const stateKeySchema = shape<StateKey>(v.strictObject({ space: text(200), key: text(1_000) }));

const stateWriteSchema = shape<StateWrite>(
  v.strictObject({ key: stateKeySchema, value: v.nullable(bytes(MAX_STATE_VALUE)), expect: time }),
);

const target = v.strictObject({ conversation, key });
const receipt = v.strictObject({
  kind: v.picklist(['delivered', 'read', 'viewed']),
  of: key,
  by: peer,
  at: time,
});
const patch = v.strictObject({
  kind: v.exactOptional(v.picklist(['direct', 'group', 'channel', 'self'])),
  peer: v.exactOptional(peer),
  protocol: v.exactOptional(v.picklist(protocols)),
  state: v.exactOptional(v.picklist(['request', 'active', 'left', 'blocked'])),
  title: v.exactOptional(text(500)),
  timer: v.exactOptional(v.strictObject({ ms: v.nullable(time), version: time })),
});
const emoji = v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(64))), v.maxLength(20));

/** One change of a commit; also what waits for its target in the database. */
export const changeSchema = shape<Change>(
  v.variant('kind', [
    v.strictObject({
      kind: v.literal('peer'),
      peer,
      identity: text(512),
      address: v.nullable(text(512)),
      name: v.nullable(text(500)),
    }),
    v.strictObject({
      kind: v.literal('message'),
      target,
      author,
      sentAt: time,
      content: contentSchema,
      evidence: evidenceSchema,
    }),
    v.strictObject({
      kind: v.literal('edit'),
      target,
      by: author,
      content: contentSchema,
      evidence: evidenceSchema,
    }),
    v.strictObject({ kind: v.literal('reaction'), target, by: author, emoji, evidence: evidenceSchema }),
    v.strictObject({ kind: v.literal('delete'), target, by: author }),
    v.strictObject({ kind: v.literal('receipt'), receipt }),
    v.strictObject({
      kind: v.literal('delivery-failed'),
      of: key,
      why: v.picklist(failureCodes),
      at: time,
    }),
    v.strictObject({ kind: v.literal('own-read'), target }),
    v.strictObject({
      kind: v.literal('note'),
      conversation,
      key,
      code: v.picklist(noteCodes),
      at: time,
      quoted: v.exactOptional(text(2_000)),
    }),
    v.strictObject({ kind: v.literal('conversation'), id: conversation, patch }),
    v.strictObject({
      kind: v.literal('member'),
      conversation,
      peer,
      act: v.picklist(['joined', 'left', 'removed', 'promoted', 'demoted', 'invited']),
      by: v.nullable(peer),
    }),
    v.strictObject({
      kind: v.literal('device'),
      peer,
      device: text(200),
      act: v.picklist(['added', 'removed']),
      sameIdentity: v.boolean(),
    }),
    v.strictObject({
      kind: v.literal('identity'),
      peer,
      was: v.nullable(text(512)),
      now: text(512),
      trust: trustSchema,
    }),
    v.strictObject({ kind: v.literal('peers-merged'), from: peer, into: peer }),
  ]),
);

/** An intent; also read back from the database. */
export const intentSchema = shape<Intent>(
  v.strictObject({
    conversation: v.nullable(conversation),
    sentAt: time,
    what: v.variant('kind', [
      v.strictObject({ kind: v.literal('content'), key, content: contentSchema }),
      v.strictObject({ kind: v.literal('reaction'), key, target: key, emoji }),
      v.strictObject({ kind: v.literal('edit'), key, target: key, content: contentSchema }),
      v.strictObject({ kind: v.literal('delete'), key, target: key }),
      v.strictObject({ kind: v.literal('receipt'), key, of: list(key) }),
      v.strictObject({ kind: v.literal('protocol'), key, op: text(100), data: bytes(MAX_STATE_VALUE) }),
    ]),
  }),
);

const storedSchema = shape<Stored>(
  v.strictObject({
    to: text(512),
    identity: text(512),
    bytes: v.union([bytes(MAX_RAW), idSchema<FileId>()]),
    outcome: v.picklist(['pending', 'accepted', 'ambiguous', 'refused']),
  }),
);

const stepSchema = shape<OutboxStep>(
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

const envelope = idSchema<EnvelopeKey>();
const settledSchema = shape<Settled>(
  v.variant('kind', [
    v.strictObject({ kind: v.picklist(['consumed', 'duplicate']), envelope }),
    v.strictObject({
      kind: v.literal('parked'),
      envelope,
      raw: bytes(MAX_RAW),
      needs: v.picklist(['epoch', 'sender-key', 'acceptance', 'post-message']),
      until: time,
    }),
    v.strictObject({
      kind: v.literal('quarantined'),
      envelope,
      raw: v.union([bytes(MAX_RAW), v.strictObject({ at: text(1_000) })]),
      why: text(500),
    }),
    v.strictObject({ kind: v.literal('cursor'), name: text(200), value: text(2_000) }),
  ]),
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
    v.strictObject({ kind: v.literal('offline'), retryAt: time }),
    v.strictObject({ kind: v.literal('catching-up'), left: v.nullable(time) }),
    v.strictObject({ kind: v.literal('online') }),
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
    }),
    v.strictObject({ kind: v.literal('compare'), own: text(1_000), theirs: text(1_000) }),
    v.strictObject({
      kind: v.literal('done'),
      conversation: v.nullable(conversation),
      peer: v.nullable(peer),
    }),
    v.strictObject({ kind: v.literal('failed'), why: v.picklist(flowFailures) }),
  ]),
);

const setupSchema = shape<AccountSetup>(
  v.strictObject({
    network: v.picklist(networks),
    address: v.pipe(v.string(), v.minLength(1), v.maxLength(512)),
    displayName: text(500),
    identity: v.exactOptional(text(512)),
    work: list(stateWriteSchema),
  }),
);

/** What each call of a lane must look like (CoreCalls). */
export const coreCallSchemas = {
  'state.get': v.strictObject({ key: stateKeySchema }),
  'state.scan': v.strictObject({ space: text(200), prefix: text(1_000) }),
  commit: v.strictObject({ commit: commitSchema }),
  mark: v.strictObject({ envelope: v.pipe(v.string(), v.minLength(1), v.maxLength(1_000)) }),
  credit: v.strictObject({ bytes: time }),
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
    v.strictObject({ kind: v.literal('later'), retryAt: time }),
  ]),
);
