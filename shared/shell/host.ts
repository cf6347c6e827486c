import type { AccountId, GrantId, NetworkId } from '../ids.ts';
import { keyRefusals } from '../lane/key.ts';
import type { CrashPoint } from '../lane/lane.ts';

export const confirmKinds = [
  'send-without-encryption',
  'lower-floor',
  'lower-floor-for-all',
  'mark-checked',
  'mark-scanned', // the same, after a code was scanned that fits
  'accept-change',
  'export-key',
  'import-key',
  'bring-key', // the same for an account that is not there yet
  'reveal-key',
  'key-revealed', // the key itself stands in the window
  'save-file',
  'remove-account',
  'remove-key-account', // whose key is kept nowhere else
  'go-on-here', // with an account of a copied profile
  'begin-anew', // with one whose ratchet is given up
  'open-profile',
  'set-passphrase',
  'change-passphrase',
  'remove-passphrase',
  'make-phrase',
  'replace-phrase', // the one before opens nothing any more
  'phrase-shown', // the phrase itself stands in the window
  'type-phrase', // the same again, typed from what was written down
  'recover-profile',
  'profile-stuck', // nothing that can be typed opens it
] as const;
/** What only the shell's own window may ask; the page alone can do none of it. */
export type ConfirmKind = (typeof confirmKinds)[number];

export const secretKinds = ['passphrase', 'new-passphrase', 'key-text', 'phrase'] as const;

/** Another way on than yes and no, as a button of its own. */
export const confirmWays = ['by-phrase', 'by-passphrase', 'show-again'] as const;
export type ConfirmWay = (typeof confirmWays)[number];

/** Why the system keeps no key for us: it has no keyring, or one whose key everybody knows (Chromium's `basic_text`). */
export const keyringLacks = ['no-keyring', 'open-keyring'] as const;
export type KeyringLack = (typeof keyringLacks)[number];

/** Why what kept the key gives it no more: the keyring is gone, is another, or does not open it; a test profile's key file is gone. */
export const keyLosses = ['keyring-gone', 'keyring-changed', 'keyring-forgot', 'key-file-gone'] as const;
export type KeyLoss = (typeof keyLosses)[number];

/** What became of a key given to the system's keyring. `backend` is the keyring's own name. */
export type WrappedKey =
  | { readonly kind: 'wrapped'; readonly wrapped: Uint8Array; readonly backend: string }
  | { readonly kind: 'none'; readonly why: KeyringLack };
/** What the keyring made of a wrapped key. `backend`: the one there is now. `stale`: it asks for the key to be wrapped anew. */
export type UnwrappedKey =
  | { readonly kind: 'opened'; readonly key: Uint8Array; readonly backend: string; readonly stale: boolean }
  | { readonly kind: 'closed'; readonly backend: string }
  | { readonly kind: 'none'; readonly why: KeyringLack };

/** Why a question is asked again. The shell itself finds the first two: a `new-passphrase` is typed twice. */
export const confirmTroubles = [
  'too-short',
  'differ',
  ...keyringLacks,
  ...keyLosses,
  'no-phrase',
  'wrong-phrase',
  'other-phrase',
  ...keyRefusals,
] as const;
export type ConfirmTrouble = (typeof confirmTroubles)[number];

export type ConfirmQuestion = {
  readonly kind: ConfirmKind;
  /** Names and numbers the sentence of the kind needs, e.g. `{ name, fingerprint }`. Shown as quoted text. */
  readonly facts: Readonly<Record<string, string>>;
  /** What the person must type: sent once, never kept. */
  readonly secret?: (typeof secretKinds)[number];
  readonly trouble?: ConfirmTrouble;
  readonly way?: ConfirmWay;
  /** Another question may follow at once, in the same window; `confirm.end` tells that none does. */
  readonly series?: true;
};
/** `way`: the person chose the way that was offered beside yes and no. */
export type ConfirmAnswer = { readonly ok: boolean; readonly secret: string | null; readonly way?: true };

export type Notice = {
  readonly title: string;
  readonly body: string | null;
  /** Replaces the notice with the same tag; also what comes back when it is clicked. */
  readonly tag: string;
};

/** Core → shell; never reachable from the page. */
export interface HostCalls {
  'key.unwrap': { readonly args: { readonly wrapped: Uint8Array }; readonly result: UnwrappedKey };
  'key.wrap': { readonly args: { readonly key: Uint8Array }; readonly result: WrappedKey };
  /** A window of its own, outside the page. */
  confirm: { readonly args: ConfirmQuestion; readonly result: ConfirmAnswer };
  /** The questions of a series are over. */
  'confirm.end': { readonly args: Record<string, never>; readonly result: null };
  notify: { readonly args: Notice; readonly result: null };
  badge: { readonly args: { readonly count: number }; readonly result: null };
  'file.pick': {
    readonly args: Record<string, never>;
    readonly result: readonly { readonly grant: GrantId; readonly name: string; readonly size: number }[];
  };
  'file.save': { readonly args: { readonly name: string }; readonly result: GrantId | null };
  'grant.open': {
    readonly args: { readonly grant: GrantId };
    readonly result: { readonly path: string; readonly mode: 'read' | 'write' };
  };
  /** Core has read or written all it wanted; a file that was to be saved is handed to the person. */
  'grant.close': { readonly args: { readonly grant: GrantId }; readonly result: null };
  /** Test harness only: core, or a lane, stands at a named crash point; the harness may end every process before this answers. */
  'crash.point': { readonly args: { readonly name: CrashPoint }; readonly result: null };
  /** Forks the process of a lane and introduces its pipe to core as a visitor (shared/shell/visitor.ts); its end is told by the `lane.exit` event. Thread lanes are core's own. */
  'lane.start': {
    readonly args: { readonly account: AccountId; readonly network: NetworkId };
    readonly result: null;
  };
  'lane.stop': { readonly args: { readonly account: AccountId }; readonly result: null };
}
export type HostCallName = keyof HostCalls;

/** Shell → core. */
export interface HostEvents {
  'lane.exit': { readonly account: AccountId };
  'notice.clicked': { readonly tag: string };
}

/** Page → shell. */
export interface WindowCalls {
  /** Opens http, https and mailto links after showing the host. */
  'link.open': { readonly args: { readonly url: string }; readonly result: boolean };
  'clipboard.write': { readonly args: { readonly text: string }; readonly result: null };
  'title.set': { readonly args: { readonly unread: number }; readonly result: null };
  /** The link from outside that waits, once; null where none does, or while the profile is locked. */
  'link.given': { readonly args: Record<string, never>; readonly result: string | null };
}
export type WindowCallName = keyof WindowCalls;

/** Shell → page. */
export interface WindowEvents {
  /** A link from outside waits (`link.given`). */
  'link.waiting': Record<string, never>;
}
