import type { KeyPackage, LeafNode, UpdatePath } from 'ts-mls';
import { encode } from 'ts-mls/codec/tlsEncoder.js';
import { decodeKeyPackage, keyPackageEncoder } from 'ts-mls/keyPackage.js';
import { decodeLeafNode, leafNodeEncoder } from 'ts-mls/leafNode.js';
import { decodeUpdatePath, updatePathEncoder } from 'ts-mls/updatePath.js';
import { joined, Malformed, u16, u32, u8, vector, vectorOf, type Reader } from './bytes.ts';
import { Refused } from './refusal.ts';

/** A change of the group, as far as this engine takes it (RFC 9420 §12.1; AppDataUpdate and SelfRemove: draft-ietf-mls-extensions). */
export type Proposal =
  | { readonly kind: 'add'; readonly keyPackage: KeyPackage }
  | { readonly kind: 'update'; readonly leaf: LeafNode }
  | { readonly kind: 'remove'; readonly leaf: number }
  /** Replaces all of a component's data; null takes the component away. */
  | { readonly kind: 'app-data-update'; readonly component: number; readonly data: Uint8Array | null }
  | { readonly kind: 'self-remove' };

/** Code points of the proposals. */
const ADD = 0x0001;
const UPDATE = 0x0002;
const REMOVE = 0x0003;
export const APP_DATA_UPDATE = 0x0008;
export const SELF_REMOVE = 0x000a;

const OP_UPDATE = 1;
const OP_REMOVE = 2;

export function encodeProposal(proposal: Proposal): Uint8Array {
  switch (proposal.kind) {
    case 'add':
      return joined(u16(ADD), encode(keyPackageEncoder)(proposal.keyPackage));
    case 'update':
      return joined(u16(UPDATE), encode(leafNodeEncoder)(proposal.leaf));
    case 'remove':
      return joined(u16(REMOVE), u32(proposal.leaf));
    case 'app-data-update': {
      const { component, data } = proposal;
      const head = joined(u16(APP_DATA_UPDATE), u16(component));
      return data === null ? joined(head, u8(OP_REMOVE)) : joined(head, u8(OP_UPDATE), vector(data));
    }
    case 'self-remove':
      return u16(SELF_REMOVE);
  }
}

/** @throws Malformed, Refused `unsupported` for a kind that this engine does not take. */
export function readProposal(from: Reader): Proposal {
  const type = from.u16();
  switch (type) {
    case ADD:
      return { kind: 'add', keyPackage: from.one(decodeKeyPackage) };
    case UPDATE:
      return { kind: 'update', leaf: from.one(decodeLeafNode) };
    case REMOVE:
      return { kind: 'remove', leaf: from.u32() };
    case APP_DATA_UPDATE: {
      const component = from.u16();
      const op = from.u8();
      if (op === OP_REMOVE) return { kind: 'app-data-update', component, data: null };
      if (op !== OP_UPDATE) throw new Malformed('no such operation');
      return { kind: 'app-data-update', component, data: from.vector() };
    }
    case SELF_REMOVE:
      return { kind: 'self-remove' };
    default:
      // Its length is not known, so nothing behind it reads either.
      throw new Refused('unsupported');
  }
}

/** A proposal in a commit: written out, or named by its reference. */
export type ProposalOrRef = { readonly proposal: Proposal } | { readonly ref: Uint8Array };

export interface Commit {
  readonly proposals: readonly ProposalOrRef[];
  readonly path: UpdatePath | null;
}

const BY_VALUE = 1;
const BY_REFERENCE = 2;

export function encodeCommit({ proposals, path }: Commit): Uint8Array {
  const list = proposals.map((entry) =>
    'ref' in entry
      ? joined(u8(BY_REFERENCE), vector(entry.ref))
      : joined(u8(BY_VALUE), encodeProposal(entry.proposal)),
  );
  const end = path === null ? u8(0) : joined(u8(1), encode(updatePathEncoder)(path));
  return joined(vectorOf(list), end);
}

/** @throws Malformed, Refused `unsupported`. */
export function readCommit(from: Reader): Commit {
  const proposals = from.list((entry): ProposalOrRef => {
    const how = entry.u8();
    if (how === BY_VALUE) return { proposal: readProposal(entry) };
    if (how !== BY_REFERENCE) throw new Malformed('neither proposal nor reference');
    return { ref: entry.vector() };
  });
  const has = from.u8();
  if (has > 1) throw new Malformed('no optional');
  return { proposals, path: has === 0 ? null : from.one(decodeUpdatePath) };
}
