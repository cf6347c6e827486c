import { APP_COMPONENTS, encodeIds, type Components } from '../../../crypto/mls/components.ts';
import type { OwnMember } from '../../../crypto/mls/engine.ts';
import { ADMIN_POLICY, encodeAdmins } from '../../../crypto/mls/marmot-rules.ts';
import type { Member } from '../../../crypto/mls/members.ts';
import type { Millis } from '../../../shared/ids.ts';
import { seconds } from '../event.ts';
import { toHex } from '../hex.ts';
import { publicKeyBytes, publicKeyFromBytes, publicKeyOf, type PublicKey, type SecretKey } from '../keys.ts';
import {
  ACCOUNT_PROOF_COMPONENT,
  accountProofHolds,
  readAccountProof,
  signAccountProof,
} from './account-proof.ts';
import { encodeGroupProfile, GROUP_PROFILE_COMPONENT } from './group-profile.ts';
import { encodeLifecycle, LIFECYCLE_COMPONENT } from './lifecycle.ts';
import { encodeRouting, ROUTING_COMPONENT, type Routing } from './routing.ts';

/** Marmot's own components that this program understands. Groups that ask for others cannot be joined. */
export const knownComponents: readonly number[] = [
  GROUP_PROFILE_COMPONENT,
  ADMIN_POLICY,
  ROUTING_COMPONENT,
  ACCOUNT_PROOF_COMPONENT,
  LIFECYCLE_COMPONENT,
];

/** Me as the engine puts me into groups: the account vouches for each leaf's key, and every leaf says what it understands. */
export function ownMember(secret: SecretKey, now: () => Millis): OwnMember {
  return {
    identity: publicKeyBytes(publicKeyOf(secret)),
    leafComponents: (signatureKey) =>
      new Map([
        [APP_COMPONENTS, encodeIds([APP_COMPONENTS, ...knownComponents])],
        [ACCOUNT_PROOF_COMPONENT, signAccountProof(secret, signatureKey, seconds(now()))],
      ]),
  };
}

/** Whether a leaf's proof is its account's, over its key: what `marmotRules` asks of every leaf. */
export function memberProofHolds(
  proof: Uint8Array,
  { identity, signatureKey }: Omit<Member, 'leaf'>,
): boolean {
  const [read, account] = [readAccountProof(proof), publicKeyFromBytes(identity)];
  return read !== null && account !== null && accountProofHolds(read, account, signatureKey);
}

/** Keys that were found to be points on the curve: to find out takes longer than to open a message. Public. */
const known = new Map<string, PublicKey>();
const MAX_KNOWN = 10_000;

/** The account of a member; null for an identity that is no key, which the rules let in nowhere. */
export function accountOf({ identity }: Pick<Member, 'identity'>): PublicKey | null {
  const name = toHex(identity);
  const before = known.get(name);
  if (before !== undefined) return before;
  const key = publicKeyFromBytes(identity);
  if (key === null) return null;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(name, key);
  return key;
}

/** What a group that I make starts with. */
export function groupComponents(of: {
  readonly name: string;
  readonly admins: readonly PublicKey[];
  readonly routing: Routing;
}): Components {
  return new Map([
    [APP_COMPONENTS, encodeIds(knownComponents)],
    [GROUP_PROFILE_COMPONENT, encodeGroupProfile({ name: of.name, description: '' })],
    [ADMIN_POLICY, encodeAdmins(of.admins.map(publicKeyBytes))],
    [ROUTING_COMPONENT, encodeRouting(of.routing)],
    [LIFECYCLE_COMPONENT, encodeLifecycle('active')],
  ]);
}
