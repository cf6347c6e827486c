import type { OwnIdentities } from '../../crypto/signal/engine.ts';
import type { SignalEnvironment } from './environment.ts';

/** My linked device, as linking left it. The cell `account/self`; secrets in it never leave lane and core's database. */
export type Self = {
  readonly identities: Omit<OwnIdentities, 'trustRoots'>;
  readonly number: string | null;
  readonly password: string;
  readonly profileKey: Uint8Array;
  readonly accountEntropyPool: string | null;
  readonly environment: SignalEnvironment;
};

/** Where it lies. */
export const SELF = { space: 'account', key: 'self' } as const;
