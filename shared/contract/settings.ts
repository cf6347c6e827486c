import * as v from 'valibot';

/** What the person has chosen for the whole profile. */
export interface Settings {
  readonly theme: 'system' | 'light' | 'dark';
  /** `hidden`: a notification says that there is one, not what or from whom. */
  readonly notifications: 'off' | 'hidden' | 'name' | 'full';
  readonly readReceipts: boolean;
  readonly sendWithEnter: boolean;
  readonly locale: 'system' | 'en' | 'pseudo';
}

/** What keeps the key of the profile's database: a file (test profiles only), the system's keyring, or a passphrase asked for at each start. */
export type KeptBy = 'file' | 'keyring' | 'passphrase';

export const defaultSettings: Settings = {
  theme: 'system',
  notifications: 'hidden',
  readReceipts: true,
  sendWithEnter: true,
  locale: 'system',
};

export const settingsPatchSchema = v.partial(
  v.strictObject({
    theme: v.picklist(['system', 'light', 'dark']),
    notifications: v.picklist(['off', 'hidden', 'name', 'full']),
    readReceipts: v.boolean(),
    sendWithEnter: v.boolean(),
    locale: v.picklist(['system', 'en', 'pseudo']),
  }),
);
