import type { Millis } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { SecurityFacts } from '../../shared/label/facts.ts';
import type { Work } from '../../shared/lane/state.ts';
import type { EpochId, EpochRef, GroupKey } from './cells.ts';
import type { Components } from './components.ts';
import type { CommitView, GroupView, Member } from './members.ts';
import type { Refusal } from './refusal.ts';

/** My own side: what every leaf of mine says. Each leaf has a signature key of its own, which the network vouches for. */
export interface OwnMember {
  readonly identity: Uint8Array;
  /** Components of a leaf with this signature key, e.g. the account's proof. */
  leafComponents(signatureKey: Uint8Array): Components;
}

/** What leaves of mine can do, and what groups of mine ask for. An empty dictionary is none. */
export interface Profile {
  /** Extension types beside those of RFC 9420. */
  readonly extensions: readonly number[];
  /** Proposal types beside those of RFC 9420. */
  readonly proposals: readonly number[];
  /** What groups that I make ask of all their members, of these. */
  readonly requires: { readonly extensions: readonly number[]; readonly proposals: readonly number[] };
  /** Components of every key package. */
  readonly keyPackageComponents: Components;
}

/** The name of a key package: RefHash (RFC 9420 §5.2), hex. */
export type KeyPackageRef = string;

export interface MadeKeyPackage {
  readonly ref: KeyPackageRef;
  /** An MLSMessage to give out. */
  readonly message: Uint8Array;
  /** Nobody takes it before; in days to come when it was made by a clock that was ahead. */
  readonly validFrom: Millis;
  readonly expiresAt: Millis;
}

/** A key package of somebody, checked by itself: signatures, lifetime, the rules. Whether a group takes it shows when it is added. */
export type KeyPackageRead =
  | {
      readonly kind: 'key-package';
      readonly ref: KeyPackageRef;
      readonly member: Omit<Member, 'leaf'>;
      readonly components: Components;
      readonly extensions: readonly number[];
      readonly proposals: readonly number[];
      readonly expiresAt: Millis;
    }
  | RefusedResult;

export interface RefusedResult {
  readonly kind: 'refused';
  readonly why: Refusal;
}

/** A change that I commit. An empty list of them renews my own keys. */
export type Change =
  /** `keyPackage`: an MLSMessage. */
  | { readonly kind: 'add'; readonly keyPackage: Uint8Array }
  | { readonly kind: 'remove'; readonly leaf: number }
  | { readonly kind: 'app-data-update'; readonly component: number; readonly data: Uint8Array | null }
  /** A proposal that waits, named by its reference. */
  | { readonly kind: 'proposed'; readonly ref: string };

/** A change that I ask others to commit. */
export type Request =
  | { readonly kind: 'self-remove' }
  | { readonly kind: 'remove'; readonly leaf: number }
  | { readonly kind: 'app-data-update'; readonly component: number; readonly data: Uint8Array | null };

/** A commit of mine, stored as pending: the group stays in its epoch until {@link MlsEngine.applyPending}, or until the commit comes back. */
export type Staged =
  | {
      readonly kind: 'staged';
      /** An MLSMessage; it belongs to the epoch the group is still in. */
      readonly commit: Uint8Array;
      /** An MLSMessage for those who are added, to be sent when the commit is applied. */
      readonly welcome: Uint8Array | null;
      /** SHA-256 over the commit, hex. */
      readonly digest: string;
      readonly view: CommitView;
    }
  | RefusedResult;

export type Processed =
  | {
      readonly kind: 'application';
      readonly plaintext: Uint8Array;
      readonly authenticatedData: Uint8Array;
      readonly from: Member;
      readonly epoch: EpochRef;
      /** Counts what its sender said in this epoch, from 0. */
      readonly generation: number;
      readonly facts: SecurityFacts;
      readonly details: Evidence['details'];
    }
  /** The group is in its next epoch. `mine`: it was my pending one, come back. */
  | {
      readonly kind: 'commit';
      readonly view: CommitView;
      readonly epoch: EpochRef;
      readonly mine: boolean;
    }
  /** I am no longer a member. What is kept still opens what was sent before. */
  | { readonly kind: 'removed'; readonly view: CommitView }
  /** It waits for a commit. */
  | { readonly kind: 'proposal'; readonly ref: string; readonly what: Waiting['what']; readonly by: Member }
  /** Applied, stored or sent by me before. */
  | { readonly kind: 'duplicate' }
  /** Of an epoch that is not here yet. */
  | { readonly kind: 'early'; readonly epoch: bigint }
  /** Another commit for an epoch that has passed: who decides on it goes back to one of these epochs and processes it there. */
  | { readonly kind: 'competing'; readonly digest: string; readonly at: readonly EpochRef[] }
  | RefusedResult;

/** A proposal that waits for a commit, in the epoch the group is in. */
export interface Waiting {
  readonly ref: string;
  readonly by: Member;
  readonly what: 'add' | 'update' | 'remove' | 'app-data-update' | 'self-remove';
  /** Whom it removes. */
  readonly removes: number | null;
}

/** What a welcome leads to, before anything is written. */
export type Invitation =
  | {
      readonly kind: 'invitation';
      readonly group: GroupKey;
      /** The epoch it leads into. */
      readonly epoch: EpochId;
      readonly keyPackage: KeyPackageRef;
      readonly by: Member;
      readonly view: GroupView;
    }
  | RefusedResult;

export type Joined =
  | { readonly kind: 'joined'; readonly group: GroupKey; readonly by: Member; readonly view: GroupView }
  | RefusedResult;

export interface SealedMessage {
  /** An MLSMessage. */
  readonly bytes: Uint8Array;
  readonly epoch: EpochRef;
  readonly facts: SecurityFacts;
  readonly details: Evidence['details'];
}

/** A group as it stands. */
export interface Standing {
  readonly active: boolean;
  readonly view: GroupView;
  readonly me: number;
  readonly current: EpochRef;
  /** Every epoch that is kept, on every branch, the current one among them. */
  readonly epochs: readonly EpochRef[];
  /** Digests of commits of mine for this epoch that are not applied. */
  readonly pending: readonly string[];
}

/**
 * MLS (RFC 9420) over a unit of work, with AppDataUpdate and SelfRemove of draft-ietf-mls-extensions as Marmot v2 needs them. A caller
 * holds the lock of a group from its first read to the result of the commit, and drops its savepoint on anything refused. Handshakes are
 * public messages and applications private ones. Nothing here does I/O or knows a network.
 * All calls throw PlainsealError `corrupt` when a cell of mine does not read, and those that name a group `not-found` when there is none.
 */
export interface MlsEngine {
  /** Makes a key package, valid from an hour ago for 84 days. Its private halves are in `work`. */
  makeKeyPackage(work: Work, now: Millis): Promise<MadeKeyPackage>;
  readKeyPackage(message: Uint8Array, now: Millis): Promise<KeyPackageRead>;
  /** My key packages that have not run out; those that have are gone from `work`. */
  keyPackages(work: Work, now: Millis): Promise<readonly MadeKeyPackage[]>;
  dropKeyPackage(ref: KeyPackageRef, work: Work): Promise<void>;

  /** Makes a group with me alone. @throws PlainsealError `conflict` when there is one of that id. */
  createGroup(groupId: Uint8Array, components: Components, work: Work, now: Millis): Promise<GroupKey>;
  /** The key packages that a welcome says it is for, of whomever; none where it does not read. Nothing of it is opened. */
  keyPackagesIn(message: Uint8Array): readonly KeyPackageRef[];
  /** Opens a welcome without joining: nothing is written. */
  readWelcome(message: Uint8Array, work: Work, now: Millis): Promise<Invitation>;
  /** Joins. The key package is gone then, unless it may be used again. */
  join(message: Uint8Array, work: Work, now: Millis): Promise<Joined>;
  standing(group: GroupKey, work: Work): Promise<Standing>;
  /** Forgets all of a group. */
  forget(group: GroupKey, work: Work): Promise<void>;

  /** Makes a commit and stores it as pending, beside others. It stays so for as long as the epoch it is for is kept. */
  stage(group: GroupKey, changes: readonly Change[], work: Work, now: Millis): Promise<Staged>;
  /** Moves the group on by a commit of mine: once somebody has taken it. @throws PlainsealError `not-found` when it is not of this epoch. */
  applyPending(group: GroupKey, digest: string, work: Work, now: Millis): Promise<EpochRef>;
  /** Forgets a commit of mine that was never sent. */
  dropPending(group: GroupKey, digest: string, work: Work): Promise<void>;
  /** Asks for a change; gives an MLSMessage. The proposal waits here too. */
  propose(
    group: GroupKey,
    request: Request,
    work: Work,
  ): Promise<
    { readonly kind: 'proposed'; readonly message: Uint8Array; readonly ref: string } | RefusedResult
  >;
  waiting(group: GroupKey, work: Work): Promise<readonly Waiting[]>;

  /** Takes a public or private message of a group. Commits are applied in the epoch the group is in. */
  process(message: Uint8Array, work: Work, now: Millis): Promise<Processed>;
  /** Seals an application message in the epoch the group is in. @throws PlainsealError `refused` when I was removed. */
  seal(
    group: GroupKey,
    plaintext: Uint8Array,
    authenticatedData: Uint8Array,
    work: Work,
    now: Millis,
  ): Promise<SealedMessage>;

  /** MLS-Exporter of an epoch that is kept, the current one by default. @throws PlainsealError `not-found`. */
  exportSecret(
    group: GroupKey,
    label: string,
    context: Uint8Array,
    length: number,
    work: Work,
    epoch?: EpochId,
  ): Promise<Uint8Array>;
  /** What two members compare to know that they are in one state. @throws PlainsealError `not-found`. */
  epochAuthenticator(group: GroupKey, work: Work, epoch?: EpochId): Promise<Uint8Array>;
  /** Makes an epoch that is kept the current one. Ratchets are not turned back: no key opens or seals twice. @throws PlainsealError `not-found`. */
  rewind(group: GroupKey, to: EpochId, work: Work): Promise<EpochRef>;
  /** Throws away epochs that are too old by now. */
  upkeep(group: GroupKey, work: Work, now: Millis): Promise<void>;
  /** The facts of the next send. */
  forecast(group: GroupKey, work: Work, now: Millis): Promise<readonly SecurityFacts[]>;
}
