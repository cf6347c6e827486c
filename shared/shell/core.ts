import type { Millis } from '../ids.ts';
import type { CrashPoint } from '../lane/lane.ts';

/** Shell → core, over the shell's own pipe; never reachable from the page. */
export interface ProfileCalls {
  /**
   * The first call. Opens the profile in `folder`, creating one of the wanted kind where there is none. Fails with `refused`
   * when an existing one is of the other kind, `cancelled` when the person does not unlock it, `in-use`, `wrong-key`,
   * `newer-schema`, `corrupt`. Core may ask for a passphrase (`confirm`) before this is answered.
   */
  'profile.open': {
    readonly args: {
      readonly folder: string;
      /** Folder outside the profile, on this machine and of this person: what is in it tells the profile from its copies. */
      readonly marks: string;
      readonly kind: 'live' | 'test';
      readonly version: string;
      /** Test profiles only, else null. */
      readonly harness: {
        /** Told by {@link HostCalls} `crash.point` when reached. */
        readonly crashPoints: readonly CrashPoint[];
        /** Milliseconds added to the machine's clock. */
        readonly clockOffset: Millis;
        /** PEM of an authority the test servers' certificates come from: every add-account flow gets it as `ca`. */
        readonly authority: string | null;
        /** Where a Signal server on this machine is (JSON of networks/signal's local environment): every Signal account is linked there. */
        readonly signal: string | null;
      } | null;
    };
    readonly result: null;
  };
  /** Stops the lanes and closes the database; core ends afterwards. */
  'profile.close': { readonly args: Record<string, never>; readonly result: null };
}
