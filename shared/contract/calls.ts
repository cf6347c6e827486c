import * as v from 'valibot';
import { MAX_CODE } from '../code.ts';
import type { AccountId, ConversationId, FileId, FlowId, GrantId, MessageId, PeerId } from '../ids.ts';
import type { FlowAnswer, FlowBegin } from '../lane/flow.ts';
import { floors, type Floor } from '../label/floor.ts';
import type { HoldReason } from '../label/facts.ts';
import type { Label } from '../label/label.ts';
import type { LiveFacts } from '../label/who-sees.ts';
import { networks } from '../ids.ts';
import type { AccountRow, Consent, Disclosure } from './account.ts';
import { contentSchema, idSchema } from './content.ts';
import { groupEditSchema, groupPeers, groupTitle } from './group.ts';
import {
  MAX_OWN_NAME,
  timerChoices,
  type ContactRow,
  type ConversationRow,
  type Members,
  type PeerRow,
} from './conversation.ts';
import type { PersonRow } from './person.ts';
import type { MessageDetails, MessageRow, SearchHit } from './message.ts';
import { MAX_REPORTED, type ReportPreview } from './report.ts';
import type { KeptBy, Settings } from './settings.ts';
import { settingsPatchSchema } from './settings.ts';

/** Most rows one page of a list may ask for. */
export const MAX_PAGE = 200;
/** Largest chunk of a file in one call, in bytes. */
export const MAX_CHUNK = 256 * 1024;

const limit = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_PAGE));
const integer = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Every mutating call carries one: the same id gives the same answer, also after the page was re-attached. */
const request = v.pipe(v.string(), v.minLength(8), v.maxLength(64));
const conversation = idSchema<ConversationId>();
const message = idSchema<MessageId>();
const bytes = v.pipe(
  v.instance(Uint8Array),
  v.check((chunk) => chunk.byteLength <= MAX_CHUNK),
);
const reportedPeer = v.nullable(idSchema<PeerId>());
const reported = v.pipe(v.array(message), v.maxLength(MAX_REPORTED));
const shortText = v.pipe(v.string(), v.maxLength(1_000));

const flowStartSchema: v.GenericSchema<unknown, FlowBegin> = v.variant('kind', [
  v.strictObject({
    kind: v.literal('add-account'),
    args: v.record(v.pipe(v.string(), v.maxLength(40)), shortText),
  }),
  v.strictObject({ kind: v.literal('invite') }),
  v.strictObject({ kind: v.literal('join'), link: v.pipe(v.string(), v.maxLength(4_000)) }),
  v.strictObject({ kind: v.literal('chat'), address: v.pipe(v.string(), v.maxLength(320)) }),
  v.strictObject({ kind: v.literal('check'), peer: idSchema<PeerId>() }),
  v.strictObject({ kind: v.literal('sign-in') }),
  v.strictObject({ kind: v.literal('relays') }),
  v.strictObject({ kind: v.literal('prove-person') }),
  v.strictObject({ kind: v.literal('link-again') }),
]) as v.GenericSchema<unknown, FlowBegin>;

/** Longest answer to what a lane asks for, in UTF-16 units: what a captcha's page gives is some thousands. */
const MAX_FIELD = 16_000;

const flowAnswerSchema: v.GenericSchema<unknown, FlowAnswer> = v.variant('kind', [
  v.strictObject({
    kind: v.literal('fields'),
    values: v.record(v.pipe(v.string(), v.maxLength(40)), v.pipe(v.string(), v.maxLength(MAX_FIELD))),
  }),
  v.strictObject({
    kind: v.literal('code'),
    code: v.pipe(
      v.instance(Uint8Array),
      v.check((code) => code.byteLength <= MAX_CODE),
    ),
  }),
  v.strictObject({ kind: v.literal('yes') }),
  v.strictObject({ kind: v.literal('no') }),
]) as v.GenericSchema<unknown, FlowAnswer>;

/** The shape of every call's argument, checked on entry to core; types of arguments derive from here. */
export const callSchemas = {
  'profile.get': v.strictObject({}),
  'profile.passphrase': v.strictObject({ request, act: v.picklist(['set', 'change', 'remove']) }),
  'profile.phrase': v.strictObject({ request }),
  'account.list': v.strictObject({}),
  'account.remove': v.strictObject({ request, account: idSchema<AccountId>() }),
  'account.go-on': v.strictObject({ request, account: idSchema<AccountId>() }),
  'account.reconnect': v.strictObject({ account: idSchema<AccountId>() }),
  'disclosure.list': v.strictObject({}),
  'disclosure.accept': v.strictObject({ request, network: v.picklist(networks), version: integer }),
  /** Nothing of that network connects any more, until it is accepted again. */
  'disclosure.withdraw': v.strictObject({ request, network: v.picklist(networks) }),
  'disclosure.ledger': v.strictObject({}),
  'inbox.page': v.strictObject({
    filter: v.picklist(['all', 'unread', 'stopped', 'requests', 'drafts', 'archived']),
    /** `lastAt` and id of the last row of the page before; null for the first. */
    before: v.nullable(v.strictObject({ at: integer, id: conversation })),
    limit,
  }),
  'inbox.counts': v.strictObject({}),
  'conversation.get': v.strictObject({ conversation }),
  /** What is known of how the next message is protected, for the sheet "Who can see what". */
  'conversation.facts': v.strictObject({ conversation }),
  'conversation.set': v.strictObject({
    request,
    conversation,
    pinned: v.exactOptional(v.boolean()),
    muted: v.exactOptional(v.boolean()),
    archived: v.exactOptional(v.boolean()),
    tellsRead: v.exactOptional(v.boolean()),
    tellsTyping: v.exactOptional(v.boolean()),
    title: v.exactOptional(v.pipe(v.string(), v.maxLength(200))),
  }),
  'conversation.read': v.strictObject({ conversation, upTo: message }),
  'conversation.accept': v.strictObject({ request, conversation }),
  'conversation.block': v.strictObject({ request, conversation }),
  /** Disappearing messages: how long what is written from now on stays; null: until it is deleted. */
  'conversation.timer': v.strictObject({ request, conversation, ms: v.nullable(v.picklist(timerChoices)) }),
  'group.create': v.strictObject({
    request,
    account: idSchema<AccountId>(),
    title: groupTitle,
    members: groupPeers,
  }),
  'group.change': v.strictObject({ request, conversation, change: groupEditSchema, seenLabel: integer }),
  'group.members': v.strictObject({ conversation }),
  'peer.get': v.strictObject({ peer: idSchema<PeerId>(), account: idSchema<AccountId>() }),
  /** Every way to the person that a peer belongs to. */
  'person.get': v.strictObject({ peer: idSchema<PeerId>() }),
  /** Says that two peers are one person. It changes nothing but my address book, and can be taken apart. */
  'person.merge': v.strictObject({ request, peer: idSchema<PeerId>(), with: idSchema<PeerId>() }),
  /** Takes a peer out of its entry. */
  'person.apart': v.strictObject({ request, peer: idSchema<PeerId>() }),
  /** Blocks everything of the person that a peer belongs to: in every account, also what does not exist yet. */
  'person.block': v.strictObject({ request, peer: idSchema<PeerId>() }),
  'person.unblock': v.strictObject({ request, peer: idSchema<PeerId>() }),
  /** What I call somebody, on networks that tell no names. */
  'peer.name': v.strictObject({
    request,
    peer: idSchema<PeerId>(),
    account: idSchema<AccountId>(),
    name: v.pipe(v.string(), v.maxLength(MAX_OWN_NAME)),
  }),
  /** Whom an account knows by name; `text` is looked for in names and addresses, '' lists from the first. */
  'contact.list': v.strictObject({
    account: idSchema<AccountId>(),
    text: v.pipe(v.string(), v.maxLength(200)),
    limit,
  }),
  'message.page': v.strictObject({
    conversation,
    around: v.union([v.literal('end'), v.literal('first-unread'), message]),
    side: v.picklist(['before', 'after', 'around']),
    limit,
  }),
  'message.rows': v.strictObject({ ids: v.pipe(v.array(message), v.maxLength(MAX_PAGE)) }),
  'message.details': v.strictObject({ id: message }),
  'message.send': v.strictObject({ request, conversation, content: contentSchema, seenLabel: integer }),
  'message.cancel': v.strictObject({ request, id: message }),
  'message.retry': v.strictObject({ request, id: message }),
  'message.react': v.strictObject({
    request,
    id: message,
    emoji: v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(32))), v.maxLength(8)),
    seenLabel: integer,
  }),
  'message.delete': v.strictObject({ request, id: message }),
  'hold.resolve': v.strictObject({
    request,
    conversation,
    choice: v.picklist(['send', 'discard', 'check-first', 'accept-change']),
    seenLabel: integer,
  }),
  /** Of a person, by any of their peers; null: for everybody. */
  'floor.get': v.strictObject({ peer: v.nullable(idSchema<PeerId>()) }),
  'floor.set': v.strictObject({ request, peer: v.nullable(idSchema<PeerId>()), floor: v.picklist(floors) }),
  'draft.save': v.strictObject({ conversation, content: v.nullable(contentSchema) }),
  'file.pick': v.strictObject({}),
  'file.begin': v.strictObject({
    grant: v.exactOptional(idSchema<GrantId>()),
    name: v.pipe(v.string(), v.maxLength(255)),
    type: v.pipe(v.string(), v.maxLength(127)),
    size: integer,
  }),
  'file.chunk': v.strictObject({ file: idSchema<FileId>(), at: integer, bytes, last: v.boolean() }),
  'file.drop': v.strictObject({ file: idSchema<FileId>() }),
  'file.read': v.strictObject({
    file: idSchema<FileId>(),
    at: integer,
    length: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_CHUNK)),
  }),
  'file.save': v.strictObject({ request, file: idSchema<FileId>() }),
  search: v.strictObject({
    text: v.pipe(v.string(), v.maxLength(200)),
    in: v.nullable(conversation),
    before: v.nullable(message),
    limit,
  }),
  'settings.get': v.strictObject({}),
  'settings.set': v.strictObject({ request, patch: settingsPatchSchema }),
  'trust.set': v.strictObject({ request, peer: idSchema<PeerId>(), account: idSchema<AccountId>() }),
  /** What a report of somebody would reveal: of their messages the ones named here. `of`: somebody in a group; null: the other one of two. */
  'report.preview': v.strictObject({ conversation, of: reportedPeer, messages: reported }),
  /** Opens the shell's dialog; `seen`: the SHA-256 of what was shown. */
  'report.save': v.strictObject({
    request,
    conversation,
    of: reportedPeer,
    messages: reported,
    seen: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  }),
  'key.export': v.strictObject({ request, account: idSchema<AccountId>() }),
  'key.reveal': v.strictObject({ request, account: idSchema<AccountId>() }),
  'key.import': v.strictObject({ request, account: idSchema<AccountId>() }),
  'typing.set': v.strictObject({ conversation, on: v.boolean() }),
  'flow.start': v.strictObject({
    request,
    account: v.nullable(idSchema<AccountId>()),
    network: v.picklist(networks),
    start: flowStartSchema,
  }),
  'flow.answer': v.strictObject({ flow: idSchema<FlowId>(), answer: flowAnswerSchema }),
  'flow.cancel': v.strictObject({ flow: idSchema<FlowId>() }),
} as const;

export type CallName = keyof typeof callSchemas;
export type CallArgs<K extends CallName> = v.InferOutput<(typeof callSchemas)[K]>;

/** What each call answers. */
export interface CallResults {
  'profile.get': {
    readonly kind: 'live' | 'test';
    readonly version: string;
    readonly seq: number;
    readonly keptBy: KeptBy;
    /** Whether a recovery phrase was made. */
    readonly phrase: boolean;
  };
  /** Asked in the shell's own window, where passphrases are typed. */
  'profile.passphrase': boolean;
  /** Makes a recovery phrase, shown and typed back in the shell's own window. */
  'profile.phrase': boolean;
  'account.list': { readonly rows: readonly AccountRow[] };
  'account.remove': boolean;
  /** Goes on with an account of a copied profile; `refused` where its state is a ratchet. Asked in the shell's own window. */
  'account.go-on': boolean;
  'account.reconnect': null;
  'disclosure.list': { readonly rows: readonly Disclosure[] };
  'disclosure.accept': null;
  'disclosure.withdraw': null;
  /** Everything that was ever accepted, the newest first. */
  'disclosure.ledger': { readonly rows: readonly Consent[] };
  'inbox.page': { readonly rows: readonly ConversationRow[]; readonly more: boolean; readonly seq: number };
  'inbox.counts': {
    readonly unread: number;
    readonly stopped: number;
    readonly requests: number;
    readonly drafts: number;
  };
  'conversation.get': ConversationRow;
  'conversation.facts': LiveFacts;
  'conversation.set': null;
  'conversation.read': null;
  'conversation.accept': null;
  'conversation.block': null;
  'conversation.timer': null;
  'group.create': { readonly conversation: ConversationId };
  /** Told to the group once its lane can; what waits is in `group.members`. */
  'group.change': null;
  'group.members': Members;
  'peer.get': PeerRow;
  'person.get': PersonRow;
  'person.merge': null;
  'person.apart': null;
  'person.block': null;
  'person.unblock': null;
  'peer.name': null;
  'contact.list': { readonly rows: readonly ContactRow[] };
  'message.page': {
    readonly rows: readonly MessageRow[];
    readonly moreBefore: boolean;
    readonly moreAfter: boolean;
    readonly seq: number;
  };
  'message.rows': { readonly rows: readonly MessageRow[] };
  'message.details': MessageDetails;
  'message.send':
    | { readonly kind: 'queued'; readonly id: MessageId }
    | { readonly kind: 'held'; readonly id: MessageId; readonly why: HoldReason; readonly label: Label };
  'message.cancel': boolean;
  'message.retry': boolean;
  'message.react': null;
  /** Removes it here; with the network's delete-for-all where it has one. */
  'message.delete': null;
  'hold.resolve': null;
  'floor.get': Floor;
  /** The floor now. Lowering it is asked in the shell's own window. */
  'floor.set': Floor;
  'draft.save': null;
  /** Opens the shell's dialog. */
  'file.pick': {
    readonly grants: readonly { readonly grant: GrantId; readonly name: string; readonly size: number }[];
  };
  'file.begin': { readonly file: FileId };
  'file.chunk': { readonly credit: number };
  'file.drop': null;
  'file.read': Uint8Array;
  'file.save': boolean;
  search: { readonly rows: readonly SearchHit[]; readonly more: boolean };
  'settings.get': Settings;
  'settings.set': Settings;
  'trust.set': boolean;
  'report.preview': ReportPreview;
  /** Whether it was written. */
  'report.save': boolean;
  'key.export': boolean;
  /** Shows it in the shell's own window; whether the person then said that it is written down. */
  'key.reveal': boolean;
  'key.import': boolean;
  'typing.set': null;
  'flow.start': { readonly flow: FlowId };
  'flow.answer': null;
  'flow.cancel': null;
}

/** Page → core. */
export type Calls = {
  readonly [K in CallName]: { readonly args: CallArgs<K>; readonly result: CallResults[K] };
};
