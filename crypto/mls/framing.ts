import type { GroupContext } from 'ts-mls';
import { encode } from 'ts-mls/codec/tlsEncoder.js';
import { refhash } from 'ts-mls/crypto/hash.js';
import { signWithLabel, verifyWithLabel } from 'ts-mls/crypto/signature.js';
import { groupContextEncoder } from 'ts-mls/groupContext.js';
import { joined, Malformed, readWhole, sameBytes, u16, u32, u64, u8, vector, type Reader } from './bytes.ts';
import {
  encodeCommit,
  encodeProposal,
  readCommit,
  readProposal,
  type Commit,
  type Proposal,
} from './proposal.ts';
import { Refused } from './refusal.ts';
import type { Suite } from './suite.ts';

/** Wire formats (RFC 9420 §6). */
export const PUBLIC_MESSAGE = 1;
export const PRIVATE_MESSAGE = 2;
export const WELCOME = 3;
export const KEY_PACKAGE = 5;
const VERSION_MLS10 = 1;

const APPLICATION = 1;
const PROPOSAL = 2;
const COMMIT = 3;
const SENDER_MEMBER = 1;

/** What a member says. `leaf`: where in the tree the member sits. */
export interface Framed {
  readonly groupId: Uint8Array;
  readonly epoch: bigint;
  readonly leaf: number;
  readonly authenticatedData: Uint8Array;
  readonly body:
    | { readonly kind: 'application'; readonly data: Uint8Array }
    | { readonly kind: 'proposal'; readonly proposal: Proposal }
    | { readonly kind: 'commit'; readonly commit: Commit };
}

/** A framed content with the signature over it, and the confirmation tag if it is a commit. */
export interface Signed {
  readonly wireFormat: typeof PUBLIC_MESSAGE | typeof PRIVATE_MESSAGE;
  readonly framed: Framed;
  readonly signature: Uint8Array;
  readonly confirmationTag: Uint8Array | null;
}

/** An MLSMessage of a wire format. */
export const encodeMessage = (wireFormat: number, body: Uint8Array): Uint8Array<ArrayBuffer> =>
  joined(u16(VERSION_MLS10), u16(wireFormat), body);

/** Reads the header of an MLSMessage and gives its wire format. @throws Malformed. */
export function readHeader(from: Reader): number {
  if (from.u16() !== VERSION_MLS10) throw new Malformed('no MLS 1.0');
  return from.u16();
}

function encodeBody(body: Framed['body']): Uint8Array {
  switch (body.kind) {
    case 'application':
      return joined(u8(APPLICATION), vector(body.data));
    case 'proposal':
      return joined(u8(PROPOSAL), encodeProposal(body.proposal));
    case 'commit':
      return joined(u8(COMMIT), encodeCommit(body.commit));
  }
}

const encodeFramed = ({ groupId, epoch, leaf, authenticatedData, body }: Framed): Uint8Array =>
  joined(
    vector(groupId),
    u64(epoch),
    u8(SENDER_MEMBER),
    u32(leaf),
    vector(authenticatedData),
    encodeBody(body),
  );

const encodeAuth = ({ signature, confirmationTag }: Signed): Uint8Array =>
  confirmationTag === null ? vector(signature) : joined(vector(signature), vector(confirmationTag));

const contexts = new WeakMap<GroupContext, Uint8Array>();

/** A group's context in its bytes, which every signature of its epoch is over. Contexts are never changed. */
export function encodeContext(context: GroupContext): Uint8Array {
  const known = contexts.get(context) ?? encode(groupContextEncoder)(context);
  contexts.set(context, known);
  return known;
}

/** FramedContentTBS (§6.1). */
const toBeSigned = (wireFormat: Signed['wireFormat'], framed: Framed, context: GroupContext): Uint8Array =>
  joined(u16(VERSION_MLS10), u16(wireFormat), encodeFramed(framed), encodeContext(context));

const SIGNATURE_LABEL = 'FramedContentTBS';

export const signFramed = (
  suite: Suite,
  key: Uint8Array,
  wireFormat: Signed['wireFormat'],
  framed: Framed,
  context: GroupContext,
): Promise<Uint8Array> =>
  signWithLabel(key, SIGNATURE_LABEL, toBeSigned(wireFormat, framed, context), suite.signature);

/** Whether the key of a leaf signed it in this epoch. */
export const verifyFramed = (
  suite: Suite,
  key: Uint8Array,
  { wireFormat, framed, signature }: Signed,
  context: GroupContext,
): Promise<boolean> =>
  verifyWithLabel(key, SIGNATURE_LABEL, toBeSigned(wireFormat, framed, context), signature, suite.signature);

/** AuthenticatedContent: what a proposal is named by, and kept as. */
export const encodeSigned = (signed: Signed): Uint8Array =>
  joined(u16(signed.wireFormat), encodeFramed(signed.framed), encodeAuth(signed));

/** Reads what {@link encodeSigned} wrote of a handshake. @throws Malformed. */
export const decodeSigned = (bytes: Uint8Array): Signed =>
  readWhole(bytes, (from) => {
    if (from.u16() !== PUBLIC_MESSAGE) throw new Malformed('no handshake');
    return readSigned(from);
  });

/** ConfirmedTranscriptHashInput (§8.2). */
export const transcriptInput = ({ wireFormat, framed, signature }: Signed): Uint8Array =>
  joined(u16(wireFormat), encodeFramed(framed), vector(signature));

/** The reference that a commit names a proposal by (§5.2). */
export const proposalRef = (suite: Suite, signed: Signed): Promise<Uint8Array> =>
  refhash('MLS 1.0 Proposal Reference', encodeSigned(signed), suite.hash);

const membershipInput = (signed: Signed, context: GroupContext): Uint8Array =>
  joined(toBeSigned(signed.wireFormat, signed.framed, context), encodeAuth(signed));

/** A PublicMessage as an MLSMessage: anybody may read it, only members can make it. */
export async function encodePublic(
  suite: Suite,
  signed: Signed,
  context: GroupContext,
  membershipKey: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const tag = await suite.hash.mac(membershipKey, membershipInput(signed, context));
  const body = joined(encodeFramed(signed.framed), encodeAuth(signed), vector(tag));
  return encodeMessage(PUBLIC_MESSAGE, body);
}

export const verifyMembership = (
  suite: Suite,
  signed: Signed,
  tag: Uint8Array,
  context: GroupContext,
  membershipKey: Uint8Array,
): Promise<boolean> => suite.hash.verifyMac(membershipKey, tag, membershipInput(signed, context));

/** Reads content and authentication of a handshake as they stand in a PublicMessage. */
function readSigned(from: Reader): Signed {
  const groupId = from.vector();
  const epoch = from.u64();
  const sender = from.u8();
  // Others than members speak to no group of ours: no external senders, no external joins.
  if (sender > 1 && sender <= 4) throw new Refused('unsupported');
  if (sender !== SENDER_MEMBER) throw new Malformed('no such sender');
  const leaf = from.u32();
  const authenticatedData = from.vector();
  const body = readBody(from);
  const signature = from.vector();
  const confirmationTag = body.kind === 'commit' ? from.vector() : null;
  return {
    wireFormat: PUBLIC_MESSAGE,
    framed: { groupId, epoch, leaf, authenticatedData, body },
    signature,
    confirmationTag,
  };
}

function readBody(from: Reader): Framed['body'] {
  const type = from.u8();
  if (type === PROPOSAL) return { kind: 'proposal', proposal: readProposal(from) };
  if (type === COMMIT) return { kind: 'commit', commit: readCommit(from) };
  // Application messages are never public (§6).
  throw new Malformed('no handshake');
}

/**
 * A PublicMessage behind its header.
 * @throws Malformed unless these are the very bytes that one writes: what others hash must be what is hashed here. Refused `unsupported`.
 */
export function readPublic(from: Reader): { readonly signed: Signed; readonly membershipTag: Uint8Array } {
  const bytes = from.take(from.left);
  return readWhole(bytes, (inner) => {
    const signed = readSigned(inner);
    const membershipTag = inner.vector();
    const written = joined(encodeFramed(signed.framed), encodeAuth(signed), vector(membershipTag));
    if (!sameBytes(written, bytes)) throw new Malformed('not in its one form');
    return { signed, membershipTag };
  });
}
